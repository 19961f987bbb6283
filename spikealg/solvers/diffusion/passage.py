"""When walkers leave, and by which side: first-passage times."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array
from spikealg.errors import InputError
from spikealg.solvers.diffusion.accuracy.estimates import count_stderr
from spikealg.solvers.diffusion.accuracy.reference import exact_density
from spikealg.solvers.diffusion.equation.reach import require_exit
from spikealg.solvers.diffusion.saved import SavedProblem
from spikealg.solvers.diffusion.times import step_times
from spikealg.solvers.diffusion.walks import chain
from spikealg.solvers.diffusion.walks.expected import solve_live
from spikealg.solvers.diffusion.walks.walk import settle

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["FirstPassage", "first_passage"]

FloatArray = npt.NDArray[np.float64]

_SURVIVING = 1e-9
"""Without an end of time, a chain is followed until no more than this part is left of it."""
_STRETCH = 4096


@dataclass(frozen=True, eq=False, repr=False)
class FirstPassage:
    """The law of the time at which a walker leaves by any side, in the steps that it takes.

    Of steps I + Δt·Q mean and sides are those of the rates Q in continuous time; the variance of
    that time is `variance` + Δt·`mean`.

    Attributes
    ----------
    t : (N + 1,) float64
        Time before the first and after every step [time].
    by_side : {side: (N + 1,) float64}
        Part of all walkers that have left by a side until then.
    surviving : float
        Part that is still there at the end.
    walkers : int or None
        How many were drawn; None for the chain, which is exact.
    moments : (float, float) or None
        Mean and variance, where the chain knows them whatever the end.
    last : {side: float}
        Part that leaves by each side in the end, where that is known.
    survival : callable or None
        Probability to be still there at a time, by the exact solution of the problem; None where
        it has none.
    """

    t: FloatArray
    by_side: dict[str, FloatArray]
    surviving: float
    walkers: int | None
    moments: tuple[float, float] | None
    last: dict[str, float]
    survival: Callable[[float], float] | None = None

    def cdf(self, t: npt.ArrayLike, side: str | None = None) -> FloatArray:
        """Return the probability to have left until each time, by any side or by one.

        Between steps nothing leaves, and those of a `dt` that is not short beside the mean differ
        from continuous time.

        Raises
        ------
        InputError
            If a time lies beyond the end, or there is no such side.
        """
        times = as_float_array("t", t)
        if self.surviving > _SURVIVING and (times > self.t[-1] * (1 + 1e-9)).any():
            raise InputError(
                f"t must be at most {self.t[-1]:g}, where the walk ended with a part of "
                f"{self.surviving:.2g} still there, got {times.max():g}: give a longer t_span"
            )
        values = self._curve(side)
        step = np.searchsorted(self.t, times * (1 + 1e-12) + 1e-300, side="right") - 1
        return np.asarray(np.where(step < 0, 0.0, values[np.maximum(step, 0)]))

    def cdf_stderr(self, t: npt.ArrayLike, side: str | None = None) -> FloatArray:
        """Return the standard error of `cdf`, binomial; 0 for the chain."""
        values = self.cdf(t, side)
        if self.walkers is None:
            return np.zeros(values.shape)
        return np.asarray(count_stderr(values * self.walkers, self.walkers) / self.walkers)

    @property
    def mean(self) -> float:
        """Mean time until a walker leaves [time]."""
        return self._moments()[0]

    @property
    def variance(self) -> float:
        """Variance of the time in steps [time²]; that in continuous time is Δt·`mean` more.

        Of exponential steps it is that in continuous time.
        """
        return self._moments()[1]

    @property
    def mean_stderr(self) -> float:
        """Standard error of `mean`; 0 for the chain, infinite for one walker."""
        return 0.0 if self.walkers is None else _stderr(self.variance, self.walkers)

    @property
    def variance_stderr(self) -> float:
        """Standard error of `variance`, by the fourth moment; 0 and infinite as that of `mean`."""
        if self.walkers is None:
            return 0.0
        off = (self._elapsed - self.mean) ** 2
        fourth = float(self._fresh @ off**2)
        return _stderr(max(0.0, fourth - self.variance**2), self.walkers)

    def probability(self, side: str) -> float:
        """Return the probability to leave by a side, until the end of time.

        Raises
        ------
        InputError
            If there is no such side.
        """
        self._curve(side)
        return self.last[side]

    def probability_stderr(self, side: str) -> float:
        """Return the standard error of `probability`; what survives may go to any side."""
        statistical = 0.0
        if self.walkers is not None:
            found = np.array(self.probability(side) * self.walkers)
            statistical = float(count_stderr(found, self.walkers)) / self.walkers
        return statistical + (self.surviving if self.moments is None else 0.0)

    def plot(self, **options: Any) -> Any:
        """Draw the histogram of times with matplotlib (extra "plot") and return the figure.

        Options are those of `spikealg.viz.passage.plot`.
        """
        from spikealg.viz.passage import plot

        return plot(self, **options)

    @property
    def _elapsed(self) -> FloatArray:
        return np.asarray(self.t - self.t[0])

    @property
    def _fresh(self) -> FloatArray:
        """Part that leaves in each step, (N + 1,)."""
        return np.diff(self._curve(None), prepend=0.0)

    def _moments(self) -> tuple[float, float]:
        if self.moments is not None:
            return self.moments
        if self.surviving > 0:
            raise InputError(
                f"a part of {self.surviving:.3g} of the walkers is still there at t = "
                f"{self.t[-1]:g}, so their mean time is not known: take t_span=(0, math.inf) or "
                "method='chain'"
            )
        mean = float(self._fresh @ self._elapsed)
        return mean, float(self._fresh @ (self._elapsed - mean) ** 2)

    def _curve(self, side: str | None) -> FloatArray:
        if side is None:
            return np.asarray(np.sum(list(self.by_side.values()), axis=0))
        if side not in self.by_side:
            raise InputError(
                f"side must be one of {', '.join(map(repr, self.by_side))}, got {side!r}"
            )
        return self.by_side[side]

    def __repr__(self) -> str:
        sides = ", ".join(f"{side}: {part:.4g}" for side, part in self.last.items())
        known = self.moments is not None or self.surviving == 0
        mean = f"mean {self.mean:.4g} ± {self.mean_stderr:.2g}" if known else "mean not known"
        return f"<FirstPassage: {mean}; left by {sides}; surviving {self.surviving:.3g}>"


def _stderr(variance: float, walkers: int) -> float:
    """Return the standard error of a mean over walkers, of which one alone tells nothing."""
    return math.sqrt(variance / (walkers - 1)) if walkers > 1 else math.inf


def first_passage(solution: Solution) -> FirstPassage:
    """Return what `Solution.first_passage` documents."""
    rates = solution.rates
    if solution.mode != "forward" or [group.load.role for group in solution.groups] != ["initial"]:
        raise InputError(
            "first passage is that of walkers with a common start: solve a forward problem with an "
            "initial= of one sign and no source="
        )
    if not rates.sides:
        raise InputError(
            "nothing absorbs, so no walker ever passes: give a boundary that absorbs, or killing="
        )
    (group,) = solution.groups
    times, left = step_times(solution.segments), group.left / group.total_walkers
    moments, last = None, left[-1]
    if solution.method == "chain":
        if solution.endless:
            times, left = _follow(solution)
        if all(segment.rates is None for segment in solution.segments):
            with suppress(InputError):  # some walkers may never leave
                moments, last = _exact(solution)
    return FirstPassage(
        t=times,
        by_side={side: left[:, i] for i, side in enumerate(rates.sides)},
        surviving=max(0.0, float(1 - left[-1].sum()))
        if solution.method == "chain"
        else 1 - int(group.left[-1].sum()) / group.total_walkers,
        walkers=None if solution.method == "chain" else group.total_walkers,
        moments=moments,
        last={side: float(last[i]) for i, side in enumerate(rates.sides)},
        survival=_survival(solution),
    )


def _survival(solution: Solution) -> Callable[[float], float] | None:
    """Return the part of the exact solution that is in the domain at a time."""
    problem, rates = solution.problem, solution.rates
    if problem.exact is None or isinstance(problem, SavedProblem):
        return None
    start, mass = solution.segments[0].start, rates.mass * rates.live / solution.total

    def survival(t: float) -> float:
        if t <= start:
            return 1.0
        return float(exact_density(problem, np.array([t]))[0] @ mass)

    return survival


def _exact(solution: Solution) -> tuple[tuple[float, float], FloatArray]:
    """Return mean and variance of the time, and the part that leaves by each side."""
    rates, (group,) = solution.rates, solution.groups
    start = group.load.probability
    require_exit(rates, start)
    step = rates.transition(solution.dt)
    walking, at_once = settle(step, start)
    stay = solve_live(rates, walking, transposed=True)
    mean = float(stay.sum())
    # Σ (2j + 1) P(T > j) = 2 Σ_j Σ_k≥j P(T > k) − Σ P(T > j), in units of a step.
    later = float(stay @ solve_live(rates, np.where(rates.live, 1.0, 0.0), transposed=False))
    variance = 2 * later - (0.0 if rates.exponential else solution.dt * mean) - mean**2
    return (mean, variance), at_once + stay @ rates.exits


def _follow(solution: Solution) -> tuple[FloatArray, FloatArray]:
    """Return the times of the chain's steps and the part that has left by each side until then."""
    (group,) = solution.groups
    step = solution.rates.transition(solution.dt)
    state: Any = group.load.probability
    parts: list[FloatArray] = []
    while not parts or 1 - parts[-1][-1].sum() > _SURVIVING:
        walked = chain.walk(step, state, np.array([_STRETCH]))
        before = parts[-1][-1] if parts else 0.0
        parts.append(before + walked.left[1 if parts else 0 :])
        state = walked.counts[-1]
    left = np.concatenate(parts)
    return np.asarray(solution.segments[0].start + solution.dt * np.arange(len(left))), left
