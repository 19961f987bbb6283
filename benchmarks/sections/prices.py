"""What a price adds to a run: counting and pricing, when the network is placed and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from report import Report, Table
from sections.kernels import workloads
from settings import Settings
from spikealg import circuits, diffusion, hardware
from spikealg.engine import Run, simulate
from spikealg.solvers.diffusion.solution import Solution
from timing import in_turn, seconds

PLATFORM = "loihi"
AIM = 0.1
ADDER_TICKS = 40
WALK_STEPS = 300
COLUMNS = ("run", "run s", "first price s", "price s", "price / run")
Job = Callable[[], Run | Solution]


def measure(settings: Settings) -> Report:
    """Time every job, the first price of its network, and later ones in turn with the job."""
    rows, shares = [], []
    for name, job in jobs(settings.quick):
        done = job()
        first = seconds(hardware.estimate, done, PLATFORM)
        price = partial(hardware.estimate, done, PLATFORM)
        walls = in_turn({"run": job, "price": price}, settings.repeat)
        shares.append(walls["price"] / walls["run"])
        cells = (walls["run"], first, walls["price"])
        rows.append([name, *(f"{cell:.3g}" for cell in cells), f"{shares[-1]:.1%}"])
    missed = sum(share > AIM for share in shares)
    note = (
        f"{missed} of {len(shares)} above the aim of {AIM:.0%}. The first price of a network "
        "places it on cores; the placement is kept for its other runs. `solve` chooses its threads."
    )
    return Report([Table(f"Prices on {PLATFORM}, kernel='auto'", COLUMNS, rows, note)])


def jobs(quick: bool) -> Iterator[tuple[str, Job]]:
    """Yield adders in lanes, W1–W3, and diffusion from few walkers to many."""
    adder = circuits.Adder(32).compile()
    for lanes in (100, 1000) if quick else (1000, 100_000):
        operands = {"a": np.arange(lanes), "b": np.arange(lanes)}
        yield (
            f"Adder(32), {lanes:,} lanes",
            partial(
                simulate, adder, operands, ticks=ADDER_TICKS, seed=1, record="counts", threads=1
            ),
        )
    for workload in workloads(quick):
        yield workload.name, partial(workload.simulate, "auto")
    for n, walkers in ((32, 1000),) if quick else ((32, 1000), (32, 100_000), (1000, 100_000)):
        ring = diffusion.heat_rod("periodic", n=n)
        t_end = WALK_STEPS * ring.rates.choose_dt()
        name = f"solve, {n} vertices, {walkers:,} walkers, {WALK_STEPS} steps"
        yield name, partial(diffusion.solve, ring, (0, t_end), walkers=walkers)
