"""Edges of length 0: a spike takes at least a tick, so they are taken out before."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from spikealg.solvers.graph.edges import Arcs

__all__ = ["Contracted", "contract"]

IntArray = npt.NDArray[np.int64]


class Contracted(NamedTuple):
    """Arcs between groups of vertices, every one of at least a tick.

    With T the ticks from group to group, the ticks of the lengths are
    (T + shift[start] − shift[end]) / scale, without a remainder.

    Attributes
    ----------
    group : int64 array (n,)
        The group of each vertex.
    arcs : Arcs
        Between groups.
    shift : int64 array (groups,)
    scale : int
    """

    group: IntArray
    arcs: Arcs
    shift: IntArray
    scale: int


def contract(arcs: Arcs) -> Contracted:
    """Merge vertices that are no way apart, and give other arcs of length 0 a tick.

    Two vertices that reach each other by arcs of length 0 are one. Such arcs that lead one way only
    are left, without a cycle. So every group gets a shift, at least 1 more than that of the groups
    from which it is no way, and an arc u → v of k ticks takes scale·k + shift[v] − shift[u]. That
    makes all paths between two groups longer by the same (Johnson, "Efficient algorithms for
    shortest paths in sparse networks", J. ACM 1977), so the shortest stay what they are.
    """
    zero = arcs.value == 0
    if not zero.any():
        return Contracted(np.arange(arcs.n), arcs, np.zeros(arcs.n, dtype=np.int64), 1)
    free = sparse.coo_array(
        (np.ones(zero.sum(), dtype=np.int8), (arcs.pre[zero], arcs.post[zero])),
        shape=(arcs.n, arcs.n),
    )
    groups, group = csgraph.connected_components(free.tocsr(), connection="strong")
    group = group.astype(np.int64)
    between = Arcs(groups, group[arcs.pre], group[arcs.post], arcs.value).shortest()
    shift = _depth(groups, between)
    longer = shift[between.post] - shift[between.pre]
    positive = between.value > 0
    scale = int(-((longer[positive] - 1) // between.value[positive]).min(initial=-1))
    return Contracted(
        group,
        between._replace(value=scale * between.value + longer),
        shift,
        scale,
    )


def _depth(n: int, arcs: Arcs) -> IntArray:
    """Return the most arcs of length 0 on a path into each vertex; there is no cycle of them."""
    free = arcs.value == 0
    pre, post = arcs.pre[free], arcs.post[free]
    order = np.argsort(pre, kind="stable")
    onward = post[order].tolist()
    first = np.searchsorted(pre[order], np.arange(n + 1)).tolist()
    left_before = np.bincount(post, minlength=n).tolist()
    depth = [0] * n
    # In topological order: a vertex is ready when all before it are done.
    ready = [vertex for vertex in range(n) if not left_before[vertex]]
    while ready:
        vertex = ready.pop()
        for after in onward[first[vertex] : first[vertex + 1]]:
            depth[after] = max(depth[after], depth[vertex] + 1)
            left_before[after] -= 1
            if not left_before[after]:
                ready.append(after)
    return np.array(depth, dtype=np.int64)
