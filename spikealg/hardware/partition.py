"""Graphs cut into parts of bounded weight with few edges between them.

Multilevel partitioning (Karypis and Kumar, SIAM J. Sci. Comput. 20, 1998): neighbours on heavy
edges are merged until few vertices are left, parts are grown there, and on the way back vertices
at a border move to the part they have most edges to.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from numba import njit

__all__ = ["cut_weight", "partition"]

Array = npt.NDArray[np.int64]

SLACK = 1.03
"""Parts asked for, over the fewest that could hold everything: without room nothing can move."""
VERTICES_PER_PART = 16
"""Merging stops at this many vertices per part."""
PASSES = 8


def partition(adjacency: sp.csr_array, weight: npt.NDArray[np.float64]) -> Array:
    """Cut a graph into parts of weight 1 at most.

    Parameters
    ----------
    adjacency : csr_array (n, n) of int64
        Symmetric, without diagonal; entries are weights of edges.
    weight : float64 array (n,)
        Weight of each vertex; one heavier than 1 has a part of its own.

    Returns
    -------
    int64 array (n,)
        Part of each vertex, numbered without gaps.
    """
    goal = int(np.ceil(SLACK * weight.sum()))
    random = np.random.default_rng(0)
    graphs, weights = [adjacency], [weight]
    merged: list[Array] = []
    while graphs[-1].shape[0] > VERTICES_PER_PART * goal:
        graph, heavy = graphs[-1], weights[-1]
        n = graph.shape[0]
        visit = random.permutation(n)
        # Vertices above a third of a part would make parts that cannot be filled.
        to = match_neighbours(visit, *_arrays(graph), heavy, 1.0 / 3.0)
        coarse = int(to.max()) + 1
        if coarse > 0.95 * n:
            break
        onto = sp.csr_array((np.ones(n, dtype=np.int64), (np.arange(n), to)), shape=(n, coarse))
        smaller = sp.csr_array(onto.T @ graph @ onto)
        smaller.setdiag(0)
        smaller.eliminate_zeros()
        graphs.append(smaller)
        weights.append(np.bincount(to, weights=heavy, minlength=coarse).astype(np.float64))
        merged.append(to)
    part = grow_parts(*_arrays(graphs[-1]), weights[-1])
    for level in range(len(graphs) - 1, -1, -1):
        if level < len(merged):
            part = part[merged[level]]
        visit = random.permutation(len(part))
        move_to_neighbours(part, visit, *_arrays(graphs[level]), weights[level], PASSES)
    return np.unique(part, return_inverse=True)[1].reshape(-1).astype(np.int64)


def cut_weight(adjacency: sp.csr_array, part: Array) -> int:
    """Return the weight of the edges between different parts, each edge once."""
    graph = sp.coo_array(adjacency)
    return int(graph.data[part[graph.row] != part[graph.col]].sum()) // 2


def _arrays(graph: sp.csr_array) -> tuple[Array, Array, Array]:
    return (
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int64),
        graph.data.astype(np.int64),
    )


@njit(cache=True)
def match_neighbours(visit, indptr, indices, edges, weight, limit):
    """Pair each vertex with the free neighbour on its heaviest edge.

    Parameters
    ----------
    visit : int64 array (n,)
        Order of the vertices.
    indptr, indices, edges : int64 arrays
        The graph in compressed rows.
    weight : float64 array (n,)
    limit : float
        Pairs heavier than this are not made.

    Returns
    -------
    int64 array (n,)
        Number of the pair, or of the single vertex, that each vertex belongs to.
    """
    to = np.full(len(visit), -1, dtype=np.int64)
    made = 0
    for v in visit:
        if to[v] >= 0:
            continue
        best, heaviest = -1, 0
        for entry in range(indptr[v], indptr[v + 1]):
            u = indices[entry]
            free = u != v and to[u] < 0 and weight[u] + weight[v] <= limit
            if free and edges[entry] > heaviest:
                best, heaviest = u, edges[entry]
        to[v] = made
        if best >= 0:
            to[best] = made
        made += 1
    return to


@njit(cache=True)
def grow_parts(indptr, indices, edges, weight):
    """Grow one part after another, always by the vertex with most edges into it.

    A part starts at the vertex with most edges into the parts that are finished, so that no
    pocket is left between them; `weight` (n,) of a part stays at most 1.

    Returns
    -------
    int64 array (n,)
        Part of each vertex.
    """
    n = len(weight)
    part = np.full(n, -1, dtype=np.int64)
    attraction = np.zeros(n, dtype=np.int64)
    to_finished = np.zeros(n, dtype=np.int64)
    border = np.empty(n, dtype=np.int64)
    next_unseen = 0
    left = n
    current = 0
    while left > 0:
        seed = -1
        for v in range(n):
            if part[v] < 0 and to_finished[v] > 0:
                if seed < 0 or to_finished[v] > to_finished[seed]:
                    seed = v
        while seed < 0:
            if part[next_unseen] < 0:
                seed = next_unseen
            else:
                next_unseen += 1
        load = 0.0
        borders = 1
        border[0] = seed
        attraction[seed] = 1
        while borders > 0:
            best = -1
            for at in range(borders):
                v = border[at]
                if load + weight[v] <= 1.0 or load == 0.0:
                    if best < 0 or attraction[v] > attraction[border[best]]:
                        best = at
            if best < 0:
                break
            v = border[best]
            borders -= 1
            border[best] = border[borders]
            attraction[v] = 0
            part[v] = current
            load += weight[v]
            left -= 1
            for entry in range(indptr[v], indptr[v + 1]):
                u = indices[entry]
                to_finished[u] += edges[entry]
                if part[u] < 0:
                    if attraction[u] == 0:
                        border[borders] = u
                        borders += 1
                    attraction[u] += edges[entry]
        for at in range(borders):
            attraction[border[at]] = 0
        current += 1
    return part


@njit(cache=True)
def move_to_neighbours(part, visit, indptr, indices, edges, weight, passes):
    """Move vertices to the part that they have most edges to, where it has room.

    Of parts that attract equally, the lighter is taken, if that evens the weights. Stops after a
    pass without a gain.

    Parameters
    ----------
    part : int64 array (n,)
        Part of each vertex; written.
    visit : int64 array (n,)
        Order of the vertices.
    indptr, indices, edges : int64 arrays
        The graph in compressed rows.
    weight : float64 array (n,)
    passes : int
    """
    parts = part.max() + 1
    load = np.zeros(parts)
    for v in range(len(part)):
        load[part[v]] += weight[v]
    attraction = np.zeros(parts, dtype=np.int64)
    near = np.empty(parts, dtype=np.int64)
    for _ in range(passes):
        gained = 0
        for v in visit:
            own = part[v]
            count = 0
            for entry in range(indptr[v], indptr[v + 1]):
                other = part[indices[entry]]
                if attraction[other] == 0:
                    near[count] = other
                    count += 1
                attraction[other] += edges[entry]
            best = own
            for at in range(count):
                other = near[at]
                room = load[other] + weight[v] <= 1.0
                if other != own and room:
                    gain = attraction[other] - attraction[best]
                    target = load[own] if best == own else load[best] + weight[v]
                    if gain > 0 or (gain == 0 and load[other] + weight[v] < target):
                        best = other
            if best != own:
                gained += attraction[best] - attraction[own]
                load[own] -= weight[v]
                load[best] += weight[v]
                part[v] = best
            for at in range(count):
                attraction[near[at]] = 0
        if gained == 0:
            break
