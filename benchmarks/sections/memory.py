"""Peak memory of the large jobs, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from report import Report, Table
from sections.kernels import FAST_KERNELS
from settings import Settings

BENCHMARKS = Path(__file__).parents[1]
PROGRAM = """
import meshes, numpy as np, ours, workloads
from peers.protocol import peak_memory
from spikealg.circuits import Adder
def adder(pairs):
    operands = np.random.default_rng(1).integers(0, 256, (2, pairs))
    Adder(8).compile()(a=operands[0], b=operands[1])
def density(transition, walkers):
    ours.density(transition, meshes.uniform(transition, walkers), 20)
{job}
print(peak_memory())
"""


def measure(settings: Settings) -> Report:
    """Run every job once and say how much more memory it took than a tiny one."""
    turns = 1 if settings.quick else 2
    idle = _peak(f"workloads.steppers(1, 10, 2).simulate('{settings.kernel}')", turns)
    rows = [
        [name, f"{(_peak(job, turns) - idle) / 2**20:,.0f}"]
        for name, job in _jobs(settings.quick, settings.kernel).items()
    ]
    note = f"A tiny job takes {idle / 2**20:,.0f} MiB: interpreter, imports, compiled code."
    return Report([Table("Peak memory", ("job", "MiB above a tiny job"), rows, note)])


def _jobs(quick: bool, kernel: str) -> dict[str, str]:
    """Return programs by name. Ticks and steps are few: memory does not depend on them."""
    n, many, most = (1000, 10**4, 10**5) if quick else (10_000, 10**6, 10**7)
    jobs = {}
    for each in FAST_KERNELS:
        jobs[f"W1 K=1000, {each}"] = (
            f"workloads.random_network(1000, {n}).simulate('{each}', ticks=20)"
        )
        jobs[f"W3, {each}"] = f"workloads.steppers({n}).simulate('{each}', ticks=20)"
    stepper = f"workloads.steppers(1, 100, {many}).simulate('{kernel}')"
    jobs[f"one stepper in {many:,} lanes"] = stepper
    particle = f"ours.particle({many}, 20, 1155, 1, kernel='{kernel}')"
    jobs[f"particle circuit, {many:,} walkers"] = particle
    for vertices in (100, 1000):
        density = f"density(meshes.torus({vertices}), {most})"
        jobs[f"density circuit, V={vertices}, {most:,} walkers"] = density
    jobs[f"8-bit adder, {most:,} pairs of int64"] = f"adder({most})"
    return jobs


def _peak(job: str, turns: int) -> int:
    """Return the peak of resident memory of a process that does the job [bytes].

    The smallest of some, because the first may compile.
    """
    peaks = []
    for _ in range(turns):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(job=job)],
            cwd=BENCHMARKS,
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(done.stdout))
    return min(peaks)
