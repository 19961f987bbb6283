"""Walkers against their own chain: statistics, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spikealg.solvers.diffusion.goodness import Fit, goodness
from spikealg.solvers.diffusion.groups import Group, spread_of

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["SIGNIFICANCE", "CircuitCheck", "compare_groups"]

SIGNIFICANCE = 1e-3
"""A correct solution fails the circuit's test once in a thousand seeds."""
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
        Whether walkers in the domain and walkers that left add up at every recorded time.
    """

    ok: bool
    p_value: float
    time: float
    chi_square: float
    dof: int
    largest_z: float
    conserved: bool


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
        return CircuitCheck(conserved, 1.0, last, 0.0, 0, 0.0, conserved)
    fits: list[tuple[float, Fit]] = []
    chances: list[float] = []
    largest = 0.0
    for group, chain in zip(solution.groups, expected, strict=True):
        cells, wanted = (
            np.concatenate([g.counts.sum(axis=0), g.exited.sum(axis=0)], axis=1)
            for g in (group, chain)
        )
        found = [goodness(row, np.asarray(p)) for row, p in zip(cells, wanted, strict=True)]
        fits += zip(solution.t.tolist(), found, strict=True)
        if group.stay is not None:
            z, p_value = _worst_time(group, chain)
            largest = max(largest, z)
            chances.append(p_value)
    time, fit = min(fits, key=lambda item: item[1].p_value)
    chances += [found.p_value for _, found in fits]
    p_value = min(1.0, min(chances) * len(chances))
    return CircuitCheck(
        ok=conserved and p_value >= SIGNIFICANCE,
        p_value=p_value,
        time=time,
        chi_square=fit.chi_square,
        dof=fit.dof,
        largest_z=max(fit.largest_z, largest),
        conserved=conserved,
    )


def _conserved(group: Group, method: str) -> bool:
    seen = group.counts.sum(axis=2) + group.exited.sum(axis=2)
    if method == "chain":
        return bool(np.allclose(seen, group.walkers[:, None], rtol=1e-9, atol=0))
    return bool(np.all(seen == group.walkers[:, None]))


def _worst_time(group: Group, chain: Group) -> tuple[float, float]:
    """Return the largest deviation of a time spent in standard errors, and its chance (Bonferroni).

    Vertices to which few batches come are left out: their times are far from normal.
    """
    from scipy.special import stdtr  # 0.4 s of import that only a check needs

    assert group.stay is not None
    assert chain.stay is not None
    n = len(group.walkers)
    often = (group.stay > 0).sum(axis=0) >= min(_OFTEN, n)
    if n < 2 or not often.any():
        return 0.0, 1.0
    off = group.stay.sum(axis=0) / group.total_walkers - chain.stay[0] / chain.total_walkers
    error = spread_of(group.stay, group.walkers)
    tested = often & (error > 0)
    if not tested.any():
        return 0.0, 1.0
    z = float(np.abs(off[tested] / error[tested]).max())
    return z, min(1.0, 2 * float(stdtr(n - 1, -z)) * int(tested.sum()))
