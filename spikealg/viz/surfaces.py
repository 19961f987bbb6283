"""Values on surfaces of triangles: coloured and lit faces, in the plane or in space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.viz.colours import Colours, colours_of
from spikealg.viz.figure import colour_bar, new_axes, pyplot
from spikealg.viz.maps import columns_of
from spikealg.viz.shown import Shown

__all__ = ["draw_surfaces", "moving_surface"]

FloatArray = npt.NDArray[np.float64]

_EMPTY = (0.86, 0.87, 0.88, 1.0)
"""Colour of faces without a value."""
_LAMP = (25.0, -30.0)
"""How much higher than the viewer the light is, and how far to the left [degree]."""
_SHADE = 0.55
"""How much of its colour a face keeps at least."""


def draw_surfaces(
    shown: Shown, title: str, axes: Any, *, view: tuple[float, float], up: str
) -> Any:
    """Draw a panel per time, all on one scale of colours; return the figure.

    A face has the colour of the mean of its corners. In space faces are lit, so that the shape is
    seen; where colours tell decades, grey is where no walkers are.
    """
    colours = colours_of(shown)
    flat = shown.x.shape[1] == 2
    panels = new_axes(
        len(shown.values),
        axes,
        columns=columns_of(len(shown.values)),
        width=4.2 if flat else 4.8,
        height=3.8 if flat else 4.0,
        projection=None if flat else "3d",
    )
    for k, ax in enumerate(panels):
        moving_surface(ax, shown, shown.titles[k], view=view, up=up, colours=colours, first=k)
    # The layout knows nothing of labels in space, and would put the bar on those of z.
    colour_bar(panels, colours, shown.label, pad=0.02 if flat else 0.1)
    if axes is None:
        panels[0].figure.suptitle(title, fontsize="medium")
    return panels[0].figure


def moving_surface(
    ax: Any,
    shown: Shown,
    title: str,
    *,
    view: tuple[float, float],
    up: str,
    colours: Colours,
    first: int = 0,
) -> Callable[[int], None]:
    """Draw time number `first` and return what draws another one in its place."""
    corners = shown.x[shown.layout.faces]
    flat = shown.x.shape[1] == 2
    collection = _in_plane(ax, corners, shown) if flat else _in_space(ax, corners, shown, view, up)
    light = np.ones(len(corners)) if flat else _light(corners, view, up)
    ax.set_title(title, loc="left", fontsize="medium")

    def show(k: int) -> None:
        values = colours.values(shown.values[k])[shown.layout.faces]
        collection.set_facecolor(_faces(values, colours, light))

    show(first)
    return show


def _faces(values: FloatArray, colours: Colours, light: FloatArray) -> FloatArray:
    """Return a colour per face, (F, 4), from values at its corners, (F, 3)."""
    empty = np.isnan(values)
    known = np.maximum((~empty).sum(axis=1), 1)
    mean = np.where(empty, 0.0, values).sum(axis=1) / known
    found: FloatArray = pyplot().get_cmap(colours.cmap)(colours.norm(mean))
    found[empty.all(axis=1)] = _EMPTY
    found[:, :3] *= light[:, None]
    return found


def _light(corners: FloatArray, view: tuple[float, float], up: str) -> FloatArray:
    """Return how much of its colour each face keeps, (F,), by the angle to the light."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    # Triangles of files need not agree on which side is outside: take the side that is seen.
    normal *= np.where(normal @ _direction(*view, up) < 0, -1.0, 1.0)[:, None]
    lamp = _direction(view[0] + _LAMP[0], view[1] + _LAMP[1], up)
    return np.asarray(_SHADE + (1 - _SHADE) * np.maximum(normal @ lamp, 0.0))


def _direction(height: float, around: float, up: str) -> FloatArray:
    """Return the unit vector towards a place seen at these angles [degree]."""
    h, a = np.deg2rad([height, around])
    return np.roll([np.cos(h) * np.cos(a), np.cos(h) * np.sin(a), np.sin(h)], "xyz".index(up) - 2)


def _in_plane(ax: Any, corners: FloatArray, shown: Shown) -> Any:
    from matplotlib.collections import PolyCollection

    # Edges of the faces' own colour close the seams between them.
    collection = ax.add_collection(PolyCollection(list(corners), linewidths=0.2, edgecolors="face"))
    low, high = shown.x.min(axis=0), shown.x.max(axis=0)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    ax.set(xlabel=shown.units.axis("x"), ylabel=shown.units.axis("y"))
    return collection


def _in_space(
    ax: Any, corners: FloatArray, shown: Shown, view: tuple[float, float], up: str
) -> Any:
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    collection = Poly3DCollection(corners, linewidths=0)
    ax.add_collection3d(collection)
    low, high = shown.x.min(axis=0), shown.x.max(axis=0)
    size = np.maximum(high - low, 1e-3 * (high - low).max())
    middle = (low + high) / 2
    limits = np.stack([middle - size / 2, middle + size / 2], axis=1)
    ax.set(xlim=limits[0], ylim=limits[1], zlim=limits[2])
    ax.view_init(*view, vertical_axis=up)
    ax.set_box_aspect(size, zoom=0.95)
    ax.set(xlabel=shown.units.axis("x"), ylabel=shown.units.axis("y"))
    ax.set_zlabel(shown.units.axis("z"))
    for axis, part in zip("xyz", size / size.max(), strict=True):
        ax.locator_params(axis=axis, nbins=max(2, round(4 * float(part))))
    ax.tick_params(labelsize="small")
    return collection
