"""Convolutions as matrix products: frames are spread into columns, a block of frames at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from spikealg.arguments import as_int
from spikealg.errors import InputError, InputTypeError
from spikealg.learners.base import Array, Shape

__all__ = ["Windows", "as_pair"]

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


def as_pair(name: str, value: Any, low: int) -> tuple[int, int]:
    """Return (value, value), or the pair of whole numbers (along y, along x) that was given."""
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise InputError(f"{name} must be one number or a pair (y, x), got {value!r}")
        y, x = (as_int(name, part, low=low) for part in value)
        return y, x
    one = as_int(name, value, low=low)
    return one, one


@dataclass(frozen=True)
class Windows:
    """The windows that a kernel sees of frames (channels, height, width).

    Attributes
    ----------
    shape : tuple of int
        (channels, height, width) of a frame.
    size, stride, padding : tuple of int
        Along y and x. Beyond the edge are zeros.
    """

    shape: Shape
    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]

    @classmethod
    def of(cls, who: str, shape: Shape, kernel: Any, stride: Any, padding: Any) -> Windows:
        """Return the windows on `shape`, or refuse in the name of the layer `who`.

        padding: a number, a pair, or "same": half the kernel, which must be odd.
        """
        if len(shape) != 3:
            raise InputError(f"{who} takes features (channels, height, width), got {shape}")
        size = as_pair("kernel", kernel, 1)
        if isinstance(padding, str):
            if padding != "same":
                raise InputError(f'padding must be a number, a pair or "same", got {padding!r}')
            if size[0] % 2 == 0 or size[1] % 2 == 0:
                raise InputError(f'padding "same" needs odd kernels, got {size}: give a number')
            around = size[0] // 2, size[1] // 2
        elif padding is None:
            raise InputTypeError('padding must be a number, a pair or "same", got None')
        else:
            around = as_pair("padding", padding, 0)
        made = cls(shape, size, as_pair("stride", stride, 1), around)
        if min(made.out) < 1:
            raise InputError(
                f"{who} does not fit frames of {shape[1]} × {shape[2]}, padded by {around}: "
                f"its kernel is {size[0]} × {size[1]}"
            )
        return made

    @property
    def out(self) -> tuple[int, int]:
        """Number of windows along y and x."""
        y, x = (
            (self.shape[1 + k] + 2 * self.padding[k] - self.size[k]) // self.stride[k] + 1
            for k in range(2)
        )
        return y, x

    @property
    def fan_in(self) -> int:
        """Numbers in a window."""
        return self.shape[0] * self.size[0] * self.size[1]

    def _blocks(self, n: int) -> range:
        """Return where blocks of `n` frames begin; the step is the length of a block."""
        per_frame = self.fan_in * self.out[0] * self.out[1]
        return range(0, n, max(1, _BLOCK // per_frame))

    def _columns(self, frames: Array) -> Array:
        """Return what the windows on `frames` see, (fan_in, F · windows)."""
        columns = np.empty((self.shape[0], *self.size, len(frames), *self.out), frames.dtype)
        _spread(frames, self.size, self.stride, self.padding, self.out, columns)
        return columns.reshape(self.fan_in, -1)

    def columns(self, frames: Array) -> Array:
        """Return what the windows on frames (F, C, H, W) see, (F, fan_in, windows)."""
        each = self._columns(frames).reshape(self.fan_in, len(frames), -1)
        return np.ascontiguousarray(each.swapaxes(0, 1))

    def apply(self, frames: Array, weight: Array) -> Array:
        """Return the correlation of frames (F, C, H, W) with weight (out, C, ky, kx)."""
        flat = weight.reshape(len(weight), -1)
        result = np.empty((len(frames), len(weight), *self.out), dtype=frames.dtype)
        blocks = self._blocks(len(frames))
        for begin in blocks:
            part = frames[begin : begin + blocks.step]
            found = flat @ self._columns(part)
            found = found.reshape(len(weight), len(part), *self.out)
            result[begin : begin + blocks.step] = found.swapaxes(0, 1)
        return result

    def by_weight(self, frames: Array, dy: Array, weight: Array) -> Array:
        """Return the gradient by the weight, `dy` (F, out, oy, ox) being that by the result."""
        total = np.zeros((len(weight), self.fan_in), dtype=frames.dtype)
        blocks = self._blocks(len(frames))
        for begin in blocks:
            part = slice(begin, begin + blocks.step)
            rows = dy[part].swapaxes(0, 1).reshape(len(weight), -1)
            total += rows @ self._columns(frames[part]).T
        return total.reshape(weight.shape)

    def by_frames(self, dy: Array, weight: Array) -> Array:
        """Return the gradient by the frames, `dy` (F, out, oy, ox) being that by the result."""
        flat = weight.reshape(len(weight), -1)
        frames = np.zeros((len(dy), *self.shape), dtype=dy.dtype)
        blocks = self._blocks(len(dy))
        for begin in blocks:
            part = dy[begin : begin + blocks.step]
            columns = flat.T @ part.swapaxes(0, 1).reshape(len(weight), -1)
            columns = columns.reshape(self.shape[0], *self.size, len(part), *self.out)
            _gather(columns, self.stride, self.padding, frames[begin : begin + blocks.step])
        return frames
