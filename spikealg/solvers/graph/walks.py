"""Random walks on graphs: how often they visit a node, how long they take to hit one."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from spikealg.arguments import as_choice, as_float, as_int
from spikealg.engine import Run
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.domains.chain import Chain
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.solution import Solution
from spikealg.solvers.diffusion.solve import solve
from spikealg.solvers.diffusion.walks.methods import METHODS
from spikealg.solvers.graph.answer import Answer
from spikealg.solvers.graph.edges import Edges, read_edges
from spikealg.solvers.graph.reach import reached

__all__ = ["HittingTimes", "PageRank", "hitting_times", "pagerank"]

FloatArray = npt.NDArray[np.float64]

_LEFT_OUT = 1e-12
"""Part of all visits that PageRank by the chain may miss."""


@dataclass(frozen=True, eq=False)
class PageRank(Answer):
    """How much of its time a walker that now and then jumps spends at each node.

    Attributes
    ----------
    ranks, stderr : dict of node to float
        They add up to 1; and their standard errors, 0 for method "chain".
    solution : Solution or None
        The diffusion problem that was solved: its densities are ranks times a common factor. None
        for method "chain".
    runs : tuple of Run
        Batches of walkers; empty for method "chain".
    """

    ranks: dict[Hashable, float]
    stderr: dict[Hashable, float]
    solution: Solution | None = field(repr=False)

    def __repr__(self) -> str:
        walkers = 0 if self.solution is None else self.solution.walkers
        return (
            f"<PageRank of {len(self.ranks)} nodes: {walkers} walkers, "
            f"{self.ticks} ticks, {self.spikes} spikes>"
        )


@dataclass(frozen=True, eq=False)
class HittingTimes(Answer):
    """How many steps a random walk takes on average until it is at a node.

    Attributes
    ----------
    target : node
    steps, stderr : dict of node to float
        From each source; and their standard errors, 0 for method "chain", infinite for one walker.
    runs : tuple of Run
        Empty for method "chain".
    """

    target: Hashable
    steps: dict[Hashable, float]
    stderr: dict[Hashable, float]

    def __repr__(self) -> str:
        return (
            f"<HittingTimes of {self.target!r} from {len(self.steps)} nodes: {self.ticks} ticks, "
            f"{self.spikes} spikes>"
        )


def pagerank(
    graph: Any,
    *,
    alpha: float = 0.85,
    personalization: Mapping[Any, float] | None = None,
    weight: str | None = "weight",
    walkers: int = 10_000,
    method: str = "density",
    seed: int | None = 0,
) -> PageRank:
    """Return PageRank, by walkers that are counted by spikes.

    A walker starts at a random node, follows a random edge with probability `alpha` and else is
    gone; at a node without a way out it is gone in any case. A node's part of all visits is its
    rank (Avrachenkov et al., "Monte Carlo methods in PageRank computation", SIAM J. Numer. Anal.
    45, 2007). That is networkx's rank: a walker that is gone and a new one are one that jumps.

    Parameters
    ----------
    graph : networkx graph
        Weights of parallel edges add up; an edge of an undirected graph leads both ways.
    alpha : float
        Above 0 and below 1.
    personalization : dict of node to float, optional
        How often walkers start at each node, 0 where it is not named; everywhere alike unless
        given.
    weight : str or None
        Edge attribute that holds how often an edge is taken, 1 where it is missing. None: all are
        taken alike.
    walkers, method, seed
        As for `diffusion.solve`: "density" is a spiking circuit. "chain" is without spikes: visits
        are added up step by step, until those that are left out, for which there is a bound, are
        1e-12 of all; that takes about 30 / (1 − `alpha`) steps.

    Returns
    -------
    PageRank

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used.

    Examples
    --------
    >>> import networkx as nx
    >>> ranks = pagerank(nx.DiGraph([(0, 1), (1, 0), (2, 0)]), method="chain").ranks
    >>> {node: round(rank, 4) for node, rank in ranks.items()}
    {0: 0.4865, 1: 0.4635, 2: 0.05}
    """
    edges = read_edges(graph, weight)
    alpha = as_float("alpha", alpha, above=0, below=1)
    as_choice("method", method, METHODS)
    walkers = as_int("walkers", walkers, low=1)
    start = _starts(edges, personalization)
    step = _steps(edges)
    if method == "chain":
        visits = _visits(step, start, alpha)
        ranks = _by_node(edges, visits / visits.sum())
        return PageRank(ranks, dict.fromkeys(ranks, 0.0), None, runs=())
    # Walkers leave a node 1/α times in a unit of time, so that with steps of α they always do.
    rates = sparse.csr_array(step - sparse.diags_array(np.full(len(start), 1 / alpha)))
    solution = solve(
        Problem(Chain(rates), source=start, mode="steady", t_span=(0, math.inf)),
        dt=alpha, walkers=walkers, method=method, seed=seed,
    )  # fmt: skip
    visits = solution.density[-1]
    return PageRank(
        _by_node(edges, visits / visits.sum()),
        _by_node(edges, solution.stderr[-1] / visits.sum()),
        solution,
        runs=solution.runs,
    )


def hitting_times(
    graph: Any,
    target: Any,
    *,
    sources: Iterable[Any] | None = None,
    weight: str | None = "weight",
    walkers: int = 1000,
    method: str = "density",
    seed: int | None = 0,
) -> HittingTimes:
    """Return how many steps a random walk takes on average until it is at `target`.

    Parameters
    ----------
    graph : networkx graph
        As for `pagerank`.
    target : node
    sources : iterable of nodes, optional
        Where walks start; at all other nodes unless given.
    weight : str or None
        As for `pagerank`.
    walkers : int
        For each source.
    method, seed
        As for `diffusion.solve`: "density" is a spiking circuit, "chain" exact and without spikes.

    Returns
    -------
    HittingTimes

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used, or a walk may never be at the target.

    Examples
    --------
    >>> import networkx as nx
    >>> steps = hitting_times(nx.path_graph(4), 0, method="chain").steps
    >>> {node: round(number, 6) for node, number in steps.items()}
    {1: 5.0, 2: 8.0, 3: 9.0}
    """
    edges = read_edges(graph, weight)
    goal = edges.vertex("target", target)
    walkers = as_int("walkers", walkers, low=1)
    given = [node for node in edges.nodes if node != target] if sources is None else sources
    starts = edges.vertices("sources", given)
    step = _steps(edges)
    _require_hit(edges, step, goal, list(starts.values()))
    if method == "chain":
        mean = _mean_steps(goal, step)
        exact = {node: float(mean[start]) for node, start in starts.items()}
        return HittingTimes(target, exact, dict.fromkeys(exact, 0.0), runs=())
    steps: dict[Hashable, float] = {}
    stderr: dict[Hashable, float] = {}
    runs: list[Run] = []
    for node, start in starts.items():
        if start == goal:
            steps[node] = stderr[node] = 0.0
            continue
        problem = _walk_to(goal, step, start)
        solution = solve(problem, (0, math.inf), dt=1.0, walkers=walkers, method=method, seed=seed)
        passage = solution.first_passage()
        steps[node], stderr[node] = passage.mean, passage.mean_stderr
        runs += solution.runs
    return HittingTimes(target, steps, stderr, runs=tuple(runs))


def _walk_to(goal: int, step: sparse.csr_array, start: int) -> Problem:
    """Return the walk from a vertex until it is at the goal, on what it can reach before."""
    onward = _until(goal, step)
    way = np.flatnonzero(_that_reach(sparse.csr_array(onward.T), _only(start, onward)))
    onward = sparse.csr_array(onward[way][:, way])
    rates = sparse.csr_array(onward - sparse.diags_array(onward.sum(axis=1)))
    place = {vertex: i for i, vertex in enumerate(way.tolist())}
    return Problem(Chain(rates), boundary={place[goal]: "absorb"}, initial=place[start])


def _mean_steps(goal: int, step: sparse.csr_array) -> FloatArray:
    """Return the mean number of steps to the goal, (n,), infinite where that is not sure."""
    onward = _until(goal, step)
    lost = ~_that_reach(step, _only(goal, step))
    sure = np.flatnonzero(~_that_reach(onward, lost))
    mean = np.where(_only(goal, step), 0.0, np.inf)
    if len(sure) == 1:
        return mean
    onward = sparse.csr_array(onward[sure][:, sure])
    rates = sparse.csr_array(onward - sparse.diags_array(onward.sum(axis=1)))
    end = int(np.searchsorted(sure, goal))
    problem = Problem(Chain(rates), boundary={end: "absorb"}, source=1.0, mode="backward")
    mean[sure] = solve(problem, (0, math.inf), dt=1.0, method="chain").value
    return mean


def _until(goal: int, step: sparse.csr_array) -> sparse.csr_array:
    """Return the steps of walks that end at a vertex."""
    return sparse.csr_array(sparse.diags_array(1.0 - _only(goal, step)) @ step)


def _only(vertex: int, step: sparse.csr_array) -> npt.NDArray[np.bool_]:
    return np.asarray(np.arange(step.shape[0]) == vertex)


def _visits(step: sparse.csr_array, start: FloatArray, alpha: float) -> FloatArray:
    """Return how often a walker is at each vertex on average, (n,), by powers of the steps."""
    back = sparse.csr_array(step.T)
    arriving, visits = start, start.copy()
    # At most a part α of those who arrive go on from each step to the next.
    while arriving.sum() * alpha / (1 - alpha) > _LEFT_OUT * visits.sum():
        arriving = alpha * (back @ arriving)
        visits += arriving
    return visits


def _steps(edges: Edges) -> sparse.csr_array:
    """Return the probability of each step, (n, n); rows of nodes without a way out are empty."""
    n = len(edges.nodes)
    both = np.ones(len(edges.start), dtype=bool) if edges.directed else edges.start != edges.end
    weights = sparse.coo_array((edges.value.astype(np.float64), (edges.start, edges.end)), (n, n))
    matrix = weights.tocsr()
    if not edges.directed:
        back = (edges.value[both].astype(np.float64), (edges.end[both], edges.start[both]))
        matrix = matrix + sparse.coo_array(back, (n, n)).tocsr()
    # Of the largest first: over a sum of the least floats 1 is infinite.
    matrix = _over(matrix, matrix.max(axis=1).toarray())
    return _over(matrix, np.asarray(matrix.sum(axis=1)))


def _over(matrix: sparse.csr_array, scale: FloatArray) -> sparse.csr_array:
    """Return the matrix with each row divided by its scale, unless that is 0."""
    rows = np.repeat(np.where(scale > 0, scale, 1), np.diff(matrix.indptr))
    return sparse.csr_array((matrix.data / rows, matrix.indices, matrix.indptr), matrix.shape)


def _starts(edges: Edges, given: Mapping[Any, float] | None) -> FloatArray:
    """Return how likely a walker starts at each node, (n,)."""
    n = len(edges.nodes)
    if given is None:
        return np.full(n, 1 / n)
    if not isinstance(given, Mapping):
        raise InputTypeError(f"personalization must be a dict of node to number, got {given!r}")
    start = np.zeros(n)
    for node, share in given.items():
        start[edges.vertex("personalization", node)] = as_float(
            f"personalization[{node!r}]", share, low=0
        )
    if not start.any():
        raise InputError("personalization must hold a number above 0, got none")
    # Their sum may be beyond the floats.
    start /= start.max()
    start /= start.sum()
    return start


def _require_hit(edges: Edges, step: sparse.csr_array, goal: int, starts: list[int]) -> None:
    """Refuse walks that may come to where no way leads to the goal."""
    lost = ~_that_reach(step, _only(goal, step))
    onward = _until(goal, step)
    doomed = _that_reach(onward, lost)
    for start in starts:
        if doomed[start]:
            reached = _that_reach(sparse.csr_array(onward.T), _only(start, step))
            nodes, end = edges.nodes, int(np.argmax(lost & reached))
            raise InputError(
                f"target must be hit for certain, but from {nodes[start]!r} a walk may come to "
                f"{nodes[end]!r}, from where no way leads to {nodes[goal]!r}"
            )


def _that_reach(step: sparse.csr_array, there: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which vertices have a way to some vertices, these included."""
    entries = step.tocoo()
    way = entries.data > 0
    return reached(len(there), entries.col[way], entries.row[way], np.flatnonzero(there))


def _by_node(edges: Edges, values: FloatArray) -> dict[Hashable, float]:
    return dict(zip(edges.nodes, values.tolist(), strict=True))
