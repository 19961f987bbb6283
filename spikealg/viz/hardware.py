"""Bills as pictures: bars over platforms, and curves of energy over the size of a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikealg.hardware.figures import si
from spikealg.viz.figure import INK, new_axes, pyplot, tidy

if TYPE_CHECKING:
    from spikealg.hardware.compare import Comparison
    from spikealg.hardware.curve import AdvantageCurve

__all__ = ["plot_advantage", "plot_comparison"]

_COLOURS = {
    "total": "#2a6f97",
    "marginal": "#9cc5dc",
    "measured": "#d1495b",
    "arithmetic": "#a3a3a3",
}
_WORDS = {
    "total": "total",
    "marginal": "marginal only: something is unpublished",
    "measured": "measured time × stated power",
    "arithmetic": "arithmetic only, without spikes",
}
_MARKERS = "osv^Dx"
_LINES = {"total": "-", "published": "--", "measured": ":"}


def plot_comparison(comparison: Comparison, *, axes: Any = None) -> Any:
    """Draw the energy of each way to do the work as a bar, per unit of work where it is known.

    Parameters
    ----------
    comparison : Comparison
    axes : matplotlib axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure
    """
    work = comparison.counts.work
    rows = [row for row in comparison.rows if row.energy_J is not None]
    figures = [row.energy_J if work is None else row.per_work_J for row in rows]
    values, low, top = np.array(figures, dtype=float).T
    (ax,) = new_axes(1, axes, columns=1, width=9.0, height=0.42 * len(rows) + 1.3)
    place = np.arange(len(rows))[::-1]
    for kind, word in _WORDS.items():
        some = np.array([row.kind == kind for row in rows])
        if some.any():
            ax.barh(place[some], values[some], color=_COLOURS[kind], height=0.68, label=word)
    end = top
    static = np.array([0.0 if row.static_J is None else row.static_J.value for row in rows])
    if static.any():
        static /= 1 if work is None else work.amount
        some = static > 0
        ax.barh(
            place[some],
            static[some],
            left=values[some],
            height=0.68,
            color="none",
            edgecolor=_COLOURS["marginal"],
            label="static power, where it is published",
        )
        end = np.maximum(top, values + static)
    # Rounding may leave a bound beyond its value by a last digit.
    spread = np.maximum([values - low, top - values], 0.0)
    ax.errorbar(values, place, xerr=spread, fmt="none", ecolor=INK, elinewidth=0.9)
    for y, value, more, right in zip(place, values, static, end, strict=True):
        text = si(value, "J") + (f" + {si(more, 'J')}" if more else "")
        ax.text(1.15 * right, y, text, va="center", fontsize="small", color=INK)
    ax.set_yticks(place, [row.title for row in rows])
    ax.set(xscale="log", xlabel="energy [J]" if work is None else f"energy per {work.unit} [J]")
    positive = values[values > 0]
    ax.set_xlim(positive.min() / 4, end.max() * 12)
    ax.legend(
        frameon=False, fontsize="small", loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2
    )
    tidy(ax)
    ax.grid(visible=False, axis="y")
    return ax.figure


def plot_advantage(curve: AdvantageCurve, *, axes: Any = None) -> Any:
    """Draw energy and time of every series over the size, with the exponents in the legend.

    Parameters
    ----------
    curve : AdvantageCurve
    axes : two matplotlib axes, optional
        For energy and time; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure
    """
    panels = new_axes(2, axes, columns=2, width=6.6, height=4.6)
    colours = pyplot().get_cmap("tab10")
    for ax, quantity, label in zip(
        panels, ("energy_J", "time_s"), ("energy [J]", "time [s]"), strict=True
    ):
        for number, entry in enumerate(curve.series):
            exponent = curve.exponent(entry.title, quantity)
            if exponent is None:
                continue
            ax.plot(
                curve.x,
                getattr(entry, quantity),
                linestyle=_LINES[entry.kind],
                marker=_MARKERS[number % len(_MARKERS)],
                markersize=5,
                markerfacecolor="none",
                color=colours(number),
                label=f"{entry.title}: {exponent}",
            )
        ax.set(xscale="log", yscale="log", xlabel=curve.axis, ylabel=label)
        ax.legend(frameon=False, fontsize="small", title="exponent (95 %)", loc="upper left")
        low, high = ax.get_ylim()
        # Room for the legend above the curves.
        ax.set_ylim(low, high * (high / low) ** 0.55)
        tidy(ax)
    panels[0].set_title(
        "solid: total, dashed: what is published, dotted: measured", loc="left", fontsize="small"
    )
    return panels[0].figure
