"""Checks of arguments: each error names the argument, what came, and what would be right."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError, InputTypeError

__all__ = [
    "as_array",
    "as_bool",
    "as_choice",
    "as_float",
    "as_float_array",
    "as_int",
    "as_int_array",
    "as_int_row",
    "as_whole_array",
]

_INT64 = np.iinfo(np.int64)


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    if high is not None:
        return f" of at most {high}"
    return ""


def as_int(name: str, value: Any, *, low: int | None = None, high: int | None = None) -> int:
    """Return `value` as an int, or raise an error that names the argument `name`.

    Integral floats are refused as well: a caller who passes 2.0 usually computed something else.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise InputTypeError(f"{name} must be a whole number{_range(low, high)}, got {value!r}")
    number = int(value)
    if (low is not None and number < low) or (high is not None and number > high):
        raise InputError(f"{name} must be a whole number{_range(low, high)}, got {number}")
    return number


def as_bool(name: str, value: Any) -> bool:
    """Return `value` as a bool, or raise an error that names the argument `name`.

    Numbers are refused as well: where one stands for True, it was most often meant for another
    argument.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise InputTypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def as_float(
    name: str,
    value: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """Return `value` as a finite float in [`low`, `high`], > `above` and < `below`."""
    wanted = "a finite number" + _range(low, high)
    wanted += "" if above is None else f" above {above}"
    if below is not None:
        wanted += f"{'' if low is None and above is None else ' and'} below {below}"
    array = isinstance(value, np.ndarray) and value.ndim > 0
    if array or isinstance(value, (bool, np.bool_, str, bytes)):
        raise InputTypeError(f"{name} must be {wanted}, got {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputTypeError(f"{name} must be {wanted}, got {value!r}") from None
    except OverflowError:
        raise InputError(f"{name} must be {wanted}, got one beyond the largest float") from None
    if (
        not np.isfinite(number)
        or (low is not None and number < low)
        or (high is not None and number > high)
        or (above is not None and number <= above)
        or (below is not None and number >= below)
    ):
        raise InputError(f"{name} must be {wanted}, got {number}")
    return number


def as_choice(name: str, value: Any, choices: Collection[str]) -> str:
    """Return `value` if it is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise InputError(f"{name} must be one of {listed}, got {value!r}")
    return value


def _first(bad: npt.NDArray[np.bool_]) -> str:
    """Return the index of the first bad element as it is written in Python, "[3, 1]"."""
    return f"[{', '.join(map(str, np.argwhere(bad)[0]))}]" if bad.ndim else ""


def as_array(name: str, value: Any) -> npt.NDArray[Any]:
    """Return `value` as an array; whole numbers that fit no integer dtype stay Python's (object).

    NumPy alone makes floats of [0, 2**63] and loses their digits.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise InputTypeError(
            f"{name} must be a number or an array, got rows of different lengths"
        ) from None
    if array.dtype.kind == "f" and not isinstance(value, (np.ndarray, np.generic)):
        exact = np.asarray(value, dtype=object)
        if exact.size and _all_whole(exact):
            return exact
    return array


def _all_whole(array: npt.NDArray[Any]) -> bool:
    return all(isinstance(number, (int, np.integer)) for number in array.flat)


def as_whole_array(name: str, value: Any) -> npt.NDArray[Any]:
    """Return `value` as an int64 array, or of Python integers (object) where one does not fit.

    Booleans count as 0 and 1. Floats are refused, whether they hold whole numbers or not.
    """
    return _whole_array(name, value, "")


def _whole_array(name: str, value: Any, span: str) -> npt.NDArray[Any]:
    array = as_array(name, value)
    if array.size == 0 or array.dtype == bool:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu" and not (array.dtype == object and _all_whole(array)):
        raise InputTypeError(f"{name} must hold whole numbers{span}, got dtype {array.dtype}")
    if array.dtype == object or (array.dtype == np.uint64 and int(array.max()) > _INT64.max):
        exact = np.array([int(number) for number in array.flat], dtype=object)
        if not all(_INT64.min <= number <= _INT64.max for number in exact):
            return exact.reshape(array.shape)
    return array.astype(np.int64)


def as_int_array(
    name: str,
    value: Any,
    *,
    shape: tuple[int, ...] | None = None,
    low: int | None = None,
    high: int | None = None,
) -> npt.NDArray[np.int64]:
    """Return `value` as an int64 array, broadcast to `shape` where one is given.

    Booleans count as 0 and 1. Floats are refused, whether they hold whole numbers or not.
    """
    array = _whole_array(name, value, _range(low, high))
    if array.dtype == object:
        raise InputError(f"{name} must fit int64, got {max(array.flat, key=abs)}")
    bad = np.zeros(array.shape, dtype=bool)
    if low is not None:
        bad |= array < low
    if high is not None:
        bad |= array > high
    if bad.any():
        raise InputError(
            f"{name}{_first(bad)} must be a whole number{_range(low, high)}, got {array[bad][0]}"
        )
    return _shaped(name, array, shape)


def as_int_row(
    name: str, value: Any, *, low: int | None = None, high: int | None = None
) -> npt.NDArray[np.int64]:
    """Return a sequence of whole numbers as an int64 array of one dimension."""
    array = as_int_array(name, value, low=low, high=high)
    if array.ndim != 1:
        raise InputError(
            f"{name} must be a sequence of whole numbers, got an array of shape {array.shape}"
        )
    return array


def as_float_array(
    name: str,
    value: Any,
    *,
    shape: tuple[int, ...] | None = None,
    low: float | None = None,
    high: float | None = None,
    places: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """Return `value` as a finite float64 array, broadcast to `shape` where one is given.

    `places` are those of its rows, (M,) or (M, axes), for errors.
    """
    try:
        given = np.asarray(value)
        if given.dtype.kind in "SUc":
            raise TypeError
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputTypeError(f"{name} must hold real numbers, got {value!r}") from None
    bad = ~np.isfinite(array)
    if low is not None:
        bad |= array < low
    if high is not None:
        bad |= array > high
    if bad.any():
        raise InputError(
            f"{name}{_first(bad)}{_at(bad, places)} must be a finite number{_range(low, high)}, "
            f"got {array[bad][0]}"
        )
    return _shaped(name, array, shape)


def _at(bad: npt.NDArray[np.bool_], places: npt.NDArray[np.float64] | None) -> str:
    """Return where the first bad element is, " at x = 0.5, 1", if its row has a place."""
    if places is None or not bad.ndim or len(bad) != len(places):
        return ""
    return f" at x = {', '.join(f'{c:.6g}' for c in np.atleast_1d(places[np.argwhere(bad)[0][0]]))}"


def _shaped(name: str, array: npt.NDArray[Any], shape: tuple[int, ...] | None) -> npt.NDArray[Any]:
    if shape is None:
        return array
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise InputError(
            f"{name} must be one value or have shape {shape}, got shape {array.shape}"
        ) from None
