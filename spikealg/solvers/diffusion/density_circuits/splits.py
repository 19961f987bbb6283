"""Where a tree of gates splits the exits of a vertex."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.solvers.diffusion.equation.transition import ExitLists

__all__ = ["Nodes", "Splits"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
MOST_EXITS = 8
"""Exits of a vertex from which they are simply halved."""
DRAWN_BITS = 11
"""Bits after which the draws of a thousand lanes are nearly all decided."""


class Nodes(NamedTuple):
    """Nodes of the trees of all vertices, each a range of exits: a gate, or a single exit.

    All arrays have one entry per node; the nodes of a level follow those of the level above.

    Attributes
    ----------
    vertex, low, high : the exits low … high − 1, which belong to the vertex
    depth : 0 at the root of a vertex
    parent : −1 at a root
    first : whether it is the first of the two parts of its parent
    """

    vertex: IntArray
    low: IntArray
    high: IntArray
    depth: IntArray
    parent: IntArray
    first: BoolArray

    def at(self, index: IntArray) -> Nodes:
        """Return some of the nodes."""
        return Nodes(
            self.vertex[index],
            self.low[index],
            self.high[index],
            self.depth[index],
            self.parent[index],
            self.first[index],
        )


class Splits:
    """Splits that make the gates of a vertex cheap, and its tree as low as it can be.

    Parameters
    ----------
    exits : ExitLists
    """

    def __init__(self, exits: ExitLists) -> None:
        self._exits = exits
        self._degree = np.diff(exits.indptr)
        self._row = np.empty(len(self._degree), dtype=np.int64)
        self._tables: dict[int, npt.NDArray[np.int8]] = {}
        for degree in range(2, min(MOST_EXITS, int(self._degree.max(initial=0))) + 1):
            (vertices,) = np.nonzero(self._degree == degree)
            self._row[vertices] = np.arange(len(vertices))
            places = exits.indptr[vertices][:, np.newaxis] + np.arange(degree)
            self._tables[degree] = _best_splits(exits.probability[places])

    def __call__(self, nodes: Nodes) -> IntArray:
        """Return where the second part of each of these nodes begins."""
        middle = (nodes.low + nodes.high) // 2
        degree = self._degree[nodes.vertex]
        for d, table in self._tables.items():
            (of_degree,) = np.nonzero(degree == d)
            some = nodes.at(of_degree)
            base, row = self._exits.indptr[some.vertex], self._row[some.vertex]
            level = len(table) - 1 - some.depth
            middle[of_degree] = base + table[level, some.low - base, some.high - base, row]
        return middle


def _best_splits(probability: FloatArray) -> npt.NDArray[np.int8]:
    """Return the cheapest splits of vertices of one degree, by dynamic programming over ranges.

    Parameters
    ----------
    probability : (vertices, d) float64

    Returns
    -------
    (levels, d, d + 1, vertices) int8
        Entry [k, i, j] is where the exits i … j − 1 are split in two if k splits may follow one
        after another; 0 where that is not enough.
    """
    vertices, d = probability.shape
    levels = (d - 1).bit_length()
    middle = np.zeros((levels, d, d + 1, vertices), dtype=np.int8)
    ranges = [(i, j) for i in range(d) for j in range(i + 2, d + 1)]
    # What the gates of a range cost at least, where the levels so far are enough to split it.
    least = {(i, i + 1): np.zeros(vertices) for i in range(d)}
    for level in range(levels):
        below = dict(least)
        for i, j in ranges:
            borders = [m for m in range(i + 1, j) if (i, m) in below and (m, j) in below]
            if borders:
                costs = np.stack(
                    [
                        below[i, m]
                        + below[m, j]
                        + _gate_cost(
                            probability[:, i:m].sum(axis=1), probability[:, m:j].sum(axis=1)
                        )
                        for m in borders
                    ]
                )
                middle[level, i, j] = np.array(borders)[costs.argmin(axis=0)]
                least[i, j] = costs.min(axis=0)
    return middle


def _gate_cost(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return what gates cost that tell apart two parts of these probabilities.

    The bits that a draw takes, and a spike for each walker that takes the first part.
    """
    both = first + second
    share = np.divide(first, both, out=np.ones_like(both), where=both > 0)
    number = np.rint(share * 2.0**32).astype(np.int64)
    bits = 32 - np.log2(np.maximum(number & -number, 1))
    bits[number % 2**32 == 0] = 0
    return np.asarray(np.minimum(bits, DRAWN_BITS) + first)
