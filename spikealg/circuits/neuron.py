"""The parameters of a neuron: names, defaults, ranges, and the record that holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array, as_int_array
from spikealg.errors import InputError, InputTypeError

__all__ = [
    "INT32_MAX",
    "INT32_MIN",
    "MEMORYLESS",
    "NEURON",
    "NEVER",
    "RESETS",
    "neuron_records",
    "reset_codes",
]

INT32_MAX = 2**31 - 1
INT32_MIN = -(2**31)
MEMORYLESS = 4096
"""A leak that keeps nothing: the potential is this tick's input alone."""
NEVER = INT32_MAX
"""A threshold that is never reached."""
RESETS = ("value", "subtract", "none")
"""What happens to the potential on a spike; the index is the code in arrays."""

NEURON = np.dtype(
    [
        ("threshold", np.int32),
        ("leak", np.int32),
        ("bias", np.int32),
        ("current_leak", np.int32),
        ("reset", np.int8),
        ("reset_value", np.int32),
        ("probability", np.float64),
        ("refractory", np.int32),
        ("refractory_init", np.int32),
        ("floor", np.int32),
        ("v_init", np.int32),
    ]
)
"""One record per neuron; ``reset`` is an index into ``RESETS``."""

_DEFAULT_RECORD = np.zeros((), dtype=NEURON)
_DEFAULT_RECORD["current_leak"] = MEMORYLESS
_DEFAULT_RECORD["probability"] = 1.0
_DEFAULT_RECORD["floor"] = INT32_MIN
_RANGES = {
    "threshold": (INT32_MIN, INT32_MAX),
    "leak": (0, MEMORYLESS),
    "bias": (-INT32_MAX, INT32_MAX),
    "current_leak": (0, MEMORYLESS),
    "reset_value": (INT32_MIN, INT32_MAX),
    "refractory": (0, INT32_MAX),
    "refractory_init": (0, INT32_MAX),
    "floor": (INT32_MIN, 0),
    "v_init": (INT32_MIN, INT32_MAX),
}


def neuron_records(shape: tuple[int, ...], parameters: dict[str, Any]) -> npt.NDArray[np.void]:
    """Return the ``NEURON`` records, flattened, of an array of neurons.

    Parameters
    ----------
    shape : tuple of int
        Every parameter is broadcast to it.
    parameters : dict
        By the names of ``NEURON``; "threshold" is required. ``floor=None`` is no floor.

    Raises
    ------
    InputError, InputTypeError
        If a parameter is unknown, missing, of a wrong shape, type or value; the message names it.
    """
    unknown = [name for name in parameters if name not in NEURON.fields]  # type: ignore[operator]
    if unknown:
        raise InputTypeError(
            f"a neuron has no parameter {unknown[0]!r}; it has {', '.join(NEURON.names or ())}"
        )
    if "threshold" not in parameters:
        raise InputTypeError("a neuron needs a threshold, for example threshold=1")
    records = np.full(shape, _DEFAULT_RECORD)
    for name, value in parameters.items():
        if name == "reset":
            records[name] = reset_codes(value, shape)
        elif name == "probability":
            records[name] = as_float_array(name, value, shape=shape, low=0.0, high=1.0)
        else:
            low, high = _RANGES[name]
            given = INT32_MIN if name == "floor" and value is None else value
            records[name] = as_int_array(name, given, shape=shape, low=low, high=high)
    wrong = (records["reset"] == RESETS.index("subtract")) & (records["threshold"] < 1)
    if wrong.any():
        raise InputError(
            f'reset "subtract" needs threshold of at least 1, got {records["threshold"][wrong][0]}'
        )
    return records.reshape(-1)


def reset_codes(reset: Any, shape: tuple[int, ...]) -> npt.NDArray[np.int8]:
    """Return the index into ``RESETS`` of each word of `reset`, broadcast to `shape`."""
    words = np.asarray(reset)
    codes = np.full(words.shape, -1, dtype=np.int8)
    for code, word in enumerate(RESETS):
        codes[words == word] = code
    if (codes < 0).any():
        raise InputError(
            f'reset must be "value", "subtract" or "none", got {str(words[codes < 0].flat[0])!r}'
        )
    return as_int_array("reset", codes, shape=shape).astype(np.int8)
