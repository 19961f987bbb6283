"""The first steps of a lane once more, with every spike recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.errors import InputError

if TYPE_CHECKING:
    from spikealg.engine import Run
    from spikealg.solvers.diffusion.equation.transition import Transition
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["replay"]

_FEW = 3
"""Walk steps that are looked at unless somebody asks for more."""


def replay(solution: Solution, steps: int | None, lane: int) -> Run:
    """Return what `Solution.replay` documents."""
    # The kernels are imported only where something runs.
    from spikealg.engine import simulate
    from spikealg.solvers.diffusion.density_circuits import make_circuit

    _require_circuit(solution)
    segment = solution.segments[0]
    wanted = min(_FEW, segment.steps)
    if steps is not None:
        wanted = as_int("steps", steps, low=1, high=segment.steps)
    lane = as_int("lane", lane, low=0, high=solution.lanes - 1)
    transition = segment.own(solution.rates).transition(segment.dt)
    walkers = _walkers_of(solution, transition, lane)
    # Later segments have seeds of their own.
    first = next(
        run
        for run in solution.runs
        if run.seed == solution.seed and 0 <= lane - run.first_lane < run.lanes
    )
    return simulate(
        first.network,
        make_circuit(str(solution.circuit), transition).inputs(walkers),
        ticks=int(first.lane_ticks[lane - first.first_lane]),
        first_lane=lane,
        seed=solution.seed,
        record="all",
        until=("walk", wanted + 1),
    )


def _require_circuit(solution: Solution) -> None:
    if solution.method != "density":
        raise InputError(
            f"method={solution.method!r} has no counters to replay: solve with method='density'"
        )
    if (
        solution.mode != "forward"
        or solution.endless
        or [group.load.role for group in solution.groups] != ["initial"]
    ):
        raise InputError(
            "what can be replayed is a forward walk of one kind of walkers to an end of time: "
            "solve a problem with an initial= of one sign, without source=, to a t_span that ends"
        )
    if not solution.runs:
        raise InputError(
            "the solution holds no run to replay: it was read from a file, or all its walkers had "
            "left at once"
        )


def _walkers_of(
    solution: Solution, transition: Transition, lane: int
) -> npt.NDArray[np.signedinteger[Any]]:
    """Return the walkers that a lane begins with at each live vertex, (1, V).

    Walkers and lanes are numbered through all stages in which they were added.
    """
    from spikealg.solvers.diffusion.walks.density import spread
    from spikealg.solvers.diffusion.walks.start import draw_walkers
    from spikealg.solvers.diffusion.walks.walk import settle

    first_walker, first_lane = 0, 0
    for stage in solution.stages:
        if lane < first_lane + stage.lanes:
            break
        first_walker, first_lane = first_walker + stage.walkers, first_lane + stage.lanes
    probability = solution.groups[0].load.probability
    drawn = draw_walkers(probability, stage.walkers, solution.seed, first_walker)
    walking, _ = settle(transition, drawn)
    lane -= first_lane
    walkers = spread(walking[transition.vertices], stage.lanes, lane, lane + 1)
    if not walkers.any():
        raise InputError(f"lane {lane + first_lane} holds no walker: replay another one")
    return walkers
