"""The methods of `solve`, each as a walk over one segment with the same arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.progress import Report
from spikealg.solvers.diffusion.density_circuits import CIRCUITS as DENSITY_CIRCUITS
from spikealg.solvers.diffusion.density_circuits import choose_circuit as choose_density_circuit
from spikealg.solvers.diffusion.domains import Mesh
from spikealg.solvers.diffusion.expected import walk_chain
from spikealg.solvers.diffusion.march import WalkSegment
from spikealg.solvers.diffusion.particle_circuit import (
    PARTICLE_CIRCUITS,
    choose_particle_circuit,
)
from spikealg.solvers.diffusion.particle_lattice import as_lattice
from spikealg.solvers.diffusion.start import segment_seed
from spikealg.solvers.diffusion.transition import Transition
from spikealg.solvers.diffusion.walk import Walk

__all__ = ["CIRCUITS_OF", "METHODS", "choose_circuit", "walk_by"]

METHODS = ("density", "particle", "chain", "montecarlo")
CIRCUITS_OF = {"density": tuple(DENSITY_CIRCUITS), "particle": tuple(PARTICLE_CIRCUITS)}
"""The circuits by which methods walk, by name; other methods have none."""
_SPIKING = " or ".join(f"method={method!r}" for method in CIRCUITS_OF)
IntArray = npt.NDArray[np.int64]


def choose_circuit(method: str, circuit: str, lanes: int) -> str | None:
    """Return the name of the circuit by which a method walks, None for methods without one.

    "auto" is the one that takes least time with so many lanes.

    Raises
    ------
    InputError
        If the method has no such circuit.
    """
    if method == "density":
        return choose_density_circuit(circuit, lanes)
    if method == "particle":
        return choose_particle_circuit(circuit)
    if circuit != "auto":
        raise InputError(
            f"circuit={circuit!r} cannot be had for method={method!r}, which has no circuit: leave "
            f"it out, or take {_SPIKING}"
        )
    return None


def walk_by(
    method: str,
    *,
    mesh: Mesh,
    seed: int,
    lanes: int,
    first: int,
    circuit: str,
    probability_bits: int,
    shared: dict[int, dict[Any, Any]] | None,
) -> WalkSegment:
    """Return the walk of a method; what the method does not use has no effect.

    `first` is the number of the first lane, or walker where each draws for itself.

    Circuits that are compiled go into `shared`, by the number of the segment, for walks that differ
    in their draws only; None if there are no others.
    """
    if method == "chain":
        return walk_chain
    # Numba and the kernels are imported only by a walk that draws.
    if method == "montecarlo":
        from spikealg.solvers.diffusion import montecarlo

        def walk_montecarlo(
            transition: Transition,
            start: npt.NDArray[Any],
            steps: IntArray,
            *,
            number: int,
            report: Report,
        ) -> Walk:
            own = segment_seed(seed, number)
            return montecarlo.walk(transition, start, steps, seed=own, first_walker=first)

        return walk_montecarlo

    if method == "particle":
        from spikealg.solvers.diffusion import particle

        def walk_particle(
            transition: Transition,
            start: npt.NDArray[Any],
            steps: IntArray,
            *,
            number: int,
            report: Report,
        ) -> Walk:
            return particle.walk(
                transition,
                start,
                steps,
                mesh=as_lattice(mesh),
                seed=segment_seed(seed, number),
                first_lane=first,
                circuit=circuit,
                probability_bits=probability_bits,
                progress=report,
            )

        return walk_particle

    from spikealg.solvers.diffusion import density

    def walk_density(
        transition: Transition,
        start: npt.NDArray[Any],
        steps: IntArray,
        *,
        number: int,
        report: Report,
    ) -> Walk:
        return density.walk(
            transition,
            start,
            steps,
            seed=segment_seed(seed, number),
            lanes=lanes,
            first_lane=first,
            circuit=circuit,
            probability_bits=probability_bits,
            shared=None if shared is None else shared.setdefault(number, {}),
            progress=report,
        )

    return walk_density
