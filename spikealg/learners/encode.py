"""Values become sequences: what a network is shown, tick by tick.

Every encoder takes samples (batch, *features) and returns float32 (ticks, batch, *features).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_float_array, as_int
from spikealg.errors import InputError

__all__ = ["binarise", "contour", "direct", "latency", "rate"]

Sequence = npt.NDArray[np.float32]


def direct(x: npt.ArrayLike, ticks: int) -> Sequence:
    """Return `x` as a current that is the same in every tick.

    Raises
    ------
    InputError
        If `x` has no axis for the batch or is not finite, or `ticks` is below 1.
    """
    return _repeat(_samples(x).astype(np.float32), ticks)


def binarise(x: npt.ArrayLike, ticks: int = 1, *, threshold: float = 0.5) -> Sequence:
    """Return 1 where `x` is at least `threshold`, in every tick.

    Raises
    ------
    InputError
        If `x` has no axis for the batch or is not finite, or `ticks` is below 1.
    """
    ones = _samples(x) >= as_float("threshold", threshold)
    return _repeat(ones.astype(np.float32), ticks)


def rate(
    x: npt.ArrayLike,
    ticks: int,
    *,
    peak: float = 1.0,
    seed: int | np.random.Generator | None = 0,
) -> Sequence:
    """Return spikes that come independently in every tick, with probability `peak` · `x`.

    Parameters
    ----------
    x : array_like
        (batch, *features), from 0 to 1.
    ticks : int
        At least 1.
    peak : float
        Probability of a spike where x is 1.
    seed : int or Generator
        A generator goes on where it is, so every call draws anew; None draws anew too.

    Raises
    ------
    InputError
        If a value of `x` or `peak` is not from 0 to 1, or `ticks` is below 1.
    """
    samples = _samples(x, low=0, high=1)
    odds = (samples * as_float("peak", peak, low=0, high=1)).astype(np.float32)
    if not isinstance(seed, np.random.Generator) and seed is not None:
        seed = as_int("seed", seed, low=0)
    rng = np.random.default_rng(seed)
    draws = rng.random((as_int("ticks", ticks, low=1), *odds.shape), dtype=np.float32)
    spikes: Sequence = (draws < odds).astype(np.float32)
    return spikes


def latency(x: npt.ArrayLike, ticks: int) -> Sequence:
    """Return one spike per value, the earlier the larger: at tick round((1 − x)(ticks − 1)).

    A value of 0 never spikes.

    Raises
    ------
    InputError
        If a value of `x` is not from 0 to 1, or `ticks` is below 1.
    """
    samples = _samples(x, low=0, high=1)
    last = as_int("ticks", ticks, low=1) - 1
    when = np.where(samples > 0, np.rint((1 - samples) * last), -1)
    clock = np.arange(ticks).reshape(-1, *(1,) * samples.ndim)
    spikes: Sequence = (clock == when).astype(np.float32)
    return spikes


def contour(x: npt.ArrayLike, ticks: int = 1, *, threshold: float = 0.5) -> Sequence:
    """Return the outlines of shapes, in every tick.

    A pixel is 1 where its value is at least `threshold` while one of its four neighbours is below,
    or lies outside the image.

    Parameters
    ----------
    x : array_like
        (batch, ..., rows, columns).
    ticks : int
        At least 1.
    threshold : float
        From where on a pixel belongs to the shape.

    Raises
    ------
    InputError
        If `x` has fewer than three axes or is not finite, or `ticks` is below 1.
    """
    samples = _samples(x)
    if samples.ndim < 3:
        raise InputError(f"x must have shape (batch, rows, columns), got shape {samples.shape}")
    shape = samples >= as_float("threshold", threshold)
    padded = np.pad(shape, [(0, 0)] * (shape.ndim - 2) + [(1, 1), (1, 1)])
    inner = (
        padded[..., :-2, 1:-1]
        & padded[..., 2:, 1:-1]
        & padded[..., 1:-1, :-2]
        & padded[..., 1:-1, 2:]
    )
    return _repeat((shape & ~inner).astype(np.float32), ticks)


def _samples(
    x: npt.ArrayLike, *, low: float | None = None, high: float | None = None
) -> npt.NDArray[np.float64]:
    samples = as_float_array("x", x, low=low, high=high)
    if samples.ndim < 2:
        raise InputError(f"x must have shape (batch, *features), got shape {samples.shape}")
    return samples


def _repeat(frame: npt.NDArray[Any], ticks: int) -> Sequence:
    return np.repeat(frame[np.newaxis], as_int("ticks", ticks, low=1), axis=0)
