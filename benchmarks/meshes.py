"""Where walkers walk: rings and tori, each step to a neighbour, never "stay"."""

from __future__ import annotations

import numpy as np

from spikealg import diffusion
from spikealg.solvers.diffusion.equation.transition import Transition


def torus(*shape: int) -> Transition:
    """Return a step to one of the neighbours, each as likely, on a lattice without sides.

    One number makes a ring.
    """
    corner = (0,) * len(shape)
    problem = diffusion.Problem(
        diffusion.Box(corner, shape, shape), diffusivity=0.5, boundary="periodic", initial=corner
    )
    return problem.rates.transition(1 / len(shape))


def uniform(transition: Transition, walkers: int) -> np.ndarray:
    """Return as many walkers at every vertex, up to one, (V,) int64."""
    vertices = len(transition.vertices)
    return np.diff(np.arange(vertices + 1) * walkers // vertices)


def point(transition: Transition, walkers: int) -> np.ndarray:
    """Return all walkers at one vertex, (V,) int64."""
    start = np.zeros(len(transition.vertices), dtype=np.int64)
    start[len(start) // 2] = walkers
    return start


def expected(transition: Transition, start: np.ndarray, steps: int) -> np.ndarray:
    """Return where walkers are to be expected after `steps`, (V,) float64."""
    walkers = start.astype(float)
    for _ in range(steps):
        walkers = walkers @ transition.move
    return walkers
