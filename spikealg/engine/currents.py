"""Rasters of integers as weighted planes: compiled loops over their values.

A value is the sum of its bits, so a line at a tick becomes planes of weight 2ᵇ for what is
positive and −2ᵇ for what is negative, one for each bit b that occurs in any lane.

Arguments named as in these functions mean:

values : int array (ticks, lanes, lines)
sizes : int64 array (ticks, 2, lines)
    The bits that occur in any lane, of values above 0 and, without their sign, below 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

from spikealg.engine.words import count_ones

__all__ = ["find_sizes", "list_planes", "write_bits"]


@njit(cache=True, nogil=True)
def find_sizes(values, sizes):
    """Write `sizes`, 0 before; −2⁶³ leaves its negative self there."""
    for tick in range(values.shape[0]):
        above, below = sizes[tick, 0], sizes[tick, 1]
        for lane in range(values.shape[1]):
            for line in range(values.shape[2]):
                value = np.int64(values[tick, lane, line])
                above[line] |= max(value, np.int64(0))
                below[line] |= -min(value, np.int64(0))


@njit(cache=True)
def list_planes(sizes, order, rows, tick, line, weight):
    """List the planes, tick by tick and lines in `order`; return their number.

    Parameters
    ----------
    order : int64 array
        The lines that go somewhere.
    rows : int64 array (ticks, 2, lines)
        Written: number of the first plane of each sign and line; −1 before.
    tick, line, weight : int64 arrays (planes,)
        Written; all of length 0 to count only.
    """
    count = 0
    for at in range(sizes.shape[0]):
        for one in order:
            for sign in range(2):
                if sizes[at, sign, one] != 0:
                    rows[at, sign, one] = count
                for bit in range(63):
                    if (sizes[at, sign, one] >> bit) & 1:
                        if len(tick) > 0:
                            tick[count], line[count] = at, one
                            weight[count] = (1 - 2 * sign) << bit
                        count += 1
    return count


@njit(cache=True, nogil=True)
def write_bits(values, sizes, rows, offset, planes):
    """Write the planes, uint64 array (planes, words), 0 before, as ``list_planes`` lists them."""
    for tick in range(values.shape[0]):
        for lane in range(values.shape[1]):
            word, bit = (offset + lane) // 64, uint64(1) << uint64((offset + lane) % 64)
            for line in range(values.shape[2]):
                value = np.int64(values[tick, lane, line])
                if value == 0:
                    continue
                sign = 1 if value < 0 else 0
                row, size = rows[tick, sign, line], uint64(sizes[tick, sign, line])
                if row < 0:
                    continue
                left = uint64(abs(value))
                while left != uint64(0):
                    lowest = left & (uint64(0) - left)
                    planes[row + np.int64(count_ones(size & (lowest - uint64(1)))), word] |= bit
                    left ^= lowest
