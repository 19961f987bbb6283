"""Pearson's χ² test of multinomial counts, with rare cells pooled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Fit", "detectable_bias", "goodness"]

FloatArray = npt.NDArray[np.float64]
POWER = 0.95
"""Chance with which a bias that counts as detectable is found."""
_SMALLEST_CELL = 5.0
"""Expected count from which a cell may stand alone (Cochran, Biometrics 10, 1954)."""


@dataclass(frozen=True)
class Fit:
    """How well counts fit their expectation.

    Attributes
    ----------
    p_value : float
        Chance of a statistic at least as large; 1 if a single cell is left, 0 if something
        happened whose probability is 0.
    chi_square : float
        Σ (n − e)²/e over the pooled cells.
    dof : int
        Pooled cells − 1.
    largest_z : float
        Largest |n − e| of a pooled cell in units of its standard error.
    """

    p_value: float
    chi_square: float
    dof: int
    largest_z: float


def goodness(counts: npt.NDArray[Any], expected: FloatArray) -> Fit:
    """Test `counts` (C,) against `expected` (C,), which have the same sum."""
    # 0.4 s of import (scipy.special) that only a check needs.
    from scipy.special import gammaincc

    impossible = bool(np.any(counts[expected <= 0] > 0))
    n, e = _pool(np.asarray(counts, dtype=np.float64), expected)
    total = e.sum()
    chi_square = float(((n - e) ** 2 / e).sum())
    dof = len(e) - 1
    spread = np.sqrt(e * np.maximum(1 - e / total, 0))
    z = np.abs(n - e)[spread > 0] / spread[spread > 0]
    if impossible:
        p_value = 0.0
    else:
        p_value = float(gammaincc(dof / 2, chi_square / 2)) if dof else 1.0
    return Fit(p_value, chi_square, dof, float(z.max(initial=0.0)))


def detectable_bias(dof: int, walkers: int, significance: float) -> float:
    """Return the smallest bias of probabilities that a χ² test of walkers finds with `POWER`.

    A bias is √(Σ p_c b_c²) if the probability of cell c is p_c·(1 + b_c) in place of p_c. Walkers
    then have a statistic of noncentral χ², with noncentrality walkers·bias². Infinite if there is
    nothing to test.
    """
    from scipy.special import chdtri, chndtrinc

    if dof == 0:
        return math.inf
    refused = chdtri(dof, significance)
    return math.sqrt(float(chndtrinc(refused, dof, 1 - POWER)) / walkers)


def _pool(counts: FloatArray, expected: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return counts and expectations with neighbouring rare cells joined to at least 5 expected."""
    possible = expected > 0
    counts, expected = counts[possible], expected[possible]
    rare = expected < _SMALLEST_CELL
    if not rare.any():
        return counts, expected
    # A bin takes the cells that begin within 10 of the running sum; none is as large as 5, so
    # every bin but the last holds more than 5.
    begins = np.cumsum(expected[rare]) - expected[rare]
    bins = (begins // (2 * _SMALLEST_CELL)).astype(np.int64)
    _, bins = np.unique(bins, return_inverse=True)
    n = np.concatenate([np.bincount(bins, counts[rare]), counts[~rare]])
    e = np.concatenate([np.bincount(bins, expected[rare]), expected[~rare]])
    last = int(bins.max())
    if e[last] < _SMALLEST_CELL and len(e) > 1:
        into = last - 1 if last else 1
        n[into] += n[last]
        e[into] += e[last]
        n, e = np.delete(n, last), np.delete(e, last)
    return n, e
