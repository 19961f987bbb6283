"""One step of the Markov chain: the probabilities that every method walks by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

__all__ = ["ExitLists", "Transition"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ExitLists:
    """The exits of every live vertex, one after another.

    The exits of live vertex r (the r-th of ``transition.vertices``) are the entries
    ``indptr[r]:indptr[r + 1]``: neighbours by index, then sides, then "stay" if it can happen.
    All probabilities are positive and those of a vertex sum to 1.

    Attributes
    ----------
    indptr : (V_live + 1,) int64
        Where the exits of each live vertex begin.
    target : (m,) int64
        Where an exit leads: an index into the live vertices, or −1 − s for side s.
    probability : (m,) float64
        Its probability in one step.
    """

    indptr: IntArray
    target: IntArray
    probability: FloatArray


@dataclass(frozen=True, eq=False)
class Transition:
    """P = I + Δt·Q, split into moves within the mesh and exits into sinks.

    Attributes
    ----------
    dt : float
        Length of a step [time].
    move : (V, V) csr array of float64
        Probability to be at the column's vertex after a step from the row's, "stay" included.
    leave : (V, S) csr array of float64
        Probability to leave by a side. Rows of live vertices in [move leave] sum to 1; all other
        rows are empty.
    sides : tuple of str, length S
        Names of the sides by which walkers can leave.
    live : (V,) bool
        Where walkers can be.
    sink : (V,) int64
        For a sink vertex the index of the side it belongs to; −1 for all others.
    """

    dt: float
    move: Any
    leave: Any
    sides: tuple[str, ...]
    live: npt.NDArray[np.bool_]
    sink: IntArray

    @property
    def vertices(self) -> IntArray:
        """Indices of the live vertices, (V_live,) int64."""
        return np.flatnonzero(self.live)

    @cached_property
    def exits(self) -> ExitLists:
        """The exits of the live vertices, in the order in which all methods read them."""
        vertices = self.vertices
        n = len(vertices)
        number = np.full(len(self.live), -1, dtype=np.int64)
        number[vertices] = np.arange(n)
        moves = self.move[vertices].tocoo()
        leaves = self.leave[vertices].tocoo()
        row = np.concatenate([moves.row, leaves.row]).astype(np.int64)
        target = np.concatenate([number[moves.col], -1 - leaves.col.astype(np.int64)])
        probability = np.concatenate([moves.data, leaves.data])
        stays = np.concatenate([moves.row == target[: moves.nnz], np.zeros(leaves.nnz, dtype=bool)])
        place = np.where(stays, 2, np.where(target < 0, 1, 0))
        order = np.lexsort((np.abs(target), place, row))
        order = order[probability[order] > 0]
        indptr = np.concatenate([[0], np.cumsum(np.bincount(row[order], minlength=n))])
        return ExitLists(indptr.astype(np.int64), target[order], probability[order])

    def exit_table(self) -> tuple[IntArray, FloatArray]:
        """Return the exits as two arrays with one row per live vertex.

        Returns
        -------
        target : (V_live, d) int64
            As in `ExitLists`, d being the largest number of exits; shorter rows repeat their last
            target.
        probability : (V_live, d) float64
            Rows sum to 1; the repeated exits have probability 0.
        """
        exits = self.exits
        degree = np.diff(exits.indptr)
        place = np.arange(degree.max(initial=1))
        index = exits.indptr[:-1, None] + np.minimum(place, degree[:, None] - 1)
        real = place < degree[:, None]
        return exits.target[index], np.where(real, exits.probability[index], 0.0)

    @cached_property
    def closed(self) -> Any:
        """The chain with its sides as absorbing states, (V + S, V + S) csr array.

        Vertices that are not live keep what they hold.
        """
        held = sparse.diags_array((~self.live).astype(np.float64))
        within = sparse.hstack([self.move + held, self.leave])
        n_sides = len(self.sides)
        left = sparse.hstack(
            [sparse.csr_array((n_sides, len(self.live))), sparse.eye_array(n_sides)]
        )
        return sparse.vstack([within, left]).tocsr() if n_sides else within.tocsr()
