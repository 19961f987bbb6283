"""What hangs together: nodes that a wave reaches, and components."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_bool, as_choice
from spikealg.engine import Run
from spikealg.solvers.graph.answer import Answer
from spikealg.solvers.graph.edges import Arcs, read_edges
from spikealg.solvers.graph.labels import least_reaching
from spikealg.solvers.graph.order import run_order
from spikealg.solvers.graph.search import Limits, search
from spikealg.solvers.graph.wave import firing_times, run_wave, wave_network

__all__ = ["Components", "Reach", "components", "reachable"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reach(Answer):
    """The nodes that a wave reached.

    Attributes
    ----------
    nodes : set of nodes
        With the source.
    runs : tuple of Run
        One.
    """

    nodes: set[Hashable]

    def __repr__(self) -> str:
        return f"<Reach: {len(self.nodes)} nodes, {self.ticks} ticks, {self.spikes} spikes>"


@dataclass(frozen=True, eq=False)
class Components(Answer):
    """A partition of the nodes.

    Attributes
    ----------
    sets : list of sets of nodes
        The components, in the order of their first nodes in the graph.
    runs : tuple of Run
        The waves that found them, one after another.
    """

    sets: list[set[Hashable]]

    @cached_property
    def number(self) -> dict[Hashable, int]:
        """Which of `sets` each node is in."""
        return {node: i for i, component in enumerate(self.sets) for node in component}

    def __len__(self) -> int:
        return len(self.sets)

    def __repr__(self) -> str:
        return (
            f"<Components: {len(self.sets)} of {len(self.number)} nodes, {len(self.runs)} waves, "
            f"{self.ticks} ticks, {self.spikes} spikes>"
        )


def reachable(graph: Any, source: Any, *, backward: bool = False) -> Reach:
    """Return the nodes to which a path leads from `source`.

    Parameters
    ----------
    graph : networkx graph
    source : node
    backward : bool
        Those from which a path leads to `source`, instead.

    Returns
    -------
    Reach

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used.

    Examples
    --------
    >>> import networkx as nx
    >>> sorted(reachable(nx.DiGraph([(0, 1), (1, 2), (3, 1)]), 1).nodes)
    [1, 2]
    """
    edges = read_edges(graph, None)
    backward = as_bool("backward", backward)
    start = edges.vertex("source", source)
    arcs = edges.arcs.shortest()
    found = search(arcs.reversed() if backward else arcs, np.array([start]), Limits())
    return Reach({edges.nodes[i] for i in np.flatnonzero(found.ticks[0] >= 0)}, runs=(found.run,))


def components(graph: Any, *, connection: str = "weak") -> Components:
    """Return the components of a graph.

    Weak ones by ⌈log2 n⌉ waves, all components at a time: bit by bit every vertex learns the least
    number in its component. Strong ones by the same along the arcs, which gives every vertex the
    first, in a random order, of those that reach it, and a wave against them from these first
    ones; what is left has another round (Orzan, "On distributed verification and verified
    distribution", 2004; Barnat, Chaloupka, van de Pol, J. Logic and Computation 21, 2011).

    Parameters
    ----------
    graph : networkx graph
    connection : {"weak", "strong"}
        Whether a path one way is enough, or it takes one each way. The same if undirected.

    Returns
    -------
    Components

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.DiGraph([(0, 1), (1, 0), (1, 2)])
    >>> components(graph).sets, components(graph, connection="strong").sets
    ([{0, 1, 2}], [{0, 1}, {2}])
    """
    as_choice("connection", connection, ("weak", "strong"))
    edges = read_edges(graph, None)
    arcs = edges.arcs.shortest()
    if edges.directed and connection == "strong":
        label, runs = _strong(arcs)
    else:
        label, runs = _weak(arcs)
    # Labels are vertices, so their order is that of the first nodes only after this.
    _, first, number = np.unique(label, return_index=True, return_inverse=True)
    place = np.argsort(np.argsort(first))
    sets: list[set[Hashable]] = [set() for _ in first]
    for node, i in zip(edges.nodes, place[number].tolist(), strict=True):
        sets[i].add(node)
    return Components(sets, runs=runs)


def _weak(arcs: Arcs) -> tuple[IntArray, tuple[Run, ...]]:
    both = Arcs(
        arcs.n,
        np.concatenate([arcs.pre, arcs.post]),
        np.concatenate([arcs.post, arcs.pre]),
        np.tile(arcs.value, 2),
    ).shortest()
    return least_reaching(both, np.arange(arcs.n))


def _strong(arcs: Arcs) -> tuple[IntArray, tuple[Run, ...]]:
    """Return a vertex of the component of each vertex."""
    label = np.arange(arcs.n)
    runs: list[Run] = []
    left = np.arange(arcs.n)
    # A vertex that is not on a cycle, nor after one, is a component of its own; nor before one.
    for way in (arcs, arcs.reversed()):
        if not len(left):
            break
        run, times = run_order(_within(way, left))
        runs.append(run)
        left = left[times < 0]
    rng = np.random.default_rng(0)
    group = np.zeros(arcs.n, dtype=np.int64)
    while len(left):
        kept = group[arcs.pre] == group[arcs.post]
        among = _within(Arcs(arcs.n, arcs.pre[kept], arcs.post[kept], arcs.value[kept]), left)
        rank = rng.permutation(among.n)
        least, waves = least_reaching(among, rank)
        same = least[among.pre] == least[among.post]
        back = Arcs(among.n, among.post[same], among.pre[same], among.value[same])
        run = run_wave(wave_network(back), (least == rank)[np.newaxis])
        runs += [*waves, run]
        done = firing_times(run)[0] >= 0
        label[left[done]] = left[np.argsort(rank)[least[done]]]
        group[left] = least
        left = left[~done]
    return label, tuple(runs)


def _within(arcs: Arcs, vertices: IntArray) -> Arcs:
    """Return the arcs among some vertices, which are numbered anew in their order."""
    number = np.full(arcs.n, -1, dtype=np.int64)
    number[vertices] = np.arange(len(vertices))
    pre, post = number[arcs.pre], number[arcs.post]
    kept = (pre >= 0) & (post >= 0)
    return Arcs(len(vertices), pre[kept], post[kept], arcs.value[kept])
