"""How long the first answer takes: on a machine that has compiled nothing, and on one that has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import Report, Table
from sections.kernels import FAST_KERNELS
from settings import Settings

BENCHMARKS = Path(__file__).parents[1]
COLD_AIM, WARM_AIM = 20.0, 1.5
PROGRAM = """
import json, time
times = [time.perf_counter()]
import numpy as np
from spikealg import diffusion
from spikealg.circuits import Adder
from workloads import steppers
times.append(time.perf_counter())
for size in {sizes}:
    {job}
    times.append(time.perf_counter())
print(json.dumps([after - before for before, after in zip(times, times[1:])]))
"""
SIMULATE = """
    steppers(10 * size, ticks=100, lanes=100 * size).simulate("{kernel}")
"""
ADDER = """
    operands = np.arange(100 * size)
    Adder(7 + size).compile()(a=operands, b=operands)
"""
SOLVE = """
    interval = diffusion.Interval(0, 1, 16 * size)
    ring = diffusion.Problem(interval, diffusivity=1.0, boundary="periodic", initial=0.5)
    diffusion.solve(ring, t_span=(0, 0.01), walkers=1000 * size, method="{method}")
"""
COLUMNS = (
    "first job of a process",
    "nothing compiled s",
    "compiled before s",
    "of which import s",
    "job again s",
    "job of another size s",
    "functions compiled",
)


def measure(settings: Settings) -> Report:
    """Run every job in a new process, with an empty folder of compiled code, then with a full."""
    kernels = [settings.kernel] if settings.quick else FAST_KERNELS
    jobs = {f"simulate, {kernel}": SIMULATE.format(kernel=kernel) for kernel in kernels}
    if not settings.quick:
        jobs["adder called with arrays"] = ADDER
        for method in ("density", "particle"):
            jobs[f"diffusion.solve, {method}"] = SOLVE.format(method=method)
    rows, cold, warm = [], [], []
    for name, job in jobs.items():
        with tempfile.TemporaryDirectory() as cache:
            cold.append(_process(job, (1,), cache)[0])
            compiled = _functions(cache)
            process, (imports, _, again, other) = min(
                _process(job, (1, 1, 2), cache) for _ in range(settings.repeat)
            )
            if _functions(cache) != compiled:
                raise AssertionError(f"{name}: a job of the same or another size was compiled anew")
        warm.append(process)
        cells = (cold[-1], process, imports, again, other)
        rows.append([name, *(f"{cell:.3g}" for cell in cells), str(compiled)])
    note = (
        f"Seconds of a whole process up to its first answer, interpreter included. Longest: "
        f"{max(cold):.3g} s with nothing compiled (aim {COLD_AIM:g}), {max(warm):.3g} s with "
        f"everything compiled before (aim {WARM_AIM:g}). The processes with everything compiled "
        "are the quickest of some."
    )
    return Report([Table("Time to the first answer", COLUMNS, rows, note)])


def _process(job: str, sizes: tuple[int, ...], cache: str) -> tuple[float, list[float]]:
    """Return the seconds until the first answer, and those of the imports and of each job."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(job=job, sizes=sizes)],
        cwd=BENCHMARKS,
        env=os.environ | {"NUMBA_CACHE_DIR": cache},
        capture_output=True,
        text=True,
        check=True,
    )
    wall = time.perf_counter() - start
    times = json.loads(done.stdout)
    return wall - sum(times[2:]), times


def _functions(cache: str) -> int:
    """Return how many compiled functions a folder holds."""
    return sum(1 for _ in Path(cache).rglob("*.nbc"))
