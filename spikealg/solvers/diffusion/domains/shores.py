"""Lattices that are clipped by a shore, which may absorb at its true distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.solvers.diffusion.equation.coefficients import Coefficients
from spikealg.solvers.diffusion.equation.links import Lattice, Links, Shores, lattice_rates
from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = ["POINTS_PER_CELL", "Wall", "clipped_rates"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

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


@dataclass(frozen=True, eq=False)
class Wall:
    """A shore in small parts, each of which belongs to a vertex.

    What flows through it reaches a vertex about a cell away, so the error is of order 1.

    Attributes
    ----------
    vertex : (K,) int64
        Whose part it is.
    area : (K,) float64
        Its length or area.
    distance : (K,) float64
        How far from the vertex it is, along the normal [length].
    """

    vertex: IntArray
    area: FloatArray
    distance: FloatArray

    @classmethod
    def dealt(
        cls,
        x: FloatArray,
        vertex: IntArray,
        places: FloatArray,
        area: FloatArray,
        inward: FloatArray,
    ) -> Wall:
        """Return the wall whose part at each place, of normal `inward`, is that of a vertex."""
        away = ((x[vertex] - places) * inward).sum(axis=1)
        return cls(vertex, area, np.maximum(away, 0.0))

    def strength(self, x: FloatArray, coefficients: Coefficients, transfer: float) -> FloatArray:
        """Return D times the area that each vertex has, (V,).

        Parameters
        ----------
        x : (V, dimensions) float64
            Vertices.
        coefficients : Coefficients
        transfer : float
            γ ≥ 0 [1/length]: what crosses such a wall goes the distance h from the vertex first,
            which divides it by 1 + γh.

        Raises
        ------
        InputError
            If the diffusivity is not the same along all axes: what crosses the shore then depends
            on how u changes along it.
        """
        along = coefficients.at(x, x.shape[1])
        if np.ptp(along, axis=1).any():
            raise InputError(
                "boundary['shore'] with a derivative or a mixed condition needs the same "
                "diffusivity along all axes: give a word or {'value': g}"
            )
        through = self.area * along[self.vertex, 0] / (1 + transfer * self.distance)
        return np.asarray(np.bincount(self.vertex, through, minlength=len(x)), dtype=np.float64)
