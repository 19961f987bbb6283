"""Random walks by a table of targets: rivals of the density circuit.

Where all probabilities of a step are multiples of 2⁻ᵏ, a vertex has a row of 2ᵏ targets, each as
often as its probability says, and k random bits pick one: no branch, one load per step. Rows are
numbered by their first entry, so that a target is the next row and nothing is multiplied. For other
probabilities there is the alias table of the library's own method "montecarlo".

Kernels take (table, bits, start, steps, states, counts): start (V,) int64 walkers at each vertex;
states as many as walkers go side by side; counts (V,) int64 gets the walkers at the end.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit, uint64

from rivals.xorshift import first_states, shifted
from spikealg.solvers.diffusion.equation.transition import Transition

WORD = 64
MOST_BITS = 8


def table_of(transition: Transition) -> tuple[np.ndarray, int]:
    """Return rows of targets, uint32 (V · 2ᵏ,), and k.

    Raises
    ------
    ValueError
        If walkers can leave, or the probabilities are no multiples of 2⁻ᵏ for a small k.
    """
    exits = transition.exits
    for bits in range(1, MOST_BITS + 1):
        share = exits.probability * 2**bits
        times = np.rint(share).astype(np.int64)
        if np.allclose(share, times, rtol=0, atol=1e-9) and (exits.target >= 0).all():
            return np.repeat(exits.target << bits, times).astype(np.uint32), bits
    raise ValueError("the transition needs multiples of a power of two, and no way out")


@njit
def one_by_one(table, bits, start, steps, states, counts):
    """One xorshift64 per step."""
    x = states[0]
    bits = uint64(bits)
    unused = uint64(64) - bits
    for vertex in range(len(start)):
        first = uint64(vertex) << bits
        for _ in range(start[vertex]):
            row = first
            for _ in range(steps):
                x = shifted(x)
                row = uint64(table[row | (x >> unused)])
            counts[row >> bits] += 1


@njit
def side_by_side(table, bits, start, steps, states, counts):
    """One xorshift64 per step, several walkers of a vertex at once."""
    beside = len(states)
    rows = np.empty(beside, dtype=np.uint64)
    bits = uint64(bits)
    unused = uint64(64) - bits
    for vertex in range(len(start)):
        for first in range(0, start[vertex], beside):
            rows[:] = uint64(vertex) << bits
            now = min(beside, start[vertex] - first)
            for _ in range(steps):
                for j in range(now):
                    x = shifted(states[j])
                    states[j] = x
                    rows[j] = table[rows[j] | (x >> unused)]
            for j in range(now):
                counts[rows[j] >> bits] += 1


@njit
def side_by_side_by_words(table, bits, start, steps, states, counts):
    """One xorshift64 for as many steps as it has bits for, several walkers of a vertex at once."""
    beside = len(states)
    rows = np.empty(beside, dtype=np.uint64)
    draws = np.empty(beside, dtype=np.uint64)
    per_word = WORD // bits
    bits = uint64(bits)
    unused = uint64(64) - bits
    for vertex in range(len(start)):
        for first in range(0, start[vertex], beside):
            rows[:] = uint64(vertex) << bits
            now = min(beside, start[vertex] - first)
            for word in range(0, steps, per_word):
                for j in range(now):
                    states[j] = shifted(states[j])
                    draws[j] = states[j]
                for _ in range(min(per_word, steps - word)):
                    for j in range(now):
                        rows[j] = table[rows[j] | (draws[j] >> unused)]
                        draws[j] <<= bits
            for j in range(now):
                counts[rows[j] >> bits] += 1


Walk = Callable[[np.ndarray, int, int], np.ndarray]


def walk_by(kernel: Callable[..., None], transition: Transition, beside: int = 1) -> Walk:
    """Return walk(start, steps, seed) -> counts (V,) of a kernel."""
    table, bits = table_of(transition)

    def walk(start: np.ndarray, steps: int, seed: int) -> np.ndarray:
        counts = np.zeros(len(start), dtype=np.int64)
        kernel(table, bits, start, steps, first_states(beside, seed), counts)
        return counts

    return walk
