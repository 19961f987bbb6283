"""Ready-made prices of options, as backward problems in the logarithm of the price."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.lattice import Interval
from spikealg.solvers.diffusion.equation.jumps import Jumps
from spikealg.solvers.diffusion.problem import Problem

__all__ = ["barrier_call", "black_scholes_call", "merton_call"]

FloatArray = npt.NDArray[np.float64]

_FAR = 6.0
"""Standard deviations of the logarithm at maturity from which the mesh ends."""
_STEP = 2 / 3
"""σ²Δt/Δx²."""
_FADED = 1e-16


def black_scholes_call(
    spot: float = 100.0,
    strike: float = 100.0,
    rate: float = 0.05,
    sigma: float = 0.2,
    maturity: float = 1.0,
    *,
    n: int = 200,
) -> Problem:
    """Return the price of a European call: dS = rS dt + σS dW, e^(−rT) E max(S_T − K, 0).

    The value at ``at`` = log(spot) is the price. The strike lies on a vertex.

    Parameters
    ----------
    spot, strike : float
        Price now, and the price at which may be bought.
    rate : float
        r [1/time].
    sigma : float
        σ [1/√time].
    maturity : float
        T [time].
    n : int
        Number of cells, even.

    Notes
    -----
    Black, Scholes, "The pricing of options and corporate liabilities", Journal of Political
    Economy 81 (1973).
    """
    spot, strike, maturity = _positive(spot=spot, strike=strike, maturity=maturity)
    rate, (sigma,) = as_float("rate", rate), _positive(sigma=sigma)
    drift = rate - sigma**2 / 2
    half = abs(math.log(spot / strike)) + _FAR * sigma * math.sqrt(maturity) + abs(drift) * maturity
    cells, middle = _even(n), math.log(strike)
    return Problem(
        Interval(middle - half, middle + half, cells),
        sigma=sigma,
        drift=drift,
        payoff=_discounted_call(strike, rate, maturity),
        at=math.log(spot),
        mode="backward",
        t_span=maturity,
        dt=_STEP * (2 * half / cells / sigma) ** 2,
        exact=lambda t, x: call_price(np.exp(x), strike, rate, sigma, t),
    )


def barrier_call(
    spot: float = 100.0,
    strike: float = 100.0,
    barrier: float = 90.0,
    rate: float = 0.05,
    sigma: float = 0.2,
    maturity: float = 1.0,
    *,
    n: int = 200,
) -> Problem:
    """Return the price of a call that is void once the price has been at a barrier below.

    C(S) − (S/H)^(1 − 2r/σ²) C(H²/S), C being the price without a barrier H ≤ K.

    Parameters
    ----------
    spot, strike, rate, sigma, maturity
        As in `black_scholes_call`.
    barrier : float
        H, below spot and no higher than strike; it is watched all the time.
    n : int
        Number of cells, about: both barrier and strike lie on vertices.

    Notes
    -----
    Merton, "Theory of rational option pricing", Bell Journal of Economics 4 (1973).
    """
    spot, strike, barrier = _positive(spot=spot, strike=strike, barrier=barrier)
    maturity, sigma = _positive(maturity=maturity, sigma=sigma)
    rate = as_float("rate", rate)
    if barrier >= spot or barrier > strike:
        raise InputError(
            f"barrier must be below spot = {spot:g} and no higher than strike = {strike:g}, got "
            f"{barrier:g}"
        )
    drift, low = rate - sigma**2 / 2, math.log(barrier)
    high = math.log(max(spot, strike)) + _FAR * sigma * math.sqrt(maturity) + abs(drift) * maturity
    between = math.log(strike / barrier)
    parts = max(1, round(as_int("n", n, low=4) * between / (high - low)))
    dx = between / parts if between > 0 else (high - low) / n
    cells = math.ceil((high - low) / dx - 1e-9)

    def exact(t: float, x: FloatArray) -> FloatArray:
        price = np.exp(np.asarray(x))
        mirrored = call_price(barrier**2 / price, strike, rate, sigma, t)
        power = 1 - 2 * rate / sigma**2
        return call_price(price, strike, rate, sigma, t) - (price / barrier) ** power * mirrored

    return Problem(
        Interval(low, low + cells * dx, cells),
        sigma=sigma,
        drift=drift,
        payoff=_discounted_call(strike, rate, maturity),
        boundary={"x-": "absorb"},
        at=math.log(spot),
        mode="backward",
        t_span=maturity,
        dt=_STEP * (dx / sigma) ** 2,
        exact=exact,
    )


def merton_call(
    spot: float = 100.0,
    strike: float = 100.0,
    r: float = 0.05,
    sigma: float = 0.2,
    maturity: float = 1.0,
    rate: float = 1.0,
    jump_mean: float = -0.1,
    jump_std: float = 0.15,
    *,
    n: int = 200,
) -> Problem:
    """Return the price of a European call on a price that also jumps, by normal logarithms.

    Parameters
    ----------
    spot, strike, sigma, maturity
        As in `black_scholes_call`.
    r : float
        Interest [1/time].
    rate : float
        λ, jumps per time.
    jump_mean, jump_std : float
        Mean and standard deviation of the logarithm of the factor by which the price jumps.
    n : int
        Number of cells, even.

    Notes
    -----
    Merton, "Option pricing when underlying stock returns are discontinuous", Journal of
    Financial Economics 3 (1976).
    """
    from scipy import stats  # 1 s of import

    spot, strike, maturity = _positive(spot=spot, strike=strike, maturity=maturity)
    sigma, jump_std = _positive(sigma=sigma, jump_std=jump_std)
    r, jump_mean = as_float("r", r), as_float("jump_mean", jump_mean)
    rate = as_float("rate", rate, low=0)
    growth = math.expm1(jump_mean + jump_std**2 / 2)
    drift = r - sigma**2 / 2 - rate * growth
    variance = (sigma**2 + rate * (jump_mean**2 + jump_std**2)) * maturity
    half = abs(math.log(spot / strike)) + 1.5 * _FAR * math.sqrt(variance)
    half += abs(drift + rate * jump_mean) * maturity
    cells, middle = _even(n), math.log(strike)
    dx = 2 * half / cells

    def exact(t: float, x: FloatArray) -> FloatArray:
        price, total = np.exp(np.asarray(x)), np.zeros(np.shape(x))
        mean = rate * (1 + growth) * t
        chance, jumps = math.exp(-mean), 0
        while chance > _FADED or jumps < mean:
            volatility = math.sqrt(sigma**2 + jumps * jump_std**2 / t)
            interest = r - rate * growth + jumps * math.log1p(growth) / t
            total = total + chance * call_price(price, strike, interest, volatility, t)
            jumps += 1
            chance *= mean / jumps
        return total

    return Problem(
        Interval(middle - half, middle + half, cells),
        sigma=sigma,
        drift=drift,
        jumps=Jumps(rate, stats.norm(jump_mean, jump_std)),
        payoff=_discounted_call(strike, r, maturity),
        boundary="absorb",
        at=math.log(spot),
        mode="backward",
        t_span=maturity,
        dt=1 / (1.5 * (sigma / dx) ** 2 + rate),
        exact=exact,
    )


def call_price(
    spot: npt.ArrayLike, strike: float, rate: float, sigma: float, maturity: float
) -> FloatArray:
    """Return the price of a European call by the formula of Black and Scholes."""
    from scipy.special import ndtr

    price, deviation = np.asarray(spot, dtype=np.float64), sigma * math.sqrt(maturity)
    d1 = (np.log(price / strike) + (rate + sigma**2 / 2) * maturity) / deviation
    discounted = strike * math.exp(-rate * maturity)
    return np.asarray(price * ndtr(d1) - discounted * ndtr(d1 - deviation))


def _discounted_call(
    strike: float, rate: float, maturity: float
) -> Callable[[FloatArray], FloatArray]:
    """Return what a call pays over the logarithm of the price at maturity, worth now."""
    discount = math.exp(-rate * maturity)
    return lambda x: discount * np.maximum(np.exp(x) - strike, 0)


def _positive(**values: float) -> list[float]:
    return [as_float(name, value, above=0) for name, value in values.items()]


def _even(n: int) -> int:
    if as_int("n", n, low=4) % 2:
        raise InputError(f"n must be even, so that the strike lies on a vertex, got {n}")
    return n
