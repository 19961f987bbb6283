"""Runs of studies are recorded with all that tells where figures come from."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studies.record import Record, read


@pytest.fixture
def record(tmp_path):
    return Record("name", {"weights": 3}, tmp_path / "results", tmp_path / "checkpoints")


def test_a_record_tells_where_its_figures_come_from(record):
    with record:
        record.figures |= {"accuracy": np.float32(0.5), "spikes": np.arange(3), "units": ["BLI"]}
    found = read("name", record.results)
    assert found["figures"] == {"accuracy": 0.5, "spikes": [0, 1, 2], "units": ["BLI"]}
    assert found["seeds"] == {"weights": 3}
    assert found["command"].startswith("python ")
    assert "pytest" in found["command"]
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
