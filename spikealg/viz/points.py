"""Values at the points of a backward problem, with error bars, and the exact values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from spikealg.solvers.diffusion.loads import places
from spikealg.solvers.diffusion.problem import Problem
from spikealg.viz.figure import INK, exact_line, new_axes, tidy, time_colours
from spikealg.viz.shown import Units, value_label

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["draw_points"]

_CURVE = 200
"""Places at which the exact curve is drawn."""
_AROUND = 0.05
"""Part of the line that is shown on both sides of the points."""


def draw_points(solution: Solution, units: Units, title: str, axes: Any) -> Any:
    """Draw the value of each point of `at`, ±2 standard errors, and return the figure.

    Along a line where points are numbers, else side by side by their names.
    """
    points = places(solution.problem.mesh, solution.points)
    # Nodes are objects, whatever they look like.
    placed = points.dtype.kind == "f"
    on_line = placed and points.ndim == 1
    (ax,) = new_axes(1, axes, columns=1, width=8.0, height=4.2)
    x = np.asarray(points, dtype=float) if on_line else np.arange(len(points), dtype=float)
    error = 2 * solution.value_stderr
    ax.errorbar(
        x,
        solution.value,
        yerr=error if error.any() else None,
        color=time_colours(1)[0],
        ecolor=INK,
        elinewidth=0.9,
        capsize=2,
        fmt="o",
        markersize=4,
        label="value ± 2 standard errors" if error.any() else "value",
        zorder=3,
    )
    if on_line:
        around = _AROUND * float(np.ptp(solution.x))
        low = max(x.min() - around, solution.x.min())
        high = min(x.max() + around, solution.x.max())
        ax.set(xlim=(low, high), xlabel=units.axis("x"))
        if (exact := _exact(solution, np.linspace(low, high, _CURVE))) is not None:
            exact_line(ax, np.linspace(low, high, _CURVE), exact, first=True)
    else:
        names = [_name(point) for point in points]
        ax.set_xticks(x, names, rotation=90 if max(map(len, names)) > 8 else 0)
        ax.set(xlim=(-0.7, len(points) - 0.3), xlabel="point")
        exact = _exact(solution, points) if placed else None
        if exact is not None:
            ax.plot(x, exact, linestyle="none", marker="_", color=INK, label="exact")
    ax.set_ylabel(value_label(units))
    ax.set_title(title, loc="left", fontsize="medium")
    tidy(ax)
    ax.legend(frameon=False)
    return ax.figure


def _exact(solution: Solution, x: Any) -> Any:
    """Return exact values at positions, None where they are not known."""
    problem, ahead = solution.problem, float(solution.t[-1] - solution.segments[0].start)
    if not isinstance(problem, Problem) or problem.exact is None:
        return None
    return np.asarray(problem.exact(ahead if math.isfinite(ahead) else math.inf, x))


def _name(point: Any) -> str:
    if isinstance(point, np.ndarray):
        return f"({', '.join(f'{number:.3g}' for number in point)})"
    return str(point)
