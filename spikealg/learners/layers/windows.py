"""What a kernel sees of a frame: sizes, stride and padding of convolutions, and their products."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikealg.arguments import as_int
from spikealg.errors import InputError, InputTypeError
from spikealg.learners.base import Array, Shape
from spikealg.learners.layers import columns as by_columns
from spikealg.learners.layers.plans import plan

__all__ = ["Windows", "as_pair"]

_SHIFTED, _PRODUCT, _SPREAD = 0.04, 0.03, 1.5
"""ns per product of numbers in shifted lines and by BLAS, and to spread one number into columns;
measured on one core of a server of 2023."""


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

    @property
    def lying(self) -> Windows:
        """The same windows with x and y exchanged where frames are a column, else these."""
        if self.shape[2] > 1 or self.size[1] > 1 or self.padding[1] > 0:
            return self
        (size, _), (stride, across), (padding, _) = self.size, self.stride, self.padding
        shape = self.shape[0], 1, self.shape[1]
        return Windows(shape, (1, size), (across, stride), (0, padding))

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of pixels, in steps of the stride, that the windows reach over."""
        y, x = (o + (k - 1) // s for o, k, s in zip(self.out, self.size, self.stride, strict=True))
        return y, x

    def columns(self, frames: Array) -> Array:
        """Return what the windows on frames (F, C, H, W) see, (F, fan_in, windows)."""
        each = by_columns.spread(self, frames).reshape(self.fan_in, len(frames), -1)
        return np.ascontiguousarray(each.swapaxes(0, 1))

    def _shifted(self, out: int) -> bool:
        """Whether lines are faster than columns: hardly padded frames, or few channels `out`."""
        lying = self.lying
        share = math.prod(lying.grid) / math.prod(lying.out)
        return share * _SHIFTED <= _PRODUCT + _SPREAD / out

    def apply(self, frames: Array, weight: Array, to: Array | None = None) -> Array:
        """Add the correlation of frames (F, C, H, W) with weight (out, C, ky, kx) to `to`.

        `to` (F, out, oy, ox) is changed and returned; None stands for zeros.
        """
        if to is None:
            to = np.zeros((len(frames), len(weight), *self.out), dtype=frames.dtype)
        if self._shifted(len(weight)):
            plan(self, len(weight)).forward.add(frames, weight, to)
        else:
            by_columns.apply(self, frames, weight, to)
        return to

    def by_weight(self, frames: Array, dy: Array, weight: Array) -> Array:
        """Return the gradient by the weight, `dy` (F, out, oy, ox) being that by the result."""
        if self._shifted(len(weight)):
            return plan(self, len(weight)).forward.by_weight(frames, dy, weight)
        return by_columns.by_weight(self, frames, dy, weight)

    def by_frames(self, dy: Array, weight: Array, to: Array | None = None) -> Array:
        """Add the gradient by the frames to `to`, `dy` (F, out, oy, ox) being that by the result.

        `to` (F, C, H, W) is changed and returned; None stands for zeros.
        """
        if to is None:
            to = np.zeros((len(dy), *self.shape), dtype=dy.dtype)
        if self._shifted(len(weight)):
            for shifts in plan(self, len(weight)).back:
                shifts.add(dy, weight, to)
        else:
            by_columns.by_frames(self, dy, weight, to)
        return to
