"""Intrinsic Delaunay triangulations: the same surface with edges flipped until all angles are good.

A mesh has a surface of its own, flat in every triangle. Its edges may be replaced by other straight
lines within that surface until the two angles that look at an edge add up to no more than π; then
the cotangent weights of all inner edges are at least 0. Vertices stay, and so does the surface:
only edge lengths change, and nobody needs to know where the new edges run in space.

At the rim of a surface there is one angle only. There the surface is doubled, and front and back
are sewn together along the rim, so that rim edges can be flipped as well (a "tufted cover").

Sources: Fisher, Springborn, Bobenko, Schröder, "An algorithm for the construction of intrinsic
Delaunay triangulations with applications to digital geometry processing", SIGGRAPH Courses 2006;
Sharp, Crane, "A Laplacian for nonmanifold triangle meshes", SGP 2020.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["flip_to_delaunay"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_ROUNDING = 1e-12


def flip_to_delaunay(faces: IntArray, lengths: FloatArray) -> tuple[IntArray, FloatArray, int]:
    """Return the intrinsic Delaunay triangulation of a surface.

    Parameters
    ----------
    faces : (F, 3) int64
        Vertices of each triangle.
    lengths : (F, 3) float64
        Length of the edge from corner k to corner k + 1 [length].

    Returns
    -------
    faces, lengths : (F, 3) or (2F, 3)
        After the flips. If the surface has a rim, or edges of more than two triangles, these are
        the triangles of its front and its back.
    flips : int
        How many edges were flipped.
    """
    faces, lengths = faces.astype(np.int64), lengths.astype(np.float64)
    twin = _neighbours(faces)
    if (twin < 0).any():
        faces, lengths, twin = _doubled(faces, lengths, twin)
    flips = int(_flip(faces, lengths, twin))
    return faces, lengths, flips


def _doubled(
    faces: IntArray, lengths: FloatArray, twin: IntArray
) -> tuple[IntArray, FloatArray, IntArray]:
    """Return front and back of a surface, sewn together along edges without a twin."""
    n = len(faces)
    # The back runs the other way round: its edge 2 − k is edge k of the front.
    behind = 3 * (np.arange(n)[:, None] + n) + np.array([2, 1, 0])
    back = np.where(twin < 0, -1, 3 * (twin // 3 + n) + 2 - twin % 3)[:, ::-1]
    front = np.where(twin < 0, behind, twin)
    before = 3 * np.arange(n)[:, None] + np.array([2, 1, 0])
    back = np.where(back < 0, before, back)
    return (
        np.concatenate([faces, faces[:, [0, 2, 1]]]),
        np.concatenate([lengths, lengths[:, ::-1]]),
        np.concatenate([front, back]),
    )


def _neighbours(faces: IntArray) -> IntArray:
    """Return for the edge from corner k to k + 1 the same edge in the next triangle, (F, 3).

    An edge is numbered 3·face + corner; −1 where it belongs to one triangle or to more than two.
    """
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    key = np.sort(ends, axis=1)
    _, edge, count = np.unique(key, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(edge.ravel(), kind="stable")
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    twin = np.full(len(ends), -1, dtype=np.int64)
    pairs = first[count == 2]
    one, other = order[pairs], order[pairs + 1]
    # Triangles that run along their edge in the same direction face opposite ways: no flip there.
    facing = ends[one, 0] == ends[other, 1]
    twin[one[facing]], twin[other[facing]] = other[facing], one[facing]
    return twin.reshape(-1, 3)


@njit(cache=True)
def _cotangent(opposite, left, right):
    """Return the cotangent of the angle between `left` and `right` [length]."""
    half = (opposite + left + right) / 2
    area = max(half * (half - opposite) * (half - left) * (half - right), 0.0) ** 0.5
    return (left * left + right * right - opposite * opposite) / max(4 * area, 1e-300)


@njit(cache=True)
def _flip(faces: Any, lengths: Any, twin: Any) -> int:
    """Flip edges until all are Delaunay, and return how many were flipped.

    faces (F, 3) int64, lengths (F, 3) float64, twin (F, 3) int64: as above, all written.
    """
    n = faces.size
    stack = np.arange(n)
    waiting = np.ones(n, dtype=np.bool_)
    top, flips = n, 0
    while top > 0:
        top -= 1
        edge = stack[top]
        waiting[edge] = False
        f, i = edge // 3, edge % 3
        opposite = twin[f, i]
        if opposite < 0:
            continue
        g, j = opposite // 3, opposite % 3
        if f == g:
            continue
        i1, i2, j1, j2 = (i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3
        ab = lengths[f, i]
        bc, ca = lengths[f, i1], lengths[f, i2]
        ad, db = lengths[g, j1], lengths[g, j2]
        at_c, at_d = _cotangent(ab, bc, ca), _cotangent(ab, ad, db)
        if at_c + at_d >= -_ROUNDING * (abs(at_c) + abs(at_d)):
            continue
        # The angle at b between c and d gives the new edge.
        cos_c = (ab * ab + bc * bc - ca * ca) / (2 * ab * bc)
        cos_d = (ab * ab + db * db - ad * ad) / (2 * ab * db)
        sin_c = max(1 - cos_c * cos_c, 0.0) ** 0.5
        sin_d = max(1 - cos_d * cos_d, 0.0) ** 0.5
        cosine = cos_c * cos_d - sin_c * sin_d
        cd = max(bc * bc + db * db - 2 * bc * db * cosine, 0.0) ** 0.5
        a, b, c, d = faces[f, i], faces[f, i1], faces[f, i2], faces[g, j2]
        out = (twin[f, i1], twin[f, i2], twin[g, j1], twin[g, j2])
        # Triangles c d b and d c a: edge 0 of both is the new one.
        faces[f, 0], faces[f, 1], faces[f, 2] = c, d, b
        lengths[f, 0], lengths[f, 1], lengths[f, 2] = cd, db, bc
        faces[g, 0], faces[g, 1], faces[g, 2] = d, c, a
        lengths[g, 0], lengths[g, 1], lengths[g, 2] = cd, ca, ad
        twin[f, 0], twin[g, 0] = 3 * g, 3 * f
        places = (3 * f + 2, 3 * g + 1, 3 * g + 2, 3 * f + 1)
        # An edge that was a neighbour of one of the two may have moved itself.
        before = (3 * f + i1, 3 * f + i2, 3 * g + j1, 3 * g + j2)
        for k in range(4):
            target = out[k]
            for m in range(4):
                if target == before[m]:
                    target = places[m]
                    break
            twin[places[k] // 3, places[k] % 3] = target
            if target >= 0:
                twin[target // 3, target % 3] = places[k]
            if not waiting[places[k]]:
                waiting[places[k]] = True
                stack[top] = places[k]
                top += 1
        flips += 1
    return flips
