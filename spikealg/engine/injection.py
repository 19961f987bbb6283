"""Input values of a run, turned into potentials to add: which neuron, when, in which lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int_array
from spikealg.circuits import codings
from spikealg.errors import InputError
from spikealg.network import Network, Port

__all__ = ["Injection", "lanes_of", "make_injection"]

INT32_MAX = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Injection:
    """Values to add to potentials in step 3, sorted by lane, then tick.

    Attributes
    ----------
    pointer : int64 array (lanes + 1,)
        The values of lane ℓ are ``pointer[ℓ]:pointer[ℓ + 1]``.
    tick, neuron, value : int64 arrays
        Ticks are absolute. One neuron may occur several times in a tick: its values add up.
    """

    pointer: npt.NDArray[np.int64]
    tick: npt.NDArray[np.int64]
    neuron: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]


def lanes_of(network: Network, inputs: Mapping[str, Any]) -> int | None:
    """Return the number of lanes that `inputs` speak of, None if they fit any.

    Raises
    ------
    InputError
        If a port is unknown, or two ports give different numbers of lanes.
    """
    found: dict[str, int] = {}
    for name, values in inputs.items():
        if name not in network.inputs:
            known = ", ".join(network.inputs) or "none"
            raise InputError(f"inputs has no port {name!r} to go to; the input ports are: {known}")
        shape, port = np.shape(values), network.inputs[name]
        if len(shape) == 3:
            found[name] = shape[1]
        elif len(shape) == 2 or (len(shape) == 1 and (port.coding != "current" or port.width == 1)):
            found[name] = shape[0]
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{name!r} has {lanes}" for name, lanes in found.items())
        raise InputError(f"all inputs must have one number of lanes, but {listed}")
    return next(iter(found.values()), None)


def _raw(name: str, port: Port, values: Any, lanes: int, ticks: int) -> npt.NDArray[np.int64]:
    """Return what goes into each line, int64 array (ticks of the value, lanes, lines)."""
    array = np.asarray(values)
    if array.ndim == 3:
        raw = as_int_array(f"inputs[{name!r}]", array, low=-INT32_MAX, high=INT32_MAX)
        if raw.shape[1:] != (lanes, port.lines):
            raise InputError(
                f"inputs[{name!r}] must have shape (ticks, {lanes}, {port.lines}), got {raw.shape}"
            )
    else:
        coded = codings.encode(array, port.coding, port.width, name=f"inputs[{name!r}]")
        raw = coded.astype(np.int64)
        if raw.shape[1] not in (1, lanes):
            raise InputError(
                f"inputs[{name!r}] must be one value or one for each of {lanes} lanes, "
                f"got {raw.shape[1]}"
            )
        raw = np.broadcast_to(raw, (raw.shape[0], lanes, raw.shape[2]))
        if raw.shape[2] != port.lines:
            raise InputError(f"inputs[{name!r}] must have {port.lines} lines, got {raw.shape[2]}")
    if len(raw) > ticks and raw[ticks:].any():
        raise InputError(
            f"inputs[{name!r}] lasts {len(raw)} ticks, but the run has {ticks}: raise ticks"
        )
    return raw


def make_injection(
    network: Network, inputs: Mapping[str, Any], *, lanes: int, ticks: int, start_tick: int
) -> Injection:
    """Encode the values of `inputs`; their first tick is `start_tick`.

    Parameters
    ----------
    inputs : dict of port name to values
        A scalar or an array (lanes,) is a value in the port's coding; an array (ticks, lanes,
        lines) of integers is added to the potentials as it stands; for "current", an array
        (lanes, lines) is added in the first tick.
    """
    columns: list[list[npt.NDArray[np.int64]]] = [[], [], [], []]
    for name, values in inputs.items():
        port = network.inputs[name]
        raw = _raw(name, port, values, lanes, ticks)
        tick, lane, line = np.nonzero(raw)
        kept = port.neurons[line] >= 0
        tick, lane, line = tick[kept], lane[kept], line[kept]
        for column, part in zip(
            columns,
            (lane, tick + start_tick, port.neurons[line], raw[tick, lane, line]),
            strict=True,
        ):
            column.append(part.astype(np.int64))
    lane, tick, neuron, value = (
        np.concatenate(column) if column else np.empty(0, dtype=np.int64) for column in columns
    )
    order = np.lexsort((tick, lane))
    pointer = np.zeros(lanes + 1, dtype=np.int64)
    np.cumsum(np.bincount(lane, minlength=lanes), out=pointer[1:])
    return Injection(pointer, tick[order], neuron[order], value[order])
