from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from scipy import stats

from spikealg.diffusion import (
    Box,
    Graph,
    Interval,
    Polygon,
    Problem,
    gamblers_ruin,
    heat_rod,
    solve,
)
from spikealg.errors import CheckFailedError, InputError
from spikealg.solvers.diffusion.accuracy import reference
from spikealg.solvers.diffusion.walks.methods import METHODS

SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
DRAWN = [method for method in METHODS if method != "chain"]


def with_counts(solution, counts):
    """The solution with other walkers, (T, V)."""
    (group,) = solution.groups
    return replace(solution, groups=(replace(group, counts=counts[None]),))


def point(n: int = 20, **options) -> Problem:
    return Problem(Interval(0, 1, n), diffusivity=1.0, initial=0.3, **options)


@pytest.mark.parametrize("method", METHODS)
def test_a_right_solution_passes_at_both_levels(method):
    rod = heat_rod("periodic" if method == "particle" else "absorb")
    check = solve(rod, t_eval=[0.02, 0.05], method=method, walkers=5000).check()
    assert check.ok
    assert check.circuit.ok
    assert check.circuit.conserved
    assert check.chain.reference == "exact"
    assert check.chain.relative_l2[-1] < 1e-4
    check.raise_if_failed()


@pytest.mark.parametrize("method", DRAWN)
def test_p_values_are_uniform_over_seeds(method):
    # False alarm rate: a Kolmogorov-Smirnov p below 1e-3 for these 60 fixed seeds.
    ring = point(boundary="periodic")
    p_values = [
        solve(ring, 0.02, method=method, walkers=2000, seed=seed).check().circuit.p_value
        for seed in range(60)
    ]
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


def test_walkers_of_another_chain_fail():
    # The walk has 10 % less diffusivity than the chain it claims.
    slow = Problem(Interval(0, 1, 20), diffusivity=0.9, initial=0.3)
    claimed = solve(point(), 0.05, method="montecarlo", dt=1e-4)
    walked = solve(slow, 0.05, method="montecarlo", dt=1e-4)
    check = with_counts(claimed, walked.counts).check()
    assert not check.ok
    assert not check.circuit.ok
    assert check.chain.ok
    assert check.circuit.p_value < 1e-3
    assert check.circuit.conserved
    with pytest.raises(CheckFailedError, match="the solution failed its check\nwalkers against"):
        check.raise_if_failed()
    assert "FAILED" in str(check)


def test_a_check_says_what_it_would_have_found():
    check = solve(point(), 0.05, method="montecarlo").check()
    dof, bias = check.circuit.dof, check.circuit.detectable_bias
    found = stats.ncx2.sf(stats.chi2.isf(1e-3, dof), dof, 100_000 * bias**2)
    assert (dof, found) == (20, pytest.approx(0.95))
    assert "a bias of 2.2 % would show" in str(check)
    assert solve(point(), 0.05, method="chain").check().circuit.detectable_bias == np.inf
    # Times spent in 32 batches: relative, of the vertex where they are known best.
    rod = Problem(
        Interval(0, 1, 8), diffusivity=1.0, source=1.0, boundary={"x+": "absorb"}, mode="steady"
    )
    solution = solve(rod, method="montecarlo", walkers=32_000)
    best = (solution.stderr[0, :-1] / solution.density[0, :-1]).min()
    assert 4 * best < solution.check().circuit.detectable_bias < 8 * best


def test_a_lost_walker_fails():
    solution = solve(point(), 0.05, method="montecarlo", walkers=1000)
    counts = solution.counts.copy()
    counts[0, counts[0].argmax()] -= 1
    check = with_counts(solution, counts).check()
    assert not check.circuit.conserved
    assert not check.ok


def test_a_walker_where_none_can_be_fails():
    # After an even number of steps of a walk without "stay", odd vertices are empty.
    problem = Problem(Interval(0, 20, 20), diffusivity=0.5, initial=10.0)
    solution = solve(problem, 4, dt=1.0, method="montecarlo", walkers=1000)
    counts = solution.counts.copy()
    counts[0, 10] -= 1
    counts[0, 11] += 1
    assert with_counts(solution, counts).check().circuit.p_value == 0


def test_many_times_do_not_raise_false_alarms():
    # Bonferroni: the smallest of 50 p-values counts 50 times. False alarm 1e-3 per seed.
    solution = solve(point(), 0.1, t_eval=np.linspace(0.002, 0.1, 50), method="montecarlo")
    circuit = solution.check().circuit
    assert circuit.ok
    alone = stats.chi2.sf(circuit.chi_square, circuit.dof)
    assert circuit.p_value == pytest.approx(min(1, 50 * alone))
    assert circuit.time in solution.t


def test_a_wrong_exact_solution_is_reported_not_judged():
    wrong = replace(heat_rod(), exact=lambda t, x: 1.1 * heat_rod().exact(t, x))
    check = solve(wrong, method="chain").check()
    assert check.ok
    assert check.chain.relative_l2[0] == pytest.approx(0.1 / 1.1, rel=1e-3)
    assert check.chain.max_error[0] == pytest.approx(0.1 * np.exp(-(np.pi**2) / 8), rel=1e-3)


def test_an_exact_solution_that_is_none_is_an_error():
    wrong = replace(heat_rod(), exact=lambda t, x: np.full_like(x, np.nan))
    with pytest.raises(InputError, match=r"exact\(0.125, x\)\[0\] must be a finite number"):
        solve(wrong, method="chain").check()


def test_the_order_of_a_plain_step_is_two():
    # DΔt/Δx² = 1/4, where nothing cancels.
    check = solve(heat_rod("reflect", n=40), dt=1 / 4 / 40**2, method="chain").check()
    assert check.chain.order == pytest.approx(2, abs=0.05)


def test_an_error_of_rounding_shows_no_order():
    check = solve(gamblers_ruin(), method="chain").check()
    assert check.chain.relative_l2[-1] < 1e-10
    assert check.chain.order is None


def test_sinks_do_not_count_against_the_chain():
    # The exact solution is 1 at a sink, where the density is 0 by contract.
    wrong = replace(heat_rod(), exact=lambda t, x: heat_rod().exact(t, x) + (x == 0))
    check, right = (solve(problem, method="chain").check() for problem in (wrong, heat_rod()))
    np.testing.assert_array_equal(check.chain.relative_l2, right.chain.relative_l2)
    np.testing.assert_array_equal(check.chain.max_error, right.chain.max_error)


def test_without_an_exact_solution_a_refined_chain_takes_its_place():
    check = solve(point(), 0.05, method="chain", dt=1 / 4 / 400).check()
    exact = solve(heat_rod("reflect", n=20), method="chain", dt=1 / 4 / 400).check()
    assert check.chain.reference == "refined"
    # Of an error of order 2, half the mesh width leaves a quarter.
    ratio = check.chain.relative_l2[0] / exact.chain.relative_l2[0]
    assert ratio == pytest.approx(3 / 4, abs=0.05)


@pytest.mark.parametrize(
    "domain",
    [
        Box((0, 0), (1, 1), 8),
        Polygon({"type": "Polygon", "coordinates": [SQUARE]}, dx=0.1),
    ],
    ids=["box", "polygon"],
)
def test_a_finer_mesh_is_nearer_to_its_refined_one(domain):
    def distance(problem: Problem) -> float:
        return float(solve(problem, 0.05, method="chain").check().chain.relative_l2[0])

    problem = Problem(domain, diffusivity=1.0, boundary="absorb", initial=lambda x: x[:, 0] < 2)
    assert 0 < distance(problem.refine()) < 0.6 * distance(problem)


def test_a_graph_has_no_reference():
    problem = Problem(Graph(nx.karate_club_graph(), laplacian="random-walk"), initial=0)
    check = solve(problem, 3, dt=1, method="montecarlo").check()
    assert check.ok
    assert check.chain.reference == "not applicable"
    assert check.chain.relative_l2.size == 0
    assert "not applicable: a Graph has no refinement" in str(check)
    assert "discretisation error not known" in check.verdict


def test_a_finer_chain_that_takes_too_long_is_no_reference(monkeypatch):
    monkeypatch.setattr(reference, "DEAR", 10.0)
    check = solve(point(), 0.05, method="chain").check()
    assert check.ok
    assert check.chain.reason.startswith("the chain of a finer mesh would take 2.0e+04 steps of a")


def test_the_start_alone_has_nothing_to_compare_with():
    check = solve(point(), 0.05, t_eval=[0], method="montecarlo").check()
    assert check.ok
    assert check.chain.reason == "only the start was recorded"


def test_a_single_walker_tests_nothing():
    check = solve(point(), 0.05, method="montecarlo", walkers=1).check()
    assert check.ok
    assert "too few walkers, or places, to test" in str(check)


def test_what_the_problem_has_said_is_not_said_again(caplog):
    apart = {"type": "MultiPolygon", "coordinates": [[SQUARE], [[(x + 3, y) for x, y in SQUARE]]]}
    problem = Problem(Polygon(apart, dx=0.25), diffusivity=1.0, initial=(0.5, 0.5))
    assert len(caplog.records) == 1
    assert solve(problem, 0.1, method="chain").check().chain.reference == "refined"
    assert len(caplog.records) == 1
    _ = Problem(Polygon(apart, dx=0.25), diffusivity=1.0, initial=(0.5, 0.5))
    assert len(caplog.records) == 2


def test_the_table_says_what_limits_the_answer():
    coarse = solve(point(n=4), 0.05, method="montecarlo", dt=0.01, walkers=10**6).check()
    assert coarse.verdict.endswith("a finer mesh would help more")
    fine = solve(point(), 0.05, method="montecarlo", walkers=1000).check()
    assert fine.verdict.endswith("more walkers would help more")
    chain = solve(point(), 0.05, method="chain").check()
    assert chain.verdict.startswith("no draws, discretisation error")
    table = str(fine).splitlines()
    assert repr(fine) == str(fine)
    assert [line[:24].strip() for line in table] == [
        "walkers against chain",
        "walkers conserved",
        "chain against refined",
        "in short",
    ]
    assert [line[25:32].strip() for line in table] == ["ok", "ok", "ok", ""]
