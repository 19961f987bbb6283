"""Where walkers can come to, and whether they can leave."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from spikealg.errors import InputError
from spikealg.solvers.diffusion.equation.rates import Rates, at_vertex

__all__ = ["can_leave", "reached_from", "require_exit"]

FloatArray = npt.NDArray[np.float64]


def reached_from(rates: Rates, started: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which vertices walkers from `started`, (V,) bool, can come to, (V,) bool."""
    n = len(rates.live)
    first = sparse.csr_array(started[None, :].astype(np.float64))
    # One more vertex, from which all starts are one step away.
    graph = sparse.vstack(
        [
            sparse.hstack([rates.between, sparse.csr_array((n, 1))]),
            sparse.hstack([first, sparse.csr_array((1, 1))]),
        ]
    )
    order = csgraph.breadth_first_order(graph.tocsr(), n, return_predecessors=False)
    reached = np.zeros(n + 1, dtype=bool)
    reached[order] = True
    return reached[:n]


def can_leave(rates: Rates) -> npt.NDArray[np.bool_]:
    """Return from which live vertices a walker can come to an exit, (V,) bool."""
    n = len(rates.live)
    exits = sparse.csr_array(np.asarray(rates.exits.sum(axis=1) > 0, dtype=np.float64)[:, None])
    inside = sparse.hstack([rates.between, exits])
    graph = sparse.vstack([inside, sparse.csr_array((1, n + 1))]).tocsr()
    order = csgraph.breadth_first_order(graph.T.tocsr(), n, return_predecessors=False)
    found = np.zeros(n + 1, dtype=bool)
    found[order] = True
    return np.asarray(found[:n] & rates.live)


def require_exit(rates: Rates, start: FloatArray) -> None:
    """Refuse to wait for walkers that never leave.

    Raises
    ------
    InputError
        If some vertex that walkers come to has no way out.
    """
    stuck = rates.live & ~can_leave(rates)
    if not stuck.any():
        return
    reached = reached_from(rates, (start > 0) & rates.live)
    if (stuck & reached).any():
        vertex = int(np.argmax(stuck & reached))
        raise InputError(
            f"walkers never leave from {at_vertex(rates.x, vertex)}, so nothing becomes of waiting "
            "until all have left: let a side absorb, give killing=, or a t_span that ends"
        )
