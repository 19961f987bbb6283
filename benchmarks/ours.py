"""The jobs of spikealg that several sections measure, as functions like those of the rivals."""

from __future__ import annotations

import numpy as np

from spikealg.engine import simulate
from spikealg.solvers.diffusion.equation.transition import Transition
from spikealg.solvers.diffusion.particle_circuits.circuit import ParticleCircuit
from spikealg.solvers.diffusion.particle_circuits.modular import factor_moduli
from spikealg.solvers.diffusion.walks import density as density_circuit
from spikealg.solvers.diffusion.walks.lanes import choose_lanes


def particle(
    walkers: int,
    steps: int,
    size: int,
    seed: int,
    *,
    kernel: str,
    stay: float = 0,
    ticks_per_step: int = 2,
    threads: int = 1,
) -> np.ndarray:
    """Walk from place 0 of a ring by a particle circuit each; return where walkers end, (size,).

    The moduli are the factors of `size` that have no common divisor: 3, 5, 7, 11 for 1155.
    """
    move = (1 - stay) / 2
    circuit = ParticleCircuit(factor_moduli(size), move, move, ticks_per_step=ticks_per_step)
    asked = circuit.reading([steps])
    run = simulate(
        circuit.compile(),
        {**circuit.inputs(0), "read": asked},
        ticks=len(asked),
        lanes=walkers,
        seed=seed,
        kernel=kernel,
        record=["residues"],
        threads=threads,
    )
    return np.bincount(circuit.decode(run, steps)[:, 0], minlength=size)


def density(
    transition: Transition,
    start: np.ndarray,
    steps: int,
    *,
    kernel: str = "auto",
    circuit: str = "auto",
    lanes: int | None = None,
    threads: int = 1,
) -> np.ndarray:
    """Walk by a density circuit; return where walkers end, (V,) int64.

    `lanes` None spreads walkers over as many lanes as `solve(..., lanes="auto")` does; these may
    be few, and the kernel is to be "auto" then.
    """
    if lanes is None:
        walkers = int(start.sum())
        lanes = choose_lanes(transition, start / walkers, steps, walkers)
    walk = density_circuit.walk(
        transition,
        start,
        np.array([steps]),
        seed=1,
        lanes=lanes,
        circuit=circuit,
        kernel=kernel,
        threads=threads,
    )
    counts: np.ndarray = walk.counts[0]
    return counts
