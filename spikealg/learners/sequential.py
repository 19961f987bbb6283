"""A model: layers one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.archive import read_archive, write_archive
from spikealg.arguments import as_int
from spikealg.errors import FileFormatError, InputError, InputTypeError
from spikealg.learners.base import Array, Gradients, Layer, Shape, State, sequence

__all__ = ["Forward", "Sequential"]

_FORMAT = "spikealg model"
_VERSION = 1


@dataclass(frozen=True, eq=False)
class Forward:
    """What a model did with a sequence.

    Attributes
    ----------
    y : ndarray, (ticks, batch, *shape)
        Output of the last layer.
    state : tuple of tuple of ndarray
        State of each layer after the last tick.
    tapes : tuple
        Of each layer, for going back.
    outputs : tuple of ndarray
        Output of each layer, (ticks, batch, *shape of the layer).
    """

    y: Array
    state: tuple[State, ...]
    tapes: tuple[Any, ...]
    outputs: tuple[Array, ...]

    @property
    def activity(self) -> tuple[float, ...]:
        """Share of the outputs of each layer that are not 0: of spikes, where they are binary."""
        return tuple(float(np.count_nonzero(y) / y.size) for y in self.outputs)


class Sequential:
    """Layers one after another, units among them.

    Parameters
    ----------
    layers : sequence of Layer
        A layer belongs to one model, and stands in it once.
    shape : tuple of int
        Features of the input.
    seed : int
        Of the initial weights.
    dtype : dtype
        float32 or float64. Models of one seed differ between the two by rounding only.

    Attributes
    ----------
    layers : tuple of Layer
    in_shape, shape : tuple of int
        Features that go in and come out.

    Raises
    ------
    InputError, InputTypeError
        If a layer does not fit the one before it; the message names its place.

    Examples
    --------
    >>> from spikealg.learners import Dense, Sequential, unit
    >>> model = Sequential([Dense(3), unit("BLI"), Dense(2)], shape=(4,), seed=0)
    >>> model(np.ones((5, 1, 4))).shape
    (5, 1, 2)
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        shape: Sequence[int] | int,
        seed: int = 0,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.layers = _free_layers(layers)
        if isinstance(shape, (int, np.integer)):
            shape = (int(shape),)
        self.in_shape: Shape = tuple(as_int("shape", n, low=1) for n in shape)
        self.seed = as_int("seed", seed, low=0)
        try:
            self.dtype = np.dtype(dtype)
        except TypeError:
            raise InputError(f"dtype must be float32 or float64, got {dtype!r}") from None
        if self.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise InputError(f"dtype must be float32 or float64, got {self.dtype}")
        rng = np.random.default_rng(self.seed)
        self.shape = self.in_shape
        for place, layer in enumerate(self.layers):
            try:
                self.shape = layer.build(self.shape, rng, self.dtype)
            except InputError as error:
                raise InputError(f"layer {place}: {error}") from None
        for part in _parts(self.layers):
            part.taken = True

    @property
    def _trained(self) -> tuple[Layer, ...]:
        """The layers whose parameters are trained."""
        return self.layers

    def parameters(self) -> dict[str, Array]:
        """Return what is trained, by "place.name"; change the arrays in place to train."""
        return {
            f"{place}.{name}": value
            for place, layer in enumerate(self._trained)
            for name, value in layer.parameters.items()
        }

    def buffers(self) -> dict[str, Array]:
        """Return what is saved but not trained, by "place.name"."""
        return {
            f"{place}.{name}": value
            for place, layer in enumerate(self.layers)
            for name, value in layer.buffers.items()
        }

    def constrain(self) -> None:
        """Put parameters that a step has taken out of their range back into it, in place.

        Decays and resets are from 0 to 1. `fit` calls it after every step; a loop of one's own
        should too.
        """
        for layer in self._trained:
            layer.constrain()

    def start(self, batch: int) -> tuple[State, ...]:
        """Return the state of each layer before the first tick, for `batch` rows."""
        batch = as_int("batch", batch, low=1)
        return tuple(layer.start(batch) for layer in self.layers)

    def forward(
        self,
        x: npt.ArrayLike,
        state: tuple[State, ...] | None = None,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> Forward:
        """Run a sequence and keep what going back needs.

        Parameters
        ----------
        x : array_like, (ticks, batch, *in_shape)
            Numbers or booleans.
        state : tuple of tuple of ndarray, optional
            From an earlier call, whose sequence is continued. None starts at rest.
        train : bool
            Whether dropout drops and batch statistics are taken.
        rng : Generator, optional
            For dropout.

        Raises
        ------
        InputError, InputTypeError
            If `x` has another shape or holds NaN, or `state` is not one of this model and batch.
        """
        x, state = self._checked(x, state)
        states, tapes, outputs = [], [], []
        for layer, before in zip(self.layers, state, strict=True):
            x, after, tape = layer.forward(x, before, train, rng)
            states.append(after)
            tapes.append(tape)
            outputs.append(x)
        return Forward(x, tuple(states), tuple(tapes), tuple(outputs))

    def __call__(self, x: npt.ArrayLike) -> Array:
        """Return the output for the sequence `x` from rest; nothing is kept for going back."""
        y, state = self._checked(x, None)
        for layer, before in zip(self.layers, state, strict=True):
            y, *_ = layer.forward(y, before)
        return y

    def backward(
        self,
        dy: npt.ArrayLike,
        forward: Forward,
        inner: Mapping[int, Array] | None = None,
    ) -> Gradients:
        """Return the gradients of a loss by all parameters, through the whole sequence.

        Parameters
        ----------
        dy : array_like, (ticks, batch, *shape)
            Gradient of the loss by the output.
        forward : Forward
            From `forward`.
        inner : mapping of int to ndarray, optional
            Gradients of the loss by outputs of layers within, by their place; penalties on
            activity are such.

        Returns
        -------
        dict of str to ndarray
            By the keys of `parameters`.
        """
        self.require_own(forward)
        dy = sequence("dy", dy, self.shape, self.dtype)
        if dy.shape != forward.y.shape:
            raise InputError(f"dy must have shape {forward.y.shape}, got shape {dy.shape}")
        inner = {} if inner is None else inner
        for place, value in inner.items():
            as_int("inner", place, low=0, high=len(self.layers) - 1)
            if value.shape != forward.outputs[place].shape:
                wanted = forward.outputs[place].shape
                raise InputError(
                    f"inner[{place}] must have shape {wanted}, got shape {value.shape}"
                )
        # Below the first layer that has parameters nobody asks for gradients.
        lowest = next((k for k, layer in enumerate(self.layers) if layer.parameters), 0)
        found: dict[str, Array] = {}
        gradient: Array = dy
        for place in range(len(self.layers) - 1, lowest - 1, -1):
            if place in inner:
                gradient = gradient + inner[place].astype(self.dtype, copy=False)
            inward, gradients = self.layers[place].backward(
                gradient, forward.tapes[place], inward=place > lowest
            )
            found.update({f"{place}.{name}": value for name, value in gradients.items()})
            if inward is not None:
                gradient = inward
        return {name: found[name] for name in self.parameters()}

    def require_own(self, forward: Forward) -> None:
        """Check that `forward` may be of this model.

        Raises
        ------
        InputError, InputTypeError
            If layers have other shapes, or it is no `Forward`.
        """
        if not isinstance(forward, Forward):
            raise InputTypeError(
                f"forward must be what model.forward returned, got {type(forward).__name__}"
            )
        own = [layer.shape for layer in self.layers]
        given = [y.shape[2:] for y in forward.outputs]
        if own != given:
            raise InputError(
                f"forward must be of this model, whose layers have shapes {own}, got {given}"
            )

    def summary(self) -> str:
        """Return a table: layers, features that come out, number of parameters."""
        rows = [("", "layer", "out", "parameters")]
        for place, layer in enumerate(self.layers):
            count = sum(value.size for value in layer.parameters.values())
            rows.append((str(place), layer.describe(), str(layer.shape), f"{count:,}"))
        total = sum(value.size for value in self.parameters().values())
        rows.append(("", "total", "", f"{total:,}"))
        widths = [max(len(row[k]) for row in rows) for k in range(4)]
        return "\n".join(
            f"{a:>{widths[0]}}  {b:<{widths[1]}}  {c:<{widths[2]}}  {d:>{widths[3]}}"
            for a, b, c, d in rows
        )

    def __repr__(self) -> str:
        count = sum(value.size for value in self.parameters().values())
        return (
            f"{type(self).__name__}({len(self.layers)} layers, {self.in_shape} to {self.shape}, "
            f"{count:,} parameters)"
        )

    def save(self, path: str | Path) -> None:
        """Write parameters and buffers to `path`: npz with a JSON header, see `archive`."""
        header = {
            "layers": [layer.describe() for layer in self.layers],
            "in_shape": list(self.in_shape),
            "dtype": self.dtype.name,
        }
        write_archive(path, _FORMAT, _VERSION, header, self._saved())

    def load(self, path: str | Path) -> None:
        """Read parameters and buffers from `path` into this model, in place.

        Raises
        ------
        FileFormatError
            If the file is no model, or one of other layers; nothing is changed then.
        """
        _, arrays = read_archive(path, _FORMAT, _VERSION)
        own = self._saved()
        for name in own.keys() | arrays.keys():
            here = own[name].shape if name in own else None
            there = arrays[name].shape if name in arrays else None
            if here != there:
                raise FileFormatError(
                    f"{path} does not fit the model: {name} has shape {there} in the file, "
                    f"{here} in the model (None: it is not there)"
                )
        for name, array in own.items():
            array[...] = arrays[name]

    def _saved(self) -> dict[str, Array]:
        return {**self.parameters(), **self.buffers()}

    def _checked(
        self, x: npt.ArrayLike, state: tuple[State, ...] | None
    ) -> tuple[Array, tuple[State, ...]]:
        array = sequence("x", x, self.in_shape, self.dtype)
        return array, checked_state(state, self.start(array.shape[1]))


def checked_state(state: tuple[State, ...] | None, rest: tuple[State, ...]) -> tuple[State, ...]:
    """Return `state`, or the state of `rest` for None.

    Raises
    ------
    InputError
        If its arrays are not as many and of the shapes as those of `rest`.
    """
    if state is None:
        return rest
    if len(state) != len(rest):
        raise InputError(
            f"state must have one entry for each of {len(rest)} layers, got {len(state)}"
        )
    for place, (given, own) in enumerate(zip(state, rest, strict=True)):
        shapes = [tuple(part.shape) for part in given], [part.shape for part in own]
        if shapes[0] != shapes[1]:
            raise InputError(
                f"state[{place}] must hold arrays of shapes {shapes[1]}, got {shapes[0]}"
            )
    return state


def _free_layers(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Return layers of which none is in a model yet, nor twice in this one."""
    if isinstance(layers, Layer):
        raise InputTypeError(f"layers must be a list of layers, got {layers.kind} alone")
    found = tuple(layers)
    if not found:
        raise InputError("layers must hold at least one layer, got none")
    for place, layer in enumerate(found):
        if not isinstance(layer, Layer):
            raise InputTypeError(f"layers[{place}] must be a layer, got {type(layer).__name__}")
        before = _parts(found[:place])
        for part in layer.parts():
            if any(part is other for other in before):
                raise InputError(f"layers[{place}] stands in the model twice: make a new one")
            if part.taken:
                raise InputError(
                    f"layers[{place}] is in a model already, which would lose its weights: make a "
                    "new one"
                )
    return found


def _parts(layers: Sequence[Layer]) -> list[Layer]:
    return [part for layer in layers for part in layer.parts()]
