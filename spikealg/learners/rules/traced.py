"""Neurons with memory and the weights before them, which learn by traces as the sequence goes."""

from __future__ import annotations

import numpy as np

from spikealg.learners.base import Array, Gradients, Layer, State
from spikealg.learners.layers import Conv2d, ConvRecurrent, Dense, Recurrent
from spikealg.learners.rules.full import FullTraces
from spikealg.learners.rules.traces import DiagonalTraces, LowPassTraces, Size, Tick, Traces
from spikealg.learners.rules.weights import Constant, Weights
from spikealg.learners.units import GLIF, LISNU, Derivatives, LeakyReadout, Unit
from spikealg.learners.units.plain import Activation
from spikealg.memory import require_memory

__all__ = ["Traced", "leaks_alike"]


class Traced:
    """A unit with memory, with the weights before it, or a recurrent layer.

    Parameters
    ----------
    place : int
        Of the unit, or of the recurrent layer, in the model.
    layer : Unit, Recurrent or ConvRecurrent
    linear : Dense, Conv2d or None
        The layer before, if it is one.
    state : tuple of ndarray
        State of `layer` to start from.
    full : bool
        Whether traces follow a change of one neuron into the others.
    filtering : float, optional
        For e-prop, which also ignores the reset: decay of the readout.

    Raises
    ------
    TooLargeError
        If there is no memory for the traces.
    """

    def __init__(
        self,
        place: int,
        layer: Unit | Recurrent | ConvRecurrent,
        linear: Dense | Conv2d | None,
        state: State,
        *,
        full: bool,
        filtering: float | None = None,
    ) -> None:
        self.place = place
        self.recurrent = None if isinstance(layer, Unit) else layer
        self.unit = layer if isinstance(layer, Unit) else layer.unit
        self.linear = linear
        self.eprop = filtering is not None
        self._first = True
        self.y: Array = state[0]
        self._before = state if self.recurrent is None else state[1:]
        self._after = self._before
        self._size = Size(
            memory=_memory(self.unit),
            batch=len(state[0]),
            neurons=int(np.prod(self.unit.shape)),
            weights=self._weights(place),
            constants=self._constants(place, layer),
            dtype=self.unit.dtype,
        )
        self._who = f"layer {place} ({layer.describe()})"
        self.traces: Traces = self._traces(full, filtering)

    def _weights(self, place: int) -> tuple[Weights, ...]:
        """Find the weights that end in the neurons."""
        layer = self.recurrent or self.linear
        if layer is None:
            return ()
        if self.recurrent is None:
            place -= 1
        windows = None if isinstance(layer, (Dense, Recurrent)) else layer.windows
        found = [Weights(f"{place}.weight", layer, "weight", windows)]
        if self.recurrent is not None:
            inner = getattr(layer, "recurrent_windows", None)
            found.append(Weights(f"{place}.recurrent", layer, "recurrent", inner))
        return tuple(found)

    def _constants(self, place: int, layer: Layer) -> tuple[Constant, ...]:
        """Find the biases and the unit's constants."""
        shape = self.unit.shape
        own = {id(value): name for name, value in self.unit.parameters.items()}
        found = []
        if self.linear is not None and self.linear.bias:
            bias = self.linear.parameters["bias"]
            found.append(Constant.of(f"{place - 1}.bias", None, bias, shape))
        for name, value in layer.parameters.items():
            if id(value) in own:
                found.append(Constant.of(f"{place}.{name}", own[id(value)], value, shape))
            elif name == "bias":
                found.append(Constant.of(f"{place}.bias", None, value, shape))
        return tuple(found)

    def _traces(self, full: bool, filtering: float | None) -> Traces:
        """Return traces of the kind that fits the layer, if there is room for them."""
        if full and (self.recurrent is not None or isinstance(self.unit, LISNU)):
            self._require(FullTraces.values(self._size), 'recurrence="diagonal"')
            return FullTraces(self._size, None if self.recurrent is None else self._feedback)
        if not self.eprop and leaks_alike(self.unit):
            return LowPassTraces(self._size)
        self._require(DiagonalTraces.values(self._size, filtering), "units that all leak alike")
        return DiagonalTraces(self._size, filtering)

    def _require(self, values: int, instead: str) -> None:
        require_memory(
            values * self._size.dtype.itemsize,
            f"traces of {self._who}",
            f'take a smaller batch, {instead} or rule="bptt"',
        )

    def _feedback(self, y: Array) -> Array:
        """Return what outputs (rows, neurons) send through the recurrent weights."""
        assert self.recurrent is not None
        return self.recurrent.feedback(y.reshape(-1, *self.unit.shape)).reshape(y.shape)

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        return self.traces.nbytes

    def clear(self) -> None:
        """Set the gradients to 0."""
        self.traces.clear()

    def states(self) -> list[State]:
        """Return the state of each layer after the last tick."""
        if self.recurrent is not None:
            return [(self.y, *self._after)]
        return [self._after] if self.linear is None else [(), self._after]

    def gradients(self) -> Gradients:
        """Return a copy of the gradients so far, by the model's names."""
        names = [weights.name for weights in self._size.weights]
        names += [constant.name for constant in self._size.constants]
        return dict(zip(names, self.traces.gradients(), strict=True))

    def forward(self, x: Array) -> Array:
        """Return the output of one tick."""
        self._inputs: tuple[Array, ...] = ()
        current = x
        if self.recurrent is not None:
            self._inputs = (x, self.y)
            current = self.recurrent.currents(x[None])[0] + self.recurrent.feedback(self.y)
        elif self.linear is not None:
            self._inputs = (x,)
            current = self.linear.forward(x[None], ())[0][0]
        self._current = current
        y, self._after, _ = self.unit.forward(current[None], self._before)
        self.y = y[0]
        return self.y

    def learn(self, dy: Array) -> Array:
        """Advance traces and gradients; return the gradient by the input of the tick."""
        tick = self._tick(self._derivatives(self._first))
        signal = np.ascontiguousarray(dy.reshape(len(dy), -1))
        self.traces.advance(tick, signal)
        self._before, self._first = self._after, False
        di: Array = (signal * (tick.slope * tick.gain).sum(axis=0)).reshape(dy.shape)
        return self._size.weights[0].back(di) if self._size.weights else di

    def _derivatives(self, first: bool) -> Derivatives:
        if isinstance(self.unit, Activation):
            return _of_activation(self.unit, self.y, self._inputs[1], first=first)
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
        constants = self._size.constants
        direct = np.empty((len(constants), size, batch, n), dtype=gain.dtype)
        output = np.zeros((len(constants), batch, n), dtype=gain.dtype)
        output_before = np.zeros_like(output)
        for place, constant in enumerate(constants):
            name = constant.inner
            direct[place] = gain if name is None else _flat(found.direct[name], 1)
            if name in found.output:
                output[place] = found.output[name].reshape(batch, n)
                output_before[place] = found.output_before[name].reshape(batch, n)
        return Tick(
            carry=_flat(found.carry, 2),
            gain=gain,
            slope=_flat(found.slope, 1),
            slope_before=_flat(found.slope_before, 1),
            direct=direct,
            output=output,
            output_before=output_before,
            inputs=self._inputs,
            inhibition=None if found.inhibition is None else _flat(found.inhibition, 1),
            winner=found.winner,
        )


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


def _flat(array: Array, ahead: int) -> Array:
    """Return (ahead axes, batch, *shape) as a contiguous (ahead axes, batch, neurons)."""
    return np.ascontiguousarray(array.reshape(*array.shape[: ahead + 1], -1))


def _memory(unit: Unit) -> int:
    """Return k, the variables of a neuron's memory."""
    # A state holds the output too, but for a readout's, which is the output.
    return max(1, len(unit.state_names) - 1)


def _of_activation(unit: Activation, y: Array, before: Array, *, first: bool) -> Derivatives:
    """Return the derivatives of a unit without memory in a recurrent layer; h is its input."""
    one = np.ones((1, *y.shape), dtype=y.dtype)
    return Derivatives(
        carry=np.zeros((1, *one.shape), dtype=y.dtype),
        gain=one,
        slope=unit.slope(y)[None],
        slope_before=np.zeros_like(one) if first else unit.slope(before)[None],
        direct={},
        output={},
        output_before={},
    )
