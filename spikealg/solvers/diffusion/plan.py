"""What is to be walked: the mode, the times and steps, and the kinds of walkers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice
from spikealg.errors import InputError
from spikealg.solvers.diffusion.groups import Group, Load, share
from spikealg.solvers.diffusion.loads import as_points, is_closed, loads_of, payoff_values
from spikealg.solvers.diffusion.pieces import pieces
from spikealg.solvers.diffusion.problem import MODES, Problem
from spikealg.solvers.diffusion.times import Segment, as_span, as_times, segments
from spikealg.solvers.diffusion.values import chain_values, group_value

__all__ = ["Plan", "choose_mode", "make_plan"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plan:
    """A problem made ready for walkers.

    Attributes
    ----------
    mode : str
    times : (T,) float64
        What is recorded; infinity if `endless`.
    segments : tuple of Segment
        Stretches of equal steps; one of no steps if `endless`.
    endless : bool
        Whether walkers are followed until all have left.
    loads : tuple of Load
        Kinds of walkers.
    points : tuple
        Whose values are wanted; empty for all vertices, and unless the mode is "backward".
    """

    mode: str
    times: FloatArray
    segments: tuple[Segment, ...]
    endless: bool
    loads: tuple[Load, ...]
    points: tuple[Any, ...]

    def dealt(self, walkers: int) -> list[int]:
        """Return how many of `walkers` each load gets."""
        if not self.loads:
            return []
        return share(walkers, self.loads, float(self.times[-1] - self.segments[0].start))

    def values(
        self, problem: Problem, groups: tuple[Group, ...], method: str
    ) -> tuple[FloatArray, FloatArray]:
        """Return values and standard errors of a backward problem, (A,) each, or (V,) for all."""
        if self.mode != "backward":
            return np.zeros(0), np.zeros(0)
        equation = problem.equation
        payoff = payoff_values(problem, equation.rates)
        if method == "chain":
            value = chain_values(equation, self.segments, payoff, endless=self.endless)
            if self.points:
                value = np.array([group.load.probability @ value for group in groups])
            return value, np.zeros(len(value))
        if self.points:
            if self.segments[-1].reward is not None:  # by which the walkers' time is weighed
                equation = replace(equation, reward=np.ones(len(payoff)))
            found = [group_value(group, equation, payoff) for group in groups]
            return np.array([v for v, _ in found]), np.array([e for _, e in found])
        dt, mass = self.segments[-1].dt, equation.rates.mass
        value = np.sum([group.mass()[-1] for group in groups], axis=0) / mass
        square = np.sum([group.mass_stderr(dt)[-1] ** 2 for group in groups], axis=0)
        value = np.where(equation.rates.sink >= 0, equation.held, value)
        return value, np.sqrt(square) / mass


def choose_mode(problem: Problem, mode: str | None) -> str:
    """Return the mode that was asked for, that the problem has, or that its data mean.

    Raises
    ------
    InputError
        If there is no such mode, or the data could mean two.
    """
    if mode is not None:
        return as_choice("mode", mode, MODES)
    if problem.mode is not None:
        return problem.mode
    if problem.payoff is None:
        return "forward"
    if problem.initial is None:
        return "backward"
    raise InputError(
        "mode is needed because the problem has both initial= and payoff=: give mode='forward' or "
        "mode='backward'"
    )


def make_plan(
    problem: Problem,
    mode: str,
    t_span: Any,
    t_eval: Any,
    at: Any,
    dt: float | str,
    *,
    by_chain: bool,
) -> Plan:
    """Return the plan of a problem; arguments are those of `solve`.

    Raises
    ------
    InputError
        If they contradict each other or the mode.
    """
    if at is not None and mode != "backward":
        raise InputError(
            f"at names points whose values are wanted, which mode={mode!r} does not have: it gives "
            "the density at every vertex; leave it out, or take mode='backward'"
        )
    if mode == "backward" and t_eval is not None:
        raise InputError(
            "t_eval has no place in a backward problem, whose value is that at the start of "
            "t_span: solve it for each t_span"
        )
    if mode == "steady" and t_eval is not None:
        raise InputError(
            "t_eval has no place in mode='steady', whose answer is one state for all times: leave "
            "it out, or take mode='forward'"
        )
    if mode == "steady" and problem.varying:
        raise InputError(
            "mode='steady' asks for what does not change any more, and coefficients depend on "
            "time: take mode='forward' and a t_span that ends"
        )
    span = _span(problem, mode, t_span, by_chain=by_chain)
    endless = math.isinf(span[1])
    times = as_times(t_eval, span)
    wanted = problem.dt if isinstance(dt, str) and dt == "auto" else dt
    rates = problem.rates
    longest = rates.choose_dt("auto" if wanted is None else wanted)
    if endless:
        step = longest if math.isfinite(longest) else 1 / max(rates.max_rate, 1e-300)
        stretches: tuple[Segment, ...] = (Segment(span[0], span[0], step, 0, (0,)),)
    elif problem.varying:
        stretches = pieces(problem, mode, span, times, "auto" if wanted is None else wanted)
    else:
        # Of a time average the first half is left for walkers to forget where they started.
        recorded = np.array([sum(span) / 2, span[1]]) if mode == "steady" else times
        # Where nothing moves the step is infinite.
        stretches = segments(span[0], recorded, min(longest, span[1] - span[0]))
    _refuse_what_cannot_be(problem, mode, endless, stretches)
    points, starts = as_points(problem.mesh, rates, at) if at is not None else ((), None)
    loads = loads_of(problem, mode, starts, by_chain=by_chain, stretches=stretches)
    return Plan(mode, times, stretches, endless, loads, points)


def _refuse_what_cannot_be(
    problem: Problem, mode: str, endless: bool, stretches: Sequence[Segment]
) -> None:
    """Raise an error where the parts of a problem do not go together in a mode."""
    equation, exponential = problem.equation, problem.rates.exponential
    if endless and problem.varying:
        raise InputError(f"coefficients depend on time, so mode={mode!r} needs a t_span that ends")
    if endless and exponential and mode != "forward":
        raise InputError(
            f"time_scheme='exponential' has nothing to gain in mode={mode!r} without an end of "
            "time, where steps of time_scheme='euler' are exact: take that"
        )
    if endless and exponential:
        raise InputError(
            "time_scheme='exponential' needs a t_span that ends: give one, or take "
            "time_scheme='euler', by which mean times and sides are exact, and the distribution of "
            "times is that of steps, of a variance that is short by about dt * mean: take a "
            "smaller dt for a better one"
        )
    if mode == "forward" and exponential and equation.inflow.any() and not problem.varying:
        raise InputError(
            "time_scheme='exponential' takes no source and no side of given value in forward mode: "
            "take time_scheme='euler'"
        )
    rewards = (equation.reward, *(part.reward for part in stretches))
    if mode == "backward" and exponential and any(r is not None and r.any() for r in rewards):
        raise InputError(
            "time_scheme='exponential' has no error in time because its steps are long, and what "
            "a source or a flux pays in a step it does not know: take time_scheme='euler'"
        )
    if mode != "backward" and problem.jumps is not None and equation.exit_value.any():
        raise InputError(
            "a side of given value sends in what diffuses and drifts, but nothing that jumps: with "
            "jumps give mode='backward', or a source= near the side"
        )


def _span(problem: Problem, mode: str, t_span: Any, *, by_chain: bool) -> tuple[float, float]:
    given = problem.t_span if t_span is None else t_span
    if mode == "steady":
        if by_chain or not is_closed(problem):
            return 0.0, math.inf
        if given is None or math.isinf(as_span(given)[1]):
            raise InputError(
                "t_span is needed for a stationary density by walkers, which is an average over "
                "the second half of it: give one several times as long as walkers take to mix"
            )
    if given is None:
        raise InputError(
            "t_span is needed because the problem has none: give the end time, or (start, end)"
        )
    span = as_span(given)
    if math.isinf(span[1]) and mode == "forward" and problem.equation.inflow.any():
        raise InputError(
            "t_span without end waits for the last walker, but a source goes on for ever: give a "
            "t_span that ends, or mode='steady'"
        )
    return span
