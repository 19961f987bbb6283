"""Pictures of the study of units, from the records of its runs: as many rows as there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from spikealg.viz.figure import INK, new_axes, tidy
from studies.picture import Picture
from studies.record import RESULTS
from studies.unit_training import CONTROLS, TASKS
from studies.units import Runs, runs

KINDS = {
    "real": (("real", "real_cnn_rnn"), "#7a7a7a"),
    "potential, reset by spikes": (("HLIF", "HIAF", "LIF", "IAF"), "#7b4fa3"),
    "potential, never reset": (("BLI", "BI"), "#2a6f97"),
    "no potential": (("HBA", "BA"), "#d1495b"),
    "control": (CONTROLS, "#c9a227"),
}
"""Rows by what their units keep, and a colour for each kind."""
ACTIVE = 0.1
"""Share of units active per tick in the paper, about."""
COLOURS = {row: colour for rows, colour in KINDS.values() for row in rows}
_STYLES = ("-", "--", ":", "-.")


def plot_learning(task: str, made: Runs, *, axes: Any = None) -> Any:
    """Draw the error on held-out data over updates: mean of the seeds, and between them a band."""
    (ax,) = new_axes(1, axes, columns=1, width=7.0, height=4.2)
    for row, figures in made.items():
        rows = next(rows for rows, _ in KINDS.values() if row in rows)
        style = {"color": COLOURS[row], "linestyle": _STYLES[rows.index(row)]}
        ends = np.arange(1, len(figures[0]["held_out"]) + 1) * figures[0]["every"]
        updates = np.minimum(ends, figures[0]["updates"])
        errors = np.array([figure["held_out"] for figure in figures])
        ax.plot(updates, errors.mean(axis=0), label=row, **style)
        band = errors.min(axis=0), errors.max(axis=0)
        ax.fill_between(updates, *band, color=COLOURS[row], alpha=0.12, linewidth=0)
    what = "mean squared error" if task == "tracking" else "share of wrong answers"
    ax.set(xlabel="updates", ylabel=f"{what}, held-out data", yscale="log")
    ax.set_title(_title(task), loc="left", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    tidy(ax)
    return ax.figure


def plot_activity(task: str, made: Runs, *, axes: Any = None) -> Any:
    """Draw the share of units that are active per tick, a bar for each layer."""
    (ax,) = new_axes(1, axes, columns=1, width=7.0, height=3.2)
    _bars(ax, made, "active", float)
    ax.axhline(ACTIVE, color=INK, linewidth=0.8, linestyle="--")
    ax.set_ylabel("share of units active per tick")
    ax.set_title(f"{_title(task)}; dashed: about 10 %, published", loc="left", fontsize="medium")
    return ax.figure


def plot_after_spike(task: str, made: Runs, *, axes: Any = None) -> Any:
    """Draw the mean potential of units a tick after a spike of theirs, less that after none."""
    (ax,) = new_axes(1, axes, columns=1, width=7.0, height=3.2)
    _bars(ax, made, "after_spike", _change)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set_ylabel("potential after a spike\n− after silence [thresholds]")
    ax.set_title(_title(task), loc="left", fontsize="medium")
    return ax.figure


def plot_self_excitation(task: str, made: Runs, *, axes: Any = None) -> Any:
    """Draw recurrent weights of units to themselves, less those between units, in deviations."""
    (ax,) = new_axes(1, axes, columns=1, width=7.0, height=3.2)
    _bars(ax, made, "self_weight", lambda layer: float(layer["excess"]))
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set_ylabel("own weight − others\n[their deviations]")
    ax.set_title(_title(task), loc="left", fontsize="medium")
    return ax.figure


PICTURES: dict[str, tuple[Callable[..., Any], str]] = {
    "learning": (plot_learning, "Error on held-out data over updates, for each unit"),
    "activity": (plot_activity, "Share of the units of each layer that are active"),
    "after_spike": (plot_after_spike, "What a unit's potential is after its own spike"),
    "self_excitation": (plot_self_excitation, "Recurrent weights of units to themselves"),
}
"""By name: what draws a picture, and what it shows."""


def _title(task: str) -> str:
    return task.replace("_", ", ")


def _change(layer: dict[str, Any]) -> float:
    """Return potential after a spike less that after none; NaN where one of them never was."""
    both = layer["potential"], layer["otherwise"]
    return float("nan") if None in both else both[0] - both[1]


def _bars(ax: Any, made: Runs, name: str, value: Callable[[Any], float]) -> None:
    """Draw a bar for each layer, from the input on, of each row: mean of the seeds, the dots."""
    shown = {row: figures for row, figures in made.items() if figures[0][name]}
    for place, (row, figures) in enumerate(shown.items()):
        layers = list(figures[0][name])
        wide = 0.8 / len(layers)
        for number, layer in enumerate(layers):
            x = place + (number - (len(layers) - 1) / 2) * wide
            values = [value(figure[name][layer]) for figure in figures]
            known = [each for each in values if np.isfinite(each)]
            if known:
                ax.bar(x, np.mean(known), 0.9 * wide, color=COLOURS[row], alpha=0.85)
                ax.plot([x] * len(known), known, ".", color=INK, markersize=3)
    ax.set_xticks(range(len(shown)), list(shown))
    for kind, (rows, colour) in KINDS.items():
        if not shown.keys().isdisjoint(rows):
            ax.bar(0, 0, color=colour, label=kind)
    ax.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    tidy(ax)
    ax.grid(visible=False, axis="x")


def pictures(results: Path = RESULTS) -> list[Picture]:
    """Return the pictures of all tasks of which there are results of several units."""
    return [
        Picture(f"units_{task}_{name}.png", f"{_title(task)}: {what}", partial(plot, task, made))
        for task in TASKS
        if len(made := runs(task, results)) > 1
        for name, (plot, what) in PICTURES.items()
    ]
