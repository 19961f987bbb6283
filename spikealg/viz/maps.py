"""Fields over a plane: coloured cells on water, land, the shore, and contours over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.solvers.diffusion.domains.layout import Layout, layout_of
from spikealg.viz.colours import Colours, colours_of
from spikealg.viz.figure import INK, colour_bar, new_axes
from spikealg.viz.shown import Shown, Units

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = [
    "columns_of",
    "draw_contours",
    "draw_field",
    "draw_maps",
    "draw_shore",
    "label_of",
    "moving_map",
]

FloatArray = npt.NDArray[np.float64]
_LAND = "#e9e5da"
_WATER = "#f6fafc"


def unit_length(layout: Layout) -> float:
    """Return the length [of the domain] that is 1 on the axes of a map: 1 km for metres."""
    return 1000.0 if layout.metres else 1.0


def draw_shore(ax: Any, solution: Solution) -> None:
    """Draw land, water, the shore and islands of a polygon; of a box, its frame only."""
    _shore(ax, layout_of(solution.problem.mesh), Units())


def draw_field(ax: Any, solution: Solution, values: npt.ArrayLike, **options: Any) -> Any:
    """Draw values per vertex, (V,), as coloured cells; NaN is left empty.

    Options go to ``ax.imshow``, such as `norm` and `cmap`. Returns the image, for a colour bar.
    """
    return _image(ax, layout_of(solution.problem.mesh), values, **options)


def draw_contours(ax: Any, solution: Solution, values: npt.ArrayLike, **options: Any) -> Any:
    """Draw contours of values per vertex, (V,); options go to ``ax.contour``, such as `levels`."""
    layout = layout_of(solution.problem.mesh)
    x, y = (axis / unit_length(layout) for axis in layout.axes)
    return ax.contour(x, y, layout.grid(values).T, zorder=2, **options)


def draw_maps(shown: Shown, title: str, axes: Any) -> Any:
    """Draw a coloured map per time, all on one scale of colours; return the figure.

    Where the scale is logarithmic it reaches three decades below the highest value, and cells
    without walkers are left empty.
    """
    colours = colours_of(shown, unit_length(shown.layout) ** 2)
    low, high = _edges(shown.layout)
    wide = float((high[0] - low[0]) / (high[1] - low[1]))
    height = 4.4 if len(shown.values) == 1 else 2.8 if wide > 1.6 else 3.6
    panels = new_axes(
        len(shown.values),
        axes,
        columns=columns_of(len(shown.values)),
        width=height * max(wide, 0.6),
        height=height,
    )
    for k, ax in enumerate(panels):
        _shore(ax, shown.layout, shown.units, shown.names)
        _cells(ax, shown.layout, colours.values(shown.values[k]), colours)
        ax.set_title(shown.titles[k], loc="left", fontsize="medium")
        if axes is None:
            ax.label_outer()
    colour_bar(panels, colours, label_of(shown))
    if axes is None:
        panels[0].figure.suptitle(title, fontsize="medium")
    return panels[0].figure


def moving_map(ax: Any, shown: Shown, title: str) -> Callable[[int], None]:
    """Draw the first time and return what draws another one in its place."""
    colours = colours_of(shown, unit_length(shown.layout) ** 2)
    _shore(ax, shown.layout, shown.units, shown.names)
    image = _cells(ax, shown.layout, colours.values(shown.values[0]), colours)
    ax.set_title(title, loc="left", fontsize="medium")
    colour_bar([ax], colours, label_of(shown))

    def show(k: int) -> None:
        image.set_data(shown.layout.grid(colours.values(shown.values[k])).T)

    return show


def label_of(shown: Shown) -> str:
    """Return what the values of a map are; of a map of the world per km²."""
    if not shown.layout.metres or not shown.label.startswith("density"):
        return shown.label
    return f"{shown.units.mass or 'mass'} per km²"


def _cells(ax: Any, layout: Layout, values: FloatArray, colours: Colours) -> Any:
    return _image(ax, layout, values, norm=colours.norm, cmap=colours.cmap)


def _image(ax: Any, layout: Layout, values: npt.ArrayLike, **options: Any) -> Any:
    low, high = _edges(layout)
    return ax.imshow(
        layout.grid(values).T,
        origin="lower",
        extent=(low[0], high[0], low[1], high[1]),
        interpolation="nearest",
        zorder=1,
        **options,
    )


def _shore(ax: Any, layout: Layout, units: Units, names: tuple[str, str] = ("x", "y")) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    scale = unit_length(layout)
    if layout.rings:
        ax.set_facecolor(_LAND)
        rings = [np.concatenate([ring, ring[:1]]) / scale for ring in layout.rings]
        codes = [
            [Path.MOVETO] + [Path.LINETO] * (len(ring) - 2) + [Path.CLOSEPOLY] for ring in rings
        ]
        water = Path(np.concatenate(rings), np.concatenate(codes))
        # Not add_patch: it would walk along the whole shore to widen limits that are set below.
        ax.add_artist(PathPatch(water, facecolor=_WATER, edgecolor="none", zorder=0))
        ax.add_artist(PathPatch(water, facecolor="none", edgecolor=INK, linewidth=0.6, zorder=3))
    low, high = _edges(layout)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    if layout.metres:
        ax.set(xlabel="km east of the centre", ylabel="km north of the centre")
    else:
        ax.set(xlabel=units.axis(names[0]), ylabel=units.axis(names[1]))


def columns_of(count: int) -> int:
    """Return how many panels stand side by side, so that few places of the page stay empty."""
    return 2 if count in (1, 2, 4) else 3


def _edges(layout: Layout) -> tuple[FloatArray, FloatArray]:
    """Return the lower left and upper right corner of the outermost cells, in units of a map."""
    scale = unit_length(layout)
    half = np.array([(axis[1] - axis[0]) / 2 if len(axis) > 1 else 0.5 for axis in layout.axes])
    low = np.array([axis[0] for axis in layout.axes]) - half
    high = np.array([axis[-1] for axis in layout.axes]) + half
    return low / scale, high / scale
