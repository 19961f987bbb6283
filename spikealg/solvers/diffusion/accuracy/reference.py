"""How far a chain is from the truth: the exact solution, or the chain of a finer mesh."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array
from spikealg.errors import InputError, TooLargeError
from spikealg.solvers.diffusion.accuracy.finer import Finer, values_of
from spikealg.solvers.diffusion.groups import Group
from spikealg.solvers.diffusion.loads import places
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.saved import SavedProblem
from spikealg.solvers.diffusion.walks.expected import expect

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = [
    "DEAR",
    "ROUNDING",
    "Reference",
    "backward_values",
    "compare",
    "distance",
    "exact_density",
    "expected_groups",
]

FloatArray = npt.NDArray[np.float64]
_CHEAP = 1e8
"""Vertex-steps of a refined chain that are walked for the order alone, about a second."""
DEAR = 1e10
"""Vertex-steps of a refined chain that nobody waits for, minutes."""
ROUNDING = 1e-10
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


def expected_groups(solution: Solution) -> tuple[Group, ...]:
    """Return what the chain of a solution expects of its groups."""
    return tuple(
        expect(
            solution.rates,
            solution.segments,
            group.load,
            endless=solution.endless,
            walkers=group.total_walkers,
        )
        for group in solution.groups
    )


def compare(
    solution: Solution, expected: Sequence[Group], *, order: bool = True, refined: bool = True
) -> Reference:
    """Return how far the chain of `solution` is from the exact or the refined one.

    Parameters
    ----------
    solution : Solution
        Its problem, mesh and steps are compared; its walkers play no part.
    expected : sequence of Group
        The chain's own groups, as `expected_groups` gives them.
    order : bool
        Whether to look for the order too, which takes the chain of a finer mesh.
    refined : bool
        Whether to take such a chain where there is no exact solution.
    """
    if solution.problem.exact is None and not refined:
        return _none("there is no exact solution")
    if solution.mode == "backward":
        return _compare_values(solution, order=order)
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
            finer = Finer.of(solution)
        except (InputError, TooLargeError) as error:
            return _none(str(error))
        if finer.work > DEAR:
            return _none(_too_dear(finer))
        return distance("refined", times, density, finer.density(), mass * live)
    exact = exact_density(solution.problem, times)
    found = distance("exact", times, density, exact, mass * live)
    if not order:
        return found
    seen = _order(solution, found, exact, mass * live, lambda finer: finer.density())
    return replace(found, order=seen)


def _compare_values(solution: Solution, *, order: bool) -> Reference:
    """Compare the chain's values with exact or refined ones; points weigh alike."""
    points, span = solution.points, _span(solution)
    weight = np.ones(len(points)) if points else solution.rates.mass * solution.rates.live
    if solution.problem.exact is None:
        try:
            finer = Finer.of(solution)
        except (InputError, TooLargeError) as error:
            return _none(str(error))
        if finer.work > DEAR:
            return _none(_too_dear(finer))
        return distance("refined", span, _values(solution), finer.values(points)[None], weight)
    own, exact = backward_values(solution)
    found = distance("exact", span, own, exact, weight)
    if not order:
        return found
    seen = _order(solution, found, exact, weight, lambda finer: finer.values(points)[None])
    return replace(found, order=seen)


def backward_values(solution: Solution) -> tuple[FloatArray, FloatArray]:
    """Return the values of a backward solution by its chain and by ``problem.exact``, (1, A) each.

    Raises
    ------
    InputError
        If ``problem.exact`` gives something else than one finite number per point or vertex.
    """
    exact, own = solution.problem.exact, _values(solution)
    assert exact is not None, "asked for only where there is one"
    span = float(_span(solution)[0])
    x = places(solution.problem.mesh, solution.points) if solution.points else solution.x
    return own, as_float_array(f"exact({span:g}, x)", exact(span, x), shape=(own.shape[1],))[None]


def _span(solution: Solution) -> FloatArray:
    """Return the time between the start and the payoff, (1,) [time]."""
    return np.asarray(solution.t[-1:] - solution.segments[0].start)


def _values(solution: Solution) -> FloatArray:
    """Return the values of a backward solution by its chain, (1, A)."""
    problem = solution.problem
    if isinstance(problem, SavedProblem):
        assert problem.chain is not None, "kept with the exact values"
        return problem.chain[None]
    if solution.method == "chain":
        return solution.value[None]
    return values_of(problem, solution.segments, solution.points, endless=solution.endless)[None]


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
    ).reshape(-1, *shape)


def _order(
    solution: Solution,
    found: Reference,
    exact: FloatArray,
    weight: FloatArray,
    answer: Callable[[Finer], FloatArray],
) -> float | None:
    """Return the order in the mesh width that the last time shows, if it is cheap to know."""
    if _vertex_steps(solution) * 2.0 ** (2 + max(1, np.size(solution.x[0]))) > _CHEAP:
        return None
    try:
        finer = Finer.of(solution)
        if finer.work > _CHEAP or finer.factor < 2:
            return None
        closer = distance("exact", found.time, answer(finer), exact, weight).relative_l2[-1]
    except (InputError, TooLargeError):
        return None
    errors = np.array([found.relative_l2[-1], closer])
    if not ((errors > ROUNDING) & (errors < np.inf)).all():
        return None
    return float(np.log(found.relative_l2[-1] / closer) / np.log(finer.factor))


def _too_dear(finer: Finer) -> str:
    return f"the chain of a finer mesh would take {finer.work:.1e} steps of a vertex"


def _vertex_steps(solution: Solution) -> float:
    return float(len(solution.x)) * solution.steps


def distance(
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
