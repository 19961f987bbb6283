"""Walking exactly: the expected number of walkers, by repeated sparse products. No draws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.solvers.diffusion.equation.transition import Transition
from spikealg.solvers.diffusion.walks.walk import Walk, settle

__all__ = ["walk"]


def walk(
    transition: Transition, start: npt.NDArray[np.float64], steps: npt.NDArray[np.int64]
) -> Walk:
    """Return the expected walkers after `steps`.

    Parameters
    ----------
    transition : Transition
        One step.
    start : (V,) float64
        Expected walkers per vertex, or probabilities.
    steps : (T,) int64
        Steps to record, increasing; 0 is the start.

    Returns
    -------
    Walk
        ``counts`` (T, V), ``exited`` (T, S) and ``left`` (N + 1, S), float64.
    """
    walking, exited = settle(transition, np.asarray(start, dtype=np.float64))
    state = np.concatenate([walking, exited])
    # Rows of the transposed matrix gather, which needs no scatter and keeps the state in order.
    step = transition.closed.T.tocsr()
    n = len(walking)
    recorded = np.empty((len(steps), len(state)))
    left = np.empty((int(steps[-1]) + 1, len(state) - n))
    left[0] = exited
    done = 0
    for row, wanted in enumerate(steps.tolist()):
        for number in range(done, wanted):
            state = step @ state
            left[number + 1] = state[n:]
        done = wanted
        recorded[row] = state
    return Walk(counts=recorded[:, :n], exited=recorded[:, n:], left=left)
