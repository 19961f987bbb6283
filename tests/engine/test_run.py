"""What a run tells: the same from packed spikes, with or without the state kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikealg.engine import Run, simulate, slices
from spikealg.engine.execute import execute
from spikealg.engine.prepare import require_run_memory
from spikealg.engine.simulate import run_job
from spikealg.errors import InputError, InputTypeError, TooLargeError
from spikealg.network import Network, Port
from spikealg.progress import silent
from tests.engine.test_kernels import assert_same, attempt, random_call, random_network
from tests.helpers import ALL_KERNELS, packed_spikes, refused

CODES = Network.from_arrays(
    threshold=[1] * 76,
    leak=4096,
    inputs={"x": np.arange(76)},
    outputs={
        "binary": Port([3, 1, 2, 1, 0], 5, "binary", 2),
        "wide": Port(np.arange(70), 70, "binary", 0),
        "stream": Port([70], 4, "stream", 1),
        "unary": Port([71], 5, "unary", 1),
        "temporal": Port([72], 5, "temporal", 0),
        "current": Port([73, 74], 2, "current", 0),
        "last": Port([3, 1, 3], 3, "binary", None),
        "last of one": Port([72], 1, "temporal", None),
        "done": Port([75], 1, "binary", None),
    },
)


def packed(run: Run) -> Run:
    """Return the same run as if its kernel had packed the spikes."""
    words = packed_spikes(run.spikes, run.first_lane % 128)
    return replace(run, _outcome=replace(run._outcome, spikes=words))


@pytest.mark.parametrize(("lanes", "first_lane"), [(1, 0), (5, 62), (64, 0), (150, 127)])
def test_ports_are_read_from_packed_spikes(lanes, first_lane):
    rng = np.random.default_rng(lanes)
    x = rng.integers(0, 2, (9, lanes, 76))
    x[:, :, 75] = np.arange(9)[:, None] == 6 + rng.integers(0, 3, lanes)
    call = {"ticks": 9, "seed": 0, "first_lane": first_lane, "kernel": "event"}
    run = simulate(CODES, {"x": x}, until=("done", 1), **call)
    words = packed(run)
    for name in CODES.outputs:
        assert np.array_equal(words[name], run[name]), name
        assert words[name].dtype == run[name].dtype
    # What the codings say, read off the input: lines fire when they are injected.
    weights = 1 << np.arange(5)
    assert run["binary"].tolist() == (x[2][:, [3, 1, 2, 1, 0]] @ weights).tolist()
    assert run["wide"].tolist() == [
        sum(int(b) << k for k, b in enumerate(row)) for row in x[0, :, :70]
    ]
    assert run["stream"].tolist() == (x[1:5, :, 70].T @ weights[:4]).tolist()
    assert run["unary"].tolist() == x[1:6, :, 71].sum(axis=0).tolist()
    first = np.where(x[:5, :, 72].any(axis=0), x[:5, :, 72].argmax(axis=0), -1)
    assert run["temporal"].tolist() == first.tolist()
    last = x[run.stopped, np.arange(lanes)]
    assert run["last"].tolist() == (last[:, [3, 1, 3]] @ weights[:3]).tolist()
    assert run["last of one"].tolist() == (last[:, 72] - 1).tolist()
    assert words.spikes.identical(run.spikes)
    for neurons, begin, ticks in (([70, 3, 70], 2, 4), ([], 0, 3), ([5], 4, 3), ([1], 7, 0)):
        raster = words.raster(neurons, begin, ticks)
        assert np.array_equal(raster, run.raster(neurons, begin, ticks))
        assert raster.shape == (ticks, lanes, len(neurons))


def test_a_raster_that_cannot_fit_is_refused(monkeypatch):
    run = simulate(CODES, {"x": np.ones(76, dtype=int)}, ticks=5, seed=0)
    monkeypatch.setattr("spikealg.memory.available_bytes", lambda: 2**20)
    many = np.ones(10**6, dtype=int)
    for one in (run, packed(run)):
        with pytest.raises(TooLargeError, match="a raster of 1000000 neurons in 5 ticks and 1 la"):
            one.raster(many, 0, 5)
        with pytest.raises(InputTypeError, match="ticks must be a whole number"):
            one.raster([1, 2], 0, 1.5)


@pytest.mark.parametrize("kernel", ALL_KERNELS)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), threads=st.sampled_from([1, 2]))
def test_a_state_that_was_not_kept_is_found_again(kernel, seed, threads):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    kept = attempt(network, random_call(rng, network), kernel=kernel)
    if isinstance(kept, str):
        return
    with pytest.MonkeyPatch.context() as patch:
        # Lanes one by one or a few together.
        patch.setattr(slices, "CELLS", int(rng.integers(1, 3 * network.n_neurons)))
        bare = run_job(replace(kept._job, keep_state=False), kernel, threads, False)
    assert bare._outcome.final is None
    assert_same(bare, kept)


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("kernel", ALL_KERNELS)
def test_an_overflow_in_any_block_is_the_first(kernel, first, monkeypatch):
    """All lanes overflow, one before the others; they run in blocks of one."""
    monkeypatch.setattr(slices, "CELLS", 1)
    net = Network.from_arrays(threshold=[2**31 - 1], bias=2**28, inputs={"x": [0]})
    run = simulate(net, {"x": np.zeros((9, 3, 1), dtype=int)}, ticks=3, seed=0, kernel=kernel)
    job = replace(run._job, ticks=9, keep_state=False)
    ahead = np.roll([2**30, 0, 2**27], first)[np.newaxis, :, np.newaxis]
    job = replace(job, injection=simulate(net, {"x": ahead}, ticks=3, seed=0)._job.injection)
    with pytest.raises(OverflowError, match=f"neuron 0 .* leaves int32 in tick 3, lane {first}"):
        execute(job, kernel, 1, silent)


def test_many_lanes_without_their_state_fit(monkeypatch):
    net = Network.from_arrays(threshold=[1] * 60, inputs={"x": [0]})
    job = simulate(net, {"x": 1}, ticks=1, seed=0)._job
    monkeypatch.setattr("spikealg.memory.available_bytes", lambda: 2**30)
    job = replace(job, lanes=10**7)
    require_run_memory(replace(job, keep_state=False), 2)
    with pytest.raises(TooLargeError, match="60 neurons in 10000000 lanes"):
        require_run_memory(replace(job, keep_state=True), 2)


@pytest.mark.parametrize("kernel", ["event", "clock", "lanes"])
def test_rasters_of_all_threads_are_counted_together(kernel, monkeypatch):
    """Each thread's spikes would fit alone."""
    net = Network.from_arrays(threshold=[0] * 1000, leak=4096)
    lanes = 256 if kernel == "lanes" else 16
    call = {"ticks": 200, "lanes": lanes, "seed": 0, "kernel": kernel, "threads": 2}
    # A spike takes 24 bytes, a word of 64 spikes 32.
    recorded = 32 * 200_000 * 4 if kernel == "lanes" else 24 * 200_000 * 16
    assert simulate(net, record="counts", **call).counts.sum() == 200_000 * lanes
    monkeypatch.setattr("spikealg.memory.available_bytes", lambda: 1.2 * recorded)
    with pytest.raises(TooLargeError, match="a raster of this run would need"):
        simulate(net, record="all", **call)
    monkeypatch.setattr("spikealg.memory.available_bytes", lambda: 2.1 * recorded)
    assert len(simulate(net, record="all", **call)._outcome.spikes) > 0


def arrivals(run: Run) -> int:
    """The oracle: every synapse of every spike, into a set."""
    network, last = run.network, run.start_tick + run.lane_ticks - 1
    found = set()
    for neuron, tick, lane in [*run._job.start.spikes, *run.spikes]:
        for s in range(network.indptr[neuron], network.indptr[neuron + 1]):
            due = tick + int(network.delay[s])
            if run.start_tick <= due <= last[lane]:
                found.add((int(network.post[s]), due, lane))
    return len(found)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_windows_leave_the_spikes_within(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    whole = attempt(network, random_call(rng, network), kernel="event")
    if isinstance(whole, str):
        return
    first = rng.integers(0, 10, network.n_neurons)
    last = first + rng.integers(-1, 10, network.n_neurons)
    rows = zip(whole.spikes.i, whole.spikes.t, whole.spikes.lane, strict=True)
    expected = [row for row in rows if first[row[0]] <= row[1] <= last[row[0]]]
    counts = np.bincount([i for i, _, _ in expected], minlength=network.n_neurons)
    for run in (whole, packed(whole)):
        found = run.within(first, last)
        spikes = found.spikes
        assert list(zip(spikes.i, spikes.t, spikes.lane, strict=True)) == expected
        assert found.counts.tolist() == counts.tolist()
        assert found.active_updates == arrivals(found)


def test_windows_need_all_spikes():
    ring = Network.from_arrays(threshold=[1, 1], pre=[0, 1], post=[1, 0], inputs={"x": [0]})
    run = simulate(ring, {"x": 1}, ticks=3, record=[0])
    with refused('windows need all spikes: simulate with record="all"', InputError):
        run.within(0, 1)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_active_updates_are_those_that_something_reaches(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    call = random_call(rng, network)
    whole = attempt(network, call, kernel="event")
    if isinstance(whole, str):
        return
    assert whole.active_updates == packed(whole).active_updates == arrivals(whole)
    if (whole.lane_ticks < whole.ticks).any():
        return
    until = call.pop("until", None)
    ticks, values = (
        call.pop("ticks"),
        call.pop("inputs", {"x": np.zeros((0, call["lanes"], 2), int)})["x"],
    )
    cut = int(rng.integers(0, ticks + 1))
    call.pop("epochs", None)
    before = simulate(network, {"x": values[:cut]}, ticks=cut, kernel="event", **call)
    later = simulate(
        network, {"x": values[cut:]}, ticks=ticks - cut, kernel="event", state=before.state,
        record="all",
    )  # fmt: skip
    assert later.active_updates == packed(later).active_updates == arrivals(later)
    if until is None:
        assert before.active_updates + later.active_updates == whole.active_updates
