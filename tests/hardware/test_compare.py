"""Comparisons: the same run over platforms, a measured processor, a program without spikes."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.circuits import Adder
from spikealg.engine import simulate
from spikealg.errors import InputError, InputTypeError
from spikealg.hardware import compare, estimate, platforms
from tests.helpers import near


@pytest.fixture(scope="module")
def run():
    adder = Adder(4).compile()
    return simulate(adder, {"a": np.arange(16), "b": 7}, ticks=12, seed=0, record="counts")


def test_every_platform_has_a_row(run):
    table = compare(run)
    spiking = [entry.title for entry in platforms() if entry.kind != "arithmetic"]
    assert [row.title for row in table.rows[: len(spiking)]] == spiking
    for cost, row in zip(table.estimates, table.rows, strict=False):
        expected = cost.marginal_J if cost.total_J is None else cost.total_J
        assert row.energy_J == expected
        assert row.static_J == (cost.static_J if cost.total_J is None else None)
        assert row.kind == (
            "none" if expected is None else "marginal" if cost.total_J is None else "total"
        )
        assert ("unpublished" in row.note) == bool(cost.missing)


def test_measured_and_arithmetic_rows_by_hand(run):
    table = compare(run, ["truenorth"], measured_s=2e-3, watts=10.0, macs=1000)
    truenorth, measured, floats, integers = table.rows
    assert truenorth.energy_J == estimate(run, "truenorth").total_J
    assert (measured.kind, measured.energy_J.value) == ("measured", 2e-2)
    assert measured.per_work_J.value == 2e-2 / 16
    assert measured.note == "measured time × 10 W stated"
    assert (floats.kind, floats.energy_J.value) == ("arithmetic", near(1000 * 4.6e-12))
    assert integers.energy_J.value == near(1000 * 0.23e-12)
    text = str(table)
    assert "per result" in text
    assert "measured time × 10 W stated" in text


def test_without_spikes_every_synapse_counts_in_every_tick(run):
    floats = compare(run, ["cpu"]).rows[1]
    assert floats.energy_J.value == near(run.network.n_synapses * 12 * 16 * 4.6e-12)


def test_half_a_measurement_is_refused(run):
    with pytest.raises(InputError, match="measured_s and watts go together: give both, or none"):
        compare(run, measured_s=1.0)
    with pytest.raises(InputError, match="watts must be a finite number above 0"):
        compare(run, measured_s=1.0, watts=0)
    with pytest.raises(InputTypeError, match="macs must be a whole number of at least 0"):
        compare(run, macs=1.5)
