"""Convolutions as matrix products: frames are spread into columns, a block of frames at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from spikealg.learners.base import Array

if TYPE_CHECKING:
    from spikealg.learners.layers.windows import Windows

__all__ = ["apply", "by_frames", "by_weight", "spread"]

_BLOCK = 1 << 19
"""Numbers in a block of columns: it stays in the second-level or third-level cache."""


@njit(cache=True, nogil=True)
def _spread(frames, size, stride, padding, out, columns):
    """Copy what each window sees into a column.

    frames (F, C, H, W). size, stride, padding: pairs of int, (y, x). out: windows along y and x.
    columns (C, size[0], size[1], F, out[0], out[1]): written, 0 outside of the frame.
    """
    n, channels, height, width = frames.shape
    zero = frames.dtype.type(0)
    for c in range(channels):
        for ky in range(size[0]):
            for kx in range(size[1]):
                for f in range(n):
                    for oy in range(out[0]):
                        y = oy * stride[0] + ky - padding[0]
                        for ox in range(out[1]):
                            x = ox * stride[1] + kx - padding[1]
                            inside = 0 <= y < height and 0 <= x < width
                            columns[c, ky, kx, f, oy, ox] = frames[f, c, y, x] if inside else zero


@njit(cache=True, nogil=True)
def _gather(columns, stride, padding, frames):
    """Add each column back to where it was copied from: the transpose of `_spread`.

    columns (C, ky, kx, F, oy, ox): read. frames (F, C, H, W): added to.
    """
    channels, size_y, size_x, n, out_y, out_x = columns.shape
    height, width = frames.shape[2:]
    for c in range(channels):
        for ky in range(size_y):
            for kx in range(size_x):
                for f in range(n):
                    for oy in range(out_y):
                        y = oy * stride[0] + ky - padding[0]
                        if y < 0 or y >= height:
                            continue
                        for ox in range(out_x):
                            x = ox * stride[1] + kx - padding[1]
                            if 0 <= x < width:
                                frames[f, c, y, x] += columns[c, ky, kx, f, oy, ox]


def _blocks(windows: Windows, n: int) -> range:
    """Return where blocks of `n` frames begin; the step is the length of a block."""
    per_frame = windows.fan_in * windows.out[0] * windows.out[1]
    return range(0, n, max(1, _BLOCK // per_frame))


def spread(windows: Windows, frames: Array) -> Array:
    """Return what the windows on `frames` see, (fan_in, F · windows)."""
    columns = np.empty((windows.shape[0], *windows.size, len(frames), *windows.out), frames.dtype)
    _spread(frames, windows.size, windows.stride, windows.padding, windows.out, columns)
    return columns.reshape(windows.fan_in, -1)


def apply(windows: Windows, frames: Array, weight: Array, to: Array) -> None:
    """Add the correlation of frames (F, C, H, W) with weight (out, C, ky, kx) to `to`."""
    flat = weight.reshape(len(weight), -1)
    blocks = _blocks(windows, len(frames))
    for begin in blocks:
        part = frames[begin : begin + blocks.step]
        found = flat @ spread(windows, part)
        found = found.reshape(len(weight), len(part), *windows.out)
        to[begin : begin + blocks.step] += found.swapaxes(0, 1)


def by_weight(windows: Windows, frames: Array, dy: Array, weight: Array) -> Array:
    """Return the gradient by the weight, `dy` (F, out, oy, ox) being that by the result."""
    total = np.zeros((len(weight), windows.fan_in), dtype=frames.dtype)
    blocks = _blocks(windows, len(frames))
    for begin in blocks:
        part = slice(begin, begin + blocks.step)
        rows = dy[part].swapaxes(0, 1).reshape(len(weight), -1)
        total += rows @ spread(windows, frames[part]).T
    return total.reshape(weight.shape)


def by_frames(windows: Windows, dy: Array, weight: Array, to: Array) -> None:
    """Add the gradient by the frames to `to`, `dy` (F, out, oy, ox) being that by the result."""
    flat = weight.reshape(len(weight), -1)
    blocks = _blocks(windows, len(dy))
    for begin in blocks:
        part = dy[begin : begin + blocks.step]
        columns = flat.T @ part.swapaxes(0, 1).reshape(len(weight), -1)
        columns = columns.reshape(windows.shape[0], *windows.size, len(part), *windows.out)
        _gather(columns, windows.stride, windows.padding, to[begin : begin + blocks.step])
