"""Eligibility traces that follow every parameter through recurrent weights into all neurons."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from spikealg.learners.base import Array
from spikealg.learners.rules.eligibility import advance_full, eligibilities
from spikealg.learners.rules.traces import Size, Tick

__all__ = ["FullTraces"]

_BLOCK = 1 << 16
"""Numbers of a trace that go through a tick together: with two more of that size they stay in the
second-level cache."""


class FullTraces:
    """One value for each parameter and neuron: k · batch · parameters · n.

    With h and y the memory and the output, a tick is dh = carry dh⁻ + gain (H dy⁻ + direct terms),
    where dy⁻ = slope⁻ dh⁻ + output⁻. It is computed for a block of parameters at a time, so that
    dy⁻ and H dy⁻ need no memory beside the traces. Rows of weights whose inputs have all been 0 so
    far have traces of 0 and are left out: rows stand in the order in which they were first reached.

    Parameters
    ----------
    size : Size
    feedback : callable, optional
        From outputs (rows, n) to what comes through the recurrent weights, (rows, n).
    """

    def __init__(self, size: Size, feedback: Callable[[Array], Array] | None = None) -> None:
        self.size = size
        self.feedback = feedback
        counts = self._counts(size)
        self.traces = [size.zeros(count, size.memory, size.batch, size.neurons) for count in counts]
        self._gradients = [size.zeros(count) for count in counts]
        self._reached = [np.zeros(w.rows, dtype=np.bool_) for w in size.weights]
        self._order: list[npt.NDArray[np.intp]] = [np.empty(0, dtype=np.intp) for _ in size.weights]
        starts = np.cumsum([0, *(constant.size for constant in size.constants)])
        self._borders = starts[1:-1]
        self._entries = np.array(
            [start + c.owner for start, c in zip(starts, size.constants, strict=False)],
            dtype=np.intp,
        ).reshape(len(size.constants), size.neurons)

    @staticmethod
    def _counts(size: Size) -> list[int]:
        """Return how many parameters there are: those of each of the weights, and the constants."""
        constants = sum(constant.size for constant in size.constants)
        return [w.rows * w.channels for w in size.weights] + [constants]

    @classmethod
    def values(cls, size: Size) -> int:
        """Return how many numbers the traces hold."""
        return sum(cls._counts(size)) * size.memory * size.batch * size.neurons

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]."""
        return sum(trace.nbytes for trace in self.traces)

    def gradients(self) -> list[Array]:
        """Return copies of the gradients, see `Traces.gradients`."""
        *of_weights, of_constants = self._gradients
        shaped = []
        for weights, found, order in zip(self.size.weights, of_weights, self._order, strict=True):
            each = self.size.zeros(weights.rows, weights.channels)
            each[order] = found.reshape(each.shape)[: len(order)]
            shaped.append(weights.shaped(each))
        parts = np.split(of_constants, self._borders) if self.size.constants else []
        return shaped + [
            part.reshape(constant.shape).copy()
            for constant, part in zip(self.size.constants, parts, strict=True)
        ]

    def clear(self) -> None:
        """Set the gradients to 0."""
        for gradient in self._gradients:
            gradient[...] = 0

    def advance(self, tick: Tick, signal: Array) -> None:
        """Go on by a tick, see `Traces.advance`."""
        by_memory = signal * tick.slope
        for place, (weights, x) in enumerate(zip(self.size.weights, tick.inputs, strict=True)):
            seen = weights.seen(x)
            order = self._reach(place, seen)
            seen = seen[:, order]
            count = len(order) * weights.channels
            for block in self._blocks(count):
                self._advance(place, block, tick, by_memory, seen)
        self._advance_constants(tick, signal, by_memory)

    def _reach(self, place: int, seen: Array) -> npt.NDArray[np.intp]:
        """Return the rows that have traces, in their order; append those that the tick reaches."""
        new = seen.any(axis=(0, 2)) & ~self._reached[place]
        if new.any():
            self._reached[place] |= new
            self._order[place] = np.append(self._order[place], np.flatnonzero(new))
        return self._order[place]

    def _advance_constants(self, tick: Tick, signal: Array, by_memory: Array) -> None:
        """Advance the traces of the constants, the last ones."""
        entries, neurons = self._entries, np.arange(self.size.neurons)
        self._advance(-1, slice(0, len(self.traces[-1])), tick, by_memory)
        self.traces[-1][entries, :, :, neurons] += tick.direct.transpose(0, 3, 1, 2)
        at_once = np.einsum("bn,pbn->pn", signal, tick.output)
        at_once += np.einsum("kbn,pkbn->pn", by_memory, tick.direct)
        np.add.at(self._gradients[-1], entries, at_once)

    def _advance(
        self, place: int, block: slice, tick: Tick, by_memory: Array, seen: Array | None = None
    ) -> None:
        """Advance a block of traces, of weights by what the weights see, too."""
        trace, gradient = self.traces[place][block], self._gradients[place][block]
        batch, neurons = self.size.batch, self.size.neurons
        before = np.empty((len(trace), batch, neurons), trace.dtype)
        eligibilities(trace, tick.slope_before, before)
        if seen is None:
            output_before = tick.output_before.transpose(0, 2, 1)
            before[self._entries, :, np.arange(neurons)] += output_before
        if self.feedback is None:
            through = np.zeros_like(before)
        else:
            through = self.feedback(before.reshape(-1, neurons)).reshape(before.shape)
        inhibition, winning = tick.inhibition, self.size.zeros(len(trace), batch)
        if inhibition is None:
            inhibition = np.zeros_like(tick.gain)
        else:
            winning[...] = before[:, np.arange(batch), tick.winner]
        advance_full(
            trace,
            tick.carry,
            tick.gain,
            through,
            inhibition,
            winning,
            self.size.zeros(batch, 0, 0) if seen is None else seen,
            block.start,
            1 if seen is None else self.size.weights[place].channels,
            by_memory,
            gradient,
        )

    def _blocks(self, count: int) -> Iterator[slice]:
        """Cut so many parameters into blocks."""
        step = max(1, _BLOCK // (self.size.memory * self.size.batch * self.size.neurons))
        for begin in range(0, count, step):
            yield slice(begin, min(begin + step, count))
