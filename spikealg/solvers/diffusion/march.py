"""Walks over segments of different steps: the last state of one is the start of the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from spikealg.progress import Report, part
from spikealg.solvers.diffusion.rates import Rates
from spikealg.solvers.diffusion.times import Segment
from spikealg.solvers.diffusion.transition import Transition
from spikealg.solvers.diffusion.walk import Walk

if TYPE_CHECKING:
    from spikealg.engine import Run

__all__ = ["WalkSegment", "march"]


class WalkSegment(Protocol):
    """One method's walk over one segment."""

    def __call__(
        self,
        transition: Transition,
        start: npt.NDArray[Any],
        steps: npt.NDArray[np.int64],
        *,
        number: int,
        report: Report,
    ) -> Walk:
        """Return the walkers after `steps` from `start`; `number` counts segments from 0."""


def march(
    rates: Rates,
    segments: Sequence[Segment],
    start: npt.NDArray[Any],
    walk: WalkSegment,
    report: Report,
) -> Walk:
    """Return one Walk over all segments.

    Parameters
    ----------
    rates : Rates
        Gives the transition matrix of each segment's step.
    segments : sequence of Segment
        In the order of time.
    start : (V,)
        Walkers (int64) or probabilities (float64) at the start.
    walk : callable
        Walks one segment.
    report : callable
        Gets the fraction done.
    """
    counts: list[npt.NDArray[Any]] = []
    exited: list[npt.NDArray[Any]] = []
    runs: list[Run] = []
    left: Any = 0
    done, steps = 0, max(1, sum(segment.steps for segment in segments))
    report(0.0)
    for number, segment in enumerate(segments):
        walked = walk(
            rates.transition(segment.dt),
            start,
            np.array(segment.recorded, dtype=np.int64),
            number=number,
            report=part(report, done / steps, (done + segment.steps) / steps),
        )
        counts.append(walked.counts)
        exited.append(left + walked.exited)
        runs.extend(walked.runs)
        # A walker is where it is, whatever the step that took it there (Markov).
        start, left = walked.counts[-1], exited[-1][-1]
        done += segment.steps
    report(1.0)
    return Walk(np.concatenate(counts), np.concatenate(exited), tuple(runs))
