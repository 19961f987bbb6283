"""The memory of the event kernel.

A visit costs as many cache lines as it touches, and so does a spike: all that a visit needs of a
neuron lies together in its row of ``hot`` and its row of the ring in which coming input is summed,
what a spike needs in its row of ``spiking``. A cell of the ring that nothing has reached is
``EMPTY``, which no sum can be.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.engine.plan import Plan

__all__ = ["COLUMNS", "COUNT", "EMPTY", "FIRST", "KIND", "LAST", "C", "I", "V", "Work", "make_work"]

EMPTY = -(2**31)

V, I, C, LAST, KIND = range(5)
"""Columns of ``hot``: state, tick of the last visit (from the start of the run), start of the
neuron's kind in ``kinds``. Five, not eight: neurons at a power of two apart would share cache
sets."""
COLUMNS = 5
FIRST, COUNT = range(2)
"""Columns of ``spiking``: the neuron's first synapse, its last being before the first of the next
row, and its spikes so far."""


class Work(NamedTuple):
    """Memory of one thread; all but `pairs` and `relay` is written.

    Attributes
    ----------
    hot : int32 array (COLUMNS·n,)
    spiking : int32 array (2·(n + 1),)
    ring : int32 array (n·ring,)
        Sums that arrive at each neuron in each of the coming ticks; not at relays.
    touched : int32 array (ring·(n + 1),)
        A row for each of these ticks: from its front the neurons whose cell is not ``EMPTY``, from
        its back the relays at which something arrives. One place is free even if those are all.
    front, back : int64 arrays (ring,)
        The next place of each of the two lists in `touched`.
    marks : uint64 array (ring, ⌈n/64⌉)
        A bit for each relay that is listed.
    history : int32 array (ring, n), history_count : int64 array (ring,)
        Neurons that spiked in each of the last ticks; the row of a tick is filled in it.
    injected : int64 array (n,)
    streams : uint32 array (n,), words : uint64 array (n,)
        For drawing.
    restless, eligible, others : int32 arrays (n,)
        Lists of neurons, as long as `at` says.
    pairs : int64 array (2·pairs,)
        As in the plan, but with the weight ``EMPTY`` where a pair leads to relays.
    relay : bool array (n,)
        Which neurons are relays, unless the job needs all of them visited.
    """

    hot: npt.NDArray[np.int32]
    spiking: npt.NDArray[np.int32]
    ring: npt.NDArray[np.int32]
    touched: npt.NDArray[np.int32]
    front: npt.NDArray[np.int64]
    back: npt.NDArray[np.int64]
    marks: npt.NDArray[np.uint64]
    history: npt.NDArray[np.int32]
    history_count: npt.NDArray[np.int64]
    injected: npt.NDArray[np.int64]
    streams: npt.NDArray[np.uint32]
    words: npt.NDArray[np.uint64]
    restless: npt.NDArray[np.int32]
    eligible: npt.NDArray[np.int32]
    others: npt.NDArray[np.int32]
    pairs: npt.NDArray[np.int64]
    relay: npt.NDArray[np.bool_]


def make_work(plan: Plan, relaying: bool) -> Work:
    """Return the memory for a thread; `relaying` says whether relays may go unvisited."""
    n, pairs = len(plan.kind), plan.pairs.copy()
    pairs[::2][plan.relaying & relaying] = EMPTY
    return Work(
        hot=np.empty(COLUMNS * n, dtype=np.int32),
        spiking=np.empty(2 * (n + 1), dtype=np.int32),
        ring=np.full(plan.ring * n, EMPTY, dtype=np.int32),
        touched=np.empty(plan.ring * (n + 1), dtype=np.int32),
        front=np.arange(plan.ring) * (n + 1),
        back=np.arange(plan.ring) * (n + 1) + n,
        marks=np.zeros((plan.ring, -(-n // 64)), dtype=np.uint64),
        history=np.empty((plan.ring, n), dtype=np.int32),
        history_count=np.zeros(plan.ring, dtype=np.int64),
        injected=np.zeros(n, dtype=np.int64),
        streams=np.empty(n, dtype=np.uint32),
        words=np.empty(n, dtype=np.uint64),
        restless=np.empty(n, dtype=np.int32),
        eligible=np.empty(n, dtype=np.int32),
        others=np.empty(n, dtype=np.int32),
        pairs=pairs,
        relay=plan.relays.member & relaying,
    )
