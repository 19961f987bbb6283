"""Values along a line: a curve per time, its error band, and the exact solution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spikealg.viz.figure import band_label, exact_line, new_axes, tidy, time_colours
from spikealg.viz.shown import Shown

__all__ = ["draw_curves", "moving_curve"]


def draw_curves(shown: Shown, title: str, axes: Any) -> Any:
    """Draw all times in one panel and return its figure.

    The band is ±2 standard errors, the dashed line the exact solution where the problem has one.
    """
    (ax,) = new_axes(1, axes, columns=1, width=8.0, height=4.2)
    x = shown.x.ravel()
    for k, colour in enumerate(time_colours(len(shown.values))):
        ax.plot(x, shown.values[k], color=colour, linewidth=1.6, label=shown.titles[k])
        _band(ax, shown, k, colour)
    _exact(ax, shown, range(len(shown.values)))
    _frame(ax, shown, title)
    return ax.figure


def moving_curve(ax: Any, shown: Shown, title: str) -> Callable[[int], None]:
    """Draw the first time and return what draws another one in its place."""
    colour = time_colours(1)[0]
    (line,) = ax.plot(shown.x.ravel(), shown.values[0], color=colour, linewidth=1.6)
    bands = [_band(ax, shown, 0, colour)]
    known = [k for k in range(len(shown.values)) if not np.isnan(shown.exact[k]).any()]
    exact = _exact(ax, shown, known[:1])
    highest, lowest = shown.values.max(), min(0.0, shown.values.min())
    line.set_label(shown.label)
    _frame(ax, shown, title)
    ax.set_ylim(lowest, highest + 0.05 * (highest - lowest or 1.0))

    def show(k: int) -> None:
        line.set_ydata(shown.values[k])
        bands.append(_band(ax, shown, k, colour))
        if (old := bands.pop(0)) is not None:
            old.remove()
        for dashed in exact:
            dashed.set_ydata(shown.exact[k])
            dashed.set_visible(k in known)

    show(0)
    return show


def _band(ax: Any, shown: Shown, k: int, colour: Any) -> Any:
    u, error = shown.values[k], shown.stderr[k]
    if not error.any():
        return None
    return ax.fill_between(
        shown.x.ravel(), u - 2 * error, u + 2 * error, color=colour, alpha=0.25, linewidth=0
    )


def _exact(ax: Any, shown: Shown, rows: Any) -> list[Any]:
    lines: list[Any] = []
    for k in rows:
        if not np.isnan(shown.exact[k]).any():
            lines.append(exact_line(ax, shown.x.ravel(), shown.exact[k], first=not lines))
    return lines


def _frame(ax: Any, shown: Shown, title: str) -> None:
    if shown.stderr.any():
        band_label(ax)
    x = shown.x
    ax.set(xlabel=shown.units.axis("x"), ylabel=shown.label, xlim=(np.min(x), np.max(x)))
    if shown.values.min() >= 0:
        ax.set_ylim(bottom=0)
    ax.set_title(title, loc="left", fontsize="medium")
    tidy(ax)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
