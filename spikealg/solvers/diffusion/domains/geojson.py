"""Outlines from GeoJSON, and from anything that describes itself as GeoJSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import FileFormatError, InputError, InputTypeError

__all__ = ["read_feature", "rings_of"]

FloatArray = npt.NDArray[np.float64]

_ACCEPTED = (
    "a GeoJSON Polygon, MultiPolygon or Feature, the path of a file with one, or an object with "
    "__geo_interface__ (a shapely geometry)"
)


def read_feature(path: str | Path, name: str | None = None) -> dict[str, Any]:
    """Return the feature called `name` from a GeoJSON file, or its only one.

    Raises
    ------
    FileFormatError
        If the file is not GeoJSON.
    InputError
        If it cannot be read, has no feature of that name, or has several and no name is given.
    """
    try:
        content = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror or error}") from None
    except ValueError as error:
        raise FileFormatError(f"{str(path)!r} is not GeoJSON: {error}") from None
    if not isinstance(content, dict) or "type" not in content:
        raise FileFormatError(f"{str(path)!r} is not GeoJSON: it has no 'type'")
    if content["type"] != "FeatureCollection":
        return content
    features = content.get("features")
    if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
        raise FileFormatError(f"{str(path)!r} is not GeoJSON: it has no list of 'features'")
    names = [str((feature.get("properties") or {}).get("name")) for feature in features]
    if name is None and len(features) == 1:
        return dict(features[0])
    if names.count(str(name)) != 1:
        listed = ", ".join(map(repr, names))
        found = "no feature" if name not in names else f"{names.count(str(name))} features"
        wanted = "several features" if name is None else f"{found} with the name {name!r}"
        raise InputError(f"{str(path)!r} has {wanted}: name one of {listed}")
    return dict(features[names.index(str(name))])


def rings_of(geometry: Any) -> list[FloatArray]:
    """Return all rings of a polygon, outlines and holes alike, each (k, 2) float64 and open.

    A ring is open if its first point is not repeated at the end.
    """
    if isinstance(geometry, (str, Path)):
        geometry = read_feature(geometry)
    elif not isinstance(geometry, dict):
        geometry = getattr(geometry, "__geo_interface__", geometry)
    if not isinstance(geometry, dict):
        raise InputTypeError(f"geometry must be {_ACCEPTED}, got {geometry!r}")
    kind = geometry.get("type")
    if kind == "FeatureCollection":
        features = geometry.get("features") or []
        if len(features) != 1:
            raise InputError(
                f"geometry must be one feature, got a FeatureCollection of {len(features)}: "
                "choose one of its features"
            )
        return rings_of(features[0])
    if kind == "Feature":
        return rings_of(geometry.get("geometry"))
    if kind not in ("Polygon", "MultiPolygon"):
        raise InputError(f"geometry must be {_ACCEPTED}, got type {kind!r}")
    coordinates = geometry.get("coordinates") or ()
    polygons = [coordinates] if kind == "Polygon" else coordinates
    rings = [
        _ring(ring, p, r) for p, polygon in enumerate(polygons) for r, ring in enumerate(polygon)
    ]
    if not rings:
        raise InputError("geometry is empty: it has no ring")
    return rings


def _ring(points: Any, polygon: int, number: int) -> FloatArray:
    where = f"ring {number} of polygon {polygon}"
    try:
        ring = np.array([tuple(point)[:2] for point in points], dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{where} of geometry must be a list of points (x, y)") from None
    if ring.ndim != 2 or ring.shape[1] != 2:
        raise InputError(f"{where} of geometry must be a list of points (x, y)")
    if not np.isfinite(ring).all():
        point = int(np.argmax(~np.isfinite(ring).all(axis=1)))
        raise InputError(f"{where} of geometry has a point that is not finite: {ring[point]}")
    if len(ring) and np.array_equal(ring[0], ring[-1]):
        ring = ring[:-1]
    if len(np.unique(ring, axis=0)) < 3:
        raise InputError(f"{where} of geometry needs at least three different points")
    return ring
