"""Random walks on a ring, by the density circuit and by plain Monte Carlo walkers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from spikealg.solvers.diffusion import density, montecarlo
from spikealg.solvers.diffusion.transition import Transition

VERTICES = 1000
WALKERS_PER_VERTEX = 10
WALKERS = VERTICES * WALKERS_PER_VERTEX
NAME = f"ring, V={VERTICES}, d=2, {WALKERS_PER_VERTEX} walkers per vertex"
STEPS = {"density": 300, "montecarlo": 3000}
"""Walk steps of each method, enough for a call of about a second or less."""


def _ring() -> Transition:
    """A walk that goes left or right with probability ½ each, and never stays."""
    vertex = np.arange(VERTICES)
    move = sp.coo_array(
        (
            np.full(2 * VERTICES, 0.5),
            (np.tile(vertex, 2), np.concatenate([(vertex - 1), (vertex + 1)]) % VERTICES),
        ),
        shape=(VERTICES, VERTICES),
    ).tocsr()
    return Transition(dt=1.0, move=move, leave=sp.csr_array((VERTICES, 0)))


TRANSITION = _ring()
START = np.full(VERTICES, WALKERS_PER_VERTEX)


def _density(steps: int) -> None:
    walk = density.walk(TRANSITION, START, np.array([steps]), seed=1, lanes=1)
    assert walk.counts.sum() == WALKERS


def _montecarlo(steps: int) -> None:
    walk = montecarlo.walk(TRANSITION, START, np.array([steps]), seed=1, threads=1)
    assert walk.counts.sum() == WALKERS


METHODS: dict[str, Callable[[int], None]] = {"density": _density, "montecarlo": _montecarlo}
