import sys

import numpy as np
import pytest

from spikealg import simulate
from spikealg.circuits import Adder
from spikealg.errors import MissingExtraError
from spikealg.interop.pandas import spike_table

pandas = pytest.importorskip("pandas")


@pytest.fixture
def run():
    return simulate(Adder(3).compile(), {"a": [5, 7], "b": [1, 7]}, ticks=9, seed=3)


def test_a_row_for_each_spike(run):
    table = spike_table(run)
    assert list(table.columns) == ["tick", "neuron", "lane", "name"]
    for column, values in (("tick", run.spikes.t), ("neuron", run.spikes.i)):
        np.testing.assert_array_equal(table[column], values)
    assert [run.network.name(neuron) for neuron in run.spikes.i] == table["name"].tolist()
    assert table.groupby("lane").size().tolist() == np.bincount(run.spikes.lane).tolist() == [2, 3]
    assert table.attrs == {"ticks": 9, "lanes": 2, "first_lane": 0, "seed": 3}


def test_without_pandas_the_error_says_how_to_get_it(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spikealg\[pandas\]'"):
        spike_table(run)
