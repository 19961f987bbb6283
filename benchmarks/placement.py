"""Time and traffic of `hardware.place` for 10⁵ neurons and 10⁶ synapses.

`python benchmarks/placement.py` prints the table of docs/placement.md in half a minute. One
thread, processor time; the first call compiles and is not counted.
"""

from __future__ import annotations

from time import process_time

import numpy as np

from report import Table
from spikealg.hardware import place
from spikealg.network import Network

SIDE = 354
NEURONS, SYNAPSES = 100_000, 1_000_000


def torus() -> Network:
    """Join each vertex of a square to its eight neighbours; vertices are numbered at random."""
    vertex = np.random.default_rng(0).permutation(SIDE * SIDE).reshape(SIDE, SIDE)
    steps = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)]
    return Network.from_arrays(
        threshold=np.ones(SIDE * SIDE, dtype=int),
        pre=np.concatenate([vertex.ravel()] * len(steps)),
        post=np.concatenate([np.roll(vertex, step, (0, 1)).ravel() for step in steps]),
    )


def scattered() -> Network:
    """Join pairs of neurons at random."""
    pre, post = np.random.default_rng(0).integers(0, NEURONS, (2, SYNAPSES))
    return Network.from_arrays(threshold=np.ones(NEURONS, dtype=int), pre=pre, post=post)


def main() -> None:
    rows = []
    for name, network in (("torus, 8 neighbours", torus()), ("random", scattered())):
        for platform in ("loihi", "truenorth"):
            for method in ("greedy", "partition"):
                if not rows:
                    for each in ("greedy", "partition"):
                        place(network, platform, each)
                start = process_time()
                placed = place(network, platform, method)
                spent = process_time() - start
                sending = np.count_nonzero(placed.reach)
                rows.append([
                    name, platform, method, f"{placed.cores:,}",
                    f"{placed.reach.sum() / sending:.3g}",
                    f"{placed.hops().sum() / sending:.3g}", f"{spent:.1f}",
                ])  # fmt: skip
    heads = ("graph", "platform", "method", "cores", "messages/spike", "hops/spike", "seconds")
    print(Table("Placement", heads, rows).text())


if __name__ == "__main__":
    main()
