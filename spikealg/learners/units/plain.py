"""Units without spikes: a leaky readout, and the activations of ordinary networks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.learners.base import Array, Gradients, State
from spikealg.learners.units.base import Back, Derivatives, Trace, Unit, flat
from spikealg.learners.units.kernels import leak_backward, leak_forward

__all__ = ["LeakyReadout", "ReLU", "Sigmoid", "Tanh"]


class LeakyReadout(Unit):
    """Integrators that never fire: y_t = κ y_{t−1} + x_t.

    Parameters
    ----------
    decay : float or array_like
        κ, 0 to 1.
    trainable : tuple of str
        ("decay",) to train it.
    """

    constant_names = ("decay",)
    state_names = ("y",)
    shares = ("decay",)

    def __init__(self, decay: npt.ArrayLike = 0.9, trainable: tuple[str, ...] = ()) -> None:
        super().__init__({"decay": decay}, trainable)

    def advance(self, trace: Trace, begin: int, end: int) -> None:
        """Compute the ticks from `begin` to `end`."""
        leak_forward(trace.flat_x, trace.flat_states[0], trace.table, begin, end)

    def back(self, trace: Trace) -> Back:
        """Return room for the gradient by the input."""
        return Back(np.empty((0,), dtype=self.dtype), np.empty_like(trace.y))

    def unwind(self, dy: Array, trace: Trace, back: Back, begin: int, end: int) -> None:
        """Go back from `end` to `begin`."""
        leak_backward(flat(dy), trace.table, flat(back.dx), begin, end)

    def constant_gradients(self, trace: Trace, back: Back) -> Gradients:
        """Return the gradient by the decay, where it is trained."""
        each = {"decay": back.dx * trace.states[0][:-1]} if self.trainable else {}
        return {name: self.folded(name, value) for name, value in each.items()}

    def tick(self, x: Array, state: State) -> tuple[Array, State]:
        """Return the output and the state after one tick, in plain NumPy."""
        y = self.value("decay").astype(self.dtype) * state[0] + x
        return y, (y,)

    def derivatives(
        self, x: Array, before: State, after: State, *, first: bool = False
    ) -> Derivatives:
        """Return the derivatives of one tick, see `Unit.derivatives`; h = (y,)."""
        one = np.ones((1, *x.shape), dtype=self.dtype)
        return Derivatives(
            carry=self.value("decay").astype(self.dtype) * one[None],
            gain=one,
            slope=one,
            slope_before=np.zeros_like(one) if first else one,
            direct={name: before[0][None] for name in self.trainable},
            output={},
            output_before={},
        )


class Activation(Unit):
    """A function of the input of the same tick; the state is its output, which it does not read."""

    state_names = ("y",)

    def __init__(self) -> None:
        super().__init__({})

    def advance(self, trace: Trace, begin: int, end: int) -> None:
        """Compute the ticks from `begin` to `end`."""
        self.apply(trace.x[begin:end], out=trace.y[begin:end])

    def back(self, trace: Trace) -> Back:
        """Return the slopes of all ticks, and room for the gradient by the input."""
        slope = self.slope(trace.y)
        return Back(slope, np.empty_like(slope))

    def unwind(self, dy: Array, trace: Trace, back: Back, begin: int, end: int) -> None:
        """Go back from `end` to `begin`."""
        np.multiply(dy[begin:end], back.slope[begin:end], out=back.dx[begin:end])

    def tick(self, x: Array, state: State) -> tuple[Array, State]:
        """Return the output after one tick, which is the state too."""
        y = self.apply(x)
        return y, (y,)

    def derivatives(
        self, x: Array, before: State, after: State, *, first: bool = False
    ) -> Derivatives:
        """Return the derivatives of one tick, see `Unit.derivatives`; h is the input itself."""
        one = np.ones((1, *x.shape), dtype=self.dtype)
        return Derivatives(
            carry=np.zeros_like(one)[None],
            gain=one,
            slope=self.slope(after[0])[None],
            slope_before=np.zeros_like(one) if first else self.slope(before[0])[None],
            direct={},
            output={},
            output_before={},
        )

    def apply(self, x: Array, out: Array | None = None) -> Array:
        """Return the activation of `x`."""
        raise NotImplementedError

    def slope(self, y: Array) -> Array:
        """Return the derivative where the activation is `y`."""
        raise NotImplementedError


class Tanh(Activation):
    """y = tanh(x): the real-valued unit of the comparison of binary ones."""

    def apply(self, x: Array, out: Array | None = None) -> Array:
        """Return tanh(x)."""
        y: Array = np.tanh(x, out=out)
        return y

    def slope(self, y: Array) -> Array:
        """Return 1 − y²."""
        return 1 - y * y


class ReLU(Activation):
    """y = max(x, 0)."""

    def apply(self, x: Array, out: Array | None = None) -> Array:
        """Return max(x, 0)."""
        y: Array = np.maximum(x, 0, out=out)
        return y

    def slope(self, y: Array) -> Array:
        """Return 1 where y > 0, else 0."""
        above: Array = (y > 0).astype(y.dtype)
        return above


class Sigmoid(Activation):
    """y = 1 / (1 + e^−x)."""

    def apply(self, x: Array, out: Array | None = None) -> Array:
        """Return the sigmoid of `x`."""
        # As (1 + tanh(x / 2)) / 2 it does not overflow.
        y: Array = np.multiply(x, 0.5, out=out, dtype=x.dtype)
        np.tanh(y, out=y)
        y += 1
        y *= 0.5
        return y

    def slope(self, y: Array) -> Array:
        """Return y (1 − y)."""
        rising: Array = y * (1 - y)
        return rising
