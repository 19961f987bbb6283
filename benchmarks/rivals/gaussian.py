"""The usual Monte Carlo of diffusion: Euler–Maruyama with Gaussian draws, in Numba."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(fastmath=True)
def _legacy(walkers, steps, size, seed, counts):
    np.random.seed(seed)  # noqa: NPY002 (what this rival is about)
    for _ in range(walkers):
        x = 0.5
        for _ in range(steps):
            x += np.random.standard_normal()  # noqa: NPY002
        counts[math.floor(x) % size] += 1


@njit(fastmath=True)
def _ziggurat(walkers, steps, size, generator, counts):
    for _ in range(walkers):
        x = 0.5
        for _ in range(steps):
            x += generator.standard_normal()
        counts[math.floor(x) % size] += 1


def numba_normal(walkers: int, steps: int, size: int, seed: int) -> np.ndarray:
    """Walk with unit variance per step, by `np.random.standard_normal()` as Numba compiles it.

    That is a Mersenne twister and the polar method.
    """
    counts = np.zeros(size, dtype=np.int64)
    _legacy(walkers, steps, size, seed, counts)
    return counts


def numba_ziggurat(walkers: int, steps: int, size: int, seed: int) -> np.ndarray:
    """Do the same by a NumPy Generator within Numba: SFC64 and a ziggurat."""
    counts = np.zeros(size, dtype=np.int64)
    generator = np.random.Generator(np.random.SFC64(seed))
    _ziggurat(walkers, steps, size, generator, counts)
    return counts
