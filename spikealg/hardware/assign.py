"""Which neurons share a core."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import reverse_cuthill_mckee

from spikealg.hardware.fill import fill_cores
from spikealg.hardware.partition import partition
from spikealg.hardware.platform import Limits
from spikealg.network import Network

__all__ = ["assign", "distinct_routes", "synapse_bits", "weight_mantissas"]

Array = npt.NDArray[np.int64]
Integers = npt.NDArray[np.integer[Any]]

UNBOUNDED = 2**62
ATTEMPTS = 4
TOLERATED = 0.05
"""Share of blocks that may have too many axons and are cut in two."""
MARGIN = 0.97
"""Blocks are asked to be this much smaller than the typical one in limits."""


def synapse_bits(network: Network, limits: Limits) -> int:
    """Return the memory of one synapse [bit]: mantissa and delay, as wide as the network needs.

    On a crossbar whose axons select the weight, a synapse is one bit.
    """
    if limits.axon_types is not None:
        return 1
    weights = weight_mantissas(network, limits)
    extreme = int(np.maximum(weights, -weights - 1).max(initial=0))
    spread = network.max_delay - (limits.delay_min or 1)
    return extreme.bit_length() + 1 + max(spread, 0).bit_length()


def weight_mantissas(network: Network, limits: Limits) -> Array:
    """Return the weight of each synapse without the power of two that an exponent holds, (m,)."""
    weights = network.weight.astype(np.int64)
    if limits.weight_exponent_max is None:
        return weights
    # What a number and its negative have in common is the lowest bit that is set.
    factor = np.minimum(weights & -weights, 2**limits.weight_exponent_max)
    mantissas: Array = weights // np.maximum(factor, 1)
    return mantissas


def _bound(limit: int | None) -> int:
    return UNBOUNDED if limit is None else limit


def _adjacency(network: Network) -> sp.csr_array:
    """Return the synapses between two neurons, in either direction, as a symmetric matrix."""
    n = network.n_neurons
    one = np.ones(network.n_synapses, dtype=np.int64)
    graph = sp.csr_array(sp.coo_array((one, (network.pre, network.post)), shape=(n, n)))
    graph = sp.csr_array(graph + graph.T)
    graph.setdiag(0)
    graph.eliminate_zeros()
    return graph


def assign(network: Network, limits: Limits, method: str) -> Array:
    """Return the core of each neuron.

    How many neurons a core can hold before too many axons reach or leave it depends on the
    wiring: where many blocks are too large, all are made smaller and the fewest cores win.
    """
    graph = _adjacency(network)
    rank = np.argsort(reverse_cuthill_mckee(graph, symmetric_mode=True)).astype(np.int64)
    capacity = min(_bound(limits.neurons_per_core), network.n_neurons)
    whole = np.zeros(network.n_neurons, dtype=np.int64)
    best: Array | None = None
    for _ in range(ATTEMPTS):
        part = (
            partition(graph, _shares(network, limits, capacity)) if method == "partition" else whole
        )
        filled = _fill(network, limits, capacity, np.lexsort((rank, part)), part)
        core = _split_for_axons_out(network, filled, limits, rank)
        if best is None or core.max() < best.max():
            best = core
        smaller = _smaller_blocks(network, limits, part if method == "partition" else filled)
        if smaller is None:
            break
        capacity = smaller
    assert best is not None
    return best


def _smaller_blocks(network: Network, limits: Limits, block: Integers) -> int | None:
    """Return how many neurons a block may have by its axons, None if nearly all are in limits."""
    neuron, target = distinct_routes(network, block)
    size = np.bincount(block)
    reached = np.bincount(target, minlength=len(size)) / _bound(limits.fan_in_axons)
    leaving = np.bincount(block[neuron], minlength=len(size)) / _bound(limits.fan_out_axons)
    excess = np.maximum(reached, leaving)
    over = (excess > 1) & (size > 1)
    if over.mean() <= TOLERATED:
        return None
    return max(int(MARGIN * np.median(size[over] / excess[over])), 1)


def _shares(network: Network, limits: Limits, capacity: int) -> npt.NDArray[np.float64]:
    """Return the share of a core that each neuron takes: of its places or of its memory."""
    fan_in = np.bincount(network.post, minlength=network.n_neurons)
    memory = fan_in * synapse_bits(network, limits) / _bound(limits.synapse_bits_per_core)
    return np.maximum(1.0 / capacity, memory)


def _fill(network: Network, limits: Limits, capacity: int, order: Array, part: Array) -> Array:
    by_target = np.argsort(network.post, kind="stable")
    fan_in = np.bincount(network.post, minlength=network.n_neurons)
    indptr = np.concatenate([[0], np.cumsum(fan_in)]).astype(np.int64)
    core: Array = fill_cores(
        order, part, indptr, network.pre[by_target],
        (fan_in * synapse_bits(network, limits)).astype(np.int64),
        capacity, _bound(limits.fan_in_axons), _bound(limits.synapse_bits_per_core),
    )  # fmt: skip
    return core


def _split_for_axons_out(network: Network, core: Array, limits: Limits, rank: Array) -> Array:
    """Halve cores that too many axons leave, along `rank`, until none does or it is one neuron."""
    most = _bound(limits.fan_out_axons)
    while True:
        neuron, _ = distinct_routes(network, core)
        held = np.bincount(core)
        leaving = np.bincount(core[neuron], minlength=len(held))
        over = (leaving > most) & (held > 1)
        if not over.any():
            return core
        order = np.lexsort((rank, core))
        nth = np.empty(len(core), dtype=np.int64)
        nth[order] = np.arange(len(core)) - np.concatenate([[0], np.cumsum(held)])[core[order]]
        second = over[core] & (2 * nth >= held[core])
        label = 2 * core + second
        core = np.unique(label, return_inverse=True)[1].reshape(-1).astype(np.int64)


def distinct_routes(network: Network, core: Integers) -> tuple[Array, Array]:
    """Return neuron and target core of each distinct pair, sorted."""
    cores = int(core.max()) + 1
    pairs = np.sort(network.pre.astype(np.int64) * cores + core[network.post])
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    neuron, target = np.divmod(pairs, cores)
    return neuron, target
