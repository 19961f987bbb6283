"""How values become spikes and spikes become values: pure functions, one pair for all codings.

=========  =======  =======  ======================================================
coding     lines    ticks    value
=========  =======  =======  ======================================================
binary     width    1        unsigned; line k is bit k
signed     width    1        two's complement; line k is bit k, the top line counts −2^(width−1)
stream     1        width    unsigned; tick k is bit k (least significant first)
unary      1        width    number of spikes, 0 to width
temporal   1        width    tick of the first spike, 0 to width − 1, or −1 for none
current    width    1        one integer per line, as given (summed over ticks)
=========  =======  =======  ======================================================

A raster is an integer array (ticks, lanes, lines).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_int, as_int_array, as_whole_array
from spikealg.circuits.neuron import INT32_MAX
from spikealg.errors import InputError

__all__ = [
    "CODINGS",
    "LINE_CODINGS",
    "NUMBER_CODINGS",
    "coding_limits",
    "coding_lines",
    "coding_ticks",
    "decode",
    "encode",
    "twos_complement",
]

CODINGS = ("binary", "signed", "stream", "unary", "temporal", "current")
LINE_CODINGS = ("binary", "signed", "current")
"""The codings whose value lies on many lines in one tick, not on one over many ticks."""
NUMBER_CODINGS = ("binary", "signed")
"""The codings whose lines are the bits of one number."""
_INT64_BITS = 63


def coding_lines(coding: str, width: int) -> int:
    """Return how many lines a value of this coding and width takes."""
    return width if coding in LINE_CODINGS else 1


def coding_ticks(coding: str, width: int) -> int:
    """Return how many ticks a value of this coding and width takes."""
    return 1 if coding in LINE_CODINGS else width


def coding_limits(coding: str, width: int) -> tuple[int, int]:
    """Return the smallest and the largest value of this coding and width, of "current" excepted."""
    if coding == "unary":
        return 0, width
    if coding == "temporal":
        return -1, width - 1
    if coding == "signed":
        return -(1 << (width - 1)), (1 << (width - 1)) - 1
    return 0, (1 << width) - 1


def encode(
    values: npt.ArrayLike, coding: str, width: int, *, name: str = "value"
) -> npt.NDArray[np.int32]:
    """Return the raster (ticks, lanes, lines) that presents `values`.

    Parameters
    ----------
    values : int or array (lanes,)
        For "current" an array (lanes, width) or (width,).
    coding : str
        One of ``CODINGS``.
    width : int
        As the table above says.
    name : str, optional
        What the values are called in an error, usually the port.

    Raises
    ------
    InputError, InputTypeError
        If a value does not fit; the message names port, value, width and limit.
    """
    width = _checked_width(coding, width)
    if coding == "current":
        return _encode_current(values, width, name)
    low, high = coding_limits(coding, width)
    numbers = as_whole_array(name, values)
    if numbers.ndim > 1:
        raise InputError(
            f"{name} must be one value or have shape (lanes,), got shape {numbers.shape}"
        )
    numbers = np.atleast_1d(numbers)
    bad = (numbers < low) | (numbers > high)
    if bad.any():
        raise InputError(
            f"{name} must be from {low} to {high} ({coding}, width {width}), got {numbers[bad][0]}"
        )
    ticks = np.arange(width)[:, None]
    if coding == "unary":
        spikes = ticks < numbers
    elif coding == "temporal":
        spikes = ticks == numbers
    else:
        spikes = np.array([(numbers >> bit) & 1 for bit in range(width)])
    raster = np.asarray(spikes, dtype=np.int32)
    return np.ascontiguousarray(raster.T[None] if coding in LINE_CODINGS else raster[:, :, None])


def decode(raster: npt.ArrayLike, coding: str, width: int) -> npt.NDArray[Any]:
    """Return the values (lanes,) that a raster (ticks, lanes, lines) presents.

    For "current" the result is (lanes, width), the raster summed over any number of ticks. The
    dtype is int64; values of more than 63 bits are Python integers (dtype object).

    Raises
    ------
    InputError
        If the raster has not the ticks and lines of the coding.
    """
    width = _checked_width(coding, width)
    spikes = as_int_array("raster", raster)
    ticks, lines = coding_ticks(coding, width), coding_lines(coding, width)
    shaped = spikes.ndim == 3 and spikes.shape[2] == lines
    if not shaped or (coding != "current" and spikes.shape[0] != ticks):
        wanted = "ticks" if coding == "current" else str(ticks)
        raise InputError(
            f"raster must have shape ({wanted}, lanes, {lines}) for {coding}, width {width}, "
            f"got {spikes.shape}"
        )
    values: npt.NDArray[Any]
    if coding == "current":
        values = spikes.sum(axis=0)
    elif coding == "unary":
        values = np.count_nonzero(spikes[:, :, 0], axis=0)
    elif coding == "temporal":
        fired = spikes[:, :, 0] > 0
        values = np.where(fired.any(axis=0), fired.argmax(axis=0), -1)
    else:
        bits = (spikes[:, :, 0].T if coding == "stream" else spikes[0]) > 0
        dtype = np.int64 if width <= _INT64_BITS else object
        values = bits.astype(dtype) @ np.array([1 << bit for bit in range(width)], dtype=dtype)
        if coding == "signed":
            values = twos_complement(values, width)
    return values


def twos_complement(numbers: npt.NDArray[Any], width: int) -> npt.NDArray[Any]:
    """Return the signed values of `width` lines whose unsigned values are `numbers`."""
    top = 1 << (width - 1)
    return (numbers & (top - 1)) - (numbers & top)


def _checked_width(coding: str, width: int) -> int:
    as_choice("coding", coding, CODINGS)
    return as_int("width", width, low=1)


def _encode_current(values: npt.ArrayLike, width: int, name: str) -> npt.NDArray[np.int32]:
    amounts = as_int_array(name, values, low=-INT32_MAX, high=INT32_MAX)
    if amounts.ndim < 2:
        # One line takes one value per lane; several lines take one lane.
        amounts = amounts.reshape(-1, 1) if width == 1 else amounts.reshape(1, -1)
    if amounts.ndim != 2 or amounts.shape[1] != width:
        raise InputError(
            f"{name} must have shape (lanes, {width}) or ({width},) (current, width {width}), "
            f"got shape {np.shape(values)}"
        )
    return amounts.astype(np.int32)[None]
