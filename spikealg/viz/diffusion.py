"""The picture of a diffusion solution, chosen by its mode and by the shape of its domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from spikealg.arguments import as_choice
from spikealg.errors import InputError
from spikealg.viz.bars import draw_bars
from spikealg.viz.curves import draw_curves
from spikealg.viz.directions import draw_directions
from spikealg.viz.figure import pyplot
from spikealg.viz.maps import draw_contours, draw_field, draw_maps, draw_shore
from spikealg.viz.points import draw_points
from spikealg.viz.scene import draw_scene
from spikealg.viz.section import section_of
from spikealg.viz.shown import as_units, as_view, require_remains, shown, summary_of
from spikealg.viz.surfaces import draw_surfaces

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["draw_contours", "draw_field", "draw_shore", "plot"]


def plot(
    solution: Solution,
    *,
    times: npt.ArrayLike | None = None,
    axes: Any = None,
    scale: str = "auto",
    units: Mapping[str, str] | None = None,
    view: tuple[float, float] = (25.0, -60.0),
    up: str = "z",
    section: Mapping[str, float] | None = None,
    backend: str = "matplotlib",
) -> Any:
    """Draw the density or the values of a solution and return the figure.

    On an interval a curve per time with its error band and the exact solution; on a box, disk or
    polygon a map per time, of three dimensions on a section; on a surface coloured faces; on a
    graph bars; in phase space curves for directions and the fluence. A steady solution has one
    state. Of a backward solution the values are drawn: at the points of `at` with error bars, or at
    all vertices.

    Parameters
    ----------
    solution : Solution
        What to draw.
    times : sequence of float, optional
        Recorded times to draw; at most six, evenly chosen, if not given.
    axes : matplotlib Axes or sequence of them, optional
        Where to draw: one for an interval, one per time for all others (of a surface with
        ``projection="3d"``). A new figure if not given.
    scale : {"auto", "linear", "log"}
        Whether colours tell values or, over three decades, their logarithm. "auto" is "log" for
        densities over time of which some vertex has ten times the mean.
    units : dict, optional
        Names of units for labels: {"length": "m", "time": "s", "mass": "mol", "value": "€"}. Those
        that are not named are left out.
    view : (float, float)
        From where a surface is seen: height above the plane and angle around `up` [degree].
    up : {"x", "y", "z"}
        Which axis of a surface points up; files of computer graphics often mean "y".
    section : {"x" | "y" | "z": float}, optional
        Which section through three dimensions is drawn: across an axis, at a place on it [length].
        The middle of the z axis if not given.
    backend : {"matplotlib", "pyvista"}
        "pyvista" shows a surface as a scene to be turned, at one of the `times` (the last), and
        returns the `pyvista.Plotter`; needs the extra "pyvista".

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        If the backend is not installed.
    InputError, InputTypeError
        If a time was not recorded, an argument is unknown, or nothing is left to be drawn.
    """
    as_choice("backend", backend, ("matplotlib", "pyvista"))
    as_choice("up", up, ("x", "y", "z"))
    names, seen, title = as_units(units), as_view(view), summary_of(solution)
    require_remains(solution)
    if backend == "pyvista":
        return draw_scene(shown(solution, times, names, scale), title, up=up)
    pyplot()
    if solution.points:
        if section is not None:
            raise InputError("section cuts densities and values at all vertices, not at points")
        return draw_points(solution, names, title, axes)
    fields = section_of(shown(solution, times, names, scale), section)
    layout = fields.layout
    if len(layout.faces):
        return draw_surfaces(fields, title, axes, view=seen, up=up)
    if layout.nodes:
        return draw_bars(fields, title, axes)
    if layout.streaming:
        return draw_directions(fields, title, axes)
    if len(layout.axes) == 1:
        return draw_curves(fields, title, axes)
    return draw_maps(fields, title, axes)
