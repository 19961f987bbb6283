"""What every method of walking returns: walkers per vertex at recorded steps, and who has left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from spikealg.engine import Run
    from spikealg.solvers.diffusion.transition import Transition

__all__ = ["Walk", "settle"]


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
        Time that walkers have spent at each vertex until the recorded steps [time]: the sum over
        the steps before, times their length.
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
