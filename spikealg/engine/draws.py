"""Random draws as a pure function of (seed, stream, tick, lane).

Bit k (k = 0 the most significant) of the draw of lane ℓ is bit (ℓ mod 64) of the 64-bit word
W(b, k), b = ⌊ℓ/64⌋. The word is half of one Philox4x32-10 block with key (seed mod 2³²,
⌊seed/2³²⌋) and counter (⌊b/2⌋, stream, tick, k): x0 + 2³²·x1 for even b, x2 + 2³²·x3 for odd b.
Planes k ≥ 32 are reserved for solvers (initial draws and the like).

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011
(Philox4x32 with ten rounds).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, uint32, uint64

__all__ = ["BITS", "SOLVER_PLANE", "draw_word", "fresh_seed", "lane_words", "stream_words"]

BITS = 32
"""Bits of a draw; its planes are numbered 0 to 31."""
SOLVER_PLANE = 32
"""The first plane of words that neurons never use."""


@njit(cache=True, inline="always")
def _philox(c0, c1, c2, c3, k0, k1):
    """Return the four words of one block; all arguments uint32.

    Every operation is cast back: uint32 op uint32 is uint64 in Numba.
    """
    for _ in range(10):
        p0 = uint64(0xD2511F53) * uint64(c0)
        p1 = uint64(0xCD9E8D57) * uint64(c2)
        c0 = uint32(uint32(p1 >> uint64(32)) ^ c1 ^ k0)
        c2 = uint32(uint32(p0 >> uint64(32)) ^ c3 ^ k1)
        c1 = uint32(p1)
        c3 = uint32(p0)
        k0 = uint32(k0 + uint32(0x9E3779B9))
        k1 = uint32(k1 + uint32(0xBB67AE85))
    return c0, c1, c2, c3


@njit(cache=True, inline="always")
def draw_word(seed, stream, tick, block, plane):
    """Return W(block, plane), one bit for each of 64 lanes (uint64).

    Parameters are integers: seed < 2⁶⁴; stream, tick, plane < 2³²; block = lane // 64.
    """
    half = uint64(block)
    x0, x1, x2, x3 = _philox(
        uint32(half >> uint64(1)),
        uint32(stream),
        uint32(tick),
        uint32(plane),
        uint32(uint64(seed)),
        uint32(uint64(seed) >> uint64(32)),
    )
    if half & uint64(1):
        return uint64(x2) | (uint64(x3) << uint64(32))
    return uint64(x0) | (uint64(x1) << uint64(32))


@njit(cache=True)
def stream_words(out, streams, seed, tick, block, plane):
    """Write W(block, plane) of each of `streams` (uint32 array) to `out` (uint64 array).

    The rounds are written out here so that the loop over streams becomes vector instructions.
    """
    odd = uint64(0) - uint64(block & 1)
    half, tick, plane = uint32(block >> 1), uint32(tick), uint32(plane)
    low, high = uint32(uint64(seed)), uint32(uint64(seed) >> uint64(32))
    for j in range(len(streams)):
        c0, c1, c2, c3, k0, k1 = half, streams[j], tick, plane, low, high
        for _ in range(10):
            p0 = uint64(0xD2511F53) * uint64(c0)
            p1 = uint64(0xCD9E8D57) * uint64(c2)
            c0 = uint32(uint32(p1 >> uint64(32)) ^ c1 ^ k0)
            c2 = uint32(uint32(p0 >> uint64(32)) ^ c3 ^ k1)
            c1, c3 = uint32(p1), uint32(p0)
            k0, k1 = uint32(k0 + uint32(0x9E3779B9)), uint32(k1 + uint32(0xBB67AE85))
        even_word = uint64(c0) | (uint64(c1) << uint64(32))
        odd_word = uint64(c2) | (uint64(c3) << uint64(32))
        out[j] = (even_word & ~odd) | (odd_word & odd)


@njit(cache=True)
def _fill_words(out, seed, stream, tick, plane, first_block):
    """Write W(first_block + j, plane) to out[j], a uint64 array."""
    for j in range(out.shape[0]):
        out[j] = draw_word(seed, stream, tick, first_block + j, plane)


def lane_words(
    seed: int, stream: int, tick: int, plane: int, count: int, first: int = 0
) -> npt.NDArray[np.uint64]:
    """Return the words W(first), ..., W(first + count − 1) of one plane, uint64 array (count,).

    Solvers use planes from ``SOLVER_PLANE`` up as plain 64-bit random numbers, one per walker.
    """
    out = np.empty(count, dtype=np.uint64)
    _fill_words(out, np.uint64(seed), stream, tick, plane, first)
    return out


def fresh_seed() -> int:
    """Return a seed from the operating system, 0 ≤ seed < 2⁶³."""
    entropy: Any = np.random.SeedSequence().generate_state(1, np.uint64)
    return int(entropy[0] >> np.uint64(1))
