"""Batch normalisation, of what goes into units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikealg.arguments import as_float
from spikealg.errors import InputError
from spikealg.learners.base import Array, Gradients, Layer, Shape, State

__all__ = ["BatchNorm"]


@dataclass
class Tape:
    """What going back through a normalisation needs.

    Attributes
    ----------
    normal : ndarray, (ticks, batch, *shape)
        The input, normalised.
    deviation : ndarray
        √(variance + ε) of each channel, in the shape that broadcasts.
    train : bool
        Whether mean and variance were those of the input.
    """

    normal: Array
    deviation: Array
    train: bool


class BatchNorm(Layer):
    """y = scale (x − mean) / √(variance + ε) + shift, per feature or per channel.

    Ioffe and Szegedy, ICML 2015. In training, mean and variance are those of all ticks, rows and
    places of the input; else running ones. Put it between a linear layer and a unit: there it
    folds into the linear layer's weights.

    Parameters
    ----------
    momentum : float
        Weight of the newest statistics among the running ones, 0 to 1.
    epsilon : float
        ε, above 0.

    Notes
    -----
    Parameters are "scale" and "shift", buffers "mean" and "variance": (n,) for features (n,), else
    one value per channel.
    """

    def __init__(self, momentum: float = 0.1, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.momentum = as_float("momentum", momentum, low=0, high=1)
        self.epsilon = as_float("epsilon", epsilon, above=0)

    def _build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        n = shape[0]
        self.parameters = {"scale": np.ones(n, self.dtype), "shift": np.zeros(n, self.dtype)}
        self.buffers = {"mean": np.zeros(n, self.dtype), "variance": np.ones(n, self.dtype)}
        return shape

    def _wide(self, per_channel: Array) -> Array:
        return per_channel.reshape(-1, *(1,) * (len(self.shape) - 1))

    def _axes(self) -> tuple[int, ...]:
        return (0, 1, *range(3, 2 + len(self.shape)))

    def forward(
        self,
        x: Array,
        state: State,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, State, Tape]:
        """Run a whole sequence, see `Layer.forward`; running statistics change where `train`."""
        mean, variance = self.buffers["mean"], self.buffers["variance"]
        if train:
            count = x.size // self.shape[0]
            if count < 2:
                raise InputError("BatchNorm needs two values per channel in training, got one")
            running = mean, variance
            mean, variance = x.mean(axis=self._axes()), x.var(axis=self._axes())
            for kept, now in zip(running, (mean, variance * count / (count - 1)), strict=True):
                kept += self.momentum * (now - kept)
        deviation = self._wide(np.sqrt(variance + self.dtype.type(self.epsilon)))
        normal = (x - self._wide(mean)) / deviation
        y = normal * self._wide(self.parameters["scale"])
        y += self._wide(self.parameters["shift"])
        return y, (), Tape(normal, deviation, train)

    def backward(
        self, dy: Array, tape: Tape, *, inward: bool = True
    ) -> tuple[Array | None, Gradients]:
        """Go back through a whole sequence, see `Layer.backward`."""
        axes = self._axes()
        gradients = {"scale": (dy * tape.normal).sum(axis=axes), "shift": dy.sum(axis=axes)}
        dx = dy
        if tape.train:
            count = dy.size // self.shape[0]
            dx = dy - self._wide(gradients["shift"] / count)
            dx -= tape.normal * self._wide(gradients["scale"] / count)
        return dx * (self._wide(self.parameters["scale"]) / tape.deviation), gradients
