"""The chain against exact solutions: measured errors and observed orders, no random number."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.linalg import expm_multiply

from spikealg.solvers.diffusion.domains.lattice import Box, Interval
from spikealg.solvers.diffusion.equation.stationary import stationary
from spikealg.solvers.diffusion.library.forward import (
    advection_diffusion,
    gamblers_ruin,
    ornstein_uhlenbeck,
)
from spikealg.solvers.diffusion.library.rod import heat_rod
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.walks import chain


def density_after(problem, steps, t=None):
    """The chain's density at the end of the problem's time, in so many steps."""
    end = problem.t_span[1] if t is None else t
    transition = problem.rates.transition(end / steps)
    walk = chain.walk(transition, problem.start.probability, np.array([steps]))
    return walk.counts[-1] * problem.start.total / problem.rates.mass


def max_error(problem, steps):
    end = problem.t_span[1]
    return np.abs(density_after(problem, steps) - problem.exact(end, problem.x)).max()


def orders(errors):
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


def test_gamblers_ruin_is_exact():
    problem = gamblers_ruin(n=10, start=3)
    steps = np.arange(4001)
    transition = problem.rates.transition(1.0)
    assert transition.move.diagonal().max() == 0  # no stay
    walk = chain.walk(transition, problem.start.probability, steps)
    assert walk.exited[-1, transition.sides.index("x+")] == pytest.approx(0.3, abs=1e-12)
    surviving = walk.counts.sum(axis=1)
    mean = surviving.sum()
    variance = (2 * steps + 1) @ surviving - mean**2
    assert mean == pytest.approx(21, abs=1e-9)
    assert variance == pytest.approx(392, abs=1e-7)
    for t in (0, 1, 2, 7):
        np.testing.assert_allclose(walk.counts[t], problem.exact(t, problem.x), atol=1e-14)


def test_gamblers_ruin_ends_when_all_but_1e_9_of_the_games_are_over():
    problem = gamblers_ruin(n=10, start=3)
    last = int(problem.t_span[1])
    walk = chain.walk(problem.rates.transition(1.0), problem.start.probability, np.array([last]))
    assert 1e-10 < walk.counts[-1].sum() < 1.5e-9


@pytest.mark.parametrize(
    ("steps", "relative_error"), [(256, -1.985e-3), (512, -4.956e-4), (768, 2.12e-7)]
)
def test_heat_with_absorbing_ends(steps, relative_error):
    problem = heat_rod("absorb", n=32)
    exact = problem.exact(0.125, problem.x)
    relative = (density_after(problem, steps) - exact)[1:-1] / exact[1:-1]
    # The start is an eigenvector of the chain, so that the error is the same at every vertex.
    np.testing.assert_allclose(relative, relative_error, rtol=3e-3)


def test_the_automatic_step_of_pure_diffusion_is_the_superconvergent_one():
    problem = heat_rod("absorb", n=32)
    assert 0.125 / problem.rates.choose_dt() == pytest.approx(768)
    for boundary in ("absorb", "reflect", "periodic"):
        rates = heat_rod(boundary, n=20, diffusivity=0.7).rates
        assert 0.7 * rates.choose_dt() * 20**2 == pytest.approx(1 / 6)


def test_order_four_at_the_superconvergent_step():
    errors = [max_error(heat_rod("absorb", n=n), round(0.125 * 6 * n**2)) for n in (8, 16, 32)]
    np.testing.assert_allclose(orders(errors), 4, atol=0.02)


def test_heat_with_reflecting_ends_from_a_point():
    problem = heat_rod("reflect", n=20)
    exact = problem.exact(0.05, np.array([0.3, 0.8]))
    assert exact == pytest.approx([1.47017, 0.386415], abs=5e-6)
    errors = [
        max_error(heat_rod("reflect", n=n), round(0.05 * 4 * n**2)) for n in (20, 40, 80, 160)
    ]
    np.testing.assert_allclose(errors, [1.5e-3, 3.8e-4, 9.4e-5, 2.4e-5], rtol=0.02)
    np.testing.assert_allclose(orders(errors), 2, atol=0.01)


def test_heat_on_a_ring_is_of_order_two():
    errors = [max_error(heat_rod("periodic", n=n), round(0.05 * 4 * n**2)) for n in (20, 40, 80)]
    np.testing.assert_allclose(errors, [1.130e-3, 2.821e-4, 7.049e-5], rtol=1e-3)
    np.testing.assert_allclose(orders(errors), 2, atol=0.01)


def test_drift_and_diffusion_on_a_ring():
    errors = []
    for n in (32, 64, 128, 256):
        problem = advection_diffusion(n=n)
        steps = int(np.ceil(problem.t_span[1] / problem.rates.choose_dt()))
        errors.append(max_error(problem, steps))
    np.testing.assert_allclose(errors, [3.1e-3, 7.8e-4, 2.0e-4, 4.9e-5], rtol=0.03)
    np.testing.assert_allclose(orders(errors), 2, atol=0.01)


def test_upwind_drift_is_of_order_one():
    def error(n):
        central = advection_diffusion(n=n)
        problem = Problem(
            central.domain,
            diffusivity=0.1,
            drift=1.0,
            drift_scheme="upwind",
            boundary="periodic",
            initial=central.initial,
            t_span=0.1,
            exact=central.exact,
        )
        return max_error(problem, round(0.1 / problem.rates.choose_dt()))

    np.testing.assert_allclose(orders([error(n) for n in (64, 128, 256)]), 1, atol=0.1)


def test_ornstein_uhlenbeck_mean_and_variance():
    problem = ornstein_uhlenbeck()
    steps = 1000
    transition = problem.rates.transition(1 / steps)
    chance = chain.walk(transition, problem.start.probability, np.array([steps])).counts[-1]
    mean = chance @ problem.x
    assert mean == pytest.approx((1 - 1 / steps) ** steps, abs=1e-11)
    assert mean == pytest.approx(np.exp(-1), abs=2e-4)
    variance = chance @ problem.x**2 - mean**2
    assert variance == pytest.approx(0.5 * (1 - np.exp(-2)), abs=1e-7)


@pytest.mark.parametrize("n", [100, 200, 400])
def test_ornstein_uhlenbeck_stationary_variance_is_one_half(n):
    problem = ornstein_uhlenbeck(n=n)
    chance = stationary(problem) * problem.rates.mass
    assert chance @ problem.x == pytest.approx(0, abs=1e-10)
    assert chance @ problem.x**2 == pytest.approx(0.5, abs=1e-10)


def test_fick_is_flat_and_ito_is_not():
    fick = Problem(Interval(0, 1, 320), diffusivity=lambda x: 0.1 + 0.9 * x)
    np.testing.assert_allclose(stationary(fick), 1, atol=1e-10)
    ito = Problem(Interval(0, 1, 320), sigma=lambda x: np.sqrt(2 * (0.1 + 0.9 * x)))
    density = stationary(ito)
    np.testing.assert_allclose(density[[0, 160, 320]], [3.91, 0.71, 0.39], atol=2e-3)
    # u ∝ 1/D where nothing flows
    np.testing.assert_allclose(density * (0.1 + 0.9 * ito.x), density[0] * 0.1, rtol=1e-9)


def test_half_cells_double_drift_too():
    def error(n):
        problem = Problem(Interval(0, 1, n), diffusivity=0.5, drift=1.5)
        exact = 3 * np.exp(3 * problem.x) / np.expm1(3)
        return np.abs(stationary(problem) / exact - 1).max()

    errors = [error(n) for n in (40, 80, 160)]
    np.testing.assert_allclose(orders(errors), 2, atol=0.05)
    assert errors[-1] < 1.6e-4


def test_a_start_off_the_lattice_is_split():
    def error(n, start):
        problem = Problem(Interval(0, 1, n), diffusivity=1.0, initial=start)
        assert problem.start.probability @ problem.x == pytest.approx(start, abs=1e-14)
        x, t = problem.x, 0.05
        k = np.arange(1, 30)
        weight = np.cos(start * k * np.pi) * np.exp(-(k**2) * np.pi**2 * t)
        exact = 1 + 2 * weight @ np.cos(np.pi * np.multiply.outer(k, x))
        return np.abs(density_after(problem, round(t * 6 * n**2), t) - exact).max()

    # 1/3 lies a third of a cell from the nearest vertex of each of these lattices.
    errors = [error(n, 1 / 3) for n in (20, 40, 80)]
    np.testing.assert_allclose(orders(errors), 2, atol=0.05)
    assert errors[1] < 7e-4


@pytest.mark.parametrize("boundary", ["periodic", "reflect"])
def test_a_point_release_in_two_dimensions_has_no_checkerboard(boundary):
    problem = Problem(
        Box((0, 0), (1, 1), 16), diffusivity=1.0, boundary=boundary, initial=(0.5, 0.5)
    )
    rates, start = problem.rates, problem.start.probability

    def distance(dt, steps):
        """From the walk in continuous time, which cannot know even from odd."""
        walk = chain.walk(rates.transition(dt), start, np.array([steps]))
        smooth = expm_multiply(rates.generator.T * (dt * steps), start)
        return np.abs(walk.counts[0] / smooth - 1).max()

    assert distance(rates.choose_dt(), 40) < 0.3
    assert distance(rates.choose_dt(), 160) < 0.01
    # With the longest step instead, every second vertex is empty and the others hold double.
    assert distance(1 / rates.max_rate, 80) > 0.99
    counts = chain.walk(rates.transition(rates.choose_dt()), start, np.array([20])).counts
    grid = problem.mesh.grid(counts / problem.rates.mass)[0]
    assert np.all(np.diff(grid[8:-1, 8]) < 0)  # from the middle outwards, vertex by vertex


def test_diffusion_in_a_box_is_the_product_of_intervals():
    def wave(x):
        return (
            np.sin(np.pi * x[:, 0])
            * np.cos(np.pi * x[:, 1]) ** 2
            * (1 + np.sin(2 * np.pi * x[:, 2]))
        )

    def error(n):
        problem = Problem(
            Box((0, 0, 0), (1, 1, 1), n),
            diffusivity=(1.0, 0.5, 0.25),
            boundary={"x": "absorb", "z": "periodic"},
            initial=wave,
        )
        x, y, z = problem.x.T
        t = 0.02
        exact = np.exp(-(np.pi**2) * t) * np.sin(np.pi * x)
        exact *= 0.5 * (1 + np.exp(-0.5 * 4 * np.pi**2 * t) * np.cos(2 * np.pi * y))
        exact *= 1 + np.exp(-0.25 * 4 * np.pi**2 * t) * np.sin(2 * np.pi * z)
        steps = round(t * 7 * n**2)
        return np.abs(density_after(problem, steps, t) - exact).max()

    np.testing.assert_allclose(orders([error(8), error(16)]), 2, atol=0.1)
