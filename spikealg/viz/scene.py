"""Surfaces as scenes of PyVista, which can be turned (extra "pyvista")."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikealg.errors import InputError, MissingExtraError
from spikealg.viz.colours import colours_of
from spikealg.viz.shown import Shown

__all__ = ["draw_scene"]


def draw_scene(shown: Shown, title: str, *, up: str) -> Any:
    """Return a `pyvista.Plotter` that holds the surface at the last of the times shown.

    Raises
    ------
    MissingExtraError
        If PyVista is not installed.
    InputError
        If the domain is no surface.
    """
    try:
        import pyvista
    except ImportError as error:
        raise MissingExtraError(
            "scenes are drawn with PyVista, which is not installed: pip install 'spikealg[pyvista]'"
        ) from error
    faces = shown.layout.faces
    if not len(faces):
        raise InputError(
            'backend="pyvista" draws surfaces of triangles, and this domain is none: leave it out'
        )
    colours = colours_of(shown)
    points = np.zeros((len(shown.x), 3))
    points[:, : shown.x.shape[1]] = shown.x
    surface = pyvista.PolyData(points, np.insert(faces, 0, 3, axis=1).ravel())
    surface.point_data[shown.label] = colours.values(shown.values[-1])
    plotter = pyvista.Plotter()
    plotter.add_mesh(
        surface,
        scalars=shown.label,
        cmap=colours.cmap,
        clim=(colours.norm.vmin, colours.norm.vmax),
        log_scale=colours.logarithmic,
        nan_color="lightgrey",
    )
    plotter.add_text(f"{shown.titles[-1]}, {title}", font_size=10)
    plotter.camera.up = tuple(float(axis == up) for axis in "xyz")
    return plotter
