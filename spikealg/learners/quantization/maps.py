"""Linear maps of whole numbers: applied to a batch, and unrolled to synapses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from spikealg.learners.layers.windows import Windows

__all__ = ["Chain", "Convolution", "Dense", "LinearMap", "WindowSum", "apply"]

Array = npt.NDArray[Any]
Shape = tuple[int, ...]
EXACT_FLOAT32 = 2**24
"""Whole numbers up to this are float32, and so are sums of them in any order."""


class LinearMap(Protocol):
    """What takes the activity of one layer to the input of another."""

    @property
    def in_shape(self) -> Shape:
        """Features of one input."""

    @property
    def out_shape(self) -> Shape:
        """Features of one output."""

    @property
    def reach(self) -> int:
        """A bound on the magnitude of outputs for inputs of magnitude 1."""

    def apply(self, x: Array) -> Array:
        """Map x (batch, *in_shape), floats of whole numbers, to (batch, *out_shape)."""

    def synapses(self) -> sp.csr_array:
        """Return the int64 weights (inputs, outputs), both flattened; zeros are not stored."""


def apply(linear: LinearMap, x: Array) -> Array:
    """Map whole numbers x (ticks, batch, features) to float (ticks, batch, outputs), exactly.

    The products run in BLAS: in float32 where no sum can pass 2²⁴, else in float64.
    """
    ticks, batch = x.shape[:2]
    largest = max(int(x.max(initial=0)), -int(x.min(initial=0)))
    exact = np.float32 if linear.reach * largest <= EXACT_FLOAT32 else np.float64
    rows = np.ascontiguousarray(x, exact).reshape(ticks * batch, *linear.in_shape)
    return linear.apply(rows).reshape(ticks, batch, -1)


@dataclass(frozen=True, eq=False)
class Dense:
    """Every input to every output: whole weights (n_in, n_out)."""

    weight: Array

    @property
    def in_shape(self) -> Shape:
        """Features of one input."""
        return (self.weight.shape[0],)

    @property
    def out_shape(self) -> Shape:
        """Features of one output."""
        return (self.weight.shape[1],)

    @property
    def reach(self) -> int:
        """Largest sum of magnitudes into an output."""
        return int(np.abs(self.weight).sum(axis=0).max())

    def apply(self, x: Array) -> Array:
        """Map x (batch, n_in) to (batch, n_out)."""
        product: Array = x @ self.weight.astype(x.dtype)
        return product

    def synapses(self) -> sp.csr_array:
        """Return the weights that are not 0."""
        return sp.csr_array(self.weight.astype(np.int64))


@dataclass(frozen=True, eq=False)
class Convolution:
    """Whole weights (out, in, ky, kx) moved over frames.

    Attributes
    ----------
    weight : array (out, in, ky, kx)
    windows : Windows
        Sizes, stride and padding, as of the layer.
    """

    weight: Array
    windows: Windows

    @property
    def in_shape(self) -> Shape:
        """Channels, height, width."""
        return self.windows.shape

    @property
    def out_shape(self) -> Shape:
        """Channels, height, width."""
        return (len(self.weight), *self.windows.out)

    @property
    def reach(self) -> int:
        """Largest sum of magnitudes into an output."""
        return int(np.abs(self.weight).sum(axis=(1, 2, 3)).max())

    def apply(self, x: Array) -> Array:
        """Map x (batch, in, height, width) to (batch, out, height, width)."""
        return self.windows.apply(x, self.weight.astype(x.dtype))

    def synapses(self) -> sp.csr_array:
        """Return a synapse for each weight that is not 0 and each place it is used at."""
        of = self.windows
        places = _places(of.shape, of.size, of.stride, of.padding)
        shape = (len(self.weight), *places.shape)
        post = np.arange(math.prod(self.out_shape)).reshape(len(self.weight), 1, *of.out, 1, 1)
        weight = self.weight[:, :, np.newaxis, np.newaxis]
        pre, post, weight = (np.broadcast_to(part, shape) for part in (places, post, weight))
        return _synapses(pre, post, weight, self)


@dataclass(frozen=True, eq=False)
class WindowSum:
    """Sums over windows of `size` side by side, in each channel.

    Attributes
    ----------
    in_shape : tuple of int
        Channels, height, width; multiples of `size`.
    size : pair of int
    """

    in_shape: Shape
    size: tuple[int, int]

    @property
    def out_shape(self) -> Shape:
        """Channels, height, width."""
        channels, height, width = self.in_shape
        return channels, height // self.size[0], width // self.size[1]

    @property
    def reach(self) -> int:
        """Inputs of a window."""
        return self.size[0] * self.size[1]

    def apply(self, x: Array) -> Array:
        """Map x (batch, channels, height, width) to sums."""
        channels, height, width = self.out_shape
        split = x.reshape(len(x), channels, height, self.size[0], width, self.size[1])
        sums: Array = split.sum(axis=(3, 5))
        return sums

    def synapses(self) -> sp.csr_array:
        """Return a synapse of weight 1 for each input of each window."""
        pre = _places(self.in_shape, self.size, self.size, (0, 0))
        post = np.arange(math.prod(self.out_shape)).reshape(*self.out_shape, 1, 1)
        ones = np.ones(pre.shape, np.int64)
        return _synapses(pre, np.broadcast_to(post, pre.shape), ones, self)


@dataclass(frozen=True, eq=False)
class Chain:
    """One map after another; features are reshaped between them."""

    links: tuple[LinearMap, ...]

    @property
    def in_shape(self) -> Shape:
        """Features of the first input."""
        return self.links[0].in_shape

    @property
    def out_shape(self) -> Shape:
        """Features of the last output."""
        return self.links[-1].out_shape

    @property
    def reach(self) -> int:
        """Product of the bounds."""
        return math.prod(link.reach for link in self.links)

    def apply(self, x: Array) -> Array:
        """Map x by one after another."""
        for link in self.links:
            x = link.apply(x.reshape(len(x), *link.in_shape))
        return x

    def synapses(self) -> sp.csr_array:
        """Return the product of the weights."""
        product = self.links[0].synapses()
        for link in self.links[1:]:
            product = product @ link.synapses()
        product = sp.csr_array(product)
        product.eliminate_zeros()
        return product


def _places(
    shape: Shape, size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> Array:
    """Return which input each window sees, (channels, height, width, ky, kx); −1 outside."""
    around = ((0, 0), *((pad, pad) for pad in padding))
    padded = np.pad(np.arange(math.prod(shape)).reshape(shape), around, constant_values=-1)
    seen: Array = np.lib.stride_tricks.sliding_window_view(padded, (1, *size))
    return seen[:, :: stride[0], :: stride[1], 0]


def _synapses(pre: Array, post: Array, weight: Array, linear: LinearMap) -> sp.csr_array:
    real = (pre >= 0) & (weight != 0)
    size = math.prod(linear.in_shape), math.prod(linear.out_shape)
    entries = weight[real].astype(np.int64), (pre[real], post[real])
    return sp.csr_array(sp.coo_array(entries, shape=size))
