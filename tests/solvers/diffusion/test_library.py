"""Ready-made problems at both levels: the chain's error and order, walkers against the chain."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikealg import diffusion
from spikealg.diffusion import solve
from spikealg.errors import InputError

SMALL = {
    "laplace_square": lambda: diffusion.laplace_square(8),
    "poisson_disk": lambda: diffusion.poisson_disk(10),
    "absorbing_rod": lambda: diffusion.absorbing_rod(10),
    "two_state_transport": diffusion.two_state_transport,
    "slab_fluence": lambda: diffusion.slab_fluence(8),
    "sphere_heat": lambda: diffusion.sphere_heat(1),
    "black_scholes_call": lambda: diffusion.black_scholes_call(n=40),
    "barrier_call": lambda: diffusion.barrier_call(n=40),
    "merton_call": lambda: diffusion.merton_call(n=60),
    "first_passage": lambda: diffusion.first_passage(n=5),
    "decision_model": lambda: diffusion.decision_model(n=10),
}


@pytest.mark.parametrize("method", ["density", "montecarlo"])
@pytest.mark.parametrize("name", SMALL)
def test_walkers_agree_with_their_chain(name, method):
    """`check`: a false alarm 1e-3 each; values within 4.5 standard errors, 7e-6."""
    problem = SMALL[name]()
    walked = solve(problem, method=method, walkers=1600, seed=4)
    assert walked.check().ok
    if walked.mode == "backward":
        chain = solve(problem, method="chain")
        assert abs(walked.value - chain.value)[0] < 4.5 * walked.value_stderr[0]
        assert walked.value_stderr[0] < 0.1 * chain.value[0]


def last_error(problem, **options):
    return solve(problem, method="chain", **options).check().chain


def test_prices():
    errors = []
    for n in (50, 100, 200):
        found = solve(diffusion.black_scholes_call(n=n), method="chain")
        errors.append(found.value[0] - 10.450583572)
    # Of order 2 in the mesh width, and so of order 1 in the time step.
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2, atol=0.1)
    assert abs(errors[-1]) < 2e-3
    assert last_error(diffusion.barrier_call()).relative_l2[0] < 5e-5
    assert last_error(diffusion.merton_call()).relative_l2[0] < 1e-3
    coarse, fine = (last_error(diffusion.merton_call(n=n)).relative_l2[0] for n in (100, 200))
    assert coarse / fine > 3


def test_the_merton_price_without_jumps_is_that_of_black_and_scholes():
    plain = diffusion.black_scholes_call().exact(1.0, math.log(100))
    assert plain == pytest.approx(10.450583572)
    merton = diffusion.merton_call(rate=0.0)
    assert merton.exact(1.0, math.log(100)) == pytest.approx(plain)
    # Merton's series for these defaults, by a sum of 40 terms in closed form.
    assert diffusion.merton_call().exact(1.0, math.log(100)) > plain


def test_passages_are_of_order_two():
    inverse_gaussian = []
    for n in (20, 40):
        found = solve(diffusion.first_passage(2.0, 1.0, 1.0, n=n), method="chain").first_passage()
        inverse_gaussian.append([found.mean - 0.5, found.variance - 1 / 8])
        chance = solve(diffusion.decision_model(n=2 * n), method="chain").first_passage()
        upper = (1 - math.exp(-1)) / (1 - math.exp(-2))
        assert abs(chance.probability("x+") - upper) < 0.1 / n**2
        assert abs(chance.mean - (2 * upper - 1) / 0.5) < 0.1 / n**2
    assert np.abs(inverse_gaussian)[:, 0].max() < 1e-9
    ratio = inverse_gaussian[0][1] / inverse_gaussian[1][1]
    assert ratio == pytest.approx(4, rel=0.15)
    for make in (diffusion.first_passage, diffusion.decision_model):
        errors = [last_error(make(n=n), t_span=0.5).max_error[0] for n in (20, 40)]
        assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)


def test_steady_problems():
    assert last_error(diffusion.poisson_disk(80)).max_error[0] == pytest.approx(3.5e-5, rel=0.02)
    errors = [last_error(diffusion.absorbing_rod(n)).max_error[0] for n in (20, 40)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.02)
    square = solve(diffusion.laplace_square(20), method="chain")
    assert square.grid()[0][10, 10] == pytest.approx(0.25, abs=1e-12)
    # Away from the corners, where the sides disagree.
    inner = (np.abs(square.x - 0.5) < 0.3).all(axis=1)
    errors = []
    for n in (20, 40):
        found = solve(diffusion.laplace_square(n), method="chain")
        inner = (np.abs(found.x - 0.5) < 0.31).all(axis=1)
        exact = found.problem.exact(math.inf, found.x)
        errors.append(np.abs(found.density[0] - exact)[inner].max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)


def test_transport():
    found = solve(diffusion.two_state_transport(), method="chain")
    assert found.density[0, 0] == pytest.approx(0.541387, abs=5e-7)
    assert found.check().chain.max_error[0] < 1e-13
    errors = []
    for n in (40, 80, 160):
        problem = diffusion.slab_fluence(n)
        fluence = problem.domain.fluence(solve(problem, method="chain").density[0])
        x, kappa = problem.domain.centers, 1.0
        bottom = math.cosh(kappa) + 0.5 * math.sinh(kappa)
        errors.append(np.abs(fluence - 2 + 2 * np.cosh(x - 1) / bottom).max())
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 1, atol=0.1)


REFUSED = [
    (lambda: diffusion.black_scholes_call(n=41), "n must be even, so that the strike lies on"),
    (lambda: diffusion.black_scholes_call(sigma=0), "sigma must be a finite number above 0, got 0"),
    (lambda: diffusion.barrier_call(barrier=110), "barrier must be below spot = 100 and no higher"),
    (lambda: diffusion.decision_model(bounds=(1, 2)), r"bounds must lie on both sides of 0, got"),
    (lambda: diffusion.first_passage(drift=-1), "drift must be a finite number above 0, got -1.0"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_arguments_that_make_no_sense_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
