"""Fields over a plane: coloured cells on water, land, the shore, and contours over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.solvers.diffusion.layout import Layout, layout_of
from spikealg.viz.figure import INK, new_axes

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["draw_contours", "draw_field", "draw_maps", "draw_shore"]

FloatArray = npt.NDArray[np.float64]
_LAND = "#e9e5da"
_WATER = "#f6fafc"
_DECADES = 3.0
"""How far a map of the logarithm reaches below the highest density."""


def unit_length(layout: Layout) -> float:
    """Return the length [of the domain] that is 1 on the axes of a map: 1 km for metres."""
    return 1000.0 if layout.metres else 1.0


def draw_shore(ax: Any, solution: Solution) -> None:
    """Draw land, water, the shore and islands of a polygon; of a box, its frame only."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    layout = layout_of(solution.problem.mesh)
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
        ax.set(xlabel="x", ylabel="y")


def draw_field(ax: Any, solution: Solution, values: npt.ArrayLike, **options: Any) -> Any:
    """Draw values per vertex, (V,), as coloured cells; NaN is left empty.

    Options go to ``ax.imshow``, such as `norm` and `cmap`. Returns the image, for a colour bar.
    """
    layout = layout_of(solution.problem.mesh)
    low, high = _edges(layout)
    return ax.imshow(
        layout.grid(values).T,
        origin="lower",
        extent=(low[0], high[0], low[1], high[1]),
        interpolation="nearest",
        zorder=1,
        **options,
    )


def draw_contours(ax: Any, solution: Solution, values: npt.ArrayLike, **options: Any) -> Any:
    """Draw contours of values per vertex, (V,); options go to ``ax.contour``, such as `levels`."""
    layout = layout_of(solution.problem.mesh)
    x, y = (axis / unit_length(layout) for axis in layout.axes)
    return ax.contour(x, y, layout.grid(values).T, zorder=2, **options)


def draw_maps(solution: Solution, rows: list[int], axes: Any) -> Any:
    """Draw the logarithm of the density, a panel per recorded time in `rows`; return the figure.

    All panels share one scale, which reaches three decades below the highest density. Cells
    without walkers are left empty.
    """
    from matplotlib.colors import LogNorm

    layout = layout_of(solution.problem.mesh)
    unit = unit_length(layout) ** 2
    density = unit * solution.density
    low, high = _edges(layout)
    wide = float((high[0] - low[0]) / (high[1] - low[1]))
    height = 2.8 if wide > 1.6 else 3.6
    panels = new_axes(
        len(rows),
        axes,
        columns=_columns(len(rows)),
        width=height * max(wide, 0.6),
        height=height,
    )
    highest = float(density[rows].max())
    norm = LogNorm(highest / 10**_DECADES, highest) if highest > 0 else None
    image = None
    for ax, row in zip(panels, rows, strict=True):
        draw_shore(ax, solution)
        values = np.where(density[row] > 0, density[row], np.nan)
        image = draw_field(ax, solution, values, norm=norm, cmap="viridis")
        ax.set_title(f"t = {solution.t[row]:.4g}", loc="left", fontsize="medium")
        if axes is None:
            ax.label_outer()
    label = "mass per km²" if layout.metres else "density"
    panels[0].figure.colorbar(image, ax=panels, label=label, shrink=0.8)
    return panels[0].figure


def _columns(count: int) -> int:
    """Return how many panels stand side by side, so that few places of the page stay empty."""
    return 2 if count in (1, 2, 4) else 3


def _edges(layout: Layout) -> tuple[FloatArray, FloatArray]:
    """Return the lower left and upper right corner of the outermost cells, in units of a map."""
    scale = unit_length(layout)
    half = np.array([(axis[1] - axis[0]) / 2 if len(axis) > 1 else 0.5 for axis in layout.axes])
    low = np.array([axis[0] for axis in layout.axes]) - half
    high = np.array([axis[-1] for axis in layout.axes]) + half
    return low / scale, high / scale
