"""From firing times to paths: whose spike arrived in the tick in which a vertex fired."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from spikealg.solvers.graph.edges import Arcs, Values

__all__ = ["Tree", "grow"]

IntArray = npt.NDArray[np.int64]


class Tree(NamedTuple):
    """Paths from a root.

    Attributes
    ----------
    parent : int64 array (n,)
        The vertex before each one; the root's and those of vertices not reached are they
        themselves.
    arc : int64 array (n,)
        The arc from there, −1 where there is none.
    """

    parent: IntArray
    arc: IntArray

    def add_up(self, value: Values) -> Values:
        """Return the sum of the values of the arcs on the path to each vertex, (n,)."""
        total = np.where(self.arc >= 0, value[self.arc], 0) if len(value) else 0 * self.arc
        ancestor = self.parent
        # Each round doubles the part of the path that is summed.
        while (ancestor != self.parent[ancestor]).any():
            total = total + total[ancestor]
            ancestor = ancestor[ancestor]
        return total

    def path(self, vertex: int) -> list[int]:
        """Return the vertices from the root to one that is reached."""
        path = [vertex]
        while self.arc[path[-1]] >= 0:
            path.append(int(self.parent[path[-1]]))
        return path[::-1]


def grow(arcs: Arcs, times: IntArray, root: int) -> Tree:
    """Return the paths by which the spikes came, of several those of fewest arcs.

    Of those of equally many it is the one whose vertices, from the root on, have the least numbers:
    whom a search by breadth enters in that order enters others so.

    Parameters
    ----------
    arcs : Arcs
        With values in ticks; between two vertices at most one each way. Values may be 0.
    times : int64 array (n,)
        Ticks from the root to each vertex, −1 where it is not reached.
    root : int
    """
    came = np.flatnonzero(
        (times[arcs.pre] >= 0) & (times[arcs.pre] + arcs.value == times[arcs.post])
    )
    pre, post = arcs.pre[came], arcs.post[came]
    steps = sparse.coo_array((np.ones(len(came), np.int8), (pre, post)), shape=(arcs.n, arcs.n))
    _, before = csgraph.breadth_first_order(steps.tocsr(), root)
    chosen = before[post] == pre
    parent, arc = np.arange(arcs.n), np.full(arcs.n, -1, dtype=np.int64)
    parent[post[chosen]], arc[post[chosen]] = pre[chosen], came[chosen]
    return Tree(parent, arc)
