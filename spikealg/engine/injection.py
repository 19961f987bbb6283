"""Input values of a run, turned into potentials to add: which neuron, when, in which lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_array, as_int_array
from spikealg.circuits import codings
from spikealg.engine import currents
from spikealg.engine.arrays import read_only
from spikealg.engine.packed import (
    LANES_PER_PAIR,
    MOST_BITS,
    full_plane,
    grid_words,
    pack_values,
)
from spikealg.errors import InputError, InputTypeError
from spikealg.network import Network, Port

__all__ = ["Injection", "PackedInjection", "as_arrays", "lanes_of", "make_injection"]

INT32_MAX = 2**31 - 1
MANY_LANES = 4096
"""Lanes from which values are packed at once."""
Integers = npt.NDArray[np.int64]
Columns = tuple[Integers, Integers, Integers, Integers]


class _Grid(NamedTuple):
    """Where lanes lie in words: see ``packed``."""

    lanes: int
    offset: int

    @property
    def words(self) -> int:
        return grid_words(self.offset, self.lanes)


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

    values: Integers
    planes: npt.NDArray[np.uint64] | None
    tick: Integers
    neuron: Integers

    def of_first_lane(self) -> _Bits:
        """Return what goes into lane 0."""
        return replace(self, values=self.values[:1], planes=None)

    def one_by_one(self, lanes: int) -> Columns:
        """Return lane, tick, neuron and value of everything that is not 0."""
        bits = (self.values >> np.arange(len(self.neuron))[:, np.newaxis]) & 1
        bits = np.broadcast_to(bits * (self.neuron >= 0)[:, np.newaxis], (len(bits), lanes))
        bit, lane = np.nonzero(bits)
        return lane, self.tick[bit], self.neuron[bit], np.ones(len(lane), dtype=np.int64)

    def packed(self, grid: _Grid) -> PackedInjection:
        """Return a plane for each bit that some value has."""
        width = len(self.tick)
        if len(self.values) == 1:
            some = (self.values >> np.arange(width)) & 1 > 0
            some &= self.neuron >= 0
            full = full_plane(grid.offset, grid.lanes)
            kept = np.repeat(full[np.newaxis], np.count_nonzero(some), axis=0)
        else:
            planes = self.planes
            if planes is None:
                planes, _ = pack_values(self.values, width, grid.offset)
            some = planes.any(axis=1) & (self.neuron >= 0)
            kept = planes if some.all() else planes[some]
        tick, neuron = self.tick[some], self.neuron[some]
        return PackedInjection(tick, neuron, np.ones_like(tick), kept)


@dataclass(frozen=True, eq=False)
class _Raster:
    """Integers as they stand.

    Attributes
    ----------
    values : int64, int8 or uint8 array (ticks, lanes or 1, lines), read only
    start_tick : int
    neuron : int64 array (lines,)
        A neuron may be −1: its line goes nowhere.
    """

    values: npt.NDArray[Any]
    start_tick: int
    neuron: Integers

    @cached_property
    def sizes(self) -> Integers:
        """The bits that occur in any lane; see ``currents``."""
        ticks, _, lines = self.values.shape
        sizes = np.zeros((ticks, 2, lines), dtype=np.int64)
        currents.find_sizes(self.values, sizes)
        return sizes

    def of_first_lane(self) -> _Raster:
        """Return what goes into lane 0."""
        return replace(self, values=read_only(self.values[:, :1]))

    def one_by_one(self, lanes: int) -> Columns:
        """Return lane, tick, neuron and value of everything that is not 0."""
        ticks, _, lines = self.values.shape
        raw = np.broadcast_to(self.values, (ticks, lanes, lines))
        tick, lane, line = np.nonzero(raw)
        kept = self.neuron[line] >= 0
        if not kept.all():
            tick, lane, line = tick[kept], lane[kept], line[kept]
        value = raw[tick, lane, line].astype(np.int64)
        return lane, tick + self.start_tick, self.neuron[line], value

    def packed(self, grid: _Grid) -> PackedInjection:
        """Return a plane for each bit and sign of each tick and line, sorted by tick and neuron."""
        order = np.argsort(self.neuron, kind="stable")
        order = order[self.neuron[order] >= 0]
        rows = np.full(self.sizes.shape, -1, dtype=np.int64)
        none = np.empty(0, dtype=np.int64)
        count = currents.list_planes(self.sizes, order, rows, none, none, none)
        tick, line, weight = np.empty((3, count), dtype=np.int64)
        currents.list_planes(self.sizes, order, rows, tick, line, weight)
        if self.values.shape[1] == 1 < grid.lanes:
            full = full_plane(grid.offset, grid.lanes)
            planes = np.repeat(full[np.newaxis], count, axis=0)
        else:
            planes = np.zeros((count, grid.words), dtype=np.uint64)
            currents.write_bits(self.values, self.sizes, rows, grid.offset, planes)
        return PackedInjection(tick + self.start_tick, self.neuron[line], weight, planes)


@dataclass(frozen=True, eq=False)
class PackedInjection:
    """Weighted planes to add to potentials: in the lanes set in a plane, its weight.

    Attributes
    ----------
    tick, neuron, weight : int64 arrays (entries,)
        Weights are powers of two and their negatives.
    planes : uint64 array (entries, words of the grid)
    """

    tick: Integers
    neuron: Integers
    weight: Integers
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
        alone = tuple(part.of_first_lane() for part in self.parts)
        return Injection(alone, self.grid._replace(lanes=1))

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
    def pointer(self) -> Integers:
        """The values of lane ℓ are ``pointer[ℓ]:pointer[ℓ + 1]``, int64 array (lanes + 1,)."""
        pointer = np.zeros(self.grid.lanes + 1, dtype=np.int64)
        np.cumsum(np.bincount(self._columns[0], minlength=self.grid.lanes), out=pointer[1:])
        return pointer

    @property
    def tick(self) -> Integers:
        """Tick of each value, int64 array."""
        return self._columns[1]

    @property
    def neuron(self) -> Integers:
        """Neuron of each value, int64 array."""
        return self._columns[2]

    @property
    def value(self) -> Integers:
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


def as_arrays(network: Network, inputs: Any) -> dict[str, npt.NDArray[Any]]:
    """Return the values of `inputs` as arrays.

    Raises
    ------
    InputError, InputTypeError
        If there is no such port, or its values are no array.
    """
    if not isinstance(inputs, Mapping):
        raise InputTypeError(
            f"inputs must be a dict of port name to values, got {type(inputs).__name__}"
        )
    arrays = {}
    for name, values in inputs.items():
        if name not in network.inputs:
            known = ", ".join(network.inputs) or "none"
            raise InputError(f"inputs has no port {name!r} to go to; the input ports are: {known}")
        arrays[name] = as_array(f"inputs[{name!r}]", values)
    return arrays


def lanes_of(network: Network, inputs: Mapping[str, npt.NDArray[Any]]) -> int | None:
    """Return the number of lanes that `inputs` speak of, None if they fit any.

    Raises
    ------
    InputError
        If two ports give different numbers of lanes.
    """
    found: dict[str, int] = {}
    for name, values in inputs.items():
        shape, port = values.shape, network.inputs[name]
        if len(shape) == 3:
            if shape[1] > 1:
                found[name] = shape[1]
        elif len(shape) == 2 or (len(shape) == 1 and (port.coding != "current" or port.width == 1)):
            found[name] = shape[0]
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{name!r} has {lanes}" for name, lanes in found.items())
        raise InputError(f"all inputs must have one number of lanes, but {listed}")
    return next(iter(found.values()), None)


def _raw(name: str, port: Port, array: npt.NDArray[Any], lanes: int) -> npt.NDArray[Any]:
    """Return what goes into each line, int array (ticks of the value, lanes or 1, lines)."""
    argument = f"inputs[{name!r}]"
    raw: npt.NDArray[Any]
    if array.ndim == 3:
        if array.dtype == bool:
            raw = array.view(np.uint8)
        elif array.dtype in (np.int8, np.uint8):
            raw = array
        elif array.dtype.kind in "iu" and array.dtype != np.uint64:
            raw = array.astype(np.int64, copy=False)
        else:
            raw = as_int_array(argument, array)
        if raw.shape[1] not in (1, lanes) or raw.shape[2] != port.lines:
            raise InputError(
                f"{argument} must have shape (ticks, {lanes}, {port.lines}), got {raw.shape}"
            )
        return raw
    coded = codings.encode(array, port.coding, port.width, name=argument)
    if coded.shape[1] not in (1, lanes):
        raise InputError(
            f"{argument} must be one value or one for each of {lanes} lanes, got {coded.shape[1]}"
        )
    if coded.shape[2] != port.lines:
        raise InputError(f"{argument} must have {port.lines} lines, got {coded.shape[2]}")
    return coded.astype(np.int64)


def _raster(
    name: str, port: Port, array: npt.NDArray[Any], grid: _Grid, ticks: int, start_tick: int
) -> _Raster:
    """Return what goes into a port, as integers of every coding."""
    raster = _Raster(read_only(_raw(name, port, array, grid.lanes)), start_tick, port.neurons)
    if ((raster.sizes < 0) | (raster.sizes > INT32_MAX)).any():
        # A bit above those of int32 occurs where a value is that large: find and name it.
        as_int_array(f"inputs[{name!r}]", array, low=-INT32_MAX, high=INT32_MAX)
    if raster.sizes[ticks:].any():
        raise InputError(
            f"inputs[{name!r}] lasts {len(raster.values)} ticks, but the run has {ticks}: "
            "raise ticks"
        )
    return raster


def _bits(
    port: Port, array: npt.NDArray[Any], grid: _Grid, ticks: int, start_tick: int
) -> _Bits | None:
    """Return unsigned values that go into a port bit by bit, None if they are something else."""
    width = port.width
    if (
        port.coding not in ("binary", "stream")
        or not 1 <= width <= MOST_BITS
        or port.lines != codings.coding_lines(port.coding, width)
        or codings.coding_ticks(port.coding, width) > ticks
        or array.ndim > 1
        or array.dtype.kind not in "biu"
    ):
        return None
    numbers = array.astype(np.int64, copy=False).reshape(-1)
    if len(numbers) not in (1, grid.lanes):
        return None
    planes = None
    if len(numbers) < MANY_LANES:
        fit = bool(numbers.min() >= 0 and int(numbers.max()) < 2**width)
    else:
        # Packing looks at every value once: no need to look before.
        planes, fit = pack_values(numbers, width, grid.offset)
    if not fit:
        return None
    if port.coding == "stream":
        ticks_of_bits, neurons = start_tick + np.arange(width), np.repeat(port.neurons, width)
    else:
        ticks_of_bits, neurons = np.full(width, start_tick), port.neurons
    return _Bits(numbers, planes, ticks_of_bits, neurons)


def make_injection(
    network: Network,
    inputs: Mapping[str, npt.NDArray[Any]],
    *,
    lanes: int,
    ticks: int,
    start_tick: int,
    first_lane: int,
) -> Injection:
    """Encode the values of `inputs`; their first tick is `start_tick`.

    Parameters
    ----------
    inputs : dict of port name to array
        An array () or (lanes,) is a value in the port's coding; an array (ticks, lanes or 1,
        lines) of integers is added to the potentials as it stands; for "current", an array
        (lanes, lines) is added in the first tick.
    """
    grid = _Grid(lanes, first_lane % LANES_PER_PAIR)
    parts = []
    for name, array in inputs.items():
        port = network.inputs[name]
        part = _bits(port, array, grid, ticks, start_tick)
        parts.append(part or _raster(name, port, array, grid, ticks, start_tick))
    return Injection(tuple(parts), grid)
