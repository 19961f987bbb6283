"""Cores filled one after another: the greedy step of every placement."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["fill_cores"]


@njit(cache=True)
def fill_cores(order, part, indptr, sources, bits, max_neurons, max_axons, max_bits):
    """Put neurons into cores in `order`; open a new core where the next neuron does not fit.

    A neuron that does not fit an empty core gets one of its own.

    Parameters
    ----------
    order : int64 array (n,)
        Neurons, each once.
    part : int64 array (n,)
        A core holds neurons of one part only; in `order`, those of a part follow each other.
    indptr, sources : int64 array (n + 1,), int32 array (m,)
        The presynaptic neurons of j are ``sources[indptr[j]:indptr[j + 1]]``.
    bits : int64 array (n,)
        Memory of the synapses into each neuron [bit].
    max_neurons, max_axons, max_bits : int
        What a core holds: neurons, distinct presynaptic neurons, memory [bit].

    Returns
    -------
    int64 array (n,)
        The core of each neuron, numbered from 0 in the order of filling.
    """
    n = len(order)
    core = np.zeros(n, dtype=np.int64)
    core_of_axon = np.full(n, -1, dtype=np.int64)
    counted_for = np.full(n, -1, dtype=np.int64)
    current = np.int64(0)
    neurons = axons = memory = np.int64(0)
    for position in range(n):
        j = order[position]
        new = np.int64(0)
        distinct = np.int64(0)
        for synapse in range(indptr[j], indptr[j + 1]):
            source = sources[synapse]
            if counted_for[source] != j:
                counted_for[source] = j
                distinct += 1
                new += core_of_axon[source] != current
        full = neurons + 1 > max_neurons or axons + new > max_axons or memory + bits[j] > max_bits
        other = position > 0 and part[order[position - 1]] != part[j]
        if neurons > 0 and (full or other):
            current += 1
            neurons = axons = memory = np.int64(0)
            new = distinct
        core[j] = current
        neurons += 1
        axons += new
        memory += bits[j]
        for synapse in range(indptr[j], indptr[j + 1]):
            core_of_axon[sources[synapse]] = current
    return core
