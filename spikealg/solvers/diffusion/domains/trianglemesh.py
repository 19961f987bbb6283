"""Surfaces of triangles: walkers that hop along edges by cotangent weights."""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from spikealg.arguments import as_float, as_float_array, as_int, as_int_array
from spikealg.errors import InputError
from spikealg.memory import require_memory
from spikealg.solvers.diffusion.domains.domain import Mesh
from spikealg.solvers.diffusion.domains.obj import read_mesh
from spikealg.solvers.diffusion.equation.boundary import as_boundary
from spikealg.solvers.diffusion.equation.coefficients import Coefficients, evaluate
from spikealg.solvers.diffusion.equation.rates import Rates, at_vertex

__all__ = ["SurfaceMesh", "TriangleMesh"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_LOGGER = logging.getLogger(__name__)
_ROUNDING = 1e-9
_BYTES_PER_FACE = 500


class TriangleMesh:
    """A surface, or a flat region, made of triangles; its vertices are where walkers are.

    Parameters
    ----------
    points : (N, 2) or (N, 3) array_like of float
        Positions [length]. Points of no triangle are dropped, and the log says so.
    faces : (F, 3) array_like of int
        Corners of the triangles.
    max_rate : float or str, optional
        Slivers make rates so high that steps are tiny. A number is the highest rate for D = 1
        [1/length²]; "p99.9" is that below which 99.9 % of the vertices are. The mass of faster
        vertices is made larger, and the log says by how much all of the surface grows.

    Attributes
    ----------
    x : (V, 2) or (V, 3) float64
        Positions of the vertices.
    faces : (F, 3) int64
        The triangles as given, in terms of `x`.
    mass : (V,) float64
        A third of the area of the triangles around each vertex.
    flips : int
        Edges that the intrinsic Delaunay triangulation replaced.

    Notes
    -----
    The rate from i to j is D·w_ij/m_i, w_ij half the sum of the cotangents of the angles opposite
    to the edge in the intrinsic Delaunay triangulation, where none of them is negative. The one
    side is "rim", the vertices at the edges of a single triangle. A diffusivity per axis has no
    meaning on a surface: it is a number, one per vertex, or a function of x. Of a drift b, a vector
    of as many numbers as positions have, the part along the edges counts: it adds w_ij·b·e/2m_i
    (central) or w_ij·max(b·e, 0)/m_i (upwind) to the rate, e being the way from i to j, so that
    what crosses between two cells is the mean of bu of both, or that of the one it comes from.
    """

    sides: tuple[str, ...] = ("rim",)
    dimensions = 2

    def __init__(
        self, points: npt.ArrayLike, faces: npt.ArrayLike, *, max_rate: float | str | None = None
    ) -> None:
        # Numba is imported only where something is to be compiled.
        from spikealg.solvers.diffusion.domains.delaunay import flip_to_delaunay

        x = np.array(as_float_array("points", points))
        if x.ndim != 2 or x.shape[1] not in (2, 3):
            raise InputError(f"points must have shape (N, 2) or (N, 3), got {x.shape}")
        corners = np.array(as_int_array("faces", faces, low=0, high=len(x) - 1))
        if corners.ndim != 2 or corners.shape[1] != 3 or not len(corners):
            raise InputError(f"faces must have shape (F, 3), got {corners.shape}")
        require_memory(
            float(len(corners)) * _BYTES_PER_FACE,
            f"a surface of {len(corners)} triangles",
            "take a coarser mesh",
        )
        used = np.unique(corners)
        if len(used) < len(x):
            _LOGGER.warning("%d of %d points belong to no triangle and are dropped",
                            len(x) - len(used), len(x))  # fmt: skip
        self.x = x[used]
        self.faces = np.searchsorted(used, corners)
        ends = self.x[np.roll(self.faces, -1, axis=1)] - self.x[self.faces]
        lengths = np.linalg.norm(ends, axis=2)
        if not (lengths > 0).all():
            face = int(np.argmin(lengths.min(axis=1)))
            raise InputError(
                f"faces[{face}] has two corners in one place: merge them and drop the triangle"
            )
        triangles, self._lengths, self.flips = flip_to_delaunay(self.faces, lengths)
        self._triangles, self._max_rate = triangles, max_rate
        self._assemble(max_rate)

    @classmethod
    def from_file(cls, path: str | Path, *, max_rate: float | str | None = None) -> TriangleMesh:
        """Return the surface in a file: .obj, or what meshio reads (extra "mesh").

        Parameters
        ----------
        path : str or path
        max_rate : optional
            As in `TriangleMesh`.
        """
        points, faces = read_mesh(path)
        return cls(points, faces, max_rate=max_rate)

    def _assemble(self, max_rate: float | str | None) -> None:
        """Find weights of edges and masses of vertices."""
        n = len(self.x)
        weight, area = _cotangents(self._lengths)
        if not (area > 0).all():
            face = int(np.argmin(area))
            raise InputError(
                f"a triangle at {at_vertex(self.x, int(self._triangles[face, 0]))} has no area: "
                "its corners lie on a line; collapse it"
            )
        start, end = self._triangles, np.roll(self._triangles, -1, axis=1)
        share = len(self.faces) / len(self._triangles)  # ½ if triangles are those of both sides
        weight, area = share * weight, share * area
        half = sparse.coo_array((0.5 * weight.ravel(), (start.ravel(), end.ravel())), shape=(n, n))
        self._weights = (half + half.T).tocsr()
        self._weights.setdiag(0)
        self._weights.eliminate_zeros()
        largest = self._weights.max()
        bad = self._weights.data < -_ROUNDING * largest
        if bad.any():
            row = int(np.repeat(np.arange(n), np.diff(self._weights.indptr))[bad][0])
            raise InputError(
                f"the rate along an edge at {at_vertex(self.x, row)} would be negative: triangles "
                "that share two corners but face opposite ways, or slivers, leave no better edge; "
                "repair the mesh there"
            )
        self._weights.data = np.maximum(self._weights.data, 0)
        self._weights.eliminate_zeros()
        mass = np.bincount(self._triangles.ravel(), np.repeat(area / 3, 3), minlength=n)
        self.mass: FloatArray = mass.astype(np.float64)
        if max_rate is None:
            return
        out = self._weights.sum(axis=1)
        limit = _limit(max_rate, out / self.mass)
        before = self.mass.sum()
        self.mass = np.maximum(self.mass, out / limit)
        _LOGGER.info(
            "max_rate = %.4g enlarges the mass of %d vertices, that of all by %.2g %%",
            limit,
            np.count_nonzero(out / limit >= self.mass),
            100 * (self.mass.sum() / before - 1),
        )

    @cached_property
    def rim(self) -> FloatArray:
        """Length of the rim that belongs to each vertex, (V,) [length]; 0 inside."""
        ends = np.stack([self.faces, np.roll(self.faces, -1, axis=1)], axis=-1).reshape(-1, 2)
        key, count = np.unique(np.sort(ends, axis=1), axis=0, return_counts=True)
        single = key[count == 1]
        half = 0.5 * np.linalg.norm(self.x[single[:, 0]] - self.x[single[:, 1]], axis=1)
        length = np.bincount(single.ravel(), np.repeat(half, 2), minlength=len(self.x))
        return length.astype(np.float64)

    def mesh(self, boundary: Any = "reflect") -> SurfaceMesh:
        """Return the vertices for a boundary: "reflect", "absorb" or {"rim": word}."""
        words = as_boundary(boundary, self.sides, periodic=False)
        return SurfaceMesh(self, absorbing=words["rim"] == "absorb")

    def refine(self, factor: int | None = None) -> TriangleMesh:
        """Return the same surface with every triangle cut into four; vertices stay, and come first.

        A `max_rate` that is a number grows with the rates, by 4.

        Raises
        ------
        InputError
            If `factor`, into how many parts edges are cut, is not 2.
        """
        if as_int("factor", 2 if factor is None else factor, low=1) != 2:
            raise InputError(f"factor must be 2 on a surface of triangles, got {factor}")
        limit = self._max_rate
        limit = limit if limit is None or isinstance(limit, str) else 4 * limit
        return TriangleMesh(*halved(self.x, self.faces), max_rate=limit)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.x)} vertices, {len(self.faces)} triangles)"


class SurfaceMesh:
    """The vertices of a `TriangleMesh`, whose rim may absorb."""

    def __init__(self, domain: TriangleMesh, *, absorbing: bool) -> None:
        self.domain, self.absorbing = domain, absorbing
        self.x, self.mass = domain.x, domain.mass
        if absorbing and not domain.rim.any():
            raise InputError("the surface is closed and has no rim that could absorb")

    @property
    def sides(self) -> tuple[str, ...]:
        """The absorbing sides: ("rim",) or none."""
        return ("rim",) if self.absorbing else ()

    def rates(self, coefficients: Coefficients) -> Rates:
        """Return the rates from vertex to vertex and into an absorbing rim."""
        n = len(self.x)
        weights = self.domain._weights.tocoo()
        strength = _strength(self.x, weights.row, weights.col, coefficients)
        if coefficients.drift is not None:
            strength = self._drifting(strength, weights.row, weights.col, coefficients)
        rate = weights.data * strength / self.mass[weights.row]
        kept = rate > 0
        rates = Rates(
            self.x,
            self.mass,
            sparse.csr_array((rate[kept], (weights.row[kept], weights.col[kept])), shape=(n, n)),
            sparse.csr_array((n, 0)),
            (),
            np.ones(n, dtype=bool),
            np.full(n, -1, dtype=np.int64),
        )
        return rates.absorbing("rim", self.domain.rim > 0) if self.absorbing else rates

    def _drifting(
        self, strength: FloatArray, row: IntArray, column: IntArray, coefficients: Coefficients
    ) -> FloatArray:
        """Return what the diffusivity and the drift bring along each edge, (M,) [length²/time]."""
        drift = evaluate("drift", coefficients.drift, self.x, self.x.shape[1], vector=True)
        along = (drift[row] * (self.x[column] - self.x[row])).sum(axis=1)
        if coefficients.upwind:
            return np.asarray(strength + np.maximum(along, 0))
        strong = -along > 2 * strength * (1 + _ROUNDING)
        if strong.any():
            worst = int(np.where(strong, -along - 2 * strength, -np.inf).argmax())
            raise InputError(
                f"drift at {at_vertex(self.x, int(row[worst]))} is too strong for the mesh: "
                f"|drift| along an edge, times its length, is {-along[worst]:.6g} and must be at "
                f"most sigma**2 (2 * diffusivity) = {2 * strength[worst]:.6g}: take a finer "
                "surface, such as domain.refine(), or drift_scheme='upwind'"
            )
        return np.asarray(np.maximum(strength + along / 2, 0))

    def wall(self, side: str, coefficients: Coefficients, transfer: float) -> FloatArray:
        """Return D times the length of rim that each vertex has, (V,)."""
        return np.asarray(self.domain.rim * coefficients.at(self.x, 1)[:, 0])

    def locate(self, initial: Any, name: str = "initial") -> tuple[IntArray, FloatArray] | None:
        """Return the corners of the triangle nearest to a point and their shares; else None.

        Triangles are those around the vertex nearest to the point.
        """
        if isinstance(initial, dict):
            raise InputError(f"{name} must be a density or a point of a surface, got a dict")
        if callable(initial):
            return None
        point, axes = as_float_array(name, initial), self.x.shape[1]
        if point.ndim == 0:
            raise InputError(
                f"{name} must be a density or a point of {axes} numbers, got {initial!r}"
            )
        if point.shape != (axes,):
            return None
        nearest = int(((self.x - point) ** 2).sum(axis=1).argmin())
        around = self.domain.faces[(self.domain.faces == nearest).any(axis=1)]
        shares = np.array([_shares(self.x[face], point) for face in around])
        off = np.einsum("fk,fkd->fd", shares, self.x[around]) - point
        best = int((off**2).sum(axis=1).argmin())
        return around[best][shares[best] > 0], shares[best][shares[best] > 0]

    def grid(self, values: npt.ArrayLike) -> FloatArray:
        """Refuse: vertices of a surface do not lie on a lattice."""
        raise InputError("a surface of triangles is no lattice: its values have one axis")

    def restrict(self, fine: Mesh, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V_fine) of a refined mesh at the vertices of this one, (..., V)."""
        return np.asarray(values, dtype=np.float64)[..., : len(self.x)]


def halved(x: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray]:
    """Return points and triangles with every edge cut in two; the old points come first."""
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges, number = np.unique(np.sort(ends, axis=1), axis=0, return_inverse=True)
    middle = len(x) + number.reshape(-1, 3)
    a, b, c = faces.T
    ab, bc, ca = middle.T
    corners = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    finer = np.concatenate([np.stack(corner, axis=1) for corner in corners])
    return np.concatenate([x, x[edges].mean(axis=1)]), finer


def _strength(
    x: FloatArray, row: IntArray, column: IntArray, coefficients: Coefficients
) -> FloatArray:
    """Return ½σ² at `row`, or D halfway to `column`, (M,)."""
    if coefficients.sigma is not None:
        return np.asarray(coefficients.at(x, 1)[row, 0])
    if coefficients.diffusivity is None:
        if coefficients.upwind and coefficients.drift is not None:
            return np.zeros(len(row))
        raise InputError("diffusivity or sigma is needed: give one of them")
    return evaluate(
        "diffusivity",
        coefficients.diffusivity,
        (x[row] + x[column]) / 2,
        1,
        low=0,
        ends=(row, column),
        vertices=len(x),
    )[:, 0]


def _cotangents(lengths: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the cotangent of the angle opposite to each edge, (F, 3), and the areas, (F,)."""
    a, b, c = lengths.T
    half = (a + b + c) / 2
    area = np.sqrt(np.maximum(half * (half - a) * (half - b) * (half - c), 0))
    squares = lengths**2
    total = squares.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (total - 2 * squares) / (4 * area[:, None]), area


def _shares(corners: FloatArray, point: FloatArray) -> FloatArray:
    """Return barycentric shares (3,) of the point in a triangle nearest to `point`, or near it."""
    a, b, c = corners
    sides = np.stack([b - a, c - a], axis=1)
    parts, *_ = np.linalg.lstsq(sides, point - a, rcond=None)
    shares = np.maximum(np.array([1 - parts.sum(), *parts]), 0)
    shares[shares < _ROUNDING] = 0
    return np.asarray(shares / shares.sum())


def _limit(max_rate: float | str, rates: FloatArray) -> float:
    if isinstance(max_rate, str):
        text = max_rate.removeprefix("p")
        if text == max_rate or not text.replace(".", "", 1).isdigit() or float(text) > 100:
            raise InputError(
                f"max_rate must be a number, or a percentile such as 'p99.9', got {max_rate!r}"
            )
        return float(np.percentile(rates, float(text)))
    return as_float("max_rate", max_rate, above=0)
