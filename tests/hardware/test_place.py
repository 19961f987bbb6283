"""Placement: limits kept, messages and hops counted per spike and core, never per synapse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from spikealg import circuits
from spikealg.engine import simulate
from spikealg.errors import InputError, InputTypeError
from spikealg.hardware import Limits, place, platform, platforms
from spikealg.hardware.fill import fill_cores
from spikealg.hardware.mesh import exchange_cores, exchange_gain, positions
from spikealg.hardware.partition import cut_weight, partition
from spikealg.hardware.place import METHODS
from spikealg.network import Network
from tests.helpers import refused

CHIP = platform("loihi")


def with_limits(**limits):
    return replace(CHIP, limits=replace(Limits(), **limits))


def random_network(rng, n=60, m=240):
    return Network.from_arrays(
        threshold=np.ones(n, dtype=int),
        pre=rng.integers(0, n, m),
        post=rng.integers(0, n, m),
        weight=rng.integers(-9, 10, m),
        delay=rng.integers(1, 7, m),
    )


def torus(side, rng):
    """A random walk's graph: the four neighbours of a square, neurons numbered at random."""
    name = rng.permutation(side * side).reshape(side, side)
    pairs = [(name, np.roll(name, step, axis)) for step in (-1, 1) for axis in (0, 1)]
    pre, post = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in (0, 1))
    return Network.from_arrays(threshold=np.ones(side * side, dtype=int), pre=pre, post=post)


# ------------------------------------------------------------------ filling


def fill_slowly(order, part, sources, bits, max_neurons, max_axons, max_bits):
    """The same with sets."""
    core, cores = {}, []
    for position, j in enumerate(order):
        new_part = position > 0 and part[order[position - 1]] != part[j]
        members = [*cores[-1], j] if cores else [j]
        axons = set().union(*(sources[k] for k in members))
        fits = (
            len(members) <= max_neurons
            and len(axons) <= max_axons
            and sum(bits[k] for k in members) <= max_bits
        )
        if not cores or new_part or not fits:
            cores.append([])
        cores[-1].append(j)
        core[j] = len(cores) - 1
    return [core[j] for j in range(len(order))]


def test_filling_agrees_with_sets():
    rng = np.random.default_rng(1)
    used = set()
    for _ in range(40):
        n = int(rng.integers(1, 40))
        sources = [rng.integers(0, n, rng.integers(0, 6)) for _ in range(n)]
        indptr = np.concatenate([[0], np.cumsum([len(s) for s in sources])])
        bits = rng.integers(0, 5, n)
        part = np.sort(rng.integers(0, 3, n))
        order = np.lexsort((rng.random(n), part))
        bounds = [int(rng.integers(1, high)) for high in (12, 15, 25)]
        flat = np.concatenate([*sources, np.zeros(0, dtype=int)]).astype(np.int32)
        fast = fill_cores(order, part, indptr, flat, bits, *bounds)
        assert fast.tolist() == fill_slowly(order, part, [set(s) for s in sources], bits, *bounds)
        used.add(int(fast.max()))
    assert len(used) > 5


# ------------------------------------------------------------------ the graph


def symmetric(network):
    one = np.ones(network.n_synapses, dtype=np.int64)
    n = network.n_neurons
    graph = sp.csr_array((one, (network.pre, network.post)), shape=(n, n))
    graph = sp.csr_array(graph + graph.T)
    graph.setdiag(0)
    graph.eliminate_zeros()
    return graph


def test_parts_are_in_bounds_and_named_without_gaps():
    rng = np.random.default_rng(2)
    for _ in range(10):
        network = random_network(rng)
        weight = rng.uniform(0.01, 0.3, network.n_neurons)
        weight[3] = 1.7
        part = partition(symmetric(network), weight)
        assert sorted(set(part.tolist())) == list(range(part.max() + 1))
        load = np.bincount(part, weights=weight)
        heavy = part[3]
        assert (np.delete(load, heavy) <= 1 + 1e-9).all()
        assert load[heavy] == pytest.approx(1.7)


def test_a_torus_is_cut_into_compact_parts():
    """36 squares of 10 × 10 cut 36·40/2 = 720 edges of weight 2; strips of 100 would cut 3600."""
    network = torus(60, np.random.default_rng(3))
    graph = symmetric(network)
    part = partition(graph, np.full(3600, 0.01))
    assert part.max() + 1 <= 45
    slow = sum(
        int(weight)
        for (a, b), weight in sp.dok_array(graph).items()
        if a < b and part[a] != part[b]
    )
    assert cut_weight(graph, part) == slow
    assert slow < 2 * 720 * 2


# ------------------------------------------------------------------ placement


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("limit", "most", "used"),
    [
        ("neurons_per_core", 8, "neurons"),
        ("fan_in_axons", 20, "axons_in"),
        ("fan_out_axons", 24, "axons_out"),
        ("synapse_bits_per_core", 400, "synapse_bits"),
    ],
)
def test_keeps_the_limits_of_a_core(method, limit, most, used):
    rng = np.random.default_rng(4)
    fullest = []
    for _ in range(5):
        # A limit alone, and as the one that counts among others.
        for others in ({}, {"neurons_per_core": 30, "fan_in_axons": 50, "fan_out_axons": 60}):
            placed = place(random_network(rng), with_limits(**{**others, limit: most}), method)
            assert (placed.usage.neurons > 0).all()
            assert placed.cores > 1
            fullest.append(getattr(placed.usage, used).max())
    assert 0.8 * most <= max(fullest) <= most


@pytest.mark.parametrize("method", METHODS)
def test_messages_and_hops_are_those_counted_one_by_one(method):
    rng = np.random.default_rng(5)
    network = random_network(rng)
    chip = with_limits(neurons_per_core=4, cores_per_chip=8, mesh=(2, 2))
    placed = place(network, chip, method)
    assert placed.chips >= 2
    reached = [set() for _ in range(network.n_neurons)]
    for pre, post in zip(network.pre, network.post, strict=True):
        reached[pre].add(int(placed.core[post]))
    hops = [
        sum(
            abs(int(placed.router[placed.core[j], 0] - placed.router[core, 0]))
            + abs(int(placed.router[placed.core[j], 1] - placed.router[core, 1]))
            for core in targets
        )
        for j, targets in enumerate(reached)
    ]
    spikes = rng.integers(0, 9, network.n_neurons)
    assert placed.reach.tolist() == [len(targets) for targets in reached]
    assert placed.hops().tolist() == hops
    assert placed.hops([7, 3]).tolist() == [hops[7], hops[3]]
    assert placed.messages(spikes) == int(spikes @ placed.reach)
    assert placed.crossings(spikes) == int(spikes @ np.array(hops))


def test_several_synapses_to_a_core_are_one_message():
    """A neuron with 100 synapses to one core sends one message per spike, one hop away none."""
    network = Network.from_arrays(
        threshold=[1] * 101, pre=[0] * 100, post=range(1, 101), inputs={"x": [0]}
    )
    placed = place(network, "loihi")
    run = simulate(network, {"x": 1}, ticks=3, record="all")
    assert placed.cores == 1
    assert placed.messages(run.counts) == 1
    assert placed.crossings(run.counts) == 0


def test_a_chip_is_a_mesh_of_routers_and_chips_tile_the_plane():
    chip, router = positions(5 * 8, Limits(cores_per_chip=8, mesh=(2, 2)))
    assert np.bincount(chip).tolist() == [8] * 5
    assert router[:8].tolist() == [[0, 0]] * 2 + [[1, 0]] * 2 + [[1, 1]] * 2 + [[0, 1]] * 2
    assert router[8:10].tolist() == [[2, 0]] * 2
    assert router[24:26].tolist() == [[0, 2]] * 2
    assert len({tuple(xy) for xy in router.tolist()}) == 20


def cost(place, traffic, router):
    """All messages times their links."""
    pairs = sp.coo_array(traffic)
    links = np.abs(router[place[pairs.row]] - router[place[pairs.col]]).sum(axis=1)
    return int(pairs.data @ links)


def test_exchanges_only_save_hops():
    rng = np.random.default_rng(6)
    for _ in range(10):
        cores = int(rng.integers(2, 40))
        traffic = sp.csr_array(sp.random_array((cores, cores), density=0.2, rng=rng) * 100)
        traffic = traffic.astype(np.int64)
        _, router = positions(cores, Limits(cores_per_chip=16, mesh=(4, 2)))
        placed = exchange_cores(traffic, router)
        assert sorted(placed.tolist()) == list(range(cores))

        assert cost(placed, traffic, router) <= cost(np.arange(cores), traffic, router)


def test_the_gain_of_an_exchange_is_what_it_saves():
    rng = np.random.default_rng(9)
    for _ in range(40):
        cores = int(rng.integers(2, 12))
        traffic = sp.csr_array(sp.random_array((cores, cores), density=0.5, rng=rng) * 100)
        traffic = sp.csr_array(sp.tril(traffic, -1)).astype(np.int64)
        both = sp.csr_array(traffic + traffic.T)
        graph = (both.indptr.astype(np.int64), both.indices.astype(np.int64), both.data)
        _, router = positions(cores, Limits(cores_per_chip=16, mesh=(4, 2)))
        before = rng.permutation(cores)
        a, b = rng.integers(0, cores, 2)
        after = before.copy()
        after[[a, b]] = before[[b, a]]
        saved = cost(before, traffic, router) - cost(after, traffic, router)
        assert exchange_gain(*graph, router, before, a, b) == saved


def test_partition_sends_less_than_greedy_on_a_mesh_of_walkers():
    """Squares of 256 vertices have a border of 64; strips of 256 are nearly all border."""
    network = torus(64, np.random.default_rng(7))
    greedy, cut = (place(network, "truenorth", method) for method in METHODS)
    assert cut.reach.sum() < 0.75 * greedy.reach.sum()
    assert cut.hops().sum() < 0.5 * greedy.hops().sum()
    assert cut.cores < greedy.cores


@pytest.mark.parametrize(
    "name", [entry.name for entry in platforms() if entry.kind != "arithmetic"]
)
def test_every_platform_takes_a_circuit(name):
    network = circuits.Adder(8).compile()
    placed = place(network, name)
    assert placed.core.dtype == np.int32
    assert placed.core.shape == (network.n_neurons,)
    assert placed.cores >= 1


def test_a_hundred_thousand_neurons_and_a_million_synapses_are_placed():
    """Both methods take a second or two together: not so if either were quadratic."""
    side, rng = 316, np.random.default_rng(8)
    name = rng.permutation(side * side).reshape(side, side)
    steps = [(x, y) for x in range(-2, 3) for y in range(-2, 3) if 0 < x * x + y * y < 5]
    pre = np.concatenate([name.ravel()] * len(steps))
    post = np.concatenate([np.roll(name, step, (0, 1)).ravel() for step in steps])
    network = Network.from_arrays(threshold=np.ones(side * side, dtype=int), pre=pre, post=post)
    assert network.n_synapses > 10**6
    for method in METHODS:
        assert place(network, "loihi", method).core.shape == (side * side,)


def test_prints_cores_and_traffic():
    ring = Network.from_arrays(
        threshold=[1] * 3000, pre=range(3000), post=[*range(1, 3000), 0], weight=1
    )
    assert str(place(ring, "loihi")).splitlines() == [
        "3,000 neurons on Loihi, greedy",
        "cores                             3",
        "chips                             1",
        "neurons per core             1000.0",
        "messages per spike             1.00",
        "hops per spike                 0.00",
    ]


def test_refuses_what_cannot_be_placed():
    network = Network.from_arrays(threshold=[1])
    with refused("network must be a Network, got Adder: compile() a Circuit first", InputTypeError):
        place(circuits.Adder(4), "loihi")
    with refused("method must be one of 'greedy', 'partition', got 'best'", InputError):
        place(network, "loihi", "best")
    table = next(entry for entry in platforms() if entry.kind == "arithmetic")
    with refused(f"{table.title} is a table of prices and has no cores to place on", InputError):
        place(network, table)
    with refused("spikes must have shape (1,), got shape (2,)", InputTypeError):
        place(network, "loihi").messages([1, 2])
