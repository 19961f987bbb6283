"""Which vertices can be reached at all, found without spikes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

__all__ = ["reached"]

IntArray = npt.NDArray[np.int64]


def reached(n: int, pre: IntArray, post: IntArray, starts: IntArray) -> npt.NDArray[np.bool_]:
    """Return which of n vertices arcs lead to from any of `starts`, these included, (n,)."""
    # One more vertex leads to all starts.
    pre = np.concatenate([pre, np.full(len(starts), n)])
    post = np.concatenate([post, starts])
    steps = sparse.coo_array((np.ones(len(pre), np.int8), (pre, post)), shape=(n + 1, n + 1))
    order = csgraph.breadth_first_order(steps.tocsr(), n, return_predecessors=False)
    there = np.zeros(n + 1, dtype=bool)
    there[order] = True
    return there[:n]
