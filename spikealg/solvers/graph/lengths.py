"""Lengths as whole numbers of ticks, and what is lost by that."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float
from spikealg.errors import InputError
from spikealg.solvers.graph.edges import Values

__all__ = ["LONGEST", "Ticks", "in_ticks"]

IntArray = npt.NDArray[np.int64]

LONGEST = 1000
"""Ticks of the longest edge at most, unless the caller gives the tick."""
_DECIMALS = 6
"""Lengths are tried as multiples of 10⁻ᵏ up to here."""
_NEAR = 1e-9
"""A tick is chosen of which lengths are multiples but for this part of them."""
_ROUNDING = 2.0**-50
"""Relative error of a few operations on floats."""
_MOST = 2**31 - 1
_WHOLE_FLOAT = 2**53
"""Up to here every whole number is a float."""


class Ticks(NamedTuple):
    """Lengths in ticks.

    Attributes
    ----------
    of : int64 array (m,)
        Ticks of each edge, 0 where its length is 0, else at least 1.
    tick : float
        Length of a tick.
    exact : bool
        Whether every length is a whole number of ticks: just that, or as a float the nearest to it.
    least : float
        The least length of an edge over the length of its ticks.
    off : float
        The most by which the ticks of an edge are longer than the edge [length].
    """

    of: IntArray
    tick: float
    exact: bool
    least: float
    off: float

    def bound(self, ticks: IntArray, edges: int) -> npt.NDArray[np.float64]:
        """Return lengths below which no path is that takes `ticks` and has at most so many edges.

        An edge of k ticks is at least least·k·tick long, and at least k·tick − off.
        """
        whole = self.tick * ticks
        longest = np.maximum(self.least * whole, whole - self.off * edges)
        return np.asarray(longest - _ROUNDING * whole)

    def within(self, length: float) -> int:
        """Return the most ticks, or a few more, that a path of at most so much length can take."""
        return int(min(_MOST, length / (self.least * self.tick) * (1 + _NEAR)))


def in_ticks(lengths: Values, tick: float | None) -> Ticks:
    """Round lengths to whole ticks, of a length that is given or chosen.

    Chosen is the largest tick of which all lengths are multiples, if the longest has at most
    `LONGEST` of them; else the longest length over `LONGEST`. A positive length takes at least one
    tick.

    Parameters
    ----------
    lengths : int64 or float64 array (m,)
        0 or more.
    tick : float or None

    Raises
    ------
    InputError, InputTypeError
        If the tick is no positive number, or so short that a length leaves int32.
    """
    longest = float(lengths.max(initial=0))
    if tick is None:
        tick = _common(lengths, longest) or longest / LONGEST or 1.0
    else:
        tick = as_float("tick", tick, above=0)
    if longest / tick > _MOST:
        raise InputError(
            f"tick must be at least {longest / _MOST:.3g}, so that the longest edge, "
            f"{longest:g}, takes fewer than 2**31 ticks, got {tick:g}"
        )
    of = np.rint(lengths / tick).astype(np.int64)
    of[(of == 0) & (lengths > 0)] = 1
    off = of * tick - lengths
    if _are_whole(lengths, of, tick):
        return Ticks(of, tick, True, 1.0, 0.0)
    positive = of > 0
    least = (lengths[positive] / (of[positive] * tick)).min()
    return Ticks(of, tick, False, float(least), float(off.max()))


def _are_whole(lengths: Values, of: IntArray, tick: float) -> bool:
    """Whether every length is just `of` ticks, or as a float the nearest to it, as 0.3 of 0.1."""
    longest = lengths.max(initial=0)
    if tick > longest:
        return bool(longest == 0)
    part, scale = _as_decimal(tick)
    if lengths.dtype.kind == "i":
        if scale == 1 and isinstance(part, int):
            return bool((of * part == lengths).all())
        if int(longest) * scale >= _WHOLE_FLOAT:
            return False
    return bool((of * float(part) / scale == lengths).all())


def _as_decimal(number: float) -> tuple[float, int]:
    """Return a whole number and the power of ten over which it is `number`, if there are such."""
    for decimals in range(_DECIMALS + 1):
        part = round(number * 10**decimals)
        if part / 10**decimals == number:
            return part, 10**decimals
    return number, 1


def _common(lengths: Values, longest: float) -> float | None:
    """Return the largest tick of which all lengths are nearly multiples, if it is not too short."""
    if lengths.dtype.kind == "i":
        divisor = int(np.gcd.reduce(lengths))
        return divisor if divisor and longest <= LONGEST * divisor else None
    for decimals in range(_DECIMALS + 1):
        scale = 10**decimals
        if longest * scale > _WHOLE_FLOAT:
            return None
        whole = np.rint(lengths * scale)
        if (np.abs(whole - lengths * scale) <= _NEAR * lengths * scale).all():
            divisor = math.gcd(*whole.astype(np.int64).tolist())
            few = divisor > 0 and longest * scale <= LONGEST * divisor
            return divisor / scale if few else None
    return None
