"""A model cut into stages that learn as the sequence goes: units with traces, and the rest."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from spikealg.errors import InputError
from spikealg.learners.base import Array, Gradients, Layer, State
from spikealg.learners.layers import ConvRecurrent, Dense, Recurrent
from spikealg.learners.rules.traces import (
    DiagonalTraces,
    FullTraces,
    LowPassTraces,
    Size,
    Tick,
    Traces,
)
from spikealg.learners.sequential import Sequential
from spikealg.learners.units import GLIF, LISNU, Derivatives, LeakyReadout, Unit
from spikealg.learners.units.plain import Activation

__all__ = ["Stage", "Traced", "cut"]


class Stage(Protocol):
    """One or two layers that go on together."""

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        ...

    def gradients(self) -> Gradients:
        """Return a copy of the gradients so far, by the model's parameter names."""
        ...

    def clear(self) -> None:
        """Set the gradients to 0."""
        ...

    def states(self) -> list[State]:
        """Return the state of each layer after the last tick."""
        ...

    def forward(self, x: Array) -> Array:
        """Return the output (batch, *shape) of one tick."""
        ...

    def learn(self, dy: Array) -> Array:
        """Advance traces and gradients by the tick gone forward; return the gradient by its x."""
        ...


class Stateless:
    """A layer without memory, whatever its state: its gradients are those of single ticks."""

    nbytes = 0

    def __init__(
        self,
        place: int,
        layer: Layer,
        state: State,
        train: bool,
        rng: np.random.Generator | None,
    ) -> None:
        self.place, self.layer, self.train, self.rng = place, layer, train, rng
        self._state = state
        self._sums = {
            f"{place}.{name}": np.zeros_like(value) for name, value in layer.parameters.items()
        }
        self._tape: Any = None

    def gradients(self) -> Gradients:
        """Return the gradients so far."""
        return {name: value.copy() for name, value in self._sums.items()}

    def clear(self) -> None:
        """Set the gradients to 0."""
        for value in self._sums.values():
            value[...] = 0

    def states(self) -> list[State]:
        """Return the state of the layer."""
        return [self._state]

    def forward(self, x: Array) -> Array:
        """Return the output of one tick."""
        y, self._state, self._tape = self.layer.forward(x[None], self._state, self.train, self.rng)
        tick: Array = y[0]
        return tick

    def learn(self, dy: Array) -> Array:
        """Add the tick's gradients; return the gradient by its input."""
        dx, gradients = self.layer.backward(dy[None], self._tape)
        for name, value in gradients.items():
            self._sums[f"{self.place}.{name}"] += value
        assert dx is not None
        tick: Array = dx[0]
        return tick


class Traced:
    """A unit with memory, with the matrix before it, or both matrices of a recurrent layer.

    Parameters
    ----------
    place : int
        Of the unit, or of the recurrent layer, in the model.
    layer : Unit or Recurrent
    dense : Dense or None
        The layer before, if it is one.
    state : tuple of ndarray
        State of `layer` to start from.
    full : bool
        Whether traces follow a change of one neuron into the others.
    filtering : float, optional
        For e-prop, which also ignores the reset: decay of the readout.
    """

    def __init__(
        self,
        place: int,
        layer: Unit | Recurrent,
        dense: Dense | None,
        state: State,
        *,
        full: bool,
        filtering: float | None = None,
    ) -> None:
        self.recurrent = layer if isinstance(layer, Recurrent) else None
        self.unit = layer.unit if isinstance(layer, Recurrent) else layer
        self.dense = dense
        self.eprop = filtering is not None
        self._first = True
        self._y: Array = state[0]
        self._before = state if self.recurrent is None else state[1:]
        self._after = self._before
        self._names(place, layer)
        batch = len(self._before[0]) if self._before else len(state[0])
        size = Size(
            memory=_memory(self.unit),
            batch=batch,
            neurons=int(np.prod(self.unit.shape)),
            rows=self._rows(),
            constants=len(self._biases) + len(self._constants),
            dtype=self.unit.dtype,
        )
        coupled = self.recurrent is not None or isinstance(self.unit, LISNU)
        self.traces: Traces
        if full and coupled:
            self.traces = FullTraces(size)
        elif not self.eprop and leaks_alike(self.unit):
            self.traces = LowPassTraces(size)
        else:
            self.traces = DiagonalTraces(size, filtering)

    def _names(self, place: int, layer: Layer) -> None:
        """Find the model's names of matrices, biases and constants, in the order of the traces."""
        self._matrices: list[str] = []
        self._biases: list[str] = []
        if self.dense is not None:
            self._matrices = [f"{place - 1}.weight"]
            self._biases = [f"{place - 1}.bias"] if self.dense.bias else []
        if self.recurrent is not None:
            self._matrices = [f"{place}.weight", f"{place}.recurrent"]
            self._biases = [f"{place}.bias"] if self.recurrent.bias else []
        outer = {id(value): name for name, value in layer.parameters.items()}
        self._constants = {
            f"{place}.{outer[id(value)]}": name for name, value in self.unit.parameters.items()
        }

    def _rows(self) -> tuple[int, ...]:
        if self.recurrent is not None:
            return (self.recurrent.in_shape[0], self.recurrent.n)
        return () if self.dense is None else (self.dense.in_shape[0],)

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        return self.traces.nbytes

    def clear(self) -> None:
        """Set the gradients to 0."""
        for gradient in (*self.traces.matrices, self.traces.constants):
            gradient[...] = 0

    def states(self) -> list[State]:
        """Return the state of each layer after the last tick."""
        if self.recurrent is not None:
            return [(self._y, *self._after)]
        return [self._after] if self.dense is None else [(), self._after]

    def gradients(self) -> Gradients:
        """Return a copy of the gradients so far, by the model's names."""
        found = {
            name: gradient.copy()
            for name, gradient in zip(self._matrices, self.traces.matrices, strict=True)
        }
        names = (*self._biases, *self._constants)
        for name, gradient in zip(names, self.traces.constants, strict=True):
            each = gradient.reshape(self.unit.shape)
            constant = self._constants.get(name)
            found[name] = each.copy() if constant is None else self.unit.folded(constant, each)
        return found

    def forward(self, x: Array) -> Array:
        """Return the output of one tick."""
        self._x = x
        current = x
        if self.recurrent is not None:
            current = self.recurrent.currents(x[None])[0] + self.recurrent.feedback(self._y)
        elif self.dense is not None:
            current = self.dense.forward(x[None], ())[0][0]
        self._current = current
        self._y_before = self._y
        y, self._after, _ = self.unit.forward(current[None], self._before)
        self._y = y[0]
        return self._y

    def learn(self, dy: Array) -> Array:
        """Advance traces and gradients; return the gradient by the input of the tick."""
        derivatives = self._derivatives(self._first)
        tick = self._tick(derivatives)
        signal = np.ascontiguousarray(dy.reshape(len(dy), -1))
        self.traces.advance(tick, signal)
        self._before, self._first = self._after, False
        di: Array = signal * np.einsum("kbn,kbn->bn", tick.slope, tick.gain)
        matrix = self.recurrent or self.dense
        if matrix is None:
            return di.reshape(dy.shape)
        dx: Array = di @ matrix.parameters["weight"].T
        return dx

    def _derivatives(self, first: bool) -> Derivatives:
        if isinstance(self.unit, Activation):
            return _of_activation(self.unit, self._y)
        found = self.unit.derivatives(self._current, self._before, self._after, first=first)
        if not self.eprop:
            return found
        # Without the path by which the output acts on its own potential: as if it were given.
        cut = self.unit.derivatives(self._current, self._before, self._after, first=True)
        found.carry[0] = cut.carry[0]
        for name, direct in found.direct.items():
            direct = direct.copy()
            direct[0] = cut.direct[name][0]
            found.direct[name] = direct
        return found

    def _tick(self, found: Derivatives) -> Tick:
        gain = _flat(found.gain, 1)
        size, batch, n = gain.shape
        names = self._constants.values()
        direct = np.empty((len(self._biases) + len(names), size, batch, n), dtype=gain.dtype)
        output = np.zeros((len(direct), batch, n), dtype=gain.dtype)
        direct[: len(self._biases)] = gain
        for place, name in enumerate(names, start=len(self._biases)):
            direct[place] = _flat(found.direct[name], 1)
            if name in found.output:
                output[place] = found.output[name].reshape(batch, n)
        inputs: tuple[Array, ...] = ()
        if self.recurrent is not None:
            inputs = (self._x, self._y_before)
        elif self.dense is not None:
            inputs = (self._x,)
        return Tick(
            carry=_flat(found.carry, 2),
            gain=gain,
            slope=_flat(found.slope, 1),
            direct=direct,
            output=output,
            inputs=tuple(np.ascontiguousarray(x) for x in inputs),
            feedback=None if self.recurrent is None else self.recurrent.parameters["recurrent"],
            inhibition=None if found.inhibition is None else _flat(found.inhibition, 1),
            winner=found.winner,
        )


def cut(
    model: Sequential,
    state: tuple[State, ...],
    *,
    full: bool,
    filtering: float | None = None,
    train: bool = False,
    rng: np.random.Generator | None = None,
) -> list[Stage]:
    """Cut a model into stages.

    Raises
    ------
    InputError
        If a layer with memory is none that traces are known for, or if what stands before a unit
        with memory has parameters and is no Dense layer.
    """
    stages: list[Stage] = []
    layers = model.layers
    for place, layer in enumerate(layers):
        before = layers[place - 1] if place else None
        remembers = isinstance(layer, Unit) and not isinstance(layer, Activation)
        if isinstance(layer, Recurrent) or (isinstance(layer, Unit) and remembers):
            dense = before if isinstance(before, Dense) and isinstance(layer, Unit) else None
            if dense is not None:
                stages.pop()
            elif isinstance(layer, Unit) and before is not None and before.parameters:
                raise InputError(
                    f"layer {place - 1} ({before.describe()}) before a unit with memory has no "
                    'traces: only Dense has; learn by rule="bptt"'
                )
            # Eligibilities of the readout itself are low-passed already.
            low_pass = None if isinstance(layer, LeakyReadout) else filtering
            stages.append(Traced(place, layer, dense, state[place], full=full, filtering=low_pass))
        elif isinstance(layer, ConvRecurrent):
            raise InputError(
                f"layer {place} ({layer.describe()}) has memory but no traces: units and "
                'Recurrent have; learn by rule="bptt"'
            )
        else:
            stages.append(Stateless(place, layer, state[place], train, rng))
    return stages


def _flat(array: Array, ahead: int) -> Array:
    """Return (ahead axes, batch, *shape) as a contiguous (ahead axes, batch, neurons)."""
    return np.ascontiguousarray(array.reshape(*array.shape[: ahead + 1], -1))


def _memory(unit: Unit) -> int:
    """Return k, the variables of a neuron's memory."""
    # A state holds the output too, but for a readout's, which is the output.
    return max(1, len(unit.state_names) - 1)


def leaks_alike(unit: Unit) -> bool:
    """Return whether the carry is one number, and neither it nor the gain depends on the tick."""
    decay = unit.constants.get("decay")
    if decay is None or not (unit.value("decay") == unit.value("decay").flat[0]).all():
        return False
    if "decay" in unit.trainable and decay.ndim:
        return False
    if isinstance(unit, LeakyReadout):
        return True
    if not isinstance(unit, GLIF) or {"reset", "hyperpolarisation", "gain"} & set(unit.trainable):
        return False
    return not (unit.value("reset").any() or unit.value("hyperpolarisation").any())


def _of_activation(unit: Activation, y: Array) -> Derivatives:
    """Return the derivatives of a unit without memory in a recurrent layer; h is its input."""
    one = np.ones((1, *y.shape), dtype=y.dtype)
    return Derivatives(
        carry=np.zeros((1, *one.shape), dtype=y.dtype),
        gain=one,
        slope=unit.slope(y)[None],
        slope_before=np.zeros_like(one),
        direct={},
        output={},
        output_before={},
    )
