"""Spheres and tori as surfaces of triangles."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.trianglemesh import TriangleMesh, halved

__all__ = ["Sphere", "Torus"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_MOST_SUBDIVISIONS = 10


class Sphere(TriangleMesh):
    """The surface of a ball, as an icosahedron cut finer and blown up.

    Parameters
    ----------
    radius : float
        [length]
    subdivisions : int
        How often edges are cut in two: 10·4^k + 2 vertices.

    Attributes
    ----------
    radius, subdivisions
        As given.
    """

    def __init__(self, radius: float = 1.0, subdivisions: int = 3) -> None:
        self.radius = as_float("radius", radius, above=0)
        self.subdivisions = as_int("subdivisions", subdivisions, low=0, high=_MOST_SUBDIVISIONS)
        x, faces = _icosahedron()
        for _ in range(self.subdivisions):
            x, faces = halved(x, faces)
            x /= np.linalg.norm(x, axis=1, keepdims=True)
        super().__init__(self.radius * x, faces)

    def refine(self, factor: int | None = None) -> Sphere:
        """Return the same sphere with edges cut in `factor`, a power of 2; vertices come first."""
        factor = as_int("factor", 2 if factor is None else factor, low=1)
        if factor & (factor - 1):
            raise InputError(f"factor must be a power of 2 on a sphere, got {factor}")
        return Sphere(self.radius, self.subdivisions + factor.bit_length() - 1)


class Torus(TriangleMesh):
    """The surface of a ring, around the z axis.

    Parameters
    ----------
    major, minor : float
        Distance of the middle of the tube from the axis, and radius of the tube [length].
    n : int
        Vertices around the axis, at least 3.
    m : int, optional
        Vertices around the tube, at least 3; so many that triangles are about equilateral if not
        given.

    Attributes
    ----------
    major, minor, n, m
        As given. Vertex i·m + j is the j-th around the tube at the i-th place around the axis.
    """

    def __init__(
        self, major: float = 1.0, minor: float = 0.4, n: int = 48, m: int | None = None
    ) -> None:
        self.major = as_float("major", major, above=0)
        self.minor = as_float("minor", minor, above=0)
        if self.minor >= self.major:
            raise InputError(
                f"minor must be less than major = {self.major:g}, got {self.minor:g}: the ring "
                "would run into itself"
            )
        self.n = as_int("n", n, low=3)
        auto = max(3, round(self.n * self.minor / self.major))
        self.m = as_int("m", auto if m is None else m, low=3)
        i, j = (part.ravel() for part in np.indices((self.n, self.m)))
        u, v = 2 * math.pi * i / self.n, 2 * math.pi * j / self.m
        away = self.major + self.minor * np.cos(v)
        x = np.stack([away * np.cos(u), away * np.sin(u), self.minor * np.sin(v)], axis=1)
        i_on, j_up = (i + 1) % self.n, (j + 1) % self.m
        here, up, on, beyond = (
            a * self.m + b for a, b in ((i, j), (i, j_up), (i_on, j), (i_on, j_up))
        )
        faces = np.concatenate(
            [np.stack([here, on, beyond], axis=1), np.stack([here, beyond, up], axis=1)]
        )
        super().__init__(x, faces)

    def refine(self, factor: int | None = None) -> TriangleMesh:
        """Return the same ring with edges cut in `factor`; the vertices of this one come first."""
        factor = as_int("factor", 2 if factor is None else factor, low=1)
        fine = Torus(self.major, self.minor, factor * self.n, factor * self.m)
        place = np.arange(len(fine.x)).reshape(fine.n, fine.m)
        kept = place[::factor, ::factor].ravel()
        order = np.concatenate([kept, np.setdiff1d(place, kept)])
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.arange(len(order))
        return TriangleMesh(fine.x[order], number[fine.faces])


def _icosahedron() -> tuple[FloatArray, IntArray]:
    """Return the 12 corners on the unit sphere and the 20 triangles, seen anticlockwise."""
    golden = (1 + math.sqrt(5)) / 2
    x = np.array(
        [
            (-1, golden, 0), (1, golden, 0), (-1, -golden, 0), (1, -golden, 0),
            (0, -1, golden), (0, 1, golden), (0, -1, -golden), (0, 1, -golden),
            (golden, 0, -1), (golden, 0, 1), (-golden, 0, -1), (-golden, 0, 1),
        ]
    )  # fmt: skip
    faces = np.array(
        [
            (0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11),
            (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6), (7, 1, 8),
            (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9),
            (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1),
        ],
        dtype=np.int64,
    )  # fmt: skip
    return x / math.sqrt(1 + golden**2), faces
