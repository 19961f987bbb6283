"""Jumps: at random times a walker is displaced by a random length, along an axis of a lattice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError, InputTypeError
from spikealg.memory import require_memory
from spikealg.solvers.diffusion.domains.ball import BallMesh
from spikealg.solvers.diffusion.domains.domain import Mesh
from spikealg.solvers.diffusion.domains.lattice import LatticeMesh
from spikealg.solvers.diffusion.domains.polygon import PolygonMesh
from spikealg.solvers.diffusion.equation.coefficients import evaluate
from spikealg.solvers.diffusion.equation.functions import require_arguments
from spikealg.solvers.diffusion.equation.rates import Rates, at_vertex

__all__ = ["Jumps", "with_jumps"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_TAIL = 1e-10
"""What a law has in either tail beyond this is dropped, and the rest made to sum to 1."""
_NEAR = 1e-9
"""A displacement closer to a whole number of cells than this is that number."""
_LONGEST = 1e6
"""Cells that a jump may go over; no lattice has as many along an axis."""
_BYTES_PER_JUMP = 48


@dataclass(frozen=True, eq=False)
class Jumps:
    """Jumps at a rate, with a law of displacements: −λu + λ∫u(x − y)dL(y) on the right-hand side.

    Parameters
    ----------
    rate : float, (V,) or callable
        λ(x) ≥ 0 [1/time] at the vertex a walker leaves.
    law : dict or scipy.stats distribution
        {displacement: probability} [length], or a frozen law such as
        ``scipy.stats.norm(-0.1, 0.15)``, which gives a vertex kΔx away the probability between
        (k − ½)Δx and (k + ½)Δx. A displacement between vertices is split linearly.
    axis : int
        Along which axis of the lattice.

    Raises
    ------
    InputError, InputTypeError
        If probabilities are negative or do not sum to 1, or the law is neither.
    """

    rate: Any
    law: Any
    axis: int = 0

    def __post_init__(self) -> None:
        as_int("axis", self.axis, low=0)
        require_arguments("rate", self.rate, "x")
        if isinstance(self.law, dict):
            total = sum(
                as_float(f"law[{length!r}]", chance, low=0) for length, chance in self.law.items()
            )
            if abs(total - 1) > 1e-9:
                raise InputError(f"law must have probabilities that sum to 1, got {total:.10g}")
        elif not (callable(getattr(self.law, "cdf", None)) and hasattr(self.law, "ppf")):
            raise InputTypeError(
                "law must be {displacement: probability} or a frozen scipy.stats distribution, "
                f"got {self.law!r}"
            )

    def steps(self, spacing: float) -> tuple[IntArray, FloatArray]:
        """Return displacements in units of `spacing` [length], and probabilities, (K,) each."""
        if isinstance(self.law, dict):
            lengths = np.array([as_float("law", length) for length in self.law]) / spacing
            _require_short(float(np.abs(lengths).max(initial=0.0)), spacing)
            chances = np.array(list(self.law.values()), dtype=np.float64)
            near = np.rint(lengths)
            lengths = np.where(np.abs(lengths - near) < _NEAR, near, lengths)
            low = np.floor(lengths)
            steps = np.concatenate([low, low + 1]).astype(np.int64)
            parts = np.concatenate([chances * (1 - lengths + low), chances * (lengths - low)])
            steps, place = np.unique(steps, return_inverse=True)
            probability = np.bincount(place, parts)
        else:
            tails = [float(self.law.ppf(part)) / spacing for part in (_TAIL, 1 - _TAIL)]
            _require_short(max(map(abs, tails)), spacing)
            first, last = math.floor(tails[0]), math.ceil(tails[1])
            steps = np.arange(first, last + 1, dtype=np.int64)
            edges = np.asarray(self.law.cdf((np.arange(first, last + 2) - 0.5) * spacing))
            probability = np.diff(edges)
        kept = probability > 0
        return steps[kept], probability[kept] / probability[kept].sum()


def _require_short(longest: float, spacing: float) -> None:
    """Refuse jumps over more cells than any lattice has."""
    if not longest <= _LONGEST:
        raise InputError(
            f"law must have displacements of at most {_LONGEST:.0e} cells of {spacing:g}, got "
            f"{longest:.2g} of them: take a law with shorter tails, or a coarser mesh"
        )


def with_jumps(rates: Rates, mesh: Mesh, jumps: Any) -> Rates:
    """Return `rates` with those of `jumps` added.

    A jump past an absorbing side is absorbed there, and one along a periodic axis goes round. Over
    land from water to water it goes.

    Raises
    ------
    InputError
        If a walker could jump past a reflecting side, or the domain has no lattice.
    """
    if not isinstance(jumps, Jumps):
        raise InputTypeError(f"jumps must be diffusion.Jumps(rate, law), got {jumps!r}")
    number, spacing, periodic = _lattice_of(mesh)
    if jumps.axis >= number.ndim:
        raise InputError(f"jumps have axis {jumps.axis}, but the domain has {number.ndim}")
    axis, n = jumps.axis, number.shape[jumps.axis]
    steps, chance = jumps.steps(spacing[axis])
    steps, chance = steps[steps != 0], chance[steps != 0]
    rate = evaluate("jumps.rate", jumps.rate, rates.x, 1, low=0)[:, 0]
    origin = np.flatnonzero(rates.live & (rate > 0))
    require_memory(
        float(len(origin)) * len(steps) * _BYTES_PER_JUMP,
        f"jumps of {len(steps)} lengths from {len(origin)} vertices",
        "take a coarser mesh or a law with shorter tails",
    )
    place = np.stack(np.nonzero(number >= 0))[:, origin]
    goal = place[axis][:, None] + steps
    if periodic[axis]:
        goal %= n
    outside = (goal < 0) | (goal >= n)
    row, column = np.nonzero(~outside)
    there = place[:, row]
    there[axis] = goal[row, column]
    target = number[tuple(there)]
    outside[row, column] = target < 0
    row, column, target = (array[target >= 0] for array in (row, column, target))
    start, flow = origin[row], rate[origin[row]] * chance[column]
    side = rates.sink[target]
    moves = (side < 0) & (start != target)
    between = sparse.csr_array(
        (flow[moves], (start[moves], target[moves])), shape=rates.between.shape
    )
    leaves = side >= 0
    gone = [(start[leaves], side[leaves], flow[leaves])]
    for name, beyond in _beyond(mesh, axis, goal, outside):
        past = rate[origin] * (beyond @ chance)
        if name in rates.sides:
            gone.append((origin, np.full(len(origin), rates.sides.index(name)), past))
        elif (past > 0).any():
            worst = int(origin[past.argmax()])
            raise InputError(
                f"jumps from {at_vertex(rates.x, worst)} go past the reflecting side {name!r} with "
                f"probability {past.max() / rate[worst]:.3g}: let it absorb, take a wider domain "
                "or a law with bounded displacements"
            )
    rows, sides, flows = (np.concatenate(part) for part in zip(*gone, strict=True))
    exits = sparse.csr_array((flows, (rows, sides)), shape=rates.exits.shape)
    return rates.faster(between, exits)


def _lattice_of(mesh: Mesh) -> tuple[IntArray, list[float], tuple[bool, ...]]:
    """Return the vertices on their lattice, −1 where there is none, its spacings and periods."""
    if isinstance(mesh, LatticeMesh):
        number = np.arange(len(mesh.x)).reshape(mesh.shape)
        return number, mesh.spacing.tolist(), mesh.periodic
    if isinstance(mesh, (BallMesh, PolygonMesh)):
        axes = mesh.number.ndim
        return mesh.number, [mesh.domain.dx] * axes, (False,) * axes
    raise InputError(
        "jumps need a lattice, which an Interval, Box, Polygon, Disk or Ball has: on a Graph add "
        "edges, and elsewhere give the rates themselves by Chain(Q=...)"
    )


def _beyond(
    mesh: Mesh, axis: int, goal: IntArray, outside: npt.NDArray[np.bool_]
) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """Return the name of each side that jumps along an axis may pass, and which of them do."""
    if not isinstance(mesh, LatticeMesh):
        return [("shore", outside)]
    name = "xyz"[axis]
    return [(f"{name}-", goal < 0), (f"{name}+", goal >= mesh.shape[axis])]
