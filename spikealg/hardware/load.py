"""How the work of one network spreads over the cores of a platform."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.hardware.counts import NetworkCounts
from spikealg.hardware.mesh import route_hops
from spikealg.hardware.place import Placement, place
from spikealg.hardware.platform import Platform
from spikealg.network import Network

__all__ = ["Busy", "Load", "load"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Busy:
    """What each core of a copy has to do in a tick of one lane, on average; arrays (cores,).

    Attributes
    ----------
    updates : float64 array
        Neurons it holds.
    driven_low, driven_high : float64 arrays
        Bounds on those that something arrives at.
    synaptic_events : float64 array
    """

    updates: FloatArray
    driven_low: FloatArray
    driven_high: FloatArray
    synaptic_events: FloatArray


class _Ways(NamedTuple):
    """What one spike of each neuron takes, int64 arrays (n,)."""

    messages: IntArray
    hops: IntArray
    longest: IntArray


@dataclass(frozen=True, eq=False)
class Load:
    """Traffic and space of a network in all its lanes.

    Attributes
    ----------
    placement : Placement or None
        Of one copy; None on a processor.
    messages, hops : int
        Pairs of spike and target core, and the links that they cross, over all lanes.
    longest_way : int
        Most links that any message crosses.
    cores, chips : int
        Of all copies that run side by side.
    busy : Busy or None
        What the cores of one copy do.
    """

    placement: Placement | None
    messages: int
    hops: int
    longest_way: int
    cores: int
    chips: int
    busy: Busy | None


def load(
    part: NetworkCounts, platform: Platform, placement: Placement | None, *, side_by_side: bool
) -> Load:
    """Return the load of `part` on `platform`.

    Parameters
    ----------
    part : NetworkCounts
    platform : Platform
    placement : Placement or None
        None places greedily; on a processor nothing is placed.
    side_by_side : bool
        Whether the lanes are copies that run at the same time, or one after another.
    """
    if platform.kind != "chip":
        return Load(None, 0, 0, 0, 1, 1, None)
    if placement is None:
        placement = _place(part.network, platform)
    elif placement.network is not part.network:
        raise InputError("placement is of another network than the one that ran: place that one")
    elif placement.platform is not platform:
        raise InputError(
            f"placement is on {placement.platform.name!r}, and the price is asked for "
            f"{platform.name!r}: place the network there"
        )
    ways = _ways(placement)
    cores = _cores(placement, part.lanes if side_by_side else 1)
    per_chip = platform.limits.cores_per_chip
    return Load(
        placement=placement,
        messages=int(part.spikes @ ways.messages),
        hops=int(part.spikes @ ways.hops),
        longest_way=int(ways.longest[part.spikes > 0].max(initial=0)),
        cores=cores,
        chips=1 if per_chip is None else max(-(-cores // per_chip), placement.chips),
        busy=_busy(part, placement),
    )


@lru_cache(maxsize=16)
def _place(network: Network, platform: Platform) -> Placement:
    """Return the greedy placement; every run of a network is placed alike."""
    return place(network, platform)


@lru_cache(maxsize=16)
def _ways(placement: Placement) -> _Ways:
    neuron, target = placement.routes
    links = route_hops(placement.router, placement.core[neuron], target)
    longest = np.zeros(placement.network.n_neurons, dtype=np.int64)
    np.maximum.at(longest, neuron, links)
    return _Ways(placement.reach, placement.hops(), longest)


def _cores(placement: Placement, copies: int) -> int:
    """Return the cores of all copies; copies smaller than a core share one where they fit."""
    if placement.cores > 1:
        return copies * placement.cores
    usage, limits = placement.usage, placement.platform.limits
    shares = [
        int(room // held[0])
        for room, held in (
            (limits.neurons_per_core, usage.neurons),
            (limits.fan_in_axons, usage.axons_in),
            (limits.fan_out_axons, usage.axons_out),
            (limits.synapse_bits_per_core, usage.synapse_bits),
        )
        if room is not None and held[0]
    ]
    return -(-copies // max(1, min(shares, default=copies)))


def _busy(part: NetworkCounts, placement: Placement) -> Busy:
    ticks, cores = max(1, int(part.ticks.sum())), placement.cores
    return Busy(
        updates=np.bincount(placement.core, minlength=cores).astype(np.float64),
        driven_low=np.bincount(placement.core, part.driven_low, cores) / ticks,
        driven_high=np.bincount(placement.core, part.driven_high, cores) / ticks,
        synaptic_events=np.bincount(placement.core, part.arriving, cores) / ticks,
    )
