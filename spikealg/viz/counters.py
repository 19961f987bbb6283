"""Spikes of the walker counters of a density circuit, walk step by walk step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikealg.solvers.diffusion.domains.layout import layout_of
from spikealg.viz.figure import GRID, INK, new_axes, pyplot, tidy, time_colours

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["plot_counters"]

_MOST_NAMES = 40
"""More names of vertices than this would overlap."""
_WIDTH = 240.0
"""Of all marks together, side by side [point]: half of the picture."""


def plot_counters(
    solution: Solution, *, steps: int | None = None, lane: int = 0, axes: Any = None
) -> Any:
    """Draw the first walk steps of a density circuit, tick by tick, and return the figure.

    A row is a vertex, and each spike of its readout is a walker that is there and about to leave:
    as many marks in a row between two lines as there are walkers. Grey lines are the spikes that
    begin walk steps; of a circuit with two counters per vertex the second is drawn lighter.

    Parameters
    ----------
    solution : Solution
        By method "density".
    steps : int, optional
        Walk steps to draw; by default three, or as many as there are.
    lane : int
        Which copy of the circuit.
    axes : matplotlib Axes, optional
        Where to draw; a new figure unless given.

    Raises
    ------
    InputError
        If the solution cannot be replayed, see `Solution.replay`, or there is no such lane.
    MissingExtraError
        If matplotlib is not installed.
    """
    pyplot()
    run = solution.replay(steps, lane)
    network, live = run.network, solution.rates.live
    readout = network.outputs["readout"].neurons
    (vertices,) = np.nonzero(live)
    height = min(8.0, max(2.4, 1.2 + 0.09 * len(vertices)))
    (ax,) = new_axes(1, axes, columns=1, width=8.0, height=height)
    halves = len(readout) // len(vertices)
    place, label = _places(solution, vertices)
    size = min(0.4 * float(np.min(np.diff(np.sort(place)), initial=1.0)), 0.4 * np.ptp(place) or 1)
    begins = run.spikes.t[run.spikes.i == network.outputs["walk"].neurons[0]]
    for tick in begins.tolist():
        ax.axvline(tick, color=GRID, linewidth=1.2, zorder=0)
    thin = min(1.6, _WIDTH / float(begins[-1]))
    for half, colour in zip(range(halves), time_colours(halves), strict=True):
        lines = readout[half * len(vertices) : (half + 1) * len(vertices)]
        row = np.full(network.n_neurons, -1)
        row[lines] = np.arange(len(lines))
        spiked = row[run.spikes.i] >= 0
        at = place[row[run.spikes.i[spiked]]]
        name = ("counter A", "counter B")[half] if halves > 1 else "walker counted"
        ax.vlines(
            run.spikes.t[spiked], at - size, at + size, color=colour, linewidth=thin, label=name
        )
    ax.set(xlabel="tick", ylabel=label, xlim=(-0.5, begins[-1] + 0.5))
    visited = place[run.counts[readout].reshape(halves, -1).any(axis=0)]
    ax.set_ylim(visited.min() - 3 * size, visited.max() + 3 * size)
    nodes = layout_of(solution.problem.mesh).nodes
    if nodes and len(vertices) <= _MOST_NAMES:
        ax.set_yticks(place, [nodes[v] for v in vertices])
    walkers = int(np.isin(run.spikes.i[run.spikes.t < begins[1]], readout).sum())
    title = f"circuit {solution.circuit!r}, lane {lane} of {solution.lanes}: {walkers} walkers"
    ax.set_title(title, loc="left", fontsize="medium", color=INK)
    tidy(ax)
    ax.grid(visible=False)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax.figure


def _places(solution: Solution, vertices: Any) -> tuple[Any, str]:
    """Return where each live vertex is drawn, and what the axis is called."""
    layout = layout_of(solution.problem.mesh)
    if len(layout.axes) == 1:
        return solution.x.ravel()[vertices], "x"
    return np.arange(len(vertices), dtype=float), "node" if layout.nodes else "vertex"
