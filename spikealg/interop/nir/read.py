"""A NIR graph as a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from spikealg.arguments import as_choice, as_float, as_int
from spikealg.errors import InputError
from spikealg.interop.nir.graph import FlatGraph, read_graph
from spikealg.interop.nir.integers import restore
from spikealg.interop.nir.linear import Signal
from spikealg.interop.nir.neurons import SPIKING, STEPS, Dynamics, Integers
from spikealg.interop.nir.package import require_nir
from spikealg.interop.nir.timing import depths
from spikealg.network import MEMORYLESS, Network
from spikealg.network.ports import Port

__all__ = ["NirImport", "from_nir"]

_RESETS = ("value", "subtract")


@dataclass(frozen=True)
class NirImport:
    """A network read from a NIR graph.

    Attributes
    ----------
    network : Network
        Groups of neurons are called as the nodes, ports as the Input and Output nodes.
    dt : float
        Length of a tick [s].
    unit : dict of group to float
        What one weight unit of a group's potential is in NIR's units.
    notes : tuple of str
        Where the network and the graph differ.
    """

    network: Network
    dt: float
    unit: Mapping[str, float]
    notes: tuple[str, ...]


def from_nir(
    graph: Any,
    *,
    dt: float | None = None,
    step: str = "euler",
    reset: str = "value",
    bits: int = 22,
    integers: bool = True,
) -> NirImport:
    """Read a NIR graph as a network.

    A graph that :func:`~spikealg.interop.nir.to_nir` wrote gives back the identical network. Any
    other is rounded to integers: leaks to 1/4096 per tick, potentials and weights to a power of two
    of NIR's unit that leaves `bits` bits. Linear nodes (Affine, Linear, Scale, Conv, pooling,
    Flatten, Delay) between one neuron and the next become synapses; Input nodes become lines that
    fire. What takes no time in NIR takes a tick per layer here, and the latency of the output ports
    says how many; a loop without a delay takes one step, as in NIR's tools.

    Parameters
    ----------
    graph : nir.NIRGraph, str or Path
        A graph, or a file of one.
    dt : float, optional
        Length of a tick [s]; needed unless :func:`to_nir` wrote the graph, for NIR does not give
        it. Tools that count steps (sinabs) mean 1.
    step : {"euler", "exponential"}
        How the equations are advanced: a share dt/τ leaks in a tick, or 1 − exp(−dt/τ).
    reset : {"value", "subtract"}
        NIR resets to v_reset; "subtract" reads a graph from a tool that subtracts the threshold.
    bits : int
        How many bits the largest of threshold, reset and summed input of a node takes, 1 to 30.
        Room for sums over time is above it.
    integers : bool
        False reads the graph alone and leaves aside the integers that :func:`to_nir` wrote.

    Raises
    ------
    FileFormatError
        If the file or its integers are damaged.
    InputError, InputTypeError
        If the graph cannot be said in this library's neurons, or changed since it was exported;
        the message names the node.
    MissingExtraError
        If nir is not installed.
    """
    nir = require_nir("from_nir")
    as_choice("step", step, STEPS)
    as_choice("reset", reset, _RESETS)
    bits = as_int("bits", bits, low=1, high=30)
    dt = None if dt is None else as_float("dt", dt, above=0.0)
    source, graph = graph, read_graph(nir, graph)
    stored = restore(graph) if integers else None
    if stored is not None:
        network, stored_dt, notes = stored
        if dt is not None and dt != stored_dt:
            raise InputError(f"dt of the exported graph is {stored_dt:g} s, got {dt:g} s")
        unit = dict.fromkeys((name for name, _ in network.groups), 1.0)
        return NirImport(network, stored_dt, unit, notes)
    if dt is None:
        what = source if isinstance(source, (str, Path)) else "the graph"
        raise InputError(f"dt must be given: {what} does not say how many seconds a tick takes")
    return _Reader(FlatGraph(graph, dt, step), dt, reset, bits).read()


@dataclass(frozen=True)
class _Population:
    """A node's neurons in integers, and the weights (n, size of source) by source and delay."""

    neurons: Integers
    weights: Mapping[tuple[str, int], sp.csr_array]
    reset: str = "value"

    @property
    def size(self) -> int:
        return len(self.neurons.threshold)


class _Reader:
    """Populations, as they are collected, in the order of the graph."""

    def __init__(self, graph: FlatGraph, dt: float, reset: str, bits: int) -> None:
        self.graph, self.dt, self.reset, self.bits = graph, dt, reset, bits
        self.notes: list[str] = []
        self.populations: dict[str, _Population] = {}
        self.ports: dict[str, tuple[str, Any]] = {}
        """Of each output: population and indices in it."""
        self.constant = "bias"
        while self.constant in graph.nodes:
            self.constant += "_"

    def read(self) -> NirImport:
        graph = self.graph
        for name in graph.named("Input"):
            self._add_relays(name, prod(graph.input_shape(name)), threshold=1)
        for name, neurons in graph.dynamics.items():
            if name not in graph.currents.values():
                self._add_node(name, neurons)
        for name in graph.named("Output"):
            self._add_output(name)
        if not self.populations:
            raise InputError("graph has no neurons and no inputs")
        edges = [
            (source, target, delay)
            for target, population in self.populations.items()
            for source, delay in population.weights
        ]
        depth, looped = depths(self.populations, edges)
        for source, target in sorted(looped):
            if source != target:
                self.notes.append(
                    f"{source} to {target}: in a loop without a delay, so a spike takes one tick"
                )
        network = self._network(depth, looped)
        unit = {name: 1 / made.neurons.scale for name, made in self.populations.items()}
        return NirImport(network, self.dt, unit, tuple(self.notes))

    # ------------------------------------------------------------------ populations

    def _add_relays(self, name: str, size: int, threshold: int) -> None:
        whole = np.zeros(size, dtype=np.int64)
        leak = np.full(size, MEMORYLESS)
        self.populations[name] = _Population(
            Integers(leak, leak, whole, whole + threshold, whole, 1.0, ()), {}
        )

    def _add_node(self, name: str, neurons: Dynamics) -> None:
        graph = self.graph
        current = graph.currents.get(name)
        arriving = graph.arriving(name, without=() if current is None else (current,))
        if current is not None:
            if arriving is not None and arriving.terms:
                if any(matrix.nnz for matrix in arriving.terms.values()):
                    raise InputError(
                        f"node {name!r} gets spikes beside its synaptic current {current!r}: lead "
                        "them to the current"
                    )
            if arriving is not None:
                direct = neurons.gain * self._fitting(name, neurons, arriving).constant
                neurons = replace(neurons, bias=neurons.bias + direct)
            neurons = neurons.after(graph.dynamics[current])
            arriving = graph.arriving(current)
        if arriving is None:
            size = prod(neurons.shape)
            arriving = Signal(neurons.shape, {}, np.zeros(size))
        keeps = bool((neurons.leak < 1).any())
        subtracts = self.reset == "subtract" and graph.kind(name) in SPIKING and keeps
        if subtracts and (neurons.reset != 0).any():
            self.notes.append(f"{name}: v_reset is left aside, the threshold is subtracted")
        self._add(name, neurons, self._fitting(name, neurons, arriving), subtracts)

    def _fitting(self, name: str, neurons: Dynamics, signal: Signal) -> Signal:
        if signal.shape != neurons.shape and prod(signal.shape) * prod(neurons.shape) != 1:
            raise InputError(
                f"node {name!r} has shape {neurons.shape}, but what leads to it has shape "
                f"{signal.shape}"
            )
        return signal

    def _add(self, name: str, neurons: Dynamics, arriving: Signal, subtracts: bool) -> None:
        """Round neurons and weights, and note what that changes."""
        gain = neurons.gain * neurons.current_gain
        weights = {
            key: sp.csr_array(sp.diags_array(gain) @ matrix)
            for key, matrix in arriving.terms.items()
        }
        bias, constant = neurons.bias, gain * arriving.constant
        if (neurons.current_leak < 1).any() and constant.any():
            # A current has no bias: a neuron that fires in every tick carries it.
            if self.constant not in self.populations:
                self._add_relays(self.constant, 1, threshold=0)
            weights[self.constant, 0] = sp.csr_array(constant[:, None])
            self.notes.append(
                f"{name}: the bias of its synaptic current comes from neuron {self.constant!r}, "
                "which fires in every tick"
            )
        else:
            bias = bias + constant
        with np.errstate(over="ignore"):  # what overflows is refused below
            drive = np.abs(bias) + sum(
                np.asarray(abs(matrix).sum(axis=1)).reshape(-1) for matrix in weights.values()
            )
        if not np.isfinite(drive).all():
            raise InputError(f"the weights that lead to node {name!r} must be finite")
        whole = Integers.of(name, neurons, bias, drive, self.bits)
        self.notes += whole.notes
        for key, matrix in list(weights.items()):
            matrix.data = np.rint(matrix.data * whole.scale)
            matrix.eliminate_zeros()
            if not matrix.nnz:
                del weights[key]
        self.populations[name] = _Population(whole, weights, "subtract" if subtracts else "value")

    def _add_output(self, name: str) -> None:
        """Make a port of neurons, or of neurons added to sum or collect what leads to it."""
        graph = self.graph
        if len(graph.before[name]) == 1 and graph.before[name][0] in graph.dynamics:
            (source,) = graph.before[name]
            self.ports[name] = source, np.arange(self.populations[source].size)
            return
        signal = graph.arriving(name)
        if signal is None:
            raise InputError(f"nothing leads to Output {name!r}")
        terms = {key: matrix for key, matrix in signal.terms.items() if matrix.nnz}
        size = len(signal.constant)
        ones = sum((np.asarray((matrix == 1).sum(axis=1)) for matrix in terms.values()), start=0)
        entries = sum(matrix.nnz for matrix in terms.values())
        picks = np.array_equal(ones, np.ones(size)) and entries == size
        picks = picks and not signal.constant.any()
        if picks and len(terms) == 1 and all(delay == 0 for _, delay in terms):
            (((source, _), matrix),) = terms.items()
            self.ports[name] = source, sp.csr_array(matrix).indices
            return
        one, nothing = np.ones(size), np.zeros(size)
        threshold = np.full(size, 0.5 if picks else np.inf)
        gates = Dynamics(signal.shape, one, one, nothing, threshold, nothing, one, one)
        self._add(name, gates, replace(signal, terms=terms), subtracts=False)
        self.ports[name] = name, np.arange(size)
        if not picks:
            self.notes.append(f"{name}: a sum; read the potentials of these neurons, none spikes")

    # ------------------------------------------------------------------ the network

    def _network(self, depth: Mapping[str, int], looped: frozenset[tuple[str, str]]) -> Network:
        order = sorted(self.populations, key=lambda name: depth[name])
        sizes = [self.populations[name].size for name in order]
        first = dict(zip(order, accumulate(sizes, initial=0), strict=False))
        parts = [self.populations[name].neurons for name in order]
        arrays: dict[str, Any] = {
            key: np.concatenate([getattr(part, key) for part in parts])
            for key in ("threshold", "leak", "current_leak", "bias")
        }
        depth_of = np.repeat([depth[name] for name in order], sizes)
        at_once = (arrays["bias"] != 0) | (arrays["threshold"] <= 0)
        synapses: dict[str, list[Any]] = {"pre": [], "post": [], "weight": [], "delay": []}
        for target in order:
            for (source, ticks), matrix in self.populations[target].weights.items():
                entries = matrix.tocoo()
                lag = 1 if ticks == 0 and (source, target) in looped else ticks
                lag += depth[target] - depth[source]
                synapses["pre"].append(first[source] + entries.col)
                synapses["post"].append(first[target] + entries.row)
                synapses["weight"].append(entries.data.astype(np.int64))
                synapses["delay"].append(np.full(entries.nnz, lag))
        words = [self.populations[name].reset for name in order]
        inputs = {
            name: Port(np.arange(first[name], first[name] + size), size)
            for name, size in zip(order, sizes, strict=True)
            if name in self.graph.named("Input")
        }
        outputs = {
            name: Port(first[source] + chosen, len(chosen), latency=depth[source])
            for name, (source, chosen) in self.ports.items()
        }
        return Network.from_arrays(
            **arrays,
            reset=np.repeat(words, sizes) if "subtract" in words else "value",
            reset_value=np.concatenate([part.reset for part in parts]),
            # Those that need no input to begin wait for the first tick of their layer.
            refractory_init=np.where(at_once, depth_of, 0),
            **{key: np.concatenate(part or [[]]) for key, part in synapses.items()},
            inputs=inputs,
            outputs=outputs,
            groups=tuple(first.items()),
        )
