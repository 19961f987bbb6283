"""The choice of an exit as a tree of stochastic gates, in tables of who tells whom and when.

A gate sits where the exits that are left are split in two. It sees a walker that has one of them
before it, and spikes with the probability that the walker takes the first part. No more neurons
are needed to know a walker that it let pass: "was seen" minus "was sent on" is a sum of spikes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.solvers.diffusion.density_circuits.splits import Nodes, Splits
from spikealg.solvers.diffusion.equation.transition import ExitLists

__all__ = ["Choice", "Terms", "chain_of_gates", "tree_of_gates"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Terms(NamedTuple):
    """Spikes that tell a place (a gate or an exit) of a walker; four int64 arrays of one length.

    Attributes
    ----------
    place : number of the gate or exit
    source : number of the vertex or gate that spikes
    weight : 1 or −1; the sum over the sources of a place is 1 if a walker is there, else 0
    delay : ticks from the spike to the place; all terms of a walker at a place come in one tick
    """

    place: IntArray
    source: IntArray
    weight: IntArray
    delay: IntArray

    def among(self, wanted: BoolArray, number: IntArray) -> Terms:
        """Return the terms of the places that are wanted, with other numbers for the places.

        Parameters
        ----------
        wanted : (places,) bool
        number : (places,) int64
        """
        kept = wanted[self.place]
        return Terms(
            number[self.place[kept]], self.source[kept], self.weight[kept], self.delay[kept]
        )


@dataclass(frozen=True, eq=False)
class Choice:
    """The gates of all vertices.

    Attributes
    ----------
    probability : (gates,) float64
        With which a gate that sees a walker spikes. A vertex of d exits has a gate at each of the
        d − 1 borders between them. First come the gates at the first borders of all vertices,
        then those at the second: in a regular mesh equal ones follow each other.
    gates_from_walkers, exits_from_walkers : Terms
        Their sources are vertices, which spike once for each walker that leaves.
    gates_from_gates, exits_from_gates : Terms
        Their sources are gates.
    arrival : (exits,) int64
        Ticks from the spike of a vertex to its terms at each exit.
    latency : (vertices,) int64
        The longest of a vertex.
    """

    probability: FloatArray
    gates_from_walkers: Terms
    gates_from_gates: Terms
    exits_from_walkers: Terms
    exits_from_gates: Terms
    arrival: IntArray
    latency: IntArray


def chain_of_gates(exits: ExitLists) -> Choice:
    """Return gates one after another: the i-th asks for exit i, among those from i on.

    The last exits of a vertex of d are reached after d ticks.
    """
    return _choice(exits, lambda level: level.low + 1)


def tree_of_gates(exits: ExitLists) -> Choice:
    """Return gates that split the exits that are left: all are reached in ⌈log₂ d⌉ + 1 ticks.

    As far as this leaves a choice, exits are split where gates are cheap: a draw for a probability
    such as ½ or ¾ is decided by one or two bits, and what is not sent on costs no spike.
    """
    return _choice(exits, Splits(exits))


def _choice(exits: ExitLists, split: Callable[[Nodes], IntArray]) -> Choice:
    """Return the gates that split ranges of exits; `split` tells where the second part begins."""
    levels = _grow(exits, split)
    nodes = Nodes(*(np.concatenate(parts) for parts in zip(*levels, strict=True)))
    is_gate = nodes.high - nodes.low > 1
    place = nodes.low.copy()
    # Where the second part of a gate begins.
    second = ~nodes.first & (nodes.parent >= 0)
    place[nodes.parent[second]] = _gate_numbers(exits.indptr)[nodes.low[second] - 1]
    probability = np.empty(int(is_gate.sum()))
    probability[place[is_gate]] = _first_shares(exits.probability, levels)[is_gate]
    from_walkers, from_gates = _terms(nodes, place)
    arrival = np.empty(len(exits.target), dtype=np.int64)
    arrival[nodes.low[~is_gate]] = nodes.depth[~is_gate] + 1
    return Choice(
        probability,
        from_walkers.among(is_gate, place),
        from_gates.among(is_gate, place),
        from_walkers.among(~is_gate, place),
        from_gates.among(~is_gate, place),
        arrival,
        np.maximum.reduceat(arrival, exits.indptr[:-1]),
    )


def _grow(exits: ExitLists, split: Callable[[Nodes], IntArray]) -> list[Nodes]:
    """Return the nodes, level by level: the first parts of a level come before the second."""
    n = len(exits.indptr) - 1
    nobody = np.zeros(n, dtype=bool)
    level = Nodes(
        np.arange(n), exits.indptr[:-1], exits.indptr[1:], np.zeros(n, int), np.full(n, -1), nobody
    )
    levels, above = [level], 0
    while True:
        (gates,) = np.nonzero(level.high - level.low > 1)
        if not len(gates):
            return levels
        parts = level.at(gates)
        middle = split(parts)
        level = Nodes(
            np.tile(parts.vertex, 2),
            np.concatenate([parts.low, middle]),
            np.concatenate([middle, parts.high]),
            np.full(2 * len(gates), len(levels)),
            np.tile(above + gates, 2),
            np.arange(2 * len(gates)) < len(gates),
        )
        above += len(levels[-1].low)
        levels.append(level)


def _gate_numbers(indptr: IntArray) -> IntArray:
    """Return the number of the gate at the border after each exit; −1 after a vertex's last."""
    degree = np.diff(indptr)
    position = np.arange(indptr[-1]) - np.repeat(indptr[:-1], degree)
    (border,) = np.nonzero(position < np.repeat(degree, degree) - 1)
    number = np.full(len(position), -1)
    number[border[np.argsort(position[border], kind="stable")]] = np.arange(len(border))
    return number


def _first_shares(probability: FloatArray, levels: list[Nodes]) -> FloatArray:
    """Return for each node how probable its first part is, 1 for a single exit.

    Summed from the exits up, so that a small probability beside a large one is not lost.
    """
    shares = []
    below = np.empty(0)
    for level in reversed(levels):
        total, share = probability[level.low], np.ones(len(level.low))
        split = level.high - level.low > 1
        first, second = below.reshape(2, -1)
        total[split] = both = first + second
        # Where all is 0 no walker comes by.
        share[split] = np.divide(first, both, out=np.ones_like(both), where=both > 0)
        shares.append(share)
        below = total
    return np.concatenate(shares[::-1])


def _terms(nodes: Nodes, place: IntArray) -> tuple[Terms, Terms]:
    """Return the terms of all nodes, with nodes as places: those from walkers, those from gates.

    A node that is a first part is told by its parent's spike. A second part is told what its
    parent is told, and that its parent sent the walker elsewhere.
    """
    walkers, gates = [], []
    node = at = np.arange(len(nodes.parent))
    while len(node):
        parent = nodes.parent[at]
        root = parent < 0
        told = node[root]
        walkers.append(Terms(told, nodes.vertex[told], np.ones_like(told), nodes.depth[told] + 1))
        node, at, parent = node[~root], at[~root], parent[~root]
        first = nodes.first[at]
        weight, delay = np.where(first, 1, -1), nodes.depth[node] - nodes.depth[parent]
        gates.append(Terms(node, place[parent], weight, delay))
        node, at = node[~first], parent[~first]
    return _joined(walkers), _joined(gates)


def _joined(parts: list[Terms]) -> Terms:
    return Terms(*(np.concatenate(column) for column in zip(*parts, strict=True)))
