"""Eligibility traces of a layer: how its outputs depend on its parameters, carried along in time.

Three kinds with one interface. `DiagonalTraces` follow a parameter within the neuron it acts on,
`FullTraces` through a recurrent matrix into all neurons, and `LowPassTraces` are the diagonal ones
of neurons that all leak alike and are not reset: there a trace is the low-passed input, whatever
the neuron. None of them grows with the length of a sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from spikealg.learners.base import Array
from spikealg.learners.rules.eligibility import advance_full, advance_weight, filter_weight

__all__ = ["DiagonalTraces", "FullTraces", "LowPassTraces", "Size", "Tick", "Traces"]


@dataclass(frozen=True)
class Size:
    """Sizes of a layer's traces.

    Attributes
    ----------
    memory : int
        k, variables of a neuron's memory.
    batch, neurons : int
    rows : tuple of int
        Rows of each matrix that ends in the neurons.
    constants : int
        Parameters that each neuron has one value of.
    dtype : numpy.dtype
    """

    memory: int
    batch: int
    neurons: int
    rows: tuple[int, ...]
    constants: int
    dtype: np.dtype[Any]

    def zeros(self, *shape: int) -> Array:
        """Return zeros of the layer's dtype."""
        return np.zeros(shape, dtype=self.dtype)


@dataclass(frozen=True)
class Tick:
    """What one tick does to traces; contiguous arrays, n neurons in a row (see `Derivatives`).

    Attributes
    ----------
    carry : ndarray, (k, k, batch, n)
    gain, slope : ndarray, (k, batch, n)
    direct : ndarray, (constants, k, batch, n)
    output : ndarray, (constants, batch, n)
    inputs : tuple of ndarray, (batch, rows)
        What each matrix multiplies.
    feedback : ndarray, (n, n), or None
        The recurrent matrix, from row to column.
    inhibition : ndarray, (k, batch, n), or None
    winner : ndarray of int, (batch,), or None
    """

    carry: Array
    gain: Array
    slope: Array
    direct: Array
    output: Array
    inputs: tuple[Array, ...]
    feedback: Array | None = None
    inhibition: Array | None = None
    winner: npt.NDArray[np.intp] | None = None


class Traces(Protocol):
    """What all kinds of traces do."""

    @property
    def matrices(self) -> Sequence[Array]:
        """Gradients by the matrices, (rows, n) each, added up since they were last set to 0."""
        ...

    @property
    def constants(self) -> Array:
        """Gradients by the constants, (constants, n), likewise."""
        ...

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        ...

    def advance(self, tick: Tick, signal: Array) -> None:
        """Go on by a tick, and add what the learning signal (batch, n) makes of it."""
        ...


class _ConstantTraces:
    """Diagonal traces of parameters that each neuron has one value of."""

    def __init__(self, size: Size, filtering: float | None = None) -> None:
        self.trace = size.zeros(size.constants, size.memory, size.batch, size.neurons)
        self.filtered = size.zeros(size.constants, size.batch, size.neurons)
        self.gradient = size.zeros(size.constants, size.neurons)
        self.filtering = filtering
        self.nbytes = self.trace.nbytes + (0 if filtering is None else self.filtered.nbytes)

    def advance(self, tick: Tick, signal: Array) -> None:
        self.trace = np.einsum("jlbn,plbn->pjbn", tick.carry, self.trace) + tick.direct
        eligibility = np.einsum("kbn,pkbn->pbn", tick.slope, self.trace) + tick.output
        if self.filtering is not None:
            self.filtered = eligibility = eligibility + self.filtering * self.filtered
        self.gradient += np.einsum("bn,pbn->pn", signal, eligibility)


class DiagonalTraces:
    """One value for each weight, row of the batch and variable of memory: k · batch · rows · n.

    Parameters
    ----------
    size : Size
    filtering : float, optional
        Decay of a low-pass that eligibilities go through before they meet the signal (e-prop).
    """

    def __init__(self, size: Size, filtering: float | None = None) -> None:
        batch, n = size.batch, size.neurons
        self.traces = [size.zeros(size.memory, batch, rows, n) for rows in size.rows]
        self.filtered = [size.zeros(batch, rows, n) for rows in size.rows if filtering is not None]
        self.matrices = [size.zeros(rows, n) for rows in size.rows]
        self.filtering = filtering
        self._silent = size.zeros(batch, n)
        self._constants = _ConstantTraces(size, filtering)

    @property
    def constants(self) -> Array:
        """Gradients by the constants, (constants, n)."""
        return self._constants.gradient

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        arrays = (*self.traces, *self.filtered)
        return sum(array.nbytes for array in arrays) + self._constants.nbytes

    def advance(self, tick: Tick, signal: Array) -> None:
        """Go on by a tick, see `Traces.advance`."""
        at_once = signal if self.filtering is None else self._silent
        for trace, x, gradient in zip(self.traces, tick.inputs, self.matrices, strict=True):
            advance_weight(trace, tick.carry, tick.gain, tick.slope, x, at_once, gradient)
        if self.filtering is not None:
            for trace, filtered, gradient in zip(
                self.traces, self.filtered, self.matrices, strict=True
            ):
                decay = filtered.dtype.type(self.filtering)
                filter_weight(trace, tick.slope, decay, filtered, signal, gradient)
        self._constants.advance(tick, signal)


class LowPassTraces:
    """One value for each input and row of the batch, as κ is one number: batch · rows.

    Exact where k = 1 and neither carry nor gain depends on the tick, the carry nor on the neuron.
    """

    def __init__(self, size: Size) -> None:
        self.traces = [size.zeros(size.batch, rows) for rows in size.rows]
        self.matrices = [size.zeros(rows, size.neurons) for rows in size.rows]
        self._constants = _ConstantTraces(size)

    @property
    def constants(self) -> Array:
        """Gradients by the constants, (constants, n)."""
        return self._constants.gradient

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        return sum(array.nbytes for array in self.traces) + self._constants.nbytes

    def advance(self, tick: Tick, signal: Array) -> None:
        """Go on by a tick, see `Traces.advance`."""
        decay = tick.carry[0, 0, 0, 0]
        weight = signal * tick.slope[0] * tick.gain[0]
        for trace, x, gradient in zip(self.traces, tick.inputs, self.matrices, strict=True):
            trace *= decay
            trace += x
            gradient += trace.T @ weight
        self._constants.advance(tick, signal)


class FullTraces:
    """One value for each neuron and parameter: (k + 2) · batch · n · (rows + constants) · n."""

    def __init__(self, size: Size) -> None:
        columns = (sum(size.rows) + size.constants) * size.neurons
        n = size.neurons
        self.trace = size.zeros(size.memory, size.batch, n, columns)
        self.eligibility = size.zeros(size.batch, n, columns)
        self._recurrent = size.zeros(size.batch, n, columns)
        self._gradient = size.zeros(columns)
        # Views: what is added to the whole shows in its parts.
        grid = self._gradient.reshape(-1, n)
        self.matrices = np.split(grid[: sum(size.rows)], np.cumsum(size.rows)[:-1])
        self.constants = grid[sum(size.rows) :]
        self._none = size.zeros(size.memory, size.batch, n)
        self._nothing = size.zeros(size.batch, columns)

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        return self.trace.nbytes + self.eligibility.nbytes + self._recurrent.nbytes

    def advance(self, tick: Tick, signal: Array) -> None:
        """Go on by a tick, see `Traces.advance`."""
        if tick.feedback is not None:
            np.matmul(tick.feedback.T, self.eligibility, out=self._recurrent)
        winning, inhibition = self._nothing, self._none
        if tick.winner is not None and tick.inhibition is not None:
            winning = self.eligibility[np.arange(len(tick.winner)), tick.winner]
            inhibition = tick.inhibition
        advance_full(
            self.trace,
            self.eligibility,
            self._recurrent,
            tick.carry,
            tick.gain,
            tick.slope,
            np.concatenate(tick.inputs, axis=1),
            tick.direct,
            tick.output,
            inhibition,
            winning,
            signal,
            self._gradient,
        )
