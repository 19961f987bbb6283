"""When walkers left: spikes at the exits, put into the walk steps of their lane."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from spikealg.engine import Run
from spikealg.engine.words import lowest

__all__ = ["count_exits"]

IntArray = npt.NDArray[np.int64]
BEGINS, NOTHING = -1, -2
"""What a neuron's spike means if it is not a walker that leaves by a side."""


def count_exits(run: Run, exit_side: IntArray, steps: IntArray, sides: int) -> IntArray:
    """Return how many walkers left by each side within so many steps.

    Lanes drift: a walker leaves in the step that the last spike of "walk" in its lane began.

    Parameters
    ----------
    run : Run
        Of a density circuit, with its ports "walk" and "exit" recorded.
    exit_side : (lines of "exit",) int64
    steps : (T,) int64
        Increasing.
    sides : int

    Returns
    -------
    (T, sides) int64
    """
    ports, spikes = run.network.outputs, run.packed_spikes
    meaning = np.full(run.network.n_neurons, NOTHING, dtype=np.int64)
    meaning[ports["walk"].neurons] = BEGINS
    meaning[ports["exit"].neurons] = exit_side
    begun = np.zeros(64 * (int(spikes.word.max(initial=0)) + 1), dtype=np.int64)
    left = np.zeros((len(steps), sides), dtype=np.int64)
    _count(meaning[spikes.i], spikes.word, spikes.bits, np.asarray(steps), begun, left)
    return np.cumsum(left, axis=0)


@njit(cache=True)
def _count(meaning, word, bits, steps, begun, left):
    """Count walkers by the first of `steps` that comes no earlier than the step they left in.

    Parameters
    ----------
    meaning : int64 array
        Side by which walkers leave, or BEGINS, of each entry; entries are in order of ticks.
    word, bits : int64 and uint64 arrays of that length
        In which lanes.
    steps : int64 array (T,), increasing
    begun : int64 array (64·words,), written
        Steps that each lane has begun, 0 at first.
    left : int64 array (T, sides), written
    """
    for entry in range(len(meaning)):
        side = meaning[entry]
        lanes = bits[entry]
        while lanes != uint64(0):
            lane = 64 * word[entry] + np.int64(lowest(lanes))
            lanes &= lanes - uint64(1)
            if side == BEGINS:
                begun[lane] += 1
            else:
                row = np.searchsorted(steps, begun[lane])
                if row < len(steps):
                    left[row, side] += 1
