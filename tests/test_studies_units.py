"""The study of units in miniature: its order, its checkpoints, its choice of rates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.learners.checkpoint import write_checkpoint
from spikealg.learners.tasks import tracking
from studies import unit_training, units
from studies.record import Record, read
from tests.helpers import refused


@pytest.fixture
def small(monkeypatch):
    """Few pixels and little noise; the background hides the spot from those who forget."""
    drawn = tracking(size=12, ticks=14, noise=0.5, jitter=0)
    published = units.TASKS["tracking"][1].published
    layers = {"channels": (4, 4), "strides": (1, 2), "output_bias": 0.5}
    setting = unit_training.Setting(800, 8, published, rates=(1e-2,), network=layers)
    monkeypatch.setitem(
        units.TASKS, "tracking", (lambda: unit_training.TrackingTask(drawn), setting)
    )
    return setting


def test_units_in_miniature(small, tmp_path):
    places = {"results": tmp_path / "results", "checkpoints": tmp_path / "checkpoints"}
    for row in ("BLI", "BA"):
        units.run("tracking", row, 0, 1e-2, **places)
    found = units.folder("tracking", places["results"])
    integrating, forgetful = (read(f"{row}_0_0.01", found)["figures"] for row in ("BLI", "BA"))
    assert integrating["error"] < 0.6 * forgetful["error"]
    assert integrating["error"] < 0.6 / 12  # of chance: the variance of a uniform place
    assert len(integrating["loss"]) == len(integrating["held_out"]) == 4
    assert 0 < min(integrating["active"].values()) < max(integrating["active"].values()) < 0.6
    assert integrating["self_weight"].keys() == integrating["after_spike"].keys()
    (table,) = units.tables(places["results"])
    assert [row[0] for row in table.rows] == ["BLI", "BA"]
    assert table.rows[0][2:4] == [f"{integrating['error']:.4f}", "0.0110"]


def test_trainings_of_units_go_on_where_they_stopped(small, tmp_path):
    task = unit_training.TrackingTask(tracking(size=6, ticks=4))
    setting = replace(small, updates=4, every=2, batch=3)

    def trained(name, upto):
        record = Record(name, {}, tmp_path, tmp_path)
        return unit_training.train(record, "LIF", task, upto, 1e-2, 1).parameters()

    whole = trained("whole", setting)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unit_training, "write_checkpoint", _stop_after_one())
        with pytest.raises(KeyboardInterrupt):
            trained("cut", setting)
    for name, value in trained("cut", setting).items():
        np.testing.assert_array_equal(value, whole[name], err_msg=name)
    file = tmp_path / "cut_training.npz"
    with refused(
        f"updates must be '4', with which {file} was written, got '6': start anew with another "
        "checkpoint",
        InputError,
    ):
        trained("cut", replace(setting, updates=6))


def _stop_after_one():
    written = []

    def write(*arguments):
        if written:
            raise KeyboardInterrupt
        written.append(arguments)
        write_checkpoint(*arguments)

    return write


def test_rates_are_compared_by_the_first_seed(small, tmp_path, monkeypatch):
    setting = replace(small, rates=(0.1, 0.2))
    assert units.best_rate("BLI", setting, tmp_path) is None
    for rate, error in ((0.1, 0.5), (0.2, 0.25)):
        with Record(units.file_name("BLI", 0, rate), {}, tmp_path, tmp_path) as record:
            record.figures["held_out"] = [0.1, error]
    assert units.best_rate("BLI", setting, tmp_path) == 0.2
    monkeypatch.setitem(units.TASKS, "tracking", (units.TASKS["tracking"][0], setting))
    monkeypatch.setattr(units, "folder", lambda name: tmp_path)
    groups = units.jobs("tracking", ["BLI", "BA"], [1, 0])
    assert [job[2] + job[6] for job in next(groups)] == ["BA0.1", "BA0.2"]
    with Record(units.file_name("BA", 0, 0.1), {}, tmp_path, tmp_path) as record:
        record.figures["held_out"] = [0.3]
    assert [job[2] + job[4] + job[6] for job in next(groups)] == ["BLI10.2", "BA10.1"]
    with refused(
        "seeds must hold 0, by which rates are chosen, as it has not been run for BI; got [1, 2]",
        InputError,
    ):
        next(units.jobs("tracking", ["BLI", "BI"], [1, 2]))
    with Record(units.file_name("BLI", 7, 0.2), {}, tmp_path, tmp_path) as record:
        record.figures["seed"] = 7
    monkeypatch.setattr(units, "folder", lambda name, results: tmp_path)
    assert len(units.runs("tracking")["BLI"]) == 2
