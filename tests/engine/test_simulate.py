"""What `simulate` accepts, refuses and gives back."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from spikealg.circuits import Circuit
from spikealg.engine import KERNELS, Run, Spikes, State, simulate
from spikealg.engine import run as run_module
from spikealg.errors import InputError, InputTypeError, TooLargeError
from spikealg.network import Network, Port
from tests.helpers import refused


@pytest.fixture
def net():
    return Network.from_arrays(
        threshold=[1, 1, 2], leak=4096, pre=[0, 1, 0], post=[1, 2, 2], delay=[1, 1, 2],
        inputs={"x": [0]}, outputs={"y": [2]},
    )  # fmt: skip


REFUSED = [
    (
        {"kernel": "lane"},
        "kernel must be one of 'auto', 'reference', 'event', 'clock', 'lanes', got 'lane'",
    ),
    ({"ticks": -1}, "ticks must be a whole number from 0 to 2147483647, got -1"),
    ({"lanes": 0}, "lanes must be a whole number of at least 1, got 0"),
    ({"seed": -1}, "seed must be a whole number from 0 to 18446744073709551615, got -1"),
    ({"threads": 0}, "threads must be a whole number of at least 1, got 0"),
    (
        {"record": "everything"},
        "record must be one of 'outputs', 'all', 'counts', got 'everything'",
    ),
    ({"record": [7]}, "record must be a whole number from 0 to 2, got 7"),
    (
        {"record": ["z"]},
        "record: no neuron, group or port is called 'z'; there are: y, x, neuron",
    ),
    ({"inputs": {"z": 1}}, "inputs has no port 'z' to go to; the input ports are: x"),
    ({"inputs": {"x": 2}, "lanes": 3}, None),
    (
        {"inputs": {"x": [1, 1]}, "lanes": 3},
        "inputs have 2 lanes, but the run has 3",
    ),
    (
        {"inputs": {"x": np.ones((2, 1, 2), dtype=int)}},
        "inputs['x'] must have shape (ticks, 1, 1), got (2, 1, 2)",
    ),
    (
        {"inputs": {"x": np.ones((9, 1, 1), dtype=int)}},
        "inputs['x'] lasts 9 ticks, but the run has 5: raise ticks",
    ),
    ({"until": "still"}, "until must be None, \"quiet\" or (port or neuron, k), got 'still'"),
    ({"until": ([], 1)}, "until[0] must name at least one neuron, got []"),
    ({"until": ("y", 0)}, "until[1] must be a whole number of at least 1, got 0"),
    (
        {"epochs": ("y",)},
        "epochs must be (neuron, [k, ...]) or (neuron, [k, ...], neurons), got ('y',)",
    ),
    ({"epochs": ("y", 3)}, "epochs[1] must be a list of whole numbers, got 3"),
    ({"epochs": ("y", [2, 1])}, "epochs[1] must rise, got [2, 1]"),
    ({"epochs": ("y", [1], [0, 0])}, "epochs[2] must name each neuron once"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_refusals(net, arguments, message):
    call = {"ticks": 5, "seed": 0, **arguments}
    if message is None:
        assert isinstance(simulate(net, **call), Run)
    else:
        with refused(message, InputError):
            simulate(net, **call)


def test_wrong_types_are_named(net):
    with refused("ticks must be a whole number from 0 to 2147483647, got 5.0", InputTypeError):
        simulate(net, ticks=5.0)
    message = "network must be a Network, got Circuit: compile() a Circuit first"
    with refused(message, InputTypeError):
        simulate(Circuit("x"), ticks=5)
    for inputs in (5, [0], "x"):
        message = f"inputs must be a dict of port name to values, got {type(inputs).__name__}"
        with refused(message, InputTypeError):
            simulate(net, inputs, ticks=5)
    message = "inputs['x'] must be a number or an array, got rows of different lengths"
    with refused(message, InputTypeError):
        simulate(net, {"x": [[1], [1, 0]]}, ticks=5)
    message = "epochs[1] must be a number or an array, got rows of different lengths"
    with refused(message, InputTypeError):
        simulate(net, ticks=5, epochs=("y", [1, [2]]))
    assert simulate(net, ticks=5, record=np.array(1)).recorded.tolist() == [1]
    with refused("record must be a whole number from 0 to 2, got 1.5", InputTypeError):
        simulate(net, ticks=5, record=np.array(1.5))
    with refused("state must be a State, as in run.state, got Run", InputTypeError):
        simulate(net, ticks=5, state=simulate(net, ticks=1))
    values = np.full((1, 1, 1), np.nan)
    with pytest.raises(InputTypeError, match="inputs\\['x'\\] must hold whole numbers"):
        simulate(net, {"x": values}, ticks=5)


def test_state_contradictions(net):
    state = simulate(net, ticks=2, lanes=2, seed=9, first_lane=4).state
    for arguments, message in (
        ({"lanes": 3}, "lanes is 3, but state has 2: leave lanes out"),
        ({"seed": 1}, "seed is 1, but state has 9: leave seed out"),
        ({"first_lane": 5}, "first_lane is 5, but state has 4: leave first_lane out"),
        ({"first_lane": 0}, "first_lane is 0, but state has 4: leave first_lane out"),
    ):
        with refused(message, InputError):
            simulate(net, ticks=2, state=state, **arguments)
    with pytest.raises(InputError, match="state is of a network of 3 neurons, this one has 1"):
        simulate(Network.from_arrays(threshold=[1]), ticks=2, state=state)


def test_lanes_that_drifted_have_no_state(net):
    x = np.zeros((3, 2, 1), dtype=int)
    x[2, 1] = 1
    run = simulate(net, {"x": x}, ticks=9, seed=0, until="quiet")
    assert run.status.value == "every lane met its stop condition"
    with pytest.raises(InputError, match="a run has a state only if all lanes ran equally far"):
        run.state  # noqa: B018


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_raster_of_one_lane_is_for_all_lanes(net, kernel):
    x = np.array([1, 0, 1]).reshape(3, 1, 1)
    every = simulate(net, {"x": np.repeat(x, 4, axis=1)}, ticks=6, seed=0, record="all")
    run = simulate(net, {"x": x}, ticks=6, lanes=4, seed=0, record="all", kernel=kernel)
    assert run.lanes == 4
    assert run.spikes.identical(every.spikes)
    assert simulate(net, {"x": x}, ticks=6, seed=0).lanes == 1


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("first_lane", [0, 100])
def test_who_spiked_at_a_tick_is_what_the_spikes_say(net, kernel, first_lane):
    x = np.random.default_rng(2).integers(0, 2, (6, 150, 1))
    run = simulate(
        net, {"x": x}, ticks=9, seed=0, record=[2, 0], kernel=kernel, first_lane=first_lane
    )
    for tick in range(9):
        spiked = run.spiked([2, 0], tick)
        assert spiked.shape == (2, 150)
        for row, neuron in enumerate((2, 0)):
            now = (run.spikes.t == tick) & (run.spikes.i == neuron)
            assert np.flatnonzero(spiked[row]).tolist() == run.spikes.lane[now].tolist()
    assert np.array_equal(run.spiked([0], 0)[0], x[0, :, 0] == 1)
    with pytest.raises(InputError, match=r"neuron 1 \(neuron\[1\]\) was not recorded"):
        run.spiked([1], 0)
    with pytest.raises(InputTypeError, match="neurons must hold whole numbers"):
        run.spiked(["y"], 0)
    with pytest.raises(InputTypeError, match=r"tick must be a whole number, got 0\.5"):
        run.spiked([0], 0.5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_run_may_keep_its_counts_only(net, kernel):
    x = np.ones((4, 70, 1), dtype=int)
    run = simulate(
        net, {"x": x}, ticks=6, seed=0, record="all", potentials=[1], kernel=kernel,
        epochs=([0], [1, 2], [1]),
    )  # fmt: skip
    slim = run.counts_only()
    for name in ("counts", "epochs", "stopped", "lane_ticks"):
        assert np.array_equal(getattr(slim, name), getattr(run, name))
    assert (slim.synaptic_events, slim.updates) == (run.synaptic_events, run.updates)
    assert slim.recorded.size == slim.potentials.size == len(slim.spikes) == 0
    with pytest.raises(InputError, match="this run kept its counts only, not its inputs: simulate"):
        slim.state  # noqa: B018
    assert len(run.spikes) == run.counts.sum()


def test_records_what_is_asked(net):
    x = {"x": np.ones((4, 2, 1), dtype=int)}
    everything = simulate(net, x, ticks=6, seed=0, record="all")
    assert simulate(net, x, ticks=6, seed=0).recorded.tolist() == [2]
    assert len(simulate(net, x, ticks=6, seed=0, record="counts").spikes) == 0
    some = simulate(net, x, ticks=6, seed=0, record=["x", "neuron[1]", 2])
    assert some.spikes.identical(everything.spikes)
    order = np.lexsort((everything.spikes.lane, everything.spikes.i, everything.spikes.t))
    assert np.array_equal(order, np.arange(everything.counts.sum()))
    assert everything.synaptic_events == 2 * 8 + 8
    assert everything.updates == 3 * 6 * 2
    # Neuron 1 is reached in ticks 1 to 4, neuron 2 in ticks 2 to 5, in both lanes.
    assert everything.active_updates == 16
    outputs_only = simulate(net, x, ticks=6, seed=0)
    with pytest.raises(InputError, match="active updates need all spikes"):
        outputs_only.active_updates  # noqa: B018
    with pytest.raises(InputError, match=r"neuron 0 \(neuron\[0\]\) was not recorded"):
        simulate(net, x, ticks=6, seed=0).raster([0], 0, 6)


def test_seed_is_recorded(net):
    run = simulate(net, ticks=1)
    assert simulate(net, ticks=1, seed=run.seed).seed == run.seed
    assert run.seed != simulate(net, ticks=1).seed


def test_ports_decode_where_they_are_ready():
    net = Network.from_arrays(
        threshold=[1] * 4, leak=4096, pre=[0, 1], post=[2, 3], delay=3,
        inputs={"a": Port([0, 1], 2, "binary")}, outputs={"b": Port([2, 3], 2, "binary", 3)},
    )  # fmt: skip
    run = simulate(net, {"a": [0, 1, 2, 3]}, ticks=4, seed=0)
    assert run["b"].tolist() == [0, 1, 2, 3]
    assert net(a=2) == {"b": 2}
    with refused("no value is given for 'a'; the input ports are: a", InputError):
        net()
    with refused("there is no output port 'c'; the output ports are: b", InputError):
        run["c"]
    with pytest.raises(InputError, match="port 'b' is read until tick 4, but the run has 3 ticks"):
        simulate(net, {"a": 1}, ticks=3, seed=0)["b"]


def test_memory_is_refused_with_an_estimate():
    net = Network.from_arrays(threshold=np.ones(1000, dtype=int))
    with pytest.raises(TooLargeError, match=r"1000 neurons in 100000000000 lanes .* GiB"):
        simulate(net, ticks=1, lanes=10**11)


def test_progress_is_told_and_ends_at_one(net):
    for kernel in KERNELS:
        told = []
        simulate(net, ticks=200, lanes=3, seed=0, kernel=kernel, progress=told.append)
        assert told[-1] == 1.0
        assert told == sorted(told)
    simulate(net, ticks=3, seed=0, progress=True)


def test_continuing_counts_ticks_on(net):
    first = simulate(net, {"x": 1}, ticks=1, seed=0, record="all")
    assert isinstance(first.state, State)
    rest = simulate(net, ticks=4, state=first.state, record="all")
    assert [*first.spikes, *rest.spikes] == [(0, 0, 0), (1, 1, 0), (2, 2, 0)]


def test_kernels_do_not_depend_on_compilation():
    """The compiled kernels are also right as plain Python, but for the vectors of "lanes"."""
    code = (
        "import numpy as np, tests.engine.test_kernels as t\n"
        "for seed in range(6):\n"
        "    rng = np.random.default_rng(seed); net = t.random_network(rng)\n"
        "    call = t.random_call(rng, net)\n"
        "    expected = t.attempt(net, call, kernel='reference')\n"
        "    for kernel in ('event', 'clock'):\n"
        "        found = t.attempt(net, call, kernel=kernel, threads=1)\n"
        "        assert type(found) is type(expected)\n"
        "        isinstance(found, str) or t.assert_same(found, expected)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_run_module_has_sentences_for_every_status():
    assert all(len(status.value.split()) > 3 for status in run_module.Status)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_ends_all_threads_at_once(threads):
    """Ctrl-C, here raised by the function that is told of progress, leaves no thread running."""
    busy = Network.from_arrays(threshold=np.zeros(2000, dtype=int), leak=4096)
    told = []

    def interrupt(fraction: float) -> None:
        told.append(fraction)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(busy, ticks=2**30, lanes=4, seed=0, kernel="event", record="counts",
                 threads=threads, progress=interrupt)  # fmt: skip
    # The whole run would take days: that the call came back says that no thread went on.
    assert told[0] < 0.01


def test_a_port_is_not_read_where_its_lane_had_stopped(net):
    late = Network.from_arrays(
        threshold=[1, 1], leak=4096, pre=[0], post=[1], delay=5, inputs={"a": [0]},
        outputs={"b": Port([1], 1, "binary", 5), "done": Port([1], 1, "binary", None)},
    )  # fmt: skip
    with pytest.raises(InputError, match="port 'b' is read until tick 6, but the run has 1 ticks"):
        simulate(late, {"a": 1}, ticks=20, seed=0, until=("a", 1))["b"]
    with pytest.raises(InputError, match='"done" fires, but lane 0 did not stop'):
        simulate(late, {"a": 1}, ticks=20, seed=0)["done"]
    with pytest.raises(InputError, match="was not recorded"):
        simulate(late, {"a": 1}, ticks=20, seed=0, until=("done", 1), record="counts")["done"]


def test_wrong_states_are_refused(net):
    state = simulate(net, {"x": 1}, ticks=2, seed=0).state
    for change, message in (
        ({"spikes": Spikes(*np.array([[9], [1], [0]]))}, r"state.spikes.i\[0\] must be a whole"),
        ({"spikes": Spikes(*np.array([[0], [7], [0]]))}, r"state.spikes.t\[0\] must be a whole"),
        ({"spikes": Spikes(*np.array([[0, 0], [1, 1], [0, 0]]))}, "must hold each spike once"),
        ({"c": state.c - 1}, "state.c must hold ticks left, 0 or more, got -1"),
        ({"v": state.v + 0.5}, "state.v must be int32 of shape"),
    ):
        with pytest.raises(InputError, match=message):
            simulate(net, ticks=2, state=replace(state, **change))


def test_lanes_end_where_draws_do(net):
    message = "lanes are numbered below 2**39, got first_lane 549755813887 and 2 lanes"
    with refused(message, InputError):
        simulate(net, ticks=1, lanes=2, first_lane=2**39 - 1)
    stochastic = Network.from_arrays(threshold=[0] * 4, leak=4096, probability=0.5)
    runs = [
        simulate(stochastic, ticks=9, first_lane=2**39 - 1, seed=5, kernel=kernel).counts.tolist()
        for kernel in KERNELS
    ]
    assert runs[0] == runs[1] == runs[2]
