"""Plain Monte Carlo: reproducible, the same for any number of threads, and fair in every exit."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.solvers.diffusion.accuracy.goodness import goodness
from spikealg.solvers.diffusion.domains.graph import Graph
from spikealg.solvers.diffusion.domains.lattice import Interval
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.walks import chain, montecarlo

STEPS = np.array([0, 1, 70, 300])


def rod(**settings):
    problem = Problem(
        Interval(0, 1, 50), diffusivity=1.0, boundary={"x-": "absorb"}, initial=0.4, **settings
    )
    return problem.rates.transition(problem.rates.choose_dt())


def test_threads_change_nothing():
    transition = rod()
    start = np.zeros(51, dtype=np.int64)
    start[[3, 20, 21]] = 5000, 9001, 3
    one = montecarlo.walk(transition, start, STEPS, seed=3, threads=1)
    for threads in (2, 3):
        many = montecarlo.walk(transition, start, STEPS, seed=3, threads=threads)
        np.testing.assert_array_equal(one.counts, many.counts)
        np.testing.assert_array_equal(one.exited, many.exited)


def test_recording_changes_nothing():
    transition = rod()
    start = np.full(51, 20)
    some = montecarlo.walk(transition, start, np.array([300]), seed=3)
    more = montecarlo.walk(transition, start, np.arange(301), seed=3)
    np.testing.assert_array_equal(some.counts[-1], more.counts[-1])
    np.testing.assert_array_equal(some.exited[-1], more.exited[-1])


def test_other_seeds_are_other_walkers():
    transition = rod()
    start = np.zeros(51, dtype=np.int64)
    start[20] = 4096
    walks = [montecarlo.walk(transition, start, STEPS, seed=s).counts for s in (0, 0, 1, 2**64 - 1)]
    np.testing.assert_array_equal(walks[0], walks[1])
    assert (walks[0] != walks[2]).any()
    assert (walks[0] != walks[3]).any()


def test_walkers_of_one_vertex_are_independent():
    """Mean and variance over fixed seeds of a count are binomial; false alarm 6e-5 each (±4σ)."""
    transition = rod()
    start = np.zeros(51, dtype=np.int64)
    start[20] = 400
    steps = np.array([60])
    counts = np.array(
        [montecarlo.walk(transition, start, steps, seed=s).counts[0, 20] for s in range(400)]
    )
    p = chain.walk(transition, start / 400, steps).counts[0, 20]
    variance = 400 * p * (1 - p)
    assert abs(counts.mean() - 400 * p) < 4 * np.sqrt(variance / 400)
    assert abs(counts.var(ddof=1) / variance - 1) < 4 * np.sqrt(2 / 399)


@pytest.mark.parametrize("degree", [2, 3, 40])
def test_every_exit_is_taken_as_often_as_it_should(degree):
    """χ² over the exits of a hub, 10⁶ draws; false alarm 1e-3 per case, fixed seed."""
    graph = nx.DiGraph()
    rng = np.random.default_rng(degree)
    for leaf, weight in enumerate(rng.exponential(size=degree)):
        graph.add_edge("hub", leaf, weight=weight)
    problem = Problem(Graph(graph, laplacian="random-walk"), initial="hub")
    transition = problem.rates.transition(1.0)
    start = np.zeros(degree + 1, dtype=np.int64)
    start[0] = 10**6
    counts = montecarlo.walk(transition, start, np.array([1]), seed=5).counts[0]
    expected = chain.walk(transition, start.astype(float), np.array([1])).counts[0]
    assert counts[0] == 0
    assert goodness(counts, expected).p_value > 1e-3


def test_walkers_that_start_on_a_sink_have_left():
    transition = rod()
    start = np.zeros(51, dtype=np.int64)
    start[[0, 30]] = 7, 5
    walk = montecarlo.walk(transition, start, np.array([0]), seed=0)
    assert walk.exited.tolist() == [[7]]
    assert walk.counts[0].nonzero()[0].tolist() == [30]


def test_no_walkers_is_a_walk_too():
    walk = montecarlo.walk(rod(), np.zeros(51, dtype=np.int64), STEPS, seed=0)
    assert walk.counts.sum() == walk.exited.sum() == 0


def test_bad_seed_and_threads():
    start = np.ones(51, dtype=np.int64)
    with pytest.raises(InputError, match="seed must be a whole number from 0 to"):
        montecarlo.walk(rod(), start, STEPS, seed=-1)
    with pytest.raises(InputError, match="threads must be a whole number of at least 1, got 0"):
        montecarlo.walk(rod(), start, STEPS, seed=0, threads=0)
