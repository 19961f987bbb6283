"""Input values of a run, turned into potentials to add: which neuron, when, in which lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int_array
from spikealg.circuits import codings
from spikealg.engine.packed import LANES_PER_PAIR, grid_words, pack_values
from spikealg.errors import InputError, InputTypeError
from spikealg.network import Network, Port

__all__ = ["Injection", "PackedInjection", "lanes_of", "make_injection"]

INT32_MAX = 2**31 - 1
MOST_PLANES = 63
MANY_LANES = 4096
"""Lanes from which values are packed at once."""
Columns = tuple[
    npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]
]


@dataclass(frozen=True, eq=False)
class _Bits:
    """Unsigned values of which each bit goes to a neuron of its own, or at a tick of its own.

    Attributes
    ----------
    values : int64 array (lanes,), or (1,) where all lanes have the same
    planes : uint64 array (bits, words of the grid), or None
        None: not packed yet.
    tick, neuron : int64 arrays (bits,)
        A neuron may be −1: its bit goes nowhere.
    """

    values: npt.NDArray[np.int64]
    planes: npt.NDArray[np.uint64] | None
    tick: npt.NDArray[np.int64]
    neuron: npt.NDArray[np.int64]

    def one_by_one(self, lanes: int) -> Columns:
        """Return lane, tick, neuron and value of everything that is not 0."""
        bits = (self.values >> np.arange(len(self.neuron))[:, np.newaxis]) & 1
        bits = np.broadcast_to(bits * (self.neuron >= 0)[:, np.newaxis], (len(bits), lanes))
        bit, lane = np.nonzero(bits)
        return lane, self.tick[bit], self.neuron[bit], np.ones(len(lane), dtype=np.int64)

    def packed(self, grid: _Grid) -> PackedInjection:
        """Return a plane for each bit that some value has."""
        planes = self.planes
        if planes is None:
            whole = np.broadcast_to(self.values, grid.lanes)
            planes, _ = pack_values(whole, len(self.tick), grid.offset)
        some = planes.any(axis=1) & (self.neuron >= 0)
        tick, neuron = self.tick[some], self.neuron[some]
        return PackedInjection(tick, neuron, np.ones_like(tick), planes[some])


@dataclass(frozen=True, eq=False)
class _Raster:
    """Integers as they stand.

    Attributes
    ----------
    values : int array (ticks, lanes or 1, lines)
    start_tick : int
    neuron : int64 array (lines,)
    """

    values: npt.NDArray[Any]
    start_tick: int
    neuron: npt.NDArray[np.int64]

    def one_by_one(self, lanes: int) -> Columns:
        """Return lane, tick, neuron and value of everything that is not 0."""
        ticks, _, lines = self.values.shape
        raw = np.broadcast_to(self.values, (ticks, lanes, lines))
        tick, lane, line = np.nonzero(raw)
        value = raw[tick, lane, line].astype(np.int64)
        return lane, tick + self.start_tick, self.neuron[line], value

    def packed(self, grid: _Grid) -> PackedInjection:
        """Return a plane for each bit and sign of each tick and line."""
        parts = [PackedInjection.empty(grid)]
        for tick in np.flatnonzero(self.values.any(axis=(1, 2))):
            # Lanes next to each other, so that a line is read at once.
            lines = np.ascontiguousarray(self.values[tick].T)
            for line in np.flatnonzero(lines.any(axis=1)):
                weight, planes = _planes(lines[line], grid)
                every = np.ones(len(weight), dtype=np.int64)
                at, neuron = (tick + self.start_tick) * every, self.neuron[line] * every
                parts.append(PackedInjection(at, neuron, weight, planes))
        return PackedInjection.concatenate(parts)


def _planes(
    values: npt.NDArray[Any], grid: _Grid
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """Return weights ±2^b, each with the plane of the lanes whose value has bit b and this sign.

    Parameters
    ----------
    values : int array (lanes,), or (1,) where all lanes have the same
    """
    low, high = int(values.min()), int(values.max())
    if len(values) == 1 or (low >= 0 and high <= 1):
        bits = np.zeros((1, 64 * grid.words), dtype=np.uint8)
        bits[0, grid.offset : grid.offset + grid.lanes] = values != 0
        plane = np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
        amount = low if len(values) == 1 else 1
        one = np.array([bit for bit in range(abs(amount).bit_length()) if abs(amount) >> bit & 1])
        return (1 << one) * (1 if amount > 0 else -1), np.repeat(plane, len(one), axis=0)
    wide = values.astype(np.int64)
    weights, planes = [], []
    for sign, largest in ((1, high), (-1, -low)):
        if largest > 0:
            some, _ = pack_values(np.maximum(sign * wide, 0), largest.bit_length(), grid.offset)
            kept = np.flatnonzero(some.any(axis=1))
            weights.append(sign * (1 << kept))
            planes.append(some[kept])
    return np.concatenate(weights), np.concatenate(planes)


class _Grid(NamedTuple):
    """Where lanes lie in words: see ``packed``."""

    lanes: int
    offset: int

    @property
    def words(self) -> int:
        return grid_words(self.offset, self.lanes)


@dataclass(frozen=True, eq=False)
class PackedInjection:
    """Weighted planes to add to potentials: in the lanes set in a plane, its weight.

    Attributes
    ----------
    tick, neuron, weight : int64 arrays (entries,)
        Weights are powers of two and their negatives.
    planes : uint64 array (entries, words of the grid)
    """

    tick: npt.NDArray[np.int64]
    neuron: npt.NDArray[np.int64]
    weight: npt.NDArray[np.int64]
    planes: npt.NDArray[np.uint64]

    @classmethod
    def empty(cls, grid: _Grid) -> PackedInjection:
        """Return nothing to add."""
        none = np.empty(0, dtype=np.int64)
        return cls(none, none, none, np.empty((0, grid.words), dtype=np.uint64))

    @classmethod
    def concatenate(cls, parts: Sequence[PackedInjection]) -> PackedInjection:
        """Join entries of one grid."""
        return cls(
            np.concatenate([part.tick for part in parts]),
            np.concatenate([part.neuron for part in parts]),
            np.concatenate([part.weight for part in parts]),
            np.concatenate([part.planes for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class Injection:
    """Values to add to potentials in step 3, one by one or 64 lanes to a word.

    One by one they are sorted by lane, then tick; one neuron may occur several times in a tick,
    its values add up. Ticks are absolute.
    """

    parts: tuple[_Bits | _Raster, ...]
    grid: _Grid

    def of_first_lane(self) -> Injection:
        """Return what goes into lane 0."""
        parts: list[_Bits | _Raster] = []
        for part in self.parts:
            if isinstance(part, _Bits):
                parts.append(replace(part, values=part.values[:1], planes=None))
            else:
                parts.append(replace(part, values=part.values[:, :1]))
        return Injection(tuple(parts), self.grid._replace(lanes=1))

    def emptied(self) -> Injection:
        """Return the injection of nothing into the same lanes."""
        return Injection((), self.grid)

    @cached_property
    def _columns(self) -> Columns:
        columns = [part.one_by_one(self.grid.lanes) for part in self.parts]
        lane, tick, neuron, value = (
            np.concatenate(column) if column else np.empty(0, dtype=np.int64)
            for column in (zip(*columns, strict=True) if columns else ((),) * 4)
        )
        order = np.lexsort((tick, lane))
        return lane[order], tick[order], neuron[order], value[order]

    @cached_property
    def pointer(self) -> npt.NDArray[np.int64]:
        """The values of lane ℓ are ``pointer[ℓ]:pointer[ℓ + 1]``, int64 array (lanes + 1,)."""
        pointer = np.zeros(self.grid.lanes + 1, dtype=np.int64)
        np.cumsum(np.bincount(self._columns[0], minlength=self.grid.lanes), out=pointer[1:])
        return pointer

    @property
    def tick(self) -> npt.NDArray[np.int64]:
        """Tick of each value, int64 array."""
        return self._columns[1]

    @property
    def neuron(self) -> npt.NDArray[np.int64]:
        """Neuron of each value, int64 array."""
        return self._columns[2]

    @property
    def value(self) -> npt.NDArray[np.int64]:
        """The values, int64 array."""
        return self._columns[3]

    @cached_property
    def packed(self) -> PackedInjection:
        """The same as planes, sorted by tick, then neuron."""
        parts = [PackedInjection.empty(self.grid), *(p.packed(self.grid) for p in self.parts)]
        found = PackedInjection.concatenate(parts) if len(parts) > 2 else parts[-1]
        order = np.lexsort((found.neuron, found.tick))
        if (order == np.arange(len(order))).all():
            return found
        return PackedInjection(
            found.tick[order], found.neuron[order], found.weight[order], found.planes[order]
        )


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
        port = network.inputs[name]
        try:
            shape = np.shape(values)
        except ValueError:
            raise InputTypeError(
                f"inputs[{name!r}] must be a number or an array, got rows of different lengths"
            ) from None
        if len(shape) == 3:
            if shape[1] > 1:
                found[name] = shape[1]
        elif len(shape) == 2 or (len(shape) == 1 and (port.coding != "current" or port.width == 1)):
            found[name] = shape[0]
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{name!r} has {lanes}" for name, lanes in found.items())
        raise InputError(f"all inputs must have one number of lanes, but {listed}")
    return next(iter(found.values()), None)


def _raw(name: str, port: Port, values: Any, lanes: int, ticks: int) -> npt.NDArray[Any]:
    """Return what goes into each line, int array (ticks of the value, lanes or 1, lines)."""
    array = np.asarray(values)
    if array.ndim == 3:
        # Bytes fit as they are, and stay small.
        narrow = array.dtype in (np.int8, np.uint8)
        raw = (
            array
            if narrow
            else as_int_array(f"inputs[{name!r}]", array, low=-INT32_MAX, high=INT32_MAX)
        )
        if raw.shape[1] not in (1, lanes) or raw.shape[2] != port.lines:
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
        if raw.shape[2] != port.lines:
            raise InputError(f"inputs[{name!r}] must have {port.lines} lines, got {raw.shape[2]}")
    if len(raw) > ticks and raw[ticks:].any():
        raise InputError(
            f"inputs[{name!r}] lasts {len(raw)} ticks, but the run has {ticks}: raise ticks"
        )
    return raw


def _part(
    name: str, port: Port, values: Any, grid: _Grid, ticks: int, start_tick: int
) -> _Bits | _Raster:
    """Return what goes into a port."""
    array = values if isinstance(values, np.ndarray) else np.asarray(values)
    narrow = port.coding in ("binary", "stream") and 1 <= port.width <= MOST_PLANES
    span = codings.coding_ticks(port.coding, port.width)
    if narrow and array.ndim <= 1 and array.dtype.kind in "iu" and span <= ticks:
        numbers = np.atleast_1d(array).astype(np.int64, copy=False)
        if len(numbers) in (1, grid.lanes):
            planes = None
            if len(numbers) < MANY_LANES:
                fit = bool(numbers.min() >= 0 and int(numbers.max()) < 2**port.width)
            else:
                # Packing looks at every value once: no need to look before.
                planes, fit = pack_values(numbers, port.width, grid.offset)
            if fit:
                later = np.arange(port.width) * (port.coding == "stream")
                neuron = np.broadcast_to(port.neurons, port.width)
                return _Bits(numbers, planes, start_tick + later, neuron)
    raw = _raw(name, port, array, grid.lanes, ticks)
    kept = port.neurons >= 0
    return _Raster(raw if kept.all() else raw[:, :, kept], start_tick, port.neurons[kept])


def make_injection(
    network: Network,
    inputs: Mapping[str, Any],
    *,
    lanes: int,
    ticks: int,
    start_tick: int,
    first_lane: int,
) -> Injection:
    """Encode the values of `inputs`; their first tick is `start_tick`.

    Parameters
    ----------
    inputs : dict of port name to values
        A scalar or an array (lanes,) is a value in the port's coding; an array (ticks, lanes or
        1, lines) of integers is added to the potentials as it stands; for "current", an array
        (lanes, lines) is added in the first tick.
    """
    grid = _Grid(lanes, first_lane % LANES_PER_PAIR)
    return Injection(
        tuple(
            _part(name, network.inputs[name], values, grid, ticks, start_tick)
            for name, values in inputs.items()
        ),
        grid,
    )
