"""The random numbers of all compiled rivals: one xorshift64 per draw, as few instructions as any.

Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003).
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64


@njit(inline="always")
def shifted(x):
    """Return the state after x; both uint64, not 0."""
    x ^= x << uint64(13)
    x ^= x >> uint64(7)
    x ^= x << uint64(17)
    return x


def first_states(count: int, seed: int) -> np.ndarray:
    """Return `count` states to start from, uint64, none of them 0."""
    return np.random.default_rng(seed).integers(1, 2**64, count, dtype=np.uint64)
