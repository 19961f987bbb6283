"""Learning while the sequence goes: a model, its state and its traces, advanced tick by tick."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array, as_int
from spikealg.errors import InputError
from spikealg.learners.base import Array, Gradients, State
from spikealg.learners.quantization import Quantized
from spikealg.learners.rules.stages import Stage, cut
from spikealg.learners.sequential import Sequential

__all__ = ["Online"]


class Online:
    """A model that goes through a sequence and learns from every tick at once.

    What it keeps does not grow with the sequence: the state of the tick before, and traces. The
    model's parameters may be changed between ticks.

    Parameters
    ----------
    model : Sequential
        Dense and Conv2d before units, Recurrent and ConvRecurrent, and layers without memory; none
        that is quantised, since traces would follow its real parameters.
    batch : int
        Rows that go side by side.
    state : tuple of tuple of ndarray, optional
        Where to start; None: at rest. Gradients do not go further back.
    full : bool
        Whether traces follow recurrent matrices, see `ostl`.
    filtering : float, optional
        Ignore resets and low-pass eligibilities by this decay, see `eprop`.
    train : bool
        Whether dropout drops and batch statistics are taken, of each tick.
    rng : Generator, optional
        For dropout.

    Raises
    ------
    InputError
        If the model is quantised, or has a layer that there are no traces for; the message names
        it.
    TooLargeError
        If there is no memory for the traces.

    Examples
    --------
    >>> from spikealg.learners import Dense, Sequential, unit
    >>> model = Sequential([Dense(3), unit("BLI"), Dense(2)], shape=(4,), seed=0)
    >>> online = Online(model, batch=1)
    >>> for x in np.ones((100, 1, 4)):
    ...     y = online.forward(x)
    ...     online.learn(y - 1)
    >>> online.gradients()["0.weight"].shape, online.nbytes
    ((4, 3), 40)
    """

    def __init__(
        self,
        model: Sequential,
        batch: int,
        *,
        state: tuple[State, ...] | None = None,
        full: bool = True,
        filtering: float | None = None,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        if isinstance(model, Quantized):
            raise InputError('model is quantised: its gradients are made by rule="bptt" only')
        self.model = model
        start = model.start(batch) if state is None else state
        self._stages: list[Stage] = cut(
            model, start, full=full, filtering=filtering, train=train, rng=rng
        )
        self._shape_in = (batch, *model.in_shape)
        self._shape_out = (batch, *model.shape)
        self._ahead = False

    def forward(self, x: npt.ArrayLike) -> Array:
        """Return the output of one tick.

        Parameters
        ----------
        x : array_like, (batch, *in_shape)

        Returns
        -------
        ndarray, (batch, *shape)

        Raises
        ------
        InputError, InputTypeError
            If `x` has another shape or holds NaN.
        """
        if self._ahead:
            self.learn(np.zeros(self._shape_out))
        y = as_float_array("x", x).astype(self.model.dtype)
        if y.shape != self._shape_in:
            raise InputError(f"x must have shape {self._shape_in}, got shape {y.shape}")
        for stage in self._stages:
            y = stage.forward(y)
        self._ahead = True
        return y

    def learn(self, dy: npt.ArrayLike, inner: Mapping[int, Array] | None = None) -> None:
        """Add up what the tick just gone forward contributes to the gradients.

        Parameters
        ----------
        dy : array_like, (batch, *shape)
            Gradient of the loss by the output of that tick. A tick for which this is not called has
            none.
        inner : mapping of int to ndarray, optional
            Gradients of the loss by outputs of layers within, by their place; penalties on
            activity are such.

        Raises
        ------
        InputError
            If a shape does not fit, or `inner` holds a layer that has its traces together with
            the unit after it.
        """
        if not self._ahead:
            raise InputError("learn(dy) follows forward(x), once for each tick; got no tick")
        signal: Array = np.ascontiguousarray(dy, dtype=self.model.dtype)
        if signal.shape != self._shape_out:
            raise InputError(f"dy must have shape {self._shape_out}, got shape {signal.shape}")
        inner = {} if inner is None else inner
        for place, value in inner.items():
            wanted = self.output(place).shape
            if value.shape != wanted:
                raise InputError(
                    f"inner[{place}] must have shape {wanted}, got shape {value.shape}"
                )
        for stage in reversed(self._stages):
            if stage.place in inner:
                signal = signal + inner[stage.place].astype(self.model.dtype, copy=False)
            signal = stage.learn(signal)
        self._ahead = False

    def output(self, place: int) -> Array:
        """Return what the layer at a place put out (batch, *shape) in the tick just gone forward.

        Raises
        ------
        InputError
            If the layer has its traces together with the unit after it.
        """
        for stage in self._stages:
            if stage.place == place:
                return stage.y
        as_int("place", place, low=0, high=len(self.model.layers) - 1)
        raise InputError(
            f"the output of layer {place} ({self.model.layers[place].describe()}) goes into the "
            f"traces of the unit after it: penalise layer {place + 1}"
        )

    def gradients(self) -> Gradients:
        """Return the gradients since the start or since the last `clear`, by the model's names."""
        found: dict[str, Any] = {}
        for stage in self._stages:
            found.update(stage.gradients())
        return {name: found[name] for name in self.model.parameters()}

    def clear(self) -> None:
        """Set the gradients to 0, and go on: state and traces stay."""
        for stage in self._stages:
            stage.clear()

    @property
    def state(self) -> tuple[State, ...]:
        """State of each layer after the last tick, as `Sequential.forward` takes it."""
        return tuple(state for stage in self._stages for state in stage.states())

    @property
    def nbytes(self) -> int:
        """Memory of the traces [bytes]; it does not grow from tick to tick."""
        return sum(stage.nbytes for stage in self._stages)
