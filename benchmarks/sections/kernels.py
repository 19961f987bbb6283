"""W1–W3 on every kernel, against what one core can do at best."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from limits import ScatterLimit
from report import Bars, Report, Table
from settings import Settings
from spikealg.engine import KERNELS
from spikealg.engine.plan import make_plan
from timing import quick_seconds
from workloads import Workload, random_network, rings, steppers

COLUMNS = (
    "workload",
    "kernel",
    "wall s",
    "M synaptic events/s",
    "of scatter-add",
    "of unsigned scatter-add",
    "bytes/synapse",
    "seen",
)
FAST_KERNELS = tuple(name for name in KERNELS if name != "reference")
LONGEST = 3.0
"""Seconds: kernels that would take longer run fewer ticks, and their time is scaled up."""


def workloads(quick: bool) -> Iterator[Workload]:
    """Yield W1–W3, one at a time because they are large."""
    n, ticks = (1000, 200) if quick else (10_000, 1000)
    yield random_network(100, n=n, ticks=ticks)
    if not quick:
        yield random_network(1000)
    yield rings(n // 10, ticks=10 * ticks)
    yield steppers(n, ticks=ticks)
    yield steppers(1, ticks=ticks, lanes=n)


def measure(settings: Settings) -> Report:
    """Measure all kernels on all workloads, the limit before every call."""
    limit = ScatterLimit()
    rows, charts = [], []
    for workload in workloads(settings.quick):
        rates = {}
        for kernel in FAST_KERNELS:
            row, rates[kernel] = _row(workload, kernel, limit, settings.repeat)
            rows.append(row)
        charts.append(
            Bars(workload.name, "M synaptic events/s", rates, ours=frozenset(FAST_KERNELS))
        )
    signed, unsigned = limit.rates()
    note = (
        f"Scatter-add into 400 KB in this run: {signed / 1e6:.0f} M/s, with unsigned indices "
        f"{unsigned / 1e6:.0f} M/s. What takes more than {LONGEST:g} s ran fewer ticks, and its "
        "time is scaled up."
    )
    return Report([Table("Kernels, one thread", COLUMNS, rows, note)], charts)


def _row(
    workload: Workload, kernel: str, limit: ScatterLimit, repeat: int
) -> tuple[list[str], float]:
    """Return the row of one kernel on one workload, and its rate [M synaptic events/s]."""
    part = workload.shortened(kernel, LONGEST)
    run = part.simulate(kernel)
    seen, events = part.check(run.counts), run.synaptic_events
    walls, idle = [], []
    for _ in range(repeat):
        limit.measure()
        idle.append(quick_seconds(part.simulate, kernel, ticks=0))
        walls.append(quick_seconds(part.simulate, kernel))
    start, wall = statistics.median(idle), statistics.median(walls)
    rate = events / (wall - start)
    wall = start + (wall - start) * workload.ticks / part.ticks
    signed, unsigned = limit.rates()
    cells = [
        workload.name,
        kernel,
        f"{wall:.3g}",
        f"{rate / 1e6:.0f}",
        f"{rate / signed:.0%}",
        f"{rate / unsigned:.0%}",
        "" if kernel == "lanes" else str(make_plan(workload.network).bytes_per_synapse),
        seen,
    ]
    return cells, rate / 1e6
