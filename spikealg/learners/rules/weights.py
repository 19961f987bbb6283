"""Parameters of a layer of neurons, as traces see them: weights, and constants of neurons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.learners.base import Array, Layer, Shape
from spikealg.learners.layers.windows import Windows

__all__ = ["Constant", "Weights"]


@dataclass(frozen=True)
class Weights:
    """A matrix that ends in the neurons, or a kernel, which all neurons of a channel share.

    The neurons are `channels` times positions; each row of weights has one for each channel. With a
    matrix every neuron is a channel of its own, and all see the same input; with a kernel a row is
    a place in the window, and each position has a window of its own.

    Attributes
    ----------
    name : str
        The model's name of the parameter.
    layer : Layer
    key : str
        The layer's name of the parameter.
    windows : Windows, optional
        Of a kernel.
    """

    name: str
    layer: Layer
    key: str
    windows: Windows | None = None

    @property
    def value(self) -> Array:
        """The parameter as it is now."""
        return self.layer.parameters[self.key]

    @property
    def rows(self) -> int:
        """Numbers that a neuron sees."""
        return len(self.value) if self.windows is None else self.windows.fan_in

    @property
    def channels(self) -> int:
        """Weights in a row."""
        return self.value.shape[1] if self.windows is None else len(self.value)

    @property
    def in_shape(self) -> Shape:
        """Features that the weights multiply."""
        return (self.rows,) if self.windows is None else self.windows.shape

    def seen(self, x: Array) -> Array:
        """Return what the neurons see of x (batch, ...): (batch, rows, positions)."""
        if self.windows is None:
            return x[..., None]
        return self.windows.columns(x)

    def back(self, di: Array) -> Array:
        """Return the gradient by x, `di` (batch, *neurons) being that by W x."""
        if self.windows is None:
            dx: Array = di @ self.value.T
            return dx
        return self.windows.by_frames(di, self.value)

    def summed(self, x: Array, di: Array) -> Array:
        """Return the gradient (rows, channels), `di` (batch, neurons) being that by W x."""
        if self.windows is None:
            gradient: Array = x.T @ di
            return gradient
        frames = di.reshape(len(di), self.channels, *self.windows.out)
        return self.windows.by_weight(x, frames, self.value).reshape(self.channels, -1).T

    def shaped(self, gradient: Array) -> Array:
        """Return a gradient (rows, channels) in the parameter's shape, a copy."""
        ordered = gradient if self.windows is None else gradient.T
        return ordered.reshape(self.value.shape).copy()


@dataclass(frozen=True)
class Constant:
    """A parameter of which each neuron has one value, its own or shared with others.

    Attributes
    ----------
    name : str
        The model's name of the parameter.
    inner : str, optional
        The unit's name of it; None: a bias, which is added to the unit's input.
    shape : tuple of int
        Of the parameter.
    owner : ndarray of int, (neurons,)
        Which value each neuron has.
    """

    name: str
    inner: str | None
    shape: Shape
    owner: npt.NDArray[np.intp]

    @classmethod
    def of(cls, name: str, inner: str | None, value: Array, features: Shape) -> Constant:
        """Return the constant `value`, of neurons with these features.

        A bias (channels,) of features (channels, height, width) goes along their first axis, all
        others broadcast.
        """
        places = np.arange(value.size).reshape(value.shape)
        if inner is None:
            places = places.reshape(-1, *(1,) * (len(features) - 1))
        return cls(name, inner, value.shape, np.broadcast_to(places, features).ravel())

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape))

    def folded(self, each: Array) -> Array:
        """Add up what belongs to one value, from (neurons,) to the parameter's shape."""
        total = np.bincount(self.owner, weights=each, minlength=self.size)
        return total.reshape(self.shape).astype(each.dtype)
