"""Groups of layers become layers of whole numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.learners.base import Layer
from spikealg.learners.layers import Conv2d, ConvRecurrent
from spikealg.learners.quantization.dynamics import dynamics_of, readout
from spikealg.learners.quantization.fold import Group
from spikealg.learners.quantization.maps import Chain, Convolution, Dense, LinearMap, WindowSum
from spikealg.learners.quantization.neurons import Neurons
from spikealg.learners.quantization.rounding import Settings, mantissas, neurons_of, scale_of
from spikealg.learners.quantization.stage import Stage
from spikealg.network import MEMORYLESS

__all__ = ["Rounded", "quantised"]

Array = npt.NDArray[Any]
Rounded = dict[str, npt.NDArray[np.float64]]
"""Parameters of a layer after rounding, as numbers of the model."""


def quantised(groups: Sequence[Group], settings: Settings) -> tuple[list[Stage], list[Rounded]]:
    """Return each group as a stage, and what its weights and biases have been rounded to.

    Raises
    ------
    InputError
        If a unit cannot be a neuron, or a term does not fit int32.
    """
    made = [
        _gates(group) if group.pool is not None else _neurons(group, settings, first=place == 0)
        for place, group in enumerate(groups)
    ]
    return [stage for stage, _ in made], [rounded for _, rounded in made]


def _gates(group: Group) -> tuple[Stage, Rounded]:
    """Return a max-pool of spikes: a neuron for each window, which any of them fires."""
    pool = group.pool
    assert pool is not None
    n = math.prod(pool.shape)
    stage = Stage(
        name=group.name,
        feed=WindowSum(pool.in_shape, pool.size),
        feed_shift=0,
        recurrent=None,
        recurrent_shift=0,
        neurons=Neurons.make(n, threshold=1, leak=MEMORYLESS),
        unit=np.ones(n),
        shape=pool.shape,
        fires=True,
    )
    return stage, {}


def _neurons(group: Group, settings: Settings, first: bool) -> tuple[Stage, Rounded]:
    layer, name = group.weights, group.name
    assert layer is not None
    dynamics = readout() if group.unit is None else dynamics_of(group.unit, name)
    exponent = settings.input_exponent if first else 0
    # Inputs are multiples of 2^−exponent: with as many guard bits every product is whole.
    guard = max(settings.guard_bits, exponent)
    averaged = 1 / math.prod(math.prod(pool.size) for pool in (*group.before, *group.after))
    weight = layer.parameters["weight"].astype(np.float64) * averaged
    again = layer.parameters.get("recurrent")
    scale = scale_of(
        np.maximum(_magnitude(layer, weight), 0 if again is None else _magnitude(layer, again)),
        settings,
        # Potentials that are compared are in one unit.
        shared=not settings.per_channel or dynamics.threshold is None,
    )
    whole = mantissas(weight, _wide(layer, scale), settings)
    bias = layer.parameters.get("bias", np.zeros(len(scale))).astype(np.float64)
    links = [
        *(WindowSum(pool.in_shape, pool.size) for pool in group.before),
        _linear(layer, whole),
        *(WindowSum(pool.in_shape, pool.size) for pool in group.after),
    ]
    feed = links[0] if len(links) == 1 else Chain(tuple(links))
    shape = feed.out_shape
    neurons, unit = neurons_of(dynamics, _each(bias, shape), _each(scale, shape), guard, name)
    rounded: Rounded = {
        "weight": whole * _wide(layer, scale) / averaged,
        "bias": np.rint(bias / scale * 2.0**guard) * scale / 2.0**guard,
    }
    recurrent = None
    if again is not None:
        whole = mantissas(again, _wide(layer, scale), settings)
        recurrent = _recurrence(layer, whole)
        rounded["recurrent"] = (whole * _wide(layer, scale)).astype(np.float64)
    stage = Stage(
        name=name,
        feed=feed,
        feed_shift=guard - exponent,
        recurrent=recurrent,
        recurrent_shift=guard,
        neurons=neurons,
        unit=unit,
        shape=shape,
        fires=dynamics.threshold is not None,
    )
    return stage, {key: value for key, value in rounded.items() if key in layer.parameters}


def _convolves(layer: Layer) -> bool:
    return isinstance(layer, (Conv2d, ConvRecurrent))


def _magnitude(layer: Layer, weight: Array) -> npt.NDArray[np.float64]:
    """Return the largest magnitude of the weights of each channel."""
    axes = tuple(range(1, weight.ndim)) if _convolves(layer) else 0
    largest: npt.NDArray[np.float64] = np.abs(weight).max(axis=axes).astype(np.float64)
    return largest


def _wide(layer: Layer, scale: Array) -> Array:
    """Return one value per channel in the shape that broadcasts to the weights."""
    return scale[:, np.newaxis, np.newaxis, np.newaxis] if _convolves(layer) else scale


def _each(channel: Array, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return a value for each neuron from one for each channel."""
    return np.repeat(channel, math.prod(shape[1:]))


def _linear(layer: Layer, whole: Array) -> LinearMap:
    if isinstance(layer, (Conv2d, ConvRecurrent)):
        return Convolution(whole, layer.windows)
    return Dense(whole)


def _recurrence(layer: Layer, whole: Array) -> LinearMap:
    if isinstance(layer, ConvRecurrent):
        return Convolution(whole, layer.recurrent_windows)
    return Dense(whole)
