"""What a second worker brings: solve(executor=) by one process and by two."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from time import perf_counter

import numpy as np

from report import Report, Table
from settings import Settings
from spikealg import diffusion

VERTICES, WALKERS = 100, 10_000_000
WORKERS = (1, 2)
JOBS = (("density", "auto", 10_000), ("density", 8192, 8000), ("montecarlo", "auto", 2400))
"""Methods, lanes and steps; about a minute of one worker each."""


def measure(settings: Settings) -> Report:
    """Solve by each number of workers, which have solved a small problem before."""
    rows = []
    walkers = WALKERS // 100 if settings.quick else WALKERS
    with ExitStack() as open_pools:
        pools = {n: open_pools.enter_context(_warm(n)) for n in WORKERS}
        for method, lanes, steps in JOBS:
            timed = [_timed(method, walkers, lanes, steps, pools[n]) for n in WORKERS]
            walls, found = zip(*timed, strict=True)
            for solution in found[1:]:
                np.testing.assert_array_equal(solution.counts, found[0].counts)
            chosen = " (auto)" if lanes == "auto" else ""
            told = f"{found[0].lanes:,}{chosen}" if method == "density" else ""
            speed_up = f"{walls[0] / walls[-1]:.2f}"
            rows.append([method, told, *(f"{wall:.1f}" for wall in walls), speed_up])
    columns = ("method", "lanes", *(f"s by {n}" for n in WORKERS), "speed-up")
    note = f"{walkers:,} walkers on a ring of {VERTICES} vertices; counts are equal, bit for bit."
    return Report([Table("Worker processes", columns, rows, note)])


def _timed(
    method: str, walkers: int, lanes: int | str, steps: int, pool: ProcessPoolExecutor
) -> tuple[float, diffusion.Solution]:
    """Return the seconds that a walk takes, and its solution."""
    ring = diffusion.Interval(0, VERTICES, VERTICES)
    problem = diffusion.Problem(
        ring, diffusivity=0.25, boundary="periodic", initial=lambda x: np.ones(len(x))
    )
    began = perf_counter()
    solution = diffusion.solve(
        problem, float(steps), dt=1.0, method=method, walkers=walkers, lanes=lanes, executor=pool
    )
    return perf_counter() - began, solution


@contextmanager
def _warm(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Give processes that have loaded their kernels."""
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        for method, lanes, _ in JOBS:
            _timed(method, 200_000, lanes, 3, pool)
        yield pool
