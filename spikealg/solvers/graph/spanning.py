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
from spikealg.solvers.graph.edges import Arcs, Values, read_edges
from spikealg.solvers.graph.labels import least_reaching
from spikealg.solvers.graph.lengths import LONGEST, in_ticks
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
    tick : float or None
        Length of a tick; None where ticks tell the order of lengths only.
    error : float
        It is not more than this longer than a shortest one; 0 unless lengths were rounded to a tick
        that was given.
    runs : tuple of Run
        One after another.
    """

    edges: list[tuple[Any, ...]]
    length: Any
    tick: float | None
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

    Only the order of lengths matters. Where they are not multiples of a tick, delays are their
    places in this order, of more than 1000 digit by digit: in a wave for each digit speak the edges
    by which a part could hear first in the wave before.

    Parameters
    ----------
    graph : networkx.Graph or MultiGraph
    weight : str or None
        Edge attribute that holds the length, 1 where it is missing; 0 or more. None: all are 1.
    tick : float, optional
        Length of a tick, to which lengths are rounded; unless given none is.

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
    ordered = tick is None and not ticks.exact
    digits = _places(found.value) if ordered else [ticks.of]
    part, parts = np.arange(n), n
    taken = np.zeros(len(ticks.of), dtype=bool)
    runs: list[Run] = []
    while True:
        between = np.flatnonzero(part[found.start] != part[found.end])
        if not len(between):
            break
        pre, post = part[found.start[between]], part[found.end[between]]
        calls, chosen = _nearest(parts, pre, post, [digit[between] for digit in digits])
        taken[between[chosen]] = True
        joined, waves = _join(parts, pre[chosen], post[chosen])
        runs += [*calls, *waves]
        _, joined = np.unique(joined, return_inverse=True)
        part, parts = joined[part], int(joined.max()) + 1
    entries = list(graph.edges(keys=True) if graph.is_multigraph() else graph.edges())
    length = found.value[taken].sum()
    least = ticks.bound(ticks.of[taken].sum(keepdims=True), int(taken.sum()))[0]
    return SpanningTree(
        [entries[i] for i in np.flatnonzero(taken)],
        length.item(),
        None if ordered else ticks.tick,
        0.0 if ordered or ticks.exact else max(0.0, float(length - least)),
        runs=tuple(runs),
    )


def _places(values: Values) -> list[IntArray]:
    """Return the place of each value in their order, as digits below `LONGEST`, highest first."""
    distinct, place = np.unique(values, return_inverse=True)
    count = 1
    while LONGEST**count < len(distinct):
        count += 1
    base = next(base for base in range(1, LONGEST + 1) if base**count >= len(distinct))
    return [place // base**power % base for power in reversed(range(count))]


def _nearest(
    n: int, pre: IntArray, post: IntArray, digits: list[IntArray]
) -> tuple[list[Run], IntArray]:
    """Let every part take the edge of the least digits; return the runs and these edges."""
    m, runs = len(pre), []
    arcs = Arcs(
        n, np.concatenate([pre, post]), np.concatenate([post, pre]), np.tile(np.arange(m), 2)
    )
    for digit in digits:
        delay = digit[arcs.value]
        run, first = _hear(arcs._replace(value=delay))
        runs.append(run)
        heard = first[arcs.post] == delay
        arcs = Arcs(n, arcs.pre[heard], arcs.post[heard], arcs.value[heard])
    # Of edges of one length the first of the graph is taken, by both of its ends.
    chosen = np.full(n, m, dtype=np.int64)
    np.minimum.at(chosen, arcs.post, arcs.value)
    return runs, np.unique(chosen[chosen < m])


def _hear(arcs: Arcs) -> tuple[Run, IntArray]:
    """Let every part call once in tick 0; return when each one first hears, (n,), −2 for never."""
    n = arcs.n
    fan_in = np.bincount(arcs.post, minlength=n)
    hears = n + np.arange(n)
    # A tick more for all, as lengths may be 0.
    delay = arcs.value + 1
    require_delays(2 * n, delay)
    network = Network.from_arrays(
        threshold=np.ones(2 * n, dtype=np.int64),
        pre=np.concatenate([arcs.pre, hears]),
        post=np.concatenate([n + arcs.post, hears]),
        weight=np.concatenate([np.ones_like(arcs.pre), -fan_in]),
        delay=np.concatenate([delay, np.ones(n, dtype=np.int64)]),
        inputs={"start": np.arange(n)},
        groups=(("calls", 0), ("hears", n)),
    )
    run = run_wave(network, np.ones((1, n), dtype=np.uint8))
    return run, firing_times(run)[0, n:] - 1


def _join(n: int, pre: IntArray, post: IntArray) -> tuple[IntArray, tuple[Run, ...]]:
    """Return the least part that each one is joined to by edges."""
    both = Arcs(
        n,
        np.concatenate([pre, post]),
        np.concatenate([post, pre]),
        np.ones(2 * len(pre), dtype=np.int64),
    )
    return least_reaching(both.shortest(), np.arange(n))
