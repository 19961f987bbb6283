"""A network as a NIR graph."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from spikealg.arguments import as_float
from spikealg.errors import InputError, InputTypeError
from spikealg.interop.nir.features import never_fires, rounded, unsaid
from spikealg.interop.nir.integers import attach
from spikealg.interop.nir.package import require_nir
from spikealg.memory import require_memory
from spikealg.network import MEMORYLESS, RESETS, Network
from spikealg.network.ports import Port

__all__ = ["to_nir"]

_POTENTIALS = ("if", "lif", "threshold")
"""Node of a potential by its leak: none, some, all."""
_CURRENTS = ("i", "li", "")
"""Node of a synaptic current by its leak: none, some, all (no node)."""
_ROUNDING = (
    "decay is rounded toward zero in every tick here and is not in NIR: a current differs by less "
    "than 4096/current_leak, a potential by less than 4096/leak times one more than that (where "
    "leak is 0, by one more than that in every tick)"
)


def to_nir(network: Network, *, dt: float = 1e-3, approximate: bool = False) -> Any:
    """Return a network as a `nir.NIRGraph`; `nir.write(path, graph)` saves it.

    Neurons of one path and one kind are a node: Threshold without memory, IF without leak, LIF
    with leak, after an LI or I node where the synaptic current has a memory. Synapses are Linear
    nodes behind Delay nodes, which hold a delay per neuron. NIR's equations, advanced by forward
    Euler steps of `dt`, are those of the network: leak k is τ = 4096·dt/k, and a neuron that fires
    at v ≥ θ, θ whole, has v_threshold = θ − ½, since NIR fires at v > v_threshold.

    The integers of the network and its ports are kept in ``graph.metadata["spikealg"]``, so that
    :func:`from_nir` gives back the identical network; ``["notes"]`` lists what the graph itself
    does not say exactly.

    Parameters
    ----------
    network : Network
    dt : float
        Length of a tick [s], 10⁻¹⁵ to 10⁹.
    approximate : bool
        NIR has no word for reset by subtraction or no reset, firing probabilities, refractory
        periods, floors and initial potentials. False refuses a network where one of them makes a
        difference; True leaves them out of the graph and says so in the notes.

    Raises
    ------
    InputError, InputTypeError
        If the network has such a feature; the message names each, and the neurons by path.
    MissingExtraError
        If nir is not installed.
    TooLargeError
        If the weights do not fit into memory: NIR has dense matrices only.
    """
    nir = require_nir("to_nir")
    if not isinstance(network, Network):
        raise InputTypeError(
            f"network must be a Network, got {type(network).__name__}: compile() a Circuit first"
        )
    dt = as_float("dt", dt, low=1e-15, high=1e9)
    left_out = unsaid(network)
    if left_out and not approximate:
        raise InputError(
            "NIR cannot say: "
            + "; ".join(feature.describe(network) for feature in left_out)
            + ". Use to_nir(network, approximate=True) to leave that out of the graph"
        )
    notes = [f"{feature.describe(network)}: {feature.instead}" for feature in left_out]
    if rounded(network).any():
        notes.append(_ROUNDING)
    graph = _Writer(nir, network, dt).graph()
    attach(graph, network, dt, notes)
    return graph


@dataclass(frozen=True)
class _Population:
    """Neurons of one path and one kind: the node they are, and the node their synapses reach."""

    name: str
    entry: str
    neurons: npt.NDArray[np.int64]


class _Writer:
    """Nodes and edges, as they are collected."""

    def __init__(self, nir: Any, network: Network, dt: float) -> None:
        self.nir, self.network, self.dt = nir, network, dt
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self.weights: dict[str, sp.csr_array] = {}
        """Of Linear nodes, which are made when it is known that all of them fit."""
        self.constant: str | None = None
        # Named first: a user of the graph looks for ports.
        self.inputs = {
            name: self._add(name, nir.Input({"input": np.array([port.lines])}))
            for name, port in network.inputs.items()
        }
        self.outputs = {
            name: self._add(name, nir.Output({"output": np.array([port.lines])}))
            for name, port in network.outputs.items()
        }
        self.populations = self._populations()
        self.population_of = np.empty(network.n_neurons, dtype=np.int64)
        self.place = np.empty(network.n_neurons, dtype=np.int64)
        for number, population in enumerate(self.populations):
            self.population_of[population.neurons] = number
            self.place[population.neurons] = np.arange(len(population.neurons))

    def graph(self) -> Any:
        """Return the graph; each node of neurons has a way in and a way out, as NIR wants."""
        for name, port in self.network.inputs.items():
            self._input(self.inputs[name], port)
        self._synapses()
        self._constants()
        for name, port in self.network.outputs.items():
            self._output(self.outputs[name], port)
        sources = {source for source, _ in self.edges}
        for population in self.populations:
            if not self.network.outputs or population.name not in sources:
                count = len(population.neurons)
                spikes = self._add(
                    f"{population.name}.spikes", self.nir.Output({"output": np.array([count])})
                )
                self.edges.append((population.name, spikes))
        self._matrices()
        return self.nir.NIRGraph(self.nodes, self.edges)

    # ------------------------------------------------------------------ neurons

    def _populations(self) -> list[_Population]:
        network = self.network
        starts = np.array([first for _, first in network.groups])
        group = np.searchsorted(starts, np.arange(network.n_neurons), side="right") - 1
        kind = 3 * _stage(network.leak) + _stage(network.current_leak)
        label = 9 * group + kind
        made = []
        for number in np.unique(label):
            neurons = np.flatnonzero(label == number)
            path = network.groups[number // 9][0]
            potential, current = divmod(int(number % 9), 3)
            if len(neurons) < np.count_nonzero(group == number // 9):
                path = ".".join(filter(None, (path, _CURRENTS[current], _POTENTIALS[potential])))
            name = entry = self._add(path, self._potential(potential, neurons))
            if _CURRENTS[current]:
                entry = self._add(f"{name}.current", self._current(current, neurons))
                self.edges.append((entry, name))
            made.append(_Population(name, entry, neurons))
        return made

    def _potential(self, kind: int, neurons: npt.NDArray[np.int64]) -> Any:
        network, nir = self.network, self.nir
        bias = network.bias[neurons].astype(np.float64)
        never = never_fires(network)[neurons]
        threshold = np.where(never, np.inf, network.threshold[neurons] - 0.5)
        if _POTENTIALS[kind] == "threshold":
            return nir.Threshold(threshold=threshold - bias)
        reset = network.reset[neurons]
        v_reset = np.select(
            [reset == RESETS.index("subtract"), reset == RESETS.index("none")],
            [np.zeros(len(neurons)), network.threshold[neurons]],
            network.reset_value[neurons],
        ).astype(np.float64)
        if _POTENTIALS[kind] == "if":
            r = np.full(len(neurons), 1 / self.dt)
            return nir.IF(r=r, v_threshold=threshold, v_reset=v_reset)
        ticks = MEMORYLESS / network.leak[neurons]
        return nir.LIF(
            tau=ticks * self.dt,
            r=ticks,
            v_leak=bias * ticks,
            v_threshold=threshold,
            v_reset=v_reset,
        )

    def _current(self, kind: int, neurons: npt.NDArray[np.int64]) -> Any:
        if _CURRENTS[kind] == "i":
            return self.nir.I(r=np.full(len(neurons), 1 / self.dt))
        ticks = MEMORYLESS / self.network.current_leak[neurons]
        return self.nir.LI(tau=ticks * self.dt, r=ticks, v_leak=np.zeros(len(neurons)))

    def _constants(self) -> None:
        """Give IF nodes their bias, and a way in to nodes that nothing reaches.

        NIR has no constants but the bias of an Affine node, here behind an input of weight 0. It
        also wants an input in every graph.
        """
        reached = {target for _, target in self.edges}
        for population in self.populations:
            bias = self.network.bias[population.neurons].astype(np.float64)
            if not isinstance(self.nodes[population.name], self.nir.IF):
                bias[:] = 0  # said by v_leak or by the threshold
            no_input = not self.inputs and self.constant is None
            if bias.any() or population.entry not in reached or no_input:
                if self.constant is None:
                    self.constant = self._add("constant", self.nir.Input({"input": np.array([1])}))
                zero = np.zeros((len(bias), 1))
                affine = self._add(f"{population.name}.bias", self.nir.Affine(zero, bias))
                self.edges += [(self.constant, affine), (affine, population.name)]

    # ------------------------------------------------------------------ synapses and ports

    def _synapses(self) -> None:
        network = self.network
        pre = network.pre
        count = len(self.populations)
        pair = self.population_of[pre] * count + self.population_of[network.post]
        order = np.argsort(pair, kind="stable")
        pairs, starts = np.unique(pair[order], return_index=True)
        blocks = list(zip(pairs, np.split(order, starts[1:]), strict=True)) if len(pairs) else []
        for number, chosen in blocks:
            source, target = (self.populations[k] for k in divmod(int(number), count))
            rows, columns = self.place[network.post[chosen]], self.place[pre[chosen]]
            slots = _slots(columns, network.delay[chosen])
            for slot in range(int(slots.max()) + 1):
                here = slots == slot
                delays = network.delay[chosen[here]]
                ticks = np.full(len(source.neurons), delays.min())
                ticks[columns[here]] = delays
                weight = _matrix(
                    rows[here],
                    columns[here],
                    (len(target.neurons), len(source.neurons)),
                    network.weight[chosen[here]],
                )
                delay = self._add(f"{source.name}.delay", self.nir.Delay(delay=ticks * self.dt))
                self.edges.append((source.name, delay))
                self._link(delay, weight, target.entry, f"{source.name}.to.{target.name}")

    def _input(self, node: str, port: Port) -> None:
        lines = np.flatnonzero(port.neurons >= 0)
        neurons = port.neurons[lines]
        numbers = np.unique(self.population_of[neurons]) if len(neurons) else [0]
        for number in numbers:
            here = self.population_of[neurons] == number
            population = self.populations[number]
            shape = (len(population.neurons), port.lines)
            scatter = _matrix(self.place[neurons[here]], lines[here], shape)
            self._link(node, scatter, population.name, f"{node}.to.{population.name}")

    def _output(self, node: str, port: Port) -> None:
        for number in np.unique(self.population_of[port.neurons]):
            lines = np.flatnonzero(self.population_of[port.neurons] == number)
            population = self.populations[number]
            shape = (port.lines, len(population.neurons))
            gather = _matrix(lines, self.place[port.neurons[lines]], shape)
            self._link(population.name, gather, node, f"{population.name}.to.{node}")

    def _link(self, source: str, weight: sp.csr_array, target: str, name: str) -> None:
        """Lead `source` to `target`, through a Linear node unless `weight` is the identity."""
        rows, columns = weight.shape
        if rows == columns and (weight != sp.eye_array(rows, format="csr")).nnz == 0:
            self.edges.append((source, target))
            return
        linear = self._add(name, None)
        self.weights[linear] = weight
        self.edges += [(source, linear), (linear, target)]

    def _matrices(self) -> None:
        require_memory(
            sum(8 * prod(weight.shape) for weight in self.weights.values()),
            "the weights as NIR writes them, dense matrices between groups of neurons and ports,",
            "give smaller groups of neurons names of their own, or export a smaller network",
        )
        for name, weight in self.weights.items():
            self.nodes[name] = self.nir.Linear(weight=weight.toarray())

    def _add(self, name: str, node: Any) -> str:
        """Add a node under a name that is free and that HDF5 takes; return the name."""
        base = name.replace("/", "_").replace("\0", "_")
        base = base if base.strip(".") else "node"
        unique, number = base, 2
        while unique in self.nodes:
            unique, number = f"{base}_{number}", number + 1
        self.nodes[unique] = node
        return unique


def _stage(leak: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Return 0 where nothing leaks, 2 where nothing is kept, 1 between."""
    return np.asarray((leak > 0).astype(np.int64) + (leak == MEMORYLESS))


def _matrix(
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    shape: tuple[int, int],
    values: npt.ArrayLike = 1.0,
) -> sp.csr_array:
    """Return the sums of the values at each place."""
    values = np.broadcast_to(np.asarray(values, dtype=np.float64), rows.shape)
    return sp.csr_array((values, (rows, columns)), shape=shape)


def _slots(neurons: npt.NDArray[np.int64], delays: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Return the rank of each synapse's delay among the distinct delays of its neuron."""
    pairs, synapse_of = np.unique(np.stack([neurons, delays]), axis=1, return_inverse=True)
    first = np.searchsorted(pairs[0], pairs[0], side="left")
    rank = np.arange(len(first), dtype=np.int64) - first
    return np.asarray(rank[synapse_of.reshape(-1)], dtype=np.int64)
