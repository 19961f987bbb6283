"""A solution in motion: one picture whose values change from frame to frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from spikealg.archive import require_file_name, written_whole
from spikealg.arguments import as_choice, as_int
from spikealg.errors import InputError
from spikealg.viz.bars import moving_bars
from spikealg.viz.colours import colours_of
from spikealg.viz.curves import moving_curve
from spikealg.viz.figure import colour_bar, new_axes, pyplot
from spikealg.viz.maps import moving_map
from spikealg.viz.section import section_of
from spikealg.viz.shown import Shown, as_units, as_view, require_remains, shown, summary_of
from spikealg.viz.surfaces import moving_surface

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["animate"]

_FRAMES = 500
"""More recorded times than this are thinned."""
_FORMATS = (".gif", ".html")


def animate(
    solution: Solution,
    path: str | Path | None = None,
    *,
    times: npt.ArrayLike | None = None,
    fps: int = 10,
    scale: str = "auto",
    units: Mapping[str, str] | None = None,
    view: tuple[float, float] = (25.0, -60.0),
    up: str = "z",
    section: Mapping[str, float] | None = None,
    axes: Any = None,
) -> Any:
    """Return the density in motion, a frame per recorded time, all on one scale.

    Parameters
    ----------
    solution : Solution
        Forward, with several times recorded (``t_eval=``).
    path : str or path, optional
        Where to write it: .gif (by Pillow), or .html, a page with buttons.
    times : sequence of float, optional
        Recorded times to show; all, at most 500, if not given.
    fps : int
        Frames per second.
    scale, units, view, up, section
        As in `spikealg.viz.diffusion.plot`.
    axes : matplotlib Axes, optional
        Where to draw; a new figure unless given.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        Notebooks show ``.to_jshtml()``. Keep it as long as it is to move.

    Raises
    ------
    InputError
        If only one time was recorded, the format is unknown, or there is no picture of such a
        domain.
    MissingExtraError
        If matplotlib is not installed.
    """
    pyplot()
    from matplotlib.animation import FuncAnimation

    as_choice("up", up, ("x", "y", "z"))
    seen = as_view(view)
    rate = as_int("fps", fps, low=1)
    if path is not None and require_file_name("path", path).suffix not in _FORMATS:
        raise InputError(f"path must end in {' or '.join(_FORMATS)}, got {str(path)!r}")
    if solution.mode != "forward":
        raise InputError(f"a {solution.mode} solution does not move: draw solution.plot()")
    require_remains(solution)
    fields = section_of(shown(solution, times, as_units(units), scale, most=_FRAMES), section)
    if len(fields.values) < 2:
        raise InputError("only one time was recorded, which does not move: name several in t_eval")
    surface = len(fields.layout.faces) > 0 and fields.x.shape[1] == 3
    (ax,) = new_axes(
        1, axes, columns=1, width=6.4, height=4.4, projection="3d" if surface else None
    )
    title = summary_of(solution)
    show = _begin(ax, fields, title, view=seen, up=up)

    def frame(k: int) -> list[Any]:
        show(k)
        ax.set_title(f"{fields.titles[k]}, {title}", loc="left", fontsize="medium")
        return []

    found = FuncAnimation(
        ax.figure, frame, frames=len(fields.values), interval=1000 / rate, init_func=lambda: []
    )
    frame(0)
    if axes is None:
        # Arranged once: frames stay in place, and are drawn in a third of the time.
        ax.figure.draw_without_rendering()
        ax.figure.set_layout_engine("none")
    if path is not None:
        _write(found, Path(path), rate)
    return found


def _begin(
    ax: Any, fields: Shown, title: str, *, view: tuple[float, float], up: str
) -> Callable[[int], None]:
    """Draw the first frame by the shape of the domain; return what draws another one."""
    layout = fields.layout
    if len(layout.faces):
        colours = colours_of(fields)
        colour_bar([ax], colours, fields.label)
        return moving_surface(ax, fields, title, view=view, up=up, colours=colours)
    if layout.nodes:
        return moving_bars(ax, fields, title)
    if len(layout.axes) == 1:
        return moving_curve(ax, fields, title)
    if len(layout.axes) == 2 and not layout.streaming:
        return moving_map(ax, fields, title)
    raise InputError("there is no moving picture of phase space: draw parts of solution.grid()")


def _write(animation: Any, path: Path, rate: int) -> None:
    """Write a file that appears whole or not at all."""
    from matplotlib.animation import PillowWriter

    with written_whole(path) as beside:
        if path.suffix == ".html":
            beside.write_text(animation.to_jshtml(fps=rate), encoding="utf-8")
        else:
            animation.save(beside, writer=PillowWriter(fps=rate))
