"""Estimators for tracking that are linear up to a reading: what memory of which kind is worth.

Each makes a map of evidence for every tick, a linear function of the frames up to then, of which
the place is read as the mean under exp(sharpness · evidence), evidence in standard deviations. All
end in the filter that matches the spot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, shift

from spikealg.arguments import as_choice, as_float_array
from spikealg.errors import InputError
from spikealg.learners.tasks.tracking import Tracking, Tracks

__all__ = ["ESTIMATORS", "estimate"]

Floats = npt.NDArray[np.float32]

SHARPNESS = (0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0)
"""Of which `estimate` takes the best on the sequences that it learns from; 0 reads chance."""
DIRECTIONS = 8
_SLOW, _TRACK = 0.9, 0.8
"""What a tick leaves of the running mean that is taken away, and of the evidence that moves on."""


def _still(task: Tracking, frames: Floats) -> Floats:
    """Return the present frame."""
    return _matched(task, frames)


def _difference(task: Tracking, frames: Floats) -> Floats:
    """Return what changed since the tick before."""
    return _matched(task, differences(frames))


def _high_pass(task: Tracking, frames: Floats) -> Floats:
    """Return the present frame without a running mean of those before."""
    found = np.zeros_like(frames)
    slow = frames[0].copy()
    for t in range(1, len(frames)):
        found[t] = frames[t] - slow
        slow = _SLOW * slow + (1 - _SLOW) * frames[t]
    return _matched(task, found)


def _velocities(task: Tracking, frames: Floats) -> Floats:
    """Return the best of eight sums over time of `_high_pass`, each moving in a direction."""
    now = _high_pass(task, frames)
    best = np.full_like(now, -np.inf)
    pace = sum(task.speed) / 2
    for k in range(DIRECTIONS):
        angle = 2 * np.pi * k / DIRECTIONS
        step = 0, pace * np.sin(angle), pace * np.cos(angle)
        moving = np.zeros_like(now)
        moving[0] = now[0]
        for t in range(1, len(now)):
            moving[t] = _TRACK * shift(moving[t - 1], step, order=1) + now[t]
        np.maximum(best, moving, out=best)
    return best


ESTIMATORS: Mapping[str, Callable[[Tracking, Floats], Floats]] = MappingProxyType({
    "still frame": _still,
    "difference of frames": _difference,
    "high-pass": _high_pass,
    "high-pass, 8 velocities": _velocities,
})  # fmt: skip
"""Evidence (ticks, batch, size, size) made of frames of that shape."""


def estimate(
    name: str, task: Tracking, frames: npt.ArrayLike, learned: Tracks | tuple[Any, Any]
) -> Floats:
    """Return where an estimator believes the object to be, like `Tracks.target`.

    Parameters
    ----------
    name : str
        One of `ESTIMATORS`.
    task : Tracking
        With one object.
    frames : array_like, (ticks, batch, 1, size, size)
        At least two ticks.
    learned : Tracks, or pair of array_like
        Frames and targets of other sequences, on which the sharpness of the reading is chosen.

    Raises
    ------
    InputError, InputTypeError
        If the task has several objects, or a shape does not fit it.
    """
    as_choice("name", name, ESTIMATORS)
    if task.objects != 1:
        raise InputError(f"task must have one object, got {task.objects}")
    if isinstance(learned, Tracks):
        learned = learned.frames, learned.target
    evidence, known = ESTIMATORS[name], _shown("learned[0]", task, learned[0])
    target = as_float_array("learned[1]", learned[1], shape=(*known.shape[:2], 2))
    seen, shown = evidence(task, known), evidence(task, _shown("frames", task, frames))
    errors = [np.mean((_read(seen, sharp) - target) ** 2) for sharp in SHARPNESS]
    return _read(shown, SHARPNESS[int(np.argmin(errors))])


def _shown(name: str, task: Tracking, frames: npt.ArrayLike) -> Floats:
    """Return frames (ticks, batch, size, size) of a task."""
    shown = np.asarray(frames, np.float32)
    if shown.ndim != 5 or len(shown) < 2 or shown.shape[1] < 1 or shown.shape[2:] != task.shape:
        raise InputError(
            f"{name} must have shape (ticks, batch, 1, {task.size}, {task.size}) of at least 2 "
            f"ticks, got {shown.shape}"
        )
    return shown[:, :, 0]


def differences(frames: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return frames minus those of the tick before; the first tick has none and is 0.

    Frames of whole numbers become float32.
    """
    seen = np.asarray(frames)
    if seen.dtype.kind != "f":
        seen = as_float_array("frames", seen).astype(np.float32)
    found = np.zeros_like(seen)
    found[1:] = seen[1:] - seen[:-1]
    return found


def _matched(task: Tracking, frames: Floats) -> Floats:
    filtered: Floats = gaussian_filter(frames, (0, 0, task.width, task.width))
    return filtered


def _read(evidence: Floats, sharpness: float) -> Floats:
    """Return the mean place (x, y) under exp(sharpness · evidence), as shares of the frame."""
    late = evidence[len(evidence) // 2 :]
    scaled = (evidence - evidence.max(axis=(2, 3), keepdims=True)) * (sharpness / late.std())
    weight = np.exp(scaled)
    weight /= weight.sum(axis=(2, 3), keepdims=True)
    share = np.linspace(0, 1, evidence.shape[2], dtype=np.float32)
    return np.stack([weight.sum(axis=2) @ share, weight.sum(axis=3) @ share], axis=-1)
