"""Backward passes against forward-mode derivatives and finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.learners import (
    ASNU,
    GLIF,
    LISNU,
    SNU,
    AvgPool,
    Boxcar,
    Conv2d,
    ConvRecurrent,
    Dense,
    Flatten,
    IntegrateFire,
    LeakyReadout,
    MaxPool,
    Recurrent,
    ReLU,
    Sequential,
    Sigmoid,
    SigmoidPrime,
    SuperSpike,
    Tanh,
    TanhPrime,
    Triangle,
    gradients,
    learn,
    sSNU,
    unit,
)
from tests.learners import duals

GLIF_ALL = ("decay", "reset", "hyperpolarisation", "threshold", "gain", "reset_value")


def _varied(n, rng):
    """Return a GLIF unit all of whose constants differ between neurons and are trained."""
    return GLIF(
        decay=rng.uniform(0.5, 1, n),
        reset=rng.uniform(0, 1, n),
        hyperpolarisation=rng.uniform(0, 0.5, n),
        threshold=rng.uniform(0.3, 1, n),
        gain=rng.uniform(0.5, 2, n),
        reset_value=rng.uniform(-0.2, 0.2, n),
        trainable=GLIF_ALL,
        surrogate=SuperSpike(2.0),
    )


ALL_UNITS = {
    **{
        name: lambda n, rng, name=name: unit(name, threshold=0.5, trainable=("decay", "threshold"))
        for name in ("HLIF", "HIAF", "LIF", "IAF", "BLI", "BI", "HBA", "BA")
    },
    "GLIF, all constants": _varied,
    "GLIF, detached": lambda n, rng: GLIF(
        reset=0.7, threshold=0.4, detach_reset=True, trainable=GLIF_ALL
    ),
    "SNU": lambda n, rng: SNU(0.8, bias=-0.5, trainable=("d", "bias")),
    "SNU, relu": lambda n, rng: SNU(0.8, "relu", bias=-0.3, surrogate=Boxcar()),
    "SNU, leaky": lambda n, rng: SNU(
        rng.uniform(0, 1, n), "leaky_relu", bias=rng.uniform(-1, 0, n), trainable=("d", "bias")
    ),
    "SNU, detached": lambda n, rng: SNU(0.8, bias=-0.5, detach_reset=True),
    "sSNU": lambda n, rng: sSNU(0.4, trainable=("d", "bias")),
    "LISNU": lambda n, rng: LISNU(0.8, bias=-0.5, trainable=("d", "bias")),
    "ASNU": lambda n, rng: ASNU(
        0.8, "relu", bias=-0.3, beta=rng.uniform(-1, 0, n), trainable=("d", "bias", "beta", "rho")
    ),
    "IntegrateFire": lambda n, rng: IntegrateFire(0.7),
    "LeakyReadout": lambda n, rng: LeakyReadout(rng.uniform(0, 1, n), trainable=("decay",)),
    "tanh": lambda n, rng: Tanh(),
    "relu": lambda n, rng: ReLU(),
    "sigmoid": lambda n, rng: Sigmoid(),
}
LAYERS = ("dense", "recurrent", "convolution", "convolution, recurrent")
SMOOTH = ("sSNU", "LeakyReadout", "tanh", "sigmoid")
N = 5


def _model(name, layers, rng, dtype=np.float64):
    """Return a model with the unit in the layer, and random input and output gradient for it."""
    if layers in ("dense", "recurrent"):
        shape = (4,)
        made = ALL_UNITS[name](N, rng)
        inner = (
            [Dense(N, gain=2), made]
            if layers == "dense"
            else [Recurrent(N, made, initial_bias=0.1, gain=2)]
        )
    elif layers == "convolution":
        shape = (2, 5, 6)
        made = ALL_UNITS[name]((2, 2, 4), rng)
        inner = [Conv2d(2, (2, 3), stride=(2, 1), gain=3), made, MaxPool((1, 2)), Flatten()]
    else:
        shape = (1, 3, 4)
        made = ALL_UNITS[name]((2, 2, 4), rng)
        conv = ConvRecurrent(2, made, stride=(2, 1), recurrent_kernel=(1, 3), gain=3)
        inner = [conv, AvgPool(2), Flatten()]
    model = Sequential([*inner, Dense(3), LeakyReadout(0.9)], shape=shape, seed=3, dtype=dtype)
    x = rng.normal(size=(6, 2, *shape))
    dy = rng.normal(size=(6, 2, 3))
    return model, x, dy, lambda y, target: (float((y * dy).sum()), dy)


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("name", ALL_UNITS)
def test_gradients_are_those_of_forward_mode(name, layers):
    rng = np.random.default_rng(11)
    model, x, dy, loss = _model(name, layers, rng)
    outputs, expected = duals.rtrl(model, x, dy)
    found = learn(model, x, None, loss=loss)
    np.testing.assert_allclose(found.y, outputs, atol=1e-12)
    assert found.gradients.keys() == expected.keys() == model.parameters().keys()
    for key, value in expected.items():
        scale = max(1.0, np.abs(value).max())
        np.testing.assert_allclose(found.gradients[key], value, atol=1e-8 * scale, err_msg=key)
    assert model.forward(x).activity[-3] > 0, "nothing fires: the test shows nothing"


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_of_smooth_units_are_differences(name, layers):
    rng = np.random.default_rng(12)
    model, x, dy, loss = _model(name, layers, rng)
    found = gradients(model, x, None, loss=loss)
    step = 1e-5
    for key, value in model.parameters().items():
        for place in np.ndindex(value.shape):
            kept = value[place]
            value[place] = kept + step
            up = (model(x) * dy).sum()
            value[place] = kept - step
            down = (model(x) * dy).sum()
            value[place] = kept
            assert found[key][place] == pytest.approx((up - down) / (2 * step), abs=1e-7), key


@pytest.mark.parametrize(
    "surrogate", [SuperSpike(), TanhPrime(2.0), Triangle(0.3), Boxcar(), SigmoidPrime(3.0)]
)
def test_surrogates_stay_as_they_are_given(surrogate):
    x = np.linspace(-3, 3, 13, dtype=np.float32)
    kept = x.copy()
    slope = surrogate.slope(x)
    assert slope.dtype == x.dtype
    assert slope.argmax() == 6 or isinstance(surrogate, Boxcar)
    np.testing.assert_allclose(slope, slope[::-1])
    np.testing.assert_array_equal(x, kept)


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("name", ALL_UNITS)
def test_one_tick_at_a_time_is_the_whole(name, layers):
    rng = np.random.default_rng(13)
    model, x, *_ = _model(name, layers, rng)
    whole = model.forward(x)
    first = model.forward(x[:3])
    second = model.forward(x[3:], first.state)
    np.testing.assert_allclose(np.concatenate([first.y, second.y]), whole.y, atol=1e-13)
    for one, other in zip(whole.state, second.state, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-13)


@pytest.mark.parametrize("name", ALL_UNITS)
def test_equations_of_one_tick_are_those_of_the_loops(name):
    rng = np.random.default_rng(14)
    made = ALL_UNITS[name](N, rng)
    made.build((N,), rng, np.float64)
    x, dy = rng.normal(size=(2, 7, 3, N))
    y, _, tape = made.forward(x, made.start(3))
    dx, expected = made.backward(dy, tape)
    expected["x"] = dx
    # The derivative along a direction, carried forward by `derivatives`.
    for key, value in expected.items():
        direction = rng.normal(size=value.shape)
        state, by_y, found = made.start(3), np.zeros((3, N)), 0.0
        by = 0.0
        for t in range(len(x)):
            out, after = made.tick(x[t], state)
            np.testing.assert_allclose(out, y[t], atol=1e-13)
            one = made.derivatives(x[t], state, after, first=t == 0)
            by = np.einsum("jlbn,lbn->jbn", one.carry, by * np.ones_like(one.gain))
            by += one.gain * direction[t] if key == "x" else one.direct[key] * direction
            if one.winner is not None:
                by += one.inhibition * np.take_along_axis(by_y, one.winner[:, None], axis=1)
            by_y = (one.slope * by).sum(axis=0)
            if key in one.output:
                by_y += one.output[key] * direction
            found += (dy[t] * by_y).sum()
            state = after
        assert found == pytest.approx((value * direction).sum(), abs=1e-10), key
