"""Gates: memoryless threshold neurons that read signals, as plain index arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from spikealg.arguments import as_int_array
from spikealg.circuits.codings import LINE_CODINGS
from spikealg.circuits.neuron import INT32_MAX
from spikealg.circuits.signal import Signal
from spikealg.errors import InputError, WiringError

__all__ = ["Reading", "all_to_one", "line_by_line", "result_coding"]


@dataclass(frozen=True)
class Reading:
    """Which lines of a signal which gates read: int64 arrays of one shape (m,)."""

    lines: npt.NDArray[np.int64]
    gates: npt.NDArray[np.int64]
    weight: npt.NDArray[np.int64]


def all_to_one(signals: Sequence[Signal], weights: Any, target: str) -> list[Reading]:
    """Return what one gate reads of each signal: all lines, weights one or one per line."""
    readings = []
    for signal, weight in zip(signals, _per_signal(signals, weights, target), strict=True):
        lines = np.arange(signal.lines)
        weight = _weights(weight, signal, shape=lines.shape)
        readings.append(Reading(lines, np.zeros_like(lines), weight))
    return readings


def line_by_line(
    signals: Sequence[Signal], weights: Any, threshold: npt.ArrayLike, target: str
) -> tuple[int, list[Reading]]:
    """Return the number of gates, and what they read of each signal.

    Gate k reads line k of each signal (or the only line), with weights one or one per gate. Where
    the weights of a signal are a matrix (lines, gates), every gate reads the lines of its column.
    """
    given = _per_signal(signals, weights, target)
    sizes = {"threshold": np.size(threshold)}
    for signal, weight in zip(signals, given, strict=True):
        if np.ndim(weight) == 2 or sp.issparse(weight):
            if weight.shape[0] != signal.lines:
                raise WiringError(
                    f"cannot connect {signal} to {target}: its weights have shape {weight.shape}; "
                    f"give one row per line, ({signal.lines}, gates)"
                )
            sizes[f"weights of {signal.name}"] = weight.shape[1]
        else:
            sizes[str(signal)] = signal.lines
            sizes[f"weights of {signal.name}"] = np.size(weight)
    count = max(sizes.values())
    for what, size in sizes.items():
        if size not in (1, count):
            most = max(sizes, key=lambda key: sizes[key])
            raise WiringError(
                f"cannot join {what} with {most} in {target}: there are {count} gates; give each "
                f"1 or {count} lines, with a slice or extend({count})"
            )
    readings = []
    for signal, weight in zip(signals, given, strict=True):
        if np.ndim(weight) == 2 or sp.issparse(weight):
            lines, gates, values = _entries(weight)
            values = _weights(values, signal, shape=values.shape)
        else:
            gates = np.arange(count)
            lines = gates if signal.lines == count else np.zeros_like(gates)
            values = _weights(weight, signal, shape=gates.shape)
        readings.append(Reading(lines, gates, values))
    return count, readings


def result_coding(signals: Sequence[Signal], count: int, target: str) -> tuple[str, int]:
    """Return coding and width of what gates make: binary, or the stream that they read."""
    spread = {
        (signal.coding, signal.width)
        for signal in signals
        if not signal.steady and signal.coding not in LINE_CODINGS
    }
    if not spread:
        return "binary", count
    if len(spread) > 1 or any(s.coding in LINE_CODINGS and not s.steady for s in signals):
        raise WiringError(
            f"cannot join {' and '.join(map(str, signals))} in {target}: their values take "
            "different ticks; use connect(), which joins spikes of any meaning"
        )
    return spread.pop()


def _per_signal(signals: Sequence[Signal], weights: Any, target: str) -> list[Any]:
    if not isinstance(weights, (list, tuple)):
        return [weights] * len(signals)
    if len(weights) != len(signals):
        raise InputError(
            f"a list of weights of {target} has one entry per signal ({len(signals)}), got "
            f"{len(weights)}; the weights of a signal's lines are an array"
        )
    return list(weights)


def _weights(weight: Any, signal: Signal, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    return as_int_array(
        f"weights of {signal.name}", weight, shape=shape, low=-INT32_MAX, high=INT32_MAX
    )


def _entries(matrix: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Return row, column and value of the stored (sparse) or non-zero (dense) entries."""
    if sp.issparse(matrix):
        stored = sp.coo_array(matrix)
        return stored.row.astype(np.int64), stored.col.astype(np.int64), stored.data
    dense = np.asarray(matrix)
    rows, columns = np.nonzero(dense)
    return rows, columns, dense[rows, columns]
