"""From an equation to the walkers that solve it, by mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.domain import Mesh
from spikealg.solvers.diffusion.domains.layout import layout_of
from spikealg.solvers.diffusion.equation.initial import by_sign, values
from spikealg.solvers.diffusion.equation.rates import Rates
from spikealg.solvers.diffusion.groups import Load

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.problem import Problem
    from spikealg.solvers.diffusion.times import Segment

__all__ = ["as_points", "is_closed", "is_reversible", "loads_of", "places"]

FloatArray = npt.NDArray[np.float64]
_ROUNDING = 1e-9


def loads_of(
    problem: Problem,
    mode: str,
    starts: tuple[FloatArray, ...] | None,
    *,
    by_chain: bool,
    stretches: Sequence[Segment] = (),
) -> tuple[Load, ...]:
    """Return the walkers that a problem needs.

    Parameters
    ----------
    problem : Problem
    mode : {"forward", "backward", "steady"}
    starts : tuple of (V,) float64, or None
        Shares of vertices for each point of `at`; None for all vertices.
    by_chain : bool
        Whether there are no walkers, so that all vertices may be had backward too.
    stretches : sequence of Segment, optional
        Of the walk, where coefficients depend on time.

    Raises
    ------
    InputError
        If there is nothing to walk, nothing is paid, or all vertices are asked for backward where
        only the chain can tell.
    """
    equation = problem.equation
    if mode == "forward":
        initial = tuple(
            Load("initial", start.probability, start.total, False) for start in problem.starts
        )
        later = _arrivals(stretches) if problem.varying else _sources(equation.inflow)
        if not initial + later:
            raise InputError(
                "nobody is there and nothing comes in: give initial=, or a source= that is not 0"
            )
        _require_inside(initial + later, equation.rates)
        return initial + later
    if mode == "steady":
        if is_closed(problem):
            return tuple(
                Load("average", start.probability, start.total, True) for start in problem.starts
            )
        found = _sources(equation.inflow)
        if not found:
            raise InputError(
                "mode='steady' needs something that comes in: a source=, a side of given value or "
                "a flux; or an initial= where nothing leaves, whose stationary density it finds"
            )
        _require_inside(found, equation.rates)
        return found
    rates = equation.rates
    rewards = (equation.reward, *(stretch.reward for stretch in stretches))
    timed = any(reward is not None and reward.any() for reward in rewards)
    payoff, left_with = payoff_values(problem, rates), rates.exits @ equation.exit_value
    if not (timed or payoff[rates.live].any() or left_with.any()):
        raise InputError(
            "nothing is paid, so all values are 0: give a payoff=, a source= or a given value"
        )
    if starts is not None:
        return tuple(Load("value", start, 1.0, timed) for start in starts)
    if by_chain:
        return ()
    if problem.varying:
        raise InputError(
            "all values at once need coefficients that do not depend on time: give at= the points "
            "you want, or take method='chain'"
        )
    if not is_reversible(equation.rates):
        raise InputError(
            "all values at once need rates with detailed balance (m_i Q_ij = m_j Q_ji), which "
            "drift, jumps or directed edges break here: give at= the points you want, or take "
            "method='chain'"
        )
    mass = np.where(rates.live, payoff, 0.0) * rates.mass
    found = tuple(Load("initial", s.probability, s.total, False) for s in by_sign(mass))
    return found + _sources(rates.mass * (equation.reward + left_with))


def _require_inside(loads: Sequence[Load], rates: Rates) -> None:
    """Refuse walkers all of whom leave at once."""
    if not any(load.probability[rates.live].any() for load in loads):
        raise InputError(
            "all that comes in lies on absorbing sides, where it leaves at once: give a source= "
            "that is not 0 inside"
        )


def is_closed(problem: Problem) -> bool:
    """Return whether nothing comes in or leaves what an initial condition starts with."""
    equation = problem.equation
    moving = bool(equation.rates.exits.nnz) or bool(equation.inflow.any())
    return problem.initial is not None and not moving


def _sources(inflow: FloatArray) -> tuple[Load, ...]:
    return tuple(Load("source", part.probability, part.total, True) for part in by_sign(inflow))


def _arrivals(stretches: Sequence[Segment]) -> tuple[Load, ...]:
    """Return those who come in when stretches begin, apart for what is positive and negative."""
    known = [stretch.arriving for stretch in stretches if stretch.arriving is not None]
    if not known:
        return ()
    nothing = np.zeros_like(known[0])
    mass = np.stack([nothing if s.arriving is None else s.arriving for s in stretches])
    found = []
    for sign in (1, -1):
        part = np.maximum(sign * mass, 0.0)
        total = float(part.sum())
        if total > 0:
            part /= total
            found.append(Load("arriving", part.sum(axis=0), sign * total, False, part))
    return tuple(found)


def payoff_values(problem: Problem, rates: Rates) -> FloatArray:
    """Return the payoff at every vertex, (V,), 0 if there is none."""
    if problem.payoff is None:
        return np.zeros(len(rates.x))
    if np.ndim(problem.payoff) == 0 and not callable(problem.payoff):
        return np.full(len(rates.x), float(as_float_array("payoff", problem.payoff)))
    return values("payoff", problem.payoff, rates)


def is_reversible(rates: Rates) -> bool:
    """Return whether m_i Q_ij = m_j Q_ji for all vertices."""
    flow = (rates.between * rates.mass[:, None]).tocsr()
    away = abs(flow - flow.T)
    return bool(away.nnz == 0 or away.max() <= _ROUNDING * flow.max())


def as_points(mesh: Mesh, rates: Rates, at: Any) -> tuple[tuple[Any, ...], tuple[FloatArray, ...]]:
    """Return the points of `at` and the shares of vertices, (V,), that stand for each.

    Raises
    ------
    InputError
        If a point lies outside the domain, or `at` holds none.
    """
    points: tuple[Any, ...]
    if hasattr(mesh, "nodes"):
        points = tuple(at) if isinstance(at, (list, np.ndarray)) else (at,)
    elif mesh.x.ndim == 1:
        points = tuple(np.atleast_1d(as_float_array("at", at)).ravel().tolist())
    else:
        array, axes = as_float_array("at", at), mesh.x.shape[1]
        if array.ndim == 0 or array.shape[-1] != axes or array.ndim > 2:
            raise InputError(
                f"at must be a point of {axes} numbers or a list of such points, got shape "
                f"{array.shape}"
            )
        points = tuple(tuple(point) for point in np.atleast_2d(array).tolist())
    if not points:
        raise InputError("at must hold at least one point")
    starts = []
    for point in points:
        placed = mesh.locate(point, "at")
        if placed is None:
            raise InputError(f"at must hold points of the domain, got {point!r}")
        share = np.zeros(len(rates.x))
        np.add.at(share, *placed)
        starts.append(share)
    return points, tuple(starts)


def places(mesh: Any, points: tuple[Any, ...]) -> npt.NDArray[Any]:
    """Return points of `as_points` as an array: positions, or nodes of whatever kind."""
    if layout_of(mesh).nodes:
        return np.fromiter(points, dtype=object, count=len(points))
    return np.array(points)
