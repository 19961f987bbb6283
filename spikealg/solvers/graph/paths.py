"""Shortest paths: the tick at which a vertex fires is how far it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError
from spikealg.solvers.graph.answer import Answer
from spikealg.solvers.graph.edges import Edges, as_graph, read_edges
from spikealg.solvers.graph.lengths import in_ticks
from spikealg.solvers.graph.routes import Routes, read_routes
from spikealg.solvers.graph.search import Limits, search, search_layers, unrolled

__all__ = ["AllPairs", "Paths", "all_pairs", "breadth_first", "shortest_paths"]

_Number = TypeVar("_Number", int, float)


def _distances(edges: Edges, routes: Routes) -> dict[Hashable, Any]:
    return dict(
        zip(
            [edges.nodes[i] for i in routes.reached],
            routes.length[routes.reached].tolist(),
            strict=True,
        )
    )


def _path(
    edges: Edges, routes: Routes, source: Hashable, distances: Mapping[Hashable, Any], target: Any
) -> list[Hashable]:
    vertex = edges.vertex("target", target)
    if target not in distances:
        raise InputError(
            f"target must be a node that the wave from {source!r} reached, got {target!r}"
        )
    return [edges.nodes[i] for i in routes.path(vertex)]


@dataclass(frozen=True, eq=False)
class Paths(Answer):
    """Shortest paths from a node to all that it reaches.

    Attributes
    ----------
    source : node
    tick : float
        Length of a tick.
    runs : tuple of Run
        The wave.
    """

    source: Hashable
    tick: float
    _edges: Edges = field(repr=False)
    _routes: Routes = field(repr=False)

    @property
    def distances(self) -> Mapping[Hashable, Any]:
        """The length of the path to each node that is reached, nearest first; read-only.

        Whole numbers where all lengths are.
        """
        return MappingProxyType(self._lengths)

    @cached_property
    def _lengths(self) -> dict[Hashable, Any]:
        return _distances(self._edges, self._routes)

    @property
    def error(self) -> float:
        """No distance is more than this above that of a shortest path [length].

        0 where every length is a whole number of ticks: just that, or as a float the nearest to it.
        Of nodes that a cutoff or a target left out, none is nearer than that less the error.
        """
        return self._routes.error

    @cached_property
    def parents(self) -> dict[Hashable, Hashable | None]:
        """The node before each one on its path, None before the source."""
        nodes, parent = self._edges.nodes, self._routes.parent
        return {
            nodes[i]: None if (before := parent(i)) is None else nodes[before]
            for i in self._routes.reached.tolist()
        }

    @property
    def paths(self) -> dict[Hashable, list[Hashable]]:
        """The path to each node that is reached, both ends included."""
        return {node: self.path(node) for node in self.distances}

    def path(self, target: Any) -> list[Hashable]:
        """Return the nodes of the path to `target`, both ends included.

        Raises
        ------
        InputError
            If the graph does not have the node, or the wave did not reach it.
        """
        return _path(self._edges, self._routes, self.source, self.distances, target)

    def __repr__(self) -> str:
        return (
            f"<Paths from {self.source!r} to {len(self.distances)} nodes, {self.tick:g} long per "
            f"tick, error {self.error:.2g}: {self.ticks} ticks, {self.spikes} spikes>"
        )


@dataclass(frozen=True, eq=False)
class AllPairs(Answer):
    """Shortest paths from several nodes, each of which had a lane of its own.

    Attributes
    ----------
    sources : tuple of nodes
    tick : float
        Length of a tick.
    runs : tuple of Run
        One, with a lane per source.
    """

    sources: tuple[Hashable, ...]
    tick: float
    _edges: Edges = field(repr=False)
    _routes: tuple[Routes, ...] = field(repr=False)

    @property
    def distances(self) -> Mapping[Hashable, Mapping[Hashable, Any]]:
        """The length of the path from each source to each node that it reaches; read-only."""
        return MappingProxyType(
            {source: MappingProxyType(found) for source, found in self._lengths.items()}
        )

    @cached_property
    def _lengths(self) -> dict[Hashable, dict[Hashable, Any]]:
        return {
            source: _distances(self._edges, routes)
            for source, routes in zip(self.sources, self._routes, strict=True)
        }

    @property
    def error(self) -> float:
        """No distance is more than this above that of a shortest path [length]."""
        return max((routes.error for routes in self._routes), default=0.0)

    def path(self, source: Any, target: Any) -> list[Hashable]:
        """Return the nodes of the path from `source` to `target`, both ends included.

        Raises
        ------
        InputError
            If no wave started at the source, or it did not reach the target.
        """
        self._edges.vertex("source", source)
        if source not in self._lengths:
            raise InputError(f"source must be one of sources=, got {source!r}")
        routes = self._routes[self.sources.index(source)]
        return _path(self._edges, routes, source, self._lengths[source], target)

    def __repr__(self) -> str:
        return (
            f"<AllPairs from {len(self.sources)} nodes, {self.tick:g} long per tick, error "
            f"{self.error:.2g}: {self.ticks} ticks, {self.spikes} spikes>"
        )


def _limit(argument: str, value: Any, check: Callable[..., _Number]) -> _Number | None:
    """Return a limit of at least 0, None where there is none."""
    if value is None or (isinstance(value, (float, np.floating)) and value == math.inf):
        return None
    return check(argument, value, low=0)


def breadth_first(
    graph: Any, source: Any, *, depth_limit: float | None = None, target: Any = None
) -> Paths:
    """Return the fewest edges from a node to every other: every edge is a tick.

    Parameters
    ----------
    graph : networkx graph
        Directed or not; loops and parallel edges change nothing.
    source : node
    depth_limit : int, optional
        The wave ends after so many edges; ``math.inf`` is no limit.
    target : node, optional
        The wave ends in the tick in which it reaches this node.

    Returns
    -------
    Paths
        ``distances`` and ``parents`` as dicts, ``path(target)``, and the cost. Of several shortest
        paths it is the one whose nodes, from the source on, come first in the order of the graph's
        nodes.

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used.

    Examples
    --------
    >>> import networkx as nx
    >>> dict(breadth_first(nx.path_graph(4), 1).distances)
    {1: 0, 0: 1, 2: 1, 3: 2}
    """
    hops = _limit("depth_limit", depth_limit, as_int)
    # Every path ends within the nodes of the graph.
    limit = None if hops is None else min(hops, len(as_graph(graph)))
    return shortest_paths(graph, source, weight=None, cutoff=limit, target=target)


def shortest_paths(
    graph: Any,
    source: Any,
    *,
    weight: str | None = "weight",
    target: Any = None,
    cutoff: float | None = None,
    max_hops: float | None = None,
    tick: float | None = None,
) -> Paths:
    """Return shortest paths from a node to every other, by delays.

    Every vertex is a neuron that fires once, every edge a synapse whose delay is its length, so
    spikes arrive first by a shortest path. A vertex's parent is one whose spike arrived in the tick
    in which it fired. Of several paths of the same ticks one of fewest edges is given, of these the
    one whose nodes, from the source on, come first in the order of the graph's nodes.

    Parameters
    ----------
    graph : networkx graph
        Directed or not, with parallel edges (the shortest counts) or not.
    source : node
    weight : str or None
        Edge attribute that holds the length, 1 where it is missing; 0 or more. None: all are 1.
    target : node, optional
        The wave ends when it has reached this node and all that are as near: nodes further away
        are not in the answer, nor may be those nearer by no more than ``error``.
    cutoff : float, optional
        Nodes further away than this are not in the answer, nor may be those from cutoff − ``error``
        to cutoff [length]; ``math.inf`` is no limit.
    max_hops : int, optional
        Only paths of so many edges count: a neuron for every vertex and number of edges. As many
        as there are other nodes, and ``math.inf``, are no limit.
    tick : float, optional
        Length of a tick. Unless given, the largest of which all lengths on ways from the source are
        multiples (of up to six decimals) if the longest takes 1000 of them at most; then the answer
        is exact. Otherwise a thousandth of the longest. Lengths are rounded to whole ticks, not
        below one, and ``error`` says what that may have done.

    Returns
    -------
    Paths

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used, or a length is negative or not a number.
    TooLargeError
        If the synapses' delays would not fit into memory: take a longer `tick`; or if the neurons
        of `max_hops` would not.

    Examples
    --------
    >>> import networkx as nx
    >>> roads = nx.Graph()
    >>> roads.add_weighted_edges_from([("a", "b", 2.5), ("b", "c", 1.0), ("a", "c", 4.0)])
    >>> found = shortest_paths(roads, "a")
    >>> found.distances["c"], found.path("c"), found.ticks
    (3.5, ['a', 'b', 'c'], 17)
    """
    edges = read_edges(graph, weight)
    start = edges.vertex("source", source)
    goal = None if target is None else edges.vertex("target", target)
    furthest = _limit("cutoff", cutoff, as_float)
    hops = _limit("max_hops", max_hops, as_int)
    arcs = edges.arcs.shortest().reached_from(np.array([start]))
    ticks = in_ticks(arcs.value, tick)
    limits = Limits(goal, None if furthest is None else ticks.within(furthest))
    # A path ends within the nodes that are reached, each of which but the source is entered.
    if hops is None or hops >= len(np.unique(arcs.post)):
        found = search(arcs._replace(value=ticks.of), np.array([start]), limits)
    else:
        arcs, ticks = unrolled(arcs, hops), ticks._replace(of=np.tile(ticks.of, hops))
        found = search_layers(arcs._replace(value=ticks.of), start, hops, limits)
    routes = read_routes(
        arcs, ticks, found.ticks[0], start, len(edges.nodes), cutoff=furthest, goal=goal
    )
    return Paths(source, ticks.tick, edges, routes, runs=(found.run,))


def all_pairs(
    graph: Any,
    *,
    weight: str | None = "weight",
    sources: Iterable[Any] | None = None,
    tick: float | None = None,
) -> AllPairs:
    """Return shortest paths from every node to every other, one lane per source.

    Parameters
    ----------
    graph, weight, tick
        As for `shortest_paths`.
    sources : iterable of nodes, optional
        All nodes unless given.

    Returns
    -------
    AllPairs
        ``distances[source][target]`` and ``path(source, target)``.

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used, or a length is negative or not a number.
    TooLargeError
        If there are too many distances for the memory: ask for some `sources` at a time.

    Examples
    --------
    >>> import networkx as nx
    >>> dict(all_pairs(nx.cycle_graph(5)).distances[0])
    {0: 0, 1: 1, 4: 1, 2: 2, 3: 2}
    """
    edges = read_edges(graph, weight)
    vertices = edges.index if sources is None else edges.vertices("sources", sources)
    if not vertices:
        raise InputError("sources must name at least one node, got none")
    starts = np.array(list(vertices.values()))
    arcs = edges.arcs.shortest().reached_from(starts)
    ticks = in_ticks(arcs.value, tick)
    found = search(arcs._replace(value=ticks.of), starts, Limits())
    routes = tuple(
        read_routes(arcs, ticks, times, start, len(edges.nodes))
        for times, start in zip(found.ticks, starts.tolist(), strict=True)
    )
    return AllPairs(tuple(vertices), ticks.tick, edges, routes, runs=(found.run,))
