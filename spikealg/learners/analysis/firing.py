"""How often units fire, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.errors import InputError, InputTypeError
from spikealg.learners.analysis.places import name_of, unit_of
from spikealg.learners.base import Array
from spikealg.learners.sequential import Forward, Sequential

__all__ = ["Activity", "Raster", "activity", "raster", "spikes"]

Floats = npt.NDArray[np.float64]
Spikes = Mapping[str, Array]
"""Outputs (ticks, batch, *features) of some layers, 0 and 1, by the name of the layer."""


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
        If `forward` is of a model whose layers have other shapes.

    Notes
    -----
    Those of a network on the engine are ``{stage.name: z for stage, z in zip(hosted.stages,
    hosted.spikes)}``.
    """
    model.require_own(forward)
    found = {}
    for place, (layer, y) in enumerate(zip(model.layers, forward.outputs, strict=True)):
        unit = unit_of(layer)
        if unit is not None and unit.fires:
            found[name_of(model, place)] = y != 0
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
    InputError, InputTypeError
        If an array has no axes for ticks, batch and units, or is empty.

    Examples
    --------
    >>> z = np.array([[[1, 0]], [[1, 0]], [[0, 0]], [[1, 0]]])  # 4 ticks, 1 sequence, 2 units
    >>> activity({"hidden": z})["hidden"].by_unit.tolist()
    [0.75, 0.0]
    """
    found = {}
    for name, z in _sequences(spikes).items():
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
    arrays = _sequences(spikes)
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


def _sequences(spikes: Spikes) -> dict[str, Array]:
    if not isinstance(spikes, Mapping):
        raise InputTypeError(
            f"spikes must be arrays by the names of layers, got {type(spikes).__name__}: "
            "spikes(model, forward) makes them"
        )
    arrays = {name: np.asarray(z) for name, z in spikes.items()}
    for name, z in arrays.items():
        if z.ndim < 3 or 0 in z.shape:
            raise InputError(
                f"spikes of {name!r} must have shape (ticks, batch, *features), got {z.shape}"
            )
    return arrays
