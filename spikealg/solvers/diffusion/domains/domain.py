"""What every domain offers to a `Problem`.

A domain is a shape and how finely it is divided. Together with the boundary it gives a mesh (a
periodic interval has one vertex fewer), and the mesh with the coefficients gives the rates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.errors import InputError

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.equation.coefficients import Coefficients
    from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = ["Domain", "Mesh", "odd_factor"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Mesh(Protocol):
    """The vertices of a domain with a given boundary."""

    @property
    def x(self) -> FloatArray:
        """Positions of the vertices, (V,) or (V, dimensions) [length]."""

    @property
    def mass(self) -> FloatArray:
        """Length, area or volume that each vertex stands for, (V,)."""

    def rates(self, coefficients: Coefficients) -> Rates:
        """Return the rates from vertex to vertex and into the absorbing sides."""

    def locate(self, initial: Any, name: str = "initial") -> tuple[IntArray, FloatArray] | None:
        """Return vertices and masses of an `initial` that names places, None if it is a density.

        Places are a point, split linearly between the vertices around it so that the mean
        position is kept, or on a graph a node or {node: mass}.
        """

    def grid(self, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V) as (..., nx, ny, ...), NaN where the lattice has no vertex."""

    def restrict(self, fine: Mesh, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V_fine) of a refined mesh at the vertices of this one, (..., V)."""


class Domain(Protocol):
    """A shape and how finely it is divided."""

    @property
    def sides(self) -> tuple[str, ...]:
        """Names of the sides that `boundary` may speak of."""

    def mesh(self, boundary: Any) -> Mesh:
        """Return the vertices for a boundary: a word, or {side: word}."""

    def refine(self, factor: int | None = None) -> Domain:
        """Return the same shape, `factor` times finer, that keeps every vertex where it is."""


def odd_factor(factor: int | None) -> int:
    """Return by how much cells get finer, 3 if not said; odd, so that centres are centres of parts.

    Raises
    ------
    InputError
        If it is even.
    """
    factor = as_int("factor", 3 if factor is None else factor, low=1)
    if factor % 2 == 0:
        raise InputError(f"factor must be odd, so that cell centres are kept, got {factor}")
    return factor
