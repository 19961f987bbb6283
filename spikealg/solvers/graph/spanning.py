"""Minimum spanning trees: every part of the forest hears first from the part that is nearest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.engine import Run
from spikealg.errors import InputError
from spikealg.network import Network
from spikealg.solvers.graph.answer import Answer
from spikealg.solvers.graph.edges import Arcs, read_edges
from spikealg.solvers.graph.labels import least_reaching
from spikealg.solvers.graph.lengths import in_ticks
from spikealg.solvers.graph.wave import firing_times, require_delays, run_wave

__all__ = ["SpanningTree", "minimum_spanning_tree"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SpanningTree(Answer):
    """A spanning tree of least length, or a forest of one per component.

    Attributes
    ----------
    edges : list of (node, node), or (node, node, key) in a multigraph
        In the order of the graph.
    length : int or float
        Of all its edges: whole if all lengths of the graph are.
    tick : float
        Length of a tick.
    error : float
        It is not more than this longer than a shortest one; 0 where every length is a whole number
        of ticks.
    runs : tuple of Run
        One after another.
    """

    edges: list[tuple[Any, ...]]
    length: Any
    tick: float
    error: float

    def __repr__(self) -> str:
        return (
            f"<SpanningTree of {len(self.edges)} edges, length {self.length:g}: "
            f"{len(self.runs)} waves, {self.ticks} ticks, {self.spikes} spikes>"
        )


def minimum_spanning_tree(
    graph: Any, *, weight: str | None = "weight", tick: float | None = None
) -> SpanningTree:
    """Return a spanning tree of least length (Borůvka 1926, by delays).

    At first every vertex is a part. All parts fire in tick 0 along their edges to other parts,
    whose delays are their lengths, and every part takes the edge by which it hears first. Parts
    that are joined by what was taken are one part in the next round; which these are is found as
    in `components`. There are at most ⌈log2 n⌉ rounds.

    Parameters
    ----------
    graph : networkx.Graph or MultiGraph
    weight : str or None
        Edge attribute that holds the length, 1 where it is missing; 0 or more. None: all are 1.
    tick : float, optional
        Length of a tick, as for `shortest_paths`.

    Returns
    -------
    SpanningTree

    Raises
    ------
    InputError, InputTypeError
        If the graph is directed, or a length is negative or not a number.
    TooLargeError
        If the synapses' delays would not fit into memory: take a longer `tick`.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.Graph()
    >>> graph.add_weighted_edges_from([("a", "b", 2), ("b", "c", 1), ("a", "c", 4)])
    >>> minimum_spanning_tree(graph).edges
    [('a', 'b'), ('b', 'c')]
    """
    found = read_edges(graph, weight)
    if found.directed:
        raise InputError("graph must be undirected: give graph.to_undirected()")
    n = len(found.nodes)
    ticks = in_ticks(found.value, tick)
    edges = Arcs(n, found.start, found.end, ticks.of)
    part, parts = np.arange(n), n
    taken = np.zeros(len(ticks.of), dtype=bool)
    runs: list[Run] = []
    while True:
        between = np.flatnonzero(part[edges.pre] != part[edges.post])
        if not len(between):
            break
        ends = Arcs(
            parts, part[edges.pre[between]], part[edges.post[between]], edges.value[between]
        )
        run, chosen = _nearest(ends)
        taken[between[chosen]] = True
        joined, waves = _join(ends, chosen)
        runs += [run, *waves]
        _, joined = np.unique(joined, return_inverse=True)
        part, parts = joined[part], int(joined.max()) + 1
    entries = list(graph.edges(keys=True) if graph.is_multigraph() else graph.edges())
    length = found.value[taken].sum()
    least = ticks.bound(ticks.of[taken].sum(keepdims=True), int(taken.sum()))[0]
    return SpanningTree(
        [entries[i] for i in np.flatnonzero(taken)],
        length.item(),
        ticks.tick,
        0.0 if ticks.exact else max(0.0, float(length - least)),
        runs=tuple(runs),
    )


def _nearest(edges: Arcs) -> tuple[Run, IntArray]:
    """Let every part fire once and take the edge by which it hears first; return these edges."""
    n, m = edges.n, len(edges.pre)
    fan_in = np.bincount(np.concatenate([edges.pre, edges.post]), minlength=n)
    hears = n + np.arange(n)
    # A tick more for all, as lengths may be 0.
    delay = edges.value + 1
    require_delays(2 * n, delay)
    network = Network.from_arrays(
        threshold=np.ones(2 * n, dtype=np.int64),
        pre=np.concatenate([edges.pre, edges.post, hears]),
        post=np.concatenate([n + edges.post, n + edges.pre, hears]),
        weight=np.concatenate([np.ones(2 * m, dtype=np.int64), -fan_in]),
        delay=np.concatenate([delay, delay, np.ones(n, dtype=np.int64)]),
        inputs={"start": np.arange(n)},
        groups=(("calls", 0), ("hears", n)),
    )
    run = run_wave(network, np.ones((1, n), dtype=np.uint8))
    first = firing_times(run)[0, n:] - 1
    chosen = np.full(n, m, dtype=np.int64)
    # Of edges of one length the first of the graph is taken, by both of its ends.
    for end in (edges.pre, edges.post):
        heard = np.flatnonzero(first[end] == edges.value)
        np.minimum.at(chosen, end[heard], heard)
    return run, np.unique(chosen[chosen < m])


def _join(edges: Arcs, chosen: IntArray) -> tuple[IntArray, tuple[Run, ...]]:
    """Return the least part that each one is joined to by the chosen edges."""
    pre, post = edges.pre[chosen], edges.post[chosen]
    both = Arcs(
        edges.n,
        np.concatenate([pre, post]),
        np.concatenate([post, pre]),
        np.ones(2 * len(chosen), dtype=np.int64),
    )
    return least_reaching(both.shortest(), np.arange(edges.n))
