"""Lattices on which a particle can walk: its step must be the same wherever it comes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.domain import Mesh
from spikealg.solvers.diffusion.domains.lattice import LatticeMesh
from spikealg.solvers.diffusion.domains.nodes import NodeMesh
from spikealg.solvers.diffusion.equation.rates import Rates, at_vertex
from spikealg.solvers.diffusion.equation.transition import Transition
from spikealg.solvers.diffusion.particle_circuits.modular import coprime_moduli, factor_moduli
from spikealg.solvers.diffusion.times import Segment

__all__ = ["StepLaw", "as_lattice", "reach", "require_homogeneous", "step_law", "windows"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_NEVER = 64 * math.log(2)
"""A walker comes farther than `reach` says with a chance below 2⁻⁶⁴."""
_SAME = 1e-9
"""Probabilities that differ by no more are the same number computed in two ways."""
_OTHERS = "take method='density', 'chain' or 'montecarlo'"
_LETTERS = "xyz"
_MARGIN = 2
"""So many vertices from an end on, a step is the same as far from it."""


@dataclass(frozen=True, eq=False)
class StepLaw:
    """One step of a walk that is the same everywhere.

    Attributes
    ----------
    down, up : (axes,) float64
        Probability to move by one vertex along an axis; with what is left the walker stays.
    """

    down: FloatArray
    up: FloatArray


def require_homogeneous(
    rates: Rates,
    mesh: Mesh,
    segments: Sequence[Segment],
    start: npt.NDArray[Any],
    *,
    endless: bool = False,
) -> None:
    """Refuse a walk in which a step is not the same wherever walkers come.

    Parameters
    ----------
    rates : Rates
        Give the step of each segment.
    mesh : Mesh
        Its vertices.
    segments : sequence of Segment
        In the order of time.
    start : (V,)
        Positive where walkers start.
    endless : bool
        Whether they walk until the last has left, however many steps that takes.

    Raises
    ------
    InputError
        If the domain is no lattice, if rates differ between vertices, or if walkers can come to an
        end of the lattice; the message says what would help.
    """
    lattice = as_lattice(mesh)
    if endless:
        raise InputError(
            "method='particle' needs a lattice without ends, which walkers never leave, and a "
            "t_span without end waits until all have left: give a t_span that ends, or "
            f"{_OTHERS}"
        )
    low, high = _bounds(lattice, start)
    for segment in segments:
        own = segment.own(rates)
        chances = _chances(own.transition(segment.dt), lattice)
        first = _first_inside(lattice, rates.live & (start > 0))
        law = _law(chances[first])
        down, up = reach(law, segment.steps)
        low, high = low - down, high + up
        _require_same(chances, first, _within(lattice, low, high) & rates.live, own)
    _require_room(lattice, low, high)


def step_law(transition: Transition, mesh: LatticeMesh, start: npt.NDArray[Any]) -> StepLaw:
    """Return the step of a homogeneous walk whose `start`, (V,), is positive somewhere."""
    first = _first_inside(mesh, transition.live & (start > 0))
    return _law(_chances(transition, mesh)[first])


def reach(law: StepLaw, steps: int) -> tuple[IntArray, IntArray]:
    """Return how far a walker can come down and up each axis in `steps` steps, (axes,) int64.

    Either as far as it can go, or so far that it comes farther with a chance below 2⁻⁶⁴: for
    every θ > 0, P(max S ≥ L) ≤ e^(−θL) max(1, E e^(θX))^steps (Chernoff's bound, with Doob's
    inequality for the farthest point of the walk).
    """
    theta = np.geomspace(1e-6, 30, 2000)
    found = []
    for there, back in ((law.down, law.up), (law.up, law.down)):
        growth = np.log1p(
            np.multiply.outer(there, np.expm1(theta)) + np.multiply.outer(back, np.expm1(-theta))
        )
        bound = ((steps * np.maximum(growth, 0) + _NEVER) / theta).min(axis=1)
        farthest = np.minimum(np.ceil(bound), steps)
        found.append(np.where(there > 0, farthest, 0).astype(np.int64))
    return found[0], found[1]


def windows(
    mesh: LatticeMesh, law: StepLaw, start: npt.NDArray[Any], steps: int
) -> list[tuple[range, tuple[int, ...]]]:
    """Return the positions that can occur along each axis, and the cheapest moduli for them.

    On a periodic axis either the product of the moduli is its number of vertices, or the positions
    go on beyond its ends, so far that nobody comes around.
    """
    down, up = reach(law, steps)
    low, high = _bounds(mesh, start)
    found = []
    for n, periodic, first, last in zip(
        mesh.shape, mesh.periodic, (low - down).tolist(), (high + up).tolist(), strict=True
    ):
        positions = range(first, last + 1)
        moduli = coprime_moduli(max(2, len(positions)))
        if periodic and sum(factor_moduli(n)) <= sum(moduli):
            positions, moduli = range(n), factor_moduli(n)
        found.append((positions, moduli))
    return found


def as_lattice(mesh: Mesh) -> LatticeMesh:
    """Return `mesh` if it is a lattice, or raise an `InputError` that says what can take it."""
    if isinstance(mesh, LatticeMesh):
        return mesh
    word, hint = type(getattr(mesh, "domain", mesh)).__name__, ""
    if isinstance(mesh, NodeMesh):
        hint = "for a ring or a torus take an Interval or Box with boundary='periodic', otherwise "
    raise InputError(
        "method='particle' keeps the position along each axis of a lattice, and a "
        f"{word} has none: {hint}{_OTHERS}"
    )


def _bounds(mesh: LatticeMesh, start: npt.NDArray[Any]) -> tuple[IntArray, IntArray]:
    """Return the first and the last vertex along each axis where `start` is positive, (axes,)."""
    places = np.stack(np.unravel_index(np.flatnonzero(start > 0), mesh.shape))
    return places.min(axis=1), places.max(axis=1)


def _within(mesh: LatticeMesh, low: IntArray, high: IntArray) -> npt.NDArray[np.bool_]:
    """Return which vertices lie in a block and so far inside that no end shows, (V,) bool."""
    inside = np.ones(mesh.shape, dtype=bool)
    for axis, (n, periodic) in enumerate(zip(mesh.shape, mesh.periodic, strict=True)):
        place = np.arange(n)
        if periodic:
            there = (place - low[axis]) % n <= high[axis] - low[axis]
        else:
            there = (place >= max(low[axis], _MARGIN)) & (place < min(high[axis] + 1, n - _MARGIN))
        np.moveaxis(inside, axis, -1)[...] &= there
    return inside.ravel()


def _first_inside(mesh: LatticeMesh, start: npt.NDArray[np.bool_]) -> int:
    """Return a vertex of the start that is not at an end."""
    low, high = _bounds(mesh, start)
    found = np.flatnonzero(start & _within(mesh, low, high))
    if not len(found):
        raise InputError(
            "method='particle' needs a lattice without ends, and all walkers start within "
            f"{_MARGIN} vertices of one: start farther inside, make the axis periodic, or {_OTHERS}"
        )
    return int(found[0])


def _chances(transition: Transition, mesh: LatticeMesh) -> FloatArray:
    """Return the step from each vertex: down and up each axis, any other way, (V, 2·axes + 1)."""
    axes = len(mesh.shape)
    moves = transition.move.tocoo()
    origin = np.unravel_index(moves.row, mesh.shape)
    shift = np.stack(np.unravel_index(moves.col, mesh.shape)) - np.stack(origin)
    for axis, (n, periodic) in enumerate(zip(mesh.shape, mesh.periodic, strict=True)):
        if periodic:
            shift[axis] = (shift[axis] + n // 2) % n - n // 2
    distance, along = np.abs(shift).sum(axis=0), np.abs(shift).argmax(axis=0)
    way = np.where(distance == 1, 2 * along + (shift.sum(axis=0) > 0), 2 * axes)
    chances = np.zeros((len(transition.live), 2 * axes + 1))
    moved = distance > 0
    np.add.at(chances, (moves.row[moved], way[moved]), moves.data[moved])
    chances[:, -1] += np.asarray(transition.leave.sum(axis=1)).ravel()
    return chances


def _law(chances: FloatArray) -> StepLaw:
    down, up = chances[:-1].reshape(-1, 2).T
    return StepLaw(down.copy(), up.copy())


def _require_same(
    chances: FloatArray, first: int, within: npt.NDArray[np.bool_], rates: Rates
) -> None:
    other = within & (np.abs(chances - chances[first]).max(axis=1) > _SAME)
    if chances[first, -1] > _SAME:
        other[first] = True
    if not other.any():
        return
    vertex = int(other.argmax())
    if chances[vertex, -1] > _SAME:
        raise InputError(
            f"method='particle' moves walkers by one vertex at a time and loses none, but at "
            f"{at_vertex(rates.x, vertex)} they jump farther or are killed: {_OTHERS}"
        )
    raise InputError(
        "method='particle' needs steps that are the same everywhere, but those from "
        f"{at_vertex(rates.x, vertex)} are not those from {at_vertex(rates.x, first)}: "
        f"diffusivity, sigma or drift changes with x; {_OTHERS}"
    )


def _require_room(mesh: LatticeMesh, low: IntArray, high: IntArray) -> None:
    sides, needed = [], []
    for axis, (n, periodic) in enumerate(zip(mesh.shape, mesh.periodic, strict=True)):
        letter, spacing = _LETTERS[axis], float(mesh.spacing[axis])
        for side, missing, end, outward in (
            ("-", _MARGIN - int(low[axis]), mesh.lower[axis], -1),
            ("+", int(high[axis]) - (n - 1 - _MARGIN), mesh.upper[axis], 1),
        ):
            if not periodic and missing > 0:
                sides.append(f"{letter + side!r} ({letter} = {end:g})")
                needed.append(f"{end + outward * missing * spacing:.6g}")
    if sides:
        raise InputError(
            "method='particle' needs a lattice without ends, but walkers can come to side "
            f"{_listed(sides)}: make the axis periodic, move {'these ends' if sides[1:] else 'it'} "
            f"out of their reach, to {_listed(needed)}, or {_OTHERS}"
        )


def _listed(words: list[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
