"""Spikes and values of many lanes, 64 lanes to a word.

Words lie on the grid of a run: lane ℓ has bit position p = first_lane mod 128 + ℓ, which is bit
p mod 64 of word ⌊p/64⌋. Draws come two words at a time, so a grid has an even number of words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.engine import bits as compiled
from spikealg.engine import readout
from spikealg.engine.arrays import read_only
from spikealg.engine.state import Spikes, columns_of, require_raster_memory
from spikealg.memory import require_memory

__all__ = [
    "LANES_PER_PAIR",
    "MOST_BITS",
    "PackedSpikes",
    "full_plane",
    "grid_words",
    "pack_values",
    "unpack_values",
]

LANES_PER_PAIR = 128
"""Lanes of two words, which share a block of the generator."""
MOST_BITS = 63
"""Bits of a value that int64 holds."""
Words = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]


def grid_words(offset: int, lanes: int) -> int:
    """Return the number of words of a grid."""
    return 2 * -(-(offset + lanes) // LANES_PER_PAIR)


def full_plane(offset: int, lanes: int) -> Words:
    """Return the plane that is set in all lanes, uint64 array (words,)."""
    bits = np.zeros(64 * grid_words(offset, lanes), dtype=np.uint8)
    bits[offset : offset + lanes] = 1
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)


@dataclass(frozen=True, eq=False)
class PackedSpikes:
    """Spikes as words: at tick `t` neuron `i` spiked in the lanes set in a word of the grid.

    Attributes
    ----------
    t, i, word : int64 arrays of one length
    bits : uint64 array of that length
        Never 0; each (t, i, word) occurs once.
    offset : int
        Bit position of lane 0.
    """

    t: Integers
    i: Integers
    word: Integers
    bits: Words
    offset: int

    @classmethod
    def empty(cls, offset: int) -> PackedSpikes:
        """Return no spikes."""
        none = np.empty(0, dtype=np.int64)
        return cls(none, none, none, np.empty(0, dtype=np.uint64), offset)

    @classmethod
    def concatenate(cls, parts: Sequence[PackedSpikes]) -> PackedSpikes:
        """Join spikes of one grid end to end."""
        some = [part for part in parts if len(part)] or list(parts[:1])
        if len(some) == 1:
            return some[0]
        return cls(
            np.concatenate([part.t for part in some]),
            np.concatenate([part.i for part in some]),
            np.concatenate([part.word for part in some]),
            np.concatenate([part.bits for part in some]),
            parts[0].offset,
        )

    def __len__(self) -> int:
        return len(self.t)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays [bytes]."""
        return self.t.nbytes + self.i.nbytes + self.word.nbytes + self.bits.nbytes

    @classmethod
    def pack(cls, spikes: Spikes, offset: int) -> PackedSpikes:
        """Return spikes that were listed one by one."""
        place = spikes.lane + offset
        order = np.lexsort((place, spikes.i, spikes.t))
        i, t, place = spikes.i[order], spikes.t[order], place[order]
        word, bit = place >> 6, np.uint64(1) << (place & 63).astype(np.uint64)
        fresh = np.ones(len(order), dtype=np.bool_)
        fresh[1:] = (np.diff(t) != 0) | (np.diff(i) != 0) | (np.diff(word) != 0)
        first = np.flatnonzero(fresh)
        bits = np.bitwise_or.reduceat(bit, first) if len(first) else bit
        return cls(t[first], i[first], word[first], bits, offset)

    def by_tick(self) -> PackedSpikes:
        """Return the same spikes in order of tick."""
        order = np.argsort(self.t, kind="stable")
        return PackedSpikes(
            self.t[order], self.i[order], self.word[order], self.bits[order], self.offset
        )

    def within(self, first: Integers, last: Integers) -> PackedSpikes:
        """Return the spikes of each neuron j from tick ``first[j]`` to ``last[j]``."""
        chosen = (self.t >= first[self.i]) & (self.t <= last[self.i])
        return PackedSpikes(
            self.t[chosen], self.i[chosen], self.word[chosen], self.bits[chosen], self.offset
        )

    def by_neuron(self, neurons: int) -> Integers:
        """Return how many spikes each of `neurons` neurons has."""
        each = np.array([bin(byte).count("1") for byte in range(256)], dtype=np.int64)
        spikes = each[self.bits.view(np.uint8)].reshape(-1, 8).sum(axis=1)
        # Sums below 2⁵³ are exact in floats.
        return np.bincount(self.i, spikes, minlength=neurons).astype(np.int64)

    def expand(self) -> Spikes:
        """Return the spikes one by one.

        Raises
        ------
        TooLargeError
            If they cannot fit into memory.
        """
        count = int(compiled.count(self.bits))
        # Sorting them takes as much memory again.
        require_memory(
            64.0 * count,
            f"{count} spikes one by one",
            "read ports, counts or epochs, or record fewer neurons",
        )
        row, lane = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
        compiled.expand(self.word, self.bits, self.offset, row, lane)
        return Spikes(self.i[row], self.t[row], lane)

    def planes(self, neurons: Integers, first: int, ticks: int, lanes: int) -> Words:
        """Return a plane of the grid for each of some ticks and neurons.

        Returns
        -------
        uint64 array (ticks, neurons, words)
        """
        words = grid_words(self.offset, lanes)
        require_raster_memory(len(neurons), ticks, lanes, bits=1)
        column, again = columns_of(neurons)
        planes = np.zeros((ticks, column.max(initial=-1) + 1, words), dtype=np.uint64)
        readout.write_planes(
            self.t, self.i, self.word, self.bits, first, first + ticks, column, planes
        )
        return planes if again is None else planes[:, again]

    def last_planes(self, neurons: Integers, stopped: Integers) -> Words:
        """Return the planes (neurons, words) of the tick in which each lane stopped."""
        words = grid_words(self.offset, len(stopped))
        column, again = columns_of(neurons)
        planes = np.zeros((column.max(initial=-1) + 1, words), dtype=np.uint64)
        readout.write_last(
            self.t, self.i, self.word, self.bits, self.offset, read_only(stopped), column, planes
        )
        return planes if again is None else planes[again]

    def raster(self, neurons: Integers, first: int, ticks: int, lanes: int) -> Integers:
        """Return 0 and 1, int64 array (ticks, lanes, neurons)."""
        require_raster_memory(len(neurons), ticks, lanes)
        column, again = columns_of(neurons)
        dense = np.zeros((ticks, lanes, column.max(initial=-1) + 1), dtype=np.int64)
        readout.write_raster(
            self.t, self.i, self.word, self.bits, self.offset, first, first + ticks, column, dense
        )
        return dense if again is None else dense[:, :, again]

    def counts(self, neuron: int, first: int, ticks: int, lanes: int) -> Integers:
        """Return how often a neuron spiked in some ticks, int64 array (lanes,)."""
        counts = np.zeros(lanes, dtype=np.int64)
        readout.count_by_lane(
            self.t, self.i, self.word, self.bits, self.offset, first, first + ticks, neuron, counts
        )
        return counts

    def first(self, neuron: int, first: int, ticks: int, lanes: int) -> Integers:
        """Return the first of some ticks in which a neuron spiked, from 0, or −1; (lanes,)."""
        earliest = np.full(lanes, -1, dtype=np.int64)
        readout.first_by_lane(
            self.t, self.i, self.word, self.bits, self.offset, first, first + ticks, neuron,
            earliest,
        )  # fmt: skip
        return earliest


def pack_values(values: Integers, width: int, offset: int) -> tuple[Words, bool]:
    """Return the bits of unsigned values as planes, and whether every value fits.

    Parameters
    ----------
    values : int64 array (lanes,)
    width : int
        1 to 63.
    offset : int
        Bit position of lane 0.

    Returns
    -------
    planes : uint64 array (width, words)
        Plane k holds bit k of every value.
    fit : bool
        Whether all values are from 0 to 2^width − 1.
    """
    planes = np.zeros((width, grid_words(offset, len(values))), dtype=np.uint64)
    room = np.empty(8, dtype=np.uint64)
    return planes, bool(compiled.pack(read_only(values), width, offset, planes, room) == 0)


def unpack_values(planes: Words, lanes: int, offset: int) -> Integers:
    """Return the values whose bits are given as planes, int64 array (lanes,).

    Parameters
    ----------
    planes : uint64 array (width, words)
        At most 63 planes.
    """
    values = np.empty(lanes, dtype=np.int64)
    compiled.unpack(read_only(planes), offset, values, np.empty(64, dtype=np.uint64))
    return values
