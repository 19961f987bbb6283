"""What a file keeps of a problem: its numbers on the mesh, not its functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.solvers.diffusion.domains.layout import Layout

__all__ = ["ExactValues", "SavedMesh", "SavedProblem"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SavedMesh:
    """The vertices of a mesh that was read from a file.

    Attributes
    ----------
    x : (V,) or (V, dimensions) float64
        Positions [length].
    mass : (V,) float64
        Length, area or volume of each vertex.
    layout : Layout
        How they lie.
    """

    x: FloatArray
    mass: FloatArray
    layout: Layout

    def grid(self, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V) as (..., nx, ny, ...), NaN where the lattice has no vertex."""
        return self.layout.grid(values)


@dataclass(frozen=True, eq=False)
class ExactValues:
    """The exact solution at the times and vertices, or points, of a saved solution.

    Attributes
    ----------
    t : (T,) float64
        The times.
    density : (T, V) float64
        Its values; of a backward solution those at its points, if it has some, (1, A).
    """

    t: FloatArray
    density: FloatArray

    def __call__(self, t: float, x: FloatArray) -> FloatArray:
        """Return what was saved of one of the times, (V,); `x` must be the mesh, or the points."""
        (row,) = np.flatnonzero(self.t == t)
        return np.asarray(self.density[row])


@dataclass(frozen=True, eq=False, repr=False)
class SavedProblem:
    """A problem as a solution's file describes it.

    It can be looked at, drawn and checked against its chain and its exact solution. It cannot be
    solved again or refined: the functions it was made of are not in the file.

    Attributes
    ----------
    description : str
        ``repr`` of the problem that was solved.
    mesh : SavedMesh
        Its vertices.
    exact : ExactValues or None
        Its exact solution where that was known.
    chain : (A,) float64 or None
        The values by the chain of a backward solution whose exact solution was known.
    """

    description: str
    mesh: SavedMesh
    exact: ExactValues | None = None
    chain: FloatArray | None = None

    @property
    def x(self) -> FloatArray:
        """Positions of the vertices, (V,) or (V, dimensions) [length]."""
        return self.mesh.x

    def __repr__(self) -> str:
        return f"<SavedProblem: {self.description}>"
