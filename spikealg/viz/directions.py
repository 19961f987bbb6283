"""Particles that stream through a slab: a curve per direction, and the fluence."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.viz.figure import INK, band_label, exact_line, new_axes, tidy, time_colours
from spikealg.viz.shown import Shown

__all__ = ["draw_directions"]

_MOST = 6
"""More directions than this are thinned; the fluence is of all."""


def draw_directions(shown: Shown, title: str, axes: Any) -> Any:
    """Draw the density of particles of each direction, a panel per time; return the figure.

    The black curve is the fluence, the mean over directions by their weight, with ±2 standard
    errors, those of directions taken to be independent. Dashed is the exact fluence.
    """
    centers, directions = shown.layout.axes
    shape = (len(centers), len(directions))
    weights = shown.weights.reshape(shape)[0] / shown.weights.reshape(shape)[0].sum()
    panels = new_axes(len(shown.values), axes, columns=2, width=6.5, height=3.8)
    chosen = np.unique(np.linspace(0, shape[1] - 1, min(shape[1], _MOST)).round().astype(int))
    for k, ax in enumerate(panels):
        values, error, exact = (
            field[k].reshape(shape) for field in (shown.values, shown.stderr, shown.exact)
        )
        for column, colour in zip(chosen, time_colours(len(chosen)), strict=True):
            label = f"ω = {directions[column]:.3g}".replace("-", "−")
            ax.plot(centers, values[:, column], color=colour, linewidth=1.2, label=label)
        fluence, spread = values @ weights, _combined(error, weights)
        ax.plot(centers, fluence, color=INK, linewidth=1.8, label="fluence")
        if spread.any():
            ax.fill_between(
                centers, fluence - 2 * spread, fluence + 2 * spread,
                color=INK, alpha=0.25, linewidth=0,
            )  # fmt: skip
            band_label(ax)
        if not np.isnan(exact).any():
            exact_line(ax, centers, exact @ weights, first=True)
        ax.set(xlabel=shown.units.axis("x"), ylabel=shown.label, ylim=(0, None))
        ax.set_title(f"{shown.titles[k]}, {title}", loc="left", fontsize="medium")
        tidy(ax)
    panels[0].legend(frameon=False, loc="best", fontsize="small")
    return panels[0].figure


def _combined(
    error: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.asarray(np.sqrt(error**2 @ weights**2))
