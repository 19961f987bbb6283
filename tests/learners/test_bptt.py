"""Backward passes against forward-mode derivatives and finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.learners import (
    ASNU,
    GLIF,
    LISNU,
    SNU,
    Boxcar,
    Dense,
    IntegrateFire,
    LeakyReadout,
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
SMOOTH = ("sSNU", "LeakyReadout", "tanh", "sigmoid")
N = 5


def _model(name, recurrent, rng, dtype=np.float64):
    made = ALL_UNITS[name](N, rng)
    inner = (
        [Recurrent(N, made, initial_bias=0.1, gain=2)] if recurrent else [Dense(N, gain=2), made]
    )
    return Sequential([*inner, Dense(3), LeakyReadout(0.9)], shape=(4,), seed=3, dtype=dtype)


def _task(rng, model, ticks=7, batch=3):
    x = rng.normal(size=(ticks, batch, 4))
    dy = rng.normal(size=(ticks, batch, 3))
    return x, dy, lambda y, target: (float((y * dy).sum()), dy)


@pytest.mark.parametrize("recurrent", [False, True], ids=["dense", "recurrent"])
@pytest.mark.parametrize("name", ALL_UNITS)
def test_gradients_are_those_of_forward_mode(name, recurrent):
    rng = np.random.default_rng(11)
    model = _model(name, recurrent, rng)
    x, dy, loss = _task(rng, model)
    outputs, expected = duals.rtrl(model, x, dy)
    found = learn(model, x, None, loss=loss)
    np.testing.assert_allclose(found.y, outputs, atol=1e-12)
    assert found.gradients.keys() == expected.keys() == model.parameters().keys()
    for key, value in expected.items():
        scale = max(1.0, np.abs(value).max())
        np.testing.assert_allclose(found.gradients[key], value, atol=1e-8 * scale, err_msg=key)
    active = np.count_nonzero(np.stack(model.forward(x).outputs[-3])) / found.y.size
    assert active > 0, "nothing fires: the test shows nothing"


@pytest.mark.parametrize("recurrent", [False, True], ids=["dense", "recurrent"])
@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_of_smooth_units_are_differences(name, recurrent):
    rng = np.random.default_rng(12)
    model = _model(name, recurrent, rng)
    x, dy, loss = _task(rng, model)
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


@pytest.mark.parametrize("recurrent", [False, True], ids=["dense", "recurrent"])
@pytest.mark.parametrize("name", ALL_UNITS)
def test_one_tick_at_a_time_is_the_whole(name, recurrent):
    rng = np.random.default_rng(13)
    model = _model(name, recurrent, rng)
    x, *_ = _task(rng, model)
    whole = model.forward(x)
    first = model.forward(x[:3])
    second = model.forward(x[3:], first.state)
    np.testing.assert_allclose(np.concatenate([first.y, second.y]), whole.y, atol=1e-13)
    for one, other in zip(whole.state, second.state, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-13)
