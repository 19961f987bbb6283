"""The picture of a refinement study."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

from spikealg.diffusion import convergence, decision_model, heat_rod

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


def test_a_study_shows_its_errors_and_the_fitted_line():
    study = convergence(heat_rod(n=8), dt=1 / 256, levels=3)
    (ax,) = study.plot().axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mesh width [length]", "relative error")
    assert ax.get_title() == "distance from the exact solution"
    points, line = ax.lines
    np.testing.assert_array_equal(points.get_xdata(), study.size)
    np.testing.assert_array_equal(points.get_ydata(), study.relative_l2)
    np.testing.assert_allclose(line.get_ydata(), study.relative_l2, rtol=0.05)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["relative L2", f"order {study.order:.2f}"]


def test_walkers_are_shown_beside_their_standard_error():
    study = convergence(
        heat_rod(n=8), "walkers", method="montecarlo", levels=2, walkers=100, repeats=1
    )
    _, (given, ax) = plt.subplots(1, 2)
    assert study.plot(axes=ax) is given.figure
    assert ax.get_xlabel() == "walkers"
    assert ax.get_title() == "distance of walkers from their chain"
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), study.predicted)
    assert ax.get_legend().get_texts()[2].get_text() == "standard error"


def test_without_an_order_there_is_no_line():
    study = convergence(decision_model(drift=0.0, n=10), levels=2)
    (ax,) = study.plot().axes
    assert len(ax.lines) == 1
