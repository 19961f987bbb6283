"""Units that see their own output of the tick before through a matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError, InputTypeError
from spikealg.learners.base import Array, Gradients, Layer, Shape, State, glorot
from spikealg.learners.layers.rows import Rows
from spikealg.learners.units.base import Trace, Unit

__all__ = ["Recurrent"]


@dataclass
class Tape:
    """What a recurrent layer keeps for going back.

    Attributes
    ----------
    x : ndarray, (ticks, batch, *in_shape)
    before : ndarray, (batch, *shape)
        Output before the first tick.
    trace : Trace
        Of the unit.
    """

    x: Array
    before: Array
    trace: Trace


class Recurrence(Layer):
    """A unit within a layer: what recurrent layers of all kinds share.

    The state is (output of the tick before, *state of the unit). Parameters of the unit keep their
    names, but for "bias", which is "unit_bias".

    Parameters
    ----------
    unit : Unit
        Any unit; it belongs to the layer from then on.
    bias : bool
        Whether the layer adds a bias to the unit's input.
    initial_bias : float
        Where that bias starts.
    gain : float
        Factor of the initial input weights.
    """

    def __init__(self, unit: Unit, *, bias: bool, initial_bias: float, gain: float) -> None:
        super().__init__()
        if not isinstance(unit, Unit):
            raise InputTypeError(
                f'unit must be a unit such as unit("BLI"), got {type(unit).__name__}'
            )
        self.unit = unit
        self.bias = bool(bias)
        self.initial_bias = as_float("initial_bias", initial_bias)
        self.gain = as_float("gain", gain)

    def _build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        out, weight, recurrent, bias = self._weights(shape, rng)
        self.parameters = {
            "weight": weight * self.dtype.type(self.gain),
            "recurrent": recurrent,
        }
        if self.bias:
            self.parameters["bias"] = np.full(bias, self.initial_bias, dtype=self.dtype)
        self.unit.build(out, rng, self.dtype)
        for name, value in self.unit.parameters.items():
            self.parameters[self._outer(name)] = value
        return out

    @property
    def kind(self) -> str:
        """The layer and its unit."""
        return f"{type(self).__name__} of {self.unit.kind}"

    def _weights(self, shape: Shape, rng: np.random.Generator) -> tuple[Shape, Array, Array, Shape]:
        """Return the shape that comes out, both weights, and the shape of the bias."""
        raise NotImplementedError

    @staticmethod
    def _outer(name: str) -> str:
        """Return the layer's name for the unit's parameter `name`."""
        return "unit_bias" if name == "bias" else name

    def start(self, batch: int) -> State:
        """Return a state of rest."""
        silent = np.zeros((batch, *self.shape), dtype=self.dtype)
        return (silent, *self.unit.start(batch))

    def parts(self) -> tuple[Layer, ...]:
        """Return the layer and its unit."""
        return (self, self.unit)

    def constrain(self) -> None:
        """Put trained constants of the unit back into their range."""
        self.unit.constrain()

    def currents(self, x: Array) -> Array:
        """Return W x_t + b of all ticks, a new array (ticks, batch, *shape)."""
        raise NotImplementedError

    def feedback(self, y: Array, to: Array | None = None) -> Array:
        """Add H y of one tick to `to`, which is changed and returned; None stands for zeros."""
        raise NotImplementedError

    def feedback_back(self, di: Array, to: Array | None = None) -> Array:
        """Add the gradient by y that `feedback` passes back, of one tick, to `to` likewise."""
        raise NotImplementedError

    def _weight_gradients(
        self, di: Array, tape: Tape, inward: bool
    ) -> tuple[Array | None, Gradients]:
        """Return the gradients by the input and by both weights and the bias."""
        raise NotImplementedError

    def forward(
        self,
        x: Array,
        state: State,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, State, Tape]:
        """Run a whole sequence, see `Layer.forward`."""
        currents = self.currents(x)
        trace = self.unit.trace(currents, state[1:])
        before = state[0]
        for t in range(len(x)):
            self.feedback(before, currents[t])
            self.unit.advance(trace, t, t + 1)
            before = trace.y[t]
        return trace.y, (before.copy(), *trace.last()), Tape(x, state[0], trace)

    def backward(
        self, dy: Array, tape: Tape, *, inward: bool = True
    ) -> tuple[Array | None, Gradients]:
        """Go back through a whole sequence, see `Layer.backward`."""
        back = self.unit.back(tape.trace)
        dy = dy.copy()
        for t in range(len(dy) - 1, -1, -1):
            self.unit.unwind(dy, tape.trace, back, t, t + 1)
            if t > 0:
                self.feedback_back(self.unit.by_input(back, t, t + 1)[0], dy[t - 1])
        dx, gradients = self._weight_gradients(self.unit.by_input(back), tape, inward)
        for name, value in self.unit.constant_gradients(tape.trace, back).items():
            gradients[self._outer(name)] = value
        return dx, gradients


class Recurrent(Recurrence):
    """A dense recurrent layer: i_t = x_t W + y_{t−1} H + b, y_t = unit(i_t).

    Parameters
    ----------
    n : int
        Units.
    unit : Unit
        Any unit; it belongs to the layer from then on.
    bias : bool
        Whether there is b.
    initial_bias : float
        Where b starts.
    gain : float
        Factor of the initial input weights; weights are Glorot's.

    Notes
    -----
    Parameters are "weight" (n_in, n), "recurrent" (n, n), from row to column, "bias" (n,), and
    those of the unit, of which "bias" is called "unit_bias".
    """

    def __init__(
        self,
        n: int,
        unit: Unit,
        *,
        bias: bool = True,
        initial_bias: float = 0.0,
        gain: float = 1.0,
    ) -> None:
        super().__init__(unit, bias=bias, initial_bias=initial_bias, gain=gain)
        self.n = as_int("n", n, low=1)

    def _weights(self, shape: Shape, rng: np.random.Generator) -> tuple[Shape, Array, Array, Shape]:
        if len(shape) != 1:
            raise InputError(
                f"Recurrent({self.n}, ...) takes features of shape (n,), got {shape}: "
                "put Flatten() before it"
            )
        weight = glorot(rng, (shape[0], self.n), shape[0], self.n, self.dtype)
        recurrent = glorot(rng, (self.n, self.n), self.n, self.n, self.dtype)
        return (self.n,), weight, recurrent, (self.n,)

    def currents(self, x: Array) -> Array:
        """Return x_t W + b of all ticks, (ticks, batch, n)."""
        y = Rows(x, self.n).times(self.parameters["weight"])
        if self.bias:
            y += self.parameters["bias"]
        return y.reshape(*x.shape[:-1], self.n)

    def feedback(self, y: Array, to: Array | None = None) -> Array:
        """Add y H of one tick to `to`, see `Recurrence.feedback`."""
        return _added(y @ self.parameters["recurrent"], to)

    def feedback_back(self, di: Array, to: Array | None = None) -> Array:
        """Add di Hᵀ of one tick to `to`, see `Recurrence.feedback_back`."""
        return _added(di @ self.parameters["recurrent"].T, to)

    def _weight_gradients(
        self, di: Array, tape: Tape, inward: bool
    ) -> tuple[Array | None, Gradients]:
        rows = di.reshape(-1, self.n)
        by_recurrent = tape.before.T @ di[0]
        by_recurrent += Rows(tape.trace.y[:-1], self.n).transposed_times(rows[len(di[0]) :])
        gradients = {
            "weight": Rows(tape.x, self.n).transposed_times(rows),
            "recurrent": by_recurrent,
        }
        if self.bias:
            gradients["bias"] = rows.sum(axis=0)
        if not inward:
            return None, gradients
        return (rows @ self.parameters["weight"].T).reshape(tape.x.shape), gradients

    def describe(self) -> str:
        """Return the layer in a few words."""
        return f"Recurrent({self.n}, {self.unit.describe()})"


def _added(value: Array, to: Array | None) -> Array:
    """Return `to`, to which `value` is added in place, or `value` where there is none."""
    return value if to is None else np.add(to, value, out=to)
