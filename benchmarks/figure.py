"""Charts of a section, side by side in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from report import Bars, Lines

OURS, THEIRS = "tab:red", "tab:gray"


def draw(charts: Sequence[Bars | Lines], path: Path) -> bool:
    """Draw charts into a PNG; return whether there was anything to draw."""
    if not charts:
        return False
    # Not needed for the tables.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    columns = min(2, len(charts))
    rows = -(-len(charts) // columns)
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(5.5 * columns, 3.4 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for ax in axes[len(charts) :]:
            ax.remove()
        for ax, chart in zip(axes, charts, strict=False):
            ax.set_title(chart.title)
            if isinstance(chart, Bars):
                _bars(ax, chart)
            else:
                _lines(ax, chart)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110)
    return True


def _bars(ax, chart: Bars) -> None:
    names = list(chart.values)[::-1]
    rates = [chart.values[name] for name in names]
    colors = [OURS if name in chart.ours else THEIRS for name in names]
    bars = ax.barh(names, rates, color=colors)
    ax.bar_label(bars, [f"{rate:.3g}" for rate in rates], padding=3)
    ax.set_xscale("log")
    ax.margins(x=0.2)
    ax.set_xlabel(chart.unit)


def _lines(ax, chart: Lines) -> None:
    for name, points in chart.curves.items():
        ax.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
    if chart.x_log:
        ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(chart.x)
    ax.set_ylabel(chart.y)
    ax.grid(visible=True, which="major", linewidth=0.3)
    ax.legend(fontsize=7)
