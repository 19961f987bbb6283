"""When does the circuit pay? One call, handed to the solver that knows the rivals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spikealg.hardware.curve import AdvantageCurve

__all__ = ["advantage"]


def advantage(problem: Any, axis: str = "walkers", **options: Any) -> AdvantageCurve:
    """Price a diffusion problem over its size, on platforms and by its rivals.

    Parameters
    ----------
    problem : diffusion.Problem
    axis, options
        Those of `diffusion.advantage`.

    Returns
    -------
    AdvantageCurve
    """
    from spikealg.solvers.diffusion.advantage import advantage as of_diffusion

    return of_diffusion(problem, axis, **options)
