"""Laws that every domain obeys; one line in ALL_DOMAINS brings all of this."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.solvers.diffusion.accuracy.goodness import goodness
from spikealg.solvers.diffusion.equation.stationary import stationary
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.walks import chain, montecarlo
from tests.helpers import ALL_DOMAINS

CASES = [
    pytest.param(case, boundary, id=f"{case.name}-{kind}")
    for case in ALL_DOMAINS
    for kind, boundary in (("closed", case.closed), ("absorbing", case.absorbing))
]
LATTICES = [case for case in ALL_DOMAINS if case.is_lattice]
# One-way streets and states, and particles that stream, have no detailed balance.
REVERSIBLE = [case for case in ALL_DOMAINS if case.name not in ("streets", "slab", "states")]
names = [case.name for case in LATTICES]


def problem_of(case, boundary, **coefficients):
    return Problem(
        case.make(), boundary=boundary, initial=case.start, **(coefficients or case.coefficients)
    )


@pytest.mark.parametrize(("case", "boundary"), CASES)
def test_rates_are_a_generator(case, boundary):
    rates = problem_of(case, boundary).rates
    n, n_sides = len(rates.x), len(rates.sides)
    assert rates.between.shape == (n, n)
    assert rates.exits.shape == (n, n_sides)
    assert (rates.between.data > 0).all()
    assert rates.between.diagonal().max() == 0
    dead = ~rates.live
    assert rates.between[dead].nnz == rates.between[:, dead].nnz == rates.exits[dead].nnz == 0
    out = np.asarray(rates.generator.sum(axis=1) + rates.exits.sum(axis=1))
    np.testing.assert_allclose(out, 0, atol=1e-12 * rates.max_rate)
    assert bool(rates.sides) == bool(rates.exits.nnz) == (boundary is case.absorbing)
    assert (rates.sink[rates.live] == -1).all()


@pytest.mark.parametrize(("case", "boundary"), CASES)
@pytest.mark.parametrize("part", [0.5, 1.0])
def test_steps_conserve_walkers(case, boundary, part):
    problem = problem_of(case, boundary)
    transition = problem.rates.transition(part / problem.rates.max_rate)
    total = transition.move.sum(axis=1) + transition.leave.sum(axis=1)
    np.testing.assert_allclose(total, transition.live, atol=1e-14)
    walk = chain.walk(transition, problem.start.probability, np.array([0, 1, 5, 100]))
    np.testing.assert_allclose(walk.counts.sum(axis=1) + walk.exited.sum(axis=1), 1, atol=1e-12)
    assert (walk.counts[:, ~transition.live] == 0).all()
    assert (np.diff(walk.exited, axis=0) >= 0).all()
    power = problem.start.probability * transition.live
    for _ in range(5):
        power = transition.move.T @ power
    np.testing.assert_allclose(walk.counts[2], power, atol=1e-15)


@pytest.mark.parametrize(("case", "boundary"), CASES)
def test_exits_say_what_the_matrices_say(case, boundary):
    transition = problem_of(case, boundary).rates.transition(1e-3)
    vertices, n = transition.vertices, len(transition.vertices)
    exits = transition.exits
    target, probability = transition.exit_table()
    assert (exits.probability > 0).all()
    assert target.shape == probability.shape == (n, np.diff(exits.indptr).max())
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    dense = np.zeros((n, n + len(transition.sides)))
    column = np.where(target < 0, n - 1 - target, target)
    np.add.at(dense, (np.arange(n)[:, None], column), probability)
    np.testing.assert_allclose(dense[:, :n], transition.move[vertices][:, vertices].toarray())
    np.testing.assert_allclose(dense[:, n:], transition.leave[vertices].toarray())
    last = exits.indptr[1:] - 1
    stays = transition.move.diagonal()[vertices] > 0
    np.testing.assert_array_equal(exits.target[last] == np.arange(n), stays)  # "stay" comes last


@pytest.mark.parametrize("case", REVERSIBLE, ids=lambda case: case.name)
def test_without_sinks_a_uniform_density_stays(case):
    problem = problem_of(case, case.closed)
    rates = problem.rates
    flow = (rates.between * rates.mass[:, None]).toarray()
    np.testing.assert_allclose(flow, flow.T, atol=1e-12 * flow.max())
    uniform = np.where(rates.live, 1 / rates.mass[rates.live].sum(), 0)
    np.testing.assert_allclose(stationary(problem), uniform, rtol=1e-9)


@pytest.mark.parametrize("case", LATTICES, ids=names)
def test_a_point_keeps_its_mean_position(case):
    problem = problem_of(case, case.closed)
    x = problem.x.reshape(len(problem.x), -1).copy()
    if case.name == "rectangle":
        # The start lies in the cell that closes the ring, between 0.8 and 1.
        x[x[:, 0] == 0, 0] = 1
    np.testing.assert_allclose(problem.start.probability @ x, np.ravel(case.start))
    assert problem.start.total == pytest.approx(1)


@pytest.mark.parametrize("case", LATTICES, ids=names)
def test_refined_meshes_keep_every_vertex(case):
    coarse = problem_of(case, case.closed)
    fine = coarse.refine()
    assert len(fine.x) > len(coarse.x)
    columns = fine.x.reshape(len(fine.x), -1).T
    kept = coarse.mesh.restrict(fine.mesh, columns).T
    np.testing.assert_allclose(kept, coarse.x.reshape(len(coarse.x), -1), atol=1e-12)
    grid = coarse.mesh.grid(np.arange(len(coarse.x)))
    assert grid.ndim == columns.shape[0]
    np.testing.assert_array_equal(grid[np.isfinite(grid)], np.arange(len(coarse.x)))


@pytest.mark.parametrize(("case", "boundary"), CASES)
def test_montecarlo_walks_as_the_chain_says(case, boundary):
    """χ² over vertices and sides at one time: a right walker fails for one seed in 1000."""
    problem = problem_of(case, boundary)
    transition = problem.rates.transition(problem.rates.choose_dt())
    walkers, steps = 200_000, np.array([0, 3, 40])
    start = np.random.default_rng(1).multinomial(walkers, problem.start.probability)
    walk = montecarlo.walk(transition, start, steps, seed=11)
    assert walk.counts.dtype == walk.exited.dtype == np.int64
    assert (walk.counts.sum(axis=1) + walk.exited.sum(axis=1) == walkers).all()
    exact = chain.walk(transition, problem.start.probability, steps)
    seen = np.concatenate([walk.counts, walk.exited], axis=1)
    expected = walkers * np.concatenate([exact.counts, exact.exited], axis=1)
    for row in (1, 2):
        assert goodness(seen[row], expected[row]).p_value > 1e-3


def test_a_graph_has_no_refinement():
    for name, word in (("streets", "Graph has no refinement"), ("states", "Chain has no refine")):
        (case,) = (case for case in ALL_DOMAINS if case.name == name)
        with pytest.raises(InputError, match=f"a {word}"):
            problem_of(case, "reflect").refine()
