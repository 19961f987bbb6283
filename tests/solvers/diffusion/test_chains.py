"""Chains and phase spaces that the user gives: what they are made of, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from spikealg.diffusion import Chain, Disk, PhaseSpace, Problem, solve, stationary
from spikealg.errors import InputError

Q = np.array([[-3.0, 2.0, 0.0], [1.0, -1.0, 0.0], [0.5, 0.5, -2.0]])


def test_a_row_that_sums_to_less_than_nothing_kills():
    problem = Problem(Chain(Q), initial=2, time_scheme="exponential")
    assert problem.rates.sides == ("killed",)
    np.testing.assert_allclose(problem.rates.exits.toarray()[:, 0], [1, 0, 1])
    found = solve(problem, 0.7, method="chain")
    from scipy.linalg import expm

    np.testing.assert_allclose(found.counts[0] / found.walkers, expm(0.7 * Q)[2], atol=1e-12)


def test_forms_of_the_matrix_are_the_same():
    rates = [[0.0, 2.0], [1.0, 0.0]]
    for matrix in (rates, sparse.csr_array(rates), [[-2.0, 2.0], [1.0, -1.0]]):
        problem = Problem(Chain(matrix), initial=0)
        np.testing.assert_allclose(stationary(problem), [1 / 3, 2 / 3])
    placed = Chain(rates, x=[[0, 0], [1, 2]], mass=[2.0, 1.0], nodes=("low", "high"))
    found = solve(Problem(placed, initial={"low": 1.0}), 0.0001, method="chain")
    assert found.density[0, 0] == pytest.approx(0.5, rel=1e-3)
    assert found.x.shape == (2, 2)


def test_what_is_no_chain_is_refused():
    for matrix, message in (
        ([[0, 1]], r"Q must be a square matrix of rates, got shape \(1, 2\)"),
        ([[0, -1], [1, 0]], r"Q\[0, 1\] must be a rate of at least 0, got -1"),
        ([[-1, 2], [1, -1]], r"Q\[0, 0\] must be at most -2, minus the rates out of state 0, or 0"),
    ):
        with pytest.raises(InputError, match=message):
            Chain(matrix)
    with pytest.raises(InputError, match="nodes must be 2 different names, got 1"):
        Chain(np.zeros((2, 2)), nodes="aa")
    with pytest.raises(InputError, match="diffusivity has no place with a Chain: its rates are in"):
        Problem(Chain(Q), diffusivity=1.0)
    with pytest.raises(InputError, match="initial node 7 is not in the chain"):
        Problem(Chain(Q), initial=7)


def test_exponential_steps_are_for_small_chains_without_sources():
    many = Problem(Chain(sparse.eye_array(600, k=1)), initial=0, time_scheme="exponential")
    with pytest.raises(InputError, match="links every vertex with every other, and there are 600"):
        solve(many, 1.0, method="chain")
    fed = Problem(Chain(Q), source=1.0, time_scheme="exponential")
    with pytest.raises(InputError, match="time_scheme='exponential' takes no source and no side"):
        solve(fed, 1.0, method="chain")
    with pytest.raises(InputError, match="has nothing to gain in mode='steady' without an end"):
        solve(fed, mode="steady", method="chain")


def test_particles_stream_and_turn_back_at_a_mirror():
    slab = PhaseSpace(0, 1, 10)
    still = Problem(slab, boundary="reflect", initial=(0.05, 1.0))
    # One cell a step: after 15 steps the particle has turned and come to cell 4.
    found = solve(still, 1.5, dt=0.1, method="chain")
    assert found.grid()[0].argmax() == 2 * 4
    around = Problem(slab, boundary="periodic", initial=(0.05, 1.0))
    assert solve(around, 1.5, dt=0.1, method="chain").grid()[0].argmax() == 2 * 5 + 1
    out = solve(Problem(slab, boundary="absorb", initial=(0.05, 1.0)), 1.0, dt=0.1, method="chain")
    assert out.exited["x+"][0] == pytest.approx(1)


def test_what_comes_in_through_a_face_flies_through():
    slab = PhaseSpace(0, 1, 10, directions=(-0.5, 1.0), weights=(0.25, 0.75))
    lit = Problem(slab, boundary={"x-": {"value": 2.0}, "x+": "absorb"}, mode="steady")
    found = solve(lit, method="chain")
    np.testing.assert_allclose(found.grid()[0], np.tile([0.0, 2.0], (10, 1)), atol=1e-12)
    np.testing.assert_allclose(slab.fluence(found.density[0]), 1.5)


def test_what_is_no_phase_space_is_refused():
    for make, message in (
        (lambda: PhaseSpace(1, 0, 4), "upper must be greater than lower = 1, got 0"),
        (lambda: PhaseSpace(0, 1, 4, directions=(1, -1)), "directions must increase and none may"),
        (lambda: PhaseSpace(0, 1, 4, weights=(1, 1)), "weights must be positive and sum to 1"),
        (lambda: PhaseSpace(0, 1, 4).refine(2), "factor must be odd, so that cell centres are"),
        (lambda: Problem(PhaseSpace(0, 1, 4), diffusivity=1.0), "diffusivity has no place in a Ph"),
        (lambda: Problem(PhaseSpace(0, 1, 4), initial=(0.5, 0.3)), "must lie within 0 to 1 and ha"),
        (
            lambda: Problem(PhaseSpace(0, 1, 4, directions=(0.5, 1)), boundary="reflect"),
            "a mirror needs directions in pairs of the same weight, but 0.5 has no opposite",
        ),
    ):
        with pytest.raises(InputError, match=message):
            make()


def test_what_is_no_disk_is_refused():
    for make, message in (
        (lambda: Disk(1.0, 9), "n must be even, so that the centre is a vertex, got 9"),
        (lambda: Disk(-1.0, 8), "radius must be a finite number above 0, got -1.0"),
        (lambda: Problem(Disk(1.0, 8), diffusivity=1.0, initial=(1, 1)), "lies outside the Disk"),
        (lambda: Problem(Disk(1.0, 8), diffusivity=1.0, initial=0.5), "a point of 2 numbers, got"),
        (
            lambda: Problem(Disk(1.0, 8), diffusivity=1.0, drift=(9.0, 0)),
            "take n >= 9 or drift_scheme='upwind'",
        ),
    ):
        with pytest.raises(InputError, match=message):
            make()
