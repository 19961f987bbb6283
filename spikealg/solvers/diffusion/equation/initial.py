"""Initial conditions as probabilities: where a walker starts, and what mass all of them carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.domain import Mesh
from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = ["Initial", "by_sign", "distribution", "values"]

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
        Negative for the walkers that stand for what lies below 0.
    """

    probability: FloatArray
    total: float


def distribution(
    mesh: Mesh, rates: Rates, initial: Any, name: str = "initial"
) -> tuple[Initial, ...]:
    """Return `initial` as probabilities per vertex and total mass, of either sign apart.

    Parameters
    ----------
    mesh : Mesh
        Gives places their vertices.
    rates : Rates
        Gives vertices their mass, and says which are sinks.
    initial : callable, array_like, point, node or {node: mass}
        As in `Problem`.
    name : str
        Of the argument, for errors.

    Returns
    -------
    tuple of Initial
        One of positive mass, one of negative mass, or both.

    Raises
    ------
    InputError
        If it lies outside the domain, is not a number, has no mass, or lies on absorbing vertices
        only.
    """
    placed = mesh.locate(initial)
    if placed is not None:
        mass = np.zeros(len(rates.x))
        np.add.at(mass, *placed)
    else:
        mass = values(name, initial, rates) * rates.mass
    if not mass.any():
        raise InputError(f"{name} has mass 0: it must be positive somewhere in the domain")
    if not mass[rates.sink < 0].any():
        raise InputError(
            f"all of {name} lies on absorbing sides, where walkers leave at once: start inside"
        )
    return by_sign(mass)


def by_sign(mass: FloatArray) -> tuple[Initial, ...]:
    """Return masses of vertices, (V,), as starts of positive and of negative total."""
    found = []
    for sign in (1, -1):
        part = np.maximum(sign * mass, 0)
        total = float(part.sum())
        if total > 0:
            found.append(Initial(part / total, sign * total))
    return tuple(found)


def values(name: str, given: Any, rates: Rates) -> FloatArray:
    """Return a function of x, or its values, at every vertex, (V,)."""
    n = len(rates.x)
    if callable(given):
        result = as_float_array(f"{name}(x)", given(rates.x), places=rates.x)
        if result.ndim == 0:
            result = np.full(n, float(result))
        name, wanted = f"{name}(x)", "be a number or"
    else:
        result = as_float_array(name, given)
        wanted = "be a point or" if name == "initial" else "be a function of x or"
    if result.shape != (n,):
        raise InputError(
            f"{name} must {wanted} have one value per vertex, shape ({n},), "
            f"got shape {result.shape}"
        )
    return result
