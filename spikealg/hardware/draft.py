"""A network while it is rewritten: the neurons there are keep their places, gates are added."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.circuits.neuron import MEMORYLESS, RESETS
from spikealg.network import Network, Port

__all__ = ["Draft", "rebuilt"]

Array = npt.NDArray[np.int64]


class Draft:
    """Synapses as they are to be, and memoryless gates to add after the neurons of a network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.columns = {
            name: [getattr(network, name).astype(np.int64)]
            for name in ("pre", "post", "weight", "delay")
        }
        self.n_neurons = network.n_neurons
        self.thresholds: list[Array] = []
        self.groups = list(network.groups)

    def add_gates(self, name: str, thresholds: npt.ArrayLike) -> Array:
        """Add memoryless gates, called `name` and a number, and return their indices."""
        values = np.atleast_1d(np.asarray(thresholds, dtype=np.int64))
        if not len(values):
            return values
        first = self.n_neurons
        if not self.groups or self.groups[-1][0] != name:
            self.groups.append((name, first))
        self.thresholds.append(values)
        self.n_neurons += len(values)
        return np.arange(first, self.n_neurons, dtype=np.int64)

    def connect(
        self, pre: npt.ArrayLike, post: npt.ArrayLike, weight: npt.ArrayLike, delay: npt.ArrayLike
    ) -> None:
        """Add synapses; the arguments broadcast against each other."""
        arrays = np.broadcast_arrays(pre, post, weight, delay)
        for column, values in zip(self.columns.values(), arrays, strict=True):
            column.append(values.ravel().astype(np.int64))

    def build(self, **changes: Any) -> Network:
        """Return the network; `changes` replace arguments of :func:`rebuilt`."""
        gates = np.concatenate([*self.thresholds, np.zeros(0, dtype=np.int64)])
        synapses = {name: np.concatenate(parts) for name, parts in self.columns.items()}
        return rebuilt(self.network, gates=gates, groups=tuple(self.groups), **synapses, **changes)


def rebuilt(network: Network, *, gates: npt.ArrayLike = (), **changes: Any) -> Network:
    """Return a network with other arrays; neurons keep index and stream.

    Parameters
    ----------
    network : Network
    gates : array of int
        Thresholds of memoryless neurons to add at the end, which never draw.
    **changes
        Arguments of :meth:`Network.from_arrays`. Arrays of neurons have the length of the old
        network.
    """
    thresholds = np.asarray(gates, dtype=np.int64)
    added, n = len(thresholds), network.n_neurons
    # Numbers of streams below n + added that nobody has: as many as are needed, or more.
    unused = np.setdiff1d(np.arange(n + added), network.stream)[:added]
    defaults: dict[str, Any] = {
        "threshold": thresholds,
        "leak": MEMORYLESS,
        "bias": 0,
        "current_leak": MEMORYLESS,
        "reset_value": 0,
        "probability": 1.0,
        "refractory": 0,
        "refractory_init": 0,
        "floor": -(2**31),
        "v_init": 0,
        "stream": unused,
    }
    neurons: dict[str, Any] = {
        name: np.concatenate(
            [changes.pop(name, getattr(network, name)), np.broadcast_to(value, (added,))]
        )
        for name, value in defaults.items()
    }
    neurons["reset"] = np.array(RESETS)[np.concatenate([network.reset, np.zeros(added, np.int8)])]
    same = {
        name: getattr(network, name)
        for name in ("pre", "post", "weight", "delay", "inputs", "outputs", "groups", "interval")
    }
    return Network.from_arrays(**neurons, **{**same, **changes})


def delayed(port: Port, lag: Array) -> Port:
    """Return an output port whose neurons, late alike, are ready later."""
    late = int(lag[port.neurons].max(initial=0))
    if port.latency is None or not late:
        return port
    return replace(port, latency=port.latency + late)
