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

VERTICES = 512
WORKERS = (1, 2)
JOBS = {"density": (4_000_000, 1200), "montecarlo": (4_000_000, 600)}
"""Walkers and steps by method; about a minute of one worker, and a fifth of one."""


def measure(settings: Settings) -> Report:
    """Solve by each number of workers, which have solved a small problem before."""
    rows = []
    with ExitStack() as open_pools:
        pools = {n: open_pools.enter_context(_warm(n)) for n in WORKERS}
        for method, (walkers, steps) in JOBS.items():
            some = walkers // 100 if settings.quick else walkers
            walls, found = zip(
                *(_timed(method, some, steps, pools[n]) for n in WORKERS), strict=True
            )
            for solution in found[1:]:
                np.testing.assert_array_equal(solution.counts, found[0].counts)
            speed_up = f"{walls[0] / walls[-1]:.2f}"
            told = (f"{found[0].walkers:,}", f"{found[0].lanes:,}")
            rows.append([method, *told, *(f"{wall:.1f}" for wall in walls), speed_up])
    columns = ("method", "walkers", "lanes", *(f"s by {n}" for n in WORKERS), "speed-up")
    note = f"A ring of {VERTICES} vertices; counts are equal, bit for bit."
    return Report([Table("Worker processes", columns, rows, note)])


def _timed(
    method: str, walkers: int, steps: int, pool: ProcessPoolExecutor
) -> tuple[float, diffusion.Solution]:
    ring = diffusion.Interval(0, VERTICES, VERTICES)
    problem = diffusion.Problem(
        ring, diffusivity=0.25, boundary="periodic", initial=lambda x: np.ones(len(x))
    )
    began = perf_counter()
    solution = diffusion.solve(
        problem, float(steps), dt=1.0, method=method, walkers=walkers, executor=pool
    )
    return perf_counter() - began, solution


@contextmanager
def _warm(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Give processes that have loaded their kernels."""
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        for method in JOBS:
            _timed(method, 200_000, 3, pool)
        yield pool
