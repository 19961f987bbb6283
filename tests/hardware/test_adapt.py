"""Rewrites keep the function: the same spikes, on random inputs, through the engine."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from spikealg import circuits
from spikealg.engine import simulate
from spikealg.errors import InputError
from spikealg.hardware import Features, Limits, adapt, adaptation, fits, platform
from spikealg.hardware.gates import plan_layer
from spikealg.network import NEVER, Network
from tests.helpers import ALL_CIRCUITS, refused


def chip(**limits):
    """A chip without limits but these."""
    return replace(platform("loihi"), limits=Limits(**limits), features=Features())


def spikes(network, neurons, values, ticks, lag=0):
    """The spikes of the first neurons as a set, each its lag earlier."""
    run = simulate(network, {"x": values}, ticks=ticks, seed=3, record="all")
    mine = run.spikes.i < neurons
    i, t, lane = run.spikes.i[mine], run.spikes.t[mine], run.spikes.lane[mine]
    t = t - np.broadcast_to(lag, neurons)[i]
    return set(zip(i.tolist(), t.tolist(), lane.tolist(), strict=True))


# ------------------------------------------------------------------ one gate


def fires(layer, x):
    """What the lines of a layer make of inputs, gate by gate."""
    total = 0
    for group in layer.groups:
        line = (x[group.members] @ group.weights >= group.thresholds).astype(int)
        if layer.binary:
            bit, changes = group.binary_lines()
            total += group.sign * int(2**bit @ (changes @ line >= 1))
        else:
            total += int(group.unary_weights() @ line)
    return total >= layer.threshold


def test_a_layer_computes_its_gate_on_all_inputs():
    rng = np.random.default_rng(1)
    kinds = set()
    for _ in range(400):
        n = int(rng.integers(3, 9))
        weights = rng.integers(-5, 6, n) if rng.random() < 0.6 else rng.integers(1, 4, n)
        threshold, fan_in = int(rng.integers(-5, 12)), int(rng.integers(2, 6))
        layer = plan_layer(weights, threshold, fan_in)
        if layer is None:
            continue
        kinds.add((layer.binary, threshold > 0, {group.sign for group in layer.groups} == {1, -1}))
        assert layer.lines < n
        assert all(max(len(g.members), len(g.thresholds)) <= fan_in for g in layer.groups)
        for bits in itertools.product((0, 1), repeat=n):
            x = np.array(bits)
            assert fires(layer, x) == (x @ weights >= threshold)
    assert len(kinds) >= 6


@pytest.mark.parametrize(
    ("threshold", "lines"),
    [(1, 16), (1000, 16)],  # or, and: a line per group of 64
)
def test_or_and_and_take_one_line_per_group(threshold, lines):
    layer = plan_layer(np.ones(1000, dtype=int), threshold, 64)
    assert (layer.binary, layer.lines, layer.depth) == (False, lines, 1)


def test_a_gate_that_never_fires_needs_no_inputs():
    net = Network.from_arrays(
        threshold=[*[1] * 9, 10], leak=4096, pre=range(9), post=[9] * 9, inputs={"x": range(9)}
    )
    told = adaptation(net, chip(fan_in=4))
    assert (told.network.n_neurons, told.network.n_synapses) == (10, 0)
    assert told.split.tolist() == [9]


def test_counting_takes_the_bits_of_each_group():
    layer = plan_layer(np.ones(1000, dtype=int), 500, 64)
    assert layer.binary
    assert layer.lines == 16 * 6
    assert plan_layer(np.ones(5, dtype=int), 6, 3) is None


# ------------------------------------------------------------------ delays


def random_network(rng, n=25, m=60, longest=60):
    return Network.from_arrays(
        threshold=rng.integers(1, 5, n),
        leak=rng.choice([0, 4096, 300], n),
        current_leak=rng.choice([4096, 4096, 1000], n),
        bias=rng.integers(-1, 2, n),
        reset=rng.choice(["value", "subtract", "none"], n),
        probability=rng.choice([1.0, 0.5, 0.3], n),
        refractory=rng.integers(0, 3, n),
        v_init=rng.integers(-2, 3, n),
        floor=-9,
        stream=rng.permutation(3 * n)[:n],
        pre=rng.integers(0, n, m),
        post=rng.integers(0, n, m),
        weight=rng.integers(-3, 6, m),
        delay=rng.integers(1, longest, m),
        inputs={"x": np.arange(n)},
        groups=(("a", 0), ("b", 10)),
    )


def test_relays_keep_every_spike():
    rng = np.random.default_rng(2)
    for _ in range(25):
        net, most = random_network(rng), int(rng.integers(1, 20))
        told = adaptation(net, chip(delay_max=most))
        n = net.n_neurons
        assert told.same_ticks
        assert told.same_draws
        assert told.network.max_delay <= most
        assert told.relays == told.network.n_neurons - n > 0
        values = (rng.random((60, 4, n)) < 0.05).astype(int)
        before = spikes(net, n, values, 150)
        assert len(before) > 100
        assert spikes(told.network, n, values, 150) == before


def test_synapses_of_a_neuron_share_one_chain():
    net = Network.from_arrays(
        threshold=[1] * 4, leak=4096, pre=[0, 0, 0], post=[1, 2, 3], delay=[25, 31, 8],
        inputs={"x": [0]},
    )  # fmt: skip
    told = adaptation(net, chip(delay_max=10))
    assert told.relays == 3
    assert sorted(told.network.delay.tolist()) == [1, 5, 8, 10, 10, 10]
    assert [told.network.name(k) for k in (4, 6)] == ["relay[0]", "relay[2]"]
    assert str(told) == "adapted to Loihi:\n- relays added for long delays: 3"


def test_neurons_keep_names_and_streams():
    net = random_network(np.random.default_rng(3))
    new = adapt(net, chip(delay_max=5))
    n = net.n_neurons
    assert [new.name(k) for k in range(n)] == [net.name(k) for k in range(n)]
    assert np.array_equal(new.stream[:n], net.stream)
    assert len(set(new.stream.tolist())) == new.n_neurons


def test_a_network_that_fits_is_left_alone():
    net = circuits.Adder(8).compile()
    assert adapt(net, "loihi") is net
    assert str(adaptation(net, "loihi")) == "fits Loihi as it is"


# ------------------------------------------------------------------ fan-in


def thresholds(rng, post, weight, n):
    """Thresholds from "or" to "and", by what excites each neuron."""
    drive = np.zeros(n, dtype=int)
    np.add.at(drive, post, np.maximum(weight, 0))
    return np.maximum((drive * rng.choice([0.0, 0.1, 0.3, 0.5, 1.0], n)).astype(int), 1)


def random_gates(rng):
    """Gates of some fifty inputs in a graph with loops, and six lines, on long delays."""
    n, m = 10, int(rng.integers(400, 600))
    post, weight = rng.integers(0, n, m), rng.integers(-2, 4, m)
    lines, none = np.ones(6, dtype=int), np.zeros(6, dtype=int)
    return Network.from_arrays(
        threshold=np.concatenate([thresholds(rng, post, weight, n), lines]),
        leak=4096,
        bias=np.concatenate([rng.integers(-1, 2, n), none]),
        floor=np.concatenate([rng.integers(-9, 1, n), none]),
        refractory=np.concatenate([rng.integers(0, 2, n), none]),
        probability=np.concatenate([rng.choice([1.0, 1.0, 0.7], n), lines]),
        pre=rng.integers(0, n + 6, m),
        post=post,
        weight=weight,
        delay=rng.integers(20, 30, m),
        inputs={"x": np.arange(n, n + 6)},
        outputs={"out": [0]},
    )


def test_trees_keep_every_spike_where_delays_leave_room():
    """Inputs come earlier by the depth of the tree, so that no tick and no draw changes."""
    rng = np.random.default_rng(4)
    fired = set()
    for trial in range(20):
        net = random_gates(rng)
        told = adaptation(net, chip(fan_in=32))
        n = net.n_neurons
        assert told.same_ticks
        assert told.same_draws
        assert np.bincount(told.network.post).max() <= 32 < np.bincount(net.post).max()
        values = (rng.random((100, 5, 6)) < 0.5).astype(int)
        before = spikes(net, n, values, 200)
        assert spikes(told.network, n, values, 200) == before
        fired |= {(trial, i) for i, *_ in before if i in told.split}
    assert len(fired) > 50


@pytest.mark.parametrize("floor", [-1, -3, 0])
def test_floors_do_not_lift_split_gates_to_their_threshold(floor):
    """An "and" with a negative bias: its lines count from below its floor."""
    net = Network.from_arrays(
        threshold=[1] * 10 + [5], leak=4096, bias=[0] * 10 + [-5],
        floor=[-(2**31)] * 10 + [floor], pre=range(10), post=[10] * 10, delay=5,
        inputs={"x": range(10)},
    )  # fmt: skip
    values = (np.random.default_rng(7).random((30, 4, 10)) < 0.7).astype(int)
    before = spikes(net, 11, values, 50)
    assert 10 in {i for i, *_ in before}
    assert spikes(adapt(net, chip(fan_in=4)), 11, values, 50) == before


def layered(rng):
    """Layers of gates, each on a share of all layers before it."""
    size, layers = 40, 4
    n = size * layers
    pre, post = np.nonzero(
        (np.arange(n)[:, np.newaxis] // size < np.arange(n) // size) & (rng.random((n, n)) < 0.6)
    )
    weight = rng.integers(-1, 4, len(pre))
    last = np.arange(n - size, n)
    return Network.from_arrays(
        threshold=np.where(np.arange(n) < size, 1, thresholds(rng, post, weight, n)),
        leak=4096,
        pre=pre,
        post=post,
        weight=weight,
        delay=(post // size - pre // size) * rng.integers(1, 3, len(pre)),
        inputs={"x": np.arange(size)},
        outputs={"a": last[:5], "b": last[5:]},
    )


def test_trees_without_room_make_gates_late_and_the_ports_say_so():
    rng = np.random.default_rng(5)
    for _ in range(4):
        net = layered(rng)
        told = adaptation(net, chip(fan_in=32))
        n, ticks = net.n_neurons, 40
        values = (rng.random((30, 3, 40)) < 0.4).astype(int)
        before = spikes(net, n, values, ticks)
        after = spikes(told.network, n, values, ticks + int(told.lag.max()), told.lag)
        assert {entry for entry in after if entry[1] < ticks} == before
        assert len({i for i, *_ in before} & set(told.split.tolist())) > 10
        for name in ("a", "b"):
            lag = set(told.lag[net.outputs[name].neurons].tolist())
            assert lag == {told.network.outputs[name].latency}
            assert lag != {0}


@pytest.mark.parametrize("start", [0, 1])
def test_neurons_that_move_by_themselves_wait_until_their_time(start):
    """A late gate shortens a clock's period: the clock must start late by as much."""
    net = Network.from_arrays(
        threshold=[*[1] * 8, 8, 4],
        leak=[*[4096] * 9, 0],
        bias=[*[0] * 9, 1],
        v_init=[*[0] * 9, start],
        pre=range(9),
        post=[*[8] * 8, 9],
        inputs={"x": range(8)},
        outputs={"out": [9]},
    )
    told = adaptation(net, chip(fan_in=4))
    assert told.lag.tolist() == [0] * 8 + [1, 1]
    values = np.ones((20, 1, 8), dtype=int)
    before = spikes(net, 10, values, 20)
    after = spikes(told.network, 10, values, 21, told.lag)
    assert {entry for entry in after if entry[1] < 20} == before
    assert {t for i, t, _ in before if i == 9} == set(range(2, 20, 2))


def test_a_late_neuron_begins_to_leak_late():
    """It starts at 40 and is pushed over its threshold by a late gate, just in time."""
    net = Network.from_arrays(
        threshold=[*[1] * 8, 8, 21], leak=[*[4096] * 9, 1024], v_init=[*[0] * 9, 40],
        pre=range(9), post=[*[8] * 8, 9], inputs={"x": range(8)}, outputs={"out": [9]},
    )  # fmt: skip
    told = adaptation(net, chip(fan_in=4))
    assert told.lag[9] == 1
    before = simulate(
        net, {"x": np.ones((1, 1, 8), dtype=int)}, ticks=9, record=[9], potentials=[9]
    )
    after = simulate(
        told.network, {"x": np.ones((1, 1, 8), dtype=int)}, ticks=10, record=[9], potentials=[9]
    )
    assert after.potentials[1:, 0, 0].tolist() == before.potentials[:, 0, 0].tolist()
    assert (after.spikes.t - 1).tolist() == before.spikes.t.tolist() != []


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=lambda case: case.name)
def test_circuits_with_delays_of_one_tick_keep_every_spike(case):
    network = case.make().compile()
    told = adaptation(network, chip(delay_max=1))
    assert told.same_ticks
    rng, n, ticks = np.random.default_rng(6), network.n_neurons, 60
    values = {
        name: (rng.random((20, 8, len(port.neurons))) < 0.4).astype(int)
        for name, port in network.inputs.items()
    }
    runs = [
        simulate(net, values, ticks=ticks, lanes=8, record="all") for net in (network, told.network)
    ]
    before, after = (run.raster(np.arange(n), 0, ticks) for run in runs)
    assert before.any()
    assert np.array_equal(before, after)


WIDE = [
    (circuits.And(40), lambda bits: bits.all(axis=1), 0.98),
    (circuits.Or(40), lambda bits: bits.any(axis=1), 0.02),
    (circuits.Xor(40), lambda bits: bits.sum(axis=1) % 2 == 1, 0.5),
    (circuits.Majority(99), lambda bits: bits.sum(axis=1) > 49, 0.5),
    (
        circuits.ThresholdGate(60, threshold=5, weights=[1, -1, 2] * 20),
        lambda bits: bits @ np.array([1, -1, 2] * 20) >= 5,
        0.1,
    ),
]


@pytest.mark.parametrize(
    ("circuit", "function", "density"), WIDE, ids=[case[0].name for case in WIDE]
)
def test_wide_gates_compute_the_same_with_sixteen_inputs(circuit, function, density):
    network = circuit.compile()
    told = adaptation(network, chip(fan_in=16))
    assert len(told.split)
    assert np.bincount(told.network.post).max() <= 16
    rng = np.random.default_rng(6)
    bits = (rng.random((500, network.inputs["a"].lines)) < density).astype(np.int64)
    values = np.array([int("".join(map(str, row[::-1])), 2) for row in bits.tolist()], dtype=object)
    expected = function(bits)
    assert 0 < expected.mean() < 1
    got = [told.network(a=int(value))["out"] for value in values[:40]]
    run = simulate(told.network, {"a": bits[np.newaxis]}, ticks=30)
    assert np.array_equal(np.asarray(run["out"]), expected)
    assert got == expected[:40].astype(int).tolist()


def test_a_loop_without_room_is_refused():
    net = Network.from_arrays(
        threshold=[1] * 9, leak=4096, pre=range(9), post=[8] * 9, inputs={"x": range(8)}
    )
    with refused(
        "neuron[8] cannot become trees of depth up to 1: the ways through "
        "neuron[8] lead back, or start at an input, too soon; lengthen their delays",
        InputError,
    ):
        adapt(net, chip(fan_in=4))


# ------------------------------------------------------------------ probabilities


def test_probabilities_are_rounded_half_to_even():
    given = [0.5, 0.3, 3 / 256, 5 / 256, 0.999, 1.0, 0.0]
    told = adaptation(Network.from_arrays(threshold=[1] * 7, probability=given), "loihi")
    assert (told.network.probability * 128).tolist() == [64, 38, 2, 2, 128, 128, 0]
    assert told.rounded.tolist() == [1, 2, 3, 4]
    assert told.largest_change == pytest.approx(1 / 256)
    assert not told.same_draws
    assert str(told) == ("adapted to Loihi:\n- probabilities rounded: 4, by 0.0039 at most")


def test_rounded_neurons_draw_the_same_numbers():
    """A probability rounded up adds spikes and takes none away."""
    net = Network.from_arrays(threshold=[0] * 20, leak=4096, probability=0.35)
    up = adapt(net, chip(probability_bits=3))  # 3/8
    before, after = (
        simulate(n, ticks=50, lanes=4, seed=9).raster(np.arange(20), 0, 50) for n in (net, up)
    )
    assert not (before & ~after).any()
    assert after.sum() > before.sum()


def test_a_probability_is_not_rounded_to_never():
    net = Network.from_arrays(threshold=[1, 1], probability=[0.5, 1 / 300])
    with refused(
        "probability 0.00333 of neuron[1] is 0 at 7 bits: use 0.0078125 or more, or draw twice in "
        "a row",
        InputError,
    ):
        adapt(net, "loihi")


# ------------------------------------------------------------------ together


def test_walls_that_no_rule_is_for_stay():
    leaky = Network.from_arrays(threshold=[5], leak=100)
    with pytest.raises(
        InputError, match="cannot be adapted to TrueNorth:\n- there is no proportional"
    ):
        adapt(leaky, "truenorth")
    readout = Network.from_arrays(
        threshold=[1] * 9 + [NEVER], leak=4096, pre=range(9), post=[9] * 9, inputs={"x": range(9)}
    )
    with pytest.raises(InputError, match=r"- 9 synapses into a neuron, 4 at most, at neuron\[9\]$"):
        adapt(readout, chip(fan_in=4))


def test_what_was_adapted_fits():
    rng = np.random.default_rng(8)
    for _ in range(5):
        net = random_gates(rng)
        limits = {"fan_in": 32, "delay_max": 6, "probability_bits": 4}
        assert not fits(net, chip(**limits))
        assert fits(adapt(net, chip(**limits)), chip(**limits))
