"""Layers of quantised neurons as one network in which all layers keep step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from spikealg.errors import InputError
from spikealg.learners.quantization.neurons import Neurons
from spikealg.network import RESETS, Network

__all__ = ["Connection", "Layout", "Population", "lay_out"]


@dataclass(frozen=True, eq=False)
class Population:
    """The neurons of a layer.

    Attributes
    ----------
    name : str
        Of the layer; errors name it, and the network has a group of this name.
    neurons : Neurons
    """

    name: str
    neurons: Neurons


@dataclass(frozen=True, eq=False)
class Connection:
    """Synapses between two layers.

    Attributes
    ----------
    pre, post : int
        Indices of the populations.
    weight : sparse array (n_pre, n_post) of int
        In weight units; stored entries are synapses.
    lag : int
        Ticks of the model: 0 where a spike acts in the tick it is fired, 1 where the equations
        say z_{t−1}.
    """

    pre: int
    post: int
    weight: sp.coo_array
    lag: int = 0


@dataclass(frozen=True, eq=False)
class Layout:
    """A network and where its layers are in it.

    Attributes
    ----------
    network : Network
        Input port "x", output port "y"; a group of neurons for each layer.
    offset : tuple of int
        Ticks that each layer runs after the model: tick t of the model is tick
        ``offset[l] + t`` of layer l.
    first : tuple of int
        First neuron of each layer, and behind the last the number of neurons.
    """

    network: Network
    offset: tuple[int, ...]
    first: tuple[int, ...]

    @property
    def latency(self) -> int:
        """Ticks that the last layer runs after the model."""
        return max(self.offset)

    def neurons(self, layer: int) -> npt.NDArray[np.int64]:
        """Return the neurons of a layer."""
        return np.arange(self.first[layer], self.first[layer + 1])

    def windows(self, ticks: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the first and the last tick in which each neuron takes part, (n,) each."""
        opens = np.repeat(self.offset, np.diff(self.first)).astype(np.int64)
        return opens, opens + ticks - 1


def lay_out(populations: Sequence[Population], connections: Sequence[Connection]) -> Layout:
    """Make a network of layers such that each fires the spikes of its equations, some ticks later.

    The first population is that of the inputs and has offset 0. A layer runs one tick after the
    last of those that act on it within a tick (lag 0), and is held still before by its
    ``refractory_init``. A connection of lag m is delayed by off(post) − off(pre) + m.

    Parameters
    ----------
    populations : sequence of Population
        The output is the last.
    connections : sequence of Connection

    Returns
    -------
    Layout

    Raises
    ------
    InputError
        If a delay would be below one tick: the layers cannot be kept in step.
    """
    offset = [0] * len(populations)
    for post in range(1, len(populations)):
        feeding = [c.pre for c in connections if c.post == post and c.lag == 0 and c.pre < post]
        offset[post] = max((offset[pre] + 1 for pre in feeding), default=0)
    sizes = [len(population.neurons) for population in populations]
    first = np.concatenate([[0], np.cumsum(sizes)])
    parts: dict[str, list[npt.NDArray[Any]]] = {"pre": [], "post": [], "weight": [], "delay": []}

    def add(**columns: npt.NDArray[Any]) -> None:
        for name, column in columns.items():
            parts[name].append(column)

    for connection in connections:
        ticks = offset[connection.post] - offset[connection.pre] + connection.lag
        if ticks < 1:
            names = populations[connection.pre].name, populations[connection.post].name
            raise InputError(
                f"cannot keep {names[0]} and {names[1]} in step: a spike of {names[0]} would have "
                f"to act on {names[1]} after {ticks} ticks, and a synapse takes at least 1; delay "
                f"the connection by {1 - ticks} ticks more in the model"
            )
        synapses = sp.coo_array(connection.weight)
        add(
            pre=synapses.row + first[connection.pre],
            post=synapses.col + first[connection.post],
            weight=synapses.data,
            delay=np.full(synapses.nnz, ticks),
        )
    for population, start in zip(populations, first, strict=False):
        inhibition = population.neurons.inhibition
        (inhibited,) = np.nonzero(inhibition)
        add(
            pre=inhibited + start,
            post=inhibited + start,
            weight=-inhibition[inhibited],
            delay=np.ones(len(inhibited), np.int64),
        )

    def joined(name: str) -> npt.NDArray[np.int64]:
        return np.concatenate([getattr(p.neurons, name) for p in populations])

    network = Network.from_arrays(
        threshold=joined("threshold"),
        leak=joined("leak"),
        bias=joined("bias"),
        reset=np.array(RESETS)[joined("reset")],
        reset_value=joined("reset_value"),
        floor=joined("floor"),
        refractory_init=np.repeat(offset, sizes),
        **{name: np.concatenate(columns).astype(np.int64) for name, columns in parts.items()},
        inputs={"x": np.arange(first[0], first[1])},
        outputs={"y": np.arange(first[-2], first[-1])},
        groups=tuple(
            (population.name, int(start))
            for population, start in zip(populations, first, strict=False)
        ),
    )
    return Layout(network, tuple(offset), tuple(first.tolist()))
