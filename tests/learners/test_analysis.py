"""What is said of trained models: counted by hand, and planted where it must be found."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError
from spikealg.learners import (
    ASNU,
    GLIF,
    Adam,
    Conv2d,
    ConvRecurrent,
    CrossEntropy,
    Dense,
    Flatten,
    LeakyReadout,
    Recurrent,
    Sequential,
    analysis,
    fit,
    quantize,
    sSNU,
    unit,
)
from tests.helpers import refused
from tests.learners import hostable

# ticks, sequences, units
Z = np.array([[[1, 0], [0, 0]], [[1, 1], [0, 0]], [[0, 1], [0, 0]], [[1, 0], [1, 0]]])


def relay(n, recurrent=0.0, **constants):
    """A layer of GLIF units, each of which gets an input of its own, and H of the tick before."""
    model = Sequential([Recurrent(n, GLIF(**constants))], shape=(n,), dtype=np.float64)
    model.parameters()["0.weight"][:] = np.eye(n)
    model.parameters()["0.recurrent"][:] = recurrent
    return model


def test_activity_counts_spikes():
    found = analysis.activity({"hidden": Z})["hidden"]
    assert found.by_unit.tolist() == [4 / 8, 2 / 8]
    assert found.by_tick.tolist() == [1 / 4, 2 / 4, 1 / 4, 2 / 4]
    assert found.by_sample.tolist() == [5, 1]
    assert found.rate == 6 / 16
    assert found.silent == 0
    frames = np.zeros((3, 2, 4, 5, 6), dtype=bool)
    frames[:, :, 1, 2, 3] = True
    found = analysis.activity({"frames": frames})["frames"]
    assert found.by_unit.shape == (4, 5, 6)
    assert found.by_unit[1, 2, 3] == 1
    assert found.silent == 119 / 120
    assert found.by_tick.tolist() == [1 / 120] * 3


def test_spikes_are_those_of_binary_units_only():
    layers = [
        ConvRecurrent(2, ASNU(bias=-0.1)), Flatten(), Dense(5), unit("BA", threshold=0.1),
        Dense(3), sSNU(), Dense(2), LeakyReadout(),
    ]  # fmt: skip
    model = Sequential(layers, shape=(1, 3, 3))
    forward = model.forward(np.random.default_rng(0).normal(size=(4, 2, 1, 3, 3)))
    found = analysis.spikes(model, forward)
    assert list(found) == ["layer 0 (ConvRecurrent of ASNU)", "layer 3 (GLIF)"]
    for z, place in zip(found.values(), (0, 3), strict=True):
        np.testing.assert_array_equal(z, forward.outputs[place] == 1)
        assert 0 < analysis.activity({"it": z})["it"].rate == forward.activity[place] < 1


def test_a_raster_lists_who_fired_when():
    found = analysis.raster({"one": Z, "two": Z[..., :1]}, 0)
    assert found.ticks == 4
    assert found.units == {"one": 2, "two": 1}
    assert found.spikes["one"].tolist() == [[0, 1, 1, 2, 3], [0, 0, 1, 1, 0]]
    assert found.spikes["two"].tolist() == [[0, 1, 3], [0, 0, 0]]
    assert analysis.raster({"one": Z}, 1).spikes["one"].tolist() == [[3], [0]]


def test_after_a_spike_by_hand():
    """Inputs 1 1 0 1 0 into one memoryless unit; its spikes add 1/4 a tick later."""
    model = relay(1, 0.25, decay=0.0)
    forward = model.forward(np.array([1.0, 1, 0, 1, 0]).reshape(5, 1, 1))
    found = analysis.after_spike(model, forward, 0, lags=2)
    # Spikes at 0, 1 and 3; potentials 1, 1.25, 0.25, 1, 0.25.
    assert found.layer == "layer 0 (Recurrent of GLIF)"
    assert found.count.ravel().tolist() == [3, 2]
    assert found.probability.ravel() == pytest.approx([1 / 3, 1 / 2])
    assert found.mean_probability.ravel() == pytest.approx([2 / 4, 1 / 3])
    assert found.potential.ravel() == pytest.approx([(1.25 + 0.25 + 0.25) / 3, (0.25 + 1) / 2])
    assert found.mean_potential.ravel() == pytest.approx([2.75 / 4, 1.5 / 3])
    assert found.excitation.ravel() == pytest.approx([-1 / 6, 1 / 6])
    assert found.potential_change.ravel() == pytest.approx([1.75 / 3 - 2.75 / 4, 0.625 - 0.5])


def test_units_that_never_fire_have_no_number():
    model = relay(2)
    x = np.zeros((4, 3, 2))
    x[0, 0, 1] = 1
    found = analysis.after_spike(model, model.forward(x), 0)
    assert np.isnan(found.excitation).tolist() == [[True, False]]
    assert np.isnan(found.potential).tolist() == [[True, False]]
    assert found.count.tolist() == [[0, 1]]


def test_planted_self_excitation_is_found():
    """Of three units under the same noise one excites itself, one inhibits itself, one neither."""
    weights = np.diag([0.8, -0.8, 0.0])
    model = relay(3, weights, decay=0.0)
    # 4000 ticks of 20 sequences: standard errors of the means below are under 0.005.
    x = np.random.default_rng(3).normal(size=(4000, 20, 3))
    found = analysis.after_spike(model, model.forward(x), 0)
    assert found.excitation[0, 0] > 0.1
    assert found.excitation[0, 1] < -0.05
    assert abs(found.excitation[0, 2]) < 0.02
    assert found.potential[0] == pytest.approx([0.8, -0.8, 0], abs=0.02)
    own = analysis.self_weights(model, 0)
    assert own.own.tolist() == [0.8, -0.8, 0.0]
    assert own.others.tolist() == [0.0] * 6
    assert own.exciting == 1 / 3


def test_potentials_after_a_reset_begin_anew():
    model = relay(1, decay=1.0, reset=1.0, reset_value=-0.5)
    forward = model.forward(np.full((7, 1, 1), 0.5))
    found = analysis.after_spike(model, forward, 0)
    # 0.5, 1, 0, 0.5, 1, 0, 0.5: after each spike the potential is v_r + input.
    assert found.potential.ravel().tolist() == [0.0]
    assert found.probability.ravel().tolist() == [0.0]


def test_centre_taps_are_the_weights_of_channels_to_themselves():
    model = Sequential([ConvRecurrent(2, unit("BLI"), recurrent_kernel=(3, 1))], shape=(1, 4, 4))
    weight = model.parameters()["0.recurrent"]
    weight[:] = np.arange(12).reshape(2, 2, 3, 1)
    found = analysis.self_weights(model, 0)
    assert found.own.tolist() == [1, 10]
    assert sorted([*found.own, *found.others]) == list(range(12))
    assert found.excess == pytest.approx((5.5 - found.others.mean()) / found.others.std())


def test_units_that_must_remember_learn_to_excite_themselves():
    """A cue in the first ticks, to be named at the end: the diagonal of H rises above the rest.

    By five standard errors with each of four seeds.
    """
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 800)
    x = rng.random((16, 800, 20)) < 0.1
    x[:3] |= np.repeat(np.eye(4, dtype=bool), 5, axis=1)[labels] & (rng.random((3, 800, 20)) < 0.7)
    model = Sequential([Recurrent(40, unit("BLI", decay=0.7)), Dense(4)], shape=(20,), seed=0)
    before = analysis.self_weights(model, 0)
    fit(
        model, (x, labels), loss=CrossEntropy("last"), optimiser=Adam(5e-3), epochs=12, batch=40,
        clip=1.0,
    )  # fmt: skip
    after = analysis.self_weights(model, 0)
    own, others = after.own - before.own, after.others - before.others
    assert own.mean() - others.mean() > 3 * others.std() / np.sqrt(40)
    assert after.exciting > 0.6
    assert np.nanmedian(analysis.after_spike(model, model.forward(x), 0).excitation) > 0.3


def test_weights_are_images_of_what_a_unit_sees():
    model = Sequential([Flatten(), Dense(5), unit("BA"), Dense(4)], shape=(2, 3, 4))
    maps = analysis.weight_maps(model, 1)
    assert maps.shape == (5, 2, 3, 4)
    assert maps[3, 1, 2, 0] == model.parameters()["1.weight"][20, 3]
    assert analysis.weight_maps(model, 3).shape == (4, 5)
    assert analysis.weight_maps(model, 1, shape=(6, 4)).shape == (5, 6, 4)
    conv = Sequential([Conv2d(3, (2, 4))], shape=(2, 5, 5))
    np.testing.assert_array_equal(analysis.weight_maps(conv), conv.parameters()["0.weight"])


@pytest.mark.parametrize("make", [hostable.three_layers, hostable.convolutional])
def test_spikes_of_rounded_models_are_those_of_the_engine(make):
    for seed in range(4):
        quantized, x = make(seed)
        hosted = quantized.hosted(x)
        there = {
            stage.name: z.reshape(*z.shape[:2], -1)
            for stage, z in zip(hosted.stages, hosted.spikes, strict=True)
        }
        here = analysis.spikes(quantized, quantized.forward(x))
        assert here
        for name, z in here.items():
            np.testing.assert_array_equal(z.reshape(*z.shape[:2], -1), there[name])


def test_potentials_of_rounded_models_are_numbers_of_the_model():
    model = relay(2, 0.5, threshold=0.8)
    x = (np.random.default_rng(0).random((30, 4, 2)) < 0.4).astype(float)
    quantized = quantize(model, weight_bits=12)
    one, other = (analysis.after_spike(which, which.forward(x), 0) for which in (model, quantized))
    np.testing.assert_allclose(one.potential, other.potential, rtol=0.01)


def test_what_cannot_be_analysed_is_refused():
    model = Sequential([Recurrent(1, unit("BLI")), Dense(3), unit("tanh")], shape=(2,))
    forward = model.forward(np.ones((4, 1, 2)))
    with refused("layer must be of binary units, got layer 2 (Tanh)", InputError):
        analysis.after_spike(model, forward, 2)
    with refused("lags must be below the 4 ticks of the sequences, got 4", InputError):
        analysis.after_spike(model, forward, 0, lags=4)
    with refused("layer must be a whole number from 0 to 2, got 3", InputError):
        analysis.after_spike(model, forward, 3)
    with refused("layer must be recurrent, got layer 1 (Dense)", InputError):
        analysis.self_weights(model, 1)
    with refused(
        "layer 0 (Recurrent of GLIF) must have weights between units, it has one unit", InputError
    ):
        analysis.self_weights(model, 0)
    with refused("layer must have weights, got layer 2 (Tanh)", InputError):
        analysis.weight_maps(model, 2)
    with refused("shape must hold the 1 inputs of layer 1 (Dense), got (2, 2)", InputError):
        analysis.weight_maps(model, 1, (2, 2))
    other = Sequential([Dense(3)], shape=(2,))
    with refused(
        "forward must be of this model, whose layers have shapes [(3,)], got [(1,), (3,), (3,)]",
        InputError,
    ):
        analysis.spikes(other, forward)
    with refused(
        "spikes of 'it' must have shape (ticks, batch, *features), got (4, 2)", InputError
    ):
        analysis.activity({"it": Z[:, 0]})
    with refused(
        "spikes must be arrays by the names of layers, got ndarray: spikes(model, forward) makes "
        "them",
        InputTypeError,
    ):
        analysis.activity(Z)
    with refused(
        "spikes must hold layers of the same ticks and batch, got [(3, 2), (4, 2)]", InputError
    ):
        analysis.raster({"a": Z, "b": Z[1:]})
    with refused("sample must be a whole number from 0 to 1, got 2", InputError):
        analysis.raster({"a": Z}, 2)
