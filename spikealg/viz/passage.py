"""When walkers leave: a histogram, stacked by side, and the exact density."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError
from spikealg.solvers.diffusion.accuracy.estimates import count_stderr
from spikealg.viz.figure import INK, exact_line, new_axes, pyplot, tidy, time_colours
from spikealg.viz.shown import Units, as_units

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.passage import FirstPassage

__all__ = ["plot"]

FloatArray = npt.NDArray[np.float64]

_SHOWN = 0.995
"""Part of all that leave that is shown unless the end is given."""


def plot(
    passage: FirstPassage,
    *,
    bins: int = 40,
    until: float | None = None,
    units: Mapping[str, str] | None = None,
    axes: Any = None,
) -> Any:
    """Draw the density of first-passage times and return the figure.

    A bar is the part that leaves per time; sides are stacked, so that their outline is the density
    of leaving at all, with ±2 standard errors. Dashed is the exact density, where the problem has
    an exact solution. Edges of bars lie on steps of the walk, an even number apart, since some
    walks can leave in every other step only.

    Parameters
    ----------
    passage : FirstPassage
    bins : int
        About how many bars.
    until : float, optional
        Time at which the picture ends; when 99.5 % of those that leave have left, if not given.
    units : dict, optional
        {"time": "s"} names the unit of time.
    axes : matplotlib Axes, optional
        Where to draw; a new figure unless given.

    Raises
    ------
    InputError
        If an argument is out of range, or nothing has left until then.
    MissingExtraError
        If matplotlib is not installed.
    """
    pyplot()
    names = as_units(units)
    edges = _edges(passage, as_int("bins", bins, low=1), until)
    parts = {side: np.diff(passage.cdf(edges, side)) for side in passage.by_side}
    total, width = np.sum(list(parts.values()), axis=0), np.diff(edges)
    (ax,) = new_axes(1, axes, columns=1, width=8.0, height=4.2)
    _stack(ax, passage, parts, edges)
    middle = (edges[1:] + edges[:-1]) / 2
    if passage.walkers is not None:
        error = count_stderr(total * passage.walkers, passage.walkers) / passage.walkers
        ax.errorbar(
            middle, total / width, yerr=2 * error / width,
            fmt="none", ecolor=INK, elinewidth=0.9, label="± 2 standard errors",
        )  # fmt: skip
    if passage.survival is not None:
        alive = np.array([passage.survival(t) for t in edges.tolist()])
        exact_line(ax, middle, -np.diff(alive) / width, first=True)
    _mean(ax, passage, names)
    per = f"part per time [1/{names.time}]" if names.time else "part per time"
    label = f"time of first passage [{names.time}]" if names.time else "time of first passage"
    ax.set(xlabel=label, ylabel=per, xlim=(edges[0], edges[-1]))
    ax.set_ylim(bottom=0)
    by = "by the chain" if passage.walkers is None else f"{passage.walkers:,} walkers"
    ax.set_title(by.replace(",", " "), loc="left", fontsize="medium")
    tidy(ax)
    ax.legend(frameon=False)
    return ax.figure


def _edges(passage: FirstPassage, bins: int, until: float | None) -> FloatArray:
    """Return about `bins` + 1 times at which bars begin and end."""
    gone = np.sum(list(passage.by_side.values()), axis=0)
    if gone[-1] == gone[0]:
        raise InputError(
            f"nothing leaves between t = {passage.t[0]:g} and {passage.t[-1]:g}, where the walk "
            "ends: give a longer t_span"
        )
    if until is None:
        last = int(np.searchsorted(gone, gone[0] + _SHOWN * (gone[-1] - gone[0])))
    else:
        end = as_float("until", until, above=float(passage.t[0]))
        last = int(np.searchsorted(passage.t, end * (1 - 1e-12)))
    last = min(last, len(passage.t) - 1)
    if gone[last] == gone[0] or last == 0:
        raise InputError(
            f"nothing leaves between t = {passage.t[0]:g} and {passage.t[last]:g}: give a later "
            "until"
        )
    together = max(2, 2 * round(last / bins / 2)) if last > 1 else 1
    steps = np.arange(0, last + together, together)
    return np.asarray(passage.t[np.minimum(steps, len(passage.t) - 1)][: _whole(steps, passage)])


def _whole(steps: npt.NDArray[np.int64], passage: FirstPassage) -> int:
    """Return how many edges are left if the walk ends before the last one but one."""
    return int(np.searchsorted(steps, len(passage.t) - 1)) + 1


def _stack(
    ax: Any, passage: FirstPassage, parts: Mapping[str, FloatArray], edges: FloatArray
) -> None:
    width, below = np.diff(edges), np.zeros(len(edges) - 1)
    for (side, part), colour in zip(parts.items(), time_colours(len(parts)), strict=True):
        height = part / width
        error = passage.probability_stderr(side)
        known = f" ± {error:.2g}" if error else ""
        label = f"by {side}: {passage.probability(side):.4g}{known}"
        ax.bar(
            edges[:-1], height, width, bottom=below,
            align="edge", color=colour, alpha=0.75, linewidth=0, label=label,
        )  # fmt: skip
        below = below + height


def _mean(ax: Any, passage: FirstPassage, names: Units) -> None:
    """Mark the mean time, where it is known."""
    try:
        mean, error = passage.mean, passage.mean_stderr
    except InputError:
        return
    known = f" ± {error:.2g}" if error else ""
    label = f"mean {mean + passage.t[0]:.4g}{known} {names.time}".rstrip()
    ax.axvline(mean + passage.t[0], color=INK, linewidth=1.0, linestyle=":", label=label)
