"""A stretch of equal steps, and what every method of walking returns of it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from spikealg.engine import Run
    from spikealg.solvers.diffusion.equation.transition import Transition

__all__ = ["Stretch", "Walk", "settle", "time_spent"]


@dataclass(frozen=True, eq=False)
class Stretch:
    """Walkers that are to take equal steps.

    Attributes
    ----------
    transition : Transition
        One step.
    start : (V,)
        Walkers (int64) or probabilities (float64) at each vertex.
    steps : (T,) int64
        Steps to record, increasing; 0 is the start, the last is where the stretch ends.
    timed : bool
        Whether the time spent at each vertex is wanted.
    number : int
        Which of the stretches of a walk it is, from 0.
    done : (float, float)
        Part of the walk that is done before and after it.
    kind : hashable
        Stretches of a walk that have this in common have the same transition.
    """

    transition: Transition
    start: npt.NDArray[Any]
    steps: npt.NDArray[np.int64]
    timed: bool = False
    number: int = 0
    done: tuple[float, float] = (0.0, 1.0)
    kind: Hashable = None

    @property
    def every(self) -> npt.NDArray[np.int64]:
        """The steps at which walkers are looked at, int64: all of them where time counts."""
        return np.arange(self.steps[-1] + 1) if self.timed else self.steps


@dataclass(frozen=True, eq=False)
class Walk:
    """Walkers after the recorded steps of one transition.

    Attributes
    ----------
    counts : (T, V)
        Walkers at each vertex of the whole mesh, 0 at sinks: int64, or float64 where they are
        expected numbers.
    exited : (T, S)
        Walkers that have left by each side up to then, of the same type.
    left : (N + 1, S)
        The same after each of N steps, the last that is recorded, from step 0 on.
    runs : tuple of Run
        What the engine recorded; empty for methods without a circuit.
    stay : (T, V) float64, optional
        Time that walkers have spent at each vertex until the recorded steps [time].
    """

    counts: npt.NDArray[Any]
    exited: npt.NDArray[Any]
    left: npt.NDArray[Any]
    runs: tuple[Run, ...] = ()
    stay: npt.NDArray[np.float64] | None = None


def settle(
    transition: Transition, start: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the walkers that walk, and those that start on a sink and so have left at once.

    Parameters
    ----------
    transition : Transition
        Knows which vertex is a sink of which side.
    start : (V,)
        Walkers per vertex of the whole mesh.

    Returns
    -------
    walking : (V,)
        `start` with 0 at every vertex that is not live.
    exited : (S,)
        Walkers on the sinks of each side, of the type of `start`.
    """
    exited = np.zeros(len(transition.sides), dtype=start.dtype)
    on_sink = transition.sink >= 0
    np.add.at(exited, transition.sink[on_sink], start[on_sink])
    return np.where(transition.live, start, start.dtype.type(0)), exited


def time_spent(counts: npt.NDArray[Any], steps: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Return the steps that walkers have spent at each vertex before some steps.

    Parameters
    ----------
    counts : (N + 1, V)
        Walkers after each step.
    steps : (T,) int64
        Increasing.

    Returns
    -------
    (T, V), of the same type
        Sums over the steps before.
    """
    edges = [0, *steps.tolist()]
    parts = [counts[begin:end].sum(axis=0) for begin, end in pairwise(edges)]
    return np.cumsum(np.array(parts).reshape(len(steps), counts.shape[1]), axis=0)
