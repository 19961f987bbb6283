"""Which cell centres of a lattice lie in a polygon, and how far the shore is along the axes.

Every row of centres is cut with every edge of the polygon at once; a centre is inside if an odd
number of cuts lies before it (even-odd rule), so holes and several polygons need no care.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Scan", "contains", "crossed", "edges_of", "scan", "shore_parts"]

_ASIDE = 1e-5
"""How far beside a part of the shore, in its length, is looked whether the inside is there."""
_TOGETHER = 256
"""Points that are compared with the edges near them at a time."""

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scan:
    """The lattice seen along one axis; arrays (n along the axis, n across).

    Attributes
    ----------
    inside : bool
        Whether the centre lies in the polygon.
    free : bool, one shorter along the axis
        Whether the way to the next centre is water from end to end.
    before, after : float64
        Distance [length] to the shore backwards and forwards, however many centres lie between;
        infinite where there is none.
    """

    inside: BoolArray
    free: BoolArray
    before: FloatArray
    after: FloatArray


def edges_of(rings: list[FloatArray]) -> FloatArray:
    """Return all edges as (E, 4): x and y of the start, x and y of the end."""
    return np.concatenate([np.hstack([ring, np.roll(ring, -1, axis=0)]) for ring in rings])


def scan(
    edges: FloatArray, origin: tuple[float, float], dx: float, shape: tuple[int, int], axis: int
) -> Scan:
    """Cut the lines of centres that run along `axis` with all edges.

    Parameters
    ----------
    edges : (E, 4) float64
        As from `edges_of`.
    origin : (float, float)
        Lower corner of the lattice; centres lie at origin + (i + ½)·dx.
    dx : float
        Distance of centres [length].
    shape : (int, int)
        Centres along x and y.
    axis : int
        0 for lines along x, 1 along y.
    """
    other = 1 - axis
    along0, along1 = edges[:, axis], edges[:, 2 + axis]
    across0, across1 = edges[:, other], edges[:, 2 + other]
    n, lines = shape[axis], shape[other]

    # Line j meets an edge if one end lies below it and the other does not: half-open, so that a
    # line through a corner counts it once.
    low = _index(np.minimum(across0, across1), origin[other], dx, lines)
    high = _index(np.maximum(across0, across1), origin[other], dx, lines)
    count = high - low
    edge = np.repeat(np.arange(len(edges)), count)
    line = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + low[edge]
    where = origin[other] + (line + 0.5) * dx
    part = (where - across0[edge]) / (across1[edge] - across0[edge])
    cut = along0[edge] + part * (along1[edge] - along0[edge])

    following = _index(cut, origin[axis], dx, n)
    cuts = np.bincount(following * lines + line, minlength=(n + 1) * lines).reshape(n + 1, lines)
    inside = np.cumsum(cuts[:-1], axis=0) % 2 == 1
    free = inside[:-1] & inside[1:] & (cuts[1:-1] == 0)
    centre = origin[axis] + (following + 0.5) * dx
    behind, ahead = following < n, following > 0
    before, after = np.full((2, n, lines), np.inf)
    np.minimum.at(before, (following[behind], line[behind]), np.abs(centre - cut)[behind])
    np.minimum.at(after, (following[ahead] - 1, line[ahead]), np.abs(cut - centre + dx)[ahead])
    return Scan(inside, free, _reach(before, dx), _reach(after[::-1], dx)[::-1])


def _reach(near: FloatArray, dx: float) -> FloatArray:
    """Return distances to the last shore at or before each centre.

    `near` (n, lines) holds them where the shore comes before the previous centre does, and is
    infinite elsewhere.
    """
    step = np.arange(len(near))[:, None]
    last = np.maximum.accumulate(np.where(np.isfinite(near), step, 0), axis=0)
    return np.asarray(np.take_along_axis(near, last, axis=0) + (step - last) * dx)


def _index(position: FloatArray, origin: float, dx: float, n: int) -> npt.NDArray[np.int64]:
    """Return the first centre at or after each position, from 0 to n."""
    return np.clip(np.ceil((position - origin) / dx - 0.5), 0, n).astype(np.int64)


def contains(edges: FloatArray, point: FloatArray) -> bool:
    """Return whether a point (2,) lies in the polygon."""
    return bool(_within(edges, point[None])[0])


def shore_parts(
    edges: FloatArray, spacing: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the shore in parts no longer than `spacing`, one for each of its sides that is inside.

    An edge that is there twice, such as that between two polygons that touch, is a wall with the
    inside on both sides, or no shore at all.

    Parameters
    ----------
    edges : (E, 4) float64
        As from `edges_of`.
    spacing : float
        [length]

    Returns
    -------
    places : (K, 2) float64
        Middles of the parts.
    length : (K,) float64
        Their lengths.
    inward : (K, 2) float64
        Unit vectors to the inside.
    beside : (K, 2) float64
        Points beside them that lie inside.
    """
    way = edges[:, 2:] - edges[:, :2]
    size = np.linalg.norm(way, axis=1)
    count = np.ceil(size / spacing).astype(np.int64)  # none of an edge without a length
    edge = np.repeat(np.arange(len(edges)), count)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    middles = edges[edge, :2] + ((number + 0.5) / count[edge])[:, None] * way[edge]
    along = way[edge] / size[edge, None]
    left = np.stack([-along[:, 1], along[:, 0]], axis=-1)
    aside = _ASIDE * spacing + 16 * np.spacing(np.abs(edges).max())
    sides = np.stack([left, -left])
    beside = middles + aside * sides
    inside = np.stack([_within(edges, points) for points in beside])
    length = (size / count.clip(1))[edge] / np.maximum(inside.sum(axis=0), 1)
    side, part = np.nonzero(inside)
    return middles[part], length[part], sides[side, part], beside[side, part]


def _within(edges: FloatArray, points: FloatArray) -> BoolArray:
    """Return whether points (P, 2) lie in the polygon, (P,); fast where neighbours are near."""
    found = np.zeros(len(points), dtype=bool)
    low, high = np.minimum(edges[:, 1], edges[:, 3]), np.maximum(edges[:, 1], edges[:, 3])
    for first in range(0, len(points), _TOGETHER):
        x, y = points[first : first + _TOGETHER].T
        x0, y0, x1, y1 = edges[(low <= y.max()) & (high >= y.min())].T
        meets = (y0 <= y[:, None]) != (y1 <= y[:, None])
        part = np.divide(y[:, None] - y0, y1 - y0, out=np.zeros(meets.shape), where=meets)
        before = meets & (x0 + part * (x1 - x0) <= x[:, None])
        found[first : first + _TOGETHER] = np.count_nonzero(before, axis=1) % 2 == 1
    return found


def crossed(edges: FloatArray, start: FloatArray, end: FloatArray) -> BoolArray:
    """Return whether the way from each start (P, 2) to its end crosses an edge, (P,)."""
    found = np.zeros(len(start), dtype=bool)
    lower = np.minimum(edges[:, :2], edges[:, 2:])
    upper = np.maximum(edges[:, :2], edges[:, 2:])
    for first in range(0, len(start), _TOGETHER):
        p, q = start[first : first + _TOGETHER], end[first : first + _TOGETHER]
        ends = np.concatenate([p, q])
        near = (lower <= ends.max(axis=0)).all(axis=1) & (upper >= ends.min(axis=0)).all(axis=1)
        a, b = edges[near, :2], edges[near, 2:]
        p, q = p[:, None], q[:, None]
        apart = (_turn(p, q, a) > 0) != (_turn(p, q, b) > 0)
        found[first : first + _TOGETHER] = (
            apart & ((_turn(a, b, p) > 0) != (_turn(a, b, q) > 0))
        ).any(axis=1)
    return found


def _turn(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    """Return twice the area of the triangle abc, positive if it turns to the left."""
    along, to = b - a, c - a
    return np.asarray(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0])
