"""The picture of a diffusion solution, chosen by the shape of its domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array
from spikealg.errors import InputError
from spikealg.solvers.diffusion.layout import layout_of
from spikealg.viz.bars import draw_bars
from spikealg.viz.curves import draw_curves
from spikealg.viz.figure import pyplot
from spikealg.viz.maps import draw_contours, draw_field, draw_maps, draw_shore

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["draw_contours", "draw_field", "draw_shore", "plot"]

_MOST = 6
"""More times than this do not fit on a page."""


def plot(solution: Solution, *, times: npt.ArrayLike | None = None, axes: Any = None) -> Any:
    """Draw the density of a solution and return the matplotlib figure.

    On an interval a curve per time with its error band and the exact solution; on a box or
    polygon of two dimensions a map per time, of the logarithm; on a graph bars per time.

    Parameters
    ----------
    solution : Solution
        What to draw.
    times : sequence of float, optional
        Recorded times to draw; at most six, evenly chosen, if not given.
    axes : matplotlib Axes or sequence of them, optional
        Where to draw: one for an interval, one per time for maps and graphs. A new figure if not
        given.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    InputError
        If a time was not recorded, or the domain has three dimensions.
    """
    pyplot()
    rows = _rows(solution, times)
    layout = layout_of(solution.problem.mesh)
    if len(layout.faces):
        raise InputError(
            "a density on a surface has no picture here: draw solution.density on the triangles "
            "solution.problem.domain.faces"
        )
    if layout.nodes:
        return draw_bars(solution, rows, axes)
    if len(layout.axes) == 1:
        return draw_curves(solution, rows, axes)
    if len(layout.axes) == 2:
        return draw_maps(solution, rows, axes)
    raise InputError(
        f"a density in {len(layout.axes)} dimensions has no picture: draw a part of "
        "solution.grid(), such as solution.grid()[-1][:, :, 0]"
    )


def _rows(solution: Solution, times: npt.ArrayLike | None) -> list[int]:
    n = len(solution.t)
    if times is None:
        return sorted({round(row) for row in np.linspace(0, n - 1, min(n, _MOST)).tolist()})
    rows = []
    for time in np.atleast_1d(as_float_array("times", times)).tolist():
        row = int(np.abs(solution.t - time).argmin())
        if not np.isclose(solution.t[row], time, rtol=1e-6, atol=0):
            raise InputError(
                f"times must have been recorded, got {time:g}; the nearest is {solution.t[row]:g}: "
                "name it in t_eval"
            )
        rows.append(row)
    return rows
