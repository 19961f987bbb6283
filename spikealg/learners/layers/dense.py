"""A matrix between two layers of neurons."""

from __future__ import annotations

import numpy as np

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError
from spikealg.learners.base import Array, Gradients, Layer, Shape, State, glorot
from spikealg.learners.layers.rows import Rows

__all__ = ["Dense"]


class Dense(Layer):
    """y_t = x_t W + b: one product over all ticks, see `layers.rows`.

    Parameters
    ----------
    n : int
        Outputs.
    bias : bool
        Whether there is b.
    initial_bias : float
        Where b starts.
    gain : float
        Factor of the initial weights, which are Glorot's.

    Notes
    -----
    Parameters are "weight" (n_in, n) and "bias" (n,).
    """

    def __init__(
        self, n: int, *, bias: bool = True, initial_bias: float = 0.0, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.n = as_int("n", n, low=1)
        self.bias = bool(bias)
        self.initial_bias = as_float("initial_bias", initial_bias)
        self.gain = as_float("gain", gain)

    def _build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        if len(shape) != 1:
            raise InputError(
                f"Dense({self.n}) takes features of shape (n,), got {shape}: "
                "put Flatten() before it"
            )
        weight = glorot(rng, (shape[0], self.n), shape[0], self.n, self.dtype)
        self.parameters = {"weight": weight * self.dtype.type(self.gain)}
        if self.bias:
            self.parameters["bias"] = np.full(self.n, self.initial_bias, dtype=self.dtype)
        return (self.n,)

    def forward(
        self,
        x: Array,
        state: State,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, State, Rows]:
        """Run a whole sequence, see `Layer.forward`."""
        rows = Rows(x, self.n)
        y = rows.times(self.parameters["weight"])
        if self.bias:
            y += self.parameters["bias"]
        return y.reshape(*x.shape[:-1], self.n), (), rows

    def backward(
        self, dy: Array, tape: Rows, *, inward: bool = True
    ) -> tuple[Array | None, Gradients]:
        """Go back through a whole sequence, see `Layer.backward`."""
        rows = dy.reshape(-1, self.n)
        gradients = {"weight": tape.transposed_times(rows)}
        if self.bias:
            gradients["bias"] = rows.sum(axis=0)
        if not inward:
            return None, gradients
        dx = rows @ self.parameters["weight"].T
        return dx.reshape(*dy.shape[:-1], *self.in_shape), gradients

    def describe(self) -> str:
        """Return the layer in a few words."""
        return f"Dense({self.n})"
