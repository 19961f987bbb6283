"""What a picture shows: ports, neurons or groups of them, and bundles of synapses between."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from spikealg.circuits.body import Body
from spikealg.circuits.signal import GROUND

__all__ = ["Bundle", "Graph", "Node", "graph_of"]

_Path = tuple[str, ...]
_NUMBER = re.compile(r"(?<=\w)_?\d+$")
"""What makes a name different from others of its kind: carry_2, word7."""


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
    in_group = np.diff([*(first for _, first in body.groups), body.n_neurons])
    by_neuron = body.n_neurons <= most
    if by_neuron:
        places, labels = list(range(body.n_neurons)), list(_named(body, in_group))
    else:
        paths = [tuple(path.split(".")) for path, _ in body.groups]
        parts, labels = _parts(paths, in_group, most)
        places = np.repeat(parts, in_group).tolist()
    nodes = [Node("input", name, str(signal.width)) for name, signal in body.inputs.items()]
    port_of_line = [
        port for port, signal in enumerate(body.inputs.values()) for _ in signal.sources
    ]
    first = len(nodes)
    if by_neuron:
        thresholds = body.neurons["threshold"].tolist()
        nodes += [Node("neuron", *pair) for pair in zip(labels, map(str, thresholds), strict=True)]
    else:
        sizes = np.bincount(places, minlength=len(labels)).tolist()
        nodes += [Node("group", *pair) for pair in zip(labels, map(str, sizes), strict=True)]
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


def _named(body: Body, in_group: npt.NDArray[np.int64]) -> Iterator[str]:
    """Return the path of each neuron."""
    for (path, _), count in zip(body.groups, in_group.tolist(), strict=True):
        yield from (path if count == 1 else f"{path}[{place}]" for place in range(count))


def _parts(
    paths: Sequence[_Path], in_group: npt.NDArray[np.int64], most: int
) -> tuple[list[int], list[str]]:
    """Return the part of each group of neurons, and the names of the parts, at most `most`.

    Where there are too many even at the top, paths that differ in the numbers of their names only
    are one part, and where these are too many, all but the largest are.
    """
    parts = _opened(paths, most)
    if len(set(parts)) > most:
        parts = _opened([tuple(_NUMBER.sub("", step) for step in path) for path in paths], most)
    size: Counter[_Path] = Counter()
    members: dict[_Path, set[_Path]] = {}
    for part, path, count in zip(parts, paths, in_group.tolist(), strict=True):
        size[part] += count
        members.setdefault(part, set()).add(path[: len(part)])
    names = {part: _name(part, inside) for part, inside in members.items()}
    if len(names) > most:
        large = {part for part, _ in size.most_common(most - 1)}
        rest = f"{len(names) - len(large)} {'other ' if large else ''}parts"
        names = {part: name if part in large else rest for part, name in names.items()}
    labels: dict[str, int] = {}
    places = [labels.setdefault(names[part], len(labels)) for part in parts]
    return places, list(labels)


def _opened(paths: Sequence[_Path], most: int) -> list[_Path]:
    """Return the beginnings of paths, as long as there are at most `most` different ones."""
    depth, deepest = 1, max(map(len, paths))
    while depth < deepest and len({path[: depth + 1] for path in paths}) <= most:
        depth += 1
    return [path[:depth] for path in paths]


def _name(part: _Path, members: set[_Path]) -> str:
    """Return what a part is called: its path, or what its paths share and how many there are."""
    if len(members) == 1:
        return ".".join(*members)
    return f"{'.'.join(part)} ×{len(members)}"


def _injections(injected: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Return input line and neuron of each current."""
    for line in np.nonzero(injected != GROUND)[0].tolist():
        yield line, int(injected[line])
