"""Polygons: a square lattice clipped to an outline, islands included."""

from __future__ import annotations

import logging
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_float_array, as_int
from spikealg.errors import InputError
from spikealg.memory import require_memory
from spikealg.solvers.diffusion.domains.domain import Mesh, odd_factor
from spikealg.solvers.diffusion.domains.geojson import read_feature, rings_of
from spikealg.solvers.diffusion.domains.projection import EqualArea, ring_centroid
from spikealg.solvers.diffusion.domains.scanline import (
    contains,
    crossed,
    edges_of,
    scan,
    shore_parts,
)
from spikealg.solvers.diffusion.domains.shores import POINTS_PER_CELL, Wall, clipped_rates
from spikealg.solvers.diffusion.equation.boundary import as_boundary
from spikealg.solvers.diffusion.equation.coefficients import Coefficients
from spikealg.solvers.diffusion.equation.links import Links
from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = ["Polygon", "PolygonMesh", "lake"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_BYTES_PER_CELL = 120
_LOGGER = logging.getLogger(__name__)


class Polygon:
    """A region with an outline, divided into square cells; vertices are the centres inside.

    Parameters
    ----------
    geometry : dict, str, path or object
        GeoJSON Polygon, MultiPolygon or Feature, the path of a file with one, or anything with
        ``__geo_interface__`` (shapely geometries). Holes and several polygons are fine; the
        inside is what an odd number of rings encloses.
    dx : float, optional
        Side of a cell [length; metres for "lonlat"]. Give `dx` or `n`.
    n : int, optional
        Number of cells along the longer side of the bounding box.
    crs : {None, "lonlat"}
        None: coordinates are lengths. "lonlat": degrees, projected to metres east and north of the
        centroid with areas kept; `project` and `unproject` convert positions.

    Attributes
    ----------
    rings : list of (k, 2) float64 arrays
        The outline and the islands [length], not closed.
    dx : float
        Side of a cell.
    x : (V, 2) float64
        Centres of the cells inside.

    Notes
    -----
    The one side is "shore". A link between neighbours that crosses land is cut. Where the shore
    reflects, that is all; a flux, or what a wall absorbs in part, has an error of order 1. Where it
    absorbs, a vertex within Δx/4 of it along an axis is a sink, and a walker that has no live
    neighbour in some direction reaches the shore there at rate D/(Δx·h), h being its distance along
    the axis (more than Δx where a sink lies between). All vertices have mass Δx².
    """

    sides: tuple[str, ...] = ("shore",)

    def __init__(
        self,
        geometry: Any,
        dx: float | None = None,
        *,
        n: int | None = None,
        crs: str | None = None,
    ) -> None:
        rings = rings_of(geometry)
        self._projection: EqualArea | None = None
        if crs == "lonlat":
            rings = [_unwrapped(ring, rings[0][0, 0]) for ring in rings]
            self._projection = EqualArea(*ring_centroid(rings))
            rings = [self._projection.forward(ring) for ring in rings]
        elif crs is not None:
            raise InputError(f"crs must be None or 'lonlat', got {crs!r}")
        self.rings = rings
        points = np.concatenate(rings)
        lower, upper = points.min(axis=0), points.max(axis=0)
        extent = upper - lower
        if (dx is None) == (n is None):
            raise InputError("give either dx or n: the side of a cell, or how many along the shape")
        if n is not None:
            self.dx = float(extent.max()) / as_int("n", n, low=1)
        else:
            self.dx = as_float("dx", dx, above=0)
        cells = np.maximum(np.ceil(extent / self.dx * (1 - 1e-12)), 1)
        require_memory(
            float(cells.prod()) * _BYTES_PER_CELL,
            f"a lattice of {cells[0]:.0f} x {cells[1]:.0f} cells",
            "take a larger dx",
        )
        self._shape = (int(cells[0]), int(cells[1]))
        corner = (lower + upper) / 2 - cells * self.dx / 2
        self._origin = (float(corner[0]), float(corner[1]))
        self._scan()

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        dx: float | None = None,
        *,
        name: str | None = None,
        n: int | None = None,
        crs: str | None = None,
    ) -> Polygon:
        """Return the polygon of one feature of a GeoJSON file.

        Parameters
        ----------
        path : str or path
            The file.
        dx, n, crs : optional
            As in `Polygon`.
        name : str, optional
            The feature whose property "name" this is; needed if there are several features.
        """
        return cls(read_feature(path, name), dx, n=n, crs=crs)

    def _scan(self) -> None:
        """Find the vertices and what lies between them."""
        self._edges = edges_of(self.rings)
        along_x = scan(self._edges, self._origin, self.dx, self._shape, 0)
        along_y = scan(self._edges, self._origin, self.dx, self._shape, 1)
        self._inside = along_x.inside
        free_y = along_y.free.T & self._inside[:, :-1] & self._inside[:, 1:]
        self._free = (along_x.free, free_y)
        if not self._inside.any():
            raise InputError(
                f"no cell centre lies in the polygon with dx = {self.dx:g}: take a smaller dx"
            )
        # Distance to the shore towards x-, x+, y-, y+, (nx, ny, 4).
        ways = [along_x.before, along_x.after, along_y.before.T, along_y.after.T]
        self._shore = np.stack(ways, axis=-1)
        self.x = np.stack(
            [
                self._origin[axis] + (index + 0.5) * self.dx
                for axis, index in enumerate(np.nonzero(self._inside))
            ],
            axis=-1,
        )

    @property
    def crs(self) -> str | None:
        """What positions were made from: "lonlat" if they are metres on a map, else None."""
        return "lonlat" if self._projection is not None else None

    def project(self, lonlat: npt.ArrayLike) -> FloatArray:
        """Return positions [m], (..., 2), of longitudes and latitudes [degrees], (..., 2)."""
        return self._lonlat().forward(_pairs("lonlat", lonlat))

    def unproject(self, x: npt.ArrayLike) -> FloatArray:
        """Return longitudes and latitudes [degrees], (..., 2), of positions [m], (..., 2)."""
        return self._lonlat().inverse(_pairs("x", x))

    def _lonlat(self) -> EqualArea:
        if self._projection is None:
            raise InputError("this polygon has no projection: make it with crs='lonlat'")
        return self._projection

    def _in_degrees(self, point: FloatArray) -> bool:
        """Return whether the numbers of a point lie within the longitudes and latitudes."""
        if self._projection is None:
            return False
        outline = self._projection.inverse(np.concatenate(self.rings))
        lower, upper = outline.min(axis=0), outline.max(axis=0)
        turns = np.round((self._projection.longitude - point[0]) / 360)
        degrees = point + np.array([360 * turns, 0])
        return bool(((lower < degrees) & (degrees < upper)).all())

    def contains(self, point: npt.ArrayLike) -> bool:
        """Return whether a point (x, y) [length] lies in the polygon."""
        return contains(self._edges, as_float_array("point", point, shape=(2,)))

    def mesh(self, boundary: Any = "reflect") -> PolygonMesh:
        """Return the vertices for a boundary: "reflect", "absorb" or {"shore": word}."""
        words = as_boundary(boundary, self.sides, periodic=False)
        return PolygonMesh(self, absorbing=words["shore"] == "absorb")

    def refine(self, factor: int | None = None) -> Polygon:
        """Return the same region with cells `factor` (3) times smaller; centres are kept.

        Raises
        ------
        InputError
            If `factor` is even: the centre of a cell is a centre of its parts only if it is odd.
        """
        factor = odd_factor(factor)
        finer = object.__new__(Polygon)
        finer.rings, finer._projection = self.rings, self._projection
        finer.dx, finer._origin = self.dx / factor, self._origin
        finer._shape = (self._shape[0] * factor, self._shape[1] * factor)
        finer._scan()
        return finer

    def __repr__(self) -> str:
        holes = f"{len(self.rings)} rings" if len(self.rings) > 1 else "1 ring"
        return f"Polygon({holes}, {len(self.x)} vertices, dx={self.dx:g})"


class PolygonMesh:
    """The vertices of a `Polygon` with a given shore."""

    def __init__(self, domain: Polygon, *, absorbing: bool) -> None:
        self.domain, self.absorbing = domain, absorbing
        self.x = domain.x
        self.mass = np.full(len(self.x), domain.dx**2)
        self.number = np.full(domain._shape, -1, dtype=np.int64)
        """Vertex at each centre of the lattice, (nx, ny), −1 on land."""
        self.number[domain._inside] = np.arange(len(self.x))

    @property
    def axes(self) -> tuple[FloatArray, FloatArray]:
        """Positions of the centres along x and along y."""
        origin, shape, dx = self.domain._origin, self.domain._shape, self.domain.dx
        return (
            np.asarray(origin[0] + (np.arange(shape[0]) + 0.5) * dx),
            np.asarray(origin[1] + (np.arange(shape[1]) + 0.5) * dx),
        )

    @property
    def sides(self) -> tuple[str, ...]:
        """The absorbing sides: ("shore",) or none."""
        return ("shore",) if self.absorbing else ()

    def rates(self, coefficients: Coefficients) -> Rates:
        """Return the rates from vertex to vertex and to an absorbing shore."""
        free_x, free_y = self.domain._free
        number = self.number
        lower = np.concatenate([number[:-1][free_x], number[:, :-1][free_y]])
        upper = np.concatenate([number[1:][free_x], number[:, 1:][free_y]])
        axis = np.repeat([0, 1], [free_x.sum(), free_y.sum()])
        return clipped_rates(
            self.x,
            self.domain.dx,
            Links(lower, upper, axis),
            self.domain._shore[self.domain._inside] if self.absorbing else None,
            coefficients,
            lambda axis, spacing: f"dx <= {spacing:.6g}",
        )

    def wall(self, side: str, coefficients: Coefficients, transfer: float) -> FloatArray:
        """Return D times the length of shore that each vertex has; see `Wall`."""
        return self._wall.strength(self.x, coefficients, transfer)

    @cached_property
    def _wall(self) -> Wall:
        """The shore, each part with the nearest vertex to which there is water all the way.

        Nearest to the point half a cell inward, and looked for among the 64 nearest. Parts without
        one, of water too narrow for vertices, are left out, and the log says how much.
        """
        from scipy.spatial import KDTree  # 0.1 s of import

        domain, tree = self.domain, KDTree(self.x)
        places, area, inward, start = shore_parts(domain._edges, domain.dx / POINTS_PER_CELL)
        vertex = np.full(len(places), -1)
        for ranks in (range(1, 9), range(9, 65)):
            lost = np.flatnonzero(vertex < 0)
            ranks = range(ranks.start, min(ranks.stop, len(self.x) + 1))
            if not len(lost) or not len(ranks):
                break
            _, near = tree.query(places[lost] + domain.dx / 2 * inward[lost], k=list(ranks))
            for candidate in near.T:
                open_ = vertex[lost] < 0
                free = ~crossed(domain._edges, start[lost[open_]], self.x[candidate[open_]])
                vertex[lost[open_][free]] = candidate[open_][free]
        wet = vertex >= 0
        if not wet.all():
            _LOGGER.warning(
                "%.3g of %.3g of the shore lies where water is too narrow for vertices: nothing "
                "flows through it; a smaller dx would reach more",
                area[~wet].sum(),
                area.sum(),
            )
        return Wall.dealt(self.x, vertex[wet], places[wet], area[wet], inward[wet])

    def locate(self, initial: Any, name: str = "initial") -> tuple[IntArray, FloatArray] | None:
        """Return the centres around a point and their shares; None if `initial` is a density.

        Shares are bilinear among those of the four centres around the point that are joined by
        water with the nearest of them.
        """
        if isinstance(initial, dict):
            raise InputError(f"{name} must be a density or a point in a polygon, got a dict")
        if callable(initial):
            return None
        point = as_float_array(name, initial)
        if point.ndim == 0:
            raise InputError(
                f"{name} must be a density or a point of 2 numbers (x, y), got {initial!r}"
            )
        if point.shape != (2,):
            return None
        domain = self.domain
        if domain._in_degrees(point):
            raise InputError(
                f"{name} point ({point[0]:g}, {point[1]:g}) looks like longitude and latitude, "
                "but positions are metres: give "
                f"domain.project(({point[0]:g}, {point[1]:g}))"
            )
        if not contains(domain._edges, point):
            hint = " (positions are metres: domain.project((lon, lat)) gives them)"
            raise InputError(
                f"{name} point ({point[0]:g}, {point[1]:g}) lies outside the polygon, on land"
                + (hint if domain._projection is not None else "")
            )
        position = (point - np.array(domain._origin)) / domain.dx - 0.5
        corner = np.floor(position).astype(np.int64)
        part = position - corner
        shares, cells = {}, {}
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            cell = (int(corner[0]) + i, int(corner[1]) + j)
            on_lattice = all(0 <= c < size for c, size in zip(cell, domain._shape, strict=True))
            if on_lattice and domain._inside[cell]:
                cells[i, j] = cell
                shares[i, j] = float(abs(1 - i - part[0]) * abs(1 - j - part[1]))
        if not cells:
            raise InputError(
                f"{name} point ({point[0]:g}, {point[1]:g}) is in water too narrow for dx = "
                f"{domain.dx:g}: no cell centre is near, take a smaller dx"
            )
        joined = self._joined(cells, max(shares, key=lambda ij: shares[ij]))
        weights = np.array([shares[ij] for ij in joined])
        vertices = np.array([self.number[cells[ij]] for ij in joined])
        if not weights.any():  # on a grid line of which only the far ends are water
            weights += 1
        return vertices[weights > 0], weights[weights > 0] / weights.sum()

    def _joined(
        self, cells: dict[tuple[int, int], tuple[int, int]], first: tuple[int, int]
    ) -> list[tuple[int, int]]:
        """Return the corners of a square that are joined with the `first` along its edges."""
        joined = [first]
        for i, j in joined:
            for near, axis in (((1 - i, j), 0), ((i, 1 - j), 1)):
                if near in cells and near not in joined:
                    if self.domain._free[axis][min(cells[i, j], cells[near])]:
                        joined.append(near)
        return joined

    def grid(self, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V) as (..., nx, ny), NaN on land."""
        array = np.asarray(values, dtype=np.float64)
        if array.ndim == 0 or array.shape[-1] != len(self.x):
            raise InputError(f"values must have shape (..., {len(self.x)}), got {array.shape}")
        grid = np.full((*array.shape[:-1], *self.domain._shape), np.nan)
        grid[..., self.domain._inside] = array
        return grid

    def restrict(self, fine: Mesh, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V_fine) of a refined mesh at the vertices of this one, (..., V)."""
        if not isinstance(fine, PolygonMesh) or fine.domain._shape[0] % self.domain._shape[0]:
            raise InputError("fine must be the mesh of this domain after refine()")
        factor = fine.domain._shape[0] // self.domain._shape[0]
        half = factor // 2
        kept = fine.grid(values)[..., half::factor, half::factor][..., self.domain._inside]
        # A centre within rounding of the shore can be water on one lattice and land on the other.
        return np.nan_to_num(kept, nan=0.0)


def lake(name: str, dx: float | None = None, *, n: int | None = None) -> Polygon:
    """Return a lake, from the outlines of Natural Earth at 1:10 million (public domain).

    Parameters
    ----------
    name : str
        Such as "Lake Superior"; an error lists all names.
    dx : float, optional
        Side of a cell [m]. Give `dx` or `n`.
    n : int, optional
        Number of cells along the longer side of the bounding box.

    Returns
    -------
    Polygon
        In metres east and north of the lake's centroid.
    """
    data = resources.files("spikealg.solvers.diffusion") / "data" / "lakes.geojson"
    with resources.as_file(data) as path:
        return Polygon.from_file(path, dx, name=name, n=n, crs="lonlat")


def _unwrapped(ring: FloatArray, near: float) -> FloatArray:
    """Return a ring [degrees] without jumps of 360° and as near to a longitude as can be."""
    bad = np.abs(ring[:, 1]) > 90
    if bad.any() or (np.abs(ring[:, 0]) > 360).any():
        raise InputError(
            "geometry with crs='lonlat' must hold (longitude, latitude) in degrees, got "
            f"{ring[int(np.argmax(bad | (np.abs(ring[:, 0]) > 360)))].tolist()}"
        )
    longitude = np.unwrap(ring[:, 0], period=360)
    longitude -= 360 * np.round((longitude.mean() - near) / 360)
    return np.stack([longitude, ring[:, 1]], axis=-1)


def _pairs(name: str, value: npt.ArrayLike) -> FloatArray:
    array = as_float_array(name, value)
    if array.ndim == 0 or array.shape[-1] != 2:
        raise InputError(f"{name} must have shape (..., 2), got {array.shape}")
    return array
