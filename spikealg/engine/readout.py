"""Reading packed spikes for some neurons and ticks only: compiled loops over their words.

Arguments named as in these functions mean:

t, i, word : int64 arrays, bits : uint64 array
    Packed spikes, as in :class:`~spikealg.engine.packed.PackedSpikes`.
offset : int
    Bit position of lane 0.
first, end : int
    Ticks from `first` to before `end` are read.
column : int64 array
    Column of each neuron in what is written, −1 for neurons that are not read; later ones are not.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

from spikealg.engine.words import lowest

__all__ = ["count_by_lane", "first_by_lane", "write_last", "write_planes", "write_raster"]


@njit(cache=True, nogil=True)
def write_planes(t, i, word, bits, first, end, column, planes):
    """Write `planes` (ticks, columns, words), 0 before."""
    for entry in range(len(t)):
        if first <= t[entry] < end and i[entry] < len(column) and column[i[entry]] >= 0:
            planes[t[entry] - first, column[i[entry]], word[entry]] = bits[entry]


@njit(cache=True, nogil=True)
def write_last(t, i, word, bits, offset, stopped, column, planes):
    """Write into `planes` (columns, words), 0 before, the spikes of the tick a lane stopped in.

    `stopped` is an int64 array (lanes,).
    """
    for entry in range(len(t)):
        if i[entry] >= len(column) or column[i[entry]] < 0:
            continue
        left, last = bits[entry], uint64(0)
        while left != uint64(0):
            lane = 64 * word[entry] + np.int64(lowest(left)) - offset
            if stopped[lane] == t[entry]:
                last |= left & (uint64(0) - left)
            left &= left - uint64(1)
        planes[column[i[entry]], word[entry]] |= last


@njit(cache=True, nogil=True)
def write_raster(t, i, word, bits, offset, first, end, column, raster):
    """Write 1 into `raster` (ticks, lanes, columns) for each spike."""
    for entry in range(len(t)):
        if first <= t[entry] < end and i[entry] < len(column) and column[i[entry]] >= 0:
            left = bits[entry]
            while left != uint64(0):
                lane = 64 * word[entry] + np.int64(lowest(left)) - offset
                raster[t[entry] - first, lane, column[i[entry]]] = 1
                left &= left - uint64(1)


@njit(cache=True, nogil=True)
def count_by_lane(t, i, word, bits, offset, first, end, neuron, counts):
    """Add the spikes of a neuron to `counts`, int64 array (lanes,)."""
    for entry in range(len(t)):
        if first <= t[entry] < end and i[entry] == neuron:
            left = bits[entry]
            while left != uint64(0):
                counts[64 * word[entry] + np.int64(lowest(left)) - offset] += 1
                left &= left - uint64(1)


@njit(cache=True, nogil=True)
def first_by_lane(t, i, word, bits, offset, first, end, neuron, earliest):
    """Write the tick of a neuron's first spike, less `first`, into `earliest`, −1 before."""
    for entry in range(len(t)):
        if first <= t[entry] < end and i[entry] == neuron:
            left = bits[entry]
            while left != uint64(0):
                lane = 64 * word[entry] + np.int64(lowest(left)) - offset
                if earliest[lane] < 0 or t[entry] - first < earliest[lane]:
                    earliest[lane] = t[entry] - first
                left &= left - uint64(1)
