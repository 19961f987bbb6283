"""The density that does not change any more: the null vector of the transposed rate matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph, linalg

from spikealg.errors import InputError
from spikealg.solvers.diffusion.equation.rates import Rates

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.problem import Problem

__all__ = ["stationary", "stationary_probability"]


def stationary(problem: Problem) -> npt.NDArray[np.float64]:
    """Return the stationary density of a problem that loses no walkers, (V,), of total mass 1.

    Solves pQ = 0 with sparse LU; p is the same for Q and for every step P = I + Δt·Q.

    Parameters
    ----------
    problem : Problem
        Its `initial`, if it has one, says in which part of the domain the walkers are.

    Raises
    ------
    InputError
        If walkers can leave, or there is more than one set of vertices that they cannot leave, so
        that the answer depends on the start.
    """
    return np.asarray(stationary_probability(problem.rates) / problem.rates.mass)


def stationary_probability(rates: Rates) -> npt.NDArray[np.float64]:
    """Return the probability of each vertex in the long run, (V,); errors are as above."""
    if rates.exits.nnz:
        raise InputError(
            "a stationary density needs a problem that loses no walkers, but they leave by "
            f"{', '.join(rates.sides)}: take reflecting or periodic sides"
        )
    live = np.flatnonzero(rates.live)
    between = rates.between[live][:, live].tocoo()
    n_parts, part = csgraph.connected_components(between, connection="strong")
    closed = np.ones(n_parts, dtype=bool)
    closed[part[between.row][part[between.row] != part[between.col]]] = False
    if closed.sum() != 1:
        raise InputError(
            f"the vertices fall into {closed.sum()} parts that walkers cannot leave, so the "
            "stationary density depends on the start: give initial=, or connect the parts"
        )
    last = np.flatnonzero(closed[part])
    vertices = live[last]
    balance = rates.generator[vertices][:, vertices].T.tocsc()
    probability = np.ones(len(vertices))
    if len(vertices) > 1:
        # With p fixed at one vertex the rest is regular. Fixing it first anywhere and then at the
        # largest p keeps all ratios below 1.
        for _ in range(2):
            probability = _solve(balance, int(probability.argmax()))
    found = np.zeros(len(rates.x))
    found[vertices] = probability / probability.sum()
    return found


def _solve(balance: sparse.csc_array, fixed: int) -> npt.NDArray[np.float64]:
    """Return p with balance·p = 0 and p[fixed] = 1, a null vector of an irreducible generator."""
    rest = np.delete(np.arange(balance.shape[0]), fixed)
    probability = np.ones(balance.shape[0])
    right = -balance[rest][:, [fixed]].toarray()[:, 0]
    probability[rest] = linalg.spsolve(balance[rest][:, rest], right)
    return probability
