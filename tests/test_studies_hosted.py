"""Networks of the study of units on the engine, in miniature, and what is recorded of them."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.learners.tasks import Labelled, tracking
from studies import baselines, demonstration, hosted, units
from studies.hosting import PLATFORMS
from studies.record import Record, read
from studies.unit_training import COLUMN, LabelledTask, Setting, TrackingTask

SEQUENCES, SAMPLES = 24, 30


def short(name, **network):
    """Return a setting of five updates."""
    return Setting(5, 4, units.TASKS[name][1].published, rates=(5e-3,), every=5, network=network)


def track():
    task = TrackingTask(tracking(size=10, ticks=6))
    task.count = SEQUENCES
    return task


def speak():
    """Ten columns that change over time, under noise, in place of spoken digits."""
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 10, 100 + SAMPLES)
    noise = rng.normal(size=(len(labels), 5, 1, 12, 1))
    x = (5 * rng.normal(size=(10, 5, 1, 12, 1))[labels] + noise).astype(np.float32)
    return LabelledTask(Labelled(x[:100], labels[:100], x[100:], labels[100:], ticks=5))


TASKS = {
    "tracking": (track, short("tracking", channels=(3, 4), strides=(1, 2))),
    "speech": (speak, short("speech", **{**COLUMN, "channels": (3, 4), "hidden": (8,)})),
}
VALUES = {
    "tracking": 6 * SEQUENCES * (3 * 100 + 4 * 25 + 2),
    "speech": 5 * SAMPLES * (3 * 6 + 4 * 3 + 8 + 10),
}


@pytest.fixture
def places(tmp_path, monkeypatch):
    for name, made in TASKS.items():
        monkeypatch.setitem(units.TASKS, name, made)
    return {"results": tmp_path / "results", "checkpoints": tmp_path / "checkpoints"}


def hosting(name, places):
    with Record(f"hosted_{name}", {}, **places) as record:
        hosted.host(name, record, **places)
    return read(f"hosted_{name}", places["results"])["figures"]


@pytest.mark.parametrize("name", TASKS)
def test_the_engine_answers_as_the_rounded_network(name, places):
    found = hosting(name, places)
    trained = read("BLI_0_0.005", units.folder(name, places["results"]))["figures"]
    assert found["error before rounding"] == trained["error"]
    assert found["error"] == found["error after rounding"]
    assert found["error"] == pytest.approx(trained["error"], rel=0.2)
    assert found["values compared"] == VALUES[name]
    assert found["samples"] == {"tracking": SEQUENCES, "speech": SAMPLES}[name]
    assert min(trained["active"].values()) > 0.01
    assert found["spikes of neurons per sample"] > 10
    assert found["host MACs per inference"] > 0
    assert found["bills"].keys() == set(PLATFORMS)
    assert found["input range"][0] < 0 < found["input range"][1]


def test_a_network_is_trained_once(places, monkeypatch):
    first = hosting("tracking", places)
    monkeypatch.setattr(hosted, "run", None)
    second = hosting("tracking", places)
    assert {**second, "engine_cpu_s": 0} == {**first, "engine_cpu_s": 0}


def test_the_network_of_the_page_comes_back_as_it_was(places, tmp_path):
    with Record("hosted_tracking", {}, **places) as record:
        model = hosted.host("tracking", record, **places)
    drawn = track().drawn
    path = tmp_path / "tracking.npz"
    demonstration.write(model, drawn, TASKS["tracking"][1], path)
    again, read_back = demonstration.read(path)
    assert again == drawn
    x = drawn.sequences(3, np.random.default_rng(0)).frames
    np.testing.assert_array_equal(read_back(x), model(x))
    assert read_back.to_network().identical(model.to_network())


def test_the_network_of_the_page_fires_its_spikes_on_the_engine(monkeypatch):
    monkeypatch.setattr(demonstration, "SEQUENCES", 2)
    tracks, found = demonstration.run()
    assert found.y.shape == tracks.target.shape
    assert found.spikes[0].any()
    assert demonstration.PATH.stat().st_size < 100_000


def test_what_needs_no_training(tmp_path):
    assert baselines.tables(tmp_path) == []
    task = TrackingTask(tracking(size=12, ticks=12, noise=0.2))
    task.count = 32
    found = baselines.tracked(task)
    assert found["the centre, always"] == pytest.approx(1 / 12, rel=0.3)
    assert found["high-pass"] < 0.5 * found["still frame"]
    with Record("baselines", {}, tmp_path, tmp_path) as record:
        record.figures |= {"tracking": found, "speech_official": {"nearest neighbour": 0.04}}
    (table,) = baselines.tables(tmp_path)
    assert len(table.rows) == len(found) + 1
    assert table.rows[-1] == ["speech, official", "nearest neighbour", "96.0%"]


def test_tables_of_what_was_hosted(places):
    results = places["results"]
    assert hosted.tables(results) == []
    found = hosting("tracking", places)
    ran, priced = hosted.tables(results)
    ((task, samples, *errors, neurons, _, _, compared, differ, _),) = ran.rows
    assert (task, samples) == ("tracking", str(SEQUENCES))
    assert errors[1:] == [f"{found['error']:.4f}"] * 2
    assert (neurons, compared) == ("402", f"{found['values compared']:,}")
    assert differ == "0"
    assert priced.columns == ("platform", "tracking")
    by_platform = dict(priced.rows)
    assert "does not fit (resets" in by_platform["Loihi"]
    assert by_platform["Loihi 2"] == "unpublished"
