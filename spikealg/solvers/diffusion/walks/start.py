"""Where the walkers start: multinomial draws of the seed, not rounded loads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["draw_walkers", "part_seed", "segment_seed"]

_BLOCK = 1 << 20
"""Walkers drawn at a time, which bounds the memory of the draws (8 MiB)."""


def draw_walkers(
    probability: npt.NDArray[np.float64], walkers: int, seed: int, first: int = 0
) -> npt.NDArray[np.int64]:
    """Return how many of `walkers` independent walkers start at each vertex.

    Walker j takes the 64-bit word j of the solvers' first plane of draws through the inverse of
    the cumulative distribution, so its start depends on the seed and on j only.

    Parameters
    ----------
    probability : (V,) float64
        Chance of each vertex; sums to 1.
    walkers : int
        Number of walkers.
    seed : int
        0 ≤ seed < 2⁶⁴.
    first : int
        Number of the first of them.

    Returns
    -------
    (V,) int64
        Walkers at each vertex; they sum to `walkers`.
    """
    from spikealg.engine.draws import SOLVER_PLANE, lane_words

    cumulative = np.cumsum(probability)
    cumulative /= cumulative[-1]
    counts = np.zeros(len(probability), dtype=np.int64)
    for begin in range(0, walkers, _BLOCK):
        count = min(_BLOCK, walkers - begin)
        words = lane_words(seed, 0, 0, SOLVER_PLANE, count, first + begin)
        uniform = (words >> np.uint64(11)) * 2.0**-53
        # "right": a vertex of probability 0 has no interval and is never drawn.
        vertex = np.searchsorted(cumulative, uniform, side="right")
        counts += np.bincount(vertex, minlength=len(counts))
    return counts


def segment_seed(seed: int, segment: int) -> int:
    """Return the seed of a stretch of equal steps: `seed` itself for the first."""
    from spikealg.engine.draws import SOLVER_PLANE, lane_words

    if segment == 0:
        return seed
    return int(lane_words(seed, segment, 0, SOLVER_PLANE + 1, 1)[0])


def part_seed(seed: int, group: int, batch: int) -> int:
    """Return the seed of a batch of a group of walkers: `seed` itself for the first."""
    from spikealg.engine.draws import SOLVER_PLANE, lane_words

    if group == batch == 0:
        return seed
    return int(lane_words(seed, group, batch, SOLVER_PLANE + 2, 1)[0])
