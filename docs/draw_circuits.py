"""Draw the circuits that the guides speak of, with the library itself, when the pages are built.

`conf.py` calls `draw`; the pictures go to generated/circuits, which is not under version control.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spikealg import simulate
from spikealg.diffusion import Interval, ParticleCircuit, Problem, solve
from spikealg.engine import Run
from spikealg.solvers.diffusion.density_circuits import make_circuit
from spikealg.viz.counters import plot_counters
from spikealg.viz.raster import plot_raster

WALKERS = 5
"""At the one vertex of the small circuits."""
PARTS = {
    "published": (
        "walk", "counter", "generator", "gate", "way_out", "readout", "counters_empty", "move",
        "buffer", "buffer_generator", "buffers_empty",
    ),
    "drain": ("walk", "gone", "counter", "gate", "way_out"),
}  # fmt: skip
"""Groups of neurons in the order in which they spike."""


def draw(folder: Path) -> None:
    """Write all pictures to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, parts in PARTS.items():
        one_vertex(name).draw().save(folder / f"{name}.svg")
        save(plot_raster(one_step(name), *parts), folder / f"{name}_ticks.png")
    rod = Problem(Interval(0, 1, 20), diffusivity=1.0, initial=0.5)
    solution = solve(rod, 0.004, walkers=40, lanes=1, circuit="published")
    save(plot_counters(solution, steps=4), folder / "counters.png")
    particle().draw().save(folder / "particle.svg")
    parts = "clock", "choice", "move", "x3_place", "x3_right", "x3_left"
    save(plot_raster(particle_run(), *parts), folder / "particle_ticks.png")


def one_vertex(name: str):
    """Return the circuit of one live vertex between two sides that absorb: left, right, stay."""
    rod = Problem(Interval(0, 2, 2), diffusivity=1.0, boundary="absorb", initial=1.0)
    transition = rod.rates.transition(rod.rates.choose_dt("auto"))
    return make_circuit(name, transition, most=WALKERS)


def one_step(name: str) -> Run:
    """Return a walk step of the walkers at one vertex, and the beginning of the next."""
    circuit = one_vertex(name)
    return simulate(
        circuit.compile(),
        circuit.inputs(np.array([[WALKERS]])),
        ticks=2 * circuit.longest_step,
        seed=1,
        record="all",
        until=("walk", 2),
    )


def particle() -> ParticleCircuit:
    """Return the circuit of a walker on a ring of three places, with four ticks per step."""
    return ParticleCircuit((3,), p_left=0.25, p_right=0.25, ticks_per_step=4, readout=None)


def particle_run() -> Run:
    """Return a few steps of it."""
    circuit = particle()
    network = circuit.compile()
    return simulate(network, circuit.inputs(0), ticks=25, seed=5, record="all")


def save(figure, path: Path) -> None:
    """Write a figure and forget it."""
    import matplotlib.pyplot as plt

    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)


if __name__ == "__main__":
    draw(Path(__file__).parent / "generated" / "circuits")
