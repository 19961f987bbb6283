"""The study of the chorales, on made-up ones."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from spikealg.learners.data import Chorales
from studies import jsb
from studies.record import Record, read


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Let the study learn from few short pieces, for two epochs, and write elsewhere."""
    rng = np.random.default_rng(0)
    pieces = tuple((rng.random((12, 88)) < 0.1).astype(np.float32) for _ in range(8))
    monkeypatch.setattr(jsb, "jsb", lambda: Chorales(pieces[:4], pieces[4:6], pieces[6:]))
    monkeypatch.setattr(jsb, "EPOCHS", 2)
    folders = {"results": tmp_path / "results", "checkpoints": tmp_path / "checkpoints"}
    monkeypatch.setattr(jsb, "Record", partial(Record, **folders))
    return folders["results"]


def test_all_runs_make_the_tables(results):
    for name in (*jsb.BY_VALIDATION, *jsb.BY_BOTH_RULES):
        jsb.main([name])
        assert name in [row[0] for table in jsb.tables(results) for row in table.rows]
    recurrent = read("jsb_recurrent", results)["figures"]
    assert recurrent["validation"] == min(recurrent["validation of all rates"].values())
    assert recurrent["validation"] == min(recurrent["curve"]["validation"])
    exact, short = (read(f"jsb_{name}", results)["figures"] for name in jsb.BY_BOTH_RULES)
    for part in ("losses", "weights"):
        assert exact[f"{part}, relative"] < 1e-12
        assert short[f"{part}, relative"] > 1e-4
    learnt, beside = jsb.tables(results)
    pairs = [name for name in jsb.BY_BOTH_RULES for _ in range(2)]
    assert [row[0] for row in learnt.rows] == [*jsb.BY_VALIDATION, *pairs]
    assert [row[0] for row in beside.rows] == list(jsb.BY_BOTH_RULES)
