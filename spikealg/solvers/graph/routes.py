"""Paths from one source, read from the ticks in which neurons fired."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.solvers.graph.edges import Arcs, Values
from spikealg.solvers.graph.lengths import Ticks
from spikealg.solvers.graph.trees import Tree, grow

__all__ = ["Routes", "read_routes"]

IntArray = npt.NDArray[np.int64]


class Routes(NamedTuple):
    """The paths from a source to all vertices that it reaches.

    Attributes
    ----------
    tree : Tree
        Of neurons; neuron i stands for vertex i mod n.
    neuron : int64 array (n,)
        Where the path to each vertex ends, −1 where there is none.
    length : int64 or float64 array (n,)
        Of that path.
    reached : int64 array
        Vertices with a path, nearest first.
    error : float
        No path is longer than a shortest one by more, those longer than the cutoff included.
    """

    tree: Tree
    neuron: IntArray
    length: Values
    reached: IntArray
    error: float

    def path(self, vertex: int) -> list[int]:
        """Return the vertices from the source to one that is reached."""
        return [i % len(self.neuron) for i in self.tree.path(int(self.neuron[vertex]))]

    def parent(self, vertex: int) -> int | None:
        """Return the vertex before one that is reached, None before the source."""
        neuron = self.neuron[vertex]
        if self.tree.arc[neuron] < 0:
            return None
        return int(self.tree.parent[neuron] % len(self.neuron))


def read_routes(
    arcs: Arcs,
    ticks: Ticks,
    times: IntArray,
    source: int,
    n: int,
    *,
    cutoff: float | None = None,
    goal: int | None = None,
) -> Routes:
    """Return the paths that a wave took.

    Parameters
    ----------
    arcs : Arcs
        Between neurons, with the true lengths.
    ticks : Ticks
        Of these lengths.
    times : int64 array (neurons,)
        Ticks from the source to each neuron, −1 where it is not reached.
    source : int
    n : int
        Vertices; neurons are one or several times as many.
    cutoff : float, optional
        Longer paths are left out,
    goal : int, optional
        as well as longer ones than to this vertex, if it is reached.
    """
    tree = grow(arcs._replace(value=ticks.of), times, source)
    copies = np.where(times < 0, np.iinfo(np.int64).max, times).reshape(-1, n)
    neuron = copies.argmin(axis=0) * n + np.arange(n)
    neuron[times[neuron] < 0] = -1
    length = tree.add_up(arcs.value)[neuron]
    reached = np.flatnonzero(neuron >= 0)
    reached = reached[np.argsort(times[neuron[reached]], kind="stable")]
    longer = length[reached] - ticks.bound(times[neuron[reached]], n - 1)
    error = 0.0 if ticks.exact else float(longer.max(initial=0.0))
    # Paths of the same ticks are of one length if ticks are exact, but for the rounding of sums.
    if goal is not None and neuron[goal] >= 0 and not ticks.exact:
        reached = reached[length[reached] <= length[goal]]
    if cutoff is not None:
        reached = reached[length[reached] <= cutoff]
    return Routes(tree, neuron, length, reached, error)
