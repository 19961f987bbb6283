"""A networkx graph as arrays: which edges there are, and what one attribute of them says."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.graph.reach import reached

__all__ = ["Arcs", "Edges", "as_graph", "read_edges"]

IntArray = npt.NDArray[np.int64]
Values = npt.NDArray[Any]
"""int64 where all values are whole numbers, else float64."""
_WHOLE = (int, np.integer)
_PLAIN = (*_WHOLE, float, np.floating)
_SHOWN = 5
_WHOLE_SUM = 2**62
"""Whole values add up to less; a flow may need twice their sum."""


class Arcs(NamedTuple):
    """Directed edges between vertices 0 to n − 1, arrays (m,).

    Attributes
    ----------
    n : int
    pre, post : int64 arrays
        Where each arc starts and ends.
    value : int64 or float64 array
    """

    n: int
    pre: IntArray
    post: IntArray
    value: Values

    def shortest(self) -> Arcs:
        """Return the arcs without loops, and of parallel ones the first with the least value."""
        proper = np.flatnonzero(self.pre != self.post)
        order = np.lexsort((self.value[proper], self.post[proper], self.pre[proper]))
        order = proper[order]
        pair = self.pre[order] * self.n + self.post[order]
        kept = np.sort(order[np.diff(pair, prepend=-1) > 0])
        return Arcs(self.n, self.pre[kept], self.post[kept], self.value[kept])

    def reached_from(self, sources: IntArray) -> Arcs:
        """Return the arcs on walks that start at one of some vertices."""
        kept = reached(self.n, self.pre, self.post, sources)[self.pre]
        return Arcs(self.n, self.pre[kept], self.post[kept], self.value[kept])

    def reversed(self) -> Arcs:
        """Return every arc the other way round."""
        return self._replace(pre=self.post, post=self.pre)


@dataclass(frozen=True, eq=False)
class Edges:
    """The nodes and edges of a graph, in the graph's order.

    Attributes
    ----------
    nodes : tuple
        Vertex i is ``nodes[i]``.
    directed : bool
    start, end : int64 arrays (m,)
        Vertices of each edge; parallel edges and loops are all there.
    value : int64 or float64 array (m,)
        The attribute that was read.
    """

    nodes: tuple[Hashable, ...]
    directed: bool
    start: IntArray
    end: IntArray
    value: Values

    @cached_property
    def index(self) -> dict[Hashable, int]:
        """The vertex of each node."""
        return {node: i for i, node in enumerate(self.nodes)}

    def vertex(self, argument: str, node: Any) -> int:
        """Return the vertex of a node.

        Raises
        ------
        InputError
            If the graph does not have it; the message names the argument.
        """
        try:
            return self.index[node]
        except (KeyError, TypeError):
            raise InputError(f"{argument} must be a node of the graph, got {node!r}") from None

    def vertices(self, argument: str, nodes: Any) -> dict[Hashable, int]:
        """Return the vertex of each of several nodes, in their order, each once.

        Raises
        ------
        InputError, InputTypeError
            If `nodes` cannot be gone through, or the graph does not have one; the message names the
            argument.
        """
        try:
            given = list(nodes)
        except TypeError:
            raise InputTypeError(
                f"{argument} must be an iterable of nodes, got {nodes!r}"
            ) from None
        return {node: self.vertex(argument, node) for node in given}

    def way(self, vertices: list[int]) -> str:
        """Return a path in words, of a long one the nodes at both of its ends."""
        nodes = [repr(self.nodes[vertex]) for vertex in vertices]
        if len(nodes) > 2 * _SHOWN + 1:
            left_out = f"({len(nodes) - 2 * _SHOWN} more nodes)"
            nodes = [*nodes[:_SHOWN], left_out, *nodes[-_SHOWN:]]
        return " -> ".join(nodes)

    @cached_property
    def arcs(self) -> Arcs:
        """Every edge as an arc; of an undirected graph as two, one each way."""
        n = len(self.nodes)
        if self.directed:
            return Arcs(n, self.start, self.end, self.value)
        return Arcs(
            n,
            np.concatenate([self.start, self.end]),
            np.concatenate([self.end, self.start]),
            np.concatenate([self.value, self.value]),
        )


def as_graph(graph: Any) -> nx.Graph:
    """Return `graph` if it is one of networkx's, of any kind, with at least one node."""
    if not isinstance(graph, nx.Graph):
        raise InputTypeError(f"graph must be a networkx graph, got {graph!r}")
    if len(graph) == 0:
        raise InputError("graph must have at least one node")
    return graph


def read_edges(
    graph: Any, attribute: str | None, *, argument: str = "weight", default: float = 1
) -> Edges:
    """Return the edges of a networkx graph with the values of an attribute.

    Parameters
    ----------
    graph : networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
    attribute : str or None
        Name of the edge attribute, a number of at least 0: no bool, no array. None: all values are
        `default`.
    argument : str
        Whose value `attribute` is.
    default : float
        The value of edges that do not have the attribute; it may be infinite.

    Raises
    ------
    InputError, InputTypeError
        If `graph` is none, `attribute` no name, or a value is negative, not a number or infinite;
        or if the values add up to 2**62 where all are whole, to half the largest float elsewhere.
    """
    graph = as_graph(graph)
    if attribute is not None and (not isinstance(attribute, str) or not attribute):
        raise InputTypeError(
            f"{argument} must be a name (a str that is not empty) or None, got {attribute!r}"
        )
    nodes = tuple(graph.nodes)
    index = {node: i for i, node in enumerate(nodes)}
    entries = list(graph.edges(data=attribute or False, default=default))
    start = np.array([index[entry[0]] for entry in entries], dtype=np.int64)
    end = np.array([index[entry[1]] for entry in entries], dtype=np.int64)
    if attribute is None:
        value = np.full(len(entries), default)
    else:
        value = _values(attribute, entries, default)
    return Edges(nodes, graph.is_directed(), start, end, value)


def _values(attribute: str, entries: list[tuple[Any, Any, Any]], default: float) -> Values:
    """Return the third entry of each edge, int64 if all are whole numbers, else float64."""
    given = [entry[2] for entry in entries]
    kinds = set(map(type, given))
    if not _are_usable(given, kinds, default):
        for start, end, value in entries:
            if not (isinstance(value, float) and value == default):
                _require_usable(f"{attribute} of edge {start!r} -> {end!r}", value)
    if all(issubclass(kind, _WHOLE) for kind in kinds):
        return _as_whole(attribute, given)
    values = np.array(given, dtype=np.float64)
    with np.errstate(over="ignore"):
        doubled = 2 * values[np.isfinite(values)].sum()
    if not np.isfinite(doubled):
        most = np.finfo(np.float64).max / 2
        raise InputError(
            f"{attribute} must be numbers that add up to at most {most:.3g}, got a larger sum"
        )
    return values


def _are_usable(given: list[Any], kinds: set[type], default: float) -> bool:
    """Whether `_require_usable` would let every value pass; it may say no of rare types."""
    if bool in kinds or not all(issubclass(kind, _PLAIN) for kind in kinds):
        return False
    try:
        values = np.array(given, dtype=np.float64)
    except OverflowError:
        return False
    return bool(((values >= 0) & (np.isfinite(values) | (values == default))).all())


def _require_usable(name: str, value: Any) -> None:
    """Refuse what is no finite number of at least 0."""
    if type(value) is not bool and isinstance(value, _WHOLE) and value < 0:
        raise InputError(f"{name} must be a finite number of at least 0, got {value}")
    as_float(name, value, low=0)


def _as_whole(attribute: str, given: list[Any]) -> IntArray:
    """Refuse whole values whose sum int64 does not hold, as lengths and flows are sums."""
    total = sum(map(int, given))
    if total >= _WHOLE_SUM:
        raise InputError(
            f"{attribute} must be whole numbers that add up to less than 2**62, or floats, got a "
            f"sum of {total:.3g}"
        )
    return np.array(given, dtype=np.int64)
