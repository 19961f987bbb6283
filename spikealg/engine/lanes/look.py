"""Looking at neurons lane by lane between two ticks: states, potentials, and who is at rest."""

from __future__ import annotations

from numba import int64, njit, uint64

from spikealg.engine.lanes.single import rest, reveal
from spikealg.engine.plan import WIDTH
from spikealg.engine.words import peek

__all__ = ["drop_expecting", "keep_resting", "write_potentials", "write_state"]


@njit(cache=True)
def write_state(plan, ask, room, out, first_word, first_entry, end_entry, t):
    """Write the state of a block at the end of tick t, counted from the start of the run."""
    first = 64 * first_word - ask.first_bit
    for j in range(len(plan.kind)):
        reveal(plan, room, ask.inject_neuron, ask.inject_weight, first_entry, end_entry, t, j)
        for lane in range(max(0, -first), min(len(room.lane_v), len(out.v) - first)):
            out.v[first + lane, j] = room.lane_v[lane]
            out.i[first + lane, j] = room.lane_i[lane]
            out.c[first + lane, j] = room.lane_c[lane]


@njit(cache=True)
def write_potentials(plan, ask, room, out, first_word, first_entry, end_entry, t):
    """Write the potentials asked for of the lanes that run."""
    live = uint64(room.flat.ctypes.data) + uint64(8 * room.words * room.live)
    for w in range(len(ask.watched)):
        reveal(plan, room, ask.inject_neuron, ask.inject_weight, first_entry, end_entry, t,
               ask.watched[w])  # fmt: skip
        for lane in range(len(room.lane_v)):
            bits = peek(live + uint64(8 * (lane // 64)))
            if (bits >> uint64(lane % 64)) & uint64(1):
                row = 64 * first_word + lane - ask.first_bit
                out.potentials[t, row, w] = room.lane_v[lane]


@njit(cache=True)
def drop_expecting(finished, planes, first_word):
    """Clear the lanes to which some input is still to come, planes (entries, words)."""
    for entry in range(len(planes)):
        for w in range(min(len(finished), planes.shape[1] - first_word)):
            finished[w] &= ~planes[entry, first_word + w]


@njit(cache=True)
def keep_resting(plan, ask, room, finished, first_entry, end_entry, t):
    """Clear the lanes in which some neuron is not at rest at the end of tick t."""
    for j in range(len(plan.kind)):
        if not finished.any():
            break
        reveal(plan, room, ask.inject_neuron, ask.inject_weight, first_entry, end_entry, t, j)
        k = int64(plan.kind[j]) * WIDTH
        rest(plan.kinds, k, room.lane_v, room.lane_i, room.lane_c, finished)
