"""Refinement studies: how fast an error falls with the mesh width, the step, or the walkers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_int
from spikealg.errors import InputError, InputTypeError
from spikealg.progress import Report, reporting
from spikealg.solvers.diffusion.accuracy.convergence import Convergence, fitted_order
from spikealg.solvers.diffusion.accuracy.finer import nothing_said_twice
from spikealg.solvers.diffusion.accuracy.reference import DEAR, Reference, compare, distance
from spikealg.solvers.diffusion.accuracy.tolerance import error_parts
from spikealg.solvers.diffusion.domains.layout import layout_of
from spikealg.solvers.diffusion.plan import choose_mode
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.solution import Solution
from spikealg.solvers.diffusion.solve import solve
from spikealg.solvers.diffusion.times import as_span

__all__ = ["convergence"]

FloatArray = npt.NDArray[np.float64]

ALONG = ("space", "time", "walkers")
_FIRST_WALKERS, _REPEATS = 1000, 8
_PATIENCE = 600.0
"""Seconds on one core, as foreseen, that nobody waits for a level of walkers."""
_LAST = "the last level, of about"


def convergence(
    problem: Problem,
    along: str = "space",
    *,
    levels: int = 4,
    factor: int | None = None,
    t_span: Any = None,
    mode: str | None = None,
    at: Any = None,
    dt: float | str = "auto",
    method: str | None = None,
    walkers: int | None = None,
    repeats: int | None = None,
    seed: int = 0,
    progress: bool | Report = False,
) -> Convergence:
    """Solve a problem on one level after another and say how fast its error falls.

    Along "space" and "time" by the chain: there is no random number in it.

    Parameters
    ----------
    problem : Problem
    along : {"space", "time", "walkers"}
        "space": every level has a mesh `factor` times as fine, and a step that is shorter in the
        same measure as walkers move faster (σ²Δt/Δx² stays). The error is against
        ``problem.exact``, or if there is none against the next level. "time": on the same mesh,
        steps `factor` times as short; against the next level, because the mesh has an error of its
        own. "walkers": on the same mesh with the same steps, `factor` times as many walkers;
        against the chain.
    levels : int
        How many errors, at least 2.
    factor : int, optional
        From level to level. Default: what the domain takes (2, or 3 in a polygon), 2 for "time", 4
        for "walkers".
    t_span, mode, at
        As in `solve`. Where `t_span` has no end, the answer is the mean time of passage.
    dt : float or "auto"
        Longest step of the first level [time].
    method : str, optional
        For "walkers": "density" (default), "particle" or "montecarlo".
    walkers, repeats : int, optional
        For "walkers": those of the first level, 1000; and how many runs of different seeds each
        level has, 8.
    seed : int
        Of the first run; each has a seed of its own, one after another.
    progress : bool or callable
        As in `solve`.

    Returns
    -------
    Convergence
        ``order``, the errors, a table, and ``plot()``.

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used, the domain has no finer mesh, or a level would take minutes.
    TooLargeError
        If a level does not fit into memory.
    """
    if not isinstance(problem, Problem):
        raise InputTypeError(f"problem must be a diffusion.Problem, got {problem!r}")
    as_choice("along", along, ALONG)
    levels = as_int("levels", levels, low=2)
    seed = as_int("seed", seed, low=0)
    if factor is not None:
        factor = as_int("factor", factor, low=2)
    drawn = {"method": method, "walkers": walkers, "repeats": repeats}
    if along != "walkers":
        for name, value in drawn.items():
            if value is not None:
                raise InputError(
                    f"{name} has no place along={along!r}, where no walkers are drawn: leave it "
                    "out, or take along='walkers'"
                )
    question = {"t_span": t_span, "mode": mode, "at": at}
    with reporting(progress, f"convergence along {along}") as report:
        if along == "walkers":
            return _along_walkers(
                problem, question, dt, levels, 4 if factor is None else factor,
                method="density" if method is None else method,
                walkers=_FIRST_WALKERS if walkers is None else walkers,
                repeats=_REPEATS if repeats is None else repeats,
                seed=seed, report=report,
            )  # fmt: skip
        if along == "time":
            return _along_time(problem, question, dt, levels, factor or 2, report)
        return _along_space(problem, question, dt, levels, factor, report)


def _along_space(
    problem: Problem,
    question: dict[str, Any],
    dt: float | str,
    levels: int,
    factor: int | None,
    report: Report,
) -> Convergence:
    first = _first_step(problem, dt)

    def step_of(level: Problem) -> float | str:
        rates = level.rates
        if rates.exponential or rates.max_rate == 0:
            return dt
        return first * problem.rates.max_rate / rates.max_rate

    finer, step = _refined(problem, factor), step_of(problem)
    last = levels if problem.exact is None else levels - 1
    if not isinstance(step, str):
        # From level to level both change by about the same factor.
        vertices = len(problem.x) * (len(finer.x) / len(problem.x)) ** last
        shorter = float(step_of(finer)) / step
        _require_patience(problem, question, vertices, step * shorter**last, _LAST)
    found: list[Solution] = []
    distances: list[Reference] = []
    level = problem
    while len(distances) < levels:
        if found:
            level = finer if level is problem else _refined(level, factor)
        step = step_of(level)
        found.append(_by_chain(level, question, step))
        exact = compare(found[-1], found[-1].groups, order=False, refined=False)
        if exact.kind == "exact":
            distances.append(exact)
        elif len(found) > 1:
            distances.append(_from_next(found[-2], found[-1]))
        report(len(distances) / levels)
    return _study("space", [_width(s.problem) for s in found[:levels]], found, distances)


def _along_time(
    problem: Problem,
    question: dict[str, Any],
    dt: float | str,
    levels: int,
    factor: int,
    report: Report,
) -> Convergence:
    if problem.rates.exponential:
        raise InputError(
            "along='time' has nothing to find with time_scheme='exponential', whose steps have no "
            "error: take along='space'"
        )
    first = _first_step(problem, dt)
    _require_patience(problem, question, len(problem.x), first / factor**levels, _LAST)
    found: list[Solution] = []
    for level in range(levels + 1):
        found.append(_by_chain(problem, question, first / factor**level))
        if found[0].endless:
            raise InputError(
                "along='time' takes a problem whose time ends, because steps make no difference to "
                "what is so in the end: give a t_span that ends, or take along='space'"
            )
        report((level + 1) / (levels + 1))
    distances = [_from_next(*pair) for pair in pairwise(found)]
    return _study("time", [solution.dt for solution in found[:levels]], found, distances)


def _along_walkers(
    problem: Problem,
    question: dict[str, Any],
    dt: float | str,
    levels: int,
    factor: int,
    *,
    method: str,
    walkers: int,
    repeats: int,
    seed: int,
    report: Report,
) -> Convergence:
    as_choice("method", method, ("density", "particle", "montecarlo"))
    walkers = as_int("walkers", walkers, low=1)
    repeats = as_int("repeats", repeats, low=1)
    _require_patience_with_walkers(
        problem, question, dt, method, walkers * factor ** (levels - 1), repeats
    )
    chain = _by_chain(problem, question, dt)
    truth, weight = _answer(chain)
    found: list[Solution] = []
    distances: list[Reference] = []
    predicted: list[float] = []
    for level in range(levels):
        number = walkers * factor**level
        runs = []
        for run in range(repeats):
            runs.append(
                solve(
                    problem, **question, dt=dt, method=method, walkers=number, max_walkers=number,
                    seed=seed + level * repeats + run,
                )
            )  # fmt: skip
            report((level * repeats + run + 1) / (levels * repeats))
        found.append(runs[0])
        each = [distance("chain", chain.t[-1:], _answer(r)[0], truth, weight) for r in runs]
        distances.append(
            Reference(
                "chain", "", chain.t[-1:],
                _root_mean_square([d.relative_l2 for d in each]),
                _root_mean_square([d.max_error for d in each]),
                None,
            )
        )  # fmt: skip
        size = float(np.sqrt(truth[0] ** 2 @ weight))
        squares = [error_parts(r)[1][slice(None) if r.points else slice(-1, None)] for r in runs]
        predicted.append(math.sqrt(float(np.mean([s.sum() for s in squares]))) / size)
    sizes = [float(solution.walkers) for solution in found]
    return _study("walkers", sizes, found, distances, predicted)


def _root_mean_square(values: Sequence[FloatArray]) -> FloatArray:
    return np.asarray(np.sqrt(np.mean(np.square(values), axis=0)))


def _refined(problem: Problem, factor: int | None) -> Problem:
    with nothing_said_twice():
        return problem.refine(factor)


def _first_step(problem: Problem, dt: float | str) -> float:
    wanted = problem.dt if isinstance(dt, str) and dt == "auto" else dt
    return problem.rates.choose_dt("auto" if wanted is None else wanted)


def _by_chain(problem: Problem, question: dict[str, Any], dt: float | str) -> Solution:
    """Return the chain's solution, unless it takes minutes."""
    if not isinstance(dt, str):
        _require_patience(problem, question, len(problem.x), dt, "the level of")
    return solve(problem, **question, dt=dt, method="chain")


def _require_patience(
    problem: Problem, question: dict[str, Any], vertices: float, dt: float, level: str
) -> None:
    """Refuse a level of so many vertices and of steps `dt` that would take minutes."""
    given = problem.t_span if question["t_span"] is None else question["t_span"]
    if given is None or choose_mode(problem, question["mode"]) == "steady":
        return
    start, end = as_span(given)
    work = vertices * (end - start) / dt
    if math.isfinite(work) and work > DEAR:
        raise InputError(
            f"{level} {vertices:.0f} vertices with steps of {dt:.3g} would take "
            f"{work:.1e} steps of a vertex: ask for fewer levels, or begin with a coarser mesh"
        )


def _require_patience_with_walkers(
    problem: Problem,
    question: dict[str, Any],
    dt: float | str,
    method: str,
    walkers: int,
    repeats: int,
) -> None:
    """Refuse a study along walkers whose last level would take minutes."""
    foreseen = problem.plan(**question, dt=dt, method=method, walkers=walkers).seconds
    if foreseen is not None and repeats * foreseen > _PATIENCE:
        raise InputError(
            f"the last level, {repeats} runs of {walkers} walkers, would take about "
            f"{repeats * foreseen / 60:.2g} minutes: ask for fewer levels, a smaller factor or "
            "fewer repeats, or begin with fewer walkers"
        )


def _answer(solution: Solution) -> tuple[FloatArray, FloatArray]:
    """Return what is compared, (1, N), and the weight of each number in a norm, (N,)."""
    if solution.points:
        return solution.value[None], np.ones(len(solution.points))
    if solution.mode == "forward" and solution.endless:
        return np.array([[_mean_passage(solution)]]), np.ones(1)
    weight = solution.rates.mass * solution.rates.live
    answer = solution.value[None] if solution.mode == "backward" else solution.density[-1:]
    return answer, weight


def _mean_passage(solution: Solution) -> float:
    group = solution.groups[0]
    if solution.method == "chain" and len(solution.groups) == 1 and group.stay is not None:
        # The distribution of the time, which is not asked for, would take most of the work.
        return float(group.stay.sum() / group.total_walkers)
    return solution.first_passage().mean


def _from_next(coarse: Solution, fine: Solution) -> Reference:
    """Return the distance of a solution from that of the next level."""
    (own, weight), (finer, _) = _answer(coarse), _answer(fine)
    assert isinstance(coarse.problem, Problem)
    assert isinstance(fine.problem, Problem)
    of_vertices = not coarse.points and own.shape[1] == len(coarse.x)
    if of_vertices and coarse.problem is not fine.problem:
        finer = coarse.problem.mesh.restrict(fine.problem.mesh, finer)
    return distance("refined", coarse.t[-1:], own, finer, weight)


def _width(problem: Any) -> float:
    """Return the distance of neighbours [length]: of a lattice, or of a square of mean area."""
    axes = layout_of(problem.mesh).axes
    if axes:
        return float(min(np.diff(axis).min() for axis in axes if len(axis) > 1))
    return float(np.sqrt(problem.mesh.mass.sum() / len(problem.x)))


def _study(
    along: str,
    sizes: Sequence[float],
    found: Sequence[Solution],
    distances: Sequence[Reference],
    predicted: Sequence[float] = (),
) -> Convergence:
    size, error = np.array(sizes), np.array([d.relative_l2[-1] for d in distances])
    levels = len(size)
    order, order_stderr = fitted_order(size, error)
    return Convergence(
        along=along,
        size=size,
        vertices=np.array([len(solution.x) for solution in found[:levels]]),
        steps=np.array([solution.steps for solution in found[:levels]]),
        relative_l2=error,
        max_error=np.array([d.max_error[-1] for d in distances]),
        predicted=np.array(predicted),
        reference=distances[0].kind,
        order=order,
        order_stderr=order_stderr,
    )
