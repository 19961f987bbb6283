"""Longitude and latitude to metres and back, keeping areas.

Spherical Lambert azimuthal equal-area projection: Snyder, "Map projections: a working manual",
USGS Professional Paper 1395 (1987), equations 24-2 to 24-4 and 20-14 to 20-18.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["EARTH_RADIUS", "EqualArea", "ring_centroid"]

FloatArray = npt.NDArray[np.float64]

EARTH_RADIUS = 6_371_007.181
"""Radius [m] of the sphere with the area of the WGS 84 ellipsoid."""


@dataclass(frozen=True)
class EqualArea:
    """The projection about a centre (longitude, latitude) [degrees]."""

    longitude: float
    latitude: float

    def forward(self, lonlat: FloatArray) -> FloatArray:
        """Return metres east and north of the centre, (..., 2), for degrees (..., 2)."""
        lam = np.radians(lonlat[..., 0] - self.longitude)
        phi, phi0 = np.radians(lonlat[..., 1]), np.radians(self.latitude)
        towards = np.cos(phi0) * np.sin(phi) - np.sin(phi0) * np.cos(phi) * np.cos(lam)
        cosine = np.sin(phi0) * np.sin(phi) + np.cos(phi0) * np.cos(phi) * np.cos(lam)
        scale = EARTH_RADIUS * np.sqrt(2 / (1 + cosine))
        return np.stack([scale * np.cos(phi) * np.sin(lam), scale * towards], axis=-1)

    def inverse(self, x: FloatArray) -> FloatArray:
        """Return degrees (..., 2) for metres (..., 2)."""
        phi0 = np.radians(self.latitude)
        rho = np.hypot(x[..., 0], x[..., 1])
        c = 2 * np.arcsin(np.clip(rho / (2 * EARTH_RADIUS), 0, 1))
        # sin(c)/rho, whose limit at the centre is 1/R
        ratio = np.where(rho > 0, np.sin(c) / np.where(rho > 0, rho, 1), 1 / EARTH_RADIUS)
        phi = np.arcsin(np.cos(c) * np.sin(phi0) + x[..., 1] * ratio * np.cos(phi0))
        lam = np.arctan2(
            x[..., 0] * ratio, np.cos(phi0) * np.cos(c) - x[..., 1] * ratio * np.sin(phi0)
        )
        return np.stack([self.longitude + np.degrees(lam), np.degrees(phi)], axis=-1)


def ring_centroid(rings: list[FloatArray]) -> tuple[float, float]:
    """Return the centre of area of the ring that encloses most, in the plane of its numbers."""
    best, centre = -1.0, np.zeros(2)
    for ring in rings:
        local = ring - ring[0]
        after = np.roll(local, -1, axis=0)
        cross = local[:, 0] * after[:, 1] - after[:, 0] * local[:, 1]
        area = abs(cross.sum()) / 2
        if area > best:
            best = area
            weighted = ((local + after) * cross[:, None]).sum(axis=0)
            centre = ring[0] + (weighted / (3 * cross.sum()) if area > 0 else 0)
    return float(centre[0]), float(centre[1])
