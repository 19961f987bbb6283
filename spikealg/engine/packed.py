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
from spikealg.engine.state import Spikes
from spikealg.memory import require_memory

__all__ = ["LANES_PER_PAIR", "PackedSpikes", "grid_words", "pack_values", "unpack_values"]

LANES_PER_PAIR = 128
"""Lanes of two words, which share a block of the generator."""
Words = npt.NDArray[np.uint64]


def grid_words(offset: int, lanes: int) -> int:
    """Return the number of words of a grid."""
    return 2 * -(-(offset + lanes) // LANES_PER_PAIR)


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

    t: npt.NDArray[np.int64]
    i: npt.NDArray[np.int64]
    word: npt.NDArray[np.int64]
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
        return cls(
            np.concatenate([part.t for part in parts]),
            np.concatenate([part.i for part in parts]),
            np.concatenate([part.word for part in parts]),
            np.concatenate([part.bits for part in parts]),
            parts[0].offset,
        )

    def __len__(self) -> int:
        return len(self.t)

    def of(self, neurons: npt.ArrayLike, first: int, ticks: int) -> PackedSpikes:
        """Return the spikes of some neurons in some ticks."""
        chosen = (self.t >= first) & (self.t < first + ticks) & np.isin(self.i, neurons)
        return PackedSpikes(
            self.t[chosen], self.i[chosen], self.word[chosen], self.bits[chosen], self.offset
        )

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

    def planes(self, neurons: npt.NDArray[np.int64], first: int, ticks: int, words: int) -> Words:
        """Return a plane of the grid for each of these ticks and neurons.

        Returns
        -------
        uint64 array (ticks, neurons, words)
        """
        require_memory(
            8.0 * ticks * len(neurons) * words,
            f"a raster of {len(neurons)} neurons in {ticks} ticks",
            "ask for fewer ticks",
        )
        planes = np.zeros((ticks, len(neurons), words), dtype=np.uint64)
        spikes = self.of(neurons, first, ticks)
        for column, neuron in enumerate(neurons):
            chosen = spikes.i == neuron
            planes[spikes.t[chosen] - first, column, spikes.word[chosen]] = spikes.bits[chosen]
        return planes


def pack_values(values: npt.NDArray[np.int64], width: int, offset: int) -> tuple[Words, bool]:
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
    values = np.ascontiguousarray(values)
    return planes, bool(compiled.pack(values, width, offset, planes, room) == 0)


def unpack_values(planes: Words, lanes: int, offset: int) -> npt.NDArray[np.int64]:
    """Return the values whose bits are given as planes, int64 array (lanes,).

    Parameters
    ----------
    planes : uint64 array (width, words)
        At most 63 planes.
    """
    values = np.zeros(lanes, dtype=np.int64)
    compiled.unpack(np.ascontiguousarray(planes), offset, values, np.empty(8, dtype=np.uint64))
    return values
