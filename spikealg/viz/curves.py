"""The density along a line: a curve per time, its error band, and the exact solution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikealg.solvers.diffusion.reference import exact_density
from spikealg.viz.figure import INK, new_axes, tidy, time_colours

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["draw_curves"]


def draw_curves(solution: Solution, rows: list[int], axes: Any) -> Any:
    """Draw the density at the recorded times `rows` in one panel and return its figure.

    The band is ±2 standard errors, the dashed line the exact solution where the problem has one.
    """
    (ax,) = new_axes(1, axes, columns=1, width=8.0, height=4.2)
    x = solution.x.ravel()
    for row, colour in zip(rows, time_colours(len(rows)), strict=True):
        u, error = solution.density[row], solution.stderr[row]
        ax.plot(x, u, color=colour, linewidth=1.6, label=f"t = {solution.t[row]:.4g}")
        if error.any():
            ax.fill_between(x, u - 2 * error, u + 2 * error, color=colour, alpha=0.25, linewidth=0)
    later = solution.t[rows][solution.t[rows] > solution.segments[0].start]
    if solution.problem.exact is not None and len(later):
        lines = ax.plot(x, exact_density(solution.problem, later).T, color=INK, linewidth=1.0)
        for line in lines:
            line.set_linestyle((0, (4, 2.5)))
        lines[0].set_label("exact")
    if solution.stderr[rows].any():
        ax.fill_between([], [], [], color=INK, alpha=0.25, linewidth=0, label="± 2 standard errors")
    ax.set(xlabel="x", ylabel="density", xlim=(np.min(x), np.max(x)))
    ax.set_ylim(bottom=0)
    tidy(ax)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax.figure
