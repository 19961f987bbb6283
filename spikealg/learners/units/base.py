"""What every unit is: a layer whose neurons do not see each other within a tick.

A family writes its equations twice: as compiled loops over ticks (kernels.py), and one tick at a
time in NumPy, `tick` and `derivatives`, from which the online rules are made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array
from spikealg.errors import InputError, InputTypeError
from spikealg.learners.base import Array, Gradients, Layer, Shape, State

__all__ = ["Derivatives", "Trace", "Unit"]


@dataclass(frozen=True, eq=False)
class Derivatives:
    """First derivatives of one tick of a unit, (batch, *shape) arrays unless said otherwise.

    A unit's memory h is what its state holds besides the output: u of a GLIF neuron, s of an SNU,
    (s, b) of an adaptive one; the output itself of a readout, the input of an activation that has
    no memory. With θ a constant of the unit, and y⁻ = y(h⁻, θ) differentiated too::

        dh_t = carry · dh⁻ + gain · di_t + direct[θ] dθ
        dy_t = slope · dh_t + output[θ] dθ

    Within a batch row all are diagonal in the neurons, except for `inhibition`.

    Attributes
    ----------
    carry : ndarray, (k, k, batch, *shape)
        ∂h_t[j] / ∂h⁻[l], the path through y⁻ included; k is the length of h.
    gain : ndarray, (k, batch, *shape)
        ∂h_t[j] / ∂i_t.
    slope, slope_before : ndarray, (k, batch, *shape)
        ∂y_t / ∂h_t, and the same one tick earlier: what a recurrent matrix multiplies.
    direct : dict of str to ndarray, (k, batch, *shape)
        ∂h_t / ∂θ with h⁻ and i_t held, the path through y⁻ included, by the constant's name.
    output, output_before : dict of str to ndarray
        ∂y_t / ∂θ with h_t held, and the same one tick earlier. Names that are missing are 0.
    inhibition : ndarray, (k, batch, *shape), or None
        ∂h_t / ∂y⁻ of the neuron `winner` of the same row (LI-SNU), not part of carry or direct.
    winner : ndarray of int, (batch,), or None
        Flat index of that neuron.
    """

    carry: Array
    gain: Array
    slope: Array
    slope_before: Array
    direct: Gradients
    output: Gradients
    output_before: Gradients
    inhibition: Array | None = None
    winner: Array | None = None


@dataclass
class Trace:
    """What a unit remembers of a sequence.

    Attributes
    ----------
    x, y : ndarray, (ticks, batch, *shape)
        Input and output.
    states : tuple of ndarray, (ticks + 1, batch, *shape)
        The state before the first tick, then after each.
    table : ndarray
        Constants of each neuron, as the family's kernels take them.
    """

    x: Array
    y: Array
    states: State
    table: Array

    def __post_init__(self) -> None:
        self.flat_x = flat(self.x)
        self.flat_states = tuple(map(flat, self.states))

    def last(self) -> State:
        """Return the state after the last tick."""
        return tuple(state[-1].copy() for state in self.states)


@dataclass
class Back:
    """What a unit writes while it goes back.

    Attributes
    ----------
    slope : ndarray, (ticks, batch, *shape)
        ∂y/∂(argument of the output function), overwritten with the gradient by that argument.
    dx : ndarray, (ticks, batch, *shape)
        Gradient by the input, or by the memory for units whose input has a gain.
    more : tuple of ndarray
        Gradients by further states.
    """

    slope: Array
    dx: Array
    more: tuple[Array, ...] = ()


class Unit(Layer):
    """A layer of neurons that is its own inverse in shape: features in, the same features out.

    Constants are one value or an array that broadcasts to the features; those named in `trainable`
    become parameters, of the shape in which they were given.

    Attributes
    ----------
    constants : dict of str to float or ndarray
        As given. `value(name)` returns what holds now.
    trainable : tuple of str
    """

    constant_names: ClassVar[tuple[str, ...]] = ()
    state_names: ClassVar[tuple[str, ...]] = ()
    """What `start` returns, in this order; the potential first, where there is one."""
    shares: ClassVar[tuple[str, ...]] = ()
    """Constants from 0 to 1; training keeps them there, see `constrain`."""
    fires: ClassVar[bool] = False
    """Whether outputs are spikes, 0 or 1."""

    def __init__(
        self, constants: Mapping[str, npt.ArrayLike], trainable: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self.constants = {name: as_float_array(name, value) for name, value in constants.items()}
        for name in self.shares:
            value = self.constants[name]
            if (value < 0).any() or (value > 1).any():
                raise InputError(f"{name} must be from 0 to 1, got {value.tolist()}")
        if isinstance(trainable, str):
            trainable = (trainable,)
        known = ", ".join(map(repr, self.constant_names)) or "no names at all"
        if not isinstance(trainable, Iterable):
            raise InputTypeError(f"trainable must hold names among {known}, got {trainable!r}")
        for name in trainable:
            if name not in self.constant_names:
                raise InputError(f"trainable must hold names among {known}, got {name!r}")
        self.trainable = tuple(dict.fromkeys(trainable))

    def _build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        for name, value in self.constants.items():
            try:
                fits = np.broadcast_shapes(value.shape, shape) == shape
            except ValueError:
                fits = False
            if not fits:
                raise InputError(
                    f"{name} of {type(self).__name__} must be one value or broadcast to the "
                    f"features {shape}, got shape {value.shape}"
                )
        self.parameters = {
            name: np.array(self.constants[name], dtype=self.dtype) for name in self.trainable
        }
        return shape

    def constrain(self) -> None:
        """Put trained shares back into their range, 0 to 1."""
        for name in self.parameters.keys() & set(self.shares):
            parameter = self.parameters[name]
            np.clip(parameter, 0, 1, out=parameter)

    def value(self, name: str) -> Array:
        """Return the constant `name` as it is now, in the shape in which it was given."""
        return self.parameters.get(name, self.constants[name])

    def per_neuron(self) -> Array:
        """Return all constants, (len(constant_names), neurons), of the layer's dtype."""
        table = np.empty((len(self.constant_names), *self.shape), dtype=self.dtype)
        for row, name in zip(table, self.constant_names, strict=True):
            row[...] = self.value(name)
        return table.reshape(len(table), math.prod(self.shape))

    def _table(self) -> Array:
        """Return the constants as the family's kernels take them."""
        return self.per_neuron()

    def start(self, batch: int) -> State:
        """Return a state of rest: zeros."""
        return tuple(np.zeros((batch, *self.shape), dtype=self.dtype) for _ in self.state_names)

    def trace(self, x: Array, state: State) -> Trace:
        """Return a trace for the input `x` from `state` on; `advance` fills it."""
        states = tuple(
            np.empty((len(x) + 1, *x.shape[1:]), dtype=self.dtype) for _ in self.state_names
        )
        for array, first in zip(states, state, strict=True):
            array[0] = first
        return Trace(x, self._output(x, states), states, self._table())

    def _output(self, x: Array, states: State) -> Array:
        """Return the array that outputs are written to: by default a view of the state "y"."""
        return states[self.state_names.index("y")][1:]

    def advance(self, trace: Trace, begin: int, end: int) -> None:
        """Compute the ticks from `begin` to `end`, whose inputs are in place by then."""
        raise NotImplementedError

    def back(self, trace: Trace) -> Back:
        """Return what `unwind` fills."""
        raise NotImplementedError

    def unwind(self, dy: Array, trace: Trace, back: Back, begin: int, end: int) -> None:
        """Go back from `end` to `begin`."""
        raise NotImplementedError

    def by_input(self, back: Back, begin: int = 0, end: int | None = None) -> Array:
        """Return the gradient by the inputs of ticks that were unwound."""
        return back.dx[begin:end]

    def constant_gradients(self, trace: Trace, back: Back) -> Gradients:
        """Return the gradients by the trainable constants, all ticks having been unwound."""
        return {}

    def forward(
        self,
        x: Array,
        state: State,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, State, Trace]:
        """Run a whole sequence, see `Layer.forward`."""
        trace = self.trace(x, state)
        self.advance(trace, 0, len(x))
        return trace.y, trace.last(), trace

    def backward(
        self, dy: Array, tape: Trace, *, inward: bool = True
    ) -> tuple[Array | None, Gradients]:
        """Go back through a whole sequence, see `Layer.backward`."""
        back = self.back(tape)
        self.unwind(dy, tape, back, 0, len(dy))
        return self.by_input(back), self.constant_gradients(tape, back)

    def tick(self, x: Array, state: State) -> tuple[Array, State]:
        """Return the output and the state after one tick, in plain NumPy.

        Parameters
        ----------
        x : ndarray, (batch, *shape)
        state : tuple of ndarray
        """
        raise NotImplementedError

    def derivatives(
        self, x: Array, before: State, after: State, *, first: bool = False
    ) -> Derivatives:
        """Return the derivatives of the tick that led from `before` to `after` with input `x`.

        Parameters
        ----------
        x : ndarray, (batch, *shape)
        before, after : tuple of ndarray
            States, as `start` and `tick` return them.
        first : bool
            Whether `before` is where the sequence starts: its output is then given, not computed
            from h⁻ and the constants, and `slope_before` and `output_before` are 0.
        """
        raise NotImplementedError

    def folded(self, name: str, each: Array) -> Array:
        """Add up `each`, (*any, *shape), to the shape of the constant `name`."""
        wanted = self.value(name).shape
        total = each.sum(axis=tuple(range(each.ndim - len(wanted))), dtype=np.float64)
        stretched = tuple(i for i, n in enumerate(wanted) if n == 1 and total.shape[i] != 1)
        return np.asarray(total.sum(axis=stretched, keepdims=True), dtype=self.dtype)

    def describe(self) -> str:
        """Return the unit's name and its constants, as they are now."""
        values = {name: self.value(name) for name in self.constants}
        texts = [
            f"{name}={value:.4g}" if value.ndim == 0 else f"{name}: {value.shape}"
            for name, value in values.items()
        ]
        return f"{type(self).__name__}({', '.join(texts)})"


def flat(array: Array) -> Array:
    """Return (ticks, batch, *shape) as (ticks, batch, neurons), without copying."""
    return array.reshape(*array.shape[:2], -1)
