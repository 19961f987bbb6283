"""Pictures of training show the numbers that they are given."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.learners import History
from spikealg.learners.analysis import Activity, AfterSpike, Raster, SelfWeights
from tests.helpers import refused

mpl = pytest.importorskip("matplotlib")
mpl.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

from spikealg.viz import learners as viz  # noqa: E402


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def labels(ax):
    return ax.get_xlabel(), ax.get_ylabel()


def test_learning_curves():
    history = History(
        loss=[3.0, 2.0, 1.0], validation={"loss": [3.0, 1.5, 2.0], "accuracy": [0.1, 0.6, 0.5]},
        best=1,
    )  # fmt: skip
    loss, accuracy = viz.plot_history(history).axes
    assert labels(loss) == ("epoch", "loss")
    assert labels(accuracy) == ("epoch", "accuracy (validation)")
    training, validation, best = loss.lines
    assert training.get_xdata().tolist() == [1, 2, 3]
    assert training.get_ydata().tolist() == history.loss
    assert validation.get_ydata().tolist() == history.validation["loss"]
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (2, 1.5)
    assert accuracy.lines[0].get_ydata().tolist() == history.validation["accuracy"]
    assert [text.get_text() for text in loss.get_legend().get_texts()] == [
        "training", "validation", "best: epoch 2",
    ]  # fmt: skip
    assert len(viz.plot_history(History(loss=[1.0], best=0)).axes) == 1
    with refused("history must hold an epoch at least, got none", InputError):
        viz.plot_history(History())


def test_activity():
    layer = Activity(np.array([[0.1, 0.5]]), np.array([0.0, 0.6, 0.3]), np.array([1.0]))
    by_unit, by_tick = viz.plot_activity({"hidden": layer}).axes
    assert by_unit.lines[0].get_xdata().tolist() == [25, 75]
    assert by_unit.lines[0].get_ydata().tolist() == [0.5, 0.1]
    assert by_tick.lines[0].get_ydata().tolist() == [0, 0.6, 0.3]
    assert by_unit.get_legend().get_texts()[0].get_text() == "hidden: 0.3"
    assert labels(by_unit) == ("units, most active first [%]", "spikes per tick")
    assert labels(by_tick) == ("tick", "share of units that fire")


def test_rasters_stand_with_the_first_layer_below():
    spikes = {"first": np.array([[0, 2], [1, 0]]), "second": np.array([[1], [3]])}
    upper, lower = viz.plot_raster(Raster(3, {"first": 2, "second": 4}, spikes)).axes
    assert upper.get_title(loc="left") == "second"
    assert lower.lines[0].get_xdata().tolist() == [0, 2]
    assert lower.lines[0].get_ydata().tolist() == [1, 0]
    assert upper.get_ylim() == (-0.5, 3.5)
    assert lower.get_xlabel() == "tick"


def test_what_follows_a_spike():
    def stacked(*rows):
        return np.array(rows)

    after = AfterSpike(
        "hidden", stacked([4, 4, 0], [3, 3, 0]), stacked([0.5, 0.7, np.nan], [0.4, 0.4, np.nan]),
        stacked([0.1, 0.1, 0], [0.1, 0.1, 0]), stacked([2.0, 1, np.nan], [1, 1, np.nan]),
        stacked([1.0, 1, 0], [1, 1, 0]),
    )  # fmt: skip
    probability, potential = viz.plot_after_spike(after).axes
    assert probability.get_title(loc="left") == "hidden"
    assert probability.lines[0].get_xdata().tolist() == [1, 2]
    assert probability.lines[0].get_ydata() == pytest.approx([0.5, 0.3])
    assert potential.lines[0].get_ydata() == pytest.approx([0.5, 0])
    silent = AfterSpike("hidden", *(np.zeros((1, 2)) for _ in range(5)))
    with refused("after must hold spikes to draw, but no unit of hidden fired", InputError):
        viz.plot_after_spike(silent)


def test_weights_to_themselves():
    ax = viz.plot_self_weights(SelfWeights("hidden", np.ones(3), np.array([-1.0, 0, 1]))).axes[0]
    assert ax.get_title(loc="left") == "hidden: 100 % excite themselves"
    assert [line.get_xdata()[0] for line in ax.lines] == [0, 1]
    assert labels(ax) == ("recurrent weight", "density")


def test_weight_maps():
    maps = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    *panels, bar = viz.plot_weights(maps).axes
    assert len(panels) == 2
    drawn = panels[1].images[0].get_array()
    assert drawn.shape == (4, 15)
    assert drawn[1, 5 + 2] == maps[1, 1, 1, 2]
    assert panels[0].images[0].get_clim() == (-119, 119)
    assert bar.get_ylabel() == "weight"
    assert len(viz.plot_weights(maps[:, 0], most=1).axes) == 2
    with pytest.raises(InputError, match=r"^maps must have shape .* got \(2, 3\): name the shape"):
        viz.plot_weights(np.zeros((2, 3)))
