"""Weights as images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.errors import InputError
from spikealg.learners.analysis.places import name_of
from spikealg.learners.base import Shape
from spikealg.learners.layers import Conv2d, Dense, Flatten
from spikealg.learners.layers.recurrent import Recurrence
from spikealg.learners.sequential import Sequential

__all__ = ["weight_maps"]


def weight_maps(
    model: Sequential, layer: int = 0, shape: Sequence[int] | int | None = None
) -> npt.NDArray[np.float64]:
    """Return the weights of each unit of a layer as an image over what the layer sees.

    Parameters
    ----------
    model : Sequential
    layer : int
        Place of a layer with weights.
    shape : sequence of int, optional
        Of the image that the inputs of a dense layer are, such as (28, 28). By default what a
        `Flatten` right before it takes; without one, (inputs,).

    Returns
    -------
    float64 array (units, *shape), or (channels out, channels in, height, width)

    Raises
    ------
    InputError
        If the layer has no weights, or as many as do not fill an image.
    """
    place = as_int("layer", layer, low=0, high=len(model.layers) - 1)
    here = model.layers[place]
    if not isinstance(here, (Dense, Conv2d, Recurrence)):
        raise InputError(f"layer must have weights, got {name_of(model, place)}")
    weight = model.parameters()[f"{place}.weight"].astype(np.float64)
    if weight.ndim == 4:
        return weight
    flatten = model.layers[max(place - 1, 0)]
    wanted: Shape = flatten.in_shape if isinstance(flatten, Flatten) else here.in_shape
    if shape is not None:
        sizes = shape if isinstance(shape, Sequence) else (shape,)
        wanted = tuple(as_int("shape", n, low=1) for n in sizes)
    if math.prod(wanted) != len(weight):
        raise InputError(
            f"shape must hold the {len(weight)} inputs of {name_of(model, place)}, got {wanted}"
        )
    return weight.T.reshape(-1, *wanted)
