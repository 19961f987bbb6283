"""What the spikes of a run send to each neuron, in one pass over the synapses."""

from __future__ import annotations

import numpy as np
from numba import njit, uint32

__all__ = ["arriving"]


@njit(cache=True)
def arriving(spikes, indptr, post, delay, lanes):
    """Add up what is sent to each neuron, and bound from below when it arrives.

    Parameters
    ----------
    spikes : int64 array (n,)
        Of each neuron, over all lanes.
    indptr, post, delay : int64 array (n + 1,), int32 arrays (m,)
        The synapses, by presynaptic neuron.
    lanes : int

    Returns
    -------
    sent : int64 array (n,)
        Synaptic events sent to each neuron.
    low : int64 array (n,)
        As many ticks at least, over all lanes, have a spike arriving: spikes of one synapse arrive
        in different ticks, and only those of a lane's last `delay` ticks after it has ended.
    """
    n = len(spikes)
    sent, low = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for i in range(n):
        spiked = spikes[i]
        if spiked == 0:
            continue
        for s in range(indptr[i], indptr[i + 1]):
            j = uint32(post[s])  # which spares the question whether it is negative
            sent[j] += spiked
            within = spiked - delay[s] * lanes
            if within > low[j]:
                low[j] = within
    return sent, low
