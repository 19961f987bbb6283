"""Ready-made problems of first passage, followed until the last walker has left."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.lattice import Interval
from spikealg.solvers.diffusion.problem import Problem

__all__ = ["decision_model", "first_passage"]

FloatArray = npt.NDArray[np.float64]

_NEVER = 1e-12
"""Chance to come as far as the end that stands for infinity."""
_FADED = 40.0
"""Terms below e^−40 of a series are left out."""


def first_passage(
    drift: float = 1.0, sigma: float = 1.0, barrier: float = 1.0, *, n: int = 40
) -> Problem:
    """Return dX = v dt + σ dW from 0 until it meets a barrier a > 0.

    With v > 0 the time is inverse Gaussian: mean a/v, variance aσ²/v³. Until then X has the density
    φ(x − vt) − e^(2av/σ²) φ(x − 2a − vt), φ being normal with variance σ²t. Below, a reflecting end
    is so far that X comes there with a chance of 10⁻¹².

    Parameters
    ----------
    drift : float
        v > 0 [length/time].
    sigma : float
        σ > 0 [length/√time].
    barrier : float
        a > 0 [length]; the side is "x+".
    n : int
        Number of cells from 0 to the barrier.
    """
    v, noise = as_float("drift", drift, above=0), as_float("sigma", sigma, above=0)
    end, cells = as_float("barrier", barrier, above=0), as_int("n", n, low=2)
    far = math.ceil(-math.log(_NEVER) * noise**2 / (2 * v) / (end / cells))

    def exact(t: float, x: FloatArray) -> FloatArray:
        _require_later(t)
        image = math.exp(2 * end * v / noise**2) * _normal(x - 2 * end - v * t, noise**2 * t)
        return np.asarray(_normal(x - v * t, noise**2 * t) - image)

    return Problem(
        Interval(-far * end / cells, end, cells + far),
        sigma=noise,
        drift=v,
        boundary={"x+": "absorb"},
        initial=0.0,
        mode="forward",
        t_span=(0.0, math.inf),
        exact=exact,
    )


def decision_model(
    drift: float = 0.5,
    sigma: float = 1.0,
    bounds: tuple[float, float] = (-1.0, 1.0),
    *,
    n: int = 40,
) -> Problem:
    """Return the drift–diffusion model of a choice: evidence from 0 until it meets a bound.

    Parameters
    ----------
    drift : float
        v [length/time], of either sign, or 0.
    sigma : float
        σ > 0 [length/√time].
    bounds : (float, float)
        Lower (side "x-") and upper ("x+") bound, on both sides of 0 [length].
    n : int
        Number of cells.

    Notes
    -----
    The upper bound b is met, and not the lower one a, with probability p = (1 − e^(ka))/(1 −
    e^(−k(b − a))), k = 2v/σ², or −a/(b − a) for v = 0. The mean time is (a + (b − a)p)/v, or
    −ab/σ² for v = 0.

    Source: Ratcliff, "A theory of memory retrieval", Psychological Review 85 (1978).
    """
    v, noise = as_float("drift", drift), as_float("sigma", sigma, above=0)
    low, high = (as_float(f"bounds[{i}]", bound) for i, bound in enumerate(bounds))
    if not low < 0 < high:
        raise InputError(f"bounds must lie on both sides of 0, got {bounds!r}")
    width = high - low

    def exact(t: float, x: FloatArray) -> FloatArray:
        _require_later(t)
        rate = (math.pi * noise / width) ** 2 / 2
        k = np.arange(1, math.isqrt(math.ceil(_FADED / (rate * t))) + 2)
        weight = 2 / width * np.sin(-k * math.pi * low / width) * np.exp(-(k**2) * rate * t)
        waves = np.sin(np.pi / width * np.multiply.outer(k, x - low))
        tilt = np.exp(v * x / noise**2 - v**2 * t / (2 * noise**2))
        return np.asarray(tilt * (weight @ waves))

    return Problem(
        Interval(low, high, n),
        sigma=noise,
        drift=v,
        boundary="absorb",
        initial=0.0,
        mode="forward",
        t_span=(0.0, math.inf),
        exact=exact,
    )


def _normal(x: FloatArray, variance: float) -> FloatArray:
    return np.asarray(np.exp(-(x**2) / (2 * variance)) / math.sqrt(2 * math.pi * variance))


def _require_later(t: float) -> None:
    if t <= 0:
        raise InputError(f"t must be above 0, where X is no longer at a point, got {t}")
