"""The density on the nodes of a graph: a bar per node, with its standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikealg.solvers.diffusion.layout import layout_of
from spikealg.viz.figure import INK, new_axes, tidy, time_colours

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["draw_bars"]

_MOST_NAMES = 60
"""More node names than this would overlap."""


def draw_bars(solution: Solution, rows: list[int], axes: Any) -> Any:
    """Draw the masses of all nodes, a panel per recorded time in `rows`; return the figure."""
    nodes = layout_of(solution.problem.mesh).nodes
    place = np.arange(len(nodes))
    panels = new_axes(len(rows), axes, columns=1, width=8.0, height=2.6)
    for ax, row, colour in zip(panels, rows, time_colours(len(rows)), strict=True):
        error = 2 * solution.stderr[row] if solution.stderr[row].any() else None
        ax.bar(
            place,
            solution.density[row],
            yerr=error,
            color=colour,
            width=0.75,
            error_kw={"ecolor": INK, "elinewidth": 0.9},
        )
        what = "mass" if error is None else "mass ± 2 standard errors"
        ax.set(ylabel="mass", xlim=(-0.7, len(nodes) - 0.3))
        ax.set_title(f"t = {solution.t[row]:.4g}, {what}", loc="left", fontsize="medium")
        if len(nodes) <= _MOST_NAMES:
            turned = 90 if max(map(len, nodes)) > 2 else 0
            ax.set_xticks(place, nodes, rotation=turned, fontsize="small")
        ax.set_ylim(bottom=0)
        tidy(ax)
        ax.grid(visible=False, axis="x")
    panels[-1].set_xlabel("node")
    return panels[0].figure
