"""As many walkers as an answer of a given accuracy takes, chosen by a pilot that stays in it.

Two stages after Stein, "A two-sample test for a linear hypothesis whose power is independent of the
variance", Ann. Math. Statist. 16 (1945): the variance seen in a first sample says how large the
whole has to be. Where several kinds of walkers share an answer, each gets as many as makes the
whole least (Neyman, J. R. Statist. Soc. 97, 1934).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float
from spikealg.errors import InputError
from spikealg.progress import Report, part
from spikealg.solvers.diffusion.accuracy.reference import compare, expected_groups
from spikealg.solvers.diffusion.groups import BATCHES, Load
from spikealg.solvers.diffusion.walks.walkers import Share, Walked, Walking, batches_of, lanes_for

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.plan import Plan
    from spikealg.solvers.diffusion.problem import Problem
    from spikealg.solvers.diffusion.solution import Solution

__all__ = [
    "Packing",
    "Tolerance",
    "as_tolerance",
    "error_parts",
    "pilot_of",
    "refuse_tolerance",
    "walk_until",
    "warn_of_discretisation",
]

FloatArray = npt.NDArray[np.float64]
_LOGGER = logging.getLogger(__name__)

_PILOT, _PILOT_OF_LOAD = 8192, 8 * BATCHES
"""Walkers of a pilot in all, and at least of each load."""
_USUAL = 12
"""Lanes hold as many walkers as they would if all were so many times the pilot."""
_MARGIN = 1.1
"""More walkers than the pilot says: it is a sample too, and another round costs more."""
_NOISE_GROWTH = 10
"""Times as many walkers, where those that there are show nothing but noise."""
_CHEAP, _STEP = 1e7, 1000
"""Work of a chain that may be done for a warning, about 0.1 s: steps of a vertex, of which a step
of all takes so many more."""
_PILOT_PART = 0.1
"""Of what is told to be done, the part that is left for a pilot, and for each round after it."""


@dataclass(frozen=True)
class Tolerance:
    """The standard error that an answer may have: ``atol + rtol·|answer|``."""

    rtol: float
    atol: float

    def of(self, size: FloatArray) -> FloatArray:
        """Return the standard errors that answers of these magnitudes may have."""
        return self.atol + self.rtol * size

    def __str__(self) -> str:
        given = {"rtol": self.rtol, "atol": self.atol}
        return ", ".join(f"{name} = {value:g}" for name, value in given.items() if value)


@dataclass(frozen=True)
class Packing:
    """How walkers of a load are packed: into equal batches, and into lanes that hold as many each.

    Attributes
    ----------
    batches : int
    in_lane : int
        Walkers of a lane.
    usual_lanes : int
        Lanes of a batch if there were as many walkers as is usual, by which the circuit is chosen.
    has_lanes : bool
        Whether there are lanes to count; without, every batch counts as one.
    """

    batches: int
    in_lane: int
    usual_lanes: int
    has_lanes: bool

    def shares(self, walkers: float, *, most: bool = False) -> list[Share]:
        """Return what each batch gets of at least (or at `most`) so many walkers."""
        lanes = walkers / (self.batches * self.in_lane)
        whole = math.floor(lanes) if most else math.ceil(lanes)
        if whole <= 0:
            return []
        return [Share(whole * self.in_lane, whole if self.has_lanes else 1)] * self.batches


def as_tolerance(
    rtol: float | None, atol: float, *, walkers: int | None, method: str, lanes: int | str
) -> Tolerance | None:
    """Return the tolerance that arguments of `solve` ask for, None if they ask for none.

    Raises
    ------
    InputError, InputTypeError
        If they cannot be used, or contradict each other.
    """
    absolute = as_float("atol", atol, low=0)
    relative = 0.0 if rtol is None else as_float("rtol", rtol, low=0, below=1)
    if rtol is None and not absolute:
        return None
    if not relative and not absolute:
        raise InputError(
            "rtol = 0 takes infinitely many walkers: give rtol or atol above 0, or take "
            "method='chain', which is exact on the mesh"
        )
    wanted = Tolerance(relative, absolute)
    if method == "chain":
        raise InputError(
            f"{wanted} chooses a number of walkers, and method='chain' has none: it is exact on "
            "the mesh; leave it out, or take a method that draws"
        )
    if walkers is not None:
        raise InputError(
            f"walkers = {walkers} and {wanted} cannot be given together, because the tolerance "
            "chooses the walkers: leave one out, or set bounds by max_walkers"
        )
    if lanes != "auto":
        raise InputError(
            f"lanes = {lanes} and {wanted} cannot be given together, because lanes are added with "
            "walkers until the tolerance is met: leave one out"
        )
    return wanted


def refuse_tolerance(rtol: float | None, atol: float) -> None:
    """Refuse a tolerance where nobody walks, so that it cannot choose the walkers."""
    if rtol is None and not atol:
        return
    name, value = ("atol", atol) if rtol is None else ("rtol", rtol)
    raise InputError(
        f"{name} = {value} chooses the walkers only when some have walked, which a plan does not "
        "wait for: leave it out, and give as many walkers= as you expect"
    )


def error_parts(
    solution: Solution,
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Return what an answer consists of, and which walkers bring how much error into it.

    Values at points are an answer each. A density at each time, or the values at all vertices, have
    the norm √(Σ m_v u_v²) over live vertices of mass m_v. Where walkers are followed until all have
    left, the answer is the mean time that this takes.

    Returns
    -------
    size : (C,) float64
        Magnitude of each answer, without what of it is noise.
    variance : (C, L) float64
        What each load brings into the square of its standard error.
    concerned : (C, L) bool
        Whether the load has a part in it.
    """
    if solution.points:
        size, variance = np.abs(solution.value), np.diag(solution.value_stderr**2)
        concerned = np.eye(len(size), dtype=bool)
    elif solution.mode == "forward" and solution.endless:
        passage = solution.first_passage()
        size, variance = np.array([passage.mean]), np.array([[passage.mean_stderr**2]])
        concerned = np.ones((1, 1), dtype=bool)
    else:
        weight = solution.rates.mass * solution.rates.live
        answer = solution.value[None] if solution.mode == "backward" else solution.density
        size = np.sqrt(answer**2 @ weight)
        there = weight > 0
        variance = np.stack(
            [solution.stderr_of(group)[:, there] ** 2 @ weight[there] for group in solution.groups],
            axis=1,
        )
        concerned = np.ones(variance.shape, dtype=bool)
    return np.sqrt(np.maximum(size**2 - variance.sum(axis=1), 0)), variance, concerned


def pilot_of(plan: Plan, problem: Problem, method: str, most: int) -> list[tuple[Packing, int]]:
    """Return how walkers of each load are packed, and how many of them are in the pilot.

    Raises
    ------
    InputError
        If not even a pilot may walk, or there is no answer that a tolerance could be of.
    """
    least = _PILOT_OF_LOAD * len(plan.loads)
    if most < least:
        raise InputError(
            f"max_walkers = {most} is too few for rtol and atol, whose pilot alone takes {least} "
            "walkers: raise it, or give walkers="
        )
    if plan.endless and plan.mode == "forward" and len(plan.loads) > 1:
        raise InputError(
            "rtol and atol are those of the mean time of passage where t_span has no end, which "
            "takes an initial= of one sign: give walkers=, or a t_span that ends"
        )
    found = []
    beyond = max(_PILOT, least) if most > _PILOT else most
    beyond += len(plan.loads) - least
    for load, count in zip(plan.loads, plan.dealt(beyond), strict=True):
        pilot = _PILOT_OF_LOAD - 1 + count
        batches = batches_of(load, pilot)
        in_lane, lanes = 1, 1
        if method == "density":
            in_lane, lanes = _fill(plan, problem, load, pilot // batches)
        found.append((Packing(batches, in_lane, lanes, method != "montecarlo"), pilot))
    return found


def _fill(plan: Plan, problem: Problem, load: Load, pilot: int) -> tuple[int, int]:
    """Return how many walkers a lane holds, and of how many lanes that would usually be."""
    for usual in (_USUAL * pilot, pilot):
        lanes = lanes_for(plan, problem, "density", load, usual)
        if usual // lanes <= pilot:
            break
    return usual // lanes, lanes


def walk_until(
    tolerance: Tolerance,
    walking: Walking,
    pilot: Sequence[tuple[Packing, int]],
    most: int,
    record: Callable[[Walked], Solution],
    report: Report,
) -> Solution:
    """Return a solution whose standard error is within a tolerance.

    Parameters
    ----------
    tolerance : Tolerance
    walking : Walking
        To which walkers are added.
    pilot : sequence of (Packing, int)
        As `pilot_of` gives it.
    most : int
        So many walkers in all at most.
    record : callable
        Makes a solution of what has been walked.
    report : callable
        Gets the fraction done.

    Raises
    ------
    InputError
        If the pilot says that more than `most` are needed. Where only those after it show that,
        what has been reached is returned, and the log says so.
    """
    packings = [packing for packing, _ in pilot]
    shares = [packing.shares(count, most=True) for packing, count in pilot]
    have, done, after = np.zeros(len(pilot)), 0.0, _PILOT_PART
    while True:
        walking.add(shares, part(report, done, after))
        have += _totals(shares)
        solution = record(walking.walked())
        wanted, foreseen = _needed(tolerance, solution, have)
        extra = wanted - have
        if not extra.any():
            break
        if have.sum() + extra.sum() > most:
            if foreseen and done == 0:
                raise InputError(_too_many(tolerance, have, wanted, most))
            extra *= max(0.0, most - have.sum()) / extra.sum()
            shares = [load.shares(n, most=True) for load, n in zip(packings, extra, strict=True)]
            if not any(shares):
                _LOGGER.warning(
                    "%s is not met by max_walkers = %d: look at the standard errors, or raise it",
                    tolerance,
                    most,
                )
                break
        else:
            shares = [load.shares(n) for load, n in zip(packings, extra, strict=True)]
        _LOGGER.info(
            "%s takes about %d walkers, as %d have shown", tolerance, wanted.sum(), have.sum()
        )
        done, after = after, 1 - (1 - after) * _PILOT_PART
    report(1.0)
    return solution


def _totals(shares: Sequence[Sequence[Share]]) -> FloatArray:
    return np.array([float(sum(share.walkers for share in batch)) for batch in shares])


def _needed(tolerance: Tolerance, solution: Solution, have: FloatArray) -> tuple[FloatArray, bool]:
    """Return the walkers that each load needs, (L,), no fewer than it has, and whether for sure.

    Where an answer is less than its error it is taken for what it may be, not for what it is.
    """
    size, variance, concerned = error_parts(solution)
    allowed, found = tolerance.of(size) ** 2, variance.sum(axis=1)
    # Whoever has seen nothing at all has a variance of 0, and knows nothing.
    unseen = (found == 0) & (allowed == 0) & _walks(solution, concerned)
    missed = unseen | (found > allowed)
    if not missed.any():
        return have, True
    each = np.sqrt(variance * have)
    enough = np.divide(
        each * each.sum(axis=1, keepdims=True),
        allowed[:, None],
        out=np.full(each.shape, np.inf),
        where=allowed[:, None] > 0,
    )
    noise = unseen | (missed & (size**2 < found))
    enough[noise] = np.minimum(enough[noise], _NOISE_GROWTH * have)
    enough[~missed] = 0
    wanted = _MARGIN * np.where(concerned, enough, 0).max(axis=0)
    return np.maximum(have, wanted), not noise.any()


def _walks(solution: Solution, concerned: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return for each answer whether any of its walkers does not start on a sink."""
    walks = [bool(group.load.probability @ solution.rates.live > 0) for group in solution.groups]
    return np.asarray((concerned & walks).any(axis=1))


def _too_many(tolerance: Tolerance, have: FloatArray, wanted: FloatArray, most: int) -> str:
    return (
        f"{tolerance} would take about {wanted.sum():.2g} walkers, as {have.sum():.0f} have shown, "
        f"more than max_walkers = {most}: raise it, or allow an error "
        f"{math.sqrt(wanted.sum() / most):.2g} times as large"
    )


def warn_of_discretisation(solution: Solution, tolerance: Tolerance) -> None:
    """Say so in the log if the mesh or the steps are off by more than the walkers may be.

    Only where little work tells: with an exact solution, and a chain that takes few steps of a
    vertex.
    """
    if solution.problem.exact is None or (_STEP + len(solution.x)) * solution.steps > _CHEAP:
        return
    found = compare(solution, expected_groups(solution), order=False)
    if not found.relative_l2.size:
        return
    size = error_parts(solution)[0]
    size = size if solution.points else size[-1:]
    whole = float(np.linalg.norm(size))
    allowed = float(np.linalg.norm(tolerance.of(size))) / whole if whole else math.inf
    if found.relative_l2[-1] > allowed:
        _LOGGER.warning(
            "the discretisation error of %.2g, relative to the answer, is above that which %s "
            "leaves to the walkers, %.2g: take a finer mesh or shorter steps",
            found.relative_l2[-1],
            tolerance,
            allowed,
        )
