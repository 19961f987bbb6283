"""Every kernel against the reference, spike for spike and state for state, on random networks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikealg.engine import Run, simulate
from spikealg.errors import NeuronOverflowError
from spikealg.network import NEVER, NO_FLOOR, RESETS, Network
from tests.helpers import FAST_KERNELS

MOST_NEURONS, MOST_TICKS = 24, 40


def random_network(rng: np.random.Generator) -> Network:
    """A network over all features; some have runs of equal neurons, some huge weights."""
    n = int(rng.integers(1, MOST_NEURONS))
    m = int(rng.integers(0, 4 * n))
    huge = rng.random() < 0.15

    def some(*values: int | float) -> np.ndarray:
        drawn = rng.choice(values, n)
        return np.full(n, drawn[0]) if rng.random() < 0.5 else drawn

    threshold = some(-2, 0, 1, 1, 2, 3, 5, 20, NEVER).astype(np.int64)
    reset = np.array(RESETS)[some(0, 1, 2).astype(int)]
    reset[(reset == "subtract") & (threshold < 1)] = "value"
    return Network.from_arrays(
        threshold=threshold,
        leak=some(0, 0, 4096, 4096, 1, 100, 2048, 4095),
        current_leak=some(4096, 4096, 4096, 0, 500, 2048),
        bias=rng.integers(-(2**29), 2**29, n) if huge else some(0, 0, 0, 1, -1, 3),
        reset=reset,
        reset_value=some(0, 0, -2, 2, -9),
        probability=some(1.0, 1.0, 0.5, 0.25, 0.3, 0.0, 0.999),
        refractory=some(0, 0, 1, 3),
        refractory_init=some(0, 0, 2),
        floor=some(NO_FLOOR, NO_FLOOR, 0, -5),
        v_init=rng.integers(-6, 7, n),
        stream=rng.permutation(3 * n)[:n],
        pre=rng.integers(0, n, m),
        post=rng.integers(0, n, m),
        weight=rng.integers(-(2**26), 2**26, m) if huge else rng.integers(-3, 4, m),
        delay=rng.integers(1, rng.choice([2, 5, 20]), m),
        inputs={"x": rng.integers(0, n, 2)},
    )


def relay_network(rng: np.random.Generator) -> Network:
    """Mostly relays, which fire whenever anything arrives; others drive and disturb them.

    Some of these networks have rings of relays, the others come to rest where nothing drives them.
    """
    n = int(rng.integers(6, MOST_NEURONS))
    m = int(rng.integers(n, 4 * n))
    huge, driven, rings = rng.random() < 0.1, rng.random() < 0.3, rng.random() < 0.3
    plain = rng.random(n) < 0.8
    leak = rng.choice([0, 4096], n)
    threshold = np.where(plain & (leak == 0), rng.integers(-2, 5, n), rng.integers(1, 5, n))
    reset_value = threshold - rng.integers(1, 4, n)
    v_init = threshold - rng.integers(-1, 3, n) * (rng.random(n) < 0.7)
    pre, post = rng.integers(0, n, m), rng.integers(0, n, m)
    if rings:
        pre[:n], post[:n] = np.arange(n), rng.permutation(n)
    else:
        pre, post = np.minimum(pre, post)[pre != post], np.maximum(pre, post)[pre != post]
    m = len(post)
    lowest = np.where(leak == 0, np.minimum(v_init, reset_value), 0)
    enough = (threshold - lowest)[post] + rng.integers(0, 3, m)
    other = rng.integers(-(2**26), 2**26, m) if huge else rng.integers(-3, 4, m)
    return Network.from_arrays(
        threshold=threshold,
        leak=np.where(plain, leak, rng.choice([0, 4096, 100], n)),
        bias=np.where(plain, 0, rng.integers(0, 2**30 if huge else 1 + driven, n)),
        reset_value=reset_value,
        probability=np.where(plain, 1.0, rng.choice([1.0, 0.5], n)),
        refractory=np.where(plain, 0, rng.integers(0, 3, n)),
        refractory_init=np.where(rng.random(n) < 0.9, 0, 2),
        v_init=v_init,
        stream=rng.permutation(3 * n)[:n],
        pre=pre,
        post=post,
        weight=np.where(plain[post], enough, other),
        delay=rng.integers(1, 10, m),
        inputs={"x": rng.integers(0, n, 2)},
    )


def filling_network(rng: np.random.Generator) -> Network:
    """Random sources, and targets whose weights fill int32 in both directions."""
    sources, targets = 12, 6
    n = sources + targets
    is_source = np.arange(n) < sources
    bias = np.where(is_source, 0, rng.integers(-4, 5, n))
    weight = np.empty((sources, targets), dtype=np.int64)
    for target in range(targets):
        room = 2**31 - 1 - abs(int(bias[sources + target]))
        half = rng.permutation(sources).reshape(2, -1)
        for sign, lines in zip((1, -1), half, strict=True):
            weight[lines, target] = sign * rng.multinomial(room, rng.dirichlet([0.3] * len(lines)))
    pre, post = np.meshgrid(np.arange(sources), np.arange(sources, n), indexing="ij")
    order = rng.permutation(weight.size)
    return Network.from_arrays(
        threshold=np.where(
            is_source, 0, rng.integers(-(2**31), 2**31, n) >> rng.integers(0, 31, n)
        ),
        leak=np.where(is_source, 4096, rng.choice([4096, 4096, 0, 2048], n)),
        current_leak=np.where(is_source, 4096, rng.choice([4096, 4096, 4096, 3000], n)),
        bias=bias,
        probability=np.where(is_source, rng.choice([0.5, 0.1, 0.02]), 1.0),
        floor=rng.choice([NO_FLOOR, -1000], n),
        pre=pre.ravel()[order],
        post=post.ravel()[order],
        weight=weight.ravel()[order],
        delay=rng.integers(1, 3, weight.size),
        inputs={"x": rng.integers(0, n, 2)},
    )


NETWORKS = [random_network, relay_network]


def random_call(rng: np.random.Generator, network: Network) -> dict:
    """Arguments of `simulate` over all options."""
    n, ticks, lanes = network.n_neurons, int(rng.integers(1, MOST_TICKS)), int(rng.integers(1, 5))
    call: dict = {
        "ticks": ticks,
        "lanes": lanes,
        "seed": int(rng.integers(2**63)),
        "first_lane": int(rng.choice([0, 62, 127, 10**6])),
        "record": "all",
    }
    if rng.random() < 0.6:
        values = rng.integers(-3, 4, (int(rng.integers(1, ticks + 1)), lanes, 2))
        call["inputs"] = {"x": values * (rng.random(values.shape) < 0.5)}
    if rng.random() < 0.4:
        call["potentials"] = rng.integers(0, n, 3).tolist()
    if rng.random() < 0.4:
        call["epochs"] = (int(rng.integers(n)), [1, 2, 4])
    if rng.random() < 0.5:
        stops = ["quiet", (int(rng.integers(n)), int(rng.integers(1, 5)))]
        call["until"] = stops[int(rng.integers(2))]
    return call


def assert_same(run: Run, expected: Run) -> None:
    assert run.spikes.identical(expected.spikes)
    for name in ("counts", "epochs", "potentials", "stopped"):
        assert np.array_equal(getattr(run, name), getattr(expected, name)), name
    assert (run.status, run.updates) == (expected.status, expected.updates)
    if len(np.unique(expected.lane_ticks)) == 1:
        assert run.state.identical(expected.state)


def attempt(network: Network, call: dict, **settings: object) -> Run | str:
    try:
        return simulate(network, **call, **settings)
    except NeuronOverflowError as error:
        return str(error)


@pytest.mark.parametrize("networks", [*NETWORKS, filling_network])
@pytest.mark.parametrize("kernel", FAST_KERNELS)
@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), threads=st.sampled_from([1, 2]))
def test_same_as_reference(kernel, networks, seed, threads):
    rng = np.random.default_rng(seed)
    network = networks(rng)
    call = random_call(rng, network)
    expected = attempt(network, call, kernel="reference")
    found = attempt(network, call, kernel=kernel, threads=threads)
    if isinstance(expected, str) or isinstance(found, str):
        assert found == expected
    else:
        assert_same(found, expected)


def joined(run: Run, later: Run) -> tuple:
    spikes = [*run.spikes, *later.spikes]
    return spikes, (run.counts + later.counts).tolist()


@pytest.mark.parametrize("networks", NETWORKS)
@pytest.mark.parametrize("kernel", FAST_KERNELS)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_cut_and_continued_is_uncut(kernel, networks, seed):
    rng = np.random.default_rng(seed)
    network = networks(rng)
    call = random_call(rng, network)
    for name in ("until", "epochs"):
        call.pop(name, None)
    whole = attempt(network, call, kernel="reference")
    if isinstance(whole, str):
        return
    ticks = call.pop("ticks")
    values = call.pop("inputs", {"x": np.zeros((0, call["lanes"], 2), dtype=int)})["x"]
    cut = int(rng.integers(0, ticks + 1))
    before = simulate(network, {"x": values[:cut]}, ticks=cut, kernel=kernel, **call)
    for name in ("seed", "first_lane", "lanes"):
        call.pop(name)
    after = simulate(
        network, {"x": values[cut:]}, ticks=ticks - cut, kernel=kernel, state=before.state, **call
    )
    assert joined(before, after) == (list(whole.spikes), whole.counts.tolist())
    assert after.state.identical(whole.state)
    assert np.array_equal(np.concatenate([before.potentials, after.potentials]), whole.potentials)


@pytest.mark.parametrize("networks", NETWORKS)
@pytest.mark.parametrize("kernel", FAST_KERNELS)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_blocks_of_lanes_are_one_run(kernel, networks, seed):
    rng = np.random.default_rng(seed)
    network = networks(rng)
    call = random_call(rng, network)
    call["until"] = None
    whole = attempt(network, call, kernel=kernel)
    if isinstance(whole, str):
        return
    inputs = call.pop("inputs", None)
    lanes, first = call.pop("lanes"), call.pop("first_lane")
    spikes, counts = [], np.zeros(network.n_neurons, dtype=np.int64)
    for lane in range(lanes):
        part = inputs and {"x": inputs["x"][:, lane : lane + 1]}
        run = simulate(network, part, lanes=1, first_lane=first + lane, kernel=kernel, **call)
        spikes += [(neuron, tick, lane) for neuron, tick, _ in run.spikes]
        counts += run.counts
    order = sorted(spikes, key=lambda spike: (spike[1], spike[0], spike[2]))
    assert order == list(whole.spikes)
    assert np.array_equal(counts, whole.counts)


def test_the_fuzz_is_not_empty():
    """Most random networks spike, some overflow, some stop early: the comparison says something."""
    outcomes = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        network = random_network(rng)
        outcomes.append(attempt(network, random_call(rng, network), kernel="event"))
    runs = [outcome for outcome in outcomes if isinstance(outcome, Run)]
    assert 1 <= len(outcomes) - len(runs) <= 30
    assert sum(run.counts.sum() > 0 for run in runs) > 90
    assert sum((run.stopped >= 0).any() for run in runs) > 12
    assert sum(len(run.state.spikes) > 0 for run in runs if (run.stopped < 0).all()) > 20


def test_networks_that_fill_int32_fill_it():
    """About half of their runs overflow, the others reach potentials and sums of 31 bits."""
    outcomes, largest = [], 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        network = filling_network(rng)
        call = random_call(rng, network) | {"potentials": list(range(network.n_neurons))}
        outcomes.append(attempt(network, call, kernel="event"))
        if isinstance(outcomes[-1], Run):
            largest = max(largest, int(np.abs(outcomes[-1].potentials).max()))
    assert 10 < sum(isinstance(outcome, str) for outcome in outcomes) < 50
    assert largest > 2**30.9


def test_large_runs_empty_their_buffers():
    """More spikes, and more in flight, than the buffers of a kernel hold at once."""
    n, ticks, lanes = 3000, 100, 2
    net = Network.from_arrays(
        threshold=[0] * n, leak=4096, probability=0.5, pre=np.arange(n), post=np.arange(n),
        delay=64, weight=0,
    )  # fmt: skip
    runs = [
        simulate(net, ticks=ticks, lanes=lanes, seed=1, kernel=kernel, record="all")
        for kernel in FAST_KERNELS
    ]
    for run in runs:
        assert_same(run, runs[0])
        assert len(run.spikes) == run.counts.sum() > 2**18
        late = run.spikes.t >= ticks - 64
        assert len(run.state.spikes) == late.sum() > 2**17


def test_potentials_near_the_edge_are_exact():
    """The clock kernel changes from vector loops to exact ones where its proof ends."""
    n = 40
    net = Network.from_arrays(
        threshold=[2**30] * n, leak=1, reset="subtract", bias=2**24,
        v_init=np.arange(n) * 1000,
    )  # fmt: skip
    runs = [
        simulate(net, ticks=400, seed=0, kernel=kernel, record="all", potentials=[0, n - 1])
        for kernel in ("reference", *FAST_KERNELS)
    ]
    assert runs[0].counts.min() > 3
    for run in runs[1:]:
        assert_same(run, runs[0])
