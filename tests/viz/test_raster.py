"""The picture of spikes shows the spikes, in the rows of their neurons."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.circuits import Adder
from spikealg.engine import simulate
from spikealg.errors import InputError
from tests.helpers import refused

mpl = pytest.importorskip("matplotlib")
mpl.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

from spikealg.viz.raster import plot_raster  # noqa: E402


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def adder_run(**settings):
    values = {"a": [7, 5], "b": [1, 2]}
    return simulate(Adder(3).compile(), values, ticks=6, **({"record": "all"} | settings))


def drawn(ax):
    """(tick, row) of each stroke."""
    strokes = [segment for lines in ax.collections for segment in lines.get_segments()]
    return sorted((float(low[0]), float(low[1] + high[1]) / 2) for low, high in strokes)


def test_a_stroke_for_each_spike():
    run = adder_run()
    ax = plot_raster(run, "carry", "sum", lane=1).axes[0]
    neurons = np.concatenate([run.network.find("carry"), run.network.find("sum")])
    raster = run.raster(neurons)[:, 1]
    assert drawn(ax) == sorted(zip(*np.nonzero(raster), strict=True))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["carry", "sum"]
    assert ax.get_yticks().tolist() == [1.0, 4.5]


def test_what_was_recorded_is_drawn_where_one_wants():
    _, ax = plt.subplots()
    run = adder_run()
    assert plot_raster(run, axes=ax) is ax.figure
    assert len(drawn(ax)) == run.raster(np.arange(run.network.n_neurons))[:, 0].sum() > 0
    with refused("lane must be a whole number from 0 to 1, got 2", InputError):
        plot_raster(run, lane=2)
