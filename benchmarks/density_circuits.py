"""Size and activity of the density circuits on regular meshes, as the table of the guide.

    python benchmarks/density_circuits.py       about ten seconds

Rings, squares and cubes with opposite sides joined: 2, 4 or 6 neighbours, each as likely as the
others, nobody stays. 10 walkers per vertex, one lane, 100 steps. All figures but the speed are the
same on every machine.
"""

from __future__ import annotations

from time import process_time

import numpy as np

from meshes import torus
from spikealg.solvers.diffusion.density_circuits import CIRCUITS
from spikealg.solvers.diffusion.walks import density

STEPS = 100
WALKERS_PER_VERTEX = 10
MESHES = {2: (1000,), 4: (32, 32), 6: (10, 10, 10)}
COLUMNS = (
    "neighbours",
    "circuit",
    "neurons",
    "synapses",
    "ticks per step",
    "spikes per walker-step",
    "synaptic events per walker-step",
    "M walker-steps/s",
)


def row(name: str, neighbours: int) -> tuple[object, ...]:
    """Return the row of a circuit."""
    transition = torus(*MESHES[neighbours])
    start = np.full(len(transition.live), WALKERS_PER_VERTEX)

    def walk(steps: int) -> density.Walk:
        return density.walk(transition, start, np.array([steps]), seed=1, circuit=name, threads=1)

    walk(STEPS)
    began = process_time()
    (run,) = walk(STEPS).runs
    seconds = process_time() - began
    network = run.network
    walker_steps = int(run.counts[network.outputs["readout"].neurons].sum())
    return (
        neighbours,
        name,
        network.n_neurons,
        network.n_synapses,
        f"{(run.stopped[0] + 1) / (STEPS + 1):.1f}",
        f"{run.counts.sum() / walker_steps:.2f}",
        f"{run.synaptic_events / walker_steps:.2f}",
        f"{walker_steps / seconds / 1e6:.1f}",
    )


def main() -> None:
    print("| " + " | ".join(COLUMNS) + " |")
    print("| " + " | ".join("---" for _ in COLUMNS) + " |")
    for neighbours in MESHES:
        for name in CIRCUITS:
            print("| " + " | ".join(map(str, row(name, neighbours))) + " |")


if __name__ == "__main__":
    main()
