"""What all pictures share: finding matplotlib, and the axes to draw on."""

from __future__ import annotations

from typing import Any

from spikealg.errors import InputError, InputTypeError, MissingExtraError

__all__ = [
    "GRID",
    "INK",
    "band_label",
    "colour_bar",
    "exact_line",
    "new_axes",
    "pyplot",
    "tidy",
    "time_colours",
]

INK = "#22303c"
"""Colour of text and outlines."""
GRID = "#d8dde2"
"""Colour of grid lines."""


def pyplot() -> Any:
    """Return `matplotlib.pyplot`.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingExtraError(
            "pictures are drawn with matplotlib, which is not installed: "
            "pip install 'spikealg[plot]'"
        ) from error
    return plt


def new_axes(
    count: int,
    axes: Any,
    *,
    columns: int,
    width: float,
    height: float,
    projection: str | None = None,
) -> list[Any]:
    """Return `count` axes: those given, or those of a new figure.

    Parameters
    ----------
    count : int
        How many panels will be drawn.
    axes : matplotlib Axes, sequence of them, or None
        Where the caller wants the panels.
    columns : int
        Panels side by side in a new figure.
    width, height : float
        Size of a panel in a new figure [inch].
    projection : str, optional
        "3d" for axes of three dimensions.
    """
    if axes is not None:
        given = list(getattr(axes, "flat", axes if isinstance(axes, (list, tuple)) else [axes]))
        if len(given) != count:
            raise InputError(f"axes must hold {count} axes, one per panel, got {len(given)}")
        for ax in given:
            if not isinstance(ax, pyplot().Axes):
                raise InputTypeError(f"axes must be matplotlib Axes, got {ax!r}")
        return given
    columns = min(columns, count)
    rows = -(-count // columns)
    _, grid = pyplot().subplots(
        rows,
        columns,
        figsize=(width * columns, height * rows),
        squeeze=False,
        layout="constrained",
        subplot_kw={"projection": projection},
    )
    for unused in grid.flat[count:]:
        unused.remove()
    return list(grid.flat[:count])


def tidy(ax: Any) -> None:
    """Take away what carries no information: the upper and right frame, dark grid lines."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)


def time_colours(count: int) -> Any:
    """Return a colour per time, dark to light, (count, 4); none so light that it is hard to see."""
    return pyplot().get_cmap("viridis")([0.75 * i / max(1, count - 1) + 0.08 for i in range(count)])


def exact_line(ax: Any, x: Any, values: Any, *, first: bool) -> Any:
    """Draw the exact solution, dashed, and return the line; the first one is in the legend."""
    (line,) = ax.plot(x, values, color=INK, linewidth=1.0)
    line.set_linestyle((0, (4, 2.5)))
    if first:
        line.set_label("exact")
    return line


def band_label(ax: Any) -> None:
    """Say in the legend what error bands are."""
    ax.fill_between([], [], [], color=INK, alpha=0.25, linewidth=0, label="± 2 standard errors")


def colour_bar(panels: list[Any], colours: Any, label: str, pad: float = 0.02) -> Any:
    """Add the colour bar that all panels share, a part `pad` of them away, and return it."""
    return panels[0].figure.colorbar(
        colours.mappable(), ax=panels, label=label, shrink=0.8, pad=pad
    )
