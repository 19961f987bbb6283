"""Shared lists: a new thing inherits every generic test by one line here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
import pytest

from spikealg.circuits import encode
from spikealg.circuits.codings import coding_ticks, decode
from spikealg.engine import KERNELS, Spikes, simulate
from spikealg.engine.packed import PackedSpikes
from spikealg.errors import SpikealgError, WiringError
from spikealg.network import Network
from spikealg.solvers.diffusion.domains.ball import Ball, Disk
from spikealg.solvers.diffusion.domains.chain import Chain
from spikealg.solvers.diffusion.domains.domain import Domain
from spikealg.solvers.diffusion.domains.graph import Graph
from spikealg.solvers.diffusion.domains.lattice import Box, Interval
from spikealg.solvers.diffusion.domains.phasespace import PhaseSpace
from spikealg.solvers.diffusion.domains.polygon import Polygon
from spikealg.solvers.diffusion.domains.surfaces import Sphere, Torus
from spikealg.solvers.diffusion.domains.trianglemesh import TriangleMesh
from spikealg.solvers.diffusion.solution import Solution
from tests.circuits.cases import arithmetic, frames, logic, order, sequences, sets, timing

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
    """Expect an error with exactly this message, whatever note says where a circuit was built."""
    return pytest.raises(error, match=rf"^{re.escape(message)}(\nwhile building .*)?$")


# ------------------------------------------------------------------ circuits


ALL_CIRCUITS = [
    *logic.CASES,
    *timing.CASES,
    *arithmetic.CASES,
    *sets.CASES,
    *order.CASES,
    *frames.CASES,
    *sequences.CASES,
]


def present_in_turn(
    network: Network, operands: Mapping[str, np.ndarray], **settings
) -> dict[str, np.ndarray]:
    """Return the outputs for operands (n,) that follow each other at the network's interval."""
    period, count = network.interval, len(next(iter(operands.values())))
    last = max(
        port.latency + coding_ticks(port.coding, port.width) for port in network.outputs.values()
    )
    ticks = (count - 1) * period + last
    rasters = {}
    for name, values in operands.items():
        port = network.inputs[name]
        coded = encode(values, port.coding, port.width)
        raster = np.zeros((count, period, port.lines), dtype=np.int64)
        raster[:, : len(coded)] = coded.transpose(1, 0, 2)
        rasters[name] = raster.reshape(count * period, 1, port.lines)[:ticks]
    run = simulate(network, rasters, ticks=ticks, **settings)
    fired = np.zeros((ticks, network.n_neurons), dtype=np.int64)
    fired[run.spikes.t, run.spikes.i] = 1
    results = {}
    for name, port in network.outputs.items():
        span = coding_ticks(port.coding, port.width)
        starts = port.latency + period * np.arange(count)
        windows = fired[starts + np.arange(span)[:, None]][:, :, port.neurons]
        results[name] = decode(windows, port.coding, port.width)
    return results


def assert_same(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    """Expect the same outputs, port by port."""
    assert list(found) == list(expected)
    for port, values in expected.items():
        wrong = np.nonzero(np.asarray(found[port]) != np.asarray(values))[0]
        assert not len(wrong), (
            f"{port}: {len(wrong)} wrong, first {wrong[0]}: "
            f"{found[port][wrong[0]]} instead of {values[wrong[0]]}"
        )


# ------------------------------------------------------------------- domains


@dataclass(frozen=True)
class DomainCase:
    """A small domain, a boundary that loses nothing, one that absorbs, and somewhere to start."""

    name: str
    make: Callable[[], Domain]
    closed: object
    absorbing: object
    start: object
    coefficients: Mapping[str, float] = field(default_factory=lambda: {"diffusivity": 0.7})

    @property
    def is_lattice(self) -> bool:
        return isinstance(self.make(), (Ball, Box, Interval, Polygon))


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


def tiles(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The unit square in (n − 1)² squares, shifted, each cut along a diagonal."""
    i, j = (part.ravel() for part in np.indices((n, n)))
    x, y = i / (n - 1), j / (n - 1)
    inner = (i > 0) & (i < n - 1) & (j > 0) & (j < n - 1)
    points = np.stack([x + inner * 0.3 / n * np.sin(7 * y), y], axis=1)
    corner = (np.arange(n * n).reshape(n, n)[:-1, :-1]).ravel()
    faces = [(corner, corner + n, corner + n + 1), (corner, corner + n + 1, corner + 1)]
    return points, np.concatenate([np.stack(face, axis=1) for face in faces])


TILES = tiles(6)

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
    DomainCase("disk", lambda: Disk(1.5, 10), "reflect", "absorb", (0.2, -0.4)),
    DomainCase("ball", lambda: Ball(1.0, 8, center=(1, 2, 3)), "reflect", "absorb", (1.1, 2, 3.2)),
    DomainCase(
        "sphere",
        lambda: Sphere(2.0, 1),
        "reflect",
        {"pole": {"where": lambda x: x[:, 2] > 1.6}},
        (0.0, 0.0, -2.0),
    ),
    DomainCase(
        "torus",
        lambda: Torus(1.0, 0.4, n=9),
        "reflect",
        {"band": {"where": range(4)}},
        (-1.4, 0.0, 0.0),
    ),
    DomainCase("sheet", lambda: TriangleMesh(*TILES), "reflect", {"rim": "absorb"}, (0.55, 0.4)),
    DomainCase(
        "slab",
        lambda: PhaseSpace(0, 2, 8, directions=(-1, -0.5, 0.5, 1), scattering=2.0),
        "periodic",
        "absorb",
        (0.6, 0.5),
        {},
    ),
    DomainCase(
        "states",
        lambda: Chain([[0, 2.0, 1.0], [0.5, 0, 0], [0.1, 3.0, 0]], nodes="abc"),
        "reflect",
        {"c": "absorb"},
        "a",
        {},
    ),
]


# ------------------------------------------------------------------ solutions


def same_walkers(one: Solution, other: Solution) -> None:
    """Assert that whatever walkers gave is the same, bit for bit."""
    assert (one.lanes, one.circuit, one.seed) == (other.lanes, other.circuit, other.seed)
    for group, twin in zip(one.groups, other.groups, strict=True):
        for name in ("walkers", "counts", "exited", "left", "stay"):
            np.testing.assert_array_equal(getattr(group, name), getattr(twin, name))
    np.testing.assert_array_equal(one.value, other.value)
    np.testing.assert_array_equal(one.value_stderr, other.value_stderr)
    if one.runs:
        assert str(one.circuit_summary()) == str(other.circuit_summary())
