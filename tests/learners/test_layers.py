"""Layers that are not covered by forward-mode derivatives, and what all layers refuse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate

from spikealg.errors import InputError, InputTypeError
from spikealg.learners import (
    AvgPool,
    BatchNorm,
    Conv2d,
    ConvRecurrent,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    Recurrent,
    Sequential,
    Tanh,
    unit,
)
from tests.helpers import refused


def _differences(value, measure, step=1e-5):
    """Return the central differences of `measure()` by each number of `value`, changed in place."""
    found = np.zeros_like(value)
    for place in np.ndindex(value.shape):
        kept = value[place]
        value[place] = kept + step
        up = measure()
        value[place] = kept - step
        found[place] = (up - measure()) / (2 * step)
        value[place] = kept
    return found


@pytest.mark.parametrize("train", [False, True], ids=["evaluated", "trained"])
@pytest.mark.parametrize("layers", ["dense", "convolution"])
def test_normalisation_passes_back_differences(layers, train):
    rng = np.random.default_rng(21)
    if layers == "dense":
        model = Sequential([Dense(3), BatchNorm(), Tanh()], shape=(4,), dtype=np.float64)
        x = rng.normal(size=(3, 4, 4))
    else:
        inner = [Conv2d(2, 2), BatchNorm(), Tanh(), Flatten()]
        model = Sequential(inner, shape=(1, 3, 4), dtype=np.float64)
        x = rng.normal(size=(3, 2, 1, 3, 4))
    norm = model.layers[1]
    norm.buffers["mean"][:] = 0.3
    norm.buffers["variance"][:] = 2.0
    norm.parameters["scale"][:] = rng.normal(size=norm.parameters["scale"].shape)
    forward = model.forward(x, train=train)
    dy = rng.normal(size=forward.y.shape)
    found = model.backward(dy, forward)

    def measure():
        return float((model.forward(x, train=train).y * dy).sum())

    for name, value in model.parameters().items():
        np.testing.assert_allclose(
            found[name], _differences(value, measure), atol=1e-7, err_msg=name
        )


def test_normalised_values_have_mean_0_and_variance_1():
    layer = BatchNorm(momentum=0.25)
    layer.build((3, 4, 5), np.random.default_rng(0), np.float64)
    x = np.random.default_rng(22).normal(2, 3, size=(6, 7, 3, 4, 5))
    y, *_ = layer.forward(x, (), True)
    np.testing.assert_allclose(y.mean(axis=(0, 1, 3, 4)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=(0, 1, 3, 4)), 1, atol=1e-5)
    np.testing.assert_allclose(layer.buffers["mean"], 0.25 * x.mean(axis=(0, 1, 3, 4)))
    unbiased = x.var(axis=(0, 1, 3, 4), ddof=1)
    np.testing.assert_allclose(layer.buffers["variance"], 0.75 + 0.25 * unbiased)


@pytest.mark.parametrize("stride", [1, 2, (1, 3)])
@pytest.mark.parametrize("padding", [0, 1, (2, 0), "same"])
def test_convolutions_are_correlations(stride, padding):
    rng = np.random.default_rng(23)
    layer = Conv2d(2, (3, 5), stride=stride, padding=padding, initial_bias=0.5)
    layer.build((3, 8, 9), rng, np.float64)
    x = rng.normal(size=(2, 2, 3, 8, 9))
    y, *_ = layer.forward(x, ())
    (py, px), (sy, sx) = layer.windows.padding, layer.windows.stride
    padded = np.pad(x, [(0, 0)] * 3 + [(py, py), (px, px)])
    for t, b, out in np.ndindex(2, 2, 2):
        whole = correlate(padded[t, b], layer.parameters["weight"][out], mode="valid")[0]
        np.testing.assert_allclose(y[t, b, out], whole[::sy, ::sx] + 0.5, atol=1e-12)


def test_dropout_leaves_out_the_same_for_a_whole_sequence():
    model = Sequential([Dropout(0.3)], shape=(1000,))
    x = np.ones((4, 2, 1000), dtype=np.float32)
    rng = np.random.default_rng(24)
    first = model.forward(x, train=True, rng=rng)
    second = model.forward(x, first.state, train=True, rng=rng)
    for y in (first.y, second.y):
        assert (y == first.y[0]).all()
    # 2000 draws: a share off by 0.05 has a chance below 1e-5.
    assert (first.y[0] == 0).mean() == pytest.approx(0.3, abs=0.05)
    np.testing.assert_allclose(np.unique(first.y), [0, 1 / 0.7], rtol=1e-6)
    np.testing.assert_array_equal(model.backward(np.ones_like(x), first), {})
    assert (model(x) == 1).all()


def test_dropout_of_each_tick_draws_every_tick_and_goes_back_through_what_stayed():
    model = Sequential([Dense(50), Dropout(0.5, each_tick=True)], shape=(1,), dtype=np.float64)
    x = np.ones((4, 1, 1))
    forward = model.forward(x, train=True, rng=np.random.default_rng(25))
    kept = forward.y != 0
    assert (kept[0] != kept[1]).any()
    found = model.backward(np.ones_like(forward.y), forward)
    np.testing.assert_allclose(found["0.bias"], 2 * kept.sum(axis=(0, 1)))


def test_pools_of_spikes():
    x = np.zeros((1, 1, 1, 2, 4), dtype=np.float32)
    x[..., 1, 0] = x[..., 0, 0] = 1
    assert Sequential([MaxPool(2)], shape=(1, 2, 4))(x).ravel().tolist() == [1, 0]
    assert Sequential([AvgPool(2)], shape=(1, 2, 4))(x).ravel().tolist() == [0.5, 0]


@pytest.mark.parametrize(
    ("layers", "shape", "message"),
    [
        ([Dense(2)], (1, 4, 4), "layer 0: Dense(2) takes features of shape (n,), got (1, 4, 4): "
         "put Flatten() before it"),
        ([Recurrent(2, unit("BLI"))], (1, 4, 4), "layer 0: Recurrent(2, ...) takes features of "
         "shape (n,), got (1, 4, 4): put Flatten() before it"),
        ([Dense(2), Conv2d(2, 3)], 4, "layer 1: Conv2d(2, 3) takes features (channels, height, "
         "width), got (2,)"),
        ([Conv2d(2, 5)], (1, 4, 4), "layer 0: Conv2d(2, 5) does not fit frames of 4 × 4, padded "
         "by (0, 0): its kernel is 5 × 5"),
        ([Conv2d(2, 2, padding="same")], (1, 4, 4), 'layer 0: padding "same" needs odd kernels, '
         "got (2, 2): give a number"),
        ([ConvRecurrent(2, unit("BLI"), recurrent_kernel=2)], (1, 4, 4), 'layer 0: '
         "recurrent_kernel must be odd, got (2, 2)"),
        ([MaxPool(3)], (1, 6, 4), "layer 0: MaxPool(3 × 3) needs frames that are multiples of it, "
         "got (6, 4)"),
        ([AvgPool(2)], 4, "layer 0: AvgPool(2 × 2) takes features (channels, height, width), "
         "got (4,)"),
        ([Dense(3), unit("BLI", decay=[0.1, 0.2])], 4, "layer 1: decay of GLIF must be one value "
         "or broadcast to the features (3,), got shape (2,)"),
        ([], 4, "layers must hold at least one layer, got none"),
    ],
)  # fmt: skip
def test_layers_that_do_not_fit_are_refused(layers, shape, message):
    with refused(message, InputError):
        Sequential(layers, shape)


def test_arguments_of_layers_are_checked():
    with refused('unit must be a unit such as unit("BLI"), got Dense', InputTypeError):
        Recurrent(3, Dense(3))
    with refused("rate must be a finite number of at least 0 and below 1, got 1.0", InputError):
        Dropout(1)
    with refused("layer 0: stride must be one number or a pair (y, x), got (1, 2, 3)", InputError):
        Sequential([Conv2d(1, 3, stride=(1, 2, 3))], (1, 4, 4))
    with refused("rng must be a numpy Generator where Dropout draws, got None", InputError):
        Sequential([Dropout(0.5)], 3).forward(np.ones((1, 1, 3)), train=True)
    with refused("BatchNorm needs two values per channel in training, got one", InputError):
        Sequential([BatchNorm()], 3).forward(np.ones((1, 1, 3)), train=True)
