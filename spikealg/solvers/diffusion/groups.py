"""Walkers of one kind: where they start, what they count for, and what became of them.

An equation is linear, so its solution is a sum: of what was there at the start, of what came in
meanwhile, of what is positive and what is negative. Each part is walked by walkers of its own, all
of which count alike. A source that does not change in time needs no walkers that start late:
whoever came in j steps ago is where a walker is after j steps, so that the sum over all of them is
the time that walkers have spent at a vertex.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.solvers.diffusion.accuracy.estimates import Expectation, count_stderr, estimate

__all__ = ["BATCHES", "LEAST_TIMED", "TIMED", "Group", "Load", "share", "spread_of"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

BATCHES = 32
"""Independent parts of a group whose spread gives the standard error of times spent."""

LEAST_TIMED = 4
"""Walkers of a timed load, if there are enough: two batches of two, which have a spread."""

TIMED = ("source", "average")
"""Roles of walkers that stand for mass by the time they spend at vertices."""


@dataclass(frozen=True, eq=False)
class Load:
    """Where walkers start and what they count for.

    Attributes
    ----------
    role : str
        "initial": walkers at the recorded times are what is left of an initial mass. "arriving":
        the same of a mass that comes in by and by. "source": the time they spent at vertices until
        then is what came in. "value": each started from the same point and collects value.
        "average": the part of the time they spent at vertices, in the second half of it, is where
        an initial mass is in the long run.
    probability : (V,) float64
        Chance to start at each vertex.
    total : float
        Mass that all carry together ("initial", "arriving", "average"), mass that comes in per time
        ("source"), or 1. Negative where they stand for less than nothing.
    timed : bool
        Whether the time spent at vertices is needed.
    arriving : (K, V) float64 or None
        Chance to come in at each vertex when each stretch begins, for role "arriving"; summed over
        stretches it is `probability`.
    """

    role: str
    probability: FloatArray
    total: float
    timed: bool
    arriving: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Group:
    """What became of the walkers of a load, in B batches of independent draws.

    Attributes
    ----------
    load : Load
    walkers : (B,) int64
        Walkers of each batch.
    counts : (B, T, V)
        Walkers at each vertex at the recorded times: int64, or float64 where expected.
    exited : (B, T, S)
        Walkers that have left by each side so far.
    left : (N + 1, S)
        Walkers of all batches that have left after each step.
    stay : (B, T, V) float64 or None
        Time that walkers have spent at each vertex so far [time], if the load is timed; for
        "average" the part of the time, and where what is paid depends on time, the value that they
        have collected there.
    """

    load: Load
    walkers: IntArray
    counts: npt.NDArray[Any]
    exited: npt.NDArray[Any]
    left: npt.NDArray[Any]
    stay: FloatArray | None = None

    def __post_init__(self) -> None:
        for array in (self.walkers, self.counts, self.exited, self.left, self.stay):
            if array is not None:
                array.flags.writeable = False

    @property
    def total_walkers(self) -> int:
        """Walkers of all batches."""
        return int(self.walkers.sum())

    @property
    def each(self) -> float:
        """What one walker counts for: mass, or mass per time."""
        return self.load.total / self.total_walkers

    def mass(self) -> FloatArray:
        """Return the mass at each vertex, (T, V)."""
        if self.load.role in TIMED:
            assert self.stay is not None, "walkers of this role are timed"
            return np.asarray(self.each * self.stay.sum(axis=0))
        return np.asarray(self.each * self.counts.sum(axis=0))

    def mass_stderr(self, step: float) -> FloatArray:
        """Return the standard error of `mass`, (T, V).

        Of counts it is multinomial with a smoothed probability, of times the spread of batches, and
        no less than what a walker adds to `stay` in a single `step`.
        """
        if self.load.role in TIMED:
            assert self.stay is not None, "walkers of this role are timed"
            spread = self.load.total * spread_of(self.stay, self.walkers)
            return np.asarray(np.hypot(spread, self.each * step))
        return np.asarray(
            abs(self.each) * count_stderr(self.counts.sum(axis=0), self.total_walkers)
        )

    def mass_left(self, t: FloatArray, steps: FloatArray | None) -> FloatArray:
        """Return the mass that has left by each side until the times `t`, (T, S).

        `steps` are the times before and after every step, (N + 1,); None for mass per time where
        all is steady.
        """
        if self.load.role != "source" or steps is None:
            return np.asarray(self.each * self.exited.sum(axis=0))
        # Who came in j steps ago has left by now if a walker has left after j steps.
        gone = np.cumsum(self.left[:-1] * np.diff(steps)[:, None], axis=0)
        gone = np.concatenate([np.zeros((1, gone.shape[1])), gone])
        rows = np.searchsorted(steps, t * (1 - 1e-12))
        return np.asarray(self.each * gone[np.minimum(rows, len(gone) - 1)])

    def expectation(self, f: FloatArray, *, drawn: bool) -> Expectation:
        """Return Σ f·mass with its standard error, 0 unless `drawn`; `f` is (V,)."""
        if self.load.role not in TIMED:
            counts = self.counts.sum(axis=0)
            return estimate(f, counts, self.total_walkers, self.load.total, drawn=drawn)
        assert self.stay is not None, "walkers of this role are timed"
        sums = self.stay @ f
        stderr = abs(self.load.total) * spread_of(sums, self.walkers)
        return Expectation(self.each * sums.sum(axis=0), stderr if drawn else np.zeros(len(stderr)))


def spread_of(sums: npt.NDArray[Any], walkers: IntArray) -> FloatArray:
    """Return the standard error of Σ_b sums_b / Σ_b walkers_b from batches, (B, ...) to (...)."""
    if len(walkers) < 2:
        return np.full(sums.shape[1:], np.inf)
    share = walkers.reshape(-1, *[1] * (sums.ndim - 1)) / walkers.sum()
    off = sums / walkers.sum() - share * (sums.sum(axis=0) / walkers.sum())
    n = len(walkers)
    return np.asarray(np.sqrt(n / (n - 1) * (off**2).sum(axis=0)))


def share(walkers: int, loads: tuple[Load, ...], duration: float) -> list[int]:
    """Return how many of `walkers` each load gets: at least 1, or `LEAST_TIMED` if it is timed.

    In the measure of the mass that they stand for, a source's in `duration` [time] where that is
    finite; points get the same. If there are not so many walkers, each load gets at least 1.
    """
    finite = np.isfinite(duration)
    weights = np.array(
        [
            abs(load.total) * (duration if finite and load.role == "source" else 1.0)
            for load in loads
        ]
    )
    least = np.array([LEAST_TIMED if load.timed else 1 for load in loads])
    if least.sum() > walkers:
        least[:] = 1
    poor = np.zeros(len(loads), dtype=bool)
    while True:
        # Who would get too little gets the least, and the others share what is left.
        rich = walkers - int(least[poor].sum())
        dealt = np.where(poor, least, np.floor(rich * weights / max(weights[~poor].sum(), 1e-300)))
        if poor.all() or not (dealt < least).any():
            break
        poor |= dealt < least
    dealt = dealt.astype(np.int64)
    dealt[int(dealt.argmax())] += max(walkers - int(dealt.sum()), 0)
    return [int(n) for n in dealt]
