"""A NIR graph as flat nodes and edges, and what arrives at each node."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from spikealg.errors import FileFormatError, InputError, InputTypeError
from spikealg.interop.nir.linear import LINEAR, Signal, apply
from spikealg.interop.nir.neurons import CURRENTS, GRADED, SPIKING, Dynamics, dynamics

__all__ = ["FlatGraph", "read_graph"]

_Edges = list[tuple[str, str]]


def read_graph(nir: Any, graph: Any) -> Any:
    """Return `graph`, read from its file if it is the name of one.

    Raises
    ------
    FileFormatError
        If the file is damaged or no NIR file.
    InputTypeError
        If `graph` is neither a graph nor a path.
    """
    if isinstance(graph, (str, Path)):
        try:
            # Shapes are checked here: nir's check adds nodes to graphs it finds incomplete.
            graph = nir.read(graph, type_check=False)
        except FileNotFoundError:
            raise
        except (OSError, KeyError, ValueError, TypeError, AssertionError, AttributeError) as error:
            raise FileFormatError(
                f"{graph} cannot be read: it is damaged or not a NIR file ({error!r})"
            ) from error
    if not isinstance(graph, nir.NIRGraph):
        raise InputTypeError(
            f"graph must be a nir.NIRGraph or the path of a NIR file, got {type(graph).__name__}"
        )
    return graph


class FlatGraph:
    """Nodes of a graph and its subgraphs by path, their edges, and the signals between neurons.

    Attributes
    ----------
    nodes : dict of path to node
    before, after : dict of path to list of path
    currents : dict of path to path
        The node that is the synaptic current of a spiking node.
    dynamics : dict of path to Dynamics
        Of each node of neurons.
    """

    def __init__(self, graph: Any, dt: float, step: str) -> None:
        self.dt = dt
        self.nodes, edges = _flatten(graph, "")
        self.before: dict[str, list[str]] = {name: [] for name in self.nodes}
        self.after: dict[str, list[str]] = {name: [] for name in self.nodes}
        for source, target in edges:
            self.before[target].append(source)
            self.after[source].append(target)
        known = {*LINEAR, *SPIKING, *GRADED, "Input", "Output"}
        for name in self.nodes:
            if self.kind(name) not in known:
                raise InputError(
                    f"node {name!r} is of type {self.kind(name)}; known are "
                    f"{', '.join(sorted(known))}"
                )
        self.dynamics: dict[str, Dynamics] = {
            name: dynamics(name, node, dt, step)
            for name, node in self.nodes.items()
            if self.kind(name) in (*SPIKING, *GRADED)
        }
        self.currents = self._find_currents()
        self._leaving: dict[str, Signal | None] = {}

    def kind(self, name: str) -> str:
        """Return the type of a node."""
        return type(self.nodes[name]).__name__

    def named(self, *kinds: str) -> list[str]:
        """Return the nodes of these types, in the order of the graph."""
        return [name for name in self.nodes if self.kind(name) in kinds]

    def input_shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an Input node."""
        shape = (self.nodes[name].input_type or {}).get("input")
        if shape is None:
            raise InputError(f"Input {name!r} must give its shape")
        return tuple(int(size) for size in np.ravel(shape))

    def arriving(self, name: str, without: Iterable[str] = ()) -> Signal | None:
        """Return the sum of what leads to a node, None if nothing does.

        Raises
        ------
        InputError
            If shapes do not fit, or a potential is passed on as a number.
        """
        total: Signal | None = None
        for source in self.before[name]:
            if source in without:
                continue
            signal = self._leave(source)
            if total is not None and signal.shape != total.shape:
                raise InputError(
                    f"what leads to node {name!r} has shapes {total.shape} and {signal.shape}"
                )
            total = signal if total is None else total.plus(signal)
        return total

    def _leave(self, name: str) -> Signal:
        kind = self.kind(name)
        if kind == "Input":
            return Signal.of(name, self.input_shape(name))
        if kind in SPIKING:
            return Signal.of(name, self.dynamics[name].shape)
        if kind not in LINEAR:
            raise InputError(
                f"node {name!r} ({kind}) passes on its potential, and a network passes on spikes: "
                "it can lead to one Output, or be the synaptic current of IF, LIF or Threshold"
            )
        if name not in self._leaving:
            self._leaving[name] = None
            signal = self.arriving(name)
            if signal is None:
                raise InputError(f"nothing leads to node {name!r}")
            self._leaving[name] = apply(name, self.nodes[name], signal, self.dt)
        signal = self._leaving[name]
        if signal is None:
            raise InputError(f"a loop through node {name!r} has no neurons in it")
        return signal

    def _find_currents(self) -> dict[str, str]:
        currents: dict[str, str] = {}
        for name in self.named(*CURRENTS):
            targets = self.after[name]
            if not targets or any(
                self.kind(target) not in SPIKING or self.kind(target) == "CubaLIF"
                for target in targets
            ):
                continue
            if (self.dynamics[name].bias != 0).any():
                raise InputError(f"node {name!r}: v_leak of a synaptic current must be 0")
            for target in targets:
                if target in currents:
                    raise InputError(
                        f"node {target!r} has two synaptic currents, {currents[target]!r} and "
                        f"{name!r}; a neuron has one"
                    )
                if self.dynamics[name].shape != self.dynamics[target].shape:
                    raise InputError(
                        f"node {target!r} has shape {self.dynamics[target].shape} and its "
                        f"synaptic current {name!r} {self.dynamics[name].shape}"
                    )
                currents[target] = name
        return currents


def _flatten(graph: Any, prefix: str) -> tuple[dict[str, Any], _Edges]:
    """Return all nodes by path and the edges between them; subgraphs are dissolved."""
    nodes: dict[str, Any] = {}
    edges = [(prefix + str(a), prefix + str(b)) for a, b in graph.edges]
    for source, target in edges:
        for end in (source, target):
            if end.removeprefix(prefix) not in graph.nodes:
                raise InputError(f"edge ({source!r}, {target!r}) names a node that is not there")
    if len(set(edges)) < len(edges):
        raise InputError("graph has an edge twice")
    for name, node in graph.nodes.items():
        path = prefix + str(name)
        inner, between = (
            _flatten(node, f"{path}.") if hasattr(node, "nodes") else ({path: node}, [])
        )
        if clash := nodes.keys() & inner.keys():
            raise InputError(f"graph has two nodes of the path {min(clash)!r}")
        nodes |= inner
        if hasattr(node, "nodes"):
            edges = _dissolve(path, inner, edges) + between
    if prefix:
        return nodes, edges
    for name in [name for name, node in nodes.items() if name not in graph.nodes]:
        if type(nodes[name]).__name__ in ("Input", "Output"):
            edges = _short_cut(name, edges)
            del nodes[name]
    return nodes, edges


def _dissolve(path: str, inner: dict[str, Any], edges: _Edges) -> _Edges:
    """Lead edges that end at a subgraph to its Input, and from its Output."""

    def port(kind: str) -> str:
        found = [
            name
            for name, node in inner.items()
            if type(node).__name__ == kind and "." not in name.removeprefix(f"{path}.")
        ]
        if len(found) != 1:
            raise InputError(
                f"subgraph {path!r} must have one {kind} to be led to by edges, got {len(found)}"
            )
        return found[0]

    return [
        (port("Output") if a == path else a, port("Input") if b == path else b) for a, b in edges
    ]


def _short_cut(name: str, edges: _Edges) -> _Edges:
    """Join what leads to a node with where it leads."""
    before = [a for a, b in edges if b == name]
    after = [b for a, b in edges if a == name]
    kept = [(a, b) for a, b in edges if name not in (a, b)]
    return kept + [(a, b) for a in before for b in after]
