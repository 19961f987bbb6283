"""First passage: formulas for the chain, four standard errors for walkers."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from spikealg.diffusion import Chain, Interval, Problem, gamblers_ruin, heat_rod, solve
from spikealg.errors import InputError

ENDLESS = (0, math.inf)
WALKING = ["density", "montecarlo"]


def corridor(n=20, **settings):
    """Drift v = 0.5 and σ = 1 between absorbing ends, from 0.3."""
    return Problem(
        Interval(0, 1, n), sigma=1.0, drift=0.5, boundary="absorb", initial=0.3, **settings
    )


def to_upper_end(x, v=0.5, sigma=1.0):
    """The chance to leave [0, 1] by 1, and the mean time until any end is met."""
    k = 2 * v / sigma**2
    chance = (1 - math.exp(-k * x)) / (1 - math.exp(-k))
    return chance, (chance - x) / v


def test_the_chain_knows_gamblers_ruin():
    passage = solve(gamblers_ruin(10, 3), ENDLESS, method="chain").first_passage()
    assert passage.mean == pytest.approx(21, abs=1e-9)
    assert passage.variance == pytest.approx(392, abs=1e-7)
    assert passage.probability("x+") == pytest.approx(0.3, abs=1e-12)
    assert passage.mean_stderr == passage.variance_stderr == passage.probability_stderr("x+") == 0
    # 3 coins are gone after three losses, and not before.
    np.testing.assert_allclose(passage.cdf([2, 3, 4.5, 5]), [0, 1 / 8, 1 / 8, 1 / 8 + 3 / 32])
    np.testing.assert_allclose(passage.cdf(3, "x-"), 1 / 8)
    assert passage.cdf(1e9) == pytest.approx(1)


def test_mean_and_side_converge_with_order_two():
    chance, mean = to_upper_end(0.3)
    errors = []
    for n in (20, 40):
        passage = solve(corridor(n), ENDLESS, method="chain").first_passage()
        errors.append([abs(passage.probability("x+") - chance), abs(passage.mean - mean)])
    np.testing.assert_allclose(np.log2(np.divide(*errors)), 2, atol=0.02)


def test_the_end_of_time_does_not_change_what_the_chain_knows():
    short = solve(corridor(), 0.05, method="chain").first_passage()
    whole = solve(corridor(), ENDLESS, method="chain").first_passage()
    assert short.mean == pytest.approx(whole.mean)
    assert short.surviving > 0.1
    np.testing.assert_allclose(short.cdf(0.05), whole.cdf(0.05), rtol=1e-2)
    with pytest.raises(InputError, match=r"t must be at most 0\.05, where the walk ended with a p"):
        short.cdf(0.06)


@pytest.mark.parametrize("method", WALKING)
def test_walkers_agree_with_the_chain(method):
    """Four numbers within four standard errors: a false alarm once in 4000 seeds."""
    walked = solve(corridor(), ENDLESS, method=method, walkers=4000, seed=3)
    passage = walked.first_passage()
    exact = solve(corridor(), ENDLESS, method="chain").first_passage()
    assert passage.surviving == 0
    assert abs(passage.mean - exact.mean) < 4 * passage.mean_stderr
    assert abs(passage.variance - exact.variance) < 4 * passage.variance_stderr
    off = passage.probability("x+") - exact.probability("x+")
    assert abs(off) < 4 * passage.probability_stderr("x+")
    assert abs(passage.cdf(0.1) - exact.cdf(0.1)) < 4 * passage.cdf_stderr(0.1)
    assert walked.check().ok
    assert walked.exited["x+"][0] == pytest.approx(passage.probability("x+"))


def test_standard_errors_cover():
    # 4 × 100 cases inside ±2 stderr with chance 0.954; the share of 400 that are partly the same
    # walks has a standard error of 1.5 %: a false alarm once in 1e4 seeds.
    exact = solve(corridor(10), ENDLESS, method="chain").first_passage()
    inside = []
    for seed in range(100):
        walked = solve(corridor(10), ENDLESS, method="montecarlo", walkers=500, seed=seed)
        found = walked.first_passage()
        inside += [
            abs(found.mean - exact.mean) <= 2 * found.mean_stderr,
            abs(found.variance - exact.variance) <= 2 * found.variance_stderr,
            abs(found.probability("x+") - exact.probability("x+"))
            <= 2 * found.probability_stderr("x+"),
            abs(found.cdf(0.1) - exact.cdf(0.1)) <= 2 * found.cdf_stderr(0.1),
        ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.055)


@pytest.mark.parametrize("method", WALKING)
def test_every_step_is_recorded(method):
    walked = solve(corridor(), 0.1, t_eval=[0.05, 0.1], method=method, walkers=1000)
    passage = walked.first_passage()
    assert len(passage.t) == walked.steps + 1
    assert (np.diff(passage.by_side["x-"]) >= 0).all()
    np.testing.assert_allclose(passage.cdf([0.05, 0.1]), walked.absorbed)
    assert len(set(passage.by_side["x-"].tolist())) > 20


def test_one_walker_tells_nothing_of_its_error():
    passage = solve(corridor(), ENDLESS, method="montecarlo", walkers=1).first_passage()
    assert passage.mean > 0
    assert passage.mean_stderr == passage.variance_stderr == math.inf
    assert " ± inf;" in repr(passage)


def test_walkers_that_are_still_there_leave_the_mean_unknown():
    passage = solve(corridor(), 0.05, method="montecarlo", walkers=1000).first_passage()
    with pytest.raises(InputError, match=r"a part of 0\.\d+ of the walkers is still there at t = "):
        _ = passage.mean
    assert passage.probability_stderr("x+") > passage.surviving
    assert "mean not known" in repr(passage)
    assert "mean 21 ± 0" in repr(solve(gamblers_ruin(), ENDLESS, method="chain").first_passage())


def test_a_set_of_vertices_is_a_side_like_others():
    trap = {"x-": "absorb", "trap": {"where": lambda x: x > 0.79}}
    problem = Problem(Interval(0, 1, 10), diffusivity=1.0, boundary=trap, initial=0.2)
    passage = solve(problem, ENDLESS, method="chain").first_passage()
    assert passage.probability("trap") == pytest.approx(0.25)
    assert passage.mean == pytest.approx(0.2 * 0.6 / 2)


@pytest.mark.parametrize("dt", ["auto", 0.1, 0.01])
def test_the_variance_of_steps_is_short_by_a_step_times_the_mean(dt):
    # 0 → 1 at rate 2, left at rate 1: mean ½ + 1, variance ¼ + 1 in continuous time.
    states = Chain([[0, 2.0, 0], [0, 0, 1.0], [0, 0, 0]])
    problem = Problem(states, initial=0, boundary={2: "absorb"})
    solution = solve(problem, ENDLESS, dt=dt, method="chain")
    passage = solution.first_passage()
    assert passage.mean == pytest.approx(1.5)
    assert passage.variance + solution.dt * passage.mean == pytest.approx(1.25)
    exact = 1 - 2 * math.exp(-1) + math.exp(-2)
    assert abs(passage.cdf(1.0) - exact) < 2 * solution.dt


def test_exponential_steps_know_the_variance_of_continuous_time():
    states = Chain([[0, 2.0, 0], [0, 0, 1.0], [0, 0, 0]])
    problem = Problem(states, initial=0, boundary={2: "absorb"}, dt=0.25, time_scheme="exponential")
    passage = solve(problem, 30.0, method="chain").first_passage()
    assert (passage.mean, passage.variance) == pytest.approx((1.5, 1.25))
    assert passage.cdf(1.0) == pytest.approx(1 - 2 * math.exp(-1) + math.exp(-2))
    with pytest.raises(
        InputError, match="needs a t_span that ends: give one, or take time_scheme="
    ):
        solve(problem, ENDLESS, method="chain")


REFUSED = [
    (
        lambda: Problem(Interval(0, 1, 4), diffusivity=1.0, initial=0.5),
        "nothing absorbs, so no wal",
    ),
    (
        lambda: Problem(Interval(0, 1, 4), diffusivity=1.0, source=1.0, boundary="absorb"),
        "first passage is that of walkers with a common start",
    ),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_what_has_no_passage_says_so(make, message):
    with pytest.raises(InputError, match=re.escape(message)):
        solve(make(), 0.1, method="chain").first_passage()


def test_waiting_for_ever_is_refused():
    closed = Problem(Interval(0, 1, 4), diffusivity=1.0, initial=0.5)
    for method in ("chain", "montecarlo"):
        with pytest.raises(InputError, match=r"walkers never leave from vertex 0 \(x = 0\), so no"):
            solve(closed, ENDLESS, method=method)
    fed = Problem(Interval(0, 1, 4), diffusivity=1.0, source=1.0, boundary="absorb")
    with pytest.raises(InputError, match="t_span without end waits for the last walker, but a so"):
        solve(fed, ENDLESS, method="chain")
    with pytest.raises(InputError, match="t_eval has no place in a t_span without end"):
        solve(heat_rod(), ENDLESS, t_eval=[1.0], method="chain")
    with pytest.raises(InputError, match="side must be one of 'x-', 'x\\+', got 'y-'"):
        solve(heat_rod(), method="chain").first_passage().probability("y-")
