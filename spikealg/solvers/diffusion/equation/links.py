"""Rates along the links of a lattice, from the coefficients of the equation.

A walker at vertex i goes to its neighbour along axis a at rate ½(σ²/Δx² ± b/Δx): its mean
displacement per time is b and its mean square displacement σ², exactly. With a diffusivity, ½σ² is
D at the midpoint of the link.

Source: "Lattice random walk", arXiv 2508.20883.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from spikealg.errors import InputError
from spikealg.solvers.diffusion.equation.coefficients import Coefficients, evaluate
from spikealg.solvers.diffusion.equation.crossings import Crossings
from spikealg.solvers.diffusion.equation.rates import Rates, at_vertex

__all__ = ["Lattice", "Links", "Shores", "lattice_rates"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_ROUNDING = 1e-12
_AUTO_PURE = 1 / 3
"""DΔt/Δx² = 1/6 as a part of the longest step Δx²/2D."""


@dataclass(frozen=True, eq=False)
class Links:
    """Pairs of neighbours, each pair once: `upper` follows `lower` along `axis`; all (L,) int64."""

    lower: IntArray
    upper: IntArray
    axis: IntArray


@dataclass(frozen=True, eq=False)
class Shores:
    """Ways into a side that is no vertex, (K,) each.

    `sign` is the direction (±1) along `axis`, `gap` the distance to the side [length].
    """

    origin: IntArray
    axis: IntArray
    sign: IntArray
    gap: FloatArray


@dataclass(frozen=True, eq=False)
class Lattice:
    """What the rates need to know of a lattice.

    Attributes
    ----------
    x : (V,) or (V, dimensions) float64
        Positions; coefficients get positions of this shape.
    mass : (V,) float64
        Length, area or volume of each vertex.
    spacing : (dimensions,) float64
        Δx of each axis.
    factor : (V, dimensions) float64
        2 where the vertex is half as long along the axis (at a reflecting end), otherwise 1.
    links : Links
        Pairs of neighbours.
    shores : Shores or None
        Ways into side 0 that do not end on a vertex.
    sides : tuple of str
        The absorbing sides.
    sink : (V,) int64
        Side of each sink vertex, −1 elsewhere.
    finer : callable
        ``finer(axis, spacing)`` says which argument makes Δx of an axis no longer than `spacing`.
    """

    x: FloatArray
    mass: FloatArray
    spacing: FloatArray
    factor: FloatArray
    links: Links
    shores: Shores | None
    sides: tuple[str, ...]
    sink: IntArray
    finer: Callable[[int, float], str]


def lattice_rates(lattice: Lattice, coefficients: Coefficients) -> Rates:
    """Return the rates of `coefficients` on `lattice`.

    Raises
    ------
    InputError
        If a coefficient has a wrong shape, is negative or not finite, or if drift is too strong
        for central differences.
    """
    x = lattice.x
    n, dimensions = len(x), len(lattice.spacing)
    links, shores = lattice.links, lattice.shores
    if shores is None:
        nothing = np.zeros(0, dtype=np.int64)
        shores = Shores(nothing, nothing, nothing, np.zeros(0))
    drift = np.zeros((n, dimensions))
    if coefficients.drift is not None:
        drift += evaluate("drift", coefficients.drift, x, dimensions, vector=True)
    pair = _strength(lattice, coefficients, links.lower, links.axis, 1, None, links.upper)
    back = (
        _strength(lattice, coefficients, links.upper, links.axis, -1, None, links.lower)
        if coefficients.sigma is not None
        else pair
    )
    ashore = _strength(
        lattice, coefficients, shores.origin, shores.axis, shores.sign, shores.gap, shores.origin
    )

    origin = np.concatenate([links.lower, links.upper, shores.origin])
    target = np.concatenate([links.upper, links.lower, np.full(len(shores.origin), -1)])
    axis = np.concatenate([links.axis, links.axis, shores.axis])
    sign = np.repeat([1, -1], len(links.axis))
    sign = np.concatenate([sign, shores.sign])
    strength = np.concatenate([pair, back, ashore])
    gap = np.concatenate([lattice.spacing[links.axis], lattice.spacing[links.axis], shores.gap])

    from_there = np.concatenate([pair, back, _beyond(lattice, coefficients, shores, ashore)])
    crossings = _entering(lattice, coefficients, origin, target, axis, sign, from_there, gap, drift)
    alive = lattice.sink[origin] < 0
    origin, target, axis, sign = origin[alive], target[alive], axis[alive], sign[alive]
    strength, gap = strength[alive], gap[alive]
    width = lattice.spacing[axis]
    along = sign * drift[origin, axis]
    if coefficients.upwind:
        rate = strength / (width * gap) + np.maximum(along, 0) / width
    else:
        _require_weak_drift(lattice, origin, axis, along, strength, np.minimum(width, gap))
        # With a shore farther than Δx, drift has less of a share in reaching it.
        rate = np.maximum(strength / (width * gap) + along / (2 * np.maximum(width, gap)), 0)
    rate *= lattice.factor[origin, axis]

    side = np.where(target < 0, 0, lattice.sink[target])
    leaves = (side >= 0) & (rate > 0)
    crossings = crossings.leaving(
        origin[leaves],
        side[leaves],
        rate[leaves],
        _places(lattice, origin[leaves], target[leaves], axis[leaves], (sign * gap)[leaves]),
    )
    goes = (side < 0) & (rate > 0)
    pure = dimensions == 1 and not drift.any() and not len(shores.origin)
    constant = pure and strength.size > 0 and np.ptp(strength) <= _ROUNDING * strength.max()
    return Rates(
        x,
        lattice.mass,
        sparse.csr_array((rate[goes], (origin[goes], target[goes])), shape=(n, n)),
        sparse.csr_array(
            (rate[leaves], (origin[leaves], side[leaves])), shape=(n, len(lattice.sides))
        ),
        lattice.sides,
        lattice.sink < 0,
        lattice.sink,
        _AUTO_PURE if constant else 0.5,
        crossings=crossings,
    )


def _entering(
    lattice: Lattice,
    coefficients: Coefficients,
    origin: IntArray,
    target: IntArray,
    axis: IntArray,
    sign: IntArray,
    strength: FloatArray,
    gap: FloatArray,
    drift: FloatArray,
) -> Crossings:
    """Return the ways in from sides: mass per time that a density of 1 there sends in.

    On a link from a sink vertex it is the vertex's mass times the rate of going back. Across a
    shore what goes in less what goes out is the flux (D or ½σ² there · u there − that here · u
    here)/gap − b·(u here + u there)/2: where the way out has less of the drift, the way in has
    more, which may make it negative.
    """
    width, ashore = lattice.spacing[axis], target < 0
    along = sign * drift[origin, axis]
    inward = np.where(ashore, -along, along)
    if coefficients.upwind:
        rate = strength / (width * gap) + np.maximum(inward, 0) / width
    else:
        share = 1 / width - 1 / (2 * np.maximum(width, gap))  # ½ per Δx, but far from a shore
        rate = strength / (width * gap) + inward * share
    flow = rate * lattice.mass[origin] * lattice.factor[origin, axis]
    to = np.where(ashore, origin, target)
    side = np.where(ashore, 0, lattice.sink[origin])
    enters = (side >= 0) & (lattice.sink[to] < 0) & (flow != 0)
    # From a sink vertex the place is the vertex, and on a shore it is beyond the origin.
    other = np.where(ashore, -1, origin)[enters]
    place = _places(lattice, to[enters], other, axis[enters], (sign * gap)[enters])
    return Crossings.none(lattice.x).entering(to[enters], side[enters], flow[enters], place)


def _places(
    lattice: Lattice, vertex: IntArray, sink: IntArray, axis: IntArray, away: FloatArray
) -> FloatArray:
    """Return the sink vertices, or where there is none (−1) the places so far away on an axis."""
    place = lattice.x[vertex].reshape(len(vertex), len(lattice.spacing)).copy()
    place[np.arange(len(vertex)), axis] += away
    ashore = sink < 0
    place[~ashore] = lattice.x[sink[~ashore]].reshape(-1, place.shape[1])
    return place.reshape(len(vertex), *lattice.x.shape[1:])


def _strength(
    lattice: Lattice,
    coefficients: Coefficients,
    origin: IntArray,
    axis: IntArray,
    sign: int | IntArray,
    gap: FloatArray | None,
    target: IntArray,
) -> FloatArray:
    """Return ½σ² at `origin`, or D halfway along the link, (M,) [length²/time]."""
    x = lattice.x
    dimensions = len(lattice.spacing)
    if coefficients.sigma is not None:
        sigma = evaluate("sigma", coefficients.sigma, x, dimensions, low=0)
        return np.asarray(0.5 * sigma[origin, axis] ** 2)
    if coefficients.diffusivity is None:
        if coefficients.upwind and coefficients.drift is not None:
            return np.zeros(len(origin))
        raise InputError("diffusivity or sigma is needed: give one of them")
    length = lattice.spacing[axis] if gap is None else np.minimum(gap, lattice.spacing[axis])
    middle = x[origin].reshape(len(origin), dimensions).copy()
    middle[np.arange(len(origin)), axis] += 0.5 * sign * length
    values = evaluate(
        "diffusivity",
        coefficients.diffusivity,
        middle.reshape(len(origin), *x.shape[1:]),
        dimensions,
        low=0,
        ends=(origin, target),
        vertices=len(x),
    )
    return np.asarray(values[np.arange(len(origin)), axis])


def _beyond(
    lattice: Lattice, coefficients: Coefficients, shores: Shores, ashore: FloatArray
) -> FloatArray:
    """Return ½σ² at the places of a shore, or `ashore`, the strengths of the ways out, (K,).

    They are also those of the ways in by Fick, and where σ is not known but at the vertices.
    """
    if not callable(coefficients.sigma):
        return ashore
    no_vertex, away = np.full(len(ashore), -1), shores.sign * shores.gap
    places = _places(lattice, shores.origin, no_vertex, shores.axis, away)
    sigma = evaluate("sigma", coefficients.sigma, places, len(lattice.spacing), low=0)
    return np.asarray(0.5 * sigma[np.arange(len(places)), shores.axis] ** 2)


def _require_weak_drift(
    lattice: Lattice,
    origin: IntArray,
    axis: IntArray,
    along: FloatArray,
    strength: FloatArray,
    gap: FloatArray,
) -> None:
    """Refuse rates that central differences make negative, |b|·gap > σ² with gap ≤ Δx."""
    strong = -along * gap > 2 * strength * (1 + _ROUNDING)
    if not strong.any():
        return
    longest = np.full(len(along), np.inf)
    longest[strong] = 2 * strength[strong] / -along[strong]
    worst = int(longest.argmin())
    direction = int(axis[worst])
    advice = lattice.finer(direction, float(longest[worst])) if longest[worst] > 0 else ""
    raise InputError(
        f"drift at {at_vertex(lattice.x, int(origin[worst]))} is too strong for the mesh: "
        f"|drift| * dx = {-along[worst] * gap[worst]:.6g} must be at most sigma**2 "
        f"(2 * diffusivity) = {2 * strength[worst]:.6g}: take "
        + (f"{advice} or " if advice else "")
        + "drift_scheme='upwind'"
    )
