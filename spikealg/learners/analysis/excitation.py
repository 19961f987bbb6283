"""Whether spikes excite or inhibit the unit that fired them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.errors import InputError
from spikealg.learners.analysis.places import name_of, unit_of
from spikealg.learners.layers import ConvRecurrent, Recurrent
from spikealg.learners.layers.recurrent import Recurrence
from spikealg.learners.sequential import Forward, Sequential

__all__ = ["AfterSpike", "SelfWeights", "after_spike", "self_weights"]

Floats = npt.NDArray[np.float64]


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
        If `forward` is of a model whose layers have other shapes, its sequences are too short, or
        the layer has no binary units.
    """
    model.require_own(forward)
    place = as_int("layer", layer, low=0, high=len(model.layers) - 1)
    unit = unit_of(model.layers[place])
    if unit is None or not unit.fires:
        raise InputError(f"layer must be of binary units, got {name_of(model, place)}")
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

    return AfterSpike(name_of(model, place), count.astype(np.int64), *followed(z), *followed(u))


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
        raise InputError(f"layer must be recurrent, got {name_of(model, place)}")
    weight = model.parameters()[f"{place}.recurrent"].astype(np.float64)
    own = np.zeros(weight.shape, dtype=np.bool_)
    channel = np.arange(len(weight))
    centre = tuple(size // 2 for size in weight.shape[2:])
    own[(channel, channel, *centre)] = True
    if own.all():
        raise InputError(
            f"{name_of(model, place)} must have weights between units, it has one unit"
        )
    return SelfWeights(name_of(model, place), weight[own], weight[~own])
