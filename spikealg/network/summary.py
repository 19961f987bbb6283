"""Size and shape of a network in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from spikealg.network.network import Network

__all__ = ["Summary", "summarize"]


@dataclass(frozen=True)
class Summary:
    """Size and shape of a network; prints as a table.

    Attributes
    ----------
    neurons, synapses : int
    latency : int or None
        Ticks from the inputs to the last output; None where that depends on the data.
    interval : int or None
        Ticks after which the next operands may be presented; None where they must wait until the
        network is done, or where it is not known.
    depth : int
        Synapses on the longest chain of neurons, a loop counted as one neuron.
    fan_in, fan_out : int
        Most synapses into and out of one neuron.
    weight_bits : int
        Bits of the smallest signed integer that holds every weight.
    delay : int
        Longest delay [ticks], 0 without synapses.
    """

    neurons: int
    synapses: int
    latency: int | None
    interval: int | None
    depth: int
    fan_in: int
    fan_out: int
    weight_bits: int
    delay: int

    def __str__(self) -> str:
        labels = {
            "latency": "latency [ticks]",
            "interval": "interval [ticks]",
            "fan_in": "largest fan-in",
            "fan_out": "largest fan-out",
            "weight_bits": "weight bits",
            "delay": "longest delay [ticks]",
        }
        rows = []
        for field in fields(self):
            value = getattr(self, field.name)
            unknown = "not stated" if self.latency is not None else "depends on the data"
            text = unknown if value is None else f"{value:,}"
            rows.append(f"{labels.get(field.name, field.name):<22}{text:>12}")
        return "\n".join(rows)


def summarize(network: Network) -> Summary:
    """Return the summary of a network."""
    latencies = [port.latency for port in network.outputs.values()]
    known = [latency for latency in latencies if latency is not None]
    weights = network.weight.astype(np.int64)
    extreme = int(np.maximum(weights, -weights - 1).max(initial=0))
    return Summary(
        neurons=network.n_neurons,
        synapses=network.n_synapses,
        latency=max(known, default=0) if len(known) == len(latencies) else None,
        interval=network.interval,
        depth=_depth(network.pre, network.post, network.n_neurons),
        fan_in=int(np.bincount(network.post, minlength=1).max()),
        fan_out=int(np.diff(network.indptr).max()),
        weight_bits=extreme.bit_length() + 1,
        delay=int(network.delay.max(initial=0)),
    )


def _depth(pre: npt.NDArray[np.int32], post: npt.NDArray[np.int32], n: int) -> int:
    """Return the number of edges on the longest path of the graph with its loops contracted."""
    edges = sp.csr_array((np.ones(len(pre), dtype=np.int8), (pre, post)), shape=(n, n))
    n_parts, part = connected_components(edges, directed=True, connection="strong")
    crossing = part[pre] != part[post]
    following = sp.csr_array(
        (np.ones(int(crossing.sum()), np.int64), (part[pre[crossing]], part[post[crossing]])),
        shape=(n_parts, n_parts),
    )
    # Wave after wave of the parts that nothing unvisited leads to (Kahn 1962).
    waiting = np.bincount(following.indices, minlength=n_parts)
    wave = np.nonzero(waiting == 0)[0]
    depth = -1
    while len(wave):
        depth += 1
        reached = following[wave].indices
        np.subtract.at(waiting, reached, 1)
        reached = np.unique(reached)
        wave = reached[waiting[reached] == 0]
    return depth
