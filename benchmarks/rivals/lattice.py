"""Random walks on a ring as one would write them for speed, without spikes: rivals of the circuit.

All walkers start at 0 and go left or right with probability ½ each (or a quarter, with "stay"). A
walker is at its place on the ring after every step, except where it says otherwise. Compiled, one
thread, no branches that depend on draws, and a wrap that does not lengthen the chain of dependent
instructions: walking one by one is as fast as its random generator.

Kernels take (walkers, steps, size, states, counts): states are those of the generators, as many as
walkers go side by side; counts (size,) int64 gets the walkers at each place at the end.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import int16, int64, njit, uint16, uint64

from rivals.xorshift import first_states, shifted

WORD = 64


@njit(inline="always")
def moved(at, up, size):
    """Return the place one up or down the ring; all uint64."""
    above = at + uint64(1)
    above = uint64(0) if above == size else above
    below = (size if at == uint64(0) else at) - uint64(1)
    return above if up else below


@njit
def one_by_one(walkers, steps, size, states, counts):
    """One xorshift64 per step."""
    x = states[0]
    size = uint64(size)
    for _ in range(walkers):
        at = uint64(0)
        for _ in range(steps):
            x = shifted(x)
            at = moved(at, x >> uint64(63), size)
        counts[at] += 1


@njit
def one_by_one_staying(walkers, steps, size, states, counts):
    """Go left, stay, go right with probability ¼, ½, ¼; one xorshift64 per step."""
    x = states[0]
    size = uint64(size)
    for _ in range(walkers):
        at = uint64(0)
        for _ in range(steps):
            x = shifted(x)
            there = moved(at, x >> uint64(63), size)
            at = there if x & uint64(1 << 62) else at
        counts[at] += 1


@njit
def one_by_one_by_targets(walkers, steps, size, states, counts):
    """Do the same by a table: two bits pick one of the four targets in the row of a place."""
    targets = np.empty(4 * size, dtype=np.uint16)
    for place in range(size):
        for pick, step in enumerate((-1, 0, 0, 1)):
            targets[4 * place + pick] = 4 * ((place + step) % size)
    x = states[0]
    for _ in range(walkers):
        row = uint64(0)
        for _ in range(steps):
            x = shifted(x)
            row = uint64(targets[row | (x >> uint64(62))])
        counts[row >> uint64(2)] += 1


@njit
def one_by_one_by_words(walkers, steps, size, states, counts):
    """One xorshift64 for 64 steps."""
    x = states[0]
    size = uint64(size)
    for _ in range(walkers):
        at = uint64(0)
        for first in range(0, steps, WORD):
            x = shifted(x)
            if steps - first >= WORD:
                for bit in range(WORD):  # unrolled, as the number is known
                    at = moved(at, (x >> uint64(bit)) & uint64(1), size)
            else:
                for bit in range(steps - first):
                    at = moved(at, (x >> uint64(bit)) & uint64(1), size)
        counts[at] += 1


@njit
def side_by_side(walkers, steps, size, states, counts):
    """One xorshift64 per step, several walkers at once in vector registers."""
    beside = len(states)
    places = np.empty(beside, dtype=np.uint64)
    size = uint64(size)
    for first in range(0, walkers, beside):
        places[:] = 0
        for _ in range(steps):
            for j in range(beside):
                x = shifted(states[j])
                states[j] = x
                places[j] = moved(places[j], x >> uint64(63), size)
        for j in range(min(beside, walkers - first)):
            counts[places[j]] += 1


@njit
def side_by_side_by_words(walkers, steps, size, states, counts):
    """One xorshift64 for 64 steps, several walkers at once, everything else in 16 bits."""
    beside = len(states)
    places = np.empty(beside, dtype=np.int16)
    draws = np.empty(beside, dtype=np.uint16)
    size, last = int16(size), int16(size - 1)
    for first in range(0, walkers, beside):
        places[:] = 0
        for word in range(0, steps, WORD):
            for j in range(beside):
                states[j] = shifted(states[j])
            for piece in range(word, min(word + WORD, steps), 16):
                for j in range(beside):
                    draws[j] = uint16(states[j] >> uint64(piece - word))
                for _ in range(min(16, steps - piece)):
                    for j in range(beside):
                        draw = draws[j]
                        draws[j] = uint16(draw >> uint16(1))
                        step = int16(int16(int16(draw & uint16(1)) << 1) - int16(1))
                        at = int16(places[j] + step)
                        at = int16(0) if at == size else at
                        places[j] = last if at < int16(0) else at
        for j in range(min(beside, walkers - first)):
            counts[places[j]] += 1


@njit
def displacements(walkers, steps, size, states, counts):
    """Count the bits of random words: no walk, only where it ends."""
    x = states[0]
    for _ in range(walkers):
        ups = int64(0)
        for first in range(0, steps, WORD):
            x = shifted(x)
            kept = min(WORD, steps - first)
            word = x >> uint64(WORD - kept)
            # The classical count: sums of 2, 4, 8 bits, then all bytes by one multiplication.
            word -= (word >> uint64(1)) & uint64(0x5555555555555555)
            word = (word & uint64(0x3333333333333333)) + (
                (word >> uint64(2)) & uint64(0x3333333333333333)
            )
            word = (word + (word >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
            ups += int64((word * uint64(0x0101010101010101)) >> uint64(56))
        counts[(2 * ups - steps) % size] += 1


Walk = Callable[[int, int, int, int], np.ndarray]


def walk_by(kernel: Callable[..., None], beside: int = 1) -> Walk:
    """Return walk(walkers, steps, size, seed) -> counts (size,) of a kernel."""

    def walk(walkers: int, steps: int, size: int, seed: int) -> np.ndarray:
        counts = np.zeros(size, dtype=np.int64)
        kernel(walkers, steps, size, first_states(beside, seed), counts)
        return counts

    return walk
