"""Over how many lanes a density walk is fastest, and what `lanes="auto"` takes.

    python benchmarks/density_lanes.py            all cases, about ten minutes on an idle machine
    python benchmarks/density_lanes.py lake       those whose name contains a word

One thread, processor time of the whole walk. By these tables the constants of
``spikealg.solvers.diffusion.walks.lanes`` were set.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np

from meshes import torus
from spikealg import diffusion
from spikealg.solvers.diffusion.equation.transition import Transition
from spikealg.solvers.diffusion.walks import density
from spikealg.solvers.diffusion.walks.lanes import choose_lanes
from spikealg.solvers.diffusion.walks.start import draw_walkers

LANES = (1, 4, 8, 512, 1024, 1536, 2048, 3072, 4096, 8192, 16384)
TOO_LONG = 60.0
"""Seconds after which no slower number of lanes is tried."""


@dataclass(frozen=True)
class Case:
    """A walk: from where, how many, how far."""

    name: str
    transition: Transition
    chance: np.ndarray[Any, np.dtype[np.float64]]
    walkers: int
    steps: int

    def seconds(self, lanes: int) -> float:
        """Return how long the walk takes, the better of two times where that is short."""
        start = draw_walkers(self.chance, self.walkers, 0)
        times: list[float] = []
        while not times or (len(times) < 3 and sum(times) < 3):
            began = process_time()
            density.walk(
                self.transition, start, np.array([self.steps]), seed=1, lanes=lanes, threads=1
            )
            times.append(process_time() - began)
        return min(times)


def cases() -> Iterator[Case]:
    """Yield rings and squares of 100 and 1000 vertices, uniform and point starts, and a lake."""
    for name, shape in (("ring", (100,)), ("ring", (1000,)), ("square", (32, 32))):
        transition = torus(*shape)
        vertices = len(transition.live)
        uniform, point = np.full(vertices, 1 / vertices), np.eye(vertices)[vertices // 2]
        for exponent in range(4, 8):
            walkers = 10**exponent
            steps = max(10, min(100, 10**8 // walkers))
            yield Case(f"{name} {vertices} uniform", transition, uniform, walkers, steps)
            if exponent < 7:
                yield Case(f"{name} {vertices} point", transition, point, walkers, steps)
    lake = diffusion.lake("Lake Superior", dx=4000.0)
    spill = diffusion.Problem(
        lake, diffusivity=100.0, boundary="absorb", initial=lake.project((-88.2, 47.6))
    )
    rates = spill.rates
    steps = 300
    for walkers in (30_000, 1_000_000):
        yield Case(
            "lake point",
            rates.transition(rates.choose_dt()),
            spill.start.probability,
            walkers,
            steps,
        )


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    print("walk | walkers | steps | best | auto | auto / best | ns per walker-step: lanes: time")
    for case in cases():
        if word not in case.name:
            continue
        chosen = choose_lanes(case.transition, case.chance, case.steps, case.walkers)
        taken: dict[int, float] = {}
        for lanes in dict.fromkeys((chosen, *LANES)):
            if lanes <= case.walkers and min(taken.values(), default=0) < TOO_LONG:
                taken[lanes] = case.seconds(lanes)
        best = min(taken, key=lambda lanes: taken[lanes])
        per_step = 1e9 / case.walkers / case.steps
        print(
            f"{case.name} | {case.walkers:.0e} | {case.steps} | {best} | {chosen} | "
            f"{taken[chosen] / taken[best]:.2f} | "
            + ", ".join(f"{lanes}: {taken[lanes] * per_step:.3g}" for lanes in sorted(taken)),
            flush=True,
        )


if __name__ == "__main__":
    main()
