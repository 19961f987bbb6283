"""Small-object tracking: a spot moves over a still background that is as bright, seen unsteadily.

In one frame the spot is hidden, as the background has structure of its size. Only its motion gives
it away. The definition is the library's own and is fixed here, so that figures compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from spikealg.arguments import as_choice, as_float, as_float_array, as_int
from spikealg.errors import InputError, InputTypeError

__all__ = ["LEVELS", "Tracking", "Tracks", "tracking", "tracking_error"]

Floats = npt.NDArray[np.float32]

_MARGIN = 2
"""Pixels of background beyond each edge, of which jitter shows a part."""
_FLAT = 1e-6
"""Deviation over largest value of a cut of a picture that shows nothing but rounding."""
_BRIGHTEST = 1e9


@njit(cache=True, nogil=True)
def _move(places, steps, edge):
    """Let spots go straight on and come back from the edges, in place.

    places (ticks, n, 2): the first tick is read, the others are written. steps (n, 2): pixels per
    tick, changed where a spot turns. edge: places are from 0 to `edge`; no step is longer than it.
    """
    for t in range(1, len(places)):
        for k in range(places.shape[1]):
            for axis in range(2):
                at = places[t - 1, k, axis] + steps[k, axis]
                if at < 0 or at > edge:
                    at = -at if at < 0 else 2 * edge - at
                    steps[k, axis] = -steps[k, axis]
                places[t, k, axis] = at


@njit(cache=True, nogil=True)
def _render(still, places, shifts, peak, width, frames):
    """Add the still background and the spots to frames, both seen shifted.

    still (batch, size + 2 margin, size + 2 margin): read. places (ticks, batch, objects, 2): x and
    y. shifts (ticks, batch, 2): by which a frame is displaced along x and y, below the margin.
    frames (ticks, batch, size, size): added to.
    """
    size = frames.shape[2]
    margin = (still.shape[1] - size) // 2
    across = np.empty(size, frames.dtype)
    for t in range(frames.shape[0]):
        for b in range(frames.shape[1]):
            dx, dy = margin - shifts[t, b, 0], margin - shifts[t, b, 1]
            left, top = int(dx), int(dy)
            right, bottom = still.dtype.type(dx - left), still.dtype.type(dy - top)
            one = still.dtype.type(1)
            for y in range(size):
                above, below = still[b, top + y], still[b, top + y + 1]
                row = frames[t, b, y]
                for x in range(size):
                    upper = (one - right) * above[left + x] + right * above[left + x + 1]
                    lower = (one - right) * below[left + x] + right * below[left + x + 1]
                    row[x] += (one - bottom) * upper + bottom * lower
            for k in range(places.shape[2]):
                at_x = places[t, b, k, 0] + shifts[t, b, 0]
                at_y = places[t, b, k, 1] + shifts[t, b, 1]
                for x in range(size):
                    across[x] = peak * np.exp(-0.5 * ((x - at_x) / width) ** 2)
                for y in range(size):
                    row = frames[t, b, y]
                    tall = frames.dtype.type(np.exp(-0.5 * ((y - at_y) / width) ** 2))
                    for x in range(size):
                        row[x] += tall * across[x]


@dataclass(frozen=True)
class Tracks:
    """Sequences of frames and where the objects are in them.

    Attributes
    ----------
    frames : numpy.ndarray
        float32 (ticks, batch, 1, size, size), rows from top to bottom.
    target : numpy.ndarray
        float32 (ticks, batch, 2 · objects): x and y of each object as shares of the frame, from 0
        to 1. Several objects are told apart by their order from left to right.
    """

    frames: Floats
    target: Floats


@dataclass(frozen=True)
class Tracking:
    """What the sequences are like; the defaults are the task that results are given for.

    Parameters
    ----------
    size, ticks : int
        Pixels along a side of a frame, and frames in a sequence.
    objects : int
        Gaussian spots that move, each straight on at its own speed, turning back at the edges.
    peak, width : float
        Height of a spot, and its standard deviation in pixels.
    speed : pair of float
        Slowest and fastest, pixels per tick.
    background : float
        Standard deviation of the background over space: noise of amplitude 1/frequency.
    noise : float
        Standard deviation of what is drawn afresh for each pixel and tick.
    jitter : float
        Largest displacement of a whole frame along x and along y, pixels.
    clutter : int
        Still spots like the objects.
    stills : array_like, (n, height, width), optional
        Pictures of which backgrounds are cut, in place of noise; at least size + 4 on both sides.
        Where a cut is flat there is no background.

    Raises
    ------
    InputError, InputTypeError
        If a number is out of its range, or pictures are none, too small or not finite.
    """

    size: int = 24
    ticks: int = 20
    objects: int = 1
    peak: float = 3.0
    width: float = 1.5
    speed: tuple[float, float] = (0.5, 1.0)
    background: float = 3.0
    noise: float = 1.0
    jitter: float = 0.25
    clutter: int = 0
    stills: npt.NDArray[np.float64] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        as_int("size", self.size, low=4)
        as_int("ticks", self.ticks, low=1)
        as_int("objects", self.objects, low=1)
        as_int("clutter", self.clutter, low=0)
        for name in ("peak", "background", "noise"):
            as_float(name, getattr(self, name), low=0, high=_BRIGHTEST)
        as_float("width", self.width, above=0)
        as_float("jitter", self.jitter, low=0, high=_MARGIN - 1)
        if not isinstance(self.speed, (tuple, list)) or len(self.speed) != 2:
            raise InputTypeError(f"speed must be a pair, slowest and fastest, got {self.speed!r}")
        slow, fast = self.speed
        fast = as_float("speed[1]", fast, low=0, high=self.size - 1)
        as_float("speed[0]", slow, low=0, high=fast)
        if self.stills is not None:
            wide = self.size + 2 * _MARGIN
            stills = as_float_array("stills", self.stills)
            if stills.ndim != 3 or len(stills) == 0 or min(stills.shape[1:]) < wide:
                raise InputError(
                    f"stills must have shape (n, height, width) of at least {wide} × {wide} "
                    f"pixels, got shape {stills.shape}"
                )
            object.__setattr__(self, "stills", stills)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Features of a frame, (1, size, size)."""
        return 1, self.size, self.size

    def sequences(self, count: int, rng: np.random.Generator, *, ramp: float = 1.0) -> Tracks:
        """Draw sequences.

        Parameters
        ----------
        count : int
        rng : Generator
        ramp : float
            Factor on the background: training starts with little of it.
        """
        count = as_int("count", count, low=1)
        if not isinstance(rng, np.random.Generator):
            raise InputTypeError(f"rng must be a numpy.random.Generator, got {rng!r}")
        edge = self.size - 1
        places = np.empty((self.ticks, count, self.objects, 2))
        places[0] = rng.uniform(0, edge, size=places.shape[1:])
        angle = rng.uniform(0, 2 * np.pi, size=(count, self.objects))
        pace = rng.uniform(*self.speed, size=(count, self.objects))
        steps = np.stack([pace * np.cos(angle), pace * np.sin(angle)], axis=-1)
        _move(places.reshape(self.ticks, -1, 2), steps.reshape(-1, 2), edge)
        shifts = rng.uniform(-self.jitter, self.jitter, size=(self.ticks, count, 2))
        frames = rng.standard_normal((self.ticks, count, self.size, self.size), dtype=np.float32)
        frames *= np.float32(self.noise)
        still = self._background(count, rng) * np.float32(as_float("ramp", ramp, low=0))
        _render(still, places, shifts, self.peak, self.width, frames)
        order = np.argsort(places[..., 0], axis=-1)[..., np.newaxis]
        target = np.take_along_axis(places, order, axis=2).reshape(self.ticks, count, -1) / edge
        return Tracks(frames[:, :, np.newaxis], target.astype(np.float32))

    def _background(self, count: int, rng: np.random.Generator) -> Floats:
        """Return still frames with their margin, (count, size + 2 margin, size + 2 margin)."""
        wide = self.size + 2 * _MARGIN
        if self.stills is None:
            still = _pink(count, wide, rng)
        else:
            still = _cut(self.stills, count, wide, rng)
        still -= still.mean(axis=(1, 2), keepdims=True)
        deviation = still.std(axis=(1, 2), keepdims=True)
        still *= self.background / np.maximum(deviation, np.finfo(np.float32).tiny)
        if self.clutter:
            at = rng.uniform(0, self.size - 1, size=(1, count, self.clutter, 2)) + _MARGIN
            unmoved = np.zeros((1, count, 2))
            bare = np.zeros((count, wide + 2, wide + 2), dtype=np.float32)
            _render(bare, at, unmoved, self.peak, self.width, still[np.newaxis])
        return still


def _cut(
    stills: npt.NDArray[np.float64], count: int, size: int, rng: np.random.Generator
) -> Floats:
    """Return random cuts of pictures, (count, size, size), without their mean; flat ones are 0."""
    high, broad = stills.shape[1:]
    cuts = np.stack([
        stills[k, y : y + size, x : x + size]
        for k, y, x in zip(
            rng.integers(0, len(stills), count),
            rng.integers(0, high - size + 1, count),
            rng.integers(0, broad - size + 1, count),
            strict=True,
        )
    ])  # fmt: skip
    largest = np.abs(cuts).max(axis=(1, 2))
    cuts -= cuts.mean(axis=(1, 2), keepdims=True)
    deviation = cuts.std(axis=(1, 2))
    cuts[deviation <= _FLAT * largest] = 0
    even: Floats = (cuts / np.where(deviation > 0, deviation, 1)[:, None, None]).astype(np.float32)
    return even


def _pink(count: int, size: int, rng: np.random.Generator) -> Floats:
    """Return noise whose amplitude falls as 1/frequency, (count, size, size)."""
    # Cut from a larger square, or the edges of a picture would fit each other.
    large = 2 * size
    frequency = np.hypot(np.fft.fftfreq(large)[:, np.newaxis], np.fft.rfftfreq(large))
    frequency[0, 0] = np.inf
    white = rng.standard_normal((count, large, large), dtype=np.float32)
    pink = np.fft.irfft2(np.fft.rfft2(white) / frequency, s=(large, large))
    cut: Floats = pink[:, :size, :size].astype(np.float32)
    return cut


LEVELS: Mapping[str, Tracking] = MappingProxyType({
    "easy": Tracking(background=0.5, jitter=0.0),
    "standard": Tracking(),
    "hard": Tracking(background=4.0, jitter=0.5, clutter=3),
})  # fmt: skip
"""Tracking with less and with more to hide the object."""


def tracking(level: str = "standard", **changes: Any) -> Tracking:
    """Return the task of a level, one of `LEVELS`, with changes to it."""
    as_choice("level", level, LEVELS)
    return replace(LEVELS[level], **changes)


def tracking_error(y: npt.NDArray[Any], target: npt.NDArray[Any]) -> float:
    """Return the mean squared error over the second half of the ticks, in shares of the frame.

    Parameters
    ----------
    y, target : array_like, (ticks, batch, 2 · objects)

    Raises
    ------
    InputError
        If their shapes differ, or there is nothing in them.
    """
    found, wanted = np.asarray(y, np.float64), np.asarray(target, np.float64)
    if found.shape != wanted.shape or found.ndim != 3 or found.size == 0:
        raise InputError(
            "y and target must have one shape (ticks, batch, 2 * objects), got "
            f"{found.shape} and {wanted.shape}"
        )
    late = len(found) // 2
    return float(np.mean((found[late:] - wanted[late:]) ** 2))
