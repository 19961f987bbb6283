"""Rivals have to do the work: no walker lost, and the spread of the walk right."""

from __future__ import annotations

import numpy as np

DEVIATIONS = 6
"""Standard deviations by which a right walk may miss: once in 5·10⁸."""


def check_walk(
    name: str, counts: np.ndarray, walkers: int, variance: float, *, parity: int | None = None
) -> None:
    """Check where walkers from place 0 of a ring are, counts (size,).

    The ring has to be so large that walkers do not meet behind it. `parity` is that of all places
    after so many steps, where nobody stays: no step too many and none too few.

    Raises
    ------
    AssertionError
        If walkers are missing, their mean or variance is wrong, or they are at places where they
        cannot be.
    """
    if counts.sum() != walkers:
        raise AssertionError(f"{name}: {counts.sum()} walkers, not {walkers}")
    size = len(counts)
    place = (np.arange(size) + size // 2) % size - size // 2
    if parity is not None and counts[place % 2 != parity % 2].any():
        raise AssertionError(f"{name}: walkers at places of the wrong parity")
    mean, spread = counts @ place / walkers, counts @ place**2 / walkers
    # The variance of the estimated variance of a nearly Gaussian place is 2 σ⁴ / walkers.
    if abs(mean) > DEVIATIONS * np.sqrt(variance / walkers):
        raise AssertionError(f"{name}: mean place {mean:.3g}, not 0")
    if abs(spread - variance) > DEVIATIONS * variance * np.sqrt(2 / walkers):
        raise AssertionError(f"{name}: variance {spread:.6g}, not {variance:.6g}")


def check_density(name: str, counts: np.ndarray, expected: np.ndarray) -> None:
    """Check walkers per vertex (V,) against what the chain expects, by Pearson's χ².

    Raises
    ------
    AssertionError
        If walkers are missing, not where they should be, or where they cannot be.
    """
    if counts.sum() != round(expected.sum()):
        raise AssertionError(f"{name}: {counts.sum()} walkers, not {round(expected.sum())}")
    if counts[expected == 0].any():
        raise AssertionError(f"{name}: walkers where none can be")
    likely = expected >= 5
    freedom = int(likely.sum()) - 1
    chi2 = float((((counts - expected) ** 2)[likely] / expected[likely]).sum())
    # χ² of many degrees of freedom is nearly Gaussian with variance 2 · freedom.
    if chi2 > freedom + DEVIATIONS * np.sqrt(2 * freedom) + 4 * DEVIATIONS:
        raise AssertionError(f"{name}: χ² = {chi2:.0f} for {freedom} degrees of freedom")
