"""Estimates from counts of independent walkers, with their standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Expectation", "count_stderr", "estimate"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Expectation:
    """An integral over the density at every recorded time.

    Attributes
    ----------
    value : (T,) float64
        The estimate.
    stderr : (T,) float64
        Its standard error; 0 for method "chain", infinite for a single walker.
    """

    value: FloatArray
    stderr: FloatArray


def count_stderr(counts: npt.NDArray[Any], walkers: int) -> FloatArray:
    """Return the standard error of counts that are binomial with `walkers` trials.

    The unknown probability is smoothed to (n + ½)/(walkers + 1) (Jeffreys prior), which is never
    0 or 1.
    """
    probability = (counts + 0.5) / (walkers + 1)
    return np.asarray(np.sqrt(walkers * probability * (1 - probability)))


def estimate(
    values: FloatArray,
    counts: npt.NDArray[Any],
    walkers: int,
    total: float,
    *,
    drawn: bool,
) -> Expectation:
    """Return total/walkers · Σ f_v·counts_v, a mean over walkers; those that left count as 0.

    Parameters
    ----------
    values : (V,) float64
        f at every vertex.
    counts : (T, V)
        Walkers per vertex.
    walkers : int
        Number of all walkers.
    total : float
        Mass they carry together.
    drawn : bool
        Whether the counts are draws; the standard error is 0 if not.
    """
    mean = counts @ values / walkers
    if not drawn:
        stderr = np.zeros(len(mean))
    elif walkers == 1:
        stderr = np.full(len(mean), np.inf)
    else:
        # Two passes: the difference of large numbers would lose the variance of x far from 0.
        away = (values - mean[:, np.newaxis]) ** 2
        alive = counts.sum(axis=1)
        squares = (away * counts).sum(axis=1) + (walkers - alive) * mean**2
        stderr = np.sqrt(squares / (walkers - 1) / walkers)
    return Expectation(total * mean, abs(total) * stderr)
