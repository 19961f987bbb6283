"""Errors over the mesh width, the step or the walkers, and the line that was fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikealg.viz.figure import INK, new_axes, tidy

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.accuracy.convergence import Convergence

__all__ = ["plot_convergence"]

_TITLES = {
    "exact": "distance from the exact solution",
    "refined": "distance from the next finer one",
    "chain": "distance of walkers from their chain",
}
_UNITS = {"space": " [length]", "time": " [time]", "walkers": ""}


def plot_convergence(study: Convergence, *, axes: Any = None) -> Any:
    """Draw errors on logarithmic axes, with the fitted line, and return the matplotlib figure.

    Parameters
    ----------
    study : Convergence
    axes : matplotlib Axes, optional
        Where to draw; a new figure if not given.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    (ax,) = new_axes(1, axes, columns=1, width=6.4, height=4.2)
    size, error = study.size, study.relative_l2
    ax.loglog(size, error, "o", color="#2a6f97", label="relative L2")
    if study.order is not None:
        seen = (error > 0) & np.isfinite(error)
        middle = np.exp(np.log(size[seen]).mean()), np.exp(np.log(error[seen]).mean())
        line = middle[1] * (size / middle[0]) ** study.order
        ax.loglog(size, line, "-", color="#2a6f97", linewidth=1.2, label=f"order {study.order:.2f}")
    if len(study.predicted):
        ax.loglog(size, study.predicted, "--", color=INK, linewidth=1.0, label="standard error")
    ax.set(xlabel=study.quantity + _UNITS[study.along], ylabel="relative error")
    ax.set_title(_TITLES[study.reference])
    tidy(ax)
    ax.grid(visible=True, which="minor", axis="y", alpha=0.3, linewidth=0.4)
    ax.legend(frameon=False)
    return ax.figure
