"""Initial conditions as probabilities: where a walker starts, and what mass all of them carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains import Mesh
from spikealg.solvers.diffusion.rates import Rates, at_vertex

__all__ = ["Initial", "distribution"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Initial:
    """The start of all walkers.

    Attributes
    ----------
    probability : (V,) float64
        Chance of a walker to start at each vertex; sums to 1. What lies on a sink counts as having
        left at once.
    total : float
        Mass that all walkers together carry: the integral of the initial density, 1 for a point.
    """

    probability: FloatArray
    total: float


def distribution(mesh: Mesh, rates: Rates, initial: Any) -> Initial:
    """Return `initial` as probabilities per vertex and total mass.

    Parameters
    ----------
    mesh : Mesh
        Gives places their vertices.
    rates : Rates
        Gives vertices their mass, and says which are sinks.
    initial : callable, array_like, point, node or {node: mass}
        As in `Problem`.

    Raises
    ------
    InputError
        If it lies outside the domain, is negative or not a number, has no mass, or lies on
        absorbing vertices only.
    """
    placed = mesh.locate(initial)
    if placed is not None:
        mass = np.zeros(len(rates.x))
        np.add.at(mass, *placed)
    else:
        mass = _density(initial, rates) * rates.mass
    total = float(mass.sum())
    if not total > 0:
        raise InputError(f"initial has mass {total:g}: it must be positive somewhere in the domain")
    if not mass[rates.sink < 0].any():
        raise InputError(
            "all of initial lies on absorbing sides, where walkers leave at once: start inside"
        )
    return Initial(mass / total, total)


def _density(initial: Any, rates: Rates) -> FloatArray:
    n = len(rates.x)
    if callable(initial):
        name, wanted = "initial(x)", "be a number or"
        density = as_float_array(name, initial(rates.x))
        if density.ndim == 0:
            density = np.full(n, float(density))
    else:
        name, wanted = "initial", "be a point or"
        density = as_float_array(name, initial)
    if density.shape != (n,):
        raise InputError(
            f"{name} must {wanted} have one value per vertex, shape ({n},), "
            f"got shape {density.shape}"
        )
    if (density < 0).any():
        vertex = int(np.argmax(density < 0))
        raise InputError(
            f"{name} must not be negative, got {density[vertex]:g} at {at_vertex(rates.x, vertex)}"
        )
    return density
