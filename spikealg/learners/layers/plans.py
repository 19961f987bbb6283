"""Which lines, shifts and weights make up a convolution and its gradients, see `shifts`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.learners.base import Array, Shape
from spikealg.learners.layers.shifts import TILE, VECTOR, correlate, weigh

if TYPE_CHECKING:
    from spikealg.learners.layers.windows import Windows

__all__ = ["Plan", "Shifts", "plan"]

_LINE = 1024
"""Numbers in a line of small frames: long enough to be fast, short enough to stay in cache."""


@dataclass(frozen=True)
class Shifts:
    """A correlation, as the kernels of `shifts` take it.

    Attributes
    ----------
    shape, out_shape : tuple of int
        (channels, height, width) of the frames that go in and of those that are added to.
    stride, padding : tuple of int
        Of the frames that go in.
    grid : tuple of int
        Rows and columns of a frame in a line.
    lines, length : int
        Lines of a block of frames, and numbers in a line.
    taps : ndarray, (K,) int64
        Where the lines of the taps begin.
    order : ndarray, (O, K) int64
        Place of each weight among those of the layer; −1: a weight of 0.
    first, step, count : tuple of int
        The pixels that come out, along y and x.
    """

    shape: Shape
    out_shape: Shape
    stride: tuple[int, int]
    padding: tuple[int, int]
    grid: tuple[int, int]
    lines: int
    length: int
    taps: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    first: tuple[int, int]
    step: tuple[int, int]
    count: tuple[int, int]

    def add(self, frames: Array, weight: Array, to: Array) -> None:
        """Add the correlation of frames with weight to the pixels of `to`."""
        laid = np.append(weight.ravel(), weight.dtype.type(0))[self.order]
        sums = np.empty((len(laid), self.length), dtype=frames.dtype)
        flat = self._flat(frames.dtype)
        frames, to = self._framed(frames, self.shape), self._framed(to, self.out_shape)
        correlate(
            frames, self.stride, self.padding, self.grid, self.taps, laid, flat, sums,
            to, self.first, self.step, self.count,
        )  # fmt: skip

    def by_weight(self, frames: Array, dy: Array, weight: Array) -> Array:
        """Return the gradient by the weight."""
        total = np.zeros(self.order.shape, dtype=frames.dtype)
        lines = np.zeros((len(total), self.length), dtype=frames.dtype)
        flat = self._flat(frames.dtype)
        frames, dy = self._framed(frames, self.shape), self._framed(dy, self.out_shape)
        weigh(frames, self.stride, self.padding, self.grid, self.taps, dy, flat, lines, total)
        found = np.empty(weight.shape, dtype=frames.dtype)
        there = self.order >= 0
        found.reshape(-1)[self.order[there]] = total[there]
        return found

    @staticmethod
    def _framed(frames: Array, shape: Shape) -> Array:
        """Return a view of frames, in which a column may lie."""
        return frames.reshape(len(frames), *shape)

    def _flat(self, dtype: Any) -> Array:
        return np.zeros(self.lines * self.length + self.grid[0] * self.grid[1], dtype=dtype)


@dataclass(frozen=True)
class Plan:
    """The correlations of windows: forward, and back to the pixels of each phase of the stride."""

    forward: Shifts
    back: tuple[Shifts, ...]


@cache
def plan(windows: Windows, out: int) -> Plan:
    """Return the correlations for `out` channels that come out."""
    windows = windows.lying
    place = np.arange(out * windows.fan_in).reshape(out, windows.shape[0], *windows.size)
    return Plan(_forward(windows, place), tuple(_back(windows, place)))


def _forward(windows: Windows, place: npt.NDArray[np.int64]) -> Shifts:
    """Return the correlation of frames with weights; `place` of each (out, C, ky, kx)."""
    (sy, sx), (ky, kx) = windows.stride, windows.size
    grid, length = windows.grid, _length(windows.grid)
    c, y, x = np.indices((windows.shape[0], ky, kx)).reshape(3, -1)
    line = (c * sy + y % sy) * sx + x % sx
    taps = line * length + y // sy * grid[1] + x // sx
    return Shifts(
        windows.shape,
        (len(place), *windows.out),
        windows.stride,
        windows.padding,
        grid,
        windows.shape[0] * sy * sx,
        length,
        *_tiled(taps, place.reshape(len(place), -1)),
        (0, 0),
        (1, 1),
        windows.out,
    )


def _back(windows: Windows, place: npt.NDArray[np.int64]) -> Iterator[Shifts]:
    """Give the correlations of dy with weights that make the gradients by the frames.

    The pixels Y = r s + a of the padded frame are seen by the taps a, a + s, ... of the windows
    r, r − 1, ...: each phase a is a correlation of its own.
    """
    reach = [(k - 1) // s for k, s in zip(windows.size, windows.stride, strict=True)]
    sides = list(zip(windows.shape[1:], windows.padding, windows.stride, strict=True))
    rows = [(n - 1 + p) // s + 1 for n, p, s in sides]
    grid = tuple(r + max(n, o) for r, n, o in zip(reach, rows, windows.out, strict=True))
    length = _length(grid)
    for phase in np.ndindex(windows.stride):
        ahead = [max(0, -((a - p) // s)) for a, (_, p, s) in zip(phase, sides, strict=True)]
        first = [b * s + a - p for a, b, (_, p, s) in zip(phase, ahead, sides, strict=True)]
        count = [max(0, (n - 1 - f) // s + 1) for f, (n, _, s) in zip(first, sides, strict=True)]
        seen = place[:, :, phase[0] :: windows.stride[0], phase[1] :: windows.stride[1]]
        if 0 in (*seen.shape, *count):
            continue
        o, y, x = np.indices((len(seen), *seen.shape[2:])).reshape(3, -1)
        taps = o * length + (ahead[0] + reach[0] - y) * grid[1] + ahead[1] + reach[1] - x
        yield Shifts(
            (len(place), *windows.out),
            windows.shape,
            (1, 1),
            (reach[0], reach[1]),
            (grid[0], grid[1]),
            len(place),
            length,
            *_tiled(taps, seen.swapaxes(0, 1).reshape(windows.shape[0], -1)),
            (first[0], first[1]),
            windows.stride,
            (count[0], count[1]),
        )


def _length(grid: Sequence[int]) -> int:
    """Return the numbers in a line: as many frames as make `_LINE`, and a multiple of `VECTOR`."""
    frame = grid[0] * grid[1]
    return -(-max(1, _LINE // frame) * frame // VECTOR) * VECTOR


def _tiled(
    taps: npt.NDArray[np.int64], order: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return taps and order with weights of 0 for what is missing to whole tiles."""
    outputs, k = (-n % TILE for n in order.shape)
    return np.pad(taps, (0, k)), np.pad(order, ((0, outputs), (0, k)), constant_values=-1)
