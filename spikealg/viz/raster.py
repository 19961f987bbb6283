"""Spikes of a run over time, a row per neuron."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikealg.arguments import as_int
from spikealg.engine.run import Run
from spikealg.viz.figure import INK, new_axes, pyplot, tidy

__all__ = ["plot_raster"]

_ROW = 0.16
"""Height of a neuron's row in a new figure [inch]."""


def plot_raster(run: Run, *names: str, lane: int = 0, axes: Any = None) -> Any:
    """Draw when each neuron of some ports, groups or paths spiked, and return the figure.

    Parameters
    ----------
    run : Run
    *names : str
        Ports, groups or neurons by their paths, from top to bottom; all groups of neurons that were
        recorded unless given.
    lane : int
    axes : matplotlib Axes, optional
        Where to draw; a new figure unless given.

    Raises
    ------
    InputError
        If nothing has a name, or it was not recorded.
    MissingExtraError
        If matplotlib is not installed.
    """
    lane = as_int("lane", lane, low=0, high=run.lanes - 1)
    if not names:
        recorded = set(run.recorded.tolist())
        groups = dict.fromkeys(path for path, _ in run.network.groups)
        names = tuple(path for path in groups if recorded.issuperset(run.network.find(path)))
    rows = [run.network.find(name) for name in names]
    total = sum(map(len, rows))
    (ax,) = new_axes(1, axes, columns=1, width=7.0, height=max(1.6, 0.9 + _ROW * total))
    colours = pyplot().get_cmap("tab10")
    first, middles = 0, []
    for number, neurons in enumerate(rows):
        ticks, at = np.nonzero(run.raster(neurons)[:, lane])
        ax.vlines(
            run.start_tick + ticks, first + at - 0.4, first + at + 0.4, color=colours(number % 10)
        )
        middles.append(first + (len(neurons) - 1) / 2)
        first += len(neurons)
        ax.axhline(first - 0.5, color=INK, linewidth=0.3)
    tidy(ax)
    ax.set_yticks(middles, labels=list(names))
    ax.set(
        xlabel="tick",
        xlim=(run.start_tick - 0.5, run.start_tick + int(run.lane_ticks[lane]) - 0.5),
        ylim=(first - 0.5, -0.5),
    )
    ax.xaxis.get_major_locator().set_params(integer=True)
    return ax.figure
