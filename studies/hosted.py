"""The trained BLI network of the study of units, rounded to 8 bits: on the engine, and its price.

python -m studies.hosted tracking              # trains the network first, where that is not done
python -m studies.hosted tracking --export     # and writes the network that docs/tracking.md shows

All test samples are shown to the engine. A spike of any layer in any tick that is not that of the
rounded model ends the run.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import Table
from spikealg.learners import Adam, Quantized, Sequential, quantize
from spikealg.learners.checkpoint import read_checkpoint
from studies import demonstration
from studies.hosting import Engine, bills
from studies.record import CHECKPOINTS, RESULTS, Record, read
from studies.unit_training import TASKS, TEST, Setting, Task, model_of
from studies.units import best_rate, file_name, folder, run, score, shown

ROW, SEED = "BLI", 0
BITS = 8
"""Of weights, and of inputs, which are numbers: the host multiplies them with the first weights."""
TAILS = 1e-4
"""Share of the inputs on either side that may lie beyond the range of their bits."""


def trained(
    name: str, task: Task, setting: Setting, results: Path, checkpoints: Path
) -> tuple[Sequential, float]:
    """Return the network and its rate, after training it as `studies.units` does if need be."""
    found, kept = folder(name, results), checkpoints / f"units_{name}"
    rate = best_rate(ROW, setting, found) or setting.rates[0]
    done = file_name(ROW, SEED, rate)
    path = kept / f"{done}_training.npz"
    if not (path.exists() and (found / f"{done}.json").exists()):
        run(name, ROW, SEED, rate, results=results, checkpoints=checkpoints)
    model = model_of(ROW, task, setting, SEED)
    read_checkpoint(path, model, Adam(rate))
    return model, rate


def input_range(task: Task) -> tuple[float, float]:
    """Return least and largest input, but for the tails, of sequences to learn from."""
    x, _ = task.batch(256, np.random.default_rng(SEED), 1.0)
    low, high = np.quantile(x, (TAILS, 1 - TAILS))
    return float(low), float(high)


def host(
    name: str, record: Record, *, results: Path = RESULTS, checkpoints: Path = CHECKPOINTS
) -> Quantized:
    """Put into the record what the network of a task does before and after; return it rounded."""
    make, setting = TASKS[name]
    task = make()
    model, rate = trained(name, task, setting, results, checkpoints)
    rounded = quantize(
        model,
        weight_bits=BITS,
        per_channel=True,
        input_bits=BITS,
        input_range=input_range(task),
    )
    engine = Engine(rounded)
    record.figures |= {
        "network": f"{ROW}, seed {SEED}, rate {rate:g}, {setting.updates} updates",
        "bits": BITS,
        "input range": rounded.settings.input_range,
        "error before rounding": task.judged(model, TEST)[0],
        "error after rounding": task.judged(rounded, TEST)[0],
        "error": task.judged(engine, TEST)[0],
        **engine.figures(),
    }
    return rounded


def tables(results: Path = RESULTS) -> list[Table]:
    """Return what the engine did with the networks that were hosted, and what that would cost."""
    names = [name for name in TASKS if (results / f"hosted_{name}.json").exists()]
    found = {name: read(f"hosted_{name}", results)["figures"] for name in names}
    if not found:
        return []
    columns = (
        "task", "samples", "float", "rounded", "engine", "neurons", "synapses", "spikes",
        "values compared", "differ", "engine CPU s",
    )  # fmt: skip
    rows = []
    for name, figures in found.items():
        errors = [figures[f"error{when}"] for when in (" before rounding", " after rounding", "")]
        rows.append([
            name.replace("_", ", "),
            f"{figures['samples']:,}",
            *(shown(name, score(name, error)) for error in errors),
            f"{figures['neurons']:,}",
            f"{figures['synapses']:,}",
            f"{figures['spikes of neurons per sample']:,.0f}",
            f"{figures['values compared']:,}",
            str(figures["values that differ"]),
            f"{figures['engine_cpu_s']:.0f}",
        ])  # fmt: skip
    hosted = Table(
        f"Networks of {ROW} units, weights rounded to {BITS} bits, and run on the engine",
        columns,
        rows,
        "Float, rounded, engine: mean squared error of tracking, else right answers, on all test "
        "samples. *Values compared* are the spikes of all layers and the outputs, in every tick of "
        "every sample, engine against rounded model. *Spikes* are per sample. Channels have scales "
        "of their own.",
    )
    priced = Table(
        "Energy per sample, one after another on one copy of the network",
        ("platform", *(row[0] for row in rows)),
        bills(list(found.values())),
        "Estimates of `hardware.estimate`, mean of the first test samples; *in all* has static "
        "power in it. What does not fit is priced as if it did; in brackets what it breaks.",
    )
    return [hosted, priced]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument(
        "--export", action="store_true", help="write the network of tracking for its page"
    )
    given = parser.parse_args(arguments)
    if given.export and given.task != "tracking":
        parser.error("--export is of tracking")
    with Record(f"hosted_{given.task}", {"weights": SEED, "training": SEED}) as record:
        model = host(given.task, record)
    if given.export:
        make, setting = TASKS[given.task]
        demonstration.write(model, make().drawn, setting)
    print({key: value for key, value in record.figures.items() if key != "bills"})


if __name__ == "__main__":
    main()
