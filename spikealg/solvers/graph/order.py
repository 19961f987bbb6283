"""Topological order: a vertex fires when all that come before it have fired."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.engine import Run
from spikealg.errors import InputError
from spikealg.network import Network
from spikealg.solvers.graph.answer import Answer
from spikealg.solvers.graph.edges import Arcs, read_edges
from spikealg.solvers.graph.wave import NEVER_REACHED, firing_times, run_wave

__all__ = ["Order", "run_order", "topological_order"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Order(Answer):
    """Nodes in an order in which every edge leads forward.

    Attributes
    ----------
    generations : list of lists of nodes
        Those that fired in tick 0, 1, ...: generation t holds the nodes whose longest path from any
        source has t edges.
    runs : tuple of Run
        One.
    """

    generations: list[list[Hashable]]

    @cached_property
    def nodes(self) -> list[Hashable]:
        """All nodes in order; within a generation in the order of the graph."""
        return [node for generation in self.generations for node in generation]

    def __repr__(self) -> str:
        return (
            f"<Order of {len(self.nodes)} nodes in {len(self.generations)} generations: "
            f"{self.ticks} ticks, {self.spikes} spikes>"
        )


def topological_order(graph: Any) -> Order:
    """Return the nodes of a directed graph without cycles so that every edge leads forward.

    Every vertex is a neuron whose threshold is the number of edges into it, so it fires a tick
    after the last vertex that comes before it.

    Parameters
    ----------
    graph : networkx.DiGraph or MultiDiGraph

    Returns
    -------
    Order

    Raises
    ------
    InputError, InputTypeError
        If the graph is undirected or has a cycle; the message shows one.

    Examples
    --------
    >>> import networkx as nx
    >>> topological_order(nx.DiGraph([("shirt", "tie"), ("tie", "jacket")])).nodes
    ['shirt', 'tie', 'jacket']
    """
    edges = read_edges(graph, None)
    if not edges.directed:
        raise InputError("graph must be directed: in an undirected one every edge is a cycle")
    run, times = run_order(edges.arcs)
    if (times == NEVER_REACHED).any():
        cycle = edges.way(_cycle(edges.arcs, times))
        raise InputError(f"graph must have no cycle, but it has {cycle}")
    generations: list[list[Hashable]] = [[] for _ in range(int(times.max()) + 1)]
    for node, time in zip(edges.nodes, times.tolist(), strict=True):
        generations[time].append(node)
    return Order(generations, runs=(run,))


def run_order(arcs: Arcs) -> tuple[Run, IntArray]:
    """Let every vertex fire after all before it; return when, (n,), or `NEVER_REACHED`.

    Those that never fire lie on a cycle or after one.
    """
    fan_in = np.bincount(arcs.post, minlength=arcs.n)
    network = Network.from_arrays(
        threshold=np.maximum(fan_in, 1),
        pre=arcs.pre,
        post=arcs.post,
        inputs={"start": np.arange(arcs.n)},
        groups=(("vertex", 0),),
    )
    run = run_wave(network, (fan_in == 0)[np.newaxis])
    return run, firing_times(run)[0]


def _cycle(arcs: Arcs, times: IntArray) -> list[int]:
    """Return a cycle among the vertices that never fired, its first node again at the end."""
    waiting = times == NEVER_REACHED
    kept = waiting[arcs.pre] & waiting[arcs.post]
    before = dict(zip(arcs.post[kept].tolist(), arcs.pre[kept].tolist(), strict=True))
    # Each of them waits for another that does, so going back comes round.
    walk, seen = [int(np.argmax(waiting))], set()
    while walk[-1] not in seen:
        seen.add(walk[-1])
        walk.append(before[walk[-1]])
    return walk[walk.index(walk[-1]) :][::-1]
