"""What capacity a flow leaves, and paths on which more can flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.solvers.graph.edges import Arcs, Values

__all__ = ["Residual", "make_residual"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Residual:
    """Arcs both ways between every two vertices that an edge joins, the way back after all others.

    Attributes
    ----------
    arcs : Arcs
        From the lower to the higher vertex, by pair, then all of them the other way; with their
        capacities.
    left, sent : int64 or float64 arrays (m,)
        Capacity that is left, and what flows, negative where it flows the other way; written.
    """

    arcs: Arcs
    left: Values
    sent: Values

    def fill(self, times: IntArray, start: int, goal: int) -> None:
        """Fill paths on which every vertex fired a tick after the one before, until none is left.

        Some arc of each such path must have a limit.
        """
        left, sent, target = self.left.tolist(), self.sent.tolist(), self.arcs.post.tolist()
        ways = self._onward(times)
        path: list[int] = []
        while True:
            vertex = target[path[-1]] if path else start
            if vertex == goal:
                self._send(path, left, sent)
                # Go on from where the first arc is full.
                path = path[: next(i for i, arc in enumerate(path) if left[arc] <= 0)]
                continue
            options = ways.get(vertex, [])
            while options and left[options[-1]] <= 0:
                options.pop()
            if options:
                path.append(options[-1])
            elif path:  # a dead end: nobody goes there again
                path.pop()
                ways[target[path[-1]] if path else start].pop()
            else:
                self.left[:], self.sent[:] = left, sent
                return

    def _onward(self, times: IntArray) -> dict[int, list[int]]:
        """Return the arcs with capacity left to vertices that fired a tick later, by vertex."""
        arcs = self.arcs
        onward = (times[arcs.pre] >= 0) & (times[arcs.post] == times[arcs.pre] + 1)
        chosen = np.flatnonzero(onward & (self.left > 0))
        ways: dict[int, list[int]] = {}
        for arc, vertex in zip(chosen.tolist(), arcs.pre[chosen].tolist(), strict=True):
            ways.setdefault(vertex, []).append(arc)
        return ways

    def _send(self, path: list[int], left: list[Any], sent: list[Any]) -> None:
        """Send as much along a path as fits."""
        amount = min(left[arc] for arc in path)
        half = len(left) // 2
        for arc in path:
            back = arc - half if arc >= half else arc + half
            left[arc] -= amount
            left[back] += amount
            sent[arc] += amount
            sent[back] -= amount

    def sent_along(self, arcs: Arcs) -> Values:
        """Return what flows along each of the arcs that this was made of."""
        key = self.arcs.pre * self.arcs.n + self.arcs.post
        order = np.argsort(key)
        place = np.searchsorted(key, arcs.pre * arcs.n + arcs.post, sorter=order)
        proper = arcs.pre != arcs.post
        sent = np.zeros(len(arcs.pre), dtype=self.sent.dtype)
        sent[proper] = np.maximum(self.sent[order[place[proper]]], 0)
        return sent

    def out_of(self, vertex: int) -> Any:
        """Return what flows out of a vertex more than into it."""
        return self.sent[self.arcs.pre == vertex].sum().item()


def make_residual(arcs: Arcs) -> Residual:
    """Return the arcs of a graph without any flow; capacities of parallel ones add up."""
    proper = arcs.pre != arcs.post
    pre, post = arcs.pre[proper], arcs.post[proper]
    pair, number = np.unique(
        np.minimum(pre, post) * arcs.n + np.maximum(pre, post), return_inverse=True
    )
    capacity = np.zeros((2, len(pair)), dtype=arcs.value.dtype)
    np.add.at(capacity, ((pre > post).astype(np.int64), number), arcs.value[proper])
    low, high = pair // arcs.n, pair % arcs.n
    both = Arcs(
        arcs.n, np.concatenate([low, high]), np.concatenate([high, low]), capacity.reshape(-1)
    )
    return Residual(both, both.value.copy(), np.zeros_like(both.value))
