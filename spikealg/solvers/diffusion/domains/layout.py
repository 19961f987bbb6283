"""How the vertices of a mesh lie: on a lattice of some axes, within an outline, or in no place."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.ball import BallMesh
from spikealg.solvers.diffusion.domains.lattice import LatticeMesh
from spikealg.solvers.diffusion.domains.nodes import NodeMesh
from spikealg.solvers.diffusion.domains.phasespace import PhaseMesh
from spikealg.solvers.diffusion.domains.polygon import PolygonMesh
from spikealg.solvers.diffusion.domains.trianglemesh import SurfaceMesh

__all__ = ["Layout", "layout_of"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layout:
    """What pictures, tables and files need to know of a mesh.

    Attributes
    ----------
    axes : tuple of (n,) float64
        Positions along each axis of the lattice [length]; empty for a graph.
    index : (V,) int64
        Place of each vertex in the flattened lattice, last axis fastest.
    rings : tuple of (k, 2) float64
        Outline and islands [length]; empty where the lattice is a box.
    metres : bool
        Whether positions are metres on a map (a polygon with ``crs="lonlat"``).
    nodes : tuple of str
        Names of the vertices of a graph or chain; empty for others.
    faces : (F, 3) int64
        Corners of the triangles of a surface; empty for others.
    streaming : bool
        Whether the second axis is the direction in which particles fly (phase space).
    """

    axes: tuple[FloatArray, ...]
    index: IntArray
    rings: tuple[FloatArray, ...] = ()
    metres: bool = False
    nodes: tuple[str, ...] = ()
    faces: IntArray = field(default_factory=lambda: np.zeros((0, 3), dtype=np.int64))
    streaming: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Vertices of the lattice along each axis."""
        return tuple(len(axis) for axis in self.axes)

    def grid(self, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V) as (..., nx, ny, ...), NaN where the lattice has no vertex."""
        if not self.axes:
            what = "surface" if len(self.faces) else "graph"
            raise InputError(f"a {what} is no lattice: its values have one axis")
        array = np.asarray(values, dtype=np.float64)
        if array.ndim == 0 or array.shape[-1] != len(self.index):
            raise InputError(f"values must have shape (..., {len(self.index)}), got {array.shape}")
        flat = np.full((*array.shape[:-1], math.prod(self.shape)), np.nan)
        flat[..., self.index] = array
        return flat.reshape(*array.shape[:-1], *self.shape)


def layout_of(mesh: Any) -> Layout:
    """Return the layout of a mesh of any domain, or of one that was read from a file."""
    if isinstance(mesh, NodeMesh):
        return Layout((), np.arange(len(mesh.x)), nodes=tuple(map(str, mesh.nodes)))
    if isinstance(mesh, SurfaceMesh):
        return Layout((), np.arange(len(mesh.x)), faces=mesh.domain.faces)
    if isinstance(mesh, BallMesh):
        return Layout(mesh.axes, np.flatnonzero(mesh.inside.ravel()))
    if isinstance(mesh, (LatticeMesh, PhaseMesh)):
        every = np.arange(math.prod(mesh.shape))
        return Layout(mesh.axes, every, streaming=isinstance(mesh, PhaseMesh))
    if isinstance(mesh, PolygonMesh):
        return Layout(
            mesh.axes,
            np.flatnonzero(mesh.number.ravel() >= 0),
            tuple(mesh.domain.rings),
            mesh.domain.crs == "lonlat",
        )
    layout: Layout = mesh.layout
    return layout
