"""Between numbers of lanes and bit planes: compiled, a vector of eight words at a time.

A grid of words (see :mod:`spikealg.engine.packed`) has lane ℓ at bit position ``offset + ℓ``.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

from spikealg.engine.words import (
    any_bit,
    count_ones,
    each,
    exchanged_bytes,
    load,
    low_bytes,
    lowest,
    peek,
    poke,
    spread_bytes,
    store,
)

__all__ = ["count", "expand", "pack", "unpack"]

BYTE = uint64(8)


@njit(cache=True)
def _exchanged(x):
    """Return eight words, each 8×8 bits, byte by row, with rows and columns exchanged."""
    y = (x ^ (x >> each(uint64(7)))) & each(uint64(0x00AA00AA00AA00AA))
    x = x ^ y ^ (y << each(uint64(7)))
    y = (x ^ (x >> each(uint64(14)))) & each(uint64(0x0000CCCC0000CCCC))
    x = x ^ y ^ (y << each(uint64(14)))
    y = (x ^ (x >> each(uint64(28)))) & each(uint64(0x00000000F0F0F0F0))
    return x ^ y ^ (y << each(uint64(28)))


@njit(cache=True, nogil=True)
def pack(values, width, offset, planes, room):
    """Write the planes of values; return the OR of what is above `width` bits in any value.

    Whole words take eight values to a vector and eight bits of 64 values to eight words.

    Parameters
    ----------
    values : int64 array (lanes,)
    planes : uint64 array (width, words)
        0 before.
    room : uint64 array (8,)
    """
    lanes, words = len(values), planes.shape[1]
    here, out = values.ctypes.data, planes.ctypes.data
    eights = uint64(room.ctypes.data)
    above, beyond = each(uint64(width)), each(uint64(0))
    left = uint64(0)
    for word in range(words):
        first = 64 * word - offset
        if first < 0 or first + 64 > lanes:
            for lane in range(max(first, 0), min(first + 64, lanes)):
                value = uint64(values[lane])
                left |= value >> uint64(width)
                for k in range(width):
                    bit = (value >> uint64(k)) & uint64(1)
                    planes[k, word] |= bit << uint64(lane - first)
            continue
        start = uint64(here + 8 * first)
        for low in range(0, width, 8):
            for eight in range(uint64(0), uint64(64), BYTE):
                value = load(start + BYTE * eight)
                beyond = beyond | (value >> above)
                poke(eights + eight, low_bytes(value >> each(uint64(low))))
            store(eights, exchanged_bytes(_exchanged(load(eights))))
            for k in range(min(8, width - low)):
                poke(uint64(out + 8 * ((low + k) * words + word)), peek(eights + uint64(8 * k)))
    return left | any_bit(beyond)


@njit(cache=True, nogil=True)
def unpack(planes, offset, values, room):
    """Write the values of planes: the way back, with one vector of values in hand at a time.

    Parameters
    ----------
    planes : uint64 array (width, words)
    values : int64 array (lanes,)
        Written.
    room : uint64 array (64,)
        Bits of 64 values, eight words for each eight planes.
    """
    lanes, words, width = len(values), planes.shape[1], planes.shape[0]
    here, out = planes.ctypes.data, values.ctypes.data
    eights = uint64(room.ctypes.data)
    for word in range(words):
        first = 64 * word - offset
        if first < 0 or first + 64 > lanes:
            for lane in range(max(first, 0), min(first + 64, lanes)):
                value = uint64(0)
                for k in range(width):
                    bit = (planes[k, word] >> uint64(lane - first)) & uint64(1)
                    value |= bit << uint64(k)
                values[lane] = np.int64(value)
            continue
        for low in range(0, width, 8):
            bits = eights + uint64(8 * low)
            for k in range(8):
                plane = uint64(0)
                if low + k < width:
                    plane = peek(uint64(here + 8 * ((low + k) * words + word)))
                poke(bits + uint64(8 * k), plane)
            store(bits, _exchanged(exchanged_bytes(load(bits))))
        start = uint64(out + 8 * first)
        for eight in range(uint64(0), uint64(64), BYTE):
            value = spread_bytes(peek(eights + eight))
            for low in range(8, width, 8):
                higher = spread_bytes(peek(eights + uint64(8 * low) + eight))
                value = value | (higher << each(uint64(low)))
            store(start + BYTE * eight, value)


@njit(cache=True, nogil=True)
def expand(word, bits, offset, row, lane):
    """Write the number of the row and the lane of every bit that is set."""
    count = 0
    for r in range(len(bits)):
        left = bits[r]
        while left != uint64(0):
            row[count], lane[count] = r, 64 * word[r] + np.int64(lowest(left)) - offset
            left &= left - uint64(1)
            count += 1


@njit(cache=True, nogil=True)
def count(bits):
    """Return how many bits of an array of words are set."""
    found = uint64(0)
    for word in bits:
        found += count_ones(word)
    return found
