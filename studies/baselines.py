"""What the tasks of the study of units ask for: estimators and neighbours that are not trained.

python -m studies.baselines
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.report import Table
from spikealg.learners.tasks import ESTIMATORS, estimate, nearest_neighbour, speech, tracking_error
from studies.record import RESULTS, Record, read
from studies.unit_training import HELD_OUT, TEST, TrackingTask
from studies.units import score, shown

SPLITS = {"speech": "random", "speech_official": "official"}
"""Tasks whose nearest neighbours are asked for, and how their samples are split."""


def tracked(task: TrackingTask) -> dict[str, float]:
    """Return the error of each estimator on the test sequences, that of the centre first."""
    drawn, learned = (
        task.drawn.sequences(task.count, np.random.default_rng([0, stream]))
        for stream in (TEST, HELD_OUT)
    )
    found = {"the centre, always": tracking_error(np.full_like(drawn.target, 0.5), drawn.target)}
    for name in ESTIMATORS:
        y = estimate(name, task.drawn, drawn.frames, (learned.frames, learned.target))
        found[name] = tracking_error(y, drawn.target)
    return found


def tables(results: Path = RESULTS) -> list[Table]:
    """Return what was found without training."""
    if not (results / "baselines.json").exists():
        return []
    figures = read("baselines", results)["figures"]
    rows = [
        [task.replace("_", ", "), name, shown(task, score(task, error))]
        for task, found in figures.items()
        for name, error in found.items()
    ]
    note = (
        "Tracking: mean squared error of what is linear up to the reading of a place, on the test "
        "sequences of the tables below. Speech: right answers of the nearest spectrogram."
    )
    return [Table("Without training", ("task", "method", "result"), rows, note)]


def main() -> None:
    """Record all of them."""
    with Record("baselines", {"sequences": 0, "split": 0}) as record:
        record.figures["tracking"] = tracked(TrackingTask())
        for task, split in SPLITS.items():
            share = nearest_neighbour(speech(split))
            record.figures[task] = {"nearest neighbour": 1 - share}
    for table in tables():
        print(table.text())


if __name__ == "__main__":
    main()
