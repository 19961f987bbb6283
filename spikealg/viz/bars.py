"""Values on the nodes of a graph: a bar per node, with its standard error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spikealg.viz.figure import INK, new_axes, tidy, time_colours
from spikealg.viz.shown import Shown

__all__ = ["draw_bars", "moving_bars"]

_MOST_NAMES = 60
"""More node names than this would overlap."""
_EXACT = {"linestyle": "none", "marker": "_", "markersize": 11, "color": "#d1495b"}


def draw_bars(shown: Shown, title: str, axes: Any) -> Any:
    """Draw the values of all nodes, a panel per time; return the figure."""
    panels = new_axes(len(shown.values), axes, columns=1, width=8.0, height=2.6)
    for k, (ax, colour) in enumerate(zip(panels, time_colours(len(panels)), strict=True)):
        nodes = np.arange(len(shown.x))
        error = 2 * shown.stderr[k] if shown.stderr[k].any() else None
        ax.bar(
            nodes,
            shown.values[k],
            yerr=error,
            color=colour,
            width=0.75,
            error_kw={"ecolor": INK, "elinewidth": 0.9},
        )
        if not np.isnan(shown.exact[k]).any():
            ax.plot(nodes, shown.exact[k], label="exact", **_EXACT)
            ax.legend(frameon=False, fontsize="small")
        what = "" if error is None else ", ± 2 standard errors"
        ax.set_title(f"{shown.titles[k]}{what}", loc="left", fontsize="medium")
        _frame(ax, shown)
        if shown.values[k].min() >= 0:
            ax.set_ylim(bottom=0)
    if axes is None:
        for ax in panels:
            ax.label_outer()
        panels[0].figure.suptitle(title, fontsize="medium")
    panels[-1].set_xlabel("node")
    return panels[0].figure


def moving_bars(ax: Any, shown: Shown, title: str) -> Callable[[int], None]:
    """Draw the first time and return what draws another one in its place."""
    bars = ax.bar(np.arange(len(shown.x)), shown.values[0], color=time_colours(1)[0], width=0.75)
    _frame(ax, shown)
    ax.set(xlabel="node", ylim=(min(0.0, shown.values.min()), 1.05 * shown.values.max()))
    ax.set_title(title, loc="left", fontsize="medium")

    def show(k: int) -> None:
        for bar, height in zip(bars, shown.values[k].tolist(), strict=True):
            bar.set_height(height)

    return show


def _frame(ax: Any, shown: Shown) -> None:
    nodes = shown.layout.nodes
    ax.set(ylabel=shown.label, xlim=(-0.7, len(nodes) - 0.3))
    if len(nodes) <= _MOST_NAMES:
        turned = 90 if max(map(len, nodes)) > 2 else 0
        ax.set_xticks(np.arange(len(nodes)), nodes, rotation=turned, fontsize="small")
    tidy(ax)
    ax.grid(visible=False, axis="x")
