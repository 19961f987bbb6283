"""Refinement studies: orders that are known, by each of the ways to have a reference."""

from __future__ import annotations

import math
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from spikealg.diffusion import (
    Graph,
    Interval,
    Problem,
    absorbing_rod,
    advection_diffusion,
    convergence,
    decision_model,
    heat_rod,
    slab_fluence,
    solve,
)
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.accuracy import refinement

ROD = heat_rod(n=8)
POINT = Problem(Interval(0, 1, 8), diffusivity=1.0, initial=0.5, t_span=0.05)


@pytest.mark.parametrize(
    ("problem", "dt", "order"),
    [
        (ROD, "auto", 4),  # DΔt/Δx² = 1/6, where the errors of time and space cancel
        (ROD, 1 / 256, 2),
        (advection_diffusion(n=32), "auto", 2),
        (absorbing_rod(n=8), "auto", 2),
        (slab_fluence(n=20), "auto", 1),
    ],
    ids=["sixth", "quarter", "advection", "steady", "slab"],
)
def test_the_order_in_space_against_the_exact_solution(problem, dt, order):
    study = convergence(problem, dt=dt, levels=3)
    assert study.reference == "exact"
    assert study.order == pytest.approx(order, abs=0.04)
    assert study.orders == pytest.approx([order, order], abs=0.06)
    assert study.order_stderr < 0.03
    # Mesh widths fall by one factor, and errors are those of the check.
    assert study.size[0] / study.size[1] == pytest.approx(study.size[1] / study.size[2])
    check = solve(problem, dt=dt, method="chain").check().chain
    assert study.relative_l2[0] == pytest.approx(check.relative_l2[-1], rel=1e-9)
    assert study.max_error[0] == pytest.approx(check.max_error[-1], rel=1e-9)


def test_without_an_exact_solution_each_level_is_compared_with_the_next():
    study = convergence(POINT, dt=1 / 256, levels=3)
    assert study.reference == "refined"
    assert study.order == pytest.approx(2, abs=0.03)
    assert study.vertices.tolist() == [9, 17, 33]
    assert study.steps.tolist() == [13, 52, 205]
    check = solve(POINT, dt=1 / 256, method="chain").check().chain
    assert study.relative_l2[0] == pytest.approx(check.relative_l2[-1], rel=0.01)


def test_values_at_points_and_all_values():
    problem = Problem(Interval(0, 1, 8), sigma=1.0, payoff=lambda x: np.cos(2 * x), t_span=0.2)
    for at in (None, [0.25, 0.5]):
        assert convergence(problem, at=at, levels=3).order == pytest.approx(2, abs=0.05)


def test_a_mean_passage_converges_to_that_of_the_formula():
    # Of ½w'' + 1 = 0 on [−1, 1] the lattice makes no error, with drift one of order 2.
    study = convergence(decision_model(drift=0.5, sigma=1.0, bounds=(-1, 1), n=10), levels=3)
    assert study.reference == "refined"
    assert study.order == pytest.approx(2, abs=0.02)
    assert study.steps.tolist() == [0, 0, 0]
    exact = convergence(decision_model(drift=0.0, sigma=1.0, bounds=(-1, 1), n=10), levels=2)
    assert exact.order is None
    assert "no order: the distance from the next finer one is that of rounding" in str(exact)


def test_the_order_in_time_is_one_whatever_the_mesh():
    study = convergence(ROD, "time", levels=3)
    assert study.order == pytest.approx(1, abs=0.02)
    assert study.size == pytest.approx(study.size[0] / np.array([1, 2, 4]))
    assert len(set(study.vertices.tolist())) == 1


def test_walkers_fall_as_their_root_and_as_their_standard_errors_say():
    # Of 4 × 8 runs with 9 nearly independent vertices: the slope has a standard error of 0.03, each
    # error one of 8 %: false alarms once in 1e3 seeds and less.
    study = convergence(heat_rod("reflect", n=8), "walkers", method="montecarlo")
    assert study.size.tolist() == [1000, 4000, 16_000, 64_000]
    assert study.reference == "chain"
    assert study.order == pytest.approx(-0.5, abs=0.1)
    assert study.relative_l2 == pytest.approx(study.predicted, rel=0.35)
    assert "standard error" in str(study).splitlines()[0]


def test_walkers_of_circuits_and_of_passages():
    for problem, method in ((ROD, None), (decision_model(n=4), "montecarlo")):
        study = convergence(
            problem, "walkers", levels=2, method=method, walkers=100, factor=9, repeats=2
        )
        assert study.size.tolist() == [100, 900]
        assert 0.2 < study.relative_l2[0] / study.predicted[0] < 3
        assert study.predicted[1] == pytest.approx(study.predicted[0] / 3, rel=0.5)


def test_the_table_is_made_for_reading():
    study = convergence(ROD, dt=1 / 256, levels=2)
    head, first, second, verdict = str(study).splitlines()
    assert head.split("  ")[0] == "mesh width"
    assert first.split() == ["0.125", "9", "32", f"{study.relative_l2[0]:.3e}",
                             f"{study.max_error[0]:.3e}"]  # fmt: skip
    assert second.split()[-1] == f"{study.order:.2f}"
    assert verdict == f"distance from the exact solution ∝ (mesh width)^({study.order:.2f})"
    assert repr(study) == str(study)


def test_levels_that_would_take_minutes_are_refused(monkeypatch):
    """And that before the first of them is walked."""

    def walked(*arguments, **options):
        raise AssertionError("nothing may be walked")

    with monkeypatch.context() as unwalked:
        unwalked.setattr(refinement, "solve", walked)
        unwalked.setattr(refinement, "DEAR", 1e5)
        least = (
            r"vertices with steps of .* would take \d\.\de\+0\d steps of a vertex: ask for fewer"
        )
        for problem, along, vertices in (
            (ROD, "space", 61),
            (POINT, "space", 115),
            (ROD, "time", 9),
        ):
            with pytest.raises(InputError, match=f"the last level, of about {vertices} {least}"):
                convergence(problem, along, factor=16 if along == "time" else None)
    # What 9 and 17 vertices foretell may be a little less than what the last level turns out to be.
    monkeypatch.setattr(refinement, "DEAR", 2.5e4)
    with pytest.raises(InputError, match=r"the level of 33 vertices with steps of .* would take 2"):
        convergence(ROD, levels=3)
    # A steady state is walked in no steps.
    convergence(absorbing_rod(n=8), levels=2, t_span=1e9)


@pytest.mark.parametrize(
    ("problem", "options", "message"),
    [
        (ROD, {"along": "mesh"}, "along must be one of 'space', 'time', 'walkers', got 'mesh'"),
        (ROD, {"levels": 1}, "levels must be a whole number of at least 2, got 1"),
        (ROD, {"factor": 1}, "factor must be a whole number of at least 2, got 1"),
        (ROD, {"walkers": 10}, "walkers has no place along='space', where no walkers are drawn"),
        (ROD, {"along": "time", "method": "density"}, "method has no place along='time', where"),
        (
            ROD,
            {"along": "walkers", "method": "chain"},
            "method must be one of 'density', 'particle', 'montecarlo', got 'chain'",
        ),
        (Problem(Graph(nx.path_graph(3)), initial=0), {"t_span": 1.0}, "a Graph has no refinement"),
        (POINT, {"t_span": -1.0}, "t_span must end after it starts, got 0 to -1"),
        (
            Problem(
                Interval(0, 1, 8), diffusivity=1.0, boundary="absorb", initial=lambda x: x - 0.5
            ),
            {"t_span": math.inf},
            "first passage is that of walkers with a common start",
        ),
        (absorbing_rod(n=8), {"along": "time"}, "along='time' takes a problem whose time ends"),
        (
            replace(ROD, time_scheme="exponential"),
            {"along": "time"},
            "along='time' has nothing to find with time_scheme='exponential'",
        ),
    ],
)
def test_what_cannot_be_studied_is_refused(problem, options, message):
    with pytest.raises(InputError, match=message):
        convergence(problem, **options)


def test_a_problem_is_needed_and_progress_is_told():
    with pytest.raises(InputTypeError, match=r"problem must be a diffusion\.Problem, got 3"):
        convergence(3)
    told: list[float] = []
    convergence(ROD, levels=2, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    assert math.isclose(told[0], 0.5)


@pytest.mark.parametrize("method", ["density", "montecarlo"])
def test_levels_of_walkers_that_would_take_minutes_are_refused(method):
    with pytest.raises(
        InputError, match=r"the last level, 8 runs of 10000000000000 walkers, would"
    ):
        convergence(heat_rod(n=8), "walkers", factor=100, levels=6, method=method)


def test_a_seed_is_a_number_whatever_is_refined():
    with pytest.raises(InputError, match="seed must be a whole number of at least 0, got -1"):
        convergence(heat_rod(n=8), "space", seed=-1)
