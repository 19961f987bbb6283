"""Shared lists: a new thing inherits every generic test by one line here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

import networkx as nx
import numpy as np
import pytest

from spikealg import circuits as library
from spikealg.circuits import Circuit, In, encode
from spikealg.circuits.codings import coding_ticks, decode
from spikealg.engine import KERNELS, Spikes, simulate
from spikealg.engine.packed import PackedSpikes
from spikealg.errors import SpikealgError, WiringError
from spikealg.network import Network
from spikealg.solvers.diffusion.domains import Domain
from spikealg.solvers.diffusion.graph import Graph
from spikealg.solvers.diffusion.lattice import Box, Interval
from spikealg.solvers.diffusion.polygon import Polygon

# ------------------------------------------------------------------ kernels

ALL_KERNELS = tuple(KERNELS)
FAST_KERNELS = tuple(name for name in KERNELS if name != "reference")


def packed_spikes(spikes: Spikes, offset: int) -> PackedSpikes:
    """Return the same spikes in words, one after another."""
    words: dict[tuple[int, int, int], int] = {}
    for neuron, tick, lane in spikes:
        word, bit = divmod(offset + lane, 64)
        words[tick, neuron, word] = words.get((tick, neuron, word), 0) | 1 << bit
    rows = np.array(list(words), dtype=np.int64).reshape(-1, 3)
    bits = np.array(list(words.values()), dtype=np.uint64)
    return PackedSpikes(rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2].copy(), bits, offset)


# ------------------------------------------------------------------ numbers


def near(expected, rel=1e-9):
    """Expect nearly this; `pytest.approx` alone lets a picojoule pass for another."""
    return pytest.approx(expected, rel=rel, abs=0.0)


# ------------------------------------------------------------------ errors


def refused(message: str, error: type[SpikealgError] = WiringError):
    """Expect an error with exactly this message."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


# ------------------------------------------------------------------ circuits


@dataclass(frozen=True)
class CircuitCase:
    """A circuit and the plain Python that it must agree with.

    `machine()` returns a function from one tick's inputs to that tick's outputs, by port name; it
    may remember, and is then `stateful`. It is None where the latency depends on the data.
    """

    make: Callable[[], Circuit]
    machine: Callable[[], Callable[..., dict[str, int]]] | None
    stateful: bool = False

    @property
    def name(self) -> str:
        return self.make().name

    def expected(self, operands: Mapping[str, np.ndarray]) -> dict[str, list[int]]:
        """Return the outputs for operands (n,) presented one after another."""
        step = self.machine()
        rows = zip(*(values.tolist() for values in operands.values()), strict=True)
        results = [step(**dict(zip(operands, row, strict=True))) for row in rows]
        return {port: [result[port] for result in results] for port in results[0]}


def pure(function):
    """Return the machine of a circuit that remembers nothing."""
    return lambda: lambda **inputs: function(**inputs)


def bits_of(number: int, width: int) -> list[int]:
    return [number >> bit & 1 for bit in range(width)]


def latch():
    state = 0

    def step(set, reset):
        nonlocal state
        state = 0 if reset else (1 if set else state)
        return {"out": state}

    return step


def register():
    stored = 0

    def step(data, store, recall, clear):
        nonlocal stored
        before = stored
        stored = 0 if clear else (data if store else stored)
        return {"out": before if recall else 0}

    return step


def counter(width):
    count = 0

    def step(pulse, clear):
        nonlocal count
        carry = int(count + pulse == 2**width and not clear)
        count = 0 if clear else (count + pulse) % 2**width
        return {"value": count, "carry": carry}

    return step


WEIGHTS = [2, -1, 3, -2]

ALL_CIRCUITS = [
    CircuitCase(
        lambda: library.ThresholdGate(4, threshold=2, weights=WEIGHTS),
        pure(lambda a: {"out": int(np.dot(bits_of(a, 4), WEIGHTS) >= 2)}),
    ),
    CircuitCase(lambda: library.And(3), pure(lambda a: {"out": int(a == 7)})),
    CircuitCase(lambda: library.Or(3), pure(lambda a: {"out": int(a > 0)})),
    CircuitCase(lambda: library.Not(3), pure(lambda a: {"out": 7 - a})),
    CircuitCase(lambda: library.Xor(5), pure(lambda a: {"out": a.bit_count() % 2})),
    CircuitCase(lambda: library.Majority(4), pure(lambda a: {"out": int(a.bit_count() > 2)})),
    CircuitCase(lambda: library.Delay(3, width=4), pure(lambda a: {"out": a})),
    CircuitCase(lambda: library.Select(3), pure(lambda a, b, pick: {"out": a if pick else b})),
    CircuitCase(lambda: library.Adder(4), pure(lambda a, b, carry_in: {"sum": a + b + carry_in})),
    CircuitCase(lambda: library.Adder(1), pure(lambda a, b, carry_in: {"sum": a + b + carry_in})),
    CircuitCase(lambda: library.Adder(70), pure(lambda a, b, carry_in: {"sum": a + b + carry_in})),
    CircuitCase(lambda: library.BitSerialAdder(4), pure(lambda a, b: {"sum": a + b})),
    CircuitCase(lambda: library.GreaterThan(4), pure(lambda a, b: {"out": int(a > b)})),
    CircuitCase(
        lambda: library.Comparator(4),
        pure(lambda a, b: {"greater": int(a > b), "equal": int(a == b), "less": int(a < b)}),
    ),
    CircuitCase(lambda: library.Max(4), pure(lambda a, b: {"out": max(a, b)})),
    CircuitCase(library.Latch, latch, stateful=True),
    CircuitCase(lambda: library.Register(3), register, stateful=True),
    CircuitCase(lambda: library.Counter(2), lambda: counter(2), stateful=True),
    CircuitCase(lambda: library.Constant(11, width=5), pure(lambda: {"out": 11})),
    CircuitCase(lambda: library.Timer(4), None),
]


def operands_of(case: CircuitCase, seed: int = 0, most: int = 600) -> dict[str, np.ndarray]:
    """Return operands (n,) for each input.

    All combinations, in random order, if they are few and their order does not matter.
    """
    circuit = case.make()
    widths = {name: port.width for name, port in circuit.ports.items() if isinstance(port, In)}
    rng = np.random.default_rng(seed)
    if sum(widths.values()) < most.bit_length() and not case.stateful:
        rows = list(product(*(range(2**width) for width in widths.values())))
        rows = [rows[k] for k in rng.permutation(len(rows))]
    else:
        rows = [
            [int.from_bytes(rng.bytes(12), "little") % 2**width for width in widths.values()]
            for _ in range(most)
        ]
    columns = zip(*rows, strict=True)
    return {
        name: np.array(column, dtype=object if max(column) >= 2**63 else np.int64)
        for name, column in zip(widths, columns, strict=True)
    }


def present_in_turn(
    network: Network, operands: Mapping[str, np.ndarray], **settings
) -> dict[str, list[int]]:
    """Return the outputs when new operands are presented in every tick (of a stream: as soon as
    the last are through), in one lane."""
    ports = [*network.inputs.values(), *network.outputs.values()]
    period = max(coding_ticks(port.coding, port.width) for port in ports)
    count = len(next(iter(operands.values())))
    ticks = count * period + max(port.latency for port in network.outputs.values())
    rasters = {}
    for name, values in operands.items():
        port = network.inputs[name]
        coded = encode(values, port.coding, port.width)
        raster = np.zeros((count, period, port.lines), dtype=np.int64)
        raster[:, : len(coded)] = coded.transpose(1, 0, 2)
        rasters[name] = raster.reshape(count * period, 1, port.lines)
    run = simulate(network, rasters, ticks=ticks, **settings)
    results = {}
    for name, port in network.outputs.items():
        fired = np.zeros((ticks, network.n_neurons), dtype=np.int64)
        fired[run.spikes.t, run.spikes.i] = 1
        span = coding_ticks(port.coding, port.width)
        starts = port.latency + period * np.arange(count)
        windows = fired[starts + np.arange(span)[:, None]][:, :, port.neurons]
        results[name] = decode(windows, port.coding, port.width).tolist()
    return results


# ------------------------------------------------------------------- domains


@dataclass(frozen=True)
class DomainCase:
    """A small domain, a boundary that loses nothing, one that absorbs, and somewhere to start."""

    name: str
    make: Callable[[], Domain]
    closed: object
    absorbing: object
    start: object


ISLAND = {
    "type": "Polygon",
    "coordinates": [
        [[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [1.5, 3.2], [0.0, 2.0], [0.0, 0.0]],
        [[1.6, 0.9], [2.4, 1.1], [2.1, 1.8], [1.6, 0.9]],
    ],
}


def one_way_streets() -> nx.MultiDiGraph:
    """A ring of one-way streets with a double one, a loop and a chord."""
    graph = nx.MultiDiGraph()
    nx.add_cycle(graph, "abcde", weight=1.0)
    graph.add_edge("a", "b", weight=0.5)
    graph.add_edge("c", "c", weight=2.0)
    graph.add_edge("d", "a", weight=0.25)
    return graph


ALL_DOMAINS = [
    DomainCase("interval", lambda: Interval(0, 1, 12), "reflect", {"x+": "absorb"}, 0.3),
    DomainCase(
        "ring and rod", lambda: Box(-1, 1, 12), "periodic", {"x-": "absorb", "x+": "absorb"}, (0.3,)
    ),
    DomainCase(
        "rectangle",
        lambda: Box((0, 0), (1, 2), (5, 8)),
        {"x": "periodic"},
        {"x": "periodic", "y+": "absorb"},
        (0.93, 0.4),
    ),
    DomainCase(
        "block", lambda: Box((0, 0, 0), (1, 1, 2), (4, 3, 5)), "reflect", "absorb", (0.5, 0.4, 0.7)
    ),
    DomainCase("island", lambda: Polygon(ISLAND, n=14), "reflect", "absorb", (1.1, 1.4)),
    DomainCase("club", lambda: Graph(nx.karate_club_graph()), "reflect", {33: "absorb"}, 0),
    DomainCase(
        "streets",
        lambda: Graph(one_way_streets(), laplacian="random-walk"),
        "reflect",
        {"d": "absorb"},
        {"a": 2.0, "c": 1.0},
    ),
]
