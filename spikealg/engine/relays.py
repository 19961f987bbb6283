"""Relays: neurons that fire whenever anything arrives, so that nobody has to add up what does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.network import NEVER, Network

__all__ = ["FORGETS", "KEEPS", "Relays", "find_relays"]

FORGETS, KEEPS = 1, 2
"""The kinds of simple neurons, see ``plan.WIDTH``; at other neurons that entry is 0."""
INT32_MAX = 2**31 - 1


class Relays(NamedTuple):
    """Which neurons are relays, and while their potential is where.

    Attributes
    ----------
    member : bool array (n,)
        Simple neurons that only synapses reach and that are not held back at the start. If they
        forget their potential, every weight into them is a threshold or more; if they keep it,
        that takes them there from both the initial potential and the reset value.
    lowest, highest : int64 arrays (n,)
        From a potential in this range, whatever arrives makes a relay fire and cannot overflow.
    """

    member: npt.NDArray[np.bool_]
    lowest: npt.NDArray[np.int64]
    highest: npt.NDArray[np.int64]


def find_relays(
    network: Network, simple: npt.NDArray[np.int64], strength: npt.NDArray[np.int64]
) -> Relays:
    """Return the relays of a network.

    Parameters
    ----------
    network : Network
    simple : int64 array (n,)
        `FORGETS`, `KEEPS`, or 0 for neurons that are not simple.
    strength : int64 array (n,)
        The most that a tick can bring each neuron, up or down.
    """
    member = (simple > 0) & (network.refractory_init == 0) & (network.threshold != NEVER)
    for port in network.inputs.values():
        member[port.neurons[port.neurons >= 0]] = False
    chosen = member[network.post]
    member &= np.bincount(network.post[chosen], minlength=network.n_neurons) > 0
    weakest = np.full(network.n_neurons, INT32_MAX, dtype=np.int64)
    np.minimum.at(weakest, network.post[chosen], network.weight[chosen])
    # What is forgotten is as good as 0 and may be anything.
    keeps = simple == KEEPS
    missing, room = network.threshold - weakest, INT32_MAX - strength
    lowest = np.where(keeps, missing, np.where(missing <= 0, -(2**31), INT32_MAX))
    highest = np.where(keeps, room, INT32_MAX)
    member &= lowest <= np.minimum(network.v_init, network.reset_value)
    member &= np.maximum(network.v_init, network.reset_value) <= highest
    return Relays(member, lowest, highest)
