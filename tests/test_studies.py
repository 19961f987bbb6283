"""Studies run in miniature, are recorded with all that belongs to them, and shown as recorded."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from spikealg.learners import Dense, IntegrateFire, Sequential, quantize, unit
from studies import hosting, mnist, report
from studies.record import Record, read

TICKS, HIDDEN, DIGITS = {"dense_bli": 5, "spiking_mlp": 4}, 30, 60


@pytest.fixture
def record(tmp_path):
    return Record("name", {"weights": 3}, tmp_path / "results", tmp_path / "checkpoints")


def test_a_record_tells_where_its_figures_come_from(record, monkeypatch):
    monkeypatch.setattr("sys.orig_argv", ["/usr/bin/python3", "-m", "studies.units", "a task"])
    with record:
        record.figures |= {"accuracy": np.float32(0.5), "spikes": np.arange(3), "units": ["BLI"]}
    found = read("name", record.results)
    assert found["figures"] == {"accuracy": 0.5, "spikes": [0, 1, 2], "units": ["BLI"]}
    assert found["seeds"] == {"weights": 3}
    assert found["command"] == "python -m studies.units 'a task'"
    assert found["wall_s"] >= 0
    assert found["cpu_s"] >= 0
    assert not found["resumed"]
    assert found["versions"]["numpy"] == np.__version__
    assert {"commit", "date", "machine"} < found.keys()


def test_a_run_that_goes_on_is_marked(record):
    with record:
        record.checkpoint().touch()
    assert not read("name", record.results)["resumed"]
    with record:
        assert record.checkpoint("other").name == "name_other.npz"
        record.checkpoint()
    assert read("name", record.results)["resumed"]


def test_a_run_that_fails_writes_nothing(record):
    with pytest.raises(ZeroDivisionError), record:
        record.figures["accuracy"] = 1 / 0
    assert not record.results.exists()
    with pytest.raises(ValueError, match="not JSON compliant"), record:
        record.figures["accuracy"] = float("nan")
    with pytest.raises(TypeError, match="figures must hold numbers, texts, lists"), record:
        record.figures["accuracy"] = object()
    assert not record.results.exists()


def test_records_are_json(record):
    with record:
        record.figures["κ"] = 0.9
    text = (record.results / "name.json").read_text("utf-8")
    assert '"κ": 0.9' in text
    assert json.loads(text)["name"] == "name"


@pytest.fixture
def patterns():
    """Ten patterns under noise in place of digits: 300 to learn, 60 to test."""
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 10, 360)
    flipped = (rng.random((10, 784)) < 0.15)[labels] ^ (rng.random((360, 784)) < 0.1)
    x = flipped.astype(np.float32)
    return (x[:-DIGITS], labels[:-DIGITS]), (x[-DIGITS:], labels[-DIGITS:])


@pytest.mark.parametrize("name", mnist.HOSTED)
def test_digits_in_miniature(name, patterns, tmp_path, monkeypatch):
    neurons = IntegrateFire if name == "spiking_mlp" else lambda: unit("BLI")
    small = replace(
        mnist.SETTINGS[name],
        layers=lambda: [Dense(HIDDEN), neurons(), Dense(HIDDEN), neurons(), Dense(10)],
        epochs=4,
        batch=20,
        penalties={},
    )
    monkeypatch.setitem(mnist.SETTINGS, name, small)
    monkeypatch.setattr(hosting, "BLOCK", 40)
    for run in (name, f"{name}_8bit"):
        with Record(f"mnist_{run}", {}, tmp_path, tmp_path) as record:
            mnist.run(run, *patterns, record)
    trained, hosted = (read(f"mnist_{run}", tmp_path)["figures"] for run in (name, f"{name}_8bit"))
    assert trained["loss"][-1] < 0.7 * trained["loss"][0]
    assert trained["accuracy"] > 0.5
    assert len(trained["hidden spikes per digit"]) == 2
    assert hosted["accuracy before rounding"] == trained["accuracy"]
    assert hosted["accuracy"] == hosted["accuracy after rounding"]
    assert hosted["values compared"] == TICKS[name] * DIGITS * (2 * HIDDEN + 10)
    assert hosted["inferences priced"] == 40
    assert hosted["spikes of neurons per sample"] > 10
    assert hosted["bills"].keys() == set(hosting.PLATFORMS)


@pytest.mark.parametrize("name", ["rate_snu", "snu", "snu_detached", "li_snu"])
def test_rate_coded_digits_in_miniature(name, patterns, tmp_path, monkeypatch):
    monkeypatch.setitem(mnist.SETTINGS, name, replace(mnist.SETTINGS[name], epochs=2))
    with Record("digits", {}, tmp_path, tmp_path) as record:
        mnist.run(name, *patterns, record)
    assert record.figures["loss"][-1] < record.figures["loss"][0]
    assert sum(record.figures["hidden spikes per digit"]) > 1


def test_rounding_needs_a_trained_model(patterns, tmp_path):
    with pytest.raises(SystemExit, match=r"^there is no trained model: first run dense_bli$"):
        mnist.run("dense_bli_8bit", *patterns, Record("digits", {}, tmp_path, tmp_path))


def test_a_wrong_spike_on_the_engine_is_noticed():
    layers = [Dense(5), unit("BLI"), Dense(2)]
    model = quantize(Sequential(layers, shape=(4,), seed=0))
    x = np.random.default_rng(0).random((6, 3, 4)) < 0.5
    hosted = model.hosted(x)
    assert hosting.assert_same(model, x, hosted) == 6 * 3 * (5 + 2)
    model.parameters()["0.bias"][...] += 0.5
    with pytest.raises(AssertionError):
        hosting.assert_same(model, x, hosted)


@pytest.mark.parametrize("study", report.STUDIES)
def test_the_page_shows_what_was_recorded(study):
    text = (report.DOCS / report.STUDIES[study]).read_text("utf-8")
    _, _, after = text.partition(f"<!-- {study}: begin -->\n")
    shown, _, _ = after.partition(f"<!-- {study}: end -->\n")
    assert shown == report.section(study)
