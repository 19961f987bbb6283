"""Random walks on a ring in NumPy alone: one array operation moves all walkers."""

from __future__ import annotations

import numpy as np

BLOCK = 100_000
"""Walkers that move together: few enough for the cache, many enough to forget the interpreter."""


def plain(walkers: int, steps: int, size: int, seed: int) -> np.ndarray:
    """Walk as one writes it first: 64-bit integers, one draw each, a remainder."""
    rng = np.random.default_rng(seed)
    counts = np.zeros(size, dtype=np.int64)
    for first in range(0, walkers, BLOCK):
        place = np.zeros(min(BLOCK, walkers - first), dtype=np.int64)
        for _ in range(steps):
            place += 2 * rng.integers(0, 2, len(place)) - 1
            place %= size
        counts += np.bincount(place, minlength=size)
    return counts


def tuned(walkers: int, steps: int, size: int, seed: int) -> np.ndarray:
    """Walk in 16-bit integers, one random bit each, the ring turned back by one in every step."""
    rng = np.random.Generator(np.random.SFC64(seed))
    counts = np.zeros(size, dtype=np.int64)
    for first in range(0, walkers, BLOCK):
        n = min(BLOCK, walkers - first)
        place, beyond = np.zeros((2, n), dtype=np.uint16)
        for _ in range(steps):
            draws = np.frombuffer(rng.bytes(-(-n // 8)), dtype=np.uint8)
            place += np.unpackbits(draws, count=n) << 1
            np.subtract(place, size, out=beyond)  # huge where it is not beyond the end
            np.minimum(place, beyond, out=place)
        counts += np.bincount(place, minlength=size)
    return np.roll(counts, -steps)
