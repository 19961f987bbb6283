"""The neuron of the contract, step by step, on every kernel."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spikealg.engine import Status, simulate
from spikealg.errors import NeuronOverflowError
from spikealg.network import NEVER, Network
from tests.helpers import ALL_KERNELS

pytestmark = pytest.mark.parametrize("kernel", ALL_KERNELS)


def potentials(network, kernel, ticks, inputs=None):
    run = simulate(network, inputs, ticks=ticks, seed=0, kernel=kernel, potentials=[0])
    return run.potentials[:, 0, 0].tolist()


def spike_ticks(network, kernel, ticks, inputs=None, neuron=0):
    run = simulate(network, inputs, ticks=ticks, seed=0, kernel=kernel, record="all")
    return run.spikes.of(neuron).t.tolist()


def test_loihi_current_and_leak(kernel):
    net = Network.from_arrays(threshold=[NEVER, 1], leak=[2048, 4096], current_leak=[1, 4096],
                              pre=[1], post=[0], weight=128 * 64, inputs={"x": [1]})  # fmt: skip
    expected = [0, 8192, 12286, 14331, 15351, 15859, 16111, 16235, 16295]
    assert potentials(net, kernel, 9, {"x": 1}) == expected


def test_loihi_bias(kernel):
    net = Network.from_arrays(threshold=[8 * 64 + 1], bias=128)
    assert spike_ticks(net, kernel, 12) == [4, 9]


def test_leak_rounds_toward_zero_on_both_sides(kernel):
    for sign in (1, -1):
        net = Network.from_arrays(threshold=[NEVER], leak=1000, v_init=sign * 10)
        expected, v = [], 10
        for _ in range(6):
            v = v * 3096 // 4096
            expected.append(sign * v)
        assert potentials(net, kernel, 6) == expected


def test_memoryless_forgets(kernel):
    net = Network.from_arrays(threshold=[3], leak=4096, inputs={"x": [0]}, v_init=100)
    values = np.array([2, 2, 0, 3, 1]).reshape(-1, 1, 1)
    assert potentials(net, kernel, 6, {"x": values}) == [2, 2, 0, 0, 1, 0]
    assert spike_ticks(net, kernel, 6, {"x": values}) == [3]


@pytest.mark.parametrize(
    ("reset", "after", "ticks"),
    [("value", -2, [1]), ("subtract", 4, [1, 2]), ("none", 7, [1, 2, 3])],
)
def test_resets(kernel, reset, after, ticks):
    net = Network.from_arrays(threshold=[3], reset=reset, reset_value=-2, inputs={"x": [0]})
    values = np.array([0, 7, 0, 0]).reshape(-1, 1, 1)
    assert potentials(net, kernel, 4, {"x": values})[1] == after
    assert spike_ticks(net, kernel, 4, {"x": values}) == ticks


def test_refractory_keeps_potential_and_loses_input_but_not_current(kernel):
    net = Network.from_arrays(
        threshold=[5, 1], refractory=[2, 0], current_leak=[0, 4096], leak=0, bias=[1, 0],
        reset_value=0, pre=[1], post=[0], weight=4, inputs={"x": [1], "direct": [0]},
    )  # fmt: skip
    # i jumps to 4 for good at tick 1: v 1, 6 → spike; two ticks held; then +5 each tick
    values = {"x": 1, "direct": np.array([0, 0, 100, 0, 0]).reshape(-1, 1, 1)}
    assert potentials(net, kernel, 5, values) == [1, 0, 0, 0, 0]
    assert spike_ticks(net, kernel, 5, values) == [1, 4]


def test_refractory_init_holds_a_neuron_still(kernel):
    net = Network.from_arrays(threshold=[1], bias=1, refractory_init=3)
    assert spike_ticks(net, kernel, 6) == [3, 4, 5]


def test_floor(kernel):
    net = Network.from_arrays(threshold=[NEVER], floor=-5, bias=-2)
    assert potentials(net, kernel, 4) == [-2, -4, -5, -5]


def test_threshold_of_zero_or_less_fires_alone(kernel):
    net = Network.from_arrays(threshold=[0, -3, 1])
    run = simulate(net, ticks=4, seed=0, kernel=kernel, record="counts")
    assert run.counts.tolist() == [4, 4, 0]


def test_failed_draw_keeps_potential_and_draws_again(kernel):
    net = Network.from_arrays(threshold=[1], v_init=1, probability=0.5)
    first = [
        simulate(net, ticks=60, seed=seed, kernel=kernel).spikes.t.tolist() for seed in range(12)
    ]
    assert all(len(ticks) == 1 for ticks in first)
    assert len({ticks[0] for ticks in first}) > 2


def test_delays_and_parallel_synapses(kernel):
    net = Network.from_arrays(
        threshold=[1, 2], leak=4096, pre=[0, 0, 0], post=[1, 1, 1], weight=[1, 1, 2],
        delay=[3, 3, 40], inputs={"x": [0]},
    )  # fmt: skip
    assert spike_ticks(net, kernel, 50, {"x": 1}, neuron=1) == [3, 40]


def test_self_inhibition(kernel):
    net = Network.from_arrays(threshold=[1], bias=1, pre=[0], post=[0], weight=-2, reset="none")
    assert spike_ticks(net, kernel, 7) == [0, 2, 4, 6]


def test_overflow_names_tick_neuron_and_lane(kernel):
    net = Network.from_arrays(threshold=[NEVER] * 12, inputs={"x": [3, 9]}, groups=(("store", 0),))
    ten = np.zeros((10, 3, 2), dtype=int)
    ten[2:, 1, 1] = 2**30
    ten[3:, 2, 0] = 2**30
    message = (
        "the potential or current of neuron 9 (store[9]) leaves int32 in tick 3, lane 6: "
        "use smaller weights, a leak or a floor"
    )
    with pytest.raises(NeuronOverflowError, match=f"^{re.escape(message)}$") as caught:
        simulate(net, {"x": ten}, ticks=10, seed=0, kernel=kernel, first_lane=5)
    assert (caught.value.tick, caught.value.neuron, caught.value.lane) == (3, 9, 6)


def test_overflow_of_the_current(kernel):
    net = Network.from_arrays(
        threshold=[1, NEVER], leak=4096, current_leak=[4096, 0], pre=[0, 0], post=[0, 1],
        weight=[1, 2**30], inputs={"x": [0]},
    )  # fmt: skip
    with pytest.raises(NeuronOverflowError, match=r"neuron 1 .* tick 2, lane 0"):
        simulate(net, {"x": 1}, ticks=10, seed=0, kernel=kernel)


def test_no_false_overflow_at_the_edge(kernel):
    top = 2**31 - 1
    net = Network.from_arrays(threshold=[NEVER] * 9, v_init=top - 3, bias=1, floor=None)
    run = simulate(net, ticks=3, seed=0, kernel=kernel, potentials=[0])
    assert run.potentials[-1, 0, 0] == top
    down = Network.from_arrays(threshold=[NEVER] * 9, v_init=-(2**31) + 2, bias=-1)
    run = simulate(down, ticks=2, seed=0, kernel=kernel, potentials=[0])
    assert run.potentials[-1, 0, 0] == -(2**31)
    for network, ticks in ((net, 4), (down, 3)):
        with pytest.raises(NeuronOverflowError, match="neuron 0 "):
            simulate(network, ticks=ticks, seed=0, kernel=kernel)


def test_until_quiet(kernel):
    chain = Network.from_arrays(
        threshold=[1] * 4, leak=4096, pre=[0, 1, 2], post=[1, 2, 3], delay=[1, 5, 2],
        inputs={"x": [0]},
    )  # fmt: skip
    late = np.zeros((4, 2, 1), dtype=int)
    late[0, 0] = late[3, 1] = 1
    run = simulate(chain, {"x": late}, ticks=50, seed=0, kernel=kernel, until="quiet")
    # The last neuron spikes at 8 and 11; the current that made it spike is gone a tick later.
    assert run.stopped.tolist() == [9, 12]
    assert run.status is Status.FINISHED
    assert run.updates == 4 * (10 + 13)


def test_until_counts_spikes_of_a_port(kernel):
    net = Network.from_arrays(threshold=[2, 3], bias=1, outputs={"both": [0, 1]})
    run = simulate(net, ticks=20, seed=0, kernel=kernel, until=("both", 3))
    # neuron 0 at 1, 3, 5, ...; neuron 1 at 2, 5: the third spike is at 3
    assert run.stopped.tolist() == [3]
    assert run.spikes.t.tolist() == [1, 2, 3]
    assert run.counts.tolist() == [2, 1]


def test_epochs_sum_over_drifting_lanes(kernel):
    net = Network.from_arrays(threshold=[1, 1, 1], leak=4096, inputs={"x": [0, 1]})
    beats = np.zeros((12, 2, 2), dtype=int)
    beats[[0, 4, 8], 0, 0] = 1
    beats[[1, 3, 11], 1, 0] = 1
    beats[:, :, 1] = 1
    run = simulate(net, {"x": beats}, ticks=12, seed=0, kernel=kernel, epochs=(0, [1, 2, 3]),
                   record="all")  # fmt: skip
    assert run.epochs.tolist() == [[2, 4 + 2, 0], [2, 4 + 8, 0], [2, 4 + 1, 0]]
    alone = simulate(net, {"x": beats}, ticks=12, seed=0, kernel=kernel, record="counts",
                     epochs=(0, [2], [1]))  # fmt: skip
    assert alone.epochs.tolist() == [[12]]
    assert len(alone.spikes) == 0
