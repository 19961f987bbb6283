"""Eligibility traces that follow every parameter through recurrent weights into all neurons."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from spikealg.learners.base import Array
from spikealg.learners.rules.eligibility import add_seen, advance_full, eligibilities
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
        by_memory = (signal * tick.slope).ravel()
        for place, (weights, x) in enumerate(zip(self.size.weights, tick.inputs, strict=True)):
            seen = weights.seen(x)
            order = self._reach(place, seen)
            seen = seen[:, order]
            gradient = self._gradients[place]
            trace = self.traces[place][: len(order) * weights.channels]
            for block in self._blocks(trace):
                part = trace[block]
                self._carry_on(part, tick)
                add_seen(part, tick.gain, seen, block.start, weights.channels)
                gradient[block] += part.reshape(len(part), -1) @ by_memory
        self._advance_constants(tick, signal, by_memory)

    def _reach(self, place: int, seen: Array) -> npt.NDArray[np.intp]:
        """Return the rows that have traces, in their order; append those that the tick reaches."""
        new = seen.any(axis=(0, 2)) & ~self._reached[place]
        if new.any():
            self._reached[place] |= new
            self._order[place] = np.append(self._order[place], np.flatnonzero(new))
        return self._order[place]

    def _advance_constants(self, tick: Tick, signal: Array, by_memory: Array) -> None:
        trace, gradient = self.traces[-1], self._gradients[-1]
        self._carry_on(trace, tick, tick.output_before)
        neurons = np.arange(self.size.neurons)
        trace[self._entries, :, :, neurons] += tick.direct.transpose(0, 3, 1, 2)
        gradient += trace.reshape(len(trace), -1) @ by_memory
        at_once = np.einsum("bn,pbn->pn", signal, tick.output)
        np.add.at(gradient, self._entries, at_once)

    def _carry_on(self, trace: Array, tick: Tick, output_before: Array | None = None) -> None:
        """Advance traces by what comes from the tick before."""
        eligibility = np.empty((len(trace), self.size.batch, self.size.neurons), trace.dtype)
        eligibilities(trace, tick.slope_before, eligibility)
        if output_before is not None:
            neurons = np.arange(self.size.neurons)
            eligibility[self._entries, :, neurons] += output_before.transpose(0, 2, 1)
        if self.feedback is None:
            through = np.zeros_like(eligibility)
        else:
            through = self.feedback(eligibility.reshape(-1, self.size.neurons))
        advance_full(trace, tick.carry, tick.gain, through.reshape(eligibility.shape))
        if tick.winner is not None and tick.inhibition is not None:
            winning = eligibility[:, np.arange(self.size.batch), tick.winner]
            trace += winning[:, None, :, None] * tick.inhibition

    def _blocks(self, trace: Array) -> Iterator[slice]:
        """Cut the parameters of a trace into blocks."""
        step = max(1, _BLOCK // (self.size.memory * self.size.batch * self.size.neurons))
        for begin in range(0, len(trace), step):
            yield slice(begin, min(begin + step, len(trace)))
