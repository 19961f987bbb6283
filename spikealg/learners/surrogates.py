"""Surrogates: what stands for the derivative of a step when gradients are computed.

A surrogate is an object with one method, `slope`, a function of the distance to the threshold.
Units evaluate it over a whole sequence at once; any object with such a method will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float
from spikealg.errors import InputTypeError

__all__ = ["Boxcar", "SigmoidPrime", "SuperSpike", "Surrogate", "TanhPrime", "Triangle"]

Array = npt.NDArray[Any]


class Surrogate(Protocol):
    """The derivative that a step Θ(x) is given."""

    def slope(self, x: Array) -> Array:
        """Return the slope at each `x`, the distance to the threshold; same shape and dtype."""
        ...


def as_surrogate(value: Any, default: Surrogate) -> Surrogate:
    """Return `value`, or `default` for None.

    Raises
    ------
    InputTypeError
        If it has no slope to evaluate: a class or a name instead of an object.
    """
    if value is None:
        return default
    if isinstance(value, type) or not callable(getattr(value, "slope", None)):
        raise InputTypeError(f"surrogate must be one such as SuperSpike(5.0), got {value!r}")
    surrogate: Surrogate = value
    return surrogate


@dataclass(frozen=True)
class _Sharp:
    """A slope with one parameter."""

    k: float = 1.0

    def __post_init__(self) -> None:
        as_float("k", self.k, above=0)


@dataclass(frozen=True)
class _Bump:
    """A slope of some height, 0 beyond half its width."""

    height: float = 1.0
    width: float = 1.0

    def __post_init__(self) -> None:
        as_float("height", self.height, above=0)
        as_float("width", self.width, above=0)


@dataclass(frozen=True)
class SuperSpike(_Sharp):
    """1 / (1 + k |x|)² (Zenke and Ganguli, Neural Computation 2018, equation 5).

    Parameters
    ----------
    k : float
        Sharpness, above 0.
    """

    k: float = 5.0

    def slope(self, x: Array) -> Array:
        """Return the slope at `x`."""
        out: Array = np.abs(x)
        out *= self.k
        out += 1
        np.square(out, out=out)
        np.reciprocal(out, out=out)
        return out


@dataclass(frozen=True)
class TanhPrime(_Sharp):
    """1 − tanh²(k x) (Woźniak et al., Nature Machine Intelligence 2020, Methods, with k = 1).

    Parameters
    ----------
    k : float
        Sharpness, above 0.
    """

    def slope(self, x: Array) -> Array:
        """Return the slope at `x`."""
        out: Array = np.multiply(x, self.k, dtype=x.dtype)
        np.tanh(out, out=out)
        np.square(out, out=out)
        np.subtract(1, out, out=out)
        return out


@dataclass(frozen=True)
class Triangle(_Bump):
    """γ max(0, 1 − |x| / width) (Bellec et al., Nature Communications 2020, Methods).

    Parameters
    ----------
    height : float
        γ, above 0. Bellec et al. take 0.3.
    width : float
        Half the base, above 0; their threshold.
    """

    def slope(self, x: Array) -> Array:
        """Return the slope at `x`."""
        out: Array = np.abs(x)
        out *= -self.height / self.width
        out += self.height
        np.maximum(out, 0, out=out)
        return out


@dataclass(frozen=True)
class Boxcar(_Bump):
    """A constant near the threshold: height where |x| < width, else 0.

    The default, ½ · 1[0 < v < 2] for a threshold of 1, is that of Yin et al., arXiv 1709.06206.

    Parameters
    ----------
    height, width : float
        Height, and half the width; above 0.
    """

    height: float = 0.5

    def slope(self, x: Array) -> Array:
        """Return the slope at `x`."""
        out: Array = np.multiply(np.abs(x) < self.width, self.height, dtype=x.dtype)
        return out


@dataclass(frozen=True)
class SigmoidPrime(_Sharp):
    """k σ(k x) (1 − σ(k x)), the derivative of a sigmoid of sharpness k.

    Parameters
    ----------
    k : float
        Sharpness, above 0.
    """

    def slope(self, x: Array) -> Array:
        """Return the slope at `x`."""
        # σ(1 − σ) = (1 − tanh²(x / 2)) / 4: no overflow far from the threshold.
        out: Array = TanhPrime(self.k / 2).slope(x)
        out *= self.k / 4
        return out
