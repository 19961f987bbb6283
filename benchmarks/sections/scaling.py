"""How rates grow with walkers, vertices, lanes and threads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import meshes
import ours
from report import Lines, Report, Table
from sections.kernels import FAST_KERNELS
from settings import Settings
from spikealg.solvers.diffusion.equation.transition import Transition
from timing import in_turn
from workloads import steppers

SIZE = 3 * 5 * 7 * 11
STEPS = 100
SLOW = 2.0
"""Seconds of a call after which larger sizes are left out."""
Jobs = dict[str, Callable[[int], tuple[Callable[[], Any], float]]]
"""By name: what makes of a size the call and the millions of pieces of work that it does."""


def measure(settings: Settings) -> Report:
    """Measure every curve, then what a second thread brings."""
    most = 5 if settings.quick else 7
    walkers: Jobs = {
        "particle circuit": lambda n: _particle(n, settings.kernel),
        "density circuit, V=100": lambda n: _density(meshes.torus(100), n),
    }
    vertices: Jobs = {
        "ring, d=2": lambda n: _density(meshes.torus(n), 100 * n),
        "torus, d=4": lambda n: _density(meshes.torus(n // 10, 10), 100 * n),
    }
    lanes: Jobs = {kernel: partial(_steppers, kernel) for kernel in FAST_KERNELS}
    pairs = [
        _curves("walkers", "M walker-steps/s", walkers, range(2, most + 1), settings),
        _curves("vertices", "M walker-steps/s", vertices, range(2, most - 2), settings),
        _curves("lanes of one stepper", "M synaptic events/s", lanes, range(most), settings),
    ]
    pairs.append(_threads(settings))
    return Report([table for table, _ in pairs], [chart for _, chart in pairs])


def _particle(walkers: int, kernel: str) -> tuple[Callable[[], Any], float]:
    call = partial(ours.particle, walkers, 10 * STEPS, SIZE, 1, kernel=kernel)
    return call, walkers * 10 * STEPS / 1e6


def _density(transition: Transition, walkers: int) -> tuple[Callable[[], Any], float]:
    start = meshes.uniform(transition, walkers)
    call = partial(ours.density, transition, start, STEPS)
    return call, walkers * STEPS / 1e6


def _steppers(kernel: str, lanes: int) -> tuple[Callable[[], Any], float]:
    workload = steppers(1, lanes=lanes)
    return partial(workload.simulate, kernel), 6 * workload.ticks * lanes / 1e6


def _curves(
    size: str, unit: str, jobs: Jobs, powers: range, settings: Settings
) -> tuple[Table, Lines]:
    """Measure jobs at powers of ten, each up to where it becomes slow."""
    curves: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    rows, going = [], dict(jobs)
    for n in (10**power for power in powers):
        made = {name: make(n) for name, make in going.items()}
        calls = {name: call for name, (call, _) in made.items()}
        walls = in_turn(calls, settings.repeat, most=2 * SLOW)
        for name, (_, work) in made.items():
            curves[name].append((n, work / walls[name]))
        going = {name: make for name, make in going.items() if walls[name] < SLOW}
        rates = {name: f"{work / walls[name]:.3g}" for name, (_, work) in made.items()}
        rows.append([f"{n:,}", *(rates.get(name, "") for name in jobs)])
    title = f"Rates [{unit}] by {size}, one thread"
    return Table(title, (size, *jobs), rows), Lines(f"{size}, one thread", size, unit, curves)


def _threads(settings: Settings) -> tuple[Table, Lines]:
    """Measure long runs on one thread and on two, which must give the same."""
    share = 1000 if settings.quick else 1
    workload = steppers(1, lanes=10**6 // share)
    transition = meshes.torus(100)
    start = meshes.uniform(transition, 10**7 // share)
    jobs: dict[str, Callable[..., np.ndarray]] = {
        "stepper, a million lanes": lambda threads: (
            workload.simulate(settings.kernel, threads=threads).counts
        ),
        "particle circuit, a million walkers": partial(
            ours.particle, 10**6 // share, 10 * STEPS, SIZE, 1, kernel=settings.kernel
        ),
        "density circuit, V=100, ten million walkers": partial(
            ours.density, transition, start, STEPS
        ),
    }
    rows, curves = [], {}
    for name, job in jobs.items():
        if not np.array_equal(job(threads=1), job(threads=2)):
            raise AssertionError(f"{name}: two threads give something else than one")
        calls = {f"{n} threads": partial(job, threads=n) for n in (1, 2)}
        one, two = in_turn(calls, settings.repeat, warm=False).values()
        rows.append([name, f"{one:.3g}", f"{two:.3g}", f"{one / two:.2f}"])
        curves[name] = [(1, 1.0), (2, one / two)]
    return (
        Table("Threads", ("job", "one thread s", "two threads s", "speedup"), rows),
        Lines("threads", "threads", "speedup", curves, x_log=False),
    )
