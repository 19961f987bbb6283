"""What a picture shows: ports, neurons or groups of them, and bundles of synapses between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from spikealg.circuits.body import Body
from spikealg.circuits.signal import GROUND

__all__ = ["Bundle", "Graph", "Node", "graph_of"]


@dataclass(frozen=True)
class Node:
    """A port ("input", "output"), a "neuron" or a "group" of them.

    `detail` is the threshold of a neuron, the number of neurons of a group, or the shape of a port.
    """

    kind: str
    label: str
    detail: str


@dataclass
class Bundle:
    """The synapses from one node to another."""

    weights: set[int] = field(default_factory=set)
    delays: set[int] = field(default_factory=set)
    count: int = 0

    def add(self, weight: int, delay: int) -> None:
        """Count one more synapse."""
        self.weights.add(weight)
        self.delays.add(delay)
        self.count += 1


@dataclass(frozen=True)
class Graph:
    """Nodes, and bundles by the indices of their ends."""

    nodes: list[Node]
    bundles: dict[tuple[int, int], Bundle]


def graph_of(body: Body, most: int) -> Graph:
    """Return what to show of a circuit: its neurons, or if there are more than `most`, its parts.

    Parts are sub-circuits and groups of neurons, opened as far as there are at most `most` of them.
    """
    names = [name for name, _ in _named(body)]
    if len(names) <= most:
        places, labels = list(range(len(names))), names
    else:
        places, labels = _parts([name.partition("[")[0].split(".") for name in names], most)
    nodes = [Node("input", name, str(signal.width)) for name, signal in body.inputs.items()]
    port_of_line = [
        port for port, signal in enumerate(body.inputs.values()) for _ in signal.sources
    ]
    first = len(nodes)
    sizes = np.bincount(places, minlength=len(labels))
    if len(names) <= most:
        thresholds = body.neurons["threshold"].tolist()
        nodes += [Node("neuron", *pair) for pair in zip(labels, map(str, thresholds), strict=True)]
    else:
        nodes += [
            Node("group", label, str(size)) for label, size in zip(labels, sizes, strict=True)
        ]
    bundles: dict[tuple[int, int], Bundle] = {}

    def node_of(source: int) -> int:
        """Return the node of a neuron or of an input line, see `Body`."""
        if source < GROUND:
            return int(port_of_line[-2 - source])
        return first + places[source]

    for pre, post, weight, delay in body.synapses.tolist():
        bundles.setdefault((node_of(pre), node_of(post)), Bundle()).add(weight, delay)
    for line, neuron in _injections(body.injected):
        bundles.setdefault((port_of_line[line], first + places[neuron]), Bundle()).add(1, 0)
    for name, signal in body.outputs.items():
        nodes.append(Node("output", name, str(signal.width)))
        for source, lag in zip(signal.sources.tolist(), signal.lags.tolist(), strict=True):
            if source != GROUND:
                bundles.setdefault((node_of(source), len(nodes) - 1), Bundle()).add(1, lag)
    return Graph(nodes, bundles)


def _named(body: Body) -> Iterator[tuple[str, int]]:
    """Return the path of each neuron, and the neuron."""
    bounds = pairwise([*(first for _, first in body.groups), body.n_neurons])
    for (path, _), (first, end) in zip(body.groups, bounds, strict=True):
        for neuron in range(first, end):
            yield path if end - first == 1 else f"{path}[{neuron - first}]", neuron


def _parts(paths: list[list[str]], most: int) -> tuple[list[int], list[str]]:
    """Return the part of each neuron, and the names of the parts."""
    depth, deepest = 1, max(map(len, paths))
    while depth < deepest and len({tuple(path[: depth + 1]) for path in paths}) <= most:
        depth += 1
    labels: dict[str, int] = {}
    places = [labels.setdefault(".".join(path[:depth]), len(labels)) for path in paths]
    return places, list(labels)


def _injections(injected: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Return input line and neuron of each current."""
    for line in np.nonzero(injected != GROUND)[0].tolist():
        yield line, int(injected[line])
