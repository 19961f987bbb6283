"""What a trained model does: how often its units fire, what a spike does to the unit that fired it.

Functions look at a pass through a model (:class:`~spikealg.learners.Forward`), at spikes
(ticks, batch, *features), or at weights. `spikealg.viz.learners` draws what they return.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.errors import InputError
from spikealg.learners.base import Array, Layer, Shape
from spikealg.learners.layers import Conv2d, ConvRecurrent, Dense, Flatten, Recurrent
from spikealg.learners.layers.recurrent import Recurrence
from spikealg.learners.sequential import Forward, Sequential
from spikealg.learners.units import Unit

__all__ = [
    "Activity",
    "AfterSpike",
    "Raster",
    "SelfWeights",
    "activity",
    "after_spike",
    "raster",
    "self_weights",
    "spikes",
    "weight_maps",
]

Floats = npt.NDArray[np.float64]
Spikes = Mapping[str, Array]
"""Outputs (ticks, batch, *features) of some layers, 0 and 1, by the name of the layer."""


# ------------------------------------------------------------------ activity


def spikes(model: Sequential, forward: Forward) -> dict[str, Array]:
    """Return the spikes of all layers of binary units.

    Parameters
    ----------
    model : Sequential
    forward : Forward
        Of this model.

    Returns
    -------
    dict of str to ndarray, (ticks, batch, *shape)
        bool, by the place and the kind of the layer, in the order of the model.

    Raises
    ------
    InputError
        If `forward` is of another model.

    Notes
    -----
    Those of a network on the engine are ``{stage.name: z for stage, z in zip(hosted.stages,
    hosted.spikes)}``.
    """
    _require_own(model, forward)
    found = {}
    for place, (layer, y) in enumerate(zip(model.layers, forward.outputs, strict=True)):
        unit = _unit_of(layer)
        if unit is not None and unit.fires:
            found[_name(model, place)] = y != 0
    return found


@dataclass(frozen=True, eq=False)
class Activity:
    """How often the units of a layer fire.

    Attributes
    ----------
    by_unit : float array (*shape)
        Spikes of each unit per tick, mean over the batch.
    by_tick : float array (ticks,)
        Share of the units that fire in each tick, mean over the batch.
    by_sample : float array (batch,)
        Spikes of the whole layer in each sequence.
    """

    by_unit: Floats
    by_tick: Floats
    by_sample: Floats

    @property
    def rate(self) -> float:
        """Spikes per unit and tick."""
        return float(self.by_unit.mean())

    @property
    def silent(self) -> float:
        """Share of the units that never fire."""
        return float((self.by_unit == 0).mean())


def activity(spikes: Spikes) -> dict[str, Activity]:
    """Return how often units fire, layer by layer.

    Parameters
    ----------
    spikes : mapping of str to array, (ticks, batch, *shape)
        As :func:`spikes` returns them.

    Raises
    ------
    InputError
        If an array has no axes for ticks, batch and units, or is empty.

    Examples
    --------
    >>> z = np.array([[[1, 0]], [[1, 0]], [[0, 0]], [[1, 0]]])  # 4 ticks, 1 sequence, 2 units
    >>> activity({"hidden": z})["hidden"].by_unit.tolist()
    [0.75, 0.0]
    """
    found = {}
    for name, z in spikes.items():
        z = _sequence(name, z)
        units = tuple(range(2, z.ndim))
        found[name] = Activity(
            by_unit=np.asarray(z.mean(axis=(0, 1), dtype=np.float64)),
            by_tick=z.mean(axis=(1, *units), dtype=np.float64),
            by_sample=z.sum(axis=(0, *units), dtype=np.float64),
        )
    return found


@dataclass(frozen=True, eq=False)
class Raster:
    """The spikes of one sequence.

    Attributes
    ----------
    ticks : int
    units : dict of str to int
        Number of units of each layer.
    spikes : dict of str to int64 array (2, spikes)
        Tick and unit of every spike of each layer, in order of ticks. Units of a layer are counted
        with the last of its features running fastest.
    """

    ticks: int
    units: dict[str, int]
    spikes: dict[str, npt.NDArray[np.int64]]


def raster(spikes: Spikes, sample: int = 0) -> Raster:
    """Return who fired when in one sequence of the batch.

    Parameters
    ----------
    spikes : mapping of str to array, (ticks, batch, *shape)
        As :func:`spikes` returns them; all of the same ticks and batch.
    sample : int
        Which sequence of the batch.

    Raises
    ------
    InputError
        If there is no layer, layers differ in ticks or batch, or there is no such sequence.
    """
    arrays = {name: _sequence(name, z) for name, z in spikes.items()}
    sizes = {z.shape[:2] for z in arrays.values()}
    if len(sizes) != 1:
        raise InputError(
            f"spikes must hold layers of the same ticks and batch, got {sorted(sizes) or 'none'}"
        )
    ((ticks, batch),) = sizes
    sample = as_int("sample", sample, low=0, high=batch - 1)
    flat = {name: z[:, sample].reshape(ticks, -1) for name, z in arrays.items()}
    return Raster(
        ticks,
        {name: z.shape[1] for name, z in flat.items()},
        {name: np.array(np.nonzero(z), dtype=np.int64) for name, z in flat.items()},
    )


# ------------------------------------------------------------------ after a spike


@dataclass(frozen=True, eq=False)
class AfterSpike:
    """What units do after spikes of their own, beside what they do on the mean.

    Entry k of the first axis is k + 1 ticks after a spike. Units that never fired hold NaN.

    Attributes
    ----------
    layer : str
    count : int64 array (lags, *shape)
        Spikes that have a tick so much later.
    probability : float array (lags, *shape)
        How often a unit fires so many ticks after its own spike.
    mean_probability : float array (lags, *shape)
        How often it fires in all of these ticks.
    potential : float array (lags, *shape)
        Mean potential so many ticks after its own spike, after input and before the reset: the
        post-activation potential.
    mean_potential : float array (lags, *shape)
        Mean potential over all of these ticks.
    """

    layer: str
    count: npt.NDArray[np.int64]
    probability: Floats
    mean_probability: Floats
    potential: Floats
    mean_potential: Floats

    @property
    def excitation(self) -> Floats:
        """Probability after a spike less the mean: above 0 units excite themselves.

        Below 0 they inhibit themselves, (lags, *shape).
        """
        return self.probability - self.mean_probability

    @property
    def potential_change(self) -> Floats:
        """Potential after a spike less the mean, (lags, *shape)."""
        return self.potential - self.mean_potential


def after_spike(model: Sequential, forward: Forward, layer: int, lags: int = 1) -> AfterSpike:
    """Return what the units of a layer do after their own spikes.

    Trained units that fire tend to fire again, where memory needs it. This is what is seen, not
    what a spike causes: an input that lasts makes units fire again too. `self_weights` has what a
    spike itself adds.

    Parameters
    ----------
    model : Sequential
    forward : Forward
        Of this model.
    layer : int
        Place of a layer of binary units, recurrent or not.
    lags : int
        For how many ticks after a spike.

    Raises
    ------
    InputError
        If `forward` is of another model, its sequences are too short, or the layer has no binary
        units.
    """
    _require_own(model, forward)
    place = as_int("layer", layer, low=0, high=len(model.layers) - 1)
    unit = _unit_of(model.layers[place])
    if unit is None or not unit.fires:
        raise InputError(f"layer must be of binary units, got {_name(model, place)}")
    ticks = len(forward.y)
    lags = as_int("lags", lags, low=1)
    if lags >= ticks:
        raise InputError(f"lags must be below the {ticks} ticks of the sequences, got {lags}")
    tape = forward.tapes[place]
    trace = tape.trace if isinstance(model.layers[place], Recurrence) else tape
    z = trace.y.astype(np.float64)
    u = trace.states[0][1:].astype(np.float64)
    count = np.stack([z[: ticks - lag].sum(axis=(0, 1)) for lag in range(1, lags + 1)])

    def followed(what: Floats) -> tuple[Floats, Floats]:
        """Return the means of `what` after spikes, and of all ticks that are so late."""
        after = [(z[: ticks - lag] * what[lag:]).sum(axis=(0, 1)) for lag in range(1, lags + 1)]
        means = [what[lag:].mean(axis=(0, 1)) for lag in range(1, lags + 1)]
        with np.errstate(invalid="ignore"):
            return np.stack(after) / count, np.stack(means)

    return AfterSpike(_name(model, place), count.astype(np.int64), *followed(z), *followed(u))


@dataclass(frozen=True, eq=False)
class SelfWeights:
    """Recurrent weights of units to themselves, beside those between units.

    Attributes
    ----------
    layer : str
    own : float array (units,)
        The diagonal of H; of a convolution, the centre tap from each channel to itself.
    others : float array
        All other recurrent weights.
    """

    layer: str
    own: Floats
    others: Floats

    @property
    def excess(self) -> float:
        """Mean of `own` less that of `others`, in standard deviations of `others`.

        Weights that are drawn at random have 0 ± 1/√units.
        """
        return float((self.own.mean() - self.others.mean()) / self.others.std())

    @property
    def exciting(self) -> float:
        """Share of the units that excite themselves."""
        return float((self.own > 0).mean())


def self_weights(model: Sequential, layer: int) -> SelfWeights:
    """Return what a spike adds to the unit that fired it, a tick later.

    The hyperpolarisation of a unit, a constant, is not part of it.

    Parameters
    ----------
    model : Sequential
    layer : int
        Place of a `Recurrent` or `ConvRecurrent` layer.

    Raises
    ------
    InputError
        If there is no such layer, or it has one recurrent weight only.
    """
    place = as_int("layer", layer, low=0, high=len(model.layers) - 1)
    recurrent = model.layers[place]
    if not isinstance(recurrent, (Recurrent, ConvRecurrent)):
        raise InputError(f"layer must be recurrent, got {_name(model, place)}")
    weight = model.parameters()[f"{place}.recurrent"].astype(np.float64)
    own = np.zeros(weight.shape, dtype=np.bool_)
    channel = np.arange(len(weight))
    centre = tuple(size // 2 for size in weight.shape[2:])
    own[(channel, channel, *centre)] = True
    if own.all():
        raise InputError(f"{_name(model, place)} must have weights between units, it has one unit")
    return SelfWeights(_name(model, place), weight[own], weight[~own])


# ------------------------------------------------------------------ weights


def weight_maps(model: Sequential, layer: int = 0, shape: Sequence[int] | None = None) -> Floats:
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
        raise InputError(f"layer must have weights, got {_name(model, place)}")
    weight = model.parameters()[f"{place}.weight"].astype(np.float64)
    if weight.ndim == 4:
        return weight
    before = model.layers[place - 1] if place else None
    wanted: Shape = before.in_shape if isinstance(before, Flatten) else here.in_shape
    if shape is not None:
        wanted = tuple(as_int("shape", n, low=1) for n in shape)
    if math.prod(wanted) != len(weight):
        raise InputError(
            f"shape must hold the {len(weight)} inputs of {_name(model, place)}, got {wanted}"
        )
    return weight.T.reshape(-1, *wanted)


# ------------------------------------------------------------------ shared


def _name(model: Sequential, place: int) -> str:
    return f"layer {place} ({model.layers[place].kind})"


def _unit_of(layer: Layer) -> Unit | None:
    if isinstance(layer, Recurrence):
        return layer.unit
    return layer if isinstance(layer, Unit) else None


def _require_own(model: Sequential, forward: Forward) -> None:
    own = [layer.shape for layer in model.layers]
    given = [y.shape[2:] for y in forward.outputs]
    if own != given:
        raise InputError(
            f"forward must be of this model, whose layers have shapes {own}, got {given}"
        )


def _sequence(name: str, z: Any) -> Array:
    array: Array = np.asarray(z)
    if array.ndim < 3 or 0 in array.shape:
        raise InputError(
            f"spikes of {name!r} must have shape (ticks, batch, *features), got {array.shape}"
        )
    return array
