"""Lattices that are clipped by a shore, which may absorb at its true distance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.solvers.diffusion.equation.coefficients import Coefficients
from spikealg.solvers.diffusion.equation.links import Lattice, Links, Shores, lattice_rates
from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = ["POINTS_PER_CELL", "clipped_rates", "wall_of_shore"]

FloatArray = npt.NDArray[np.float64]

POINTS_PER_CELL = 16
"""Points on the shore per Δx, or per Δx² of a surface, by which its parts are dealt to vertices."""
_NEAREST_SHORE = 0.25 - 1e-9
"""A vertex nearer to an absorbing shore than this part of Δx would set the step: it is a sink.

Just below ¼, so that rounding does not decide about straight shores.
"""


def clipped_rates(
    x: FloatArray,
    dx: float,
    links: Links,
    gap: FloatArray | None,
    coefficients: Coefficients,
    finer: Callable[[int, float], str],
) -> Rates:
    """Return the rates on a lattice of cubes of side `dx` with the one side "shore".

    Parameters
    ----------
    x : (V, dimensions) float64
        Vertices within the shore [length].
    dx : float
        Distance of neighbours [length].
    links : Links
        Neighbours with nothing but water between them.
    gap : (V, 2·dimensions) float64, or None
        Distance to the shore [length] towards x-, x+, y-, y+, ...; None if it reflects.
    coefficients : Coefficients
    finer : callable
        As in `Lattice`.
    """
    n, dimensions = x.shape
    sink, shores = np.full(n, -1, dtype=np.int64), None
    lower, upper, axis = links.lower, links.upper, links.axis
    if gap is not None:
        sink[gap.min(axis=1) < _NEAREST_SHORE * dx] = 0
        # The shore behind a sink is as far as it is, not where the sink happens to lie.
        live = (sink[lower] < 0) & (sink[upper] < 0)
        lower, upper, axis = lower[live], upper[live], axis[live]
        linked = np.zeros((n, 2 * dimensions), dtype=bool)
        linked[upper, 2 * axis] = True
        linked[lower, 2 * axis + 1] = True
        origin, way = np.nonzero(~linked & (sink < 0)[:, None])
        shores = Shores(origin, way // 2, 2 * (way % 2) - 1, gap[origin, way])
    lattice = Lattice(
        x,
        np.full(n, dx**dimensions),
        np.full(dimensions, dx),
        np.ones((n, dimensions)),
        Links(lower, upper, axis),
        shores,
        () if gap is None else ("shore",),
        sink,
        finer,
    )
    return lattice_rates(lattice, coefficients)


def wall_of_shore(
    x: FloatArray,
    dx: float,
    places: FloatArray,
    areas: FloatArray | float,
    inward: FloatArray,
    coefficients: Coefficients,
    transfer: float,
) -> FloatArray:
    """Return D times the area of shore that each vertex has, (V,).

    A part of the shore is the vertex's that is nearest to the point half a cell inward of it. The
    area of the whole shore is exact, where it counts is right to Δx: the error is of order 1.
    What crosses a wall of transfer γ goes the distance h from the vertex to the wall first, which
    divides it by 1 + γh.

    Parameters
    ----------
    x : (V, dimensions) float64
        Vertices within the shore [length].
    dx : float
        Distance of neighbours [length].
    places : (K, dimensions) float64
        Points on the shore.
    areas : (K,) float64, or float
        Length or area of shore around each.
    inward : (K, dimensions) float64
        Unit vectors from the shore into the domain.
    coefficients : Coefficients
    transfer : float
        γ ≥ 0 [1/length].

    Raises
    ------
    InputError
        If the diffusivity is not the same along all axes: what crosses the shore then depends on
        how u changes along it.
    """
    from scipy.spatial import KDTree  # 0.1 s of import

    along = coefficients.at(x, x.shape[1])
    if np.ptp(along, axis=1).any():
        raise InputError(
            "boundary['shore'] with a derivative needs the same diffusivity along all axes: give a "
            "word or {'value': g}"
        )
    _, vertex = KDTree(x).query(places + dx / 2 * inward)
    distance = np.maximum(((x[vertex] - places) * inward).sum(axis=1), 0.0)
    through = areas * along[vertex, 0] / (1 + transfer * distance)
    return np.asarray(np.bincount(vertex, through, minlength=len(x)), dtype=np.float64)
