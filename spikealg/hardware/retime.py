"""Ticks by which neurons are late so that gates that take longer still get inputs together.

If a gate takes k ticks more, its inputs come earlier or it fires later, and what it meets
elsewhere waits as well: retiming of synchronous circuits (Leiserson and Saxe, Algorithmica 6,
1991). The least lags are longest paths.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.network import Network

__all__ = ["least_lags"]

Array = npt.NDArray[np.int64]


def least_lags(network: Network, depth: Array) -> tuple[Array, Array]:
    """Return how late each neuron is at least, if some take longer.

    A synapse of delay d then has d + lag(post) − lag(pre) − depth(post) ticks of its own, which
    must be 1 at least. Neurons of an input port are never late; those of an output port, and of
    all ports that wait for "done", are late alike.

    Parameters
    ----------
    network : Network
    depth : int64 array (n,)
        Ticks that each neuron takes more than before.

    Returns
    -------
    lag : int64 array (n,)
    stuck : int64 array
        Neurons that no lag suits: those on loops, or on ways from themselves to inputs, that are
        too short. Empty if the lags hold.
    """
    pre, post = network.pre, network.post
    more = 1 - network.delay.astype(np.int64) + depth[post]
    together = [port.neurons for port in network.outputs.values() if port.latency is not None]
    waiting = [port.neurons for port in network.outputs.values() if port.latency is None]
    if waiting:
        together.append(np.concatenate(waiting))
    inputs = [port.neurons[port.neurons >= 0] for port in network.inputs.values()]
    prompt = np.zeros(network.n_neurons, dtype=bool)
    prompt[np.concatenate([*inputs, np.zeros(0, dtype=np.int64)])] = True
    # No way without a loop is longer than this.
    longest = int(depth.sum())
    lag = np.zeros(network.n_neurons, dtype=np.int64)
    while True:
        later = lag.copy()
        np.maximum.at(later, post, lag[pre] + more)
        for neurons in together:
            later[neurons] = later[neurons].max(initial=0)
        stuck = np.flatnonzero((later > longest) | (prompt & (later > 0)))
        if len(stuck) or np.array_equal(later, lag):
            return later, stuck
        lag = later
