"""Convolutions, alone and around units."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError
from spikealg.learners.base import Array, Gradients, Layer, Shape, State, glorot
from spikealg.learners.layers.recurrent import Recurrence, Tape
from spikealg.learners.layers.windows import Windows, as_pair
from spikealg.learners.units.base import Unit

__all__ = ["Conv2d", "ConvRecurrent"]


def _frames(x: Array) -> Array:
    """Return (ticks, batch, C, H, W) as (frames, C, H, W)."""
    return x.reshape(-1, *x.shape[2:])


def _kernel(rng: np.random.Generator, channels: int, windows: Windows, dtype: Any) -> Array:
    """Draw a kernel (channels, C, ky, kx) by Glorot's rule."""
    shape = (channels, windows.shape[0], *windows.size)
    return glorot(rng, shape, windows.fan_in, channels * windows.size[0] * windows.size[1], dtype)


class Conv2d(Layer):
    """y_t = kernel ∗ x_t + b, a correlation over each frame, as machine learning has it.

    Parameters
    ----------
    channels : int
        Channels that come out.
    kernel, stride : int or pair of int
        Along both, or along y and x.
    padding : int, pair of int or "same"
        Zeros around the frame; "same" keeps the frame's size where the stride is 1.
    bias : bool
        Whether there is b, one value per channel.
    initial_bias : float
        Where b starts.
    gain : float
        Factor of the initial weights, which are Glorot's.

    Notes
    -----
    Features are (channels, height, width). Parameters are "weight" (out, in, ky, kx) and "bias"
    (out,). `windows` holds sizes, stride and padding once the layer is built.
    """

    windows: Windows

    def __init__(
        self,
        channels: int,
        kernel: int | tuple[int, int],
        *,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = 0,
        bias: bool = True,
        initial_bias: float = 0.0,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.channels = as_int("channels", channels, low=1)
        self.kernel, self.stride, self.padding = kernel, stride, padding
        self.bias = bool(bias)
        self.initial_bias = as_float("initial_bias", initial_bias)
        self.gain = as_float("gain", gain)

    def _build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        self.windows = Windows.of(self.describe(), shape, self.kernel, self.stride, self.padding)
        weight = _kernel(rng, self.channels, self.windows, self.dtype)
        self.parameters = {"weight": weight * self.dtype.type(self.gain)}
        if self.bias:
            self.parameters["bias"] = np.full(self.channels, self.initial_bias, self.dtype)
        return (self.channels, *self.windows.out)

    def forward(
        self,
        x: Array,
        state: State,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, State, Array]:
        """Run a whole sequence, see `Layer.forward`."""
        y = self.windows.apply(_frames(x), self.parameters["weight"])
        if self.bias:
            y += self.parameters["bias"][:, None, None]
        return y.reshape(*x.shape[:2], *self.shape), (), x

    def backward(
        self, dy: Array, tape: Array, *, inward: bool = True
    ) -> tuple[Array | None, Gradients]:
        """Go back through a whole sequence, see `Layer.backward`."""
        weight = self.parameters["weight"]
        frames = _frames(dy)
        gradients = {"weight": self.windows.by_weight(_frames(tape), frames, weight)}
        if self.bias:
            gradients["bias"] = frames.sum(axis=(0, 2, 3))
        if not inward:
            return None, gradients
        return self.windows.by_frames(frames, weight).reshape(tape.shape), gradients

    def describe(self) -> str:
        """Return the layer in a few words."""
        return f"Conv2d({self.channels}, {self.kernel})"


class ConvRecurrent(Recurrence):
    """A convolutional recurrent layer: i_t = kernel ∗ x_t + H ∗ y_{t−1} + b, y_t = unit(i_t).

    Parameters
    ----------
    channels : int
        Channels of units.
    unit : Unit
        Any unit; it belongs to the layer from then on.
    kernel, stride : int or pair of int
        Of the input, along both, or along y and x.
    recurrent_kernel : int or pair of int
        From the units to themselves, odd; stride 1, zeros beyond the edge.
    padding : int, pair of int or "same"
        Zeros around the input.
    bias, initial_bias, gain
        As in `Conv2d`.

    Notes
    -----
    Parameters are "weight" (out, in, ky, kx), "recurrent" (out, out, ky, kx), "bias" (out,), and
    those of the unit, of which "bias" is called "unit_bias". `windows` and `recurrent_windows` hold
    sizes, stride and padding once the layer is built.
    """

    windows: Windows
    recurrent_windows: Windows

    def __init__(
        self,
        channels: int,
        unit: Unit,
        *,
        kernel: int | tuple[int, int] = 3,
        recurrent_kernel: int | tuple[int, int] = 3,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = "same",
        bias: bool = True,
        initial_bias: float = 0.0,
        gain: float = 1.0,
    ) -> None:
        super().__init__(unit, bias=bias, initial_bias=initial_bias, gain=gain)
        self.channels = as_int("channels", channels, low=1)
        self.kernel, self.stride, self.padding = kernel, stride, padding
        self.recurrent_kernel = recurrent_kernel

    def _weights(self, shape: Shape, rng: np.random.Generator) -> tuple[Shape, Array, Array, Shape]:
        who = f"ConvRecurrent({self.channels}, kernel={self.kernel})"
        self.windows = Windows.of(who, shape, self.kernel, self.stride, self.padding)
        out = (self.channels, *self.windows.out)
        size = as_pair("recurrent_kernel", self.recurrent_kernel, 1)
        if size[0] % 2 == 0 or size[1] % 2 == 0:
            raise InputError(f"recurrent_kernel must be odd, got {size}")
        self.recurrent_windows = Windows.of(who, out, size, 1, "same")
        weight = _kernel(rng, self.channels, self.windows, self.dtype)
        recurrent = _kernel(rng, self.channels, self.recurrent_windows, self.dtype)
        return out, weight, recurrent, (self.channels,)

    def currents(self, x: Array) -> Array:
        """Return kernel ∗ x_t + b of all ticks, (ticks, batch, *shape)."""
        y = self.windows.apply(_frames(x), self.parameters["weight"])
        if self.bias:
            y += self.parameters["bias"][:, None, None]
        return y.reshape(*x.shape[:2], *self.shape)

    def feedback(self, y: Array, to: Array | None = None) -> Array:
        """Add H ∗ y of one tick to `to`, see `Recurrence.feedback`."""
        return self.recurrent_windows.apply(y, self.parameters["recurrent"], to)

    def feedback_back(self, di: Array, to: Array | None = None) -> Array:
        """Add the gradient by y to `to`, see `Recurrence.feedback_back`."""
        return self.recurrent_windows.by_frames(di, self.parameters["recurrent"], to)

    def _weight_gradients(
        self, di: Array, tape: Tape, inward: bool
    ) -> tuple[Array | None, Gradients]:
        weight, recurrent = self.parameters["weight"], self.parameters["recurrent"]
        frames = _frames(di)
        by_recurrent = self.recurrent_windows.by_weight(tape.before, di[0], recurrent)
        if len(di) > 1:
            earlier = _frames(tape.trace.y[:-1])
            by_recurrent += self.recurrent_windows.by_weight(earlier, _frames(di[1:]), recurrent)
        gradients = {
            "weight": self.windows.by_weight(_frames(tape.x), frames, weight),
            "recurrent": by_recurrent,
        }
        if self.bias:
            gradients["bias"] = frames.sum(axis=(0, 2, 3))
        if not inward:
            return None, gradients
        return self.windows.by_frames(frames, weight).reshape(tape.x.shape), gradients

    def describe(self) -> str:
        """Return the layer in a few words."""
        return f"ConvRecurrent({self.channels}, {self.unit.describe()}, kernel={self.kernel})"
