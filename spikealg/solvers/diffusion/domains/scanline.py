"""Which cell centres of a lattice lie in a polygon, and how far the shore is along the axes.

Every row of centres is cut with every edge of the polygon at once; a centre is inside if an odd
number of cuts lies before it (even-odd rule), so holes and several polygons need no care.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Scan", "contains", "edges_of", "scan", "shore_edges"]

_ASIDE = 1e-6
"""How far from an edge, as a part of its length, is looked where the inside lies."""

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
    x0, y0, x1, y1 = edges.T
    meets = (y0 <= point[1]) != (y1 <= point[1])
    part = (point[1] - y0[meets]) / (y1[meets] - y0[meets])
    return bool(np.count_nonzero(x0[meets] + part * (x1 - x0)[meets] <= point[0]) % 2)


def shore_edges(edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the edges (K, 4) that have the inside on one side, and the unit vectors to it (K, 2).

    Where rings overlap, an edge may have it on both sides, or on none.
    """
    way = edges[:, 2:] - edges[:, :2]
    length = np.linalg.norm(way, axis=1, keepdims=True)
    edges, way, length = (array[length[:, 0] > 0] for array in (edges, way, length))
    left = np.stack([-way[:, 1], way[:, 0]], axis=-1) / length
    middle = (edges[:, :2] + edges[:, 2:]) / 2
    inside = np.array([
        [contains(edges, point + side * _ASIDE * size * normal) for side in (1, -1)]
        for point, size, normal in zip(middle, length, left, strict=True)
    ])  # fmt: skip
    shore = inside[:, 0] != inside[:, 1]
    return edges[shore], np.where(inside[shore, :1], left[shore], -left[shore])
