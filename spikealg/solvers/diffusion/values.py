"""Values of a backward problem: what walkers collect on average (Feynman and Kac)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spikealg.solvers.diffusion.equation.reach import require_exit
from spikealg.solvers.diffusion.equation.terms import Equation
from spikealg.solvers.diffusion.groups import Group, spread_of
from spikealg.solvers.diffusion.times import Segment
from spikealg.solvers.diffusion.walks.expected import solve_live

__all__ = ["chain_values", "group_value"]

FloatArray = npt.NDArray[np.float64]


def chain_values(
    equation: Equation, segments: Sequence[Segment], payoff: FloatArray, *, endless: bool
) -> FloatArray:
    """Return the values at all vertices by the chain, (V,): w ← Pw + Δt·(reward + exits·value).

    Parameters
    ----------
    equation : Equation
    segments : sequence of Segment
        Steps, in the order of the walkers' time; without effect if `endless`.
    payoff : (V,) float64
        Values at the end.
    endless : bool
        Whether there is no end: then values are what is collected until all walkers have left.
    """
    rates = equation.rates
    value = np.where(rates.live, payoff, 0.0)
    if endless:
        require_exit(rates, np.ones(len(payoff)))
        income = equation.reward + rates.exits @ equation.exit_value
        value = solve_live(rates, income, transposed=False)
    for segment in () if endless else reversed(segments):
        step = segment.own(rates).transition(segment.dt)
        reward = equation.reward if segment.reward is None else segment.reward
        income = segment.dt * reward + step.leave @ equation.exit_value
        for _ in range(segment.steps):
            value = step.move @ value + income
    return np.where(rates.sink >= 0, equation.held, value)


def group_value(group: Group, equation: Equation, payoff: FloatArray) -> tuple[float, float]:
    """Return the mean of what the walkers of a group collected, and its standard error."""
    sink = equation.rates.sink
    payoff = np.where(equation.rates.live, payoff, 0.0)
    # Who starts on a sink gets what is held there, which may vary along the side.
    beyond = equation.held - np.append(equation.exit_value, 0.0)[sink]
    at_once = float(group.load.probability @ np.where(sink >= 0, beyond, 0.0))
    ends = group.counts[:, -1] @ payoff + group.exited[:, -1] @ equation.exit_value
    total = group.total_walkers
    if group.stay is not None:
        sums = ends + group.stay[:, -1] @ equation.reward
        return at_once + float(sums.sum() / total), float(
            spread_of(sums[:, None], group.walkers)[0]
        )
    mean = float(ends.sum() / total)
    if total == 1:
        return at_once + mean, float("inf")
    cells = np.concatenate([group.counts[:, -1].sum(axis=0), group.exited[:, -1].sum(axis=0)])
    off = np.concatenate([payoff, equation.exit_value]) - mean
    return at_once + mean, float(np.sqrt(cells @ off**2 / (total - 1) / total))
