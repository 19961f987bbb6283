"""Disks and balls: lattices of squares or cubes within a circle or a sphere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_float_array, as_int
from spikealg.errors import InputError
from spikealg.memory import require_memory
from spikealg.solvers.diffusion.domains.domain import Mesh
from spikealg.solvers.diffusion.domains.shores import POINTS_PER_CELL, Wall, clipped_rates
from spikealg.solvers.diffusion.equation.boundary import as_boundary
from spikealg.solvers.diffusion.equation.coefficients import Coefficients
from spikealg.solvers.diffusion.equation.links import Links
from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = ["Ball", "BallMesh", "Disk"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_BYTES_PER_VERTEX = 600
_WITHIN = 1 - 1e-12
"""A vertex on the shore is none of the inside."""


class Ball:
    """A ball, divided into cubes; vertices are lattice points inside, the centre among them.

    Parameters
    ----------
    radius : float
        [length]
    n : int
        Number of cells along a diameter, at least 4 and even.
    center : sequence of float, optional
        [length]; the origin if not given.

    Attributes
    ----------
    radius, n, center
        As given.
    dx : float
        Side of a cell, 2·radius/n [length].

    Notes
    -----
    The one side is "shore". Where it absorbs, a vertex within Δx/4 of it along an axis is a sink,
    and others reach it at rate D/(Δx·h), h being their distance along the axis: the error is of
    order 2, as in `Polygon`. With a given value that takes a `sigma` that is a number or a
    function, which is asked on the shore too; an array per vertex that varies leaves order 1.
    Where the shore reflects, links that would leave are missing; a flux, or what a wall absorbs
    in part, has an error of order 1. All vertices have mass Δx³.
    """

    dimensions = 3
    sides: tuple[str, ...] = ("shore",)

    def __init__(
        self, radius: float = 1.0, n: int = 20, *, center: Sequence[float] | None = None
    ) -> None:
        self.radius = as_float("radius", radius, above=0)
        self.n = as_int("n", n, low=4)
        if self.n % 2:
            raise InputError(f"n must be even, so that the centre is a vertex, got {self.n}")
        shape = (self.dimensions,)
        middle = as_float_array("center", 0.0 if center is None else center, shape=shape)
        self.center = tuple(middle.tolist())
        require_memory(
            float(self.n) ** self.dimensions * _BYTES_PER_VERTEX,
            f"a {type(self).__name__} of {self.n} cells along a diameter",
            "take a smaller n",
        )

    @property
    def dx(self) -> float:
        """Side of a cell [length]."""
        return 2 * self.radius / self.n

    def mesh(self, boundary: Any = "reflect") -> BallMesh:
        """Return the vertices for a boundary: "reflect", "absorb" or {"shore": word}."""
        words = as_boundary(boundary, self.sides, periodic=False)
        return BallMesh(self, absorbing=words["shore"] == "absorb")

    def refine(self, factor: int | None = None) -> Ball:
        """Return the same shape with `factor` (2) times as many cells; vertices are kept."""
        factor = as_int("factor", 2 if factor is None else factor, low=1)
        return type(self)(self.radius, self.n * factor, center=self.center)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(radius={self.radius:g}, n={self.n})"


class Disk(Ball):
    """A disk, divided into squares: a `Ball` of two dimensions."""

    dimensions = 2


class BallMesh:
    """The vertices of a `Ball` or `Disk` with a given shore."""

    def __init__(self, domain: Ball, *, absorbing: bool) -> None:
        self.domain, self.absorbing = domain, absorbing
        line = (np.arange(domain.n + 1) - domain.n / 2) * domain.dx
        away = np.stack(np.meshgrid(*[line] * domain.dimensions, indexing="ij"), axis=-1)
        self.inside = np.linalg.norm(away, axis=-1) < domain.radius * _WITHIN
        """Which points of the lattice are vertices, (n + 1, n + 1, ...) bool."""
        self._away = away[self.inside]
        self.x = self._away + np.array(domain.center)
        self.mass = np.full(len(self.x), domain.dx**domain.dimensions)
        self.number = np.full(self.inside.shape, -1, dtype=np.int64)
        self.number[self.inside] = np.arange(len(self.x))

    @property
    def axes(self) -> tuple[FloatArray, ...]:
        """Positions of the lattice along each axis."""
        line = (np.arange(self.domain.n + 1) - self.domain.n / 2) * self.domain.dx
        return tuple(middle + line for middle in self.domain.center)

    @property
    def sides(self) -> tuple[str, ...]:
        """The absorbing sides: ("shore",) or none."""
        return ("shore",) if self.absorbing else ()

    def rates(self, coefficients: Coefficients) -> Rates:
        """Return the rates from vertex to vertex and to an absorbing shore."""
        lower, upper, axes = [], [], []
        for axis in range(self.domain.dimensions):
            line = np.moveaxis(self.number, axis, 0)
            both = (line[:-1] >= 0) & (line[1:] >= 0)
            lower.append(line[:-1][both])
            upper.append(line[1:][both])
            axes.append(np.full(len(lower[-1]), axis))
        links = Links(np.concatenate(lower), np.concatenate(upper), np.concatenate(axes))
        return clipped_rates(
            self.x,
            self.domain.dx,
            links,
            self._gap() if self.absorbing else None,
            coefficients,
            lambda axis, spacing: f"n >= {math.ceil(2 * self.domain.radius / spacing)}",
        )

    def wall(self, side: str, coefficients: Coefficients, transfer: float) -> FloatArray:
        """Return D times the length or area of shore that each vertex has; see `Wall`."""
        return self._wall.strength(self.x, coefficients, transfer)

    @cached_property
    def _wall(self) -> Wall:
        """The shore, each part with the vertex nearest to the point half a cell inward of it."""
        from scipy.spatial import KDTree  # 0.1 s of import

        radius, dx, flat = self.domain.radius, self.domain.dx, self.domain.dimensions == 2
        area = 2 * math.pi * radius if flat else 4 * math.pi * radius**2
        count = math.ceil(POINTS_PER_CELL * area / dx ** (self.domain.dimensions - 1))
        outward = _on_circle(count) if flat else _on_sphere(count)
        _, vertex = KDTree(self._away).query((radius - dx / 2) * outward)
        areas = np.full(count, area / count)
        return Wall.dealt(self._away, vertex, radius * outward, areas, -outward)

    def _gap(self) -> FloatArray:
        """Return the distance to the shore along the axes, (V, 2·dimensions)."""
        square = (self._away**2).sum(axis=1, keepdims=True)
        half_chord = np.sqrt(self.domain.radius**2 - square + self._away**2)
        both = np.stack([half_chord + self._away, half_chord - self._away], axis=-1)
        return both.reshape(len(self.x), -1)

    def locate(self, initial: Any, name: str = "initial") -> tuple[IntArray, FloatArray] | None:
        """Return the vertices around a point and their shares; None if `initial` is a density.

        Shares are linear along every axis, among those of the corners that lie inside.
        """
        if isinstance(initial, dict):
            raise InputError(f"{name} must be a density or a point, got a dict")
        if callable(initial):
            return None
        point, axes = as_float_array(name, initial), self.domain.dimensions
        if point.ndim == 0:
            raise InputError(
                f"{name} must be a density or a point of {axes} numbers, got {initial!r}"
            )
        if point.shape != (axes,):
            return None
        away = point - np.array(self.domain.center)
        if np.linalg.norm(away) > self.domain.radius * (1 + 1e-12):
            raise InputError(
                f"{name} point {tuple(point.tolist())} lies outside the {self.domain!r}"
            )
        place = np.clip(away / self.domain.dx + self.domain.n / 2, 0, self.domain.n)
        corner = np.minimum(np.floor(place), self.domain.n - 1).astype(np.int64)
        part = place - corner
        vertices, shares = [], []
        for ends in product((0, 1), repeat=axes):
            vertex = int(self.number[tuple(corner + ends)])
            share = float(np.prod(np.where(ends, part, 1 - part)))
            if vertex >= 0 and share > 1e-12:
                vertices.append(vertex)
                shares.append(share)
        if not vertices:
            vertices, shares = [int(((self._away - away) ** 2).sum(axis=1).argmin())], [1.0]
        return np.array(vertices), np.array(shares) / sum(shares)

    def grid(self, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V) on the lattice, (..., n + 1, n + 1, ...), NaN outside."""
        array = np.asarray(values, dtype=np.float64)
        if array.ndim == 0 or array.shape[-1] != len(self.x):
            raise InputError(f"values must have shape (..., {len(self.x)}), got {array.shape}")
        grid = np.full((*array.shape[:-1], *self.inside.shape), np.nan)
        grid[..., self.inside] = array
        return grid

    def restrict(self, fine: Mesh, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V_fine) of a refined mesh at the vertices of this one, (..., V)."""
        if not isinstance(fine, BallMesh) or fine.domain.n % self.domain.n:
            raise InputError("fine must be the mesh of this domain after refine()")
        every: list[Any] = [
            slice(None, None, fine.domain.n // self.domain.n)
        ] * self.domain.dimensions
        return np.asarray(fine.grid(values)[(..., *every)][..., self.inside])


def _on_circle(points: int) -> FloatArray:
    """Return points that share the unit circle equally, (points, 2)."""
    angle = 2 * math.pi * np.arange(points) / points
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def _on_sphere(points: int) -> FloatArray:
    """Return points that share the unit sphere equally, (points, 3): a spiral by the golden angle.

    Swinbank and Purser, "Fibonacci grids", Q. J. R. Meteorol. Soc. 132, 2006.
    """
    place = np.arange(points)
    z = 1 - (2 * place + 1) / points
    angle = math.pi * (3 - math.sqrt(5)) * place
    around = np.sqrt(1 - z**2)
    return np.stack([around * np.cos(angle), around * np.sin(angle), z], axis=-1)
