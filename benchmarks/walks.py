"""Random walks on a ring, by the density circuit and by plain Monte Carlo walkers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spikealg import diffusion
from spikealg.solvers.diffusion import density, montecarlo

VERTICES = 1000
WALKERS_PER_VERTEX = 10
WALKERS = VERTICES * WALKERS_PER_VERTEX
NAME = f"ring, V={VERTICES}, d=2, {WALKERS_PER_VERTEX} walkers per vertex"
STEPS = {"density": 300, "montecarlo": 30_000}
"""Walk steps of each method, enough for a call of about a second or less."""

# Steps of the largest allowed length: left or right with probability ½ each, never "stay".
TRANSITION = diffusion.Problem(
    diffusion.Interval(0, VERTICES, VERTICES), diffusivity=0.5, boundary="periodic", initial=0.0
).rates.transition(1.0)
START = np.full(VERTICES, WALKERS_PER_VERTEX)


def _density(steps: int) -> None:
    walk = density.walk(TRANSITION, START, np.array([steps]), seed=1, lanes=1)
    assert walk.counts.sum() == WALKERS


def _montecarlo(steps: int) -> None:
    walk = montecarlo.walk(TRANSITION, START, np.array([steps]), seed=1, threads=1)
    assert walk.counts.sum() == WALKERS


METHODS: dict[str, Callable[[int], None]] = {"density": _density, "montecarlo": _montecarlo}
