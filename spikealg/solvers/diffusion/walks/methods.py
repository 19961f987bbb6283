"""The methods of `solve`, and the walk over a stretch by each that draws."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from spikealg.arguments import as_int
from spikealg.errors import InputError
from spikealg.solvers.diffusion.density_circuits import CIRCUITS as DENSITY_CIRCUITS
from spikealg.solvers.diffusion.density_circuits import choose_circuit as choose_density_circuit
from spikealg.solvers.diffusion.domains.domain import Mesh
from spikealg.solvers.diffusion.particle_circuits.circuit import (
    PARTICLE_CIRCUITS,
    choose_particle_circuit,
)
from spikealg.solvers.diffusion.particle_circuits.lattice import as_lattice
from spikealg.solvers.diffusion.walks.start import segment_seed
from spikealg.solvers.diffusion.walks.walk import Stretch

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.walks.lanewalk import LaneWalk

__all__ = ["CIRCUITS_OF", "METHODS", "choose_circuit", "require_circuit_options", "walk_by"]

METHODS = ("density", "particle", "chain", "montecarlo")
CIRCUITS_OF = {"density": tuple(DENSITY_CIRCUITS), "particle": tuple(PARTICLE_CIRCUITS)}
"""The circuits by which methods walk, by name; other methods have none."""
_SPIKING = " or ".join(f"method={method!r}" for method in CIRCUITS_OF)


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


def require_circuit_options(
    method: str, circuit: str, lanes: int | str, probability_bits: int
) -> None:
    """Refuse options of `solve` that cannot be used, or that the method does not have."""
    # Which one "auto" is depends on the lanes; any other name is known or not.
    choose_circuit(method, circuit, 1)
    bits = as_int("probability_bits", probability_bits, low=1, high=32)
    if not isinstance(lanes, str):
        as_int("lanes", lanes, low=1)
    elif lanes != "auto":
        raise InputError(f"lanes must be a whole number of at least 1 or 'auto', got {lanes!r}")
    if method == "particle" and lanes != "auto":
        raise InputError(
            f"lanes = {lanes} cannot be had for method='particle', where each walker has a circuit "
            "of its own, and with it a lane: leave it out, or take method='density'"
        )
    if method not in CIRCUITS_OF:
        for name, default in (("lanes", lanes == "auto"), ("probability_bits", bits == 32)):
            if not default:
                raise InputError(
                    f"{name} belongs to the circuit, and method={method!r} has none: leave it "
                    "out, or take method='density'"
                )


def walk_by(
    method: str,
    stretch: Stretch,
    *,
    mesh: Mesh,
    seed: int,
    lanes: int,
    first: int,
    circuit: str,
    probability_bits: int,
    place: Hashable,
    roomy: bool,
) -> LaneWalk:
    """Return the walk of a stretch by a method that draws.

    `first` is the number of the first lane, or walker where each draws for itself; `place` and
    `roomy` are those of `DensityWalk`. What the method does not use has no effect.
    """
    # Numba and the kernels are imported only by a walk that draws.
    own = segment_seed(seed, stretch.number)
    if method == "montecarlo":
        from spikealg.solvers.diffusion.walks.montecarlo import MonteCarloWalk

        return MonteCarloWalk(stretch, seed=own, first_walker=first)
    if method == "particle":
        from spikealg.solvers.diffusion.walks.particle import ParticleWalk

        return ParticleWalk(
            stretch, mesh=as_lattice(mesh), seed=own, first_lane=first, circuit=circuit,
            probability_bits=probability_bits, place=place,
        )  # fmt: skip
    from spikealg.solvers.diffusion.walks.density import DensityWalk

    return DensityWalk(
        stretch, seed=own, lanes=lanes, first_lane=first, circuit=circuit,
        probability_bits=probability_bits, place=place, roomy=roomy,
    )  # fmt: skip
