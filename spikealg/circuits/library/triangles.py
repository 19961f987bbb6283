"""Counting in graphs whose edges are input lines."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import scipy.sparse as sp

from spikealg.arguments import as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.chains import LONGEST_BLOCK
from spikealg.circuits.library.linear import scaled_sum
from spikealg.circuits.library.sums import PopCount
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal

__all__ = ["TriangleCount"]


GROUP = 32
"""Triangles that one `PopCount` counts: its synapses grow with their square."""


class TriangleCount(Circuit):
    """Triangles of a graph: edges (a line per pair of nodes) → count.

    Line k says whether there is an edge between the nodes ``pairs[k]``, in the order (0, 1),
    (0, 2), ..., (1, 2), ... A gate per three nodes, nodes·(nodes − 1)·(nodes − 2) / 6; groups of 32
    are counted by `PopCount` and added in a tree, so up to six nodes take three ticks, and two more
    with each doubling of the groups.

    Parameters
    ----------
    nodes : int
        At least 3.
    """

    def __init__(self, nodes: int) -> None:
        self.nodes = as_int("nodes", nodes, low=3)
        self.pairs = list(combinations(range(self.nodes), 2))
        self.total_width = comb(self.nodes, 3).bit_length()
        super().__init__(edges=In(len(self.pairs)), count=Out(self.total_width))

    def build(self, edges: Signal) -> None:
        """Wire a gate per triple of nodes, and count them."""
        line = {pair: k for k, pair in enumerate(self.pairs)}
        triples = combinations(range(self.nodes), 3)
        sides = [[line[pair] for pair in combinations(triple, 2)] for triple in triples]
        count = len(sides)
        entries = (np.ravel(sides), np.repeat(np.arange(count), 3))
        weights = sp.coo_array((np.ones(3 * count, dtype=np.int64), entries), (edges.lines, count))
        triangles = self.gates(edges, weights=weights, threshold=3, name="triangle")
        groups = [triangles[first : first + GROUP] for first in range(0, count, GROUP)]
        counts = [self.add(PopCount(group.width), a=group).count for group in groups]
        ones = [1] * len(counts)
        block = min(self.total_width, LONGEST_BLOCK)
        self.output("count", scaled_sum(self, counts, ones, self.total_width, block))
