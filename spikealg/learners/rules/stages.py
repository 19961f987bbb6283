"""A model cut into stages that learn as the sequence goes: units with traces, and the rest."""

from __future__ import annotations

from typing import Any, Protocol, TypeGuard

import numpy as np

from spikealg.errors import InputError
from spikealg.learners.base import Array, Gradients, Layer, State
from spikealg.learners.layers import Conv2d, ConvRecurrent, Dense, Recurrent
from spikealg.learners.rules.traced import Traced
from spikealg.learners.sequential import Sequential
from spikealg.learners.units import LeakyReadout, Unit
from spikealg.learners.units.plain import Activation

__all__ = ["Stage", "cut"]


class Stage(Protocol):
    """One or two layers that go on together.

    Attributes
    ----------
    place : int
        Of the layer that its output is that of.
    y : ndarray, (batch, *shape)
        Output of the tick gone forward.
    """

    place: int
    y: Array

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
        self.y: Array

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
        self.y = y[0]
        return self.y

    def learn(self, dy: Array) -> Array:
        """Add the tick's gradients; return the gradient by its input."""
        dx, gradients = self.layer.backward(dy[None], self._tape)
        for name, value in gradients.items():
            self._sums[f"{self.place}.{name}"] += value
        assert dx is not None
        tick: Array = dx[0]
        return tick


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
        If what stands before a unit with memory has parameters, and traces of these are not known.
    TooLargeError
        If there is no memory for the traces.
    """
    stages: list[Stage] = []
    layers = model.layers
    for place, layer in enumerate(layers):
        if not _remembers(layer):
            stages.append(Stateless(place, layer, state[place], train, rng))
            continue
        before = layers[place - 1] if place and isinstance(layer, Unit) else None
        linear = before if isinstance(before, (Dense, Conv2d)) else None
        if linear is not None:
            stages.pop()
        elif before is not None and before.parameters and not _remembers(before):
            raise InputError(
                f"layer {place - 1} ({before.kind}) before a unit with memory has no "
                'traces: Dense and Conv2d have; learn by rule="bptt"'
            )
        # Eligibilities of the readout itself are low-passed already.
        low_pass = None if isinstance(layer, LeakyReadout) else filtering
        stages.append(Traced(place, layer, linear, state[place], full=full, filtering=low_pass))
    return stages


def _remembers(layer: Layer) -> TypeGuard[Unit | Recurrent | ConvRecurrent]:
    """Return whether a layer depends on the tick before."""
    if isinstance(layer, (Recurrent, ConvRecurrent)):
        return True
    return isinstance(layer, Unit) and not isinstance(layer, Activation)
