"""Rounding to whole numbers: its rules, what it refuses, and training through it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError, NeuronOverflowError, SpikealgError
from spikealg.learners import (
    GLIF,
    Adam,
    AvgPool,
    BatchNorm,
    Conv2d,
    CrossEntropy,
    Dense,
    Dropout,
    Flatten,
    LeakyReadout,
    MaxPool,
    Recurrent,
    Sequential,
    fit,
    gradients,
    unit,
)
from spikealg.learners.layers.windows import Windows
from spikealg.learners.quantization import quantize
from spikealg.learners.quantization.maps import Chain, Convolution, WindowSum, apply
from spikealg.learners.quantization.maps import Dense as DenseMap
from spikealg.learners.quantization.neurons import Neurons
from spikealg.network import NEVER, NO_FLOOR
from tests.helpers import refused
from tests.learners.hostable import convolutional, stirred, three_layers


def whole(rng, *shape):
    return rng.integers(-5, 6, shape)


def maps(rng):
    windows = Windows.of("conv", (2, 6, 5), (3, 2), (2, 1), (1, 0))
    pooled = Windows.of("conv", (2, 3, 3), 2, 1, 0)
    return {
        "dense": DenseMap(whole(rng, 7, 4)),
        "convolution": Convolution(whole(rng, 3, 2, 3, 2), windows),
        "sums": WindowSum((2, 6, 4), (3, 2)),
        "chain": Chain(
            (
                WindowSum((2, 6, 6), (2, 2)),
                Convolution(whole(rng, 3, 2, 2, 2), pooled),
                DenseMap(whole(rng, 12, 4)),
            )
        ),
    }


# ------------------------------------------------------------------ whole numbers


@pytest.mark.parametrize("kind", ["dense", "convolution", "sums", "chain"])
def test_maps_are_their_synapses(kind):
    rng = np.random.default_rng(0)
    for _ in range(20):
        linear = maps(rng)[kind]
        x = whole(rng, 3, 2, *linear.in_shape)
        synapses = linear.synapses()
        expected = x.reshape(3, 2, -1) @ synapses.toarray()
        assert np.array_equal(apply(linear, x), expected)
        assert linear.apply(x[0].astype(float)).shape[1:] == linear.out_shape
        assert np.abs(synapses.toarray()).sum(axis=0).max() <= linear.reach
        assert (synapses.data != 0).all()


def test_products_are_exact_beyond_float32():
    weight = np.full((3, 1), 2**24)
    assert (
        apply(DenseMap(weight + np.array([[0], [1], [2]])), np.ones((1, 1, 3)))[0, 0, 0]
        == 3 * 2**24 + 3
    )


def plain_neuron(neurons, j, drive):
    """One neuron by the words of the contract, in Python integers."""
    v, fired, spikes, potentials = 0, False, [], []
    for now in drive:
        kept = abs(v) * (4096 - int(neurons.leak[j])) // 4096
        v = (kept if v >= 0 else -kept) + int(now) + int(neurons.bias[j])
        v = max(v - fired * int(neurons.inhibition[j]), int(neurons.floor[j]))
        fired = neurons.threshold[j] != NEVER and v >= neurons.threshold[j]
        potentials.append(v)
        spikes.append(bool(fired))
        if fired and neurons.reset[j] < 2:
            v = int(neurons.reset_value[j]) if neurons.reset[j] == 0 else v - neurons.threshold[j]
            v = int(v)
    return potentials, spikes


def test_neurons_obey_the_contract():
    rng = np.random.default_rng(1)
    n, ticks = 200, 20
    neurons = Neurons.make(
        n,
        threshold=np.where(rng.random(n) < 0.1, NEVER, rng.integers(1, 300, n)),
        leak=rng.choice([0, 410, 4095, 4096], n),
        bias=rng.integers(-50, 50, n),
        inhibition=rng.integers(0, 100, n) * rng.integers(0, 2, n),
        reset_value=rng.integers(-50, 50, n),
        floor=rng.choice([0, NO_FLOOR], n),
        reset=rng.integers(0, 3, n),
    )
    drive = rng.integers(-200, 300, (ticks, 1, n))
    potential = np.zeros((ticks + 1, 1, n), np.int32)
    spikes = np.zeros((ticks + 1, 1, n), np.bool_)
    neurons.advance(drive, potential, spikes, "neurons", 0, ticks)
    for j in range(n):
        expected = plain_neuron(neurons, j, drive[:, 0, j])
        assert (potential[1:, 0, j].tolist(), spikes[1:, 0, j].tolist()) == expected


def test_overflow_is_not_silent():
    model = Sequential([Dense(1), LeakyReadout(1.0)], shape=(1,), seed=0)
    quantized = quantize(model, weight_bits=16, guard_bits=16)
    message = (
        "the potential of layer 1 (LeakyReadout), neuron 0, leaves int32 at tick 1 of sample 0: "
        "use fewer guard or weight bits, or shorter sequences"
    )
    with refused(message, NeuronOverflowError):
        quantized(np.ones((4, 1, 1)))
    with pytest.raises(NeuronOverflowError):
        quantized.hosted(np.ones((4, 1, 1)))


# ------------------------------------------------------------------ rounding


def one_neuron(made, weight=0.5, bias=0.0):
    model = Sequential([Dense(1), made], shape=(1,), seed=0)
    model.parameters()["0.weight"][:] = weight
    model.parameters()["0.bias"][:] = bias
    return model


def test_all_terms_share_a_scale():
    model = one_neuron(unit("HLIF", decay=0.9, hyperpolarisation=0.3, reset_value=-0.2), bias=0.1)
    (stage,) = quantize(model).stages()
    # s = 0.5 / 127, a unit is s / 64.
    per_unit = 127 / 0.5 * 64
    neurons = stage.neurons
    assert stage.feed.synapses().toarray() == [[127]]
    assert stage.feed_shift == 6
    assert neurons.threshold == np.ceil(per_unit)
    assert neurons.bias == round(0.1 * per_unit)
    assert neurons.inhibition == 64 * round(0.3 * 127 / 0.5)
    assert neurons.reset_value == round(-0.2 * per_unit)
    assert neurons.leak == 4096 - round(4096 * 0.9)
    assert stage.unit == pytest.approx(1 / per_unit)


def test_the_gain_is_folded():
    plain, gained = (
        quantize(one_neuron(GLIF(gain=gain, threshold=2.0))).stages()[0] for gain in (1.0, 4.0)
    )
    assert gained.neurons.threshold == plain.neurons.threshold / 4
    assert gained.unit == 4 * plain.unit


def test_guard_bits_keep_small_potentials():
    """At κ = .9 an input of 1 settles at 10; truncation alone holds it at 1."""
    model = one_neuron(LeakyReadout(0.9), weight=1.0)
    x = np.ones((60, 1, 1))
    assert quantize(model, weight_bits=2, guard_bits=0)(x)[-1, 0, 0] == 1
    assert quantize(model, weight_bits=2, guard_bits=6)(x)[-1, 0, 0] == pytest.approx(10, abs=0.2)


def test_compared_readouts_share_a_scale():
    model = Sequential([Dense(3), unit("BLI"), Dense(3)], shape=(4,), seed=0)
    model.parameters()["0.weight"][:, 0] *= 8
    model.parameters()["2.weight"][:, 0] *= 8
    hidden, last = quantize(model, per_channel=True).stages()
    assert len(np.unique(hidden.unit)) == 3
    assert len(np.unique(last.unit)) == 1


def test_a_channel_without_weights_is_no_trouble():
    model = Sequential([Dense(2), unit("BLI")], shape=(2,), seed=0)
    model.parameters()["0.weight"][:, 0] = 0
    quantized = quantize(model, per_channel=True)
    assert quantized(np.ones((3, 1, 2))).shape == (3, 1, 2)
    model.parameters()["0.weight"][:] = 0
    assert not quantize(model)(np.ones((3, 1, 2))).any()


def test_inputs_are_rounded_to_powers_of_two():
    model = one_neuron(LeakyReadout(0.0), weight=1.0)
    quantized = quantize(model, input_bits=4, input_range=(-2, 2))
    x = np.array([-3, -1.99, -0.2, 0.13, 0.6, 5.0]).reshape(-1, 1, 1)
    assert quantized.inputs(x).reshape(-1).tolist() == [-7, -7, -1, 1, 2, 7]
    assert quantized(x).reshape(-1).tolist() == pytest.approx(
        [-1.75, -1.75, -0.25, 0.25, 0.5, 1.75]
    )
    assert quantize(model, input_bits=8).inputs([[[1.0]]]) == 255


def test_products_of_inputs_are_whole():
    """Inputs finer than the guard bits bring their own: the smallest input is not lost."""
    quantized = quantize(one_neuron(LeakyReadout(0.0), weight=1 / 128), guard_bits=2, input_bits=8)
    smallest = quantized([[[1 / 256]]])[0, 0, 0]
    assert smallest == pytest.approx(1 / 256 / 128)
    assert quantized.stages()[0].feed_shift == 0


@pytest.mark.parametrize("make", [three_layers, convolutional])
def test_many_bits_come_near_the_model(make):
    """With 16 bits the spikes are those of the real numbers, but for a few near thresholds."""
    same = total = 0
    for seed in range(12):
        quantized, x = make(seed)
        if quantized.graded:
            continue
        model = Sequential.__new__(Sequential)
        model.__dict__.update(
            layers=quantized._real, in_shape=quantized.in_shape, shape=quantized.shape,
            seed=0, dtype=quantized.dtype,
        )  # fmt: skip
        fine = quantize(model, weight_bits=16, guard_bits=6, per_channel=True)
        spikes = [
            (mine != 0, real != 0)
            for mine, real in zip(fine.forward(x).outputs, model.forward(x).outputs, strict=True)
        ]
        same += sum((mine == real).sum() for mine, real in spikes)
        total += sum(mine.size for mine, _ in spikes)
    assert same / total > 0.97


def test_batch_normalisation_folds():
    layers = [Conv2d(3, 3), BatchNorm(), unit("BLI"), Flatten(), Dense(4), BatchNorm(), unit("BA")]
    model = Sequential(layers, shape=(2, 5, 5), seed=0, dtype=np.float64)
    stirred(model, np.random.default_rng(0))
    quantized = quantize(model)
    x = np.random.default_rng(1).random((6, 3, 2, 5, 5))
    y = x
    for layer in quantized._real:
        y, *_ = layer.forward(y, layer.start(3))
    assert [type(layer).__name__ for layer in quantized.layers].count("BatchNorm") == 0
    assert np.array_equal(y, model(x))


# ------------------------------------------------------------------ refusals


def model_of(*layers, shape=(4,)):
    return Sequential(list(layers), shape=shape, seed=0)


REAL = 'its output is a real number and a neuron sends spikes: train a binary unit, as unit("BLI")'


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([Dense(2), unit("tanh")], f"layer 1 (Tanh) cannot be hosted: {REAL}"),
        ([Dense(2), unit("sigmoid")], f"layer 1 (Sigmoid) cannot be hosted: {REAL}"),
        ([Dense(2), unit("relu")], f"layer 1 (ReLU) cannot be hosted: {REAL}"),
        ([Recurrent(2, unit("sSNU"))], f"layer 0 (Recurrent of sSNU) cannot be hosted: {REAL}"),
        (
            [Dense(2), unit("LISNU")],
            "layer 1 (LISNU) cannot be hosted: a spike of one unit resets the potentials of all, "
            "and a neuron resets its own only",
        ),
        (
            [Dense(2), unit("ASNU")],
            "layer 1 (ASNU) cannot be hosted: its threshold follows its output, and the threshold "
            "of a neuron is fixed",
        ),
        (
            [Dense(2), unit("SNU", g="leaky_relu")],
            "layer 1 (SNU) cannot be hosted: its leaky ReLU shrinks a potential below 0 in every "
            'tick, and a neuron leaks alike on both sides: train g="identity" or g="relu"',
        ),
        (
            [Dense(2), unit("LIF", reset=0.5)],
            "layer 1 (GLIF) cannot be hosted: its reset 0.5 takes part of the potential, and a "
            "neuron resets all of it or nothing: train reset=0 or reset=1",
        ),
        (
            [Dense(2), unit("LIF", gain=-1.0)],
            "layer 1 (GLIF) cannot be hosted: its gain -1 cannot be folded into thresholds; it "
            "must be above 0",
        ),
        (
            [Dense(2), Dense(2)],
            "layer 1 (Dense) cannot be hosted: there is no unit between it and the linear layer "
            "before it: put one between them, or multiply their weights into one layer",
        ),
        (
            [Dense(2), Recurrent(2, unit("BLI"))],
            "layer 1 (Recurrent of GLIF) cannot be hosted: there is no unit between it and the "
            "linear layer before it",
        ),
        (
            [Dense(2), unit("BLI"), unit("BLI")],
            "layer 2 (GLIF) cannot be hosted: there is no linear layer right before it whose "
            "weights would be its synapses",
        ),
        ([Flatten()], "layers hold nothing that could be neurons: no layer has weights"),
        (
            [Dense(2), unit("BLI"), BatchNorm()],
            "BatchNorm can be folded between a linear layer (Dense, Conv2d) and a unit only; here "
            "it stands between GLIF and the edge of the model",
        ),
    ],
)
def test_what_neurons_cannot_do_is_refused(layers, message):
    with refused(message, InputError):
        quantize(model_of(*layers))


def test_pools_in_wrong_places_are_refused():
    shape = (1, 4, 4)
    with refused(
        "layer 1 (MaxPool) cannot be hosted: it takes the largest of real numbers, and neurons do "
        "the largest of spikes only: put it right after a unit",
        InputError,
    ):
        quantize(model_of(Conv2d(1, 1), MaxPool(2), unit("BLI"), shape=shape))
    with refused(
        "layer 2 (AvgPool) cannot be hosted: no linear layer follows it, whose weights could take "
        "the average in",
        InputError,
    ):
        quantize(model_of(Conv2d(1, 1), unit("BLI"), AvgPool(2), shape=shape))
    with refused(
        "layer 0 (MaxPool) cannot be hosted: it takes the largest of graded inputs, and neurons do "
        "the largest of spikes only: leave input_bits out for binary inputs, or put a linear layer "
        "and a unit before it",
        InputError,
    ):
        quantize(model_of(MaxPool(2), Conv2d(1, 1), unit("BLI"), shape=shape), input_bits=8)


def test_decays_out_of_range_are_refused():
    model = one_neuron(unit("LIF", trainable="decay"))
    model.parameters()["1.decay"][...] = 1.25
    with refused(
        "layer 1 (GLIF) cannot be hosted: its decay 1.25 is not from 0 to 1: call "
        "model.constrain() after every step of training",
        InputError,
    ):
        quantize(model)
    model.constrain()
    assert quantize(model).to_network().leak.tolist() == [4096, 0]


def test_a_threshold_beyond_int32_is_refused():
    model = one_neuron(unit("BLI"), weight=1e-8)
    with refused(
        "layer 1 (GLIF) cannot be quantised: its threshold is 8.13e+11 units of its weights, and "
        "int32 holds 2.1e9: its weights are too small beside it; use fewer guard or weight bits",
        InputError,
    ):
        quantize(model)


def test_graded_inputs_need_input_bits():
    quantized = quantize(one_neuron(unit("BLI")))
    with refused(
        "x must hold spikes, 0 or 1, got 0.5: quantize(model, input_bits=8) makes a model that "
        "takes graded inputs",
        InputError,
    ):
        quantized([[[0.5]]])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weight_bits": 1}, "weight_bits must be a whole number from 2 to 16, got 1"),
        ({"guard_bits": 17}, "guard_bits must be a whole number from 0 to 16, got 17"),
        ({"input_bits": 0}, "input_bits must be a whole number from 1 to 16, got 0"),
        (
            {"input_bits": 8, "input_range": (0, -1)},
            "input_range[1] must be a finite number of at most 1073741824.0 above 0.0, got -1.0",
        ),
        ({"input_range": 2}, "input_range must be a pair, least and largest, got 2"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(SpikealgError, match=f"^{re.escape(message)}$"):
        quantize(one_neuron(unit("BLI")), **settings)


def test_only_models_are_quantised():
    for value in (np.nan, np.inf):
        model = one_neuron(unit("BLI"))
        model.parameters()["0.weight"][0, 0] = value
        with refused("model must have finite parameters, got 0.weight with nan or inf", InputError):
            quantize(model)
    quantized = quantize(one_neuron(unit("BLI")))
    with refused("model must be a Sequential, got Quantized", InputTypeError):
        quantize(quantized)


# ------------------------------------------------------------------ training


def squared(y, target):
    return float(((y - target) ** 2).sum()), 2 * (y - target)


def test_a_sequence_may_be_run_in_pieces():
    for seed in range(6):
        quantized, x = three_layers(seed)
        whole = quantized.forward(x)
        first = quantized.forward(x[:4])
        second = quantized.forward(x[4:], first.state)
        assert np.array_equal(np.concatenate([first.y, second.y]), whole.y)
    with pytest.raises(InputError, match=r"^state\[0\] must hold arrays of shapes \[\(2, "):
        quantized.forward(x[:, :2], whole.state)


@pytest.mark.parametrize("make", [three_layers, convolutional])
def test_gradients_pass_straight_through(make):
    """With many bits, and so the same spikes, gradients are those of the real numbers."""
    compared = 0
    for seed in range(12):
        quantized, x = make(seed)
        model = Sequential.__new__(Sequential)
        model.__dict__.update(
            layers=quantized._real, in_shape=quantized.in_shape, shape=quantized.shape,
            seed=0, dtype=quantized.dtype,
        )  # fmt: skip
        if quantized.graded:
            continue
        fine = quantize(model, weight_bits=16, guard_bits=6, per_channel=True)
        mine, real = fine.forward(x), model.forward(x)
        if not all(
            np.array_equal(a != 0, b != 0) for a, b in zip(mine.outputs, real.outputs, strict=True)
        ):
            continue
        target = np.random.default_rng(seed).random(real.y.shape)
        expected = gradients(model, x, target, loss=squared)
        found = gradients(fine, x, target, loss=squared)
        for name, value in expected.items():
            assert np.allclose(
                found[name], value, rtol=0.02, atol=0.02 * np.abs(value).max() + 1e-5
            )
        compared += 1
    assert compared >= 2


def test_fine_tuning_lowers_the_loss_of_whole_numbers():
    """Rounded to 3 bits a model is bad; training through the rounding makes it better."""
    rng = np.random.default_rng(0)
    x = rng.random((6, 32, 8)) < 0.5
    teacher = Sequential([Dense(16), unit("BLI"), Dense(2)], shape=(8,), seed=0)
    target = teacher(x)
    quantized = quantize(teacher, weight_bits=3)
    before = squared(quantized(x), target)[0]
    for _ in range(60):
        slopes = gradients(quantized, x, target, loss=squared)
        for name, value in quantized.parameters().items():
            value -= 2e-4 * slopes[name]
    after = squared(quantized(x), target)[0]
    assert after < 0.8 * before
    assert np.array_equal(quantized.hosted(x).y, quantized(x))


def test_fit_trains_a_quantised_model():
    rng = np.random.default_rng(0)
    x = rng.random((6, 64, 8)) < 0.5
    teacher = Sequential([Dense(16), unit("BLI"), Dense(2)], shape=(8,), seed=0)
    quantized = quantize(teacher, weight_bits=3)
    labels = teacher(x)[-1].argmax(axis=-1)
    history = fit(
        quantized, (x, labels), loss=CrossEntropy(over="last"), optimiser=Adam(1e-2), epochs=5,
        batch=16, seed=0,
    )  # fmt: skip
    assert min(history.loss) < 0.9 * history.loss[0]
    assert np.array_equal(quantized.hosted(x).y, quantized(x))


def test_the_model_itself_is_left_alone():
    model = Sequential([Dense(2), BatchNorm(), unit("BLI")], shape=(2,), seed=0)
    stirred(model, np.random.default_rng(0))
    before = {name: value.copy() for name, value in model.parameters().items()}
    quantized = quantize(model)
    quantized.parameters()["0.weight"][:] = 7
    assert all(np.array_equal(before[name], value) for name, value in model.parameters().items())


def test_dropout_is_nothing():
    with_it, without = (
        quantize(Sequential([Dense(3), unit("BLI"), *more, Dense(2)], shape=(4,), seed=0))
        for more in ([Dropout(0.5)], [])
    )
    x = np.ones((3, 2, 4))
    assert np.array_equal(with_it(x), without(x))


def test_files_keep_the_parameters(tmp_path):
    one, x = three_layers(1)
    other, _ = three_layers(1)
    for value in other.parameters().values():
        value[...] = 0
    one.save(tmp_path / "model.npz")
    other.load(tmp_path / "model.npz")
    assert np.array_equal(one(x), other(x))
