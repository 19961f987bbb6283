"""Between numbers of lanes and bit planes: compiled, a vector of eight words at a time."""

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
def pack(values, width, offset, planes, bytes_of):
    """Write the planes of values; return the OR of what is above `width` bits in any value.

    Whole words take eight values to a vector and eight bits of 64 values to eight words;
    `bytes_of` is room for those.
    """
    lanes, words = len(values), planes.shape[1]
    here, room, out = values.ctypes.data, uint64(bytes_of.ctypes.data), planes.ctypes.data
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
            for eight in range(uint64(0), uint64(64), uint64(8)):
                value = load(start + uint64(8) * eight)
                beyond = beyond | (value >> above)
                poke(room + eight, low_bytes(value >> each(uint64(low))))
            store(room, exchanged_bytes(_exchanged(load(room))))
            for k in range(min(8, width - low)):
                poke(uint64(out + 8 * ((low + k) * words + word)), peek(room + uint64(8 * k)))
    return left | any_bit(beyond)


@njit(cache=True, nogil=True)
def unpack(planes, offset, values, bytes_of):
    """Write the values of planes; `bytes_of` is room for eight words."""
    lanes, words, width = len(values), planes.shape[1], planes.shape[0]
    here, room, out = planes.ctypes.data, uint64(bytes_of.ctypes.data), values.ctypes.data
    for word in range(words):
        first = 64 * word - offset
        if first < 0 or first + 64 > lanes:
            for lane in range(max(first, 0), min(first + 64, lanes)):
                for k in range(width):
                    bit = (planes[k, word] >> uint64(lane - first)) & uint64(1)
                    values[lane] |= np.int64(bit << uint64(k))
            continue
        start = uint64(out + 8 * first)
        for low in range(0, width, 8):
            store(room, each(uint64(0)))
            for k in range(min(8, width - low)):
                poke(room + uint64(8 * k), peek(uint64(here + 8 * ((low + k) * words + word))))
            store(room, _exchanged(exchanged_bytes(load(room))))
            for eight in range(uint64(0), uint64(64), uint64(8)):
                value = spread_bytes(peek(room + eight)) << each(uint64(low))
                if low > 0:
                    value = value | load(start + uint64(8) * eight)
                store(start + uint64(8) * eight, value)


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
