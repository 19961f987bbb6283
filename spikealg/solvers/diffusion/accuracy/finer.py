"""The chain of a finer mesh, with which a chain is compared."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.solvers.diffusion.groups import Load
from spikealg.solvers.diffusion.loads import as_points, loads_of, payoff_values
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.saved import SavedProblem
from spikealg.solvers.diffusion.times import Segment, segments
from spikealg.solvers.diffusion.values import chain_values
from spikealg.solvers.diffusion.walks.expected import expect

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.domains.domain import Mesh
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["Finer", "nothing_said_twice", "values_of"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Finer:
    """The chain of a finer mesh, whose step is shorter in the same measure as its rates."""

    problem: Problem
    loads: tuple[Load, ...]
    segments: tuple[Segment, ...]
    coarse: Mesh
    factor: int

    @classmethod
    def of(cls, solution: Solution) -> Finer:
        """Return it for a solution.

        Raises
        ------
        InputError, TooLargeError
            If there is none, or it does not fit into memory.
        """
        coarse_problem = solution.problem
        if isinstance(coarse_problem, SavedProblem):
            raise InputError("the problem was read from a file, which holds no finer mesh")
        if coarse_problem.varying:
            raise InputError(
                "coefficients or a source depend on time, which a finer mesh is not made for"
            )
        with nothing_said_twice():
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

    def values(self, points: tuple[Any, ...]) -> FloatArray:
        """Return its values at the points, (A,), or at the vertices of the coarse mesh, (V,)."""
        found = values_of(self.problem, self.segments, points, endless=not self.segments)
        return found if points else self.coarse.restrict(self.problem.mesh, found)

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
def nothing_said_twice() -> Iterator[None]:
    """Keep back what a finer mesh would warn of again, such as pieces out of reach."""

    def hold(record: logging.LogRecord) -> bool:
        return False

    logger = logging.getLogger(Problem.__module__)
    logger.addFilter(hold)
    try:
        yield
    finally:
        logger.removeFilter(hold)


def values_of(
    problem: Problem, stretches: Sequence[Segment], points: tuple[Any, ...], *, endless: bool
) -> FloatArray:
    """Return the chain's values of a backward problem at points, (A,), or all vertices, (V,)."""
    equation = problem.equation
    payoff = payoff_values(problem, equation.rates)
    value = chain_values(equation, stretches, payoff, endless=endless)
    if not points:
        return value
    return np.stack(as_points(problem.mesh, equation.rates, list(points))[1]) @ value
