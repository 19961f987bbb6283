"""Walkers against their own chain: statistics, group by group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.solvers.diffusion.accuracy.goodness import POWER, Fit, detectable_bias, goodness
from spikealg.solvers.diffusion.groups import Group, spread_of

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["SIGNIFICANCE", "CircuitCheck", "compare_groups"]

SIGNIFICANCE = 1e-3
"""A correct solution fails the circuit's test once in a thousand seeds."""
_ROUNDING = 1e-9
"""Part of the walkers by which those that are expected may be off."""
_OFTEN = 20
"""Batches in which walkers came to a vertex, from which the spread of times spent there counts."""


@dataclass(frozen=True)
class CircuitCheck:
    """The walkers against their own chain: statistics, no discretisation error.

    Attributes
    ----------
    ok : bool
        ``p_value`` ≥ 0.001 and ``conserved``.
    p_value : float
        Chance of a fit at least as bad as the worst of all recorded times and groups of walkers: χ²
        of the walkers at vertices and sinks; where times spent at vertices count, Student's t of
        batches; Bonferroni over all of them. 1 for method "chain", which draws nothing.
    time, chi_square, dof, largest_z : float, float, int, float
        Of the worst χ²: time, statistic, degrees of freedom, and the largest deviation of a cell
        in standard errors (of any time spent, if that is larger).
    conserved : bool
        Whether walkers in the domain and walkers that left add up at every recorded time; of those
        who come in by and by, at the last, and never to fewer than before.
    detectable_bias : float
        The smallest bias that would have failed in 19 of 20 solutions like this one: of the
        probabilities of the cells, relative, as the root of its mean square; or of a time spent at
        a vertex, relative. That of the best of all tests; infinite if there is none.
    """

    ok: bool
    p_value: float
    time: float
    chi_square: float
    dof: int
    largest_z: float
    conserved: bool
    detectable_bias: float


def compare_groups(solution: Solution, expected: Sequence[Group]) -> CircuitCheck:
    """Return how well the groups of `solution` fit the chain's.

    Parameters
    ----------
    solution : Solution
    expected : sequence of Group
        As `expected_groups` gives them.
    """
    conserved = all(_conserved(group, solution.method) for group in solution.groups)
    last = float(solution.t[-1])
    if solution.method == "chain":
        return CircuitCheck(conserved, 1.0, last, 0.0, 0, 0.0, conserved, math.inf)
    fits: list[tuple[float, int, Fit]] = []
    times: list[StayFit] = []
    for group, chain in zip(solution.groups, expected, strict=True):
        cells, wanted = _cells(group), _cells(chain)
        found = [goodness(row, np.asarray(p)) for row, p in zip(cells, wanted, strict=True)]
        fits += [(t, group.total_walkers, f) for t, f in zip(solution.t, found, strict=True)]
        if group.stay is not None:
            times.append(_worst_time(group, chain))
    time, _, fit = min(fits, key=lambda item: item[2].p_value)
    chances = [found.p_value for found in times] + [found.p_value for _, _, found in fits]
    p_value = min(1.0, min(chances) * len(chances))
    each = SIGNIFICANCE / len(chances)
    biases = [detectable_bias(found.dof, walkers, each) for _, walkers, found in fits]
    biases += [found.detectable_bias(each) for found in times]
    return CircuitCheck(
        ok=conserved and p_value >= SIGNIFICANCE,
        p_value=p_value,
        time=float(time),
        chi_square=fit.chi_square,
        dof=fit.dof,
        largest_z=max([fit.largest_z, *(found.largest_z for found in times)]),
        conserved=conserved,
        detectable_bias=min(biases),
    )


def _cells(group: Group) -> npt.NDArray[Any]:
    """Return how many are at each vertex, beyond each side, and perhaps not there yet, (T, C)."""
    seen = np.concatenate([group.counts.sum(axis=0), group.exited.sum(axis=0)], axis=1)
    if group.load.role != "arriving":
        return np.asarray(seen)
    missing = group.total_walkers - seen.sum(axis=1, keepdims=True)
    missing[missing < _ROUNDING * group.total_walkers] = 0
    return np.concatenate([seen, missing], axis=1)


def _conserved(group: Group, method: str) -> bool:
    seen = group.counts.sum(axis=2) + group.exited.sum(axis=2)
    slack = _ROUNDING * group.walkers[:, None] if method == "chain" else 0
    if group.load.role == "arriving":
        rising = bool(np.all(np.diff(seen, axis=1) >= -slack))
        return rising and bool(np.all(abs(seen[:, -1:] - group.walkers[:, None]) <= slack))
    return bool(np.all(abs(seen - group.walkers[:, None]) <= slack))


@dataclass(frozen=True)
class StayFit:
    """How well times spent at vertices fit their expectation.

    Attributes
    ----------
    p_value : float
        Chance of a deviation at least as large as the largest (Student's t, Bonferroni).
    largest_z : float
        The largest deviation in standard errors.
    relative_stderr : float
        The smallest standard error of a time, relative to its expectation; infinite if none could
        be tested.
    vertices : int
        How many were tested.
    batches : int
    """

    p_value: float
    largest_z: float
    relative_stderr: float
    vertices: int
    batches: int

    def detectable_bias(self, significance: float) -> float:
        """Return the smallest relative bias of a time that is found with `POWER`."""
        from scipy.special import stdtrit

        if self.vertices == 0:
            return math.inf
        dof = self.batches - 1
        away = stdtrit(dof, 1 - significance / (2 * self.vertices)) + stdtrit(dof, POWER)
        return float(away) * self.relative_stderr


def _worst_time(group: Group, chain: Group) -> StayFit:
    """Return how well times spent at vertices fit.

    Vertices to which few batches come are left out: their times are far from normal.
    """
    from scipy.special import stdtr  # 0.4 s of import that only a check needs

    assert group.stay is not None
    assert chain.stay is not None
    n = len(group.walkers)
    expected = chain.stay[0] / chain.total_walkers
    error = spread_of(group.stay, group.walkers)
    tested = ((group.stay > 0).sum(axis=0) >= min(_OFTEN, n)) & (error > 0)
    if n < 2 or not tested.any():
        return StayFit(1.0, 0.0, math.inf, 0, n)
    off = group.stay.sum(axis=0) / group.total_walkers - expected
    z, vertices = float(np.abs(off[tested] / error[tested]).max()), int(tested.sum())
    p_value = min(1.0, 2 * float(stdtr(n - 1, -z)) * vertices)
    possible = tested & (expected > 0)
    relative = (error[possible] / expected[possible]).min(initial=math.inf)
    return StayFit(p_value, z, float(relative), vertices, n)
