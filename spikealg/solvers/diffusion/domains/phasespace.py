"""Phase space (x, ω): particles that stream through a slab and scatter into other directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from spikealg.arguments import as_float, as_float_array, as_int
from spikealg.errors import InputError
from spikealg.memory import require_memory
from spikealg.solvers.diffusion.domains.domain import Mesh, odd_factor
from spikealg.solvers.diffusion.equation.boundary import as_boundary
from spikealg.solvers.diffusion.equation.coefficients import Coefficients, evaluate
from spikealg.solvers.diffusion.equation.crossings import Crossings
from spikealg.solvers.diffusion.equation.functions import require_arguments
from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = ["PhaseMesh", "PhaseSpace"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_BYTES_PER_RATE = 60


class PhaseSpace:
    """A slab times directions: ∂u/∂t + vω ∂u/∂x = Σs(ū − u) + f, ū the mean over directions.

    Vertices are the centres of n cells for each direction; streaming is upwind, of order 1 in Δx.
    Absorption at rate Σa is the problem's `killing`. Positions ``x`` are pairs (x, ω).

    Parameters
    ----------
    lower, upper : float
        Faces of the slab [length].
    n : int
        Number of cells.
    directions : sequence of float
        Cosines ω of the directions, increasing, none of them 0.
    weights : sequence of float, optional
        Share of each direction, summing to 1; equal if not given. Particles scatter into a
        direction with this probability.
    scattering : float, (V,) array_like or callable
        Σs ≥ 0 [1/time]: rate of scattering, into any direction including the old one.
    speed : float
        v > 0 [length/time].

    Attributes
    ----------
    directions, weights : (K,) float64
    lower, upper, n, scattering, speed
        As given. Vertex i·K + k is cell i, direction k, of mass Δx·weight.

    Notes
    -----
    The sides are "x-" and "x+": "absorb" is a vacuum outside, "reflect" a mirror, "periodic" joins
    both. Coefficients of diffusion have no place here.
    """

    sides: tuple[str, ...] = ("x-", "x+")
    dimensions = 1  # that a finer mesh divides

    def __init__(
        self,
        lower: float,
        upper: float,
        n: int,
        *,
        directions: Sequence[float] = (-1.0, 1.0),
        weights: Sequence[float] | None = None,
        scattering: Any = 0.0,
        speed: float = 1.0,
    ) -> None:
        self.lower, self.upper = as_float("lower", lower), as_float("upper", upper)
        if self.upper <= self.lower:
            raise InputError(f"upper must be greater than lower = {lower:g}, got {upper:g}")
        self.n = as_int("n", n, low=1)
        self.directions = np.array(as_float_array("directions", directions))
        if self.directions.ndim != 1 or not len(self.directions):
            raise InputError(f"directions must be a list of cosines, got {directions!r}")
        if (np.diff(self.directions) <= 0).any() or (self.directions == 0).any():
            raise InputError(f"directions must increase and none may be 0, got {directions!r}")
        equal = 1 / len(self.directions)
        self.weights = np.array(
            as_float_array(
                "weights", equal if weights is None else weights, shape=self.directions.shape, low=0
            )
        )
        if abs(self.weights.sum() - 1) > 1e-9 or not (self.weights > 0).all():
            raise InputError(f"weights must be positive and sum to 1, got {weights!r}")
        self.speed = as_float("speed", speed, above=0)
        require_arguments("scattering", scattering, "x")
        self.scattering = scattering
        require_memory(
            float(self.n) * len(self.directions) ** 2 * _BYTES_PER_RATE,
            f"a phase space of {self.n} cells times {len(self.directions)} directions",
            "take fewer of them",
        )

    @property
    def dx(self) -> float:
        """Width of a cell [length]."""
        return (self.upper - self.lower) / self.n

    @property
    def centers(self) -> FloatArray:
        """Centres of the cells, (n,) [length]."""
        return np.asarray(self.lower + (np.arange(self.n) + 0.5) * self.dx)

    def fluence(self, density: npt.ArrayLike) -> FloatArray:
        """Return the sum over directions of values per vertex, (..., V) to (..., n), by weight."""
        array = np.asarray(density, dtype=np.float64)
        return array.reshape(*array.shape[:-1], self.n, len(self.weights)) @ self.weights

    def mesh(self, boundary: Any = "reflect") -> PhaseMesh:
        """Return the vertices for a boundary: a word, or {side: word}."""
        return PhaseMesh(self, as_boundary(boundary, self.sides, both=True))

    def refine(self, factor: int | None = None) -> PhaseSpace:
        """Return the same slab with cells `factor` (3) times thinner; centres are kept.

        Raises
        ------
        InputError
            If `factor` is even: the centre of a cell is a centre of its parts only if it is odd.
        """
        factor = odd_factor(factor)
        return PhaseSpace(
            self.lower,
            self.upper,
            self.n * factor,
            directions=self.directions.tolist(),
            weights=self.weights.tolist(),
            scattering=self.scattering,
            speed=self.speed,
        )

    def __repr__(self) -> str:
        size = f"n={self.n}, {len(self.directions)} directions"
        return f"PhaseSpace({self.lower:g}, {self.upper:g}, {size})"


class PhaseMesh:
    """The cells and directions of a `PhaseSpace` with given faces."""

    def __init__(self, domain: PhaseSpace, ends: dict[str, str]) -> None:
        self.domain, self.ends = domain, ends
        self.shape = (domain.n, len(domain.directions))
        self.axes = (domain.centers, domain.directions)
        grid = np.meshgrid(*self.axes, indexing="ij")
        self.x = np.stack(grid, axis=-1).reshape(-1, 2)
        self.mass = np.tile(domain.dx * domain.weights, domain.n)

    @property
    def sides(self) -> tuple[str, ...]:
        """The absorbing faces."""
        return tuple(side for side, word in self.ends.items() if word == "absorb")

    def rates(self, coefficients: Coefficients) -> Rates:
        """Return the rates of streaming and scattering, and into a vacuum."""
        for name in ("diffusivity", "sigma", "drift"):
            if getattr(coefficients, name) is not None:
                raise InputError(f"{name} has no place in a PhaseSpace, where particles stream")
        domain, number = self.domain, np.arange(len(self.x)).reshape(self.shape)
        n, k = self.shape
        scatter = evaluate("scattering", domain.scattering, self.x, 1, low=0)[:, 0]
        origin, target = np.repeat(number, k, axis=1).ravel(), np.tile(number, (1, k)).ravel()
        rate = scatter[origin] * np.tile(domain.weights, len(self.x))
        entries = [(origin, target, rate)]
        leaves: list[tuple[IntArray, int, FloatArray]] = []
        streaming = domain.speed * np.abs(domain.directions) / domain.dx
        forward = np.flatnonzero(domain.directions > 0)
        backward = np.flatnonzero(domain.directions < 0)
        for side, ways, first, inner in (
            ("x+", forward, number[:-1], number[1:]),
            ("x-", backward, number[1:], number[:-1]),
        ):
            per_cell = np.broadcast_to(streaming[ways], (n - 1, len(ways)))
            entries.append((first[:, ways].ravel(), inner[:, ways].ravel(), per_cell.ravel()))
            last = number[-1 if side == "x+" else 0]
            if self.ends[side] == "absorb":
                leaves.append((last[ways], self.sides.index(side), streaming[ways]))
            elif self.ends[side] == "periodic":
                around = number[0 if side == "x+" else -1]
                entries.append((last[ways], around[ways], streaming[ways]))
            else:
                entries.append((last[ways], last[self._mirrored(ways)], streaming[ways]))
        rows, columns, values = (np.concatenate(part) for part in zip(*entries, strict=True))
        kept = (rows != columns) & (values > 0)
        size, n_sides = len(self.x), len(self.sides)
        between = sparse.csr_array((values[kept], (rows[kept], columns[kept])), shape=(size, size))
        exits = sparse.lil_array((size, n_sides))
        for vertices, side_number, out in leaves:
            exits[vertices, side_number] = out
        return Rates(
            self.x,
            self.mass,
            between,
            exits.tocsr(),
            self.sides,
            np.ones(size, dtype=bool),
            np.full(size, -1, dtype=np.int64),
            crossings=self._crossings(number, streaming),
        )

    def _crossings(self, number: IntArray, streaming: FloatArray) -> Crossings:
        """Return the ways through the faces, at (x of the face, direction)."""
        domain, found = self.domain, Crossings.none(self.x)
        for side_number, side in enumerate(self.sides):
            inward = domain.directions * (1 if side == "x-" else -1) > 0
            cell = number[0 if side == "x-" else -1]
            face = domain.lower if side == "x-" else domain.upper
            place = np.stack([np.full(len(cell), face), domain.directions], axis=1)
            side_of = np.full(len(cell), side_number)
            flow = streaming * self.mass[cell]
            found = found.leaving(
                cell[~inward], side_of[~inward], streaming[~inward], place[~inward]
            ).entering(cell[inward], side_of[inward], flow[inward], place[inward])
        return found

    def _mirrored(self, ways: IntArray) -> IntArray:
        """Return the directions that are opposite to some, of the same weight."""
        directions, weights = self.domain.directions, self.domain.weights
        found = []
        for way in ways.tolist():
            same = np.isclose(directions, -directions[way]) & np.isclose(weights, weights[way])
            if not same.any():
                raise InputError(
                    "a mirror needs directions in pairs of the same weight, but "
                    f"{directions[way]:g} has no opposite: let the side absorb, or add it"
                )
            found.append(int(same.argmax()))
        return np.array(found, dtype=np.int64)

    def locate(self, initial: Any, name: str = "initial") -> tuple[IntArray, FloatArray] | None:
        """Return the cells around a place (x, ω), ω being one of the directions, and their shares.

        None if `initial` is a density.
        """
        if isinstance(initial, dict):
            raise InputError(f"{name} must be a density or a pair (x, direction), got a dict")
        if callable(initial):
            return None
        point = as_float_array(name, initial)
        if point.ndim == 0:
            raise InputError(f"{name} must be a density or a pair (x, direction), got {initial!r}")
        if point.shape != (2,):
            return None
        domain, (x, direction) = self.domain, point.tolist()
        same = np.isclose(domain.directions, direction)
        if not same.any() or not domain.lower <= x <= domain.upper:
            raise InputError(
                f"{name} point {initial!r} must lie within {domain.lower:g} to {domain.upper:g} "
                f"and have one of the directions {domain.directions.tolist()}"
            )
        place = np.clip((x - domain.lower) / domain.dx - 0.5, 0, domain.n - 1)
        cell = min(int(place), max(domain.n - 2, 0))
        part, way = float(place - cell), int(same.argmax())
        vertices = np.array([cell, min(cell + 1, domain.n - 1)]) * self.shape[1] + way
        shares = np.array([1 - part, part])
        return vertices[shares > 0], shares[shares > 0]

    def grid(self, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V) as (..., n, directions)."""
        array = np.asarray(values, dtype=np.float64)
        if array.ndim == 0 or array.shape[-1] != len(self.x):
            raise InputError(f"values must have shape (..., {len(self.x)}), got {array.shape}")
        return array.reshape(*array.shape[:-1], *self.shape)

    def restrict(self, fine: Mesh, values: npt.ArrayLike) -> FloatArray:
        """Return values (..., V_fine) of a refined mesh at the vertices of this one, (..., V)."""
        if not isinstance(fine, PhaseMesh) or fine.shape[0] % self.shape[0]:
            raise InputError("fine must be the mesh of this domain after refine()")
        factor = fine.shape[0] // self.shape[0]
        kept = fine.grid(values)[..., factor // 2 :: factor, :]
        return kept.reshape(*kept.shape[:-2], -1)
