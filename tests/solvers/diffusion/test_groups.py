"""How walkers are shared out, and what is said where they are too few."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from spikealg.diffusion import Interval, Problem, solve
from spikealg.solvers.diffusion.groups import Load, share
from spikealg.solvers.diffusion.walks.walkers import batches_of

PROBLEM = Problem(
    Interval(0, 1, 12),
    diffusivity=1.0,
    boundary="absorb",
    initial=lambda x: np.sin(2 * np.pi * x),
    source=lambda x: x - 0.3,
    t_span=0.05,
)


def load(total, *, timed=False):
    return Load("source" if timed else "initial", np.ones(1), total, timed)


@pytest.mark.parametrize("walkers", [9, 10, 37, 1000])
def test_a_timed_load_gets_two_batches_of_two(walkers):
    rng = np.random.default_rng(walkers)
    for _ in range(20):
        totals = 10.0 ** rng.uniform(-9, 0, 3)
        loads = tuple(load(t, timed=i > 0) for i, t in enumerate(totals))
        dealt = share(walkers, loads, 1.0)
        assert sum(dealt) == walkers
        assert dealt[0] >= 1
        for given in dealt[1:]:
            assert batches_of(loads[1], given) >= 2
            assert given // batches_of(loads[1], given) >= 2


def test_large_shares_are_as_the_masses():
    loads = (load(3.0), load(2.0, timed=True), load(5.0, timed=True))
    assert share(1000, loads, 1.0) == [300, 200, 500]
    assert share(1, loads, 1.0) == [1, 1, 1]


def test_a_small_source_leaves_no_error_unknown():
    solution = solve(PROBLEM, method="montecarlo", walkers=700, seed=3)
    assert [len(group.walkers) for group in solution.groups] == [1, 1, 6, 2]
    assert np.isfinite(solution.stderr).all()
    check = solution.check()
    assert check.ok
    assert 0 < check.statistical < 1


def test_an_error_that_is_not_known_is_said_and_fails(caplog):
    with caplog.at_level(logging.WARNING, logger="spikealg"):
        solution = solve(PROBLEM, method="montecarlo", walkers=8, seed=3)
    assert "stand for the source of one sign, and of fewer than 4 the standard" in caplog.text
    check = solution.check()
    assert (check.ok, check.known, check.statistical) == (False, False, np.inf)
    assert "standard error           FAILED  not known: there are too few walkers" in str(check)
    assert "statistical error not known, discretisation error" in str(check)
