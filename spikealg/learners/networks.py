"""Networks for sequences of frames: deep convolutional recurrent ones, and what they compare with.

`crnn` is the network of Chapman et al., "Biological dynamics enabling training of binary recurrent
networks", NICE 2024; any unit goes into it by its name. `cnn_rnn` sees each frame by itself before
memory begins, `cnn` has no memory at all. `network` makes those of the paper's table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice
from spikealg.errors import InputError, InputTypeError
from spikealg.learners.base import Layer
from spikealg.learners.layers import Conv2d, ConvRecurrent, Dense, Flatten, Recurrent
from spikealg.learners.sequential import Sequential
from spikealg.learners.units import unit

__all__ = ["TABLE", "cnn", "cnn_rnn", "crnn", "network"]

Pair = int | tuple[int, int]

TABLE: Mapping[str, str] = MappingProxyType({
    "real": "tanh",
    "real_cnn_rnn": "tanh",
    **{name: name for name in ("HLIF", "HIAF", "LIF", "IAF", "BLI", "BI", "HBA", "BA")},
})  # fmt: skip
"""The ten rows of the table and the unit of each, as `unit` calls it."""


def crnn(
    name: str,
    shape: Sequence[int],
    outputs: int,
    *,
    recurrent: Literal["each", "input"] = "each",
    channels: Sequence[int] = (8, 16),
    kernel: Pair = 3,
    strides: Sequence[Pair] | None = None,
    hidden: Sequence[int] = (),
    initial_bias: float = -0.1,
    gain: float = 0.4,
    output_bias: float = 0.0,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float32,
) -> Sequential:
    """Return a convolutional recurrent network with a readout that has no memory.

    Parameters
    ----------
    name : str
        Of the unit, see `unit`; all layers have it.
    shape : sequence of int
        (channels, height, width) of a frame.
    outputs : int
    recurrent : {"each", "input"}
        Which convolutions have recurrent kernels: all, or only the one that sees the input.
    channels : sequence of int
        Of each convolution.
    kernel : int or pair of int
        Of all convolutions, recurrent ones too; odd.
    strides : sequence, optional
        Of each convolution, an int or a pair; None: 1.
    hidden : sequence of int
        Units of each dense layer before the readout.
    initial_bias : float
        Of all layers with units.
    gain : float
        Factor of the weights that the input is multiplied by, Glorot's like all weights.
    output_bias : float
        Where the bias of the readout starts; best the mean of what it shall say.
    options : mapping, optional
        What the units shall differ in from `unit(name)`.
    seed, dtype
        Of the model, see `Sequential`.

    Raises
    ------
    InputError
        If `channels` is empty, or `strides` has another length.
    """
    as_choice("recurrent", recurrent, ("each", "input"))
    layers: list[Layer] = []
    for place, (count, stride) in enumerate(_stages(channels, strides)):
        if place > 0 and recurrent == "input":
            layers += _convolution(name, count, kernel, stride, initial_bias, 1.0, options)
            continue
        layers.append(
            ConvRecurrent(
                count,
                unit(name, **(options or {})),
                kernel=kernel,
                recurrent_kernel=kernel,
                stride=stride,
                initial_bias=initial_bias,
                gain=gain if place == 0 else 1.0,
            )
        )
    layers.append(Flatten())
    layers += _dense(name, hidden, initial_bias, options)
    layers.append(Dense(outputs, initial_bias=output_bias))
    return Sequential(layers, tuple(shape), seed, dtype)


def cnn_rnn(
    name: str,
    shape: Sequence[int],
    outputs: int,
    *,
    channels: Sequence[int] = (8, 16),
    kernel: Pair = 3,
    strides: Sequence[Pair] | None = None,
    hidden: Sequence[int] = (100,),
    initial_bias: float = -0.1,
    gain: float = 0.4,
    output_bias: float = 0.0,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float32,
) -> Sequential:
    """Return a control: convolutions without recurrence, then dense recurrent layers.

    Parameters are those of `crnn`; `hidden` are the recurrent units. Where units have no memory,
    as tanh, nothing that moves can be seen before it is flattened.
    """
    if not _several("hidden", hidden):
        raise InputError("hidden must hold the units of at least one recurrent layer, got none")
    layers = _feedforward(name, channels, kernel, strides, initial_bias, gain, options)
    for count in hidden:
        own = unit(name, **(options or {}))
        layers.append(Recurrent(count, own, initial_bias=initial_bias))
    layers.append(Dense(outputs, initial_bias=output_bias))
    return Sequential(layers, tuple(shape), seed, dtype)


def cnn(
    name: str,
    shape: Sequence[int],
    outputs: int,
    *,
    channels: Sequence[int] = (8, 16),
    kernel: Pair = 3,
    strides: Sequence[Pair] | None = None,
    hidden: Sequence[int] = (100,),
    initial_bias: float = 0.0,
    gain: float = 0.4,
    output_bias: float = 0.0,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float32,
) -> Sequential:
    """Return a control without recurrence: with "relu" or "tanh" it sees only the present frame.

    Parameters are those of `crnn`. Fed with differences of frames (`tasks.differences`) it sees
    two.
    """
    layers = _feedforward(name, channels, kernel, strides, initial_bias, gain, options)
    layers += _dense(name, hidden, initial_bias, options)
    layers.append(Dense(outputs, initial_bias=output_bias))
    return Sequential(layers, tuple(shape), seed, dtype)


def network(row: str, shape: Sequence[int], outputs: int, **settings: Any) -> Sequential:
    """Return the network of a row of `TABLE`: `cnn_rnn` for "real_cnn_rnn", else `crnn`.

    Parameters
    ----------
    row : str
    shape, outputs
        As for `crnn`.
    **settings
        Of both; `hidden` of "real_cnn_rnn" is (100,) where none is given, and `recurrent` makes
        no difference to it.
    """
    as_choice("row", row, TABLE)
    if row != "real_cnn_rnn":
        return crnn(TABLE[row], shape, outputs, **settings)
    as_choice("recurrent", settings.pop("recurrent", "each"), ("each", "input"))
    if not settings.get("hidden"):
        settings["hidden"] = (100,)
    return cnn_rnn(TABLE[row], shape, outputs, **settings)


def _feedforward(
    name: str,
    channels: Sequence[int],
    kernel: Pair,
    strides: Sequence[Pair] | None,
    initial_bias: float,
    gain: float,
    options: Mapping[str, Any] | None,
) -> list[Layer]:
    layers: list[Layer] = []
    for place, (count, stride) in enumerate(_stages(channels, strides)):
        first = gain if place == 0 else 1.0
        layers += _convolution(name, count, kernel, stride, initial_bias, first, options)
    return [*layers, Flatten()]


def _convolution(
    name: str,
    channels: int,
    kernel: Pair,
    stride: Pair,
    initial_bias: float,
    gain: float,
    options: Mapping[str, Any] | None,
) -> list[Layer]:
    linear = Conv2d(
        channels, kernel, stride=stride, padding="same", initial_bias=initial_bias, gain=gain
    )
    return [linear, unit(name, **(options or {}))]


def _dense(
    name: str, hidden: Sequence[int], initial_bias: float, options: Mapping[str, Any] | None
) -> list[Layer]:
    layers: list[Layer] = []
    for count in _several("hidden", hidden):
        layers += [Dense(count, initial_bias=initial_bias), unit(name, **(options or {}))]
    return layers


def _stages(channels: Sequence[int], strides: Sequence[Pair] | None) -> list[tuple[int, Pair]]:
    """Return channels and stride of each convolution."""
    channels = _several("channels", channels)
    if len(channels) == 0:
        raise InputError("channels must hold those of at least one convolution, got none")
    steps: Sequence[Pair] = [1] * len(channels) if strides is None else _several("strides", strides)
    if len(steps) != len(channels):
        raise InputError(
            f"strides must hold one for each of {len(channels)} convolutions, got {len(steps)}"
        )
    return list(zip(channels, steps, strict=True))


def _several(name: str, values: Any) -> Sequence[Any]:
    """Return a sequence, with an entry for each layer."""
    if not isinstance(values, (Sequence, np.ndarray)) or isinstance(values, str):
        raise InputTypeError(f"{name} must hold an entry for each layer, got {values!r}")
    return list(values)
