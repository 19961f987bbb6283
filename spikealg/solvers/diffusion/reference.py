"""How far a chain is from the truth: the exact solution, or the chain of a finer mesh."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array
from spikealg.errors import InputError, TooLargeError
from spikealg.solvers.diffusion.expected import expect
from spikealg.solvers.diffusion.groups import Group, Load
from spikealg.solvers.diffusion.loads import as_points, loads_of, payoff_values
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.saved import SavedProblem
from spikealg.solvers.diffusion.times import segments
from spikealg.solvers.diffusion.values import chain_values

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.domains import Mesh
    from spikealg.solvers.diffusion.solution import Solution
    from spikealg.solvers.diffusion.times import Segment

__all__ = ["Reference", "compare", "exact_density"]

FloatArray = npt.NDArray[np.float64]
_CHEAP = 1e8
"""Vertex-steps of a refined chain that are walked for the order alone, about a second."""
_ROUNDING = 1e-10
"""Relative errors below this are of rounding and show no order."""


@dataclass(frozen=True)
class Reference:
    """Distance of a chain from a reference; fields as in `ChainCheck`."""

    kind: str
    reason: str
    time: FloatArray
    relative_l2: FloatArray
    max_error: FloatArray
    order: float | None


def compare(solution: Solution, expected: Sequence[Group]) -> Reference:
    """Return how far the chain of `solution` is from the exact or the refined one.

    Parameters
    ----------
    solution : Solution
        Its problem, mesh and steps are compared; its walkers play no part.
    expected : sequence of Group
        The chain's own groups, as `expect` gives them.
    """
    if solution.mode == "backward":
        return _compare_values(solution)
    if solution.endless and solution.mode == "forward":
        return _none("at the end nobody is left")
    mass, live = solution.rates.mass, solution.rates.live
    later = solution.t > solution.segments[0].start
    times = solution.t[later]
    if not len(times):
        return _none("only the start was recorded")
    density = np.sum([group.mass() for group in expected], axis=0)[later] / mass
    if solution.problem.exact is None:
        try:
            finer = _Finer.of(solution)
        except (InputError, TooLargeError) as error:
            return _none(str(error))
        return _distance("refined", times, density, finer.density(), mass * live)
    exact = exact_density(solution.problem, times)
    found = _distance("exact", times, density, exact, mass * live)
    return replace(found, order=_order(solution, found, exact))


def _compare_values(solution: Solution) -> Reference:
    """Compare the chain's values with the exact ones; points weigh alike, vertices by mass."""
    problem = solution.problem
    if problem.exact is None:
        return _none("values have no reference but exact=")
    if isinstance(problem, SavedProblem):
        return _none("the problem was read from a file, which holds no exact values")
    span = solution.t[-1] - solution.segments[0].start
    payoff = payoff_values(problem, solution.rates)
    value = chain_values(problem.equation, solution.segments, payoff, endless=solution.endless)
    if solution.points:
        starts = as_points(problem.mesh, solution.rates, list(solution.points))[1]
        value = np.array([start @ value for start in starts])
        x, weight = np.array(solution.points), np.ones(len(starts))
    else:
        x, weight = solution.x, solution.rates.mass * solution.rates.live
    name = f"exact({span:g}, x)"
    exact = as_float_array(name, problem.exact(float(span), x), shape=(len(value),))
    return _distance("exact", np.array([span]), value[None], exact[None], weight)


def exact_density(problem: Problem | SavedProblem, times: FloatArray) -> FloatArray:
    """Return the exact solution of `problem` at its vertices, (T, V).

    Raises
    ------
    InputError
        If ``problem.exact`` gives something else than one finite number per vertex.
    """
    exact = problem.exact
    assert exact is not None, "asked for only where there is one"
    shape = (len(problem.mesh.x),)
    return np.array(
        [
            as_float_array(f"exact({time:g}, x)", exact(time, problem.mesh.x), shape=shape)
            for time in times.tolist()
        ]
    )


@dataclass(frozen=True, eq=False)
class _Finer:
    """The chain of a finer mesh, whose step is shorter in the same measure as its rates."""

    problem: Problem
    loads: tuple[Load, ...]
    segments: tuple[Segment, ...]
    coarse: Mesh
    factor: int

    @classmethod
    def of(cls, solution: Solution) -> _Finer:
        coarse_problem = solution.problem
        if isinstance(coarse_problem, SavedProblem):
            raise InputError("the problem was read from a file, which holds no finer mesh")
        if coarse_problem.varying:
            raise InputError("coefficients depend on time, which a finer mesh is not made for")
        with _nothing_said_twice():
            problem = coarse_problem.refine()
        coarse, fine = solution.rates, problem.rates
        # The number of steps per unit of rate stays, so that an order is seen whole.
        ratio = coarse.max_rate / fine.max_rate if fine.max_rate > 0 else 1.0
        loads = loads_of(problem, solution.mode, None, by_chain=True)
        own = 1 if coarse.x.ndim == 1 else coarse.x.shape[1]
        dimensions = getattr(problem.domain, "dimensions", own)
        factor = round((len(fine.x) / len(coarse.x)) ** (1 / dimensions))
        start, times = solution.segments[0].start, solution.t
        if solution.endless:
            return cls(problem, loads, (), coarse_problem.mesh, factor)
        stretches = segments(start, times[times > start], fine.choose_dt(solution.dt * ratio))
        return cls(problem, loads, stretches, coarse_problem.mesh, factor)

    @property
    def work(self) -> float:
        """Vertex-steps of its walk."""
        return float(len(self.problem.rates.x)) * sum(part.steps for part in self.segments)

    def density(self) -> FloatArray:
        """Return its density at the vertices of the coarse mesh, (R, V)."""
        rates = self.problem.rates
        mass = [
            expect(rates, self.segments, load, endless=not self.segments).mass()
            for load in self.loads
        ]
        density = np.sum(mass, axis=0) / rates.mass
        return self.coarse.restrict(self.problem.mesh, density)


@contextmanager
def _nothing_said_twice() -> Iterator[None]:
    """Keep back what a finer mesh would warn of again, such as pieces out of reach."""

    def hold(record: logging.LogRecord) -> bool:
        return False

    logger = logging.getLogger(Problem.__module__)
    logger.addFilter(hold)
    try:
        yield
    finally:
        logger.removeFilter(hold)


def _order(solution: Solution, found: Reference, exact: FloatArray) -> float | None:
    """Return the order in the mesh width that the last time shows, if it is cheap to know."""
    if _vertex_steps(solution) * 2.0 ** (2 + max(1, np.size(solution.x[0]))) > _CHEAP:
        return None
    try:
        finer = _Finer.of(solution)
        if finer.work > _CHEAP or finer.factor < 2:
            return None
        density = finer.density()
    except (InputError, TooLargeError):
        return None
    mass = solution.rates.mass * solution.rates.live
    closer = _distance("exact", found.time, density, exact, mass).relative_l2[-1]
    errors = np.array([found.relative_l2[-1], closer])
    if not ((errors > _ROUNDING) & (errors < np.inf)).all():
        return None
    return float(np.log(found.relative_l2[-1] / closer) / np.log(finer.factor))


def _vertex_steps(solution: Solution) -> float:
    return float(len(solution.x)) * solution.steps


def _distance(
    kind: str, times: FloatArray, density: FloatArray, reference: FloatArray, mass: FloatArray
) -> Reference:
    """Compare where `mass` is positive: sinks hold nothing by contract, whatever is true there."""
    error = (density - reference)[:, mass > 0]
    reference, mass = reference[:, mass > 0], mass[mass > 0]
    norm = np.sqrt(reference**2 @ mass)
    away = np.sqrt(error**2 @ mass)
    relative = np.divide(away, norm, out=np.full(len(times), np.inf), where=norm > 0)
    return Reference(kind, "", times, relative, np.abs(error).max(axis=1), None)


def _none(reason: str) -> Reference:
    nothing = np.zeros(0)
    return Reference("not applicable", reason, nothing, nothing, nothing, None)
