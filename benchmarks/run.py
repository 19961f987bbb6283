"""Speed on one thread, against limits measured in the same run.

    python benchmarks/run.py                    every workload, as a table
    python benchmarks/run.py --markdown         the same as Markdown, for benchmarks/README.md
    python benchmarks/run.py --only W2 density  some of them

Each call is repeated, with the limit measured before every repetition, and medians are compared:
the clock of a shared machine drifts, a ratio within one run much less. The wall seconds are those
of the call; rates leave out what the same call takes for no ticks (or one walk step), as building
is left out of the figures that other simulators publish.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator

import walks
from limits import ScatterLimit, seconds
from spikealg.engine import simulate
from spikealg.engine.plan import make_plan
from workloads import Workload, random_network, rings, steppers

KERNELS = ("event", "clock")
WORKLOADS: dict[str, Callable[[], Workload]] = {
    "W1-100": lambda: random_network(100),
    "W1-1000": lambda: random_network(1000),
    "W2": rings,
    "W3": steppers,
}
SPIKE_COLUMNS = (
    "workload",
    "kernel",
    "wall s",
    "M synaptic events/s",
    "of scatter-add",
    "of unsigned scatter-add",
    "bytes/synapse",
    "seen",
)
WALK_COLUMNS = ("walk", "method", "wall s", "M walker-steps/s", "against montecarlo")


def measure_spikes(workload: Workload, kernel: str, limit: ScatterLimit, repeat: int) -> list[str]:
    """Return the row of one kernel on one workload."""
    network, arguments = workload.network, {"kernel": kernel, "threads": 1, "record": "counts"}

    def run(ticks: int) -> None:
        nonlocal result
        inputs = workload.inputs if ticks else None
        result = simulate(network, inputs, ticks=ticks, seed=1, **arguments)

    result = None
    run(workload.ticks)
    seen = workload.check(result.counts)
    events = result.synaptic_events
    walls, idle = [], []
    for _ in range(repeat):
        limit.measure()
        idle.append(seconds(run, 0))
        walls.append(seconds(run, workload.ticks))
    wall = statistics.median(walls)
    rate = events / (wall - statistics.median(idle))
    signed, unsigned = limit.rates()
    return [
        workload.name,
        kernel,
        f"{wall:.3f}",
        f"{rate / 1e6:.0f}",
        f"{rate / signed:.0%}",
        f"{rate / unsigned:.0%}",
        str(make_plan(network).bytes_per_synapse),
        seen,
    ]


def measure_walks(repeat: int) -> Iterator[list[str]]:
    """Yield the rows of the density circuit and of its rival, on the same transition matrix."""
    rates = {}
    rows = []
    for method, walk in walks.METHODS.items():
        walk(walks.STEPS[method])
        short, long = [], []
        for _ in range(repeat):
            short.append(seconds(walk, 1))
            long.append(seconds(walk, walks.STEPS[method]))
        wall = statistics.median(long)
        rates[method] = (
            walks.WALKERS * (walks.STEPS[method] - 1) / (wall - statistics.median(short))
        )
        rows.append([walks.NAME, method, f"{wall:.3f}", f"{rates[method] / 1e6:.1f}"])
    for row in rows:
        yield [*row, f"{rates[row[1]] / rates['montecarlo']:.2f}"]


def show(columns: tuple[str, ...], rows: list[list[str]], markdown: bool) -> None:
    """Print a table."""
    if markdown:
        for row in (columns, ["---"] * len(columns), *rows):
            print("| " + " | ".join(row) + " |")
    else:
        widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
        for row in (columns, *rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=[*WORKLOADS, "density"])
    parser.add_argument("--kernels", nargs="+", default=KERNELS)
    parser.add_argument("--repeat", type=int, default=5, help="repetitions of each call")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    chosen = options.only or [*WORKLOADS, "density"]

    limit = ScatterLimit()
    rows = []
    for name in WORKLOADS:
        if name in chosen:
            workload = WORKLOADS[name]()
            rows += [
                measure_spikes(workload, kernel, limit, options.repeat)
                for kernel in options.kernels
            ]
    if rows:
        show(SPIKE_COLUMNS, rows, options.markdown)
        signed, unsigned = limit.rates()
        print(
            f"scatter-add into 400 KB in this run: {signed / 1e6:.0f} M/s, "
            f"with unsigned indices {unsigned / 1e6:.0f} M/s\n"
        )
    if "density" in chosen:
        show(WALK_COLUMNS, list(measure_walks(options.repeat)), options.markdown)


if __name__ == "__main__":
    main()
