"""Walks over segments of different steps: the last state of one is the start of the next.

A march is a generator: it yields each stretch that is to be walked and is sent the walk, so that
whoever drives it decides where, and beside what else, the stretch is walked.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.progress import Report
from spikealg.solvers.diffusion.equation.rates import Rates
from spikealg.solvers.diffusion.equation.transition import Transition
from spikealg.solvers.diffusion.times import Segment
from spikealg.solvers.diffusion.walks.walk import Stretch, Walk

if TYPE_CHECKING:
    from spikealg.engine import Run

__all__ = ["March", "endless_stretches", "follow", "march", "march_endlessly"]

March = Generator[Stretch, Walk, Walk]
"""Yields stretches, is sent their walks, returns one Walk over all of them."""

_RECORDED = 2**23
"""Numbers that a walk records at a time where every step counts."""
_FIRST_STRETCH, _LONGEST_STRETCH = 256, 2**16
"""Steps after which walkers are looked for where time has no end, the first time and at most."""
_MOST_STEPS = 2**31 - 1


def march(
    rates: Rates,
    segments: Sequence[Segment],
    start: npt.NDArray[Any],
    *,
    timed: bool = False,
    arriving: npt.NDArray[Any] | None = None,
) -> March:
    """Walk over all segments.

    Parameters
    ----------
    rates : Rates
        Of all segments that have none of their own.
    segments : sequence of Segment
        In the order of time.
    start : (V,)
        Walkers (int64) or probabilities (float64) at the start.
    timed : bool
        Whether the time spent at each vertex is wanted. Segments are then walked in stretches of
        which every step is looked at. Where a segment has rewards, it is what was collected.
    arriving : (K, V), of the type of `start`, optional
        Who comes in when each segment begins.
    """
    trail = _Trail(start, timed)
    done, steps = 0, max(1, sum(segment.steps for segment in segments))
    kind: Hashable = None
    for number, segment in enumerate(segments):
        if arriving is not None:
            trail.state = trail.state + arriving[number]
        # Steps of pieces of equal length differ by rounding.
        before, kind = kind, f"{segment.dt:.12g}" if segment.rates is None else number
        if kind != before:
            transition = segment.own(rates).transition(segment.dt)
        longest = max(1, _RECORDED // len(start)) if timed else segment.steps
        recorded = np.array(segment.recorded, dtype=np.int64)
        for first in range(0, max(1, segment.steps), max(1, longest)):
            last = min(first + longest, segment.steps)
            wanted = recorded[(recorded > first) & (recorded <= last)] - first
            if first == 0 and 0 in segment.recorded:
                wanted = np.concatenate([[0], wanted])
            reach = (done + first) / steps, (done + last) / steps
            yield from trail.walk(
                transition, last - first, wanted, reach, kind=kind, reward=segment.reward
            )
        done += segment.steps
    return trail.finish()


def march_endlessly(
    rates: Rates, dt: float, start: npt.NDArray[np.int64], *, timed: bool = False
) -> March:
    """Walk until the last walker has left; ``counts`` is (1, V) of 0.

    Raises
    ------
    InputError
        If that takes more than 2³¹ − 1 steps.
    """
    trail = _Trail(start, timed)
    transition = rates.transition(dt)
    total, taken = max(1, int(start.sum())), 0
    for stretch in endless_stretches(len(start), timed=timed):
        done = 1 - float(trail.state.sum()) / total
        yield from trail.walk(transition, stretch, np.zeros(0, dtype=np.int64), (done, done))
        taken += stretch
        if taken > _MOST_STEPS:
            raise InputError(
                f"{int(trail.state.sum())} walkers have not left after {taken} steps: give a "
                "t_span that ends"
            )
        if not trail.state.any():
            break
    trail.record_end()
    return trail.finish()


def endless_stretches(vertices: int, *, timed: bool) -> Iterator[int]:
    """Give the steps of one stretch after another where time has no end; walkers say when to stop.

    `vertices` is the number of all, and `timed` whether every step is looked at.
    """
    most = max(1, _RECORDED // vertices) if timed else _LONGEST_STRETCH
    stretch = min(_FIRST_STRETCH, most)
    while True:
        yield stretch
        stretch = min(2 * stretch, most)


def follow(marching: March, walk: Callable[[Stretch], Walk], report: Report) -> Walk:
    """Return what a march returns if `walk` walks its stretches, one after another.

    `report` gets the fraction done.
    """
    report(0.0)
    try:
        stretch = next(marching)
        while True:
            walked = walk(stretch)
            report(stretch.done[1])
            stretch = marching.send(walked)
    except StopIteration as end:
        report(1.0)
        whole: Walk = end.value
        return whole


class _Trail:
    """What has been recorded of a walk so far, and where the walkers are."""

    def __init__(self, start: npt.NDArray[Any], timed: bool) -> None:
        self.state, self.timed, self.number = start, timed, 0
        self.counts: list[npt.NDArray[Any]] = []
        self.exited: list[npt.NDArray[Any]] = []
        self.left: list[npt.NDArray[Any]] = []
        self.stays: list[npt.NDArray[np.float64]] = []
        self.stay = np.zeros(len(start))
        self.runs: list[Run] = []

    def walk(
        self,
        transition: Transition,
        steps: int,
        wanted: npt.NDArray[np.int64],
        done: tuple[float, float],
        *,
        kind: Hashable = None,
        reward: npt.NDArray[np.float64] | None = None,
    ) -> Generator[Stretch, Walk, None]:
        """Have `steps` steps walked and keep what is `wanted` of them.

        Time is counted in units of `reward`, (V,), where there is one.
        """
        looked = np.unique(np.append(wanted, steps))
        walked = yield Stretch(transition, self.state, looked, self.timed, self.number, done, kind)
        kept = slice(len(wanted))
        before = self.left[-1][-1] if self.left else 0
        self.counts.append(walked.counts[kept])
        self.exited.append(before + walked.exited[kept])
        self.left.append(before + walked.left[1 if self.left else 0 :])
        self.runs.extend(walked.runs)
        if self.timed:
            assert walked.stay is not None, "the stretch is timed"
            spent = self.stay + (walked.stay if reward is None else reward * walked.stay)
            self.stays.append(spent[kept])
            self.stay = spent[-1]
        # A walker is where it is, whatever the step that took it there (Markov).
        self.state = walked.counts[-1]
        self.number += 1

    def record_end(self) -> None:
        """Keep the state as it is."""
        self.counts.append(self.state[None])
        self.exited.append(self.left[-1][-1:])
        self.stays.append(self.stay[None])

    def finish(self) -> Walk:
        """Return all that was kept."""
        return Walk(
            np.concatenate(self.counts),
            np.concatenate(self.exited),
            np.concatenate(self.left),
            tuple(self.runs),
            np.concatenate(self.stays) if self.timed else None,
        )
