"""Looking at neurons lane by lane between two ticks: states, potentials, and who is at rest."""

from __future__ import annotations

from numba import njit, uint64

from spikealg.engine.lanes.plan import KIND, NODE
from spikealg.engine.lanes.single import rest, reveal
from spikealg.engine.words import peek

__all__ = ["drop_expecting", "keep_resting", "write_potentials", "write_state"]


@njit(cache=True)
def write_state(
    view, wide, inject_neuron, inject_weight, first_entry, end_entry, t, first, v, i, c
):
    """Write the state of a block at the end of tick t, counted from the start of the run.

    Parameters
    ----------
    first : int
        Row of v, i and c, int32 arrays (lanes, n), of the block's first bit.
    """
    for j in range(v.shape[1]):
        reveal(view, wide, inject_neuron, inject_weight, first_entry, end_entry, t, j)
        for lane in range(max(0, -first), min(len(view.lane_v), len(v) - first)):
            v[first + lane, j] = view.lane_v[lane]
            i[first + lane, j] = view.lane_i[lane]
            c[first + lane, j] = view.lane_c[lane]


@njit(cache=True)
def write_potentials(view, wide, inject_neuron, inject_weight, first_entry, end_entry, t, first,
                     watched, potentials):  # fmt: skip
    """Write the potentials of watched neurons in the lanes that run.

    Parameters
    ----------
    first : int
        Row of ``potentials[t]``, int32 array (ticks, lanes, watched), of the block's first bit.
    """
    live = uint64(view.flat.ctypes.data) + uint64(8 * view.words * view.live)
    for w in range(len(watched)):
        reveal(view, wide, inject_neuron, inject_weight, first_entry, end_entry, t, watched[w])
        for lane in range(len(view.lane_v)):
            bits = peek(live + uint64(8 * (lane // 64)))
            if (bits >> uint64(lane % 64)) & uint64(1):
                potentials[t, first + lane, w] = view.lane_v[lane]


@njit(cache=True)
def drop_expecting(finished, planes, first_word):
    """Clear the lanes to which some input is still to come, planes (entries, words)."""
    for entry in range(len(planes)):
        for w in range(min(len(finished), planes.shape[1] - first_word)):
            finished[w] &= ~planes[entry, first_word + w]


@njit(cache=True)
def keep_resting(view, wide, inject_neuron, inject_weight, first_entry, end_entry, t, finished):
    """Clear the lanes in which some neuron is not at rest at the end of tick t."""
    for j in range(len(view.width)):
        if not finished.any():
            break
        reveal(view, wide, inject_neuron, inject_weight, first_entry, end_entry, t, j)
        rest(view.kinds, view.nodes[j * NODE + KIND], view.lane_v, view.lane_i, view.lane_c,
             finished)  # fmt: skip
