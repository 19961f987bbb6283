"""Where things go: layers from left to right, and few crossings.

The steps are those of Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical
system structures", 1981: layers by the longest path, places for long edges in the layers between,
and an order within each layer by the mean place of the neighbours.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

__all__ = ["Layout", "lay_out"]

_SWEEPS = 8
_LANE = 0.35
"""Height of the place of a passing edge, that of a node being 1."""


@dataclass(frozen=True)
class Layout:
    """Places in units of a layer (x) and of a node's height (y).

    Attributes
    ----------
    x, y : float arrays (nodes,)
    routes : dict of edge to list of (x, y)
        Where each edge passes between its ends.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    routes: dict[tuple[int, int], list[tuple[float, float]]]


def lay_out(
    count: int, edges: Collection[tuple[int, int]], first: Collection[int], last: Collection[int]
) -> Layout:
    """Return where `count` nodes go.

    Parameters
    ----------
    count : int
    edges : collection of (node, node)
    first, last : collections of int
        Nodes of the leftmost and rightmost layer.
    """
    layer = _layers(count, edges, first, last)
    members: list[list[int]] = [[] for _ in range(max(layer, default=0) + 1)]
    for node, place in enumerate(layer):
        members[place].append(node)
    # An edge over several layers passes through one made-up node in each layer between.
    before: dict[int, list[int]] = {node: [] for node in range(count)}
    after: dict[int, list[int]] = {node: [] for node in range(count)}
    routes: dict[tuple[int, int], list[int]] = {}
    for edge in edges:
        pre, post = edge
        chain = [pre]
        step = 1 if layer[post] > layer[pre] else -1
        for place in range(layer[pre] + step, layer[post], step):
            chain.append(len(before))
            before[chain[-1]], after[chain[-1]] = [], []
            members[place].append(chain[-1])
        chain.append(post)
        routes[edge] = chain[1:-1]
        for left, right in pairwise(chain):
            if step < 0:
                left, right = right, left
            if layer[pre] != layer[post]:
                before[right].append(left)
                after[left].append(right)
    height = _heights(members, before, after, count)
    column = {node: place for place, nodes in enumerate(members) for node in nodes}
    return Layout(
        np.array([column[node] for node in range(count)], dtype=np.float64),
        np.array([height[node] for node in range(count)]),
        {edge: [(column[n], height[n]) for n in chain] for edge, chain in routes.items()},
    )


def _layers(
    count: int, edges: Collection[tuple[int, int]], first: Collection[int], last: Collection[int]
) -> list[int]:
    """Return the layer of each node: one more than that of whatever leads to it, loops apart."""
    pre = np.array([edge[0] for edge in edges], dtype=np.int64)
    post = np.array([edge[1] for edge in edges], dtype=np.int64)
    matrix = sp.csr_array((np.ones(len(pre)), (pre, post)), shape=(count, count))
    parts, part = connected_components(matrix, directed=True, connection="strong")
    following: list[set[int]] = [set() for _ in range(parts)]
    waiting = np.zeros(parts, dtype=np.int64)
    for a, b in {(part[a], part[b]) for a, b in edges if part[a] != part[b]}:
        following[a].add(b)
        waiting[b] += 1
    layer = np.ones(parts, dtype=np.int64)
    ready = [index for index in range(parts) if not waiting[index]]
    while ready:
        index = ready.pop()
        for after in following[index]:
            layer[after] = max(layer[after], layer[index] + 1)
            waiting[after] -= 1
            if not waiting[after]:
                ready.append(after)
    found = layer[part]
    found[list(first)] = 0
    found[list(last)] = 0
    found[list(last)] = found.max(initial=0) + 1
    # Without inputs there is no layer for them.
    return [int(place) for place in found - found.min(initial=0)]


def _heights(
    members: list[list[int]],
    before: dict[int, list[int]],
    after: dict[int, list[int]],
    count: int,
) -> dict[int, float]:
    """Order each layer by the mean height of the neighbours, and return all heights.

    Sweeps to the right look at the layer before, sweeps to the left at the layer after.
    """
    height = _stacked(members, count)
    order = range(len(members))
    for sweep in range(_SWEEPS):
        places, neighbours = (order, before) if sweep % 2 == 0 else (reversed(order), after)
        for place in places:
            mean = {
                node: float(np.mean([height[n] for n in neighbours[node]] or [height[node]]))
                for node in members[place]
            }
            members[place].sort(key=lambda node: (mean[node], node))
            height.update(_stacked([members[place]], count))
    return height


def _stacked(members: list[list[int]], count: int) -> dict[int, float]:
    """Return heights of the nodes of each layer, one below the other around 0."""
    height: dict[int, float] = {}
    for nodes in members:
        sizes = np.array([1.0 if node < count else _LANE for node in nodes])
        tops = np.cumsum(sizes) - sizes / 2 - sizes.sum() / 2
        height.update(zip(nodes, tops.tolist(), strict=True))
    return height
