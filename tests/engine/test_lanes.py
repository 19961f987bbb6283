"""The lanes kernel where it differs from the others: many lanes, words, planes that grow."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from spikealg.circuits import Adder
from spikealg.engine import packed, simulate
from spikealg.engine.packed import PackedSpikes
from spikealg.errors import NeuronOverflowError, TooLargeError
from spikealg.network import NEVER, Network
from tests.engine.test_kernels import assert_same, attempt, random_call, random_network

CHUNKS, NETWORKS = 10, 200
LANES = (1, 2, 3, 4, 63, 64, 65, 130)
HOW_OFTEN = (0.22, 0.22, 0.22, 0.22, 0.03, 0.03, 0.03, 0.03)


def random_job(seed: int) -> tuple[Network, dict]:
    """A random network and call over all features, sometimes in many lanes for a short time."""
    rng = np.random.default_rng([seed, 7])
    network = random_network(rng)
    call = random_call(rng, network)
    lanes = int(rng.choice(LANES, p=HOW_OFTEN))
    call["lanes"] = lanes
    if lanes > 4:
        call["ticks"] = min(call["ticks"], 12)
    if "inputs" in call:
        values = rng.integers(-3, 4, (int(rng.integers(1, call["ticks"] + 1)), lanes, 2))
        call["inputs"] = {"x": values * (rng.random(values.shape) < 0.5)}
    return network, call


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_two_thousand_random_networks(chunk):
    for seed in range(NETWORKS * chunk, NETWORKS * (chunk + 1)):
        network, call = random_job(seed)
        expected = attempt(network, call, kernel="reference")
        found = attempt(network, call, kernel="lanes", threads=1 + seed % 2)
        if isinstance(expected, str) or isinstance(found, str):
            assert found == expected, seed
        else:
            assert_same(found, expected)


def test_blocks_of_lanes_and_threads_are_one_run():
    """1000 lanes at once, in two threads, and in blocks that end anywhere."""
    for seed in range(40):
        rng = np.random.default_rng([seed, 8])
        network = random_network(rng)
        call = random_call(rng, network) | {"lanes": 1000, "until": None, "ticks": 20}
        values = rng.integers(-2, 3, (3, 1000, 2))
        call |= {"inputs": {"x": values}, "epochs": None, "record": "all"}
        whole = attempt(network, call, kernel="lanes", threads=1)
        if isinstance(whole, str):
            continue
        assert_same(attempt(network, call, kernel="lanes", threads=2), whole)
        first, counts, spikes = call.pop("first_lane"), 0, []
        edges = [0, 1, 65, 128, 700, 1000]
        for low, high in pairwise(edges):
            part = {"inputs": {"x": values[:, low:high]}, "lanes": high - low}
            run = simulate(network, kernel="lanes", first_lane=first + low, **call | part)
            counts = counts + run.counts
            spikes.append((run.spikes.i, run.spikes.t, run.spikes.lane + low))
        i, t, lane = (np.concatenate(column) for column in zip(*spikes, strict=True))
        order = np.lexsort((lane, i, t))
        assert np.array_equal(counts, whole.counts)
        assert np.array_equal(
            np.stack([i[order], t[order], lane[order]]),
            np.stack([whole.spikes.i, whole.spikes.t, whole.spikes.lane]),
        )


def test_counters_grow_to_the_edge_and_shrink_again():
    """A counter up to 2³⁰ and back has all widths of planes; the others follow lane by lane."""
    up, down = 2**26, -(2**26)
    net = Network.from_arrays(
        threshold=[NEVER, 2**30, 5], reset=["value", "value", "none"], reset_value=[0, -(2**30), 0],
        inputs={"x": [0, 1, 2]},
    )  # fmt: skip
    rng = np.random.default_rng(1)
    values = rng.choice([up, up, 1, 0, down], (60, 70, 3))
    values[30:] = -values[29::-1]
    runs = [
        simulate(
            net, {"x": values}, ticks=64, seed=0, kernel=kernel, record="all", potentials=[0, 1, 2]
        )
        for kernel in ("reference", "lanes")
    ]
    assert np.abs(runs[0].potentials).max() > 2**30
    assert_same(runs[1], runs[0])


@pytest.mark.parametrize("leak", [0, 1, 4096])
def test_overflow_names_tick_neuron_and_lane(leak):
    """The smallest tick, then neuron, then lane, in any block and thread."""
    net = Network.from_arrays(threshold=[NEVER] * 3, leak=leak, inputs={"x": [0, 1, 2]})
    values = np.zeros((5, 3000, 3), dtype=np.int64)
    largest = 2**31 - 1
    values[1] = largest
    if leak == 4096:
        # A gate forgets: only what comes together overflows it.
        net = Network.from_arrays(threshold=[NEVER] * 3, leak=leak, bias=1, inputs={"x": [0, 1, 2]})
    for tick, lane, neuron in [(3, 2990, 1), (3, 700, 2), (3, 2000, 1), (4, 0, 0)]:
        values[tick, lane, neuron] = largest if leak else 1
    values[1] = 0 if leak == 4096 else largest
    values[2] = 0
    for threads in (1, 2):
        with pytest.raises(NeuronOverflowError) as caught:
            simulate(net, {"x": values}, ticks=5, kernel="lanes", threads=threads, first_lane=9)
        assert (caught.value.tick, caught.value.neuron, caught.value.lane) == (3, 1, 2009)


def test_wide_gates_and_large_weights_sum_exactly():
    rng = np.random.default_rng(3)
    n = 120
    weight = rng.choice([1, -1, 7, -100, 2**20], n)
    net = Network.from_arrays(
        threshold=[1] * n + [1, 1000, 2**20], leak=4096, pre=np.tile(np.arange(n), 3),
        post=n + np.repeat(np.arange(3), n), weight=np.tile(weight, 3), inputs={"x": np.arange(n)},
    )  # fmt: skip
    values = rng.integers(0, 2, (1, 500, n))
    run = simulate(net, {"x": values}, ticks=3, kernel="lanes", record=[n, n + 1, n + 2])
    total = values[0] @ weight
    for neuron, threshold in ((n, 1), (n + 1, 1000), (n + 2, 2**20)):
        fired = run.spikes.lane[run.spikes.i == neuron]
        assert np.array_equal(fired, np.flatnonzero(total >= threshold))


def test_a_call_of_many_lanes_equals_single_calls():
    net = Adder(8).compile()
    rng = np.random.default_rng(4)
    for lanes in (1, 64, 5000):
        a, b = rng.integers(0, 256, (2, lanes))
        assert np.array_equal(net(a=a, b=b)["sum"], a + b)
        assert net(a=a, b=7)["sum"].tolist() == (a + 7).tolist()
    assert net(a=200, b=100) == {"sum": 300}
    bad = np.zeros(5000, dtype=np.int64)
    bad[4000] = 256
    with pytest.raises(ValueError, match=r"inputs\['a'\] must be from 0 to 255 .*, got 256"):
        net(a=bad, b=0)


def test_the_state_of_many_lanes_is_found_when_asked_for():
    """It is not kept while running where that would cost more than the run."""
    net = Network.from_arrays(
        threshold=[1, 3, NEVER], probability=[0.5, 1, 1], bias=[1, 0, 0], pre=[0, 1, 0],
        post=[1, 2, 2], delay=[1, 2, 3],
    )  # fmt: skip
    lanes = 2**22
    run = simulate(net, ticks=4, lanes=lanes, seed=1, kernel="lanes", record="counts")
    assert run._outcome.final is None
    few = simulate(net, ticks=4, lanes=1000, seed=1, kernel="lanes", record="counts")
    assert few._outcome.final is not None
    assert np.array_equal(run.state.v[:1000], few.state.v)
    early = run.state.spikes.lane < 1000
    assert np.array_equal(run.state.spikes.i[early], few.state.spikes.i)


# ------------------------------------------------------------------ words


@pytest.mark.parametrize("offset", [0, 1, 62, 64, 127])
@pytest.mark.parametrize("width", [1, 7, 8, 9, 33, 63])
@pytest.mark.parametrize("lanes", [1, 63, 65, 300])
def test_values_to_planes_and_back(offset, width, lanes):
    values = np.random.default_rng(lanes).integers(0, 2**width, lanes)
    planes, fit = packed.pack_values(values, width, offset)
    assert fit
    assert planes.shape == (width, 2 * -(-(offset + lanes) // 128))
    for k, plane in enumerate(planes):
        bits = np.unpackbits(plane.view(np.uint8), bitorder="little")
        assert np.array_equal(bits[offset : offset + lanes], values >> k & 1)
        assert bits.sum() == (values >> k & 1).sum()
    assert np.array_equal(packed.unpack_values(planes, lanes, offset), values)


@pytest.mark.parametrize("wrong", [-1, 2**20, -(2**63)])
@pytest.mark.parametrize("place", [0, 70, 199])
def test_values_that_do_not_fit_are_found(wrong, place):
    values = np.zeros(200, dtype=np.int64)
    values[place] = wrong
    assert not packed.pack_values(values, 20, 3)[1]


def test_packed_spikes_are_spikes():
    rng = np.random.default_rng(5)
    net = Network.from_arrays(threshold=[0] * 5, leak=4096, probability=rng.random(5))
    call = {"ticks": 9, "lanes": 300, "seed": 3, "first_lane": 70, "record": "all"}
    runs = [simulate(net, kernel=kernel, **call) for kernel in ("event", "lanes")]
    assert isinstance(runs[1]._outcome.spikes, PackedSpikes)
    assert runs[1].spikes.identical(runs[0].spikes)
    for run in runs:
        dense = run.raster([4, 1], 2, 6)
        assert dense.shape == (6, 300, 2)
        i, t, lane = run.spikes.i, run.spikes.t, run.spikes.lane
        chosen = (i == 1) & (t >= 2) & (t < 8)
        assert np.array_equal(np.argwhere(dense[:, :, 1])[:, 0], np.sort(t[chosen] - 2))
        assert dense[t[chosen] - 2, lane[chosen], 1].all()


def test_a_raster_that_cannot_fit_is_refused(monkeypatch):
    net = Network.from_arrays(threshold=[0], leak=4096)
    run = simulate(net, ticks=1, lanes=10**6, kernel="lanes", record="all")
    monkeypatch.setattr("spikealg.memory.available_bytes", lambda: 2**20)
    with pytest.raises(TooLargeError, match="a raster of 1 neurons in 1 ticks and 1000000 lanes"):
        run.raster([0])
