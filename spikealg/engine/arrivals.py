"""How many updates have something arriving: those that an event-driven machine would make."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from spikealg.engine.packed import PackedSpikes
from spikealg.engine.state import Spikes
from spikealg.engine.words import count_ones
from spikealg.memory import require_memory
from spikealg.network import Network

__all__ = ["arrivals"]

Integers = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def _count(
    t,
    word,
    i,
    bits,
    indptr,
    post,
    delay,
    last,
    first,
    end,
    n,
    ring,
    seen_at,
    seen,
    of_neuron,
    of_lane,
):
    """Count the lanes, neurons and ticks from `first` to before `end` in which a spike arrives.

    Parameters
    ----------
    t, word, i : int64 arrays, bits : uint64 array
        Spikes in order of word, then tick; a (t, word, i) may occur several times.
    indptr, post, delay : arrays
        The synapses, by presynaptic neuron.
    last : int64 array (words, lanes of a word)
        The last tick that each lane ran.
    n, ring : int
        Neurons; ticks in the ring, more than the longest delay.
    seen_at : int64 array (ring·n,), −1 before
        When the lanes in `seen` were noted: a number for each tick and word.
    seen : uint64 array (ring·n,)
        Lanes of the word in which a spike has arrived at a neuron in a tick.
    of_neuron : int64 array (n,)
        Added to.
    of_lane : int64 array (words, lanes of a word), or (0, 0) if nobody asks
        Added to.
    """
    lanes = last.shape[1]
    ends = np.empty(0, dtype=np.int64)
    now, soonest, latest = -1, 0, 0
    for entry in range(len(t)):
        if word[entry] != now:
            now = word[entry]
            ends = last[now]
            soonest, latest = ends.min(), ends.max()
        for s in range(indptr[i[entry]], indptr[i[entry] + 1]):
            due = t[entry] + delay[s]
            if due < first or due > latest:
                continue
            arriving = bits[entry]
            if due > soonest:
                for lane in range(lanes):
                    if ends[lane] < due:
                        arriving &= ~(uint64(1) << uint64(lane))
            cell = (due % ring) * n + post[s]
            # A cell is met again by another tick only when its own has passed.
            key = now * end + due
            if seen_at[cell] != key:
                seen_at[cell], seen[cell] = key, uint64(0)
            fresh = arriving & ~seen[cell]
            seen[cell] |= arriving
            of_neuron[post[s]] += np.int64(count_ones(fresh))
            if of_lane.size:
                for lane in range(lanes):
                    of_lane[now, lane] += np.int64((fresh >> uint64(lane)) & uint64(1))


def arrivals(
    network: Network,
    flying: Spikes,
    spikes: Spikes | PackedSpikes,
    first: int,
    last: Integers,
    *,
    by_lane: bool = False,
) -> tuple[Integers, Integers]:
    """Return how many times each neuron, and each lane, was reached by spikes in a tick.

    Parameters
    ----------
    flying : Spikes
        Those in flight before tick `first`.
    spikes : Spikes or PackedSpikes
        All spikes from tick `first` on.
    last : int64 array (lanes,)
        The last tick that each lane ran.
    by_lane : bool
        Whether lanes are told apart, which takes longer.

    Returns
    -------
    of_neuron : int64 array (n,)
        Ticks in which something arrived, over all lanes.
    of_lane : int64 array (lanes,)
        The same over all neurons; empty without `by_lane`.
    """
    if isinstance(spikes, PackedSpikes):
        offset, in_word = spikes.offset, 64
        word, bits = spikes.word, spikes.bits
    else:
        offset, in_word = 0, 1
        word, bits = spikes.lane, np.ones(len(spikes), dtype=np.uint64)
    at = offset + flying.lane
    word = np.concatenate([at // in_word, word])
    bits = np.concatenate([np.uint64(1) << (at % in_word).astype(np.uint64), bits])
    t, i = np.concatenate([flying.t, spikes.t]), np.concatenate([flying.i, spikes.i])
    words = -(-(offset + len(last)) // in_word)
    n, ring, end = network.n_neurons, network.max_delay + 1, int(last.max()) + 1
    require_memory(
        40.0 * len(t) + 8 * words * in_word + 16 * n * ring,
        f"counting where {len(t)} spikes arrive",
        "count over fewer lanes or ticks",
    )
    order = np.lexsort((t, word))
    # Lanes that are none never spike: they must only not seem to have ended early.
    ends = np.full(words * in_word, end - 1, dtype=np.int64)
    ends[offset : offset + len(last)] = last
    of_neuron = np.zeros(n, dtype=np.int64)
    of_lane = np.zeros((words, in_word) if by_lane else (0, 0), dtype=np.int64)
    _count(
        t[order], word[order], i[order], bits[order], network.indptr, network.post,
        network.delay, ends.reshape(words, in_word), first, end, n, ring,
        np.full(n * ring, -1, dtype=np.int64), np.empty(n * ring, dtype=np.uint64),
        of_neuron, of_lane,
    )  # fmt: skip
    return of_neuron, of_lane.reshape(-1)[offset : offset + len(last)]
