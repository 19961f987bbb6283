"""Pooling over windows that do not overlap."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikealg.errors import InputError
from spikealg.learners.base import Array, Gradients, Layer, Shape, State
from spikealg.learners.layers.windows import as_pair

__all__ = ["AvgPool", "MaxPool"]


class _Pool(Layer):
    """Windows side by side over features (channels, height, width).

    Parameters
    ----------
    size : int or pair of int
        Along both, or along y and x; height and width must be multiples.
    """

    def __init__(self, size: int | tuple[int, int]) -> None:
        super().__init__()
        self.size = as_pair("size", size, 1)

    def _build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        who = self.describe()
        if len(shape) != 3:
            raise InputError(f"{who} takes features (channels, height, width), got {shape}")
        if shape[1] % self.size[0] or shape[2] % self.size[1]:
            raise InputError(f"{who} needs frames that are multiples of it, got {shape[1:]}")
        return (shape[0], shape[1] // self.size[0], shape[2] // self.size[1])

    def _parts(self, x: Array) -> Array:
        """Return a view of what each window holds, (ticks, batch, *shape, size_y, size_x)."""
        c, h, w = self.shape
        split = x.reshape(*x.shape[:2], c, h, self.size[0], w, self.size[1])
        return np.moveaxis(split, 4, 5)

    def describe(self) -> str:
        """Return the layer in a few words."""
        return f"{type(self).__name__}({self.size[0]} × {self.size[1]})"


class AvgPool(_Pool):
    """The mean of each window.

    Parameters
    ----------
    size : int or pair of int
        Along both, or along y and x; height and width must be multiples.
    """

    def forward(
        self,
        x: Array,
        state: State,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, State, None]:
        """Run a whole sequence, see `Layer.forward`."""
        return self._parts(x).mean(axis=(-2, -1)), (), None

    def backward(
        self, dy: Array, tape: None, *, inward: bool = True
    ) -> tuple[Array | None, Gradients]:
        """Go back through a whole sequence, see `Layer.backward`."""
        dx = np.empty((*dy.shape[:2], *self.in_shape), dtype=self.dtype)
        share = dy / self.dtype.type(self.size[0] * self.size[1])
        self._parts(dx)[...] = share[..., None, None]
        return dx, {}


class MaxPool(_Pool):
    """The largest of each window: whether any unit fires, where inputs are spikes.

    The gradient goes to the first that attains the maximum.

    Parameters
    ----------
    size : int or pair of int
        Along both, or along y and x; height and width must be multiples.
    """

    def forward(
        self,
        x: Array,
        state: State,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, State, Any]:
        """Run a whole sequence, see `Layer.forward`."""
        parts = self._parts(x)
        return parts.max(axis=(-2, -1)), (), parts

    def backward(
        self, dy: Array, tape: Array, *, inward: bool = True
    ) -> tuple[Array | None, Gradients]:
        """Go back through a whole sequence, see `Layer.backward`."""
        dx = np.zeros((*dy.shape[:2], *self.in_shape), dtype=self.dtype)
        parts = self._parts(dx)
        top = tape.max(axis=(-2, -1))
        free = np.ones(dy.shape, dtype=bool)
        for y, x in np.ndindex(self.size):
            here = free & (tape[..., y, x] == top)
            parts[..., y, x] = dy * here
            free &= ~here
        return dx, {}
