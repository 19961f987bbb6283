"""The memory that a solution takes, foreseen: what is recorded at times, and what at every step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikealg.memory import require_memory
from spikealg.solvers.diffusion.groups import BATCHES

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.plan import Plan
    from spikealg.solvers.diffusion.problem import Problem

__all__ = ["require_room", "solution_bytes"]

_ARRIVALS = 3
"""Numbers per stretch and vertex of those who come in by and by: chances, cumulated, drawn."""


def require_room(plan: Plan, problem: Problem, method: str) -> None:
    """Refuse a solution by a method that would not fit into memory.

    Raises
    ------
    TooLargeError
        With what takes most of it, and what would take less.
    """
    of_times, of_steps = _time_bytes(plan, problem, method), _step_bytes(plan, problem, method)
    if of_steps > of_times:
        sides = ", ".join(problem.rates.sides)
        what = f"a record of {_steps(plan)} steps, after each of which it is known who left by "
        what, advice = what + sides, "take a shorter t_span, a longer dt or a coarser mesh"
    else:
        what = f"a solution at {len(plan.times)} times on {len(problem.rates.x)} vertices"
        advice = "ask for fewer times in t_eval, or take a coarser mesh"
    require_memory(of_times + of_steps, what, advice)


def solution_bytes(plan: Plan, problem: Problem, method: str) -> float:
    """Return the memory [bytes] of a solution by a method and of its rates."""
    return _time_bytes(plan, problem, method) + _step_bytes(plan, problem, method)


def _time_bytes(plan: Plan, problem: Problem, method: str) -> float:
    """Return the memory of what is recorded at the times that were asked for."""
    rates = problem.rates
    parts = sum(2 * _batches(method) if load.timed else 1 for load in plan.loads)
    numbers = len(plan.times) * ((3 + parts) * len(rates.x) + 2 * len(rates.sides))
    arrivals = sum(
        _ARRIVALS * load.arriving.size for load in plan.loads if load.arriving is not None
    )
    own = sum(stretch.rates is not None for stretch in plan.segments)
    return 8.0 * (numbers + arrivals) + 48.0 * (1 + own) * int(rates.between.nnz)


def _step_bytes(plan: Plan, problem: Problem, method: str) -> float:
    """Return the memory of who has left by each side after every step, by batches and together."""
    records = sum((_batches(method) if load.timed else 1) + 1 for load in plan.loads)
    return 8.0 * records * (_steps(plan) + 1) * len(problem.rates.sides)


def _batches(method: str) -> int:
    return 1 if method == "chain" else BATCHES


def _steps(plan: Plan) -> int:
    return sum(stretch.steps for stretch in plan.segments)
