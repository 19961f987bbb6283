"""Intervals of ±2 standard errors hold the chain's answer in about 95 of 100 cases.

By spiking circuits; densities at a time are in `test_solve`, and plain walkers, by the same
estimators, in `test_backward`, `test_passage` and `test_steady`. The share of cases inside has a
standard error √(0.95·0.05/n) of n independent ones; tolerances are four of them for the n that
correlation leaves, a false alarm once in 1e4 seeds, and half a percent for Student's t of 31
degrees.
"""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.diffusion import Interval, Problem, decision_model, solve


def share_inside(problem, answer, *, method, walkers, seeds, **options):
    """Return the share of answers, over seeds, within two standard errors of the chain's."""
    exact, _ = answer(solve(problem, method="chain", **options))
    inside = []
    for seed in range(seeds):
        found = solve(problem, method=method, walkers=walkers, seed=seed, **options)
        value, error = answer(found)
        inside.append(np.abs(value - exact) <= 2 * error)
    return np.mean(inside)


def test_values_of_payoffs():
    # Two points with walkers of their own × 60 seeds.
    problem = Problem(Interval(0, 1, 8), diffusivity=1.0, payoff=lambda x: x**2, t_span=0.02)
    inside = share_inside(
        problem, lambda s: (s.value, s.value_stderr), at=[0.25, 0.5],
        method="density", walkers=640, seeds=60,
    )  # fmt: skip
    assert inside == pytest.approx(0.95, abs=0.08)


def test_times_spent():
    # Four vertices of which about two are independent × 16 seeds, from batches of times.
    problem = Problem(
        Interval(0, 1, 4), diffusivity=1.0, source=1.0, boundary={"x+": "absorb"}, t_span=0.1
    )
    inside = share_inside(
        problem, lambda s: (s.density[0, :-1], s.stderr[0, :-1]),
        method="density", walkers=640, seeds=16,
    )  # fmt: skip
    assert inside == pytest.approx(0.945, abs=0.16)


@pytest.mark.parametrize("method", ["density", "montecarlo"])
def test_means_over_walkers(method):
    # Two functions, nearly independent, of walkers that also leave × 80 seeds.
    problem = Problem(
        Interval(0, 1, 8), diffusivity=1.0, initial=0.5, boundary={"x+": "absorb"}, t_span=0.1
    )

    def means(solution):
        found = [solution.expectation(f) for f in (lambda x: x, lambda x: np.cos(6 * x))]
        return np.array([f.value for f in found]), np.array([f.stderr for f in found])

    inside = share_inside(problem, means, method=method, walkers=300, seeds=80)
    assert inside == pytest.approx(0.95, abs=0.07)


def test_means_and_sides_of_passage():
    problem = decision_model(drift=0.5, sigma=1.0, bounds=(-1, 1), n=6)

    def answers(solution):
        passage = solution.first_passage()
        return (
            np.array([passage.mean, passage.probability("x+")]),
            np.array([passage.mean_stderr, passage.probability_stderr("x+")]),
        )

    inside = share_inside(problem, answers, method="density", walkers=400, seeds=60)
    assert inside == pytest.approx(0.95, abs=0.08)
