"""What a learning rule returns, and the loss and penalties that it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikealg.arguments import as_int
from spikealg.errors import InputError, InputTypeError
from spikealg.learners.base import Array, Gradients, State

__all__ = ["Learned", "Loss", "Penalty", "charged", "checked_penalties", "judged"]

Loss = Callable[[Array, Any], tuple[float, Array]]
"""loss(y, target) -> (value, dy): y and dy are (ticks, batch, *shape), dy the gradient by y."""

Penalty = Callable[[Array], tuple[float, Array]]
"""penalty(output) -> (value, gradient), of the output (ticks, batch, *shape) of a layer."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What one pass over a sequence teaches.

    Attributes
    ----------
    value : float
        Loss.
    gradients : dict of str to ndarray
        By the keys of `Sequential.parameters`.
    y : ndarray, (ticks, batch, *shape)
        Output of the model.
    state : tuple of tuple of ndarray
        State of each layer after the last tick.
    """

    value: float
    gradients: Gradients
    y: Array
    state: tuple[State, ...]


def judged(loss: Loss, y: Array, target: Any) -> tuple[float, Array]:
    """Return value and gradient of the loss, the gradient's shape checked."""
    value, dy = loss(y, target)
    if np.shape(dy) != y.shape:
        raise InputError(
            f"loss must return a gradient of the output's shape {y.shape}, got {np.shape(dy)}"
        )
    return float(value), dy


def checked_penalties(
    penalties: Mapping[int, Penalty] | None, layers: int
) -> Mapping[int, Penalty]:
    """Return penalties by places of a model of so many layers; none for None.

    Raises
    ------
    InputError, InputTypeError
        If there is no layer at a place, or what is there is no function.
    """
    penalties = {} if penalties is None else penalties
    if not isinstance(penalties, Mapping) or not all(map(callable, penalties.values())):
        raise InputTypeError(
            "penalties must be functions by the places of layers, {1: ActivityPenalty()}, got "
            f"{penalties!r}"
        )
    for place in penalties:
        as_int("place in penalties", place, low=0, high=layers - 1)
    return penalties


def charged(
    penalties: Mapping[int, Penalty], output: Callable[[int], Array]
) -> tuple[float, dict[int, Array]]:
    """Return what penalties cost together, and their gradients by the outputs of layers.

    Parameters
    ----------
    penalties : mapping of int to callable
        By the place of the layer.
    output : callable
        output(place) -> whole output (ticks, batch, *shape) of the layer there.
    """
    total, inner = 0.0, {}
    for place, penalty in penalties.items():
        value, inner[place] = penalty(output(place))
        total += value
    return total, inner
