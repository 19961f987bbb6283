"""Handing the lanes of a job to a kernel, slice by slice, over threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from spikealg.engine import clock, event, lanes, reference
from spikealg.engine.job import Job, Outcome, Report, merge
from spikealg.engine.packed import LANES_PER_PAIR

__all__ = ["KERNELS", "execute"]

KERNELS: dict[str, Callable[[Job, slice, Report], Outcome]] = {
    "reference": reference.run,
    "event": event.run,
    "clock": clock.run,
    "lanes": lanes.run,
}
"""Kernels by name; all give the same spikes, bit for bit."""


def execute(job: Job, kernel: str, threads: int, tell: Callable[[float], None]) -> Outcome:
    """Run all lanes of a job and join what was found.

    Raises
    ------
    NeuronOverflowError
        If a potential or current leaves int32.
    TooLargeError
        If what is recorded cannot fit into memory.
    """
    run = KERNELS[kernel]
    slices = _slices(job, kernel, threads)
    tally = _Tally(tell, job.lanes)
    if len(slices) == 1:
        return merge(job, [run(job, slices[0], tally.add)])
    with ThreadPoolExecutor(len(slices)) as pool:
        try:
            parts = list(pool.map(lambda lanes: run(job, lanes, tally.add), slices))
        except BaseException:
            tally.stopped = True
            raise
    return merge(job, parts)


def _slices(job: Job, kernel: str, threads: int) -> list[slice]:
    """Split the lanes over threads; the lanes kernel gets whole pairs of words."""
    offset = job.first_lane % LANES_PER_PAIR
    grain = LANES_PER_PAIR if kernel == "lanes" else 1
    grains = -(-(offset + job.lanes) // grain) if grain > 1 else job.lanes
    workers = min(threads, grains)
    edges = [grains * worker // workers * grain for worker in range(workers + 1)]
    if grain > 1:
        edges = [min(max(edge - offset, 0), job.lanes) for edge in edges]
    return [slice(low, high) for low, high in pairwise(edges)]


class _Tally:
    """Adds up the work of kernels over threads, and ends them when it is stopped.

    Kernels call :meth:`add` several times a second, so Ctrl-C is heard by all threads.
    """

    def __init__(self, tell: Callable[[float], None], lanes: int) -> None:
        self.stopped = False
        self._tell, self._lanes = tell, lanes
        self._lock, self._done = threading.Lock(), 0.0

    def add(self, lane_fraction: float) -> None:
        """Add work done, in lanes."""
        if self.stopped:
            raise KeyboardInterrupt
        with self._lock:
            self._done += lane_fraction / self._lanes
            self._tell(min(self._done, 1.0))
