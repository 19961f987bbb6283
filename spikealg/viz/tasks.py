"""Pictures of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikealg.arguments import as_int
from spikealg.errors import InputError
from spikealg.learners.tasks import differences
from spikealg.viz.figure import INK, new_axes

if TYPE_CHECKING:
    from spikealg.learners.tasks import Tracks

__all__ = ["plot_tracks"]

_TRUE, _FOUND = "#2a6f97", "#d1495b"


def plot_tracks(tracks: Tracks, sample: int = 0, *, found: Any = None, axes: Any = None) -> Any:
    """Draw a sequence: its last frame, the difference to the frame before, and the tracks.

    Parameters
    ----------
    tracks : Tracks
    sample : int
        Which sequence.
    found : array_like, (ticks, batch, 2 · objects), optional
        What a model or an estimator answers, drawn beside the truth from the middle tick on.
    axes : three matplotlib axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If there is no such sequence, or `found` has another shape than the target.
    """
    ticks, count = tracks.frames.shape[:2]
    sample = as_int("sample", sample, low=0, high=count - 1)
    if found is not None and np.shape(found) != tracks.target.shape:
        raise InputError(f"found must have shape {tracks.target.shape}, got {np.shape(found)}")
    panels = new_axes(3, axes, columns=3, width=3.2, height=3.2)
    frames = tracks.frames[:, sample]
    pictures = frames[-1, 0], differences(frames)[-1, 0], frames.mean(axis=0)[0]
    titles = "one frame", "difference of two frames", "track over the mean frame"
    for ax, picture, title in zip(panels, pictures, titles, strict=True):
        ax.imshow(picture, cmap="gray")
        ax.set_title(title, fontsize="medium", color=INK)
        ax.set_xticks([])
        ax.set_yticks([])
    edge = frames.shape[-1] - 1
    places = [(tracks.target, 0, _TRUE, "object")]
    if found is not None:
        places.append((np.asarray(found), ticks // 2, _FOUND, "found"))
    for values, first, colour, label in places:
        x, y = np.moveaxis(values[first:, sample].reshape(ticks - first, -1, 2) * edge, -1, 0)
        lines = panels[2].plot(x, y, ".-", color=colour)
        lines[0].set_label(label)
    panels[2].legend(facecolor="white", fontsize="small", labelcolor="linecolor")
    return panels[0].figure
