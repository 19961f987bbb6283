"""Layers that have nothing to learn: a change of shape, and units left out by chance."""

from __future__ import annotations

import math

import numpy as np

from spikealg.arguments import as_float
from spikealg.errors import InputError
from spikealg.learners.base import Array, Gradients, Layer, Shape, State

__all__ = ["Dropout", "Flatten"]


class Flatten(Layer):
    """Features (channels, height, width) become (n,), the last index running fastest."""

    def _build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        return (math.prod(shape),)

    def forward(
        self,
        x: Array,
        state: State,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, State, None]:
        """Run a whole sequence, see `Layer.forward`."""
        return x.reshape(*x.shape[:2], *self.shape), (), None

    def backward(
        self, dy: Array, tape: None, *, inward: bool = True
    ) -> tuple[Array | None, Gradients]:
        """Go back through a whole sequence, see `Layer.backward`."""
        return dy.reshape(*dy.shape[:2], *self.in_shape), {}


class Dropout(Layer):
    """In training, features are left out by chance, and those that stay are scaled up.

    Srivastava et al., JMLR 2014.

    Parameters
    ----------
    rate : float
        Chance to be left out, from 0 to less than 1.
    each_tick : bool
        False: who is left out stays so for the whole sequence; the state carries it on.
        True: drawn afresh every tick.
    """

    def __init__(self, rate: float, *, each_tick: bool = False) -> None:
        super().__init__()
        self.rate = as_float("rate", rate, low=0, below=1)
        self.each_tick = bool(each_tick)

    def _build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        return shape

    def start(self, batch: int) -> State:
        """Return a mask that is not drawn yet, of NaN; () where each tick draws its own."""
        if self.each_tick:
            return ()
        return (np.full((batch, *self.shape), np.nan, dtype=self.dtype),)

    def forward(
        self,
        x: Array,
        state: State,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, State, Array | None]:
        """Run a whole sequence, see `Layer.forward`."""
        if not train or self.rate == 0:
            return x, state, None
        if self.each_tick:
            mask = self._drawn(x.shape, rng)
            return x * mask, (), mask
        (mask,) = state
        if np.isnan(mask).any():
            mask = self._drawn(mask.shape, rng)
        return x * mask, (mask,), mask

    def _drawn(self, shape: Shape, rng: np.random.Generator | None) -> Array:
        if rng is None:
            raise InputError("rng must be a numpy Generator where Dropout draws, got None")
        kept = rng.random(shape, dtype=np.float32) >= self.rate
        mask: Array = kept / self.dtype.type(1 - self.rate)
        return mask

    def backward(
        self, dy: Array, tape: Array | None, *, inward: bool = True
    ) -> tuple[Array | None, Gradients]:
        """Go back through a whole sequence, see `Layer.backward`."""
        return (dy if tape is None else dy * tape), {}

    def describe(self) -> str:
        """Return the layer in a few words."""
        return f"Dropout({self.rate})"
