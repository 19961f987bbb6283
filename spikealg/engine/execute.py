"""Handing the lanes of a job to a kernel, slice by slice, over threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from spikealg.engine import clock, event, lanes, reference
from spikealg.engine.job import Job, Outcome, Report, merge
from spikealg.engine.packed import LANES_PER_PAIR
from spikealg.memory import require_memory

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
    if kernel != "lanes":
        # Values one by one are sorted when first asked for: once, and not by each thread.
        _ = job.injection.pointer
    with ThreadPoolExecutor(len(slices)) as pool:
        try:
            parts = list(pool.map(lambda lanes: run(job, lanes, tally.add), slices))
        except BaseException as error:
            tally.failed = error
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
    """Adds up the work of kernels over threads, and ends them all when one has failed.

    Kernels call :meth:`add` several times a second, so Ctrl-C is heard by all threads.
    """

    def __init__(self, tell: Callable[[float], None], lanes: int) -> None:
        self.failed: BaseException | None = None
        self._tell, self._lanes = tell, lanes
        self._lock, self._done, self._recorded = threading.Lock(), 0.0, 0

    def add(self, lanes: float, recorded: int = 0) -> None:
        """Add work done; see :class:`~spikealg.engine.job.Report`."""
        if self.failed is not None:
            raise self.failed
        with self._lock:
            try:
                self._done += lanes / self._lanes
                self._tell(min(self._done, 1.0))
                self._recorded += recorded
                if recorded:
                    # What the threads recorded is joined, and then sorted.
                    require_memory(
                        2 * self._recorded,
                        "a raster of this run",
                        "record fewer neurons, or run blocks of lanes (first_lane numbers them)",
                    )
            except BaseException as error:
                self.failed = error
                raise
