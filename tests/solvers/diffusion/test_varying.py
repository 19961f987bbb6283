"""Coefficients that depend on time: order of the pieces, walkers against the chain, refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from spikealg.diffusion import Interval, Problem, load, solve
from spikealg.errors import InputError
from spikealg.solvers.diffusion.equation.functions import at_time, depends_on_time


def breathing(hold, n=16, **settings):
    """D(t) = 1 + sin 20t: u = exp(−π²∫D dt) sin πx."""
    return Problem(
        Interval(0, 1, n),
        diffusivity=lambda x, t: 1 + np.sin(20 * t),
        boundary="absorb",
        initial=lambda x: np.sin(np.pi * x),
        t_span=0.15,
        hold=hold,
        exact=lambda t, x: faded(t) * np.sin(np.pi * x),
        **settings,
    )


def faded(t):
    return math.exp(-(np.pi**2) * (t + (1 - math.cos(20 * t)) / 20))


def test_pieces_have_an_error_of_order_two():
    # Against the same steps with the finest pieces, so that the error of steps does not show.
    found = [solve(breathing(0.15 / k), dt=1e-4, method="chain").mass[-1] for k in (5, 10, 20, 160)]
    errors = np.array(found[:-1]) - found[-1]
    np.testing.assert_allclose(np.log2(errors[:-1] / errors[1:]), 2, atol=0.15)
    check = solve(breathing(0.15 / 64), method="chain").check().chain
    assert check.reference == "exact"
    assert check.relative_l2[-1] < 2e-3


def test_times_are_recorded_wherever_they_lie():
    times = [0.0, 0.01, 0.0333, 0.1, 0.15]
    solution = solve(breathing(0.025), t_eval=times, method="chain")
    assert solution.t.tolist() == times
    exact = [solution.problem.exact(t, solution.x) for t in times]
    np.testing.assert_allclose(solution.density, exact, atol=0.03)
    assert {round(part.end, 9) for part in solution.segments} >= {0.05, 0.1, 0.15}


@pytest.mark.parametrize("method", ["density", "montecarlo"])
def test_walkers_agree_with_the_chain(method):
    """χ² at two times: a false alarm 1e-3; a value within 4.5 standard errors."""
    problem = breathing(0.03, killing=lambda x, t: 5 * t, drift=lambda x, t: 2 * x * t)
    found = solve(problem, t_eval=[0.05, 0.15], method=method, walkers=3000, seed=1)
    assert found.check().ok
    assert found.first_passage().surviving > 0
    paid = Problem(
        Interval(0, 1, 8), sigma=lambda x, t: 1 + t, payoff=lambda x: x, source=1.0,
        boundary={"x+": "absorb"}, t_span=0.2, hold=0.05,
    )  # fmt: skip
    value = solve(paid, at=0.5, method=method, walkers=1600)
    exact = solve(paid, at=0.5, method="chain").value
    assert abs(value.value - exact)[0] < 4.5 * value.value_stderr[0]


def test_a_particle_walks_by_rates_that_change_with_time():
    ring = Problem(
        Interval(0, 1, 16), diffusivity=lambda x, t: 1 + 10 * t, boundary="periodic",
        initial=0.5, t_span=0.02, hold=0.01,
    )  # fmt: skip
    assert solve(ring, method="particle", walkers=2000).check().ok


# ------------------------------------------------------------------- sources that change

D = 0.1


def level(t):
    return 1 + np.sin(3 * t)


def feed(x, t):
    """What makes u = sin(πx)·level(t) of ∂u/∂t = D∂²u + f."""
    return np.sin(np.pi * x) * (3 * np.cos(3 * t) + D * np.pi**2 * level(t))


def fed(n=20, source=feed, **settings):
    return Problem(
        Interval(0, 1, n),
        diffusivity=D,
        source=source,
        boundary="absorb",
        initial=lambda x: np.sin(np.pi * x),
        t_span=1.0,
        **settings,
    )


def test_a_source_that_changes_has_an_error_of_order_two_in_the_hold():
    # Against the finest pieces with the same steps, so that mesh and steps do not show.
    found = [
        solve(fed(hold=1 / k), t_eval=[0.33, 1], dt=5e-4, method="chain").density
        for k in (4, 8, 16, 128)
    ]
    errors = np.array([np.abs(each - found[-1]).max() for each in found[:-1]])
    np.testing.assert_allclose(np.log2(errors[:-1] / errors[1:]), 2, atol=0.4)
    exact = fed(40, exact=lambda t, x: np.sin(np.pi * x) * level(t))
    assert solve(exact, t_eval=[0.33, 1], method="chain").check().chain.relative_l2.max() < 1e-3


@pytest.mark.parametrize("method", ["density", "montecarlo"])
def test_walkers_come_in_by_and_by(method):
    """χ² of three groups at three times: a false alarm 1e-3."""
    problem = fed(source=lambda x, t: feed(x, t) - 2 * x, hold=0.25)
    found = solve(problem, t_eval=[0.0, 0.4, 1.0], method=method, walkers=6000, seed=3)
    assert [group.load.role for group in found.groups] == ["initial", "arriving", "arriving"]
    assert found.check().ok
    exact = solve(problem, t_eval=[0.0, 0.4, 1.0], method="chain")
    z = (found.mass - exact.mass)[1:] / found.mass_stderr[1:]
    assert np.abs(z).max() < 4.5
    # Whoever is not there yet makes the mass of a rod without ends uncertain too.
    closed = Problem(Interval(0, 1, 8), diffusivity=1.0, source=lambda x, t: t + 0 * x, t_span=1.0)
    some = solve(closed, t_eval=[0.5, 1.0], method=method, walkers=500)
    assert some.mass[1] == pytest.approx(0.5)
    assert 0 < abs(some.mass[0] - 0.125) < 4.5 * some.mass_stderr[0]


def test_a_steady_source_beside_coefficients_that_change():
    # D(t) does not matter where nothing is ever anywhere but everywhere alike.
    problem = Problem(
        Interval(0, 1, 8), diffusivity=lambda x, t: 1 + t, source=2.0, initial=lambda x: 1 + 0 * x
    )
    found = solve(problem, 0.5, method="chain").density[0]
    np.testing.assert_allclose(found, 2.0, rtol=1e-9)


@pytest.mark.parametrize("method", ["density", "montecarlo"])
def test_values_of_a_source_that_changes(method):
    """Values within 4.5 standard errors; the chain against ∫ cos(5t) dt where nothing moves it."""
    still = Problem(
        Interval(0, 1, 8), diffusivity=1.0, source=lambda x, t: np.cos(5 * t) + 0 * x, payoff=0.5,
        t_span=1.0,
    )  # fmt: skip
    np.testing.assert_allclose(solve(still, method="chain").value, 0.5 + np.sin(5) / 5, atol=1e-3)
    paid = Problem(
        Interval(0, 1, 16), diffusivity=D, source=lambda x, t: x * np.cos(5 * t),
        payoff=lambda x: x, boundary={"x-": "absorb"}, t_span=1.0, hold=0.1, at=[0.3, 0.7],
    )  # fmt: skip
    value = solve(paid, method=method, walkers=2000, seed=1)
    exact = solve(paid, method="chain").value
    assert (np.abs(value.value - exact) < 4.5 * value.value_stderr).all()
    assert (value.value_stderr < 0.03).all()


@pytest.mark.parametrize("side", [{"derivative": 1.0}, {"value": lambda x: 1 + 0 * x}])
def test_what_sides_pay_later_is_collected(side):
    """Nothing is paid at the start, when nothing moves; values within 4.5 standard errors."""
    problem = Problem(
        Interval(0, 1, 10), diffusivity=lambda x, t: 0.2 * t + 0 * x, boundary={"x-": side},
        payoff=1.0, at=[0.3], t_span=1.0, hold=0.1,
    )  # fmt: skip
    value = solve(problem, method="montecarlo", walkers=2000)
    exact = solve(problem, method="chain").value
    assert value.value_stderr[0] > 0
    assert abs(value.value - exact)[0] < 4.5 * value.value_stderr[0]


def test_a_hold_beyond_the_span_keeps_every_time():
    times = [0.0, 1e-4, 1e-3, 0.5, 1.0]
    for hold in (1e6, 1e9):
        found = solve(fed(hold=hold), t_eval=times, method="chain")
        assert found.density.shape[0] == found.t.size == 5
    start = solve(fed(), t_eval=[0.0], method="chain")
    np.testing.assert_allclose(start.density[0], np.sin(np.pi * start.x), atol=1e-12)


def test_circuits_are_made_once_where_only_the_source_depends_on_time():
    found = solve(fed(hold=0.1), walkers=400, seed=1)
    assert all(segment.rates is None for segment in found.segments)
    assert len({run.network for run in found.runs}) < len(found.segments) / 2


@pytest.mark.parametrize("mode", ["forward", "backward"])
def test_files_keep_a_source_that_changes(mode, tmp_path):
    settings = {"mode": mode, "at": [0.3]} if mode == "backward" else {}
    found = solve(fed(hold=0.25, **settings), method="montecarlo", walkers=3000)
    found.save(tmp_path / "fed.npz")
    again = load(tmp_path / "fed.npz")
    assert again.check().circuit == found.check().circuit
    assert found.check().circuit.ok


def test_memory_of_those_who_come_in_is_foreseen():
    pond = Problem(Interval(0, 1, 1000), diffusivity=0.1, source=lambda x, t: 1 + t + 0 * x)
    few, many = (
        replace(pond, hold=1 / pieces).plan(1.0, method="montecarlo").memory_bytes
        for pieces in (4, 400)
    )
    assert many - few > 8 * 1001 * 396


def test_a_checkpoint_knows_its_source(tmp_path):
    path = tmp_path / "walk.npz"
    one = solve(fed(hold=0.5), method="montecarlo", walkers=500, checkpoint=path)
    two = solve(fed(hold=0.5), method="montecarlo", walkers=500, checkpoint=path)
    np.testing.assert_array_equal(one.density, two.density)
    other = fed(hold=0.5, source=lambda x, t: feed(x, t) + 0.1)
    with pytest.raises(InputError, match="is of another walk: source has other values now"):
        solve(other, method="montecarlo", walkers=500, checkpoint=path)


def test_functions_of_two_arguments_depend_on_time():
    assert depends_on_time(lambda x, t: x)
    assert not depends_on_time(lambda x, scale=2: x)
    assert not depends_on_time(np.cos)
    assert not depends_on_time(3.0)
    assert at_time(lambda x, t: x + t, 2.0)(1.0) == 3.0
    assert at_time(4.0, 2.0) == 4.0


def test_what_needs_steady_coefficients_is_refused(tmp_path):
    def growing(x, t):
        return 1 + t

    rod, ends = Interval(0, 1, 8), {"x+": "absorb"}
    for side in ({"value": 1.0}, {"derivative": 1.0}):
        fed = Problem(
            rod, diffusivity=growing, boundary={"x-": side} | ends, t_span=0.1, initial=0.5
        )
        with pytest.raises(InputError, match="a side of given value or with a flux needs coeffici"):
            solve(fed, method="chain")
    fed = Problem(rod, diffusivity=growing, source=1.0, boundary=ends, t_span=0.1)
    with pytest.raises(
        InputError, match="mode='steady' asks for what does not change any more, and"
    ):
        solve(fed, mode="steady", method="chain")
    start = Problem(rod, diffusivity=growing, initial=0.5, boundary=ends)
    with pytest.raises(InputError, match="coefficients depend on time, so mode='forward' needs a"):
        solve(start, (0, math.inf), method="chain")
    paid = Problem(rod, diffusivity=growing, payoff=1.0, t_span=0.1)
    with pytest.raises(InputError, match="all values at once need coefficients that do not depend"):
        solve(paid, method="montecarlo")
    assert solve(paid, method="chain").value == pytest.approx(1)
    with pytest.raises(InputError, match="a file holds one set of rates, and those of this soluti"):
        solve(start, 0.1, method="chain").save(tmp_path / "a.npz")
    with pytest.raises(InputError, match="nobody is there and nothing comes in: give initial="):
        solve(Problem(rod, diffusivity=1.0, source=lambda x, t: 0 * x, t_span=1.0))
    with pytest.raises(InputError, match="nobody is there and nothing comes in: give initial="):
        solve(Problem(rod, diffusivity=1.0, source=0.0, t_span=1.0), method="montecarlo")
    for source in (1.0, lambda x, t: t + 0 * x):
        long = Problem(rod, killing=2.0, diffusivity=1.0, source=source, mode="backward", at=[0.5],
                       t_span=1.0, time_scheme="exponential")  # fmt: skip
        with pytest.raises(InputError, match="what a source or a flux pays in a step it does not"):
            solve(long, method="chain")
    with pytest.raises(InputError, match=r"hold must be a finite number above 0, got -1\.0"):
        Problem(rod, diffusivity=growing, hold=-1)
