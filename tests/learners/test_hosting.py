"""Quantised models on the engine: the spikes of the forward pass, everywhere, and their price."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from spikealg import hardware
from spikealg.engine import simulate
from spikealg.errors import InputError
from spikealg.learners import Dense, Recurrent, Sequential, unit
from spikealg.learners.hosting.layout import Connection, Population, lay_out
from spikealg.learners.quantization import quantize
from spikealg.learners.quantization.neurons import Neurons
from tests.helpers import ALL_KERNELS, refused
from tests.learners.hostable import (
    BATCH,
    TICKS,
    assert_hosted_exactly,
    assert_the_same_in_brian2,
    convolutional,
    forward_spikes,
    raw_inputs,
    three_layers,
)

THREE_LAYERS = [three_layers(seed) for seed in range(66)]
CONVOLUTIONAL = [convolutional(seed) for seed in range(12)]
ALL_MODELS = THREE_LAYERS + CONVOLUTIONAL


@pytest.mark.parametrize("kernel", ALL_KERNELS)
@pytest.mark.parametrize("models", [THREE_LAYERS, CONVOLUTIONAL], ids=["dense", "convolutional"])
def test_every_layer_spikes_as_in_the_forward_pass(models, kernel):
    for model, x in models:
        assert_hosted_exactly(model, x, kernel)


def test_brian2_gives_the_same_spikes():
    pytest.importorskip("brian2")
    assert_the_same_in_brian2(ALL_MODELS)


def test_the_comparison_is_not_empty():
    """In most models layers fire, and neither always nor never."""
    rates = [spikes.mean() for model, x in ALL_MODELS for spikes in forward_spikes(model, x)]
    assert sum(0.02 < rate < 0.98 for rate in rates) > 150
    networks = [model.to_network() for model, _ in ALL_MODELS]
    assert any((network.floor == 0).any() for network in networks)
    assert any((network.threshold <= 0).any() for network in networks)
    assert all(network.bias.any() for network in networks)


def test_layers_need_their_offsets():
    """Without the ticks in which later layers are held still, most models fire other spikes."""
    different = 0
    for model, x in THREE_LAYERS:
        layout = model.hosted(x[:1]).layout
        network = layout.network
        early = type(network).from_arrays(
            **{
                name: getattr(network, name)
                for name in ("threshold", "leak", "bias", "reset_value", "floor", "post", "weight")
            },
            delay=network.delay, pre=network.pre, inputs=network.inputs,
            reset=np.array(["value", "subtract", "none"])[network.reset],
        )  # fmt: skip
        inputs = {"x": raw_inputs(model, x)}
        run = simulate(early, inputs, ticks=TICKS + layout.latency, record="all")
        lines = len(layout.offset) - len(model.stages())
        different += any(
            not np.array_equal(
                run.raster(layout.neurons(lines + k), layout.offset[lines + k], TICKS), expected
            )
            for k, expected in enumerate(forward_spikes(model, x))
        )
    assert different > 30


def test_blocks_of_a_batch_give_the_same():
    model, x = THREE_LAYERS[4]
    whole, parts = model.hosted(x), model.hosted(x, block=2)
    assert [run.lanes for run in parts.runs] == [2, 1]
    assert np.array_equal(whole.y, parts.y)
    for one, other in zip(whole.spikes, parts.spikes, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("kernel", ["event", "lanes"])
def test_spikes_after_the_last_tick_are_not_billed(kernel):
    """A neuron driven by its bias fires on; its layer's window closes."""
    model = Sequential([Dense(2), unit("BA"), Dense(2), unit("BA"), Dense(1)], shape=(3,), seed=0)
    model.parameters()["0.bias"][:] = 5
    model.parameters()["2.bias"][:] = 5
    x = np.ones((4, 2, 3), dtype=bool)
    hosted = quantize(model).hosted(x, kernel=kernel)
    counts = hardware.count(hosted)
    assert counts.spikes_of_neurons.tolist() == [8] * 3 + [8] * 4 + [0]
    assert counts.ticks == 4 + 3


def test_an_inference_is_priced():
    model, x = THREE_LAYERS[0]
    hosted = model.hosted(x)
    cost = hardware.estimate(hosted, "loihi")
    assert cost.counts.work == hardware.Work("inference", BATCH)
    assert cost.total_per_work_J is not None or cost.marginal_per_work_J is not None
    assert "per inference" in str(cost)


def test_guard_bits_are_no_bits_of_a_weight():
    """Loihi keeps mantissas of 8 bits and a sign, and an exponent."""
    layers = [Recurrent(5, unit("HLIF", hyperpolarisation=0.1)), Dense(2)]
    model = Sequential(layers, shape=(3,), seed=0)
    for weight_bits, limits in ((9, []), (10, ["weight_bits"])):
        network = quantize(model, weight_bits=weight_bits, guard_bits=6).to_network()
        walls = hardware.fits(network, "loihi").walls
        assert [wall.limit for wall in walls if wall.limit == "weight_bits"] == limits


def test_products_of_graded_inputs_are_priced_apart():
    model = Sequential([Dense(5), unit("BLI"), Dense(2)], shape=(3,), seed=1)
    x = np.linspace(0, 1, 4 * 2 * 3).reshape(4, 2, 3)
    hosted = quantize(model, input_bits=8).hosted(x)
    assert hosted.host_macs == 4 * 2 * 15
    assert hosted.macs == 4 * 2 * (15 + 10)
    assert hosted.host_energy.value == pytest.approx(120 * 0.23e-12)
    binary = quantize(model).hosted(x > 0.5)
    assert (binary.host_macs, binary.host_energy.value) == (0, 0)
    assert hardware.count(hosted).synaptic_events < hardware.count(binary).synaptic_events


def test_layers_that_cannot_keep_step_are_refused():
    one = Neurons.make(1, threshold=1)
    layers = [Population(name, one) for name in ("input", "first", "second", "third")]
    synapse = sp.coo_array(([1], ([0], [0])), shape=(1, 1))
    forward = [Connection(k, k + 1, synapse) for k in range(3)]
    back = Connection(3, 1, synapse, lag=3)
    assert lay_out(layers, [*forward, back]).network.delay.tolist() == [1, 1, 1, 1]
    message = (
        "cannot keep third and first in step: a spike of third would have to act on first after "
        "0 ticks, and a synapse takes at least 1; delay the connection by 1 ticks more in the model"
    )
    with refused(message, InputError):
        lay_out(layers, [*forward, Connection(3, 1, synapse, lag=2)])


def test_recurrence_and_hyperpolarisation_are_synapses_of_one_tick():
    model = Sequential([Recurrent(2, unit("HBA")), Dense(2), unit("HIAF")], shape=(1,), seed=0)
    network = quantize(model).to_network()
    assert network.delay.tolist() == [1] * network.n_synapses
    assert network.n_synapses == 2 + 4 + 2 + 4 + 2
    assert network.refractory_init.tolist() == [0, 1, 1, 2, 2]
