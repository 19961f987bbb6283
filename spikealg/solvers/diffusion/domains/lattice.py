"""Intervals and boxes: lattices with their vertices on the ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_float_array, as_int
from spikealg.errors import InputError
from spikealg.memory import require_memory
from spikealg.solvers.diffusion.domains.domain import Mesh
from spikealg.solvers.diffusion.equation.boundary import as_boundary
from spikealg.solvers.diffusion.equation.coefficients import Coefficients
from spikealg.solvers.diffusion.equation.links import Lattice, Links, lattice_rates
from spikealg.solvers.diffusion.equation.rates import Rates
from spikealg.solvers.diffusion.equation.tensor import DiagonalLinks, as_tensor

__all__ = ["Box", "Interval", "LatticeMesh"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_AXES = "xyz"
_ON_VERTEX = 1e-9
"""A point closer to a vertex than this part of Δx lies on it."""
_CHEAP = 100_000
"""Vertices of a mesh that is made only to give better advice."""
_BYTES_PER_VERTEX = 400
"""Links, matrix and positions while the rates are made."""


@dataclass(frozen=True)
class Interval:
    """The interval [lower, upper], divided into n cells.

    Its vertices lie at lower + iΔx, ends included: n + 1 of them, or n if the boundary is
    periodic. (Cell-centred packages such as py-pde put them at lower + (i + ½)Δx.) A vertex has
    mass Δx, Δx/2 at a reflecting end; the vertex at an absorbing end is a sink. Positions have
    shape (V,); the sides are "x-" and "x+".

    Parameters
    ----------
    lower, upper : float
        Ends [length].
    n : int
        Number of cells, at least 1 (3 if periodic).
    """

    lower: float
    upper: float
    n: int

    def __post_init__(self) -> None:
        lower, upper, n = as_float("lower", self.lower), as_float("upper", self.upper), self.n
        _require_extent("upper", lower, upper)
        for name, value in (("lower", lower), ("upper", upper), ("n", as_int("n", n, low=1))):
            object.__setattr__(self, name, value)

    @property
    def sides(self) -> tuple[str, ...]:
        """("x-", "x+")."""
        return _sides(1)

    def mesh(self, boundary: Any = "reflect") -> LatticeMesh:
        """Return the vertices for a boundary: a word, or {side: word}."""
        ends = as_boundary(boundary, self.sides, both=True)
        return LatticeMesh((self.lower,), (self.upper,), (self.n,), ends, flat=True)

    def refine(self, factor: int | None = None) -> Interval:
        """Return the same interval with `factor` (2) times as many cells; vertices are kept."""
        factor = as_int("factor", 2 if factor is None else factor, low=1)
        return Interval(self.lower, self.upper, self.n * factor)


@dataclass(frozen=True)
class Box:
    """A rectangle or a block, a lattice along each of one to three axes.

    Vertices, masses and sides along each axis are those of `Interval`; masses multiply. Positions
    have shape (V, dimensions); vertices are numbered with the last axis running fastest.

    Parameters
    ----------
    lower, upper : sequence of float
        Opposite corners [length].
    n : int or sequence of int
        Number of cells along every axis, or along each.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    n: tuple[int, ...]

    def __init__(
        self, lower: Sequence[float], upper: Sequence[float], n: int | Sequence[int]
    ) -> None:
        low = np.atleast_1d(as_float_array("lower", lower))
        high = np.atleast_1d(as_float_array("upper", upper))
        if low.ndim != 1 or not 1 <= len(low) <= 3:
            raise InputError(f"lower must hold one to three numbers, got shape {low.shape}")
        if high.shape != low.shape:
            raise InputError(
                f"upper must hold as many numbers as lower ({len(low)}), got shape {high.shape}"
            )
        cells = [n] * len(low) if np.ndim(n) == 0 else list(n)  # type: ignore[arg-type]
        if len(cells) != len(low):
            raise InputError(f"n must be one number or one per axis ({len(low)}), got {n!r}")
        for axis, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
            _require_extent(f"upper[{axis}]", a, b)
        object.__setattr__(self, "lower", tuple(low.tolist()))
        object.__setattr__(self, "upper", tuple(high.tolist()))
        object.__setattr__(self, "n", tuple(as_int("n", cell, low=1) for cell in cells))

    @property
    def sides(self) -> tuple[str, ...]:
        """("x-", "x+", "y-", ...)."""
        return _sides(len(self.n))

    def mesh(self, boundary: Any = "reflect") -> LatticeMesh:
        """Return the vertices for a boundary: a word, or {side: word}."""
        ends = as_boundary(boundary, self.sides, both=True)
        return LatticeMesh(self.lower, self.upper, self.n, ends, flat=False)

    def refine(self, factor: int | None = None) -> Box:
        """Return the same box with `factor` (2) times as many cells per axis; vertices are kept."""
        factor = as_int("factor", 2 if factor is None else factor, low=1)
        return Box(self.lower, self.upper, [cells * factor for cells in self.n])


def _sides(dimensions: int) -> tuple[str, ...]:
    return tuple(f"{axis}{end}" for axis in _AXES[:dimensions] for end in "-+")


def _require_extent(name: str, lower: float, upper: float) -> None:
    if upper <= lower:
        raise InputError(f"{name} must be greater than lower = {lower:g}, got {upper:g}")


class LatticeMesh:
    """The vertices of an `Interval` or `Box` with a given boundary."""

    def __init__(
        self,
        lower: tuple[float, ...],
        upper: tuple[float, ...],
        n: tuple[int, ...],
        ends: dict[str, str],
        *,
        flat: bool,
    ) -> None:
        self.lower, self.upper, self.n, self.ends, self.flat = lower, upper, n, ends, flat
        self.periodic = tuple(ends[f"{axis}-"] == "periodic" for axis in _AXES[: len(n)])
        for axis, (cells, periodic) in enumerate(zip(n, self.periodic, strict=True)):
            if periodic and cells < 3:
                raise InputError(
                    f"n must be at least 3 along the periodic axis {_AXES[axis]!r}, got {cells}"
                )
        self.shape = tuple(
            cells if periodic else cells + 1
            for cells, periodic in zip(n, self.periodic, strict=True)
        )
        require_memory(
            math.prod(self.shape) * float(_BYTES_PER_VERTEX),
            f"a lattice of {' x '.join(map(str, self.shape))} vertices",
            "take a smaller n",
        )
        self.spacing = (np.array(upper) - np.array(lower)) / np.array(n)

    @cached_property
    def axes(self) -> tuple[FloatArray, ...]:
        """Positions of the vertices along each axis."""
        return tuple(
            np.linspace(a, b, cells + 1)[:size]
            for a, b, cells, size in zip(self.lower, self.upper, self.n, self.shape, strict=True)
        )

    @cached_property
    def x(self) -> FloatArray:
        """Positions of the vertices, (V,) on an interval, (V, dimensions) in a box."""
        if self.flat:
            return self.axes[0]
        return np.stack(np.meshgrid(*self.axes, indexing="ij"), axis=-1).reshape(-1, len(self.n))

    @cached_property
    def _factor(self) -> FloatArray:
        """2 where a vertex is half as long along an axis, otherwise 1, (V, dimensions)."""
        factor = np.ones((*self.shape, len(self.n)))
        for axis, periodic in enumerate(self.periodic):
            if not periodic:
                along = np.moveaxis(factor[..., axis], axis, 0)
                along[[0, -1]] = 2
        return factor.reshape(-1, len(self.n))

    @cached_property
    def mass(self) -> FloatArray:
        """Length, area or volume of the cell around each vertex, (V,)."""
        return np.asarray(np.prod(self.spacing / self._factor, axis=1))

    @property
    def sides(self) -> tuple[str, ...]:
        """The absorbing sides."""
        return tuple(side for side, word in self.ends.items() if word == "absorb")

    @cached_property
    def _sink(self) -> IntArray:
        sink = np.full(self.shape, -1, dtype=np.int64)
        for number, side in enumerate(self.sides):
            ends = slice(0, 1) if side[1] == "-" else slice(-1, None)
            face = np.moveaxis(sink, _AXES.index(side[0]), 0)[ends]
            face[face < 0] = number
        return sink.ravel()

    @cached_property
    def _links(self) -> Links:
        number = np.arange(math.prod(self.shape)).reshape(self.shape)
        lower, upper = [], []
        for axis, periodic in enumerate(self.periodic):
            line = np.moveaxis(number, axis, 0)
            lower.append((line if periodic else line[:-1]).ravel())
            upper.append((np.roll(line, -1, axis=0) if periodic else line[1:]).ravel())
        axes = np.repeat(np.arange(len(lower)), [len(part) for part in lower])
        return Links(np.concatenate(lower), np.concatenate(upper), axes)

    def rates(self, coefficients: Coefficients) -> Rates:
        """Return the rates from vertex to vertex and into the absorbing sides."""
        tensor = as_tensor(coefficients, self.x)
        if tensor is None:
            return self._rates(coefficients, partial(self._advice, coefficients))
        diagonals = DiagonalLinks(tensor, self.shape, self.periodic, self.spacing, self.x)
        along = diagonals.along_axes(coefficients)
        return diagonals.added(self._rates(along, partial(self._advice, along)))

    def wall(self, side: str, coefficients: Coefficients, transfer: float) -> FloatArray:
        """Return D times the area that each vertex has on a side, (V,), 0 for vertices off it."""
        if as_tensor(coefficients, self.x) is not None:
            raise InputError(
                f"boundary[{side!r}] with a derivative needs a diffusivity along the axes, not a "
                "tensor: give a word or {'value': g}"
            )
        axis, end = _AXES.index(side[0]), 0 if side[1] == "-" else -1
        there = np.zeros(self.shape, dtype=bool)
        np.moveaxis(there, axis, 0)[end] = True
        area = np.where(there.ravel(), self.mass * self._factor[:, axis] / self.spacing[axis], 0.0)
        return np.asarray(area * coefficients.at(self.x, len(self.n))[:, axis])

    def _rates(self, coefficients: Coefficients, finer: Callable[[int, float], str]) -> Rates:
        lattice = Lattice(
            self.x,
            self.mass,
            self.spacing,
            self._factor,
            self._links,
            None,
            self.sides,
            self._sink,
            finer,
        )
        return lattice_rates(lattice, coefficients)

    def _advice(self, coefficients: Coefficients, axis: int, spacing: float) -> str:
        """Return how many cells an axis needs for Δx to be no longer than `spacing`.

        More vertices may find stronger drift between those of this mesh, so the answer is tried
        out as long as that is cheap.
        """
        cells, tried = self._cells(axis, spacing), self.n[axis]
        while cells > tried and self._affordable(coefficients, axis, cells):
            tried = cells
            n = (*self.n[:axis], cells, *self.n[axis + 1 :])
            mesh = LatticeMesh(self.lower, self.upper, n, self.ends, flat=self.flat)
            refused: list[tuple[int, float]] = []

            def note(axis: int, spacing: float, refused: Any = refused) -> str:
                refused.append((axis, spacing))
                return ""

            with suppress(InputError):
                mesh._rates(coefficients, note)
            if refused and refused[0][0] == axis:
                cells = self._cells(axis, refused[0][1])
        return f"n >= {cells}" + (f" along {_AXES[axis]!r}" if len(self.n) > 1 else "")

    def _cells(self, axis: int, spacing: float) -> int:
        return math.ceil((self.upper[axis] - self.lower[axis]) / spacing * (1 - 1e-12))

    def _affordable(self, coefficients: Coefficients, axis: int, cells: int) -> bool:
        """Return whether coefficients can be had on more vertices, and cheaply."""
        given = (coefficients.diffusivity, coefficients.sigma, coefficients.drift)
        known = all(callable(value) or np.size(value) <= len(self.n) for value in given)
        return known and math.prod(self.shape) // self.shape[axis] * cells <= _CHEAP

    def locate(self, initial: Any, name: str = "initial") -> tuple[IntArray, FloatArray] | None:
        """Return the vertices around a point and their shares; None if `initial` is a density."""
        if isinstance(initial, dict):
            raise InputError(f"{name} must be a density or a point on a lattice, got a dict")
        if callable(initial):
            return None
        point = as_float_array(name, initial)
        if point.ndim == 0:
            if len(self.n) > 1:
                raise InputError(
                    f"{name} must be a density or a point of {len(self.n)} numbers "
                    f"({', '.join(_AXES[: len(self.n)])}), got {initial!r}"
                )
            point = np.array([as_float(name, initial)])
        if point.shape != (len(self.n),):
            return None
        near, share = [], []
        for axis, p in enumerate(point.tolist()):
            if not self.lower[axis] <= p <= self.upper[axis]:
                raise InputError(
                    f"{name} point {initial!r} lies outside the domain: {_AXES[axis]} must be "
                    f"from {self.lower[axis]:g} to {self.upper[axis]:g}"
                )
            cell, part = _split((p - self.lower[axis]) / self.spacing[axis], self.n[axis])
            near.append(np.array([cell, cell + 1]) % self.shape[axis])
            share.append([1 - part, part])
        corners = [np.array(corner) for corner in product(*near)]
        mass = np.array([math.prod(parts) for parts in product(*share)])
        vertices = np.ravel_multi_index(tuple(np.array(corners).T), self.shape)
        return np.asarray(vertices)[mass > 0], mass[mass > 0]

    def grid(self, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V) in the shape (..., nx, ny, ...) of the lattice."""
        array = np.asarray(values, dtype=np.float64)
        if array.ndim == 0 or array.shape[-1] != math.prod(self.shape):
            raise InputError(
                f"values must have shape (..., {math.prod(self.shape)}), got {array.shape}"
            )
        return array.reshape(*array.shape[:-1], *self.shape)

    def restrict(self, fine: Mesh, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V_fine) of a refined mesh at the vertices of this one, (..., V)."""
        if not isinstance(fine, LatticeMesh) or any(
            cells % own for cells, own in zip(fine.n, self.n, strict=True)
        ):
            raise InputError("fine must be the mesh of this domain after refine()")
        steps = [cells // own for cells, own in zip(fine.n, self.n, strict=True)]
        every: list[Any] = [slice(None, None, step) for step in steps]
        kept = fine.grid(values)[(..., *every)]
        return kept.reshape(*kept.shape[: kept.ndim - len(self.n)], -1)


def _split(position: float, cells: int) -> tuple[int, float]:
    """Return the cell in which a position [Δx] lies and how far along it."""
    nearest = round(position)
    if abs(position - nearest) <= _ON_VERTEX:
        position = nearest
    cell = min(math.floor(position), cells - 1)
    return cell, position - cell
