"""Maximum flow: waves tell how far each vertex is, and paths of least length are filled."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.engine import Run
from spikealg.errors import InputError
from spikealg.solvers.graph.answer import Answer
from spikealg.solvers.graph.edges import Arcs, read_edges
from spikealg.solvers.graph.residual import Residual, make_residual
from spikealg.solvers.graph.trees import grow
from spikealg.solvers.graph.wave import firing_times, run_wave, wave_network

__all__ = ["Flow", "maximum_flow"]


@dataclass(frozen=True, eq=False)
class Flow(Answer):
    """A maximum flow and the cut that proves it.

    Attributes
    ----------
    value : int or float
        What flows from source to sink: whole where all capacities are given and whole.
    flows : dict of node to dict of node to int or float
        What flows along each edge; parallel edges are one, and of two opposite ones only one has
        flow.
    cut : (set of nodes, set of nodes)
        The source's side and the sink's; the capacity from the first to the second is `value`.
    runs : tuple of Run
        A wave for each length of augmenting paths, and a last one that does not reach the sink;
        before them one over edges without limit, if there are any.
    """

    value: Any
    flows: dict[Hashable, dict[Hashable, Any]]
    cut: tuple[set[Hashable], set[Hashable]]

    def __repr__(self) -> str:
        return (
            f"<Flow of {self.value:g}: {len(self.runs)} waves, {self.ticks} ticks, "
            f"{self.spikes} spikes>"
        )


def maximum_flow(graph: Any, source: Any, sink: Any, *, capacity: str | None = "capacity") -> Flow:
    """Return a maximum flow from `source` to `sink`, by augmenting paths.

    A wave over the edges that have capacity left fires every vertex at its distance from the
    source (one tick per edge). Paths along which every vertex fired a tick after the one before are
    filled until none is left (Dinitz 1970), and another wave starts. Waves are spikes; what has
    been filled is kept outside the network, in whose place the next is made.

    Parameters
    ----------
    graph : networkx graph
        Directed or not (then the capacity holds each way); capacities of parallel edges add up.
    source, sink : nodes
    capacity : str or None
        Edge attribute that holds the capacity, 0 or more; without limit where it is missing. None:
        it is missing everywhere.

    Returns
    -------
    Flow

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used, or a path without limit leads to the sink.

    Examples
    --------
    >>> import networkx as nx
    >>> pipes = nx.DiGraph()
    >>> pipes.add_weighted_edges_from([(0, 1, 3), (0, 2, 2), (1, 3, 2), (2, 3, 4)], "capacity")
    >>> maximum_flow(pipes, 0, 3).value
    4
    """
    edges = read_edges(graph, capacity, argument="capacity", default=math.inf)
    start, goal = edges.vertex("source", source), edges.vertex("sink", sink)
    if start == goal:
        raise InputError(f"sink must be another node than source, got {sink!r} for both")
    residual = make_residual(edges.arcs)
    runs: list[Run] = []
    if np.isinf(residual.left).any():
        run, way = _wave(residual, np.isinf(residual.left), start)
        runs.append(run)
        times = firing_times(run)[0]
        if times[goal] >= 0:
            path = edges.way(grow(way, times, start).path(goal))
            raise InputError(
                f"{capacity or 'capacity'} must limit every path to the sink, but no edge "
                f"does on {path}"
            )
    while True:
        run, _ = _wave(residual, residual.left > 0, start)
        runs.append(run)
        times = firing_times(run)[0]
        if times[goal] < 0:
            break
        residual.fill(times, start, goal)
    sent = residual.sent_along(edges.arcs)
    flows: dict[Hashable, dict[Hashable, Any]] = {node: {} for node in edges.nodes}
    for pre, post, amount in zip(edges.arcs.pre, edges.arcs.post, sent.tolist(), strict=True):
        flows[edges.nodes[pre]][edges.nodes[post]] = amount
    near = {node for node, time in zip(edges.nodes, times.tolist(), strict=True) if time >= 0}
    return Flow(residual.out_of(start), flows, (near, set(edges.nodes) - near), runs=tuple(runs))


def _wave(residual: Residual, there: npt.NDArray[np.bool_], start: int) -> tuple[Run, Arcs]:
    """Run a wave over some arcs; return it and them, of a tick each."""
    arcs = residual.arcs
    way = Arcs(arcs.n, arcs.pre[there], arcs.post[there], np.ones(there.sum(), dtype=np.int64))
    starts = np.zeros((1, arcs.n), dtype=np.uint8)
    starts[0, start] = 1
    return run_wave(wave_network(way), starts), way
