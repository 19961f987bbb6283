"""The first steps of a lane once more, with every spike recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikealg.arguments import as_int
from spikealg.errors import InputError

if TYPE_CHECKING:
    from spikealg.engine import Run
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["replay"]


def replay(solution: Solution, steps: int, lane: int) -> Run:
    """Return what `Solution.replay` documents."""
    # The kernels are imported only where something runs.
    from spikealg.engine import simulate
    from spikealg.solvers.diffusion.density import spread
    from spikealg.solvers.diffusion.density_circuits import make_circuit
    from spikealg.solvers.diffusion.lanes import crowd
    from spikealg.solvers.diffusion.start import draw_walkers
    from spikealg.solvers.diffusion.walk import settle

    if solution.method != "density":
        raise InputError(
            f"method={solution.method!r} has no counters to replay: solve with method='density'"
        )
    segment, (group, *others) = solution.segments[0], solution.groups
    if solution.mode != "forward" or others or group.load.timed or solution.endless:
        raise InputError(
            "what can be replayed is a forward walk of one kind of walkers to an end of time: "
            "solve a problem with an initial= of one sign, without source=, to a t_span that ends"
        )
    wanted = as_int("steps", steps, low=1, high=segment.steps)
    lane = as_int("lane", lane, low=0, high=solution.lanes - 1)
    transition = segment.own(solution.rates).transition(segment.dt)
    drawn = draw_walkers(group.load.probability, solution.walkers, solution.seed)
    walking, _ = settle(transition, drawn)
    circuit = make_circuit(
        str(solution.circuit),
        transition,
        steps=segment.steps,
        probability_bits=solution.probability_bits,
        most=max(1, -(-int(walking.sum()) // solution.lanes)),
        crowd=crowd(transition, walking, segment.steps, solution.lanes)
        if solution.circuit == "paced"
        else None,
    )
    walkers = spread(walking[transition.vertices], solution.lanes, lane, lane + 1)
    if not walkers.any():
        raise InputError(f"lane {lane} holds no walker: replay another one")
    return simulate(
        circuit.compile(),
        circuit.inputs(walkers),
        ticks=(wanted + 2) * circuit.longest_step + 2,
        first_lane=lane,
        seed=solution.seed,
        record="all",
        until=("walk", wanted + 1),
    )
