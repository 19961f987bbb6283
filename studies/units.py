"""Ten units, the same network: which of them can be trained to remember.

Chapman et al., "Biological dynamics enabling training of binary recurrent networks", NICE 2024. All
rows have the same budget, initialisation and grid of learning rates; a row takes the rate that does
best on held-out data by the first seed.

python -m studies.units tracking                          # all rows, three seeds
python -m studies.units tracking --row BLI --seed 0       # one training
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Table
from spikealg.errors import InputError
from spikealg.learners.networks import TABLE
from studies.record import CHECKPOINTS, FOLDER, RESULTS, Record, read
from studies.unit_training import CONTROLS, TASKS, TEST, Setting, look, task_of, train

SEEDS = (0, 1, 2)
ROWS = (*TABLE, *CONTROLS)
Runs = dict[str, list[dict[str, Any]]]
"""Figures of the seeds of each row."""
# One process per core, and memory that is freed stays with the process: taking it from the system
# anew in every update costs a third of the time.
_ALONE = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
}


def folder(task: str, results: Path = RESULTS) -> Path:
    """Return where the runs of a task are recorded."""
    return results / f"units_{task}"


def file_name(row: str, seed: int, rate: float) -> str:
    """Return the name of a run."""
    return f"{row}_{seed}_{rate:g}"


def best_rate(row: str, setting: Setting, found: Path) -> float | None:
    """Return the rate with the least error on held-out data by seed 0, of those that are run."""
    ends = {}
    for rate in setting.rates:
        name = file_name(row, SEEDS[0], rate)
        if (found / f"{name}.json").exists():
            ends[rate] = read(name, found)["figures"]["held_out"][-1]
    return min(ends, key=lambda rate: ends[rate]) if ends else None


def run(
    name: str,
    row: str,
    seed: int,
    rate: float,
    *,
    setting: Setting | None = None,
    results: Path = RESULTS,
    checkpoints: Path = CHECKPOINTS,
) -> None:
    """Train the network of a row by a seed at a learning rate, and record it."""
    setting = TASKS[name][1] if setting is None else setting
    seeds = {"weights": seed, "training": seed}
    kept = checkpoints / f"units_{name}"
    with Record(file_name(row, seed, rate), seeds, folder(name, results), kept) as record:
        task = task_of(name, row)
        model = train(record, row, task, setting, rate, seed)
        record.figures["error"], forward = task.judged(model, TEST)
        record.figures |= look(model, forward)


def jobs(name: str, rows: Sequence[str], seeds: Sequence[int]) -> Iterator[list[list[str]]]:
    """Give the arguments of all trainings that are not recorded yet, in groups.

    Rates are compared by the first seed; later groups are asked for when that is known.
    """
    setting, found = TASKS[name][1], folder(name)
    for seed in sorted(seeds, key=lambda seed: seed != SEEDS[0]):
        rates = {
            row: setting.rates if seed == SEEDS[0] else (best_rate(row, setting, found),)
            for row in rows
        }
        if unknown := [row for row in rows if None in rates[row]]:
            raise InputError(
                f"seeds must hold {SEEDS[0]}, by which rates are chosen, as it has not been run "
                f"for {', '.join(unknown)}; got {list(seeds)}"
            )
        yield [
            [name, "--row", row, "--seed", str(seed), "--rate", f"{rate:g}"]
            for place in range(max(map(len, rates.values())))
            for row in rows
            for rate in rates[row][place : place + 1]
            if not (found / f"{file_name(row, seed, rate)}.json").exists()
        ]


def run_all(name: str, rows: Sequence[str], seeds: Sequence[int], processes: int) -> None:
    """Run all trainings that are missing, each in a process of its own."""
    environment = {**os.environ, **_ALONE}

    def start(arguments: list[str]) -> None:
        command = [sys.executable, "-m", "studies.units", *arguments]
        subprocess.run(command, cwd=FOLDER.parent, env=environment, check=True)

    with ThreadPoolExecutor(processes) as pool:
        for group in jobs(name, rows, seeds):
            list(pool.map(start, group))


def runs(name: str, results: Path = RESULTS) -> Runs:
    """Return the figures of all seeds of each row that was run, at the rate that it takes."""
    setting, found = TASKS[name][1], folder(name, results)
    made: Runs = {}
    for row in ROWS:
        rate = best_rate(row, setting, found)
        if rate is not None:
            done = sorted(found.glob(f"{row}_[0-9]*_{rate:g}.json"))
            made[row] = [read(each.stem, found)["figures"] for each in done]
    return made


def tables(results: Path = RESULTS) -> list[Table]:
    """Return a table for each task of which there are results."""
    return [table(name, results) for name in TASKS if folder(name, results).exists()]


def table(name: str, results: Path = RESULTS) -> Table:
    """Return mean ± standard deviation over seeds of each row, beside the published figure.

    What is active is a share of the units of each layer, from the input on.
    """
    setting = TASKS[name][1]
    rows = []
    for row, figures in runs(name, results).items():
        scores = np.array([score(name, figure["error"]) for figure in figures])
        active = [list(figure["active"].values()) for figure in figures if figure["active"]]
        spread = f" ± {shown(name, scores.std(ddof=1))}" if len(scores) > 1 else ""
        rows.append([
            row,
            str(len(figures)),
            shown(name, scores.mean()) + spread,
            shown(name, setting.published[row]) if row in setting.published else "–",
            " · ".join(f"{share:.0%}" for share in np.mean(active, axis=0)) if active else "–",
            f"{figures[0]['rate']:g}",
        ])  # fmt: skip
    measure = "mean squared error" if name == "tracking" else "right answers"
    columns = ["unit", "seeds", measure, "published", "active by layer", "rate"]
    return Table(f"{name.replace('_', ', ')}: mean ± deviation over seeds", columns, rows)


def score(name: str, error: float) -> float:
    """Return what tables show of an error: itself for tracking, else the share of right answers."""
    return error if name == "tracking" else 1 - error


def shown(name: str, value: float) -> str:
    """Return a score as tables show it."""
    return f"{value:.4f}" if name == "tracking" else f"{value:.1%}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--row", choices=ROWS, help="train this row only, in this process")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, help="learning rate of the one row")
    parser.add_argument("--rows", nargs="+", choices=ROWS)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)
    if given.processes < 1:
        parser.error(f"argument --processes: must be at least 1, got {given.processes}")
    asked = {given.row, *(given.rows or ())}
    if given.task != "tracking" and asked & {*CONTROLS}:
        parser.error(f"{', '.join(CONTROLS)} are rows of tracking only")
    if given.row is not None:
        setting = TASKS[given.task][1]
        rate = given.rate
        if rate is None:
            rate = best_rate(given.row, setting, folder(given.task)) or setting.rates[0]
        run(given.task, given.row, given.seed, rate)
        return
    rows = given.rows or (ROWS if given.task == "tracking" else TABLE)
    run_all(given.task, list(rows), given.seeds, given.processes)
    print(table(given.task).text())


if __name__ == "__main__":
    main()
