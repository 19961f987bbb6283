"""Values of backward problems: formulas for the chain, standard errors for walkers."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest

from spikealg.diffusion import Box, Graph, Interval, Problem, black_scholes_call, load, solve
from spikealg.errors import InputError

WALKING = ["density", "montecarlo"]


def paid(n=16, **settings):
    """A reward on the way, killing, a payoff and a side that pays."""
    settings.setdefault("boundary", {"x-": {"value": 1.0}})
    return Problem(
        Interval(0, 1, n),
        diffusivity=1.0,
        killing=0.5,
        source=lambda x: 1 + x,
        payoff=lambda x: np.cos(2 * x),
        t_span=0.1,
        **settings,
    )


def test_the_value_of_a_cosine_fades():
    def problem(n):
        return Problem(
            Interval(0, 1, n),
            diffusivity=0.5,
            payoff=lambda x: np.cos(np.pi * x),
            t_span=0.2,
            exact=lambda t, x: np.exp(-0.5 * np.pi**2 * t) * np.cos(np.pi * x),
        )

    errors = []
    for n in (16, 32):
        solution = solve(problem(n), dt=0.5 / n**2, method="chain")
        assert solution.mode == "backward"
        assert solution.value.shape == (n + 1,)
        errors.append(solution.check().chain.max_error[0])
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.02)


def test_forward_and_backward_are_adjoint():
    # ∫ payoff·u(t) dx = ∫ w(0)·u0 dx for any coefficients, killing and sides: to rounding.
    settings = dict(
        sigma=lambda x: 0.5 + x, drift=lambda x: 0.5 - x, killing=lambda x: x, t_span=0.3
    )
    domain, x = Interval(0, 1, 20), Interval(0, 1, 20).mesh().x
    forward = solve(
        Problem(domain, initial=0.4, boundary={"x+": "absorb"}, **settings), method="chain"
    )
    backward = solve(
        Problem(domain, payoff=lambda x: 1 + x**2, boundary={"x+": "absorb"}, **settings),
        method="chain",
    )
    assert forward.expectation(1 + x**2).value[0] == pytest.approx(backward.value[8], rel=1e-12)


def test_a_value_without_end_is_that_of_the_elliptic_equation():
    # ½w'' + 1 = 0, w(0) = 0, w(1) = 2: w = x(1 − x) + 2x.
    problem = Problem(
        Interval(0, 1, 10), sigma=1.0, source=1.0, mode="backward", t_span=(0, math.inf),
        boundary={"x-": "absorb", "x+": {"value": 2.0}},
    )  # fmt: skip
    x = problem.x
    np.testing.assert_allclose(solve(problem, method="chain").value, 3 * x - x**2, atol=1e-12)
    found = solve(problem, method="montecarlo", at=[0.3, 0.55], walkers=8000, seed=1)
    # Two values within four standard errors: a false alarm once in 8000 seeds.
    assert (np.abs(found.value - [0.81, 3 * 0.55 - 0.3025]) < 4 * found.value_stderr + 3e-3).all()


@pytest.mark.parametrize("method", WALKING)
@pytest.mark.parametrize("at", [(0.0, 0.25, 0.53), None], ids=["points", "all"])
def test_walkers_agree_with_the_chain(method, at):
    """Values within 4.5 standard errors: a false alarm once in 8000 seeds (17 values at most)."""
    problem = paid()
    chain = solve(problem, at=at, method="chain")
    walked = solve(problem, at=at, method=method, walkers=6000, seed=5)
    assert walked.value.shape == chain.value.shape == (17 if at is None else 3,)
    assert (np.abs(walked.value - chain.value) <= 4.5 * walked.value_stderr).all()
    assert (walked.value_stderr[1:] > 0).all()
    assert (walked.value_stderr < 0.4).all()
    assert (chain.value_stderr == 0).all()
    assert walked.check().ok


def test_values_are_compared_with_those_of_a_finer_mesh():
    for at in (None, (0.25, 0.5)):
        check = solve(paid(), at=at, method="chain").check().chain
        assert check.reference == "refined"
        assert 1e-6 < check.relative_l2[0] < 1e-2
    call = solve(black_scholes_call(n=40), method="chain").check().chain
    assert call.reference == "exact"
    assert call.order == pytest.approx(2, abs=0.3)


def test_a_side_that_pays_is_worth_what_it_pays():
    found = solve(paid(), at=0.0, method="chain")
    assert found.value[0] == 1.0
    assert solve(paid(), at=[0.0], method="montecarlo", walkers=100).value[0] == 1.0


def test_standard_errors_of_values_cover():
    # Payoffs alone (multinomial) and rewards on the way (batches), 2 points × 60 seeds each: the
    # share inside ±2 stderr has a standard error of 2 %, and Student's t of 31 degrees 0.5 %
    # less: a false alarm once in 1e3 seeds.
    plain = Problem(Interval(0, 1, 8), diffusivity=1.0, payoff=lambda x: x**2, t_span=0.05)
    for problem in (plain, paid(8)):
        exact = solve(problem, at=[0.25, 0.5], method="chain").value
        inside = []
        for seed in range(60):
            found = solve(problem, at=[0.25, 0.5], method="montecarlo", walkers=640, seed=seed)
            inside += (np.abs(found.value - exact) <= 2 * found.value_stderr).tolist()
        assert np.mean(inside) == pytest.approx(0.95, abs=0.065)


def test_points_on_a_box_and_on_a_graph():
    box = Problem(
        Box((0, 0), (1, 1), 8), diffusivity=1.0, payoff=lambda x: x[:, 0], boundary="reflect"
    )
    one = solve(box, 0.01, at=(0.5, 0.3), method="chain")
    assert one.value.tolist() == pytest.approx([0.5])
    assert one.points == ((0.5, 0.3),)
    two = solve(box, 0.01, at=[(0.5, 0.3), (0.2, 0.2)], method="chain")
    assert len(two.value) == 2
    path = Problem(Graph(nx.path_graph(3)), payoff=[0.0, 1.0, 0.0])
    assert solve(path, 1.0, dt=0.5, at=1, method="chain").value[0] == pytest.approx(0.5)


def test_values_are_kept_in_files(tmp_path):
    saved = solve(paid(), at=[0.25, 0.5], method="montecarlo", walkers=500)
    saved.save(tmp_path / "a.npz")
    loaded = load(tmp_path / "a.npz")
    assert loaded.points == (0.25, 0.5)
    assert loaded.mode == "backward"
    np.testing.assert_array_equal(loaded.value, saved.value)
    np.testing.assert_array_equal(loaded.groups[1].stay, saved.groups[1].stay)


def test_what_backward_does_not_have_is_said():
    solution = solve(paid(), method="chain")
    for name in ("density", "counts", "mass", "stderr", "exited"):
        with pytest.raises(InputError, match=f"a backward solution has no {name}: look at solut"):
            getattr(solution, name)
    with pytest.raises(InputError, match="t_eval has no place in a backward problem"):
        solve(paid(), t_eval=[0.05], method="chain")
    with pytest.raises(InputError, match=r"at point 1.5 lies outside the domain: x must be from"):
        solve(paid(), at=1.5, method="chain")
    both = Problem(Interval(0, 1, 4), diffusivity=1.0, payoff=1.0, initial=0.5, t_span=1.0)
    with pytest.raises(InputError, match="mode is needed because the problem has both initial= an"):
        solve(both, method="chain")
    assert solve(both, mode="forward", method="chain").mass[0] == pytest.approx(1)
    named = Problem(Interval(0, 1, 4), diffusivity=1.0, payoff=1.0, initial=0.5, t_span=1.0, at=0.5)
    assert solve(named, mode="forward", method="chain").mass[0] == pytest.approx(1)
    assert len(solve(named, mode="backward", method="chain").value) == 1
    drifting = Problem(Interval(0, 1, 8), diffusivity=1.0, drift=1.0, payoff=1.0, t_span=0.1)
    with pytest.raises(InputError, match="all values at once need rates with detailed balance"):
        solve(drifting, method="montecarlo")
    assert solve(drifting, method="chain").value == pytest.approx(1)
