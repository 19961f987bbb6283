"""What every layer of a model is: built once, then run forward and backward over sequences.

Arrays are time-major, (ticks, batch, *features). A layer keeps parameters and nothing of a
sequence: its state goes in and comes out, and what the backward pass needs lies on a tape.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError, InputTypeError

__all__ = ["Array", "Gradients", "Layer", "Shape", "State"]

Array = npt.NDArray[Any]
Shape = tuple[int, ...]
State = tuple[Array, ...]
Gradients = dict[str, Array]


class Layer:
    """A map from sequences to sequences.

    Attributes
    ----------
    in_shape, shape : tuple of int
        Features that go in and come out; set by `build`.
    dtype : numpy.dtype
        float32 or float64.
    parameters : dict of str to ndarray
        What is trained. Optimisers change these arrays in place.
    buffers : dict of str to ndarray
        What is not trained but saved: running statistics.
    taken : bool
        Whether it is part of a model, and of no other from then on.
    """

    in_shape: Shape
    shape: Shape
    dtype: np.dtype[Any]

    def __init__(self) -> None:
        self.parameters: dict[str, Array] = {}
        self.buffers: dict[str, Array] = {}
        self.taken = False

    def build(self, shape: Shape, rng: np.random.Generator, dtype: npt.DTypeLike) -> Shape:
        """Make the parameters for inputs of features `shape`; return the features that come out.

        Raises
        ------
        InputError
            If the layer cannot take inputs of that shape.
        """
        self.in_shape = tuple(shape)
        self.dtype = np.dtype(dtype)
        self.shape = self._build(self.in_shape, rng)
        return self.shape

    def _build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        raise NotImplementedError

    def start(self, batch: int) -> State:
        """Return the state before the first tick, arrays (batch, ...); () where there is none."""
        return ()

    def forward(
        self,
        x: Array,
        state: State,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, State, Any]:
        """Run a whole sequence.

        Parameters
        ----------
        x : ndarray, (ticks, batch, *in_shape)
            Of the layer's dtype; not changed.
        state : tuple of ndarray
            From `start` or from the call before; not changed.
        train : bool
            Whether dropout drops and batch statistics are taken.
        rng : Generator, optional
            Draws what is dropped.

        Returns
        -------
        y : ndarray, (ticks, batch, *shape)
        state : tuple of ndarray
            After the last tick.
        tape : object
            For `backward`.
        """
        raise NotImplementedError

    def backward(
        self, dy: Array, tape: Any, *, inward: bool = True
    ) -> tuple[Array | None, Gradients]:
        """Go back through a whole sequence.

        Parameters
        ----------
        dy : ndarray, (ticks, batch, *shape)
            Gradient of the loss by the layer's output; not changed.
        tape : object
            From `forward`.
        inward : bool
            Whether the gradient by the input is wanted; the first layer of a model is spared it.

        Returns
        -------
        dx : ndarray, (ticks, batch, *in_shape), or None
        gradients : dict of str to ndarray
            One for each of `parameters`.
        """
        raise NotImplementedError

    def parts(self) -> tuple[Layer, ...]:
        """Return the layer, and what it is built around."""
        return (self,)

    def constrain(self) -> None:
        """Put parameters that a step has taken out of their range back into it, in place."""

    @property
    def kind(self) -> str:
        """What the layer is, without its settings: how errors and pictures call it."""
        return type(self).__name__

    def describe(self) -> str:
        """Return the layer in a few words, as a summary shows it."""
        return type(self).__name__

    def __repr__(self) -> str:
        return self.describe()


def sequence(name: str, x: Any, features: Shape, dtype: np.dtype[Any]) -> Array:
    """Return `x` as a contiguous array (ticks, batch, *features) of finite numbers.

    Raises
    ------
    InputError, InputTypeError
        If the shape is another (both shapes are named), or values are missing or not finite.
    """
    try:
        array = np.asarray(x)
    except ValueError:
        raise InputTypeError(f"{name} must be an array, got rows of different lengths") from None
    if array.dtype.kind not in "fiub":
        raise InputTypeError(f"{name} must hold numbers, got dtype {array.dtype}")
    wanted = f"(ticks, batch, {', '.join(map(str, features))})"
    if array.ndim != 2 + len(features) or array.shape[2:] != features:
        raise InputError(f"{name} must have shape {wanted}, got shape {array.shape}")
    if 0 in array.shape:
        raise InputError(f"{name} must have at least one tick and one row, got {array.shape}")
    array = np.ascontiguousarray(array, dtype=dtype)
    # A sum is finite unless a term is not, or terms are huge: only then look at each of them.
    with np.errstate(all="ignore"):
        total = array.sum()
    if not np.isfinite(total):
        bad = ~np.isfinite(array)
        if bad.any():
            place = np.argwhere(bad)[0].tolist()
            raise InputError(
                f"{name}{place} must be a finite number, got {array[tuple(place)]} "
                f"({np.count_nonzero(bad)} of {array.size} values are not finite)"
            )
    return array


def glorot(
    rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int, dtype: np.dtype[Any]
) -> Array:
    """Draw uniform weights in ±√(6 / (fan_in + fan_out)) (Glorot and Bengio, AISTATS 2010)."""
    bound = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, size=shape).astype(dtype)
