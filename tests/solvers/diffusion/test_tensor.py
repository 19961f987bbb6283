"""Full diffusion tensors: moments, order, symmetry, and what is too oblique."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.diffusion import Box, Interval, Problem, solve
from spikealg.errors import InputError

D = np.array([[1.0, 0.4], [0.4, 0.5]])
SHEET = Box((0, 0), (1, 1), 8)


def rates_of(**settings):
    return Problem(SHEET, **settings).rates.between.toarray()


def test_a_walker_has_the_covariance_of_the_tensor():
    box = Box((-1, -1, -1), (1, 1, 1), 8)
    tensor = np.array([[1.0, 0.2, -0.3], [0.2, 0.8, 0.1], [-0.3, 0.1, 0.9]])
    problem = Problem(box, diffusivity=tensor, boundary="periodic", initial=(0, 0, 0))
    row = problem.rates.between[[int(problem.start.probability.argmax())]].toarray()[0]
    off = problem.x
    np.testing.assert_allclose(np.einsum("v,va,vb->ab", row, off, off), 2 * tensor, atol=1e-12)
    np.testing.assert_allclose(row @ off, 0, atol=1e-12)


def test_a_wave_fades_at_the_rate_of_its_direction():
    # cos 2π(x − y) fades at rate 4π²(D_xx − 2D_xy + D_yy), and cos 2π(x + y) at that with +.
    for sign in (1, -1):
        rate = 4 * np.pi**2 * (1.5 + sign * 0.8)
        errors = []
        for n in (16, 32):
            problem = Problem(
                Box((0, 0), (1, 1), n),
                diffusivity=D,
                boundary="periodic",
                initial=lambda x, s=sign: 1 + np.cos(2 * np.pi * (x[:, 0] + s * x[:, 1])),
                t_span=16 / 1024,
                exact=lambda t, x, s=sign, r=rate: (
                    1 + np.exp(-r * t) * np.cos(2 * np.pi * (x[:, 0] + s * x[:, 1]))
                ),
            )
            found = solve(problem, dt=1 / (4 * n**2), method="chain")
            errors.append(found.check().chain.max_error[0])
        assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.12)


def test_varying_tensors_keep_a_uniform_density_between_reflecting_sides():
    def tensor(x):
        return (1 + x[:, 0])[:, None, None] * D

    rates = Problem(SHEET, diffusivity=tensor).rates
    flow = (rates.between * rates.mass[:, None]).toarray()
    np.testing.assert_allclose(flow, flow.T, atol=1e-12)
    # u = x + 2y with D constant: the flux through the sides is n·D∇u, nothing changes inside.
    plain = Problem(SHEET, diffusivity=D).rates
    change = plain.generator @ (SHEET.mesh().x @ [1.0, 2.0])
    inner = (plain.x > 0).all(axis=1) & (plain.x < 1).all(axis=1)
    np.testing.assert_allclose(change[inner], 0, atol=1e-9)


def test_tensors_in_all_their_forms_are_the_same():
    one = rates_of(diffusivity=D)
    np.testing.assert_allclose(rates_of(diffusivity=np.tile(D, (81, 1, 1))), one, atol=1e-9)
    np.testing.assert_allclose(rates_of(diffusivity=lambda x: D), one, atol=1e-9)
    root = np.linalg.cholesky(2 * D)
    np.testing.assert_allclose(rates_of(sigma=root), one, atol=1e-9)
    np.testing.assert_allclose(rates_of(diffusivity=np.diag([2.0, 1.0])),
                               rates_of(diffusivity=(2.0, 1.0)), atol=1e-9)  # fmt: skip


def test_absorbing_sides_and_given_values():
    held = {"x-": {"value": 1.0}, "x+": {"value": 1.0}, "y": {"value": 1.0}}
    problem = Problem(SHEET, diffusivity=D, boundary=held, mode="steady")
    np.testing.assert_allclose(solve(problem, method="chain").density[0], 1, atol=1e-10)
    walked = Problem(SHEET, diffusivity=D, boundary="absorb", initial=(0.5, 0.5))
    # χ² against the chain: a false alarm 1e-3 each.
    for method in ("density", "montecarlo"):
        assert solve(walked, 0.02, method=method, walkers=3000, seed=2).check().ok


def test_what_is_too_oblique_or_no_tensor_is_refused():
    with pytest.raises(InputError, match=r"diffusivity at x = .* is too oblique for the mesh: alo"):
        Problem(SHEET, diffusivity=[[1.0, 0.4], [0.4, 0.3]])
    fits = Box((0, 0), (1, 1), (8, 14))
    Problem(fits, diffusivity=[[1.0, 0.4], [0.4, 0.3]])
    with pytest.raises(InputError, match="diffusivity must be a symmetric tensor"):
        Problem(SHEET, diffusivity=[[1.0, 0.4], [0.1, 1.0]])
    with pytest.raises(InputError, match="diffusivity must be a number or shape"):
        Problem(Interval(0, 1, 4), diffusivity=D)
