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
    """Return the layer of each node: one more than that of whatever leads to it.

    Where edges close loops, those that lead back in `_order` are taken the other way round.
    """
    order = _order(count, edges)
    rank = {node: place for place, node in enumerate(order)}
    following: list[list[int]] = [[] for _ in range(count)]
    for pre, post in edges:
        if pre != post:
            early, late = sorted((pre, post), key=rank.__getitem__)
            following[early].append(late)
    layer = np.ones(count, dtype=np.int64)
    for node in order:
        for after in following[node]:
            layer[after] = max(layer[after], layer[node] + 1)
    layer[list(first)] = 0
    layer[list(last)] = 0
    layer[list(last)] = layer.max(initial=0) + 1
    # Without inputs there is no layer for them.
    return [int(place) for place in layer - layer.min(initial=0)]


def _order(count: int, edges: Collection[tuple[int, int]]) -> list[int]:
    """Return all nodes in an order against which few edges lead back, none if there are no loops.

    Whatever nothing leads to is taken to the left end, what leads nowhere to the right end, and if
    there is neither, the node that most leads away from is taken to the left. Source: Eades, Lin,
    Smyth, "A fast and effective heuristic for the feedback arc set problem", 1993.
    """
    after: list[set[int]] = [set() for _ in range(count)]
    before: list[set[int]] = [set() for _ in range(count)]
    for pre, post in edges:
        if pre != post:
            after[pre].add(post)
            before[post].add(pre)
    left: list[int] = []
    right: list[int] = []
    rest = set(range(count))
    while rest:
        sinks = [node for node in rest if not after[node]]
        taken = sinks or [node for node in rest if not before[node]]
        taken = sorted(taken) or [min(rest, key=lambda n: (len(before[n]) - len(after[n]), n))]
        (right if sinks else left).extend(taken)
        for node in taken:
            rest.remove(node)
            for other in after[node]:
                before[other].discard(node)
            for other in before[node]:
                after[other].discard(node)
    return left + right[::-1]


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
