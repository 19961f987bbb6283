"""Ready-made problems that carry their exact solution, so that ``solve(gamblers_ruin())`` works."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.lattice import Interval
from spikealg.solvers.diffusion.problem import Problem

__all__ = ["advection_diffusion", "gamblers_ruin", "ornstein_uhlenbeck"]

FloatArray = npt.NDArray[np.float64]

_SURVIVING = 1e-9
"""A game of gambler's ruin is followed until no more than this part of all games goes on."""


def advection_diffusion(*, n: int = 64, velocity: float = 1.0, diffusivity: float = 0.1) -> Problem:
    """Return a wave u0 = 1 + cos 2πx that drifts around the ring [0, 1) and fades, to t = 0.1.

    u = 1 + e^(−4π²Dt) cos 2π(x − vt).

    Parameters
    ----------
    n : int
        Number of cells; ``|v|/n`` must be at most 2D.
    velocity : float
        v [length/time].
    diffusivity : float
        D [length²/time].
    """
    v, rate = as_float("velocity", velocity), as_float("diffusivity", diffusivity, above=0)
    return Problem(
        Interval(0, 1, n),
        diffusivity=rate,
        drift=v,
        boundary="periodic",
        initial=lambda x: 1 + np.cos(2 * np.pi * x),
        mode="forward",
        t_span=0.1,
        exact=lambda t, x: 1 + np.exp(-4 * np.pi**2 * rate * t) * np.cos(2 * np.pi * (x - v * t)),
    )


def ornstein_uhlenbeck(
    *, n: int = 200, theta: float = 1.0, sigma: float = 1.0, start: float = 1.0
) -> Problem:
    """Return dX = −θX dt + σ dW from a point, to t = 1/θ.

    Normal with mean X₀e^(−θt) and variance σ²(1 − e^(−2θt))/2θ; the ends, seven stationary
    standard deviations away (5 for θ = σ = 1), reflect.

    Parameters
    ----------
    n : int
        Number of cells.
    theta : float
        θ > 0 [1/time].
    sigma : float
        σ > 0 [length/√time].
    start : float
        X₀ [length].
    """
    pull = as_float("theta", theta, above=0)
    noise = as_float("sigma", sigma, above=0)
    first = as_float("start", start)
    far = 5 * noise / math.sqrt(pull)

    def exact(t: float, x: FloatArray) -> FloatArray:
        if t <= 0:
            raise InputError(f"t must be above 0, where X is no longer at a point, got {t}")
        variance = -(noise**2) * math.expm1(-2 * pull * t) / (2 * pull)
        deviation = x - first * math.exp(-pull * t)
        return np.asarray(
            np.exp(-(deviation**2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)
        )

    return Problem(
        Interval(-far, far, n),
        sigma=noise,
        drift=lambda x: -pull * x,
        initial=first,
        mode="forward",
        t_span=1 / pull,
        exact=exact,
    )


def gamblers_ruin(n: int = 10, start: int = 3) -> Problem:
    """Return the fair game for one coin a round, from `start` coins to none or all n.

    The coins are a walk on 0, 1, ..., n that never stays: side "x+" is taken with probability
    start/n, and a game lasts start·(n − start) rounds on average. Time is counted in rounds
    (``dt=1``) and ends when 10⁻⁹ of all games still go on. After t rounds the probability of x
    coins is (2/n) Σ_k sin(kπ·start/n) sin(kπx/n) cos(kπ/n)^t.

    A finer lattice is another game, for parts of a coin, which tends to Brownian motion and not to
    this solution.

    Parameters
    ----------
    n : int
        All coins, at least 2.
    start : int
        Coins at the start, 1 to n − 1.
    """
    as_int("n", n, low=2)
    as_int("start", start, low=1, high=n - 1)
    k = np.arange(1, n)

    def exact(t: float, x: FloatArray) -> FloatArray:
        weight = np.sin(k * np.pi * start / n) * np.cos(k * np.pi / n) ** round(t)
        return np.asarray(2 / n * weight @ np.sin(np.pi / n * np.multiply.outer(k, x)))

    slowest = math.cos(math.pi / n) if n > 2 else 0.0
    return Problem(
        Interval(0, n, n),
        diffusivity=0.5,
        boundary="absorb",
        initial=float(start),
        mode="forward",
        t_span=math.ceil(math.log(_SURVIVING) / math.log(slowest)) if slowest > 0 else 1,
        dt=1.0,
        exact=exact,
    )
