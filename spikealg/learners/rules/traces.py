"""Eligibility traces of a layer: how its outputs depend on its parameters, carried along in time.

Three kinds with one interface. `DiagonalTraces` follow a parameter within the neurons it acts on,
`FullTraces` (full.py) through recurrent weights into all neurons, and `LowPassTraces` are the
diagonal ones of neurons that all leak alike and are not reset: there a trace is the low-passed
input, whatever the neuron. None of them grows with the length of a sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from spikealg.learners.base import Array
from spikealg.learners.rules.eligibility import advance_weight, filter_weight
from spikealg.learners.rules.weights import Constant, Weights

__all__ = ["DiagonalTraces", "LowPassTraces", "Size", "Tick", "Traces"]


@dataclass(frozen=True)
class Size:
    """What a layer's traces are of.

    Attributes
    ----------
    memory : int
        k, variables of a neuron's memory.
    batch, neurons : int
    weights : tuple of Weights
        All that end in the neurons.
    constants : tuple of Constant
    dtype : numpy.dtype
    """

    memory: int
    batch: int
    neurons: int
    weights: tuple[Weights, ...]
    constants: tuple[Constant, ...]
    dtype: np.dtype[Any]

    def zeros(self, *shape: int) -> Array:
        """Return zeros of the layer's dtype."""
        return np.zeros(shape, dtype=self.dtype)

    def gradients(self) -> list[Array]:
        """Return room for the gradients by the weights, (rows, channels) each."""
        return [self.zeros(w.rows, w.channels) for w in self.weights]


@dataclass(frozen=True)
class Tick:
    """What one tick does to traces; contiguous arrays, n neurons in a row (see `Derivatives`).

    Attributes
    ----------
    carry : ndarray, (k, k, batch, n)
    gain, slope, slope_before : ndarray, (k, batch, n)
    direct : ndarray, (constants, k, batch, n)
    output, output_before : ndarray, (constants, batch, n)
    inputs : tuple of ndarray, (batch, ...)
        What each of the weights multiplies.
    inhibition : ndarray, (k, batch, n), or None
    winner : ndarray of int, (batch,), or None
    """

    carry: Array
    gain: Array
    slope: Array
    slope_before: Array
    direct: Array
    output: Array
    output_before: Array
    inputs: tuple[Array, ...]
    inhibition: Array | None = None
    winner: npt.NDArray[np.intp] | None = None


class Traces(Protocol):
    """What all kinds of traces do."""

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        ...

    def advance(self, tick: Tick, signal: Array) -> None:
        """Go on by a tick, and add what the learning signal (batch, n) makes of it."""
        ...

    def gradients(self) -> list[Array]:
        """Return copies of the gradients added up so far, of weights, then of constants."""
        ...

    def clear(self) -> None:
        """Set the gradients to 0."""
        ...


class _Diagonal:
    """What diagonal kinds share: gradients, and the traces of constants."""

    def __init__(self, size: Size, filtering: float | None = None) -> None:
        count = len(size.constants)
        self.size = size
        self.filtering = filtering
        self._of_weights = size.gradients()
        self._of_constants = size.zeros(count, size.neurons)
        self._trace = size.zeros(count, size.memory, size.batch, size.neurons)
        self._filtered = size.zeros(count, size.batch, size.neurons)

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        return self._trace.nbytes + (0 if self.filtering is None else self._filtered.nbytes)

    def advance(self, tick: Tick, signal: Array) -> None:
        """Go on by a tick, see `Traces.advance`: here of the constants."""
        self._trace = np.einsum("jlbn,plbn->pjbn", tick.carry, self._trace) + tick.direct
        eligibility = np.einsum("kbn,pkbn->pbn", tick.slope, self._trace) + tick.output
        if self.filtering is not None:
            self._filtered = eligibility = eligibility + self.filtering * self._filtered
        self._of_constants += np.einsum("bn,pbn->pn", signal, eligibility)

    def gradients(self) -> list[Array]:
        """Return copies of the gradients, see `Traces.gradients`."""
        shaped = [
            weights.shaped(found)
            for weights, found in zip(self.size.weights, self._of_weights, strict=True)
        ]
        folded = [
            constant.folded(found)
            for constant, found in zip(self.size.constants, self._of_constants, strict=True)
        ]
        return shaped + folded

    def clear(self) -> None:
        """Set the gradients to 0."""
        for gradient in (*self._of_weights, self._of_constants):
            gradient[...] = 0


class DiagonalTraces(_Diagonal):
    """One value for each weight and neuron that it acts on: k · batch · rows · n.

    A weight of a matrix acts on one neuron, one of a kernel on a neuron at every position.

    Parameters
    ----------
    size : Size
    filtering : float, optional
        Decay of a low-pass that eligibilities go through before they meet the signal (e-prop).
    """

    def __init__(self, size: Size, filtering: float | None = None) -> None:
        super().__init__(size, filtering)
        batch, n = size.batch, size.neurons
        self.traces = [size.zeros(size.memory, batch, w.rows, n) for w in size.weights]
        self.filtered = [
            size.zeros(batch, w.rows, n) for w in size.weights if filtering is not None
        ]
        self._silent = size.zeros(batch, n)

    @staticmethod
    def values(size: Size, filtering: float | None) -> int:
        """Return how many numbers the traces of weights hold."""
        each = size.memory + (filtering is not None)
        return each * size.batch * size.neurons * sum(w.rows for w in size.weights)

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        return super().nbytes + sum(array.nbytes for array in (*self.traces, *self.filtered))

    def advance(self, tick: Tick, signal: Array) -> None:
        """Go on by a tick, see `Traces.advance`."""
        at_once = signal if self.filtering is None else self._silent
        parts = zip(self.size.weights, self.traces, tick.inputs, self._of_weights, strict=True)
        for weights, trace, x, gradient in parts:
            seen = weights.seen(x)
            advance_weight(trace, tick.carry, tick.gain, tick.slope, seen, at_once, gradient)
        if self.filtering is not None:
            for trace, filtered, gradient in zip(
                self.traces, self.filtered, self._of_weights, strict=True
            ):
                decay = filtered.dtype.type(self.filtering)
                filter_weight(trace, tick.slope, decay, filtered, signal, gradient)
        super().advance(tick, signal)


class LowPassTraces(_Diagonal):
    """One value for each input, as κ is one number: the inputs themselves, low-passed.

    Exact where k = 1 and neither carry nor gain depends on the tick, the carry nor on the neuron.
    """

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self.traces = [size.zeros(size.batch, *w.in_shape) for w in size.weights]

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        return super().nbytes + sum(array.nbytes for array in self.traces)

    def advance(self, tick: Tick, signal: Array) -> None:
        """Go on by a tick, see `Traces.advance`."""
        decay = tick.carry[0, 0, 0, 0]
        by_current = signal * tick.slope[0] * tick.gain[0]
        parts = zip(self.size.weights, self.traces, tick.inputs, self._of_weights, strict=True)
        for weights, trace, x, gradient in parts:
            trace *= decay
            trace += x
            gradient += weights.summed(trace, by_current)
        super().advance(tick, signal)
