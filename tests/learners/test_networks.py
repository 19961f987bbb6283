"""Networks made by name: their layers, and that all rows of the table learn by the same command."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError
from spikealg.learners import MSE, Conv2d, ConvRecurrent, Dense, Recurrent, learn
from spikealg.learners.networks import TABLE, cnn, cnn_rnn, crnn, network
from tests.helpers import refused


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_recurrence_is_in_each_convolution_or_at_the_input():
    settings = {"channels": (2, 3, 4), "strides": (1, 2, 2), "hidden": (5,)}
    each = crnn("BLI", (1, 8, 8), 2, **settings)
    assert kinds(each) == [*["ConvRecurrent"] * 3, "Flatten", "Dense", "GLIF", "Dense"]
    assert each.layers[2].shape == (4, 2, 2)
    first = crnn("BLI", (1, 8, 8), 2, recurrent="input", **settings)
    assert kinds(first) == [
        "ConvRecurrent", *["Conv2d", "GLIF"] * 2, "Flatten", "Dense", "GLIF", "Dense",
    ]  # fmt: skip
    assert first.layers[3].shape == each.layers[2].shape


def test_controls_have_no_recurrence_before_they_are_flat():
    after = cnn_rnn("tanh", (1, 6, 6), 2, channels=(2, 3), hidden=(4, 5))
    assert kinds(after) == [
        "Conv2d", "Tanh", "Conv2d", "Tanh", "Flatten", "Recurrent", "Recurrent", "Dense",
    ]  # fmt: skip
    assert not any(
        isinstance(layer, (ConvRecurrent, Recurrent)) for layer in cnn("relu", (1, 6, 6), 2).layers
    )


def test_settings_reach_the_layers():
    options = {"decay": 0.5, "trainable": ("decay",)}
    one, two = (
        crnn("LIF", (1, 6, 6), 2, hidden=(3,), initial_bias=-0.25, gain=gain, options=options)
        for gain in (1.0, 0.5)
    )
    ones, twos = one.parameters(), two.parameters()
    np.testing.assert_allclose(twos["0.weight"], 0.5 * ones["0.weight"])
    np.testing.assert_array_equal(twos["1.weight"], ones["1.weight"])
    for name in ("0.bias", "1.bias", "3.bias"):
        assert (ones[name] == -0.25).all()
    assert [ones[f"{place}.decay"] for place in (0, 1, 4)] == [0.5] * 3
    assert (ones["5.bias"] == 0).all()
    columns = crnn("BLI", (1, 8, 1), 2, kernel=(3, 1)).layers[0]
    assert columns.parameters["recurrent"].shape == (8, 8, 3, 1)


@pytest.mark.parametrize("row", TABLE)
def test_every_row_of_the_table_learns(row):
    model = network(row, (1, 6, 6), 2, channels=(2, 3), strides=(1, 2), recurrent="each")
    assert isinstance(model.layers[0], Conv2d if row == "real_cnn_rnn" else ConvRecurrent)
    x = np.random.default_rng(0).normal(size=(5, 3, 1, 6, 6))
    found = learn(model, 3 * x, np.ones((3, 2)), loss=MSE("each")).gradients
    assert all(np.isfinite(value).all() for value in found.values())
    assert np.abs(found["0.weight"]).max() > 0


def test_networks_that_cannot_be_are_refused():
    with refused("channels must hold those of at least one convolution, got none", InputError):
        crnn("BLI", (1, 6, 6), 2, channels=())
    with refused("channels must hold an entry for each layer, got 8", InputTypeError):
        crnn("BLI", (1, 8, 8), 2, channels=8)
    with refused("strides must hold an entry for each layer, got 2", InputTypeError):
        crnn("BLI", (1, 8, 8), 2, strides=2)
    with refused("hidden must hold an entry for each layer, got 10", InputTypeError):
        crnn("BLI", (1, 8, 8), 2, hidden=10)
    with refused("recurrent must be one of 'each', 'input', got 'zzz'", InputError):
        network("real_cnn_rnn", (1, 8, 8), 2, recurrent="zzz")
    with refused("strides must hold one for each of 2 convolutions, got 1", InputError):
        cnn("relu", (1, 6, 6), 2, strides=(1,))
    with refused("recurrent must be one of 'each', 'input', got 'none'", InputError):
        crnn("BLI", (1, 6, 6), 2, recurrent="none")
    with refused(
        "hidden must hold the units of at least one recurrent layer, got none", InputError
    ):
        cnn_rnn("tanh", (1, 6, 6), 2, hidden=())
    rows = ", ".join(map(repr, TABLE))
    with refused(f"row must be one of {rows}, got 'SNU'", InputError):
        network("SNU", (1, 6, 6), 2)


def test_the_readout_is_a_dense_layer():
    assert isinstance(network("BA", (1, 6, 6), 7).layers[-1], Dense)
    assert network("BA", (1, 6, 6), 7).shape == (7,)
