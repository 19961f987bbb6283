"""Counts: by hand, against a slow count of every arrival, and equal across kernels."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikealg.circuits import Adder
from spikealg.diffusion import ParticleCircuit
from spikealg.engine import simulate
from spikealg.errors import InputError, InputTypeError
from spikealg.hardware import Counts, Work, count
from spikealg.hardware.arriving import arriving
from spikealg.network import Network
from spikealg.solvers.diffusion.density_circuits import CIRCUITS, make_circuit
from tests.engine.test_kernels import NETWORKS, attempt, random_call, random_network
from tests.helpers import ALL_KERNELS
from tests.transitions import random_transition

# 0 fires when told, and drives 1 twice and 2 once; 2 needs both and so never fires.
FAN = Network.from_arrays(
    threshold=[1, 1, 3], leak=4096, pre=[0, 0, 0, 1], post=[1, 1, 2, 2], delay=[1, 2, 1, 1],
    inputs={"x": [0]},
)  # fmt: skip


def slow_lane_counts(run):
    """Count spikes, events, driven updates by looking at each spike of each lane."""
    net, rows = run.network, []
    indptr, post, delay = (array.tolist() for array in (net.indptr, net.post, net.delay))
    lists = [[[] for _ in range(run.lanes)] for _ in range(2)]
    for kept, of_lane in zip((run.spikes, run.begins_with), lists, strict=True):
        for i, t, lane in kept:
            of_lane[lane].append((i, t))
    for lane, (spikes, earlier) in enumerate(zip(*lists, strict=True)):
        end = run.start_tick + int(run.lane_ticks[lane])
        reached, events = set(), 0
        for number, (i, t) in enumerate(earlier + spikes):
            for s in range(indptr[i], indptr[i + 1]):
                events += number >= len(earlier)
                if run.start_tick <= t + delay[s] < end:
                    reached.add((post[s], t + delay[s]))
        updates = net.n_neurons * int(run.lane_ticks[lane])
        rows.append(
            (len(spikes), events, len(reached), updates - len(reached), end - run.start_tick)
        )
    return np.array(rows).T


@pytest.mark.parametrize("kernel", ALL_KERNELS)
def test_counts_by_hand(kernel):
    # Lane 0 is told to fire in ticks 0 and 1, lane 1 in tick 0.
    x = np.array([[[1], [1]], [[1], [0]]])
    run = simulate(FAN, {"x": x}, ticks=4, seed=0, record="all", kernel=kernel)
    found = count(run, by_lane=True)
    # Lane 0: 0 fires at 0, 1; two synapses reach 1 at 1, 2, 3, which fires then; 2 hears at 1 to 3.
    assert found.spikes_of_neurons.tolist() == [3, 5, 0]
    assert (found.spikes, found.ticks, found.lanes) == (8, 4, 2)
    assert found.synaptic_events == 3 * 3 + 5
    assert found.driven == (11, 11)
    assert found.idle == (24 - 11, 24 - 11)
    lanes = found.by_lane
    assert lanes.spikes.tolist() == [5, 3]
    assert lanes.synaptic_events.tolist() == [9, 5]
    assert lanes.driven.tolist() == [6, 5]
    assert lanes.idle.tolist() == [6, 7]
    assert lanes.ticks.tolist() == [4, 4]


def check_every_kernel(first, call):
    """Compare every kernel's counts with those of each spike of `first`, the reference's run."""
    expected = slow_lane_counts(first)
    for kernel in ALL_KERNELS:
        run = first if kernel == "reference" else simulate(first.network, **call, kernel=kernel)
        found, quick = count(run, by_lane=True), count(run)
        lanes = found.by_lane
        rows = (lanes.spikes, lanes.synaptic_events, lanes.driven, lanes.idle, lanes.ticks)
        assert np.array_equal(rows, expected), kernel
        assert found.spikes_of_neurons.tolist() == first.counts.tolist()
        totals = (found.spikes, found.synaptic_events, found.driven[0], found.idle[0])
        assert totals == tuple(expected[:4].sum(axis=1))
        # What is known without looking at every spike holds the truth, neuron by neuron.
        part, exact = quick.parts[0], found.parts[0]
        assert (part.driven_low <= exact.driven_low).all()
        assert (exact.driven_high <= part.driven_high).all()
        assert (quick.spikes, quick.synaptic_events, quick.updates) == (*totals[:2], found.updates)


@pytest.mark.parametrize("networks", NETWORKS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_kernel_counts_the_same(networks, seed):
    rng = np.random.default_rng(seed)
    network = networks(rng)
    call = random_call(rng, network)
    first = attempt(network, call, kernel="reference")
    if not isinstance(first, str):
        check_every_kernel(first, call)


@pytest.mark.parametrize("name", CIRCUITS)
def test_every_kernel_counts_a_density_circuit_the_same(name):
    """Lanes with different walkers, which stop in different ticks; more of them than a word."""
    transition = random_transition(np.random.default_rng(3))
    loads = np.random.default_rng(4).integers(0, 4, (67, len(transition.live)))
    circuit = make_circuit(name, transition, steps=1, most=int(loads.sum(axis=1).max()), crowd=2)
    network = circuit.compile()
    call = {
        "inputs": circuit.inputs(loads),
        "ticks": 3 * circuit.longest_step + 2,
        "seed": 1,
        "record": "all",
        "until": ("stop", 1),
    }
    first = simulate(network, **call, kernel="reference")
    assert (first.stopped > 0).all()
    assert len(np.unique(first.lane_ticks)) > 1
    check_every_kernel(first, call)


@pytest.mark.parametrize("plan", [4, 2, 1])
def test_every_kernel_counts_a_particle_circuit_the_same(plan):
    circuit = ParticleCircuit((3, 5), 0.25, 0.3, ticks_per_step=plan, readout="counters")
    call = {"inputs": circuit.inputs(7), "ticks": 40, "lanes": 67, "seed": 1, "record": "all"}
    check_every_kernel(simulate(circuit.compile(), **call, kernel="reference"), call)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_sent_to_each_neuron(seed):
    rng = np.random.default_rng(seed)
    net = random_network(rng)
    spikes, lanes = rng.integers(0, 40, net.n_neurons), int(rng.integers(1, 5))
    sent, low = [0] * net.n_neurons, [0] * net.n_neurons
    for i in range(net.n_neurons):
        for s in range(net.indptr[i], net.indptr[i + 1]):
            sent[net.post[s]] += spikes[i]
            low[net.post[s]] = max(low[net.post[s]], spikes[i] - net.delay[s] * lanes)
    found = arriving(spikes, net.indptr, net.post, net.delay, lanes)
    assert [part.tolist() for part in found] == [sent, low]


def test_a_run_that_goes_on_counts_what_arrives_from_before():
    x = np.array([[[1]]])
    first = simulate(FAN, {"x": x}, ticks=1, seed=0, record="all")
    rest = simulate(FAN, ticks=3, state=first.state, record="all")
    assert count(first, by_lane=True).driven == (0, 0)
    # 1 hears at 1 and 2, 2 at 1 and then 1's two spikes at 2 and 3.
    found = count(rest, by_lane=True)
    assert (found.spikes, found.driven) == (2, (5, 5))
    low, high = count(rest).driven
    assert low <= 5 <= high


def test_blocks_of_lanes_are_one_run():
    adder = Adder(3).compile()
    a, b = np.arange(6) % 8, np.arange(6)[::-1] % 8
    call = {"ticks": 12, "seed": 0, "record": "all"}
    whole = simulate(adder, {"a": a, "b": b}, **call)
    blocks = [
        simulate(adder, {"a": a[at], "b": b[at]}, first_lane=at.start, **call)
        for at in (slice(0, 4), slice(4, 6))
    ]
    found = count(SimpleNamespace(runs=blocks, work=Work("sum", 6), macs=7), by_lane=True)
    expected = count(whole, by_lane=True)
    assert len(found.parts) == 1
    assert (found.ticks, found.lanes, found.spikes) == (12, 6, expected.spikes)
    assert found.driven == expected.driven
    assert found.by_lane.driven.tolist() == expected.by_lane.driven.tolist()
    assert (found.work, found.macs) == (("sum", 6), 7)
    assert (expected.work, expected.macs) == (("result", 6), adder.n_synapses * 12 * 6)
    assert count(expected) is expected


def test_networks_that_run_in_turn_add_up():
    runs = [simulate(Adder(w).compile(), {"a": 1, "b": 1}, ticks=9, seed=0) for w in (2, 3)]
    found = count(SimpleNamespace(runs=runs))
    assert found.ticks == 18
    assert found.spikes == sum(int(run.counts.sum()) for run in runs)
    with pytest.raises(InputError, match=r"2 networks ran in turn: ask each of counts\.parts"):
        _ = found.spikes_of_neurons


def test_counts_show_themselves():
    text = str(count(simulate(FAN, {"x": 1}, ticks=4, seed=0)))
    assert "synaptic events      5" in text
    assert "driven updates       1 to 5" in text


def test_what_cannot_be_counted_is_said():
    run = simulate(FAN, {"x": 1}, ticks=4, seed=0, record="counts")
    with pytest.raises(InputTypeError, match="run must be a Run, a Solution or Counts, got int"):
        count(3)
    with pytest.raises(InputError, match="nothing ran on spikes"):
        count(SimpleNamespace(runs=()))
    with pytest.raises(InputError, match='need all spikes: simulate with record="all"'):
        count(run, by_lane=True)
    with pytest.raises(InputError, match="lanes were not told apart"):
        _ = count(run).by_lane
    assert isinstance(count(run), Counts)
