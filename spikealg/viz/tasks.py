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

__all__ = ["animate_tracks", "plot_tracks"]

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
    sample = _checked(tracks, sample, found)
    panels = new_axes(3, axes, columns=3, width=3.2, height=3.2)
    frames = tracks.frames[:, sample]
    pictures = frames[-1, 0], differences(frames)[-1, 0], frames.mean(axis=0)[0]
    titles = "one frame", "difference of two frames", "track over the mean frame"
    for ax, picture, title in zip(panels, pictures, titles, strict=True):
        _show(ax, picture, title)
    for name, colour, x, y in _places(tracks, sample, found):
        first = 0 if name == "object" else len(frames) // 2
        panels[2].plot(x[first:], y[first:], ".-", color=colour)[0].set_label(name)
    panels[2].legend(facecolor="white", fontsize="small", labelcolor="linecolor")
    return panels[0].figure


def animate_tracks(
    tracks: Tracks, sample: int = 0, *, found: Any = None, interval_ms: int = 200, axes: Any = None
) -> Any:
    """Show a sequence as a video: its frames, their differences, and the tracks over the frames.

    Parameters
    ----------
    tracks : Tracks
    sample : int
        Which sequence.
    found : array_like, (ticks, batch, 2 · objects), optional
        What a model or an estimator answers, drawn beside the truth from the first tick on.
    interval_ms : int
        Time from tick to tick.
    axes : three matplotlib axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        To be shown in a notebook, ``HTML(animation.to_jshtml())``, or kept,
        ``animation.save("tracks.gif", writer="pillow")``.

    Raises
    ------
    InputError
        As `plot_tracks`.
    """
    sample = _checked(tracks, sample, found)
    panels = new_axes(3, axes, columns=3, width=3.2, height=3.2)
    frames = tracks.frames[:, sample]
    videos = frames[:, 0], differences(frames)[:, 0], frames[:, 0]
    titles = "frames", "difference of two frames", "tracks"
    shown = [
        _show(ax, video[0], title, limits=(video.min(), video.max()))
        for ax, video, title in zip(panels, videos, titles, strict=True)
    ]
    lines = []
    for name, colour, x, y in _places(tracks, sample, found):
        for k in range(x.shape[1]):
            (tail,) = panels[2].plot([], [], "-", color=colour, linewidth=2)
            (head,) = panels[2].plot([], [], "o", color=colour, fillstyle="none", markersize=12)
            head.set_markeredgewidth(2)
            lines += [(tail, x[:, k], y[:, k], 0), (head, x[:, k], y[:, k], None)]
        tail.set_label(name)
    panels[2].legend(facecolor="white", fontsize="small", labelcolor="linecolor", loc="upper right")

    def draw(tick: int) -> list[Any]:
        for image, video in zip(shown, videos, strict=True):
            image.set_data(video[tick])
        for line, x, y, first in lines:
            begin = tick if first is None else first
            line.set_data(x[begin : tick + 1], y[begin : tick + 1])
        panels[0].set_title(f"frame {tick + 1} of {len(frames)}", fontsize="medium", color=INK)
        return [*shown, *(line for line, *_ in lines)]

    from matplotlib.animation import FuncAnimation

    return FuncAnimation(panels[0].figure, draw, frames=len(frames), interval=interval_ms)


def _checked(tracks: Tracks, sample: int, found: Any) -> int:
    """Return the sequence asked for, and refuse what is found of other ones."""
    if found is not None and np.shape(found) != tracks.target.shape:
        raise InputError(f"found must have shape {tracks.target.shape}, got {np.shape(found)}")
    return as_int("sample", sample, low=0, high=tracks.frames.shape[1] - 1)


def _show(ax: Any, picture: Any, title: str, limits: tuple[Any, Any] = (None, None)) -> Any:
    """Draw a frame without ticks; return the image."""
    image = ax.imshow(picture, cmap="gray", vmin=limits[0], vmax=limits[1])
    ax.set_title(title, fontsize="medium", color=INK)
    ax.set_xticks([])
    ax.set_yticks([])
    return image


def _places(tracks: Tracks, sample: int, found: Any) -> list[tuple[str, str, Any, Any]]:
    """Return name, colour, x and y [pixels], (ticks, objects), of the truth and what is found."""
    edge = tracks.frames.shape[-1] - 1
    values = [("object", _TRUE, tracks.target)]
    if found is not None:
        values.append(("found", _FOUND, np.asarray(found)))
    return [
        (name, colour, *np.moveaxis(value[:, sample].reshape(len(value), -1, 2) * edge, -1, 0))
        for name, colour, value in values
    ]
