import matplotlib as mpl
import numpy as np
import pytest

from spikealg import diffusion
from spikealg.diffusion import Interval, Problem, solve
from spikealg.errors import InputError

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def decision():
    return solve(diffusion.decision_model(), method="montecarlo", walkers=20_000).first_passage()


def stacks(ax):
    """Return edges (B + 1,) and the heights of all sides (S, B)."""
    bars = [container for container in ax.containers if hasattr(container, "patches")]
    first = bars[0].patches
    edges = [bar.get_x() for bar in first] + [first[-1].get_x() + first[-1].get_width()]
    return np.array(edges), np.array([[bar.get_height() for bar in bar] for bar in bars])


def test_bars_of_sides_are_stacked_and_hold_what_left(decision):
    (ax,) = decision.plot(bins=30, units={"time": "s"}).axes
    edges, heights = stacks(ax)
    assert 25 <= len(edges) <= 36
    for side, height in zip(("x-", "x+"), heights, strict=True):
        found = np.concatenate([[0], np.cumsum(height * np.diff(edges))])
        np.testing.assert_allclose(found, decision.cdf(edges, side), atol=1e-12)
    below = [bar.get_y() for bar in ax.containers[1].patches]
    np.testing.assert_allclose(below, heights[0])
    assert ax.get_xlabel() == "time of first passage [s]"
    assert ax.get_ylabel() == "part per time [1/s]"
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert f"by x+: {decision.probability('x+'):.4g}" in " ".join(words)
    assert any(word.startswith("mean 0.9") and word.endswith(" s") for word in words)
    assert ax.get_title(loc="left") == "20 000 walkers"


def test_the_outline_is_the_exact_density(decision):
    (ax,) = decision.plot().axes
    edges, heights = stacks(ax)
    (exact,) = (line for line in ax.lines if line.get_label() == "exact")
    # The largest of 40 deviations is above 4.5 standard errors once in 3000 seeds.
    part = exact.get_ydata() * np.diff(edges)
    error = np.sqrt(np.maximum(part, 1 / 20_000) / 20_000)
    assert np.abs((heights.sum(axis=0) * np.diff(edges) - part) / error).max() < 4.5
    assert part.sum() == pytest.approx(0.995, abs=0.004)


def test_edges_are_an_even_number_of_steps_apart():
    passage = solve(diffusion.gamblers_ruin(), method="chain").first_passage()
    for bins in (1, 7, 40, 1000):
        (ax,) = passage.plot(bins=bins).axes
        edges, heights = stacks(ax)
        assert not (np.diff(edges) % 2).any()
        (exact,) = (line for line in ax.lines if line.get_label() == "exact")
        np.testing.assert_allclose(exact.get_ydata(), heights.sum(axis=0), atol=1e-12)


def test_an_end_may_be_chosen_and_a_mean_may_be_unknown():
    rod = Problem(Interval(0, 1, 10), diffusivity=1.0, initial=0.5, boundary={"x+": "absorb"})
    passage = solve(rod, 0.3, method="montecarlo", walkers=500).first_passage()
    (ax,) = passage.plot(until=0.2).axes
    assert ax.get_xlim()[1] == pytest.approx(0.2, abs=0.02)
    assert not [line for line in ax.lines if line.get_label().startswith(("mean", "exact"))]
    with pytest.raises(InputError, match="nothing leaves between t = 0 and"):
        passage.plot(until=1e-9)
    with pytest.raises(InputError, match="bins must be"):
        passage.plot(bins=0)


def test_where_nobody_has_left_there_is_no_picture():
    rod = Problem(Interval(0, 1, 64), diffusivity=1.0, initial=0.5, boundary="absorb")
    passage = solve(rod, (1.0, 1.001), method="montecarlo", walkers=50).first_passage()
    for until in (None, 1.0005):
        with pytest.raises(
            InputError,
            match=r"nothing leaves between t = 1 and 1\.001, where the walk ends: give a longer t_",
        ):
            passage.plot(until=until)


def test_who_starts_on_a_side_does_not_end_the_picture():
    rod = Problem(Interval(0, 1, 8), diffusivity=1.0, boundary="absorb",
                  initial=lambda x: np.where(x == 0, 1e4, x == 0.5))  # fmt: skip
    passage = solve(rod, 0.3, method="chain").first_passage()
    assert passage.cdf(0.0) > 0.995
    (ax,) = passage.plot().axes
    assert ax.get_xlim()[1] > 0.2
