import dataclasses
import math

import networkx as nx
import numpy as np
import pytest

from spikealg.diffusion import Box, Graph, Interval, Polygon, Problem, heat_rod, solve
from spikealg.errors import InputError

SQUARE = {"type": "Polygon", "coordinates": [[(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]]}


@pytest.fixture(scope="module")
def walked():
    return solve(heat_rod(), t_eval=[0, 0.0625, 0.125], method="montecarlo", walkers=4000)


@pytest.fixture(scope="module")
def exact():
    return solve(heat_rod(), t_eval=[0, 0.0625, 0.125], method="chain", walkers=4000)


def test_a_solution_is_frozen(walked):
    with pytest.raises(dataclasses.FrozenInstanceError):
        walked.seed = 1
    with pytest.raises(ValueError, match="read-only"):
        walked.counts[0, 0] = 1


def test_counts_are_walkers_and_for_the_chain_expectations(walked, exact):
    assert walked.counts.dtype == np.int64
    assert exact.counts.dtype == np.float64
    assert walked.density.shape == exact.density.shape == (3, 33)
    assert walked.density.sum(axis=1) / 32 == pytest.approx(walked.mass)


def test_no_density_of_walkers_has_stderr_zero(walked, exact):
    assert (walked.counts == 0).any()
    assert (walked.stderr > 0).all()
    assert (exact.stderr == 0).all()
    assert (exact.mass_stderr == 0).all()


def test_sinks_stay_in_x_with_density_zero(walked):
    assert walked.x[[0, -1]].tolist() == [0, 1]
    assert (walked.density[:, [0, -1]] == 0).all()


def test_what_leaves_is_told_by_side(exact):
    assert set(exact.exited) == {"x-", "x+"}
    np.testing.assert_allclose(exact.exited["x-"], exact.exited["x+"], atol=1e-12)
    np.testing.assert_allclose(exact.exited["x-"] + exact.exited["x+"], exact.absorbed)
    # ∫ sin πx = 2/π, less what is left.
    assert exact.absorbed[-1] == pytest.approx(
        2 / math.pi * (1 - math.exp(-(math.pi**2) / 8)), 1e-3
    )


def test_nothing_leaves_where_nothing_can():
    solution = solve(heat_rod("reflect"), method="montecarlo", walkers=100)
    assert solution.exited == {}
    assert solution.absorbed.tolist() == solution.mass_stderr.tolist() == [0]


def test_an_expectation_has_its_standard_error(walked, exact):
    estimate, truth = walked.expectation(np.cos), exact.expectation(np.cos)
    assert estimate.value.shape == (3,)
    # ±4σ of a normal estimate: a false alarm once in 5000 seeds.
    assert (np.abs(estimate.value - truth.value) < 4 * estimate.stderr).all()
    assert (truth.stderr == 0).all()
    np.testing.assert_allclose(walked.expectation(np.ones(33)).value, walked.mass)


def test_the_standard_error_of_an_expectation_is_its_spread_over_seeds():
    # The spread of 60 seeds has a relative error of 9 %: a false alarm once in 1000 seeds.
    runs = [
        solve(heat_rod(), method="montecarlo", walkers=300, seed=seed).expectation(lambda x: x**2)
        for seed in range(60)
    ]
    spread = np.std([run.value[0] for run in runs], ddof=1)
    assert spread == pytest.approx(np.mean([run.stderr[0] for run in runs]), rel=0.3)


def test_a_grid_has_the_shape_of_the_lattice():
    problem = Problem(Box((0, 0), (2, 1), (4, 2)), diffusivity=1.0, initial=(0.5, 0.5))
    solution = solve(problem, 0.1, t_eval=[0, 0.1], method="chain")
    grid = solution.grid()
    assert grid.shape == (2, 5, 3)
    assert grid[0, 1, 1] == solution.density[0].max()
    assert solution.grid("stderr").shape == (2, 5, 3)
    np.testing.assert_array_equal(solution.grid(solution.x[:, 0])[:, 2], [0, 0.5, 1, 1.5, 2])


def test_a_grid_of_a_polygon_is_nan_outside():
    problem = Problem(Polygon(SQUARE, dx=0.5), diffusivity=1.0, initial=(0.25, 0.25))
    grid = solve(problem, 0.1, method="chain").grid("counts")[0]
    assert grid.shape == (4, 4)
    assert np.isnan(grid[2:, 2:]).all()
    assert np.isfinite(grid[:2]).all()


def test_fields_that_do_not_exist_are_refused(walked):
    with pytest.raises(InputError, match="field must be one of 'density', 'stderr', 'counts' or"):
        walked.grid("mass")
    with pytest.raises(InputError, match=r"values must have shape \(..., 33\), got \(5,\)"):
        walked.grid(np.zeros(5))
    graph = solve(Problem(Graph(nx.path_graph(3)), initial=0), 1.0, method="chain")
    with pytest.raises(InputError, match="a Graph is no lattice"):
        graph.grid()


def test_a_density_of_other_mass_is_scaled():
    problem = Problem(Interval(0, 1, 8), diffusivity=1.0, initial=lambda x: 5 + 0 * x)
    solution = solve(problem, 0.1, method="montecarlo", walkers=80_000)
    assert solution.total == pytest.approx(5)
    assert solution.mass[0] == pytest.approx(5)
    # 9 vertices within 5σ: a false alarm once in 1e5 seeds.
    assert (np.abs(solution.density - 5) < 5 * solution.stderr).all()


def test_the_repr_says_what_was_solved(walked):
    assert repr(walked) == (
        "<Solution by 'montecarlo': 3 times to t = 0.125, 33 vertices, 4000 walkers, "
        "768 steps of 0.0001628, seed 0>"
    )
