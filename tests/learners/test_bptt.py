"""Backward passes against forward-mode derivatives and finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.learners import (
    Boxcar,
    SigmoidPrime,
    SuperSpike,
    TanhPrime,
    Triangle,
    gradients,
    learn,
)
from tests.learners import duals
from tests.learners.cases import ALL_UNITS, LAYERS, SMOOTH, N, model_of


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("name", ALL_UNITS)
def test_gradients_are_those_of_forward_mode(name, layers):
    rng = np.random.default_rng(11)
    model, x, dy, loss = model_of(name, layers, rng)
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
    model, x, dy, loss = model_of(name, layers, rng)
    found = gradients(model, x, None, loss=loss, train=False)
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
    model, x, *_ = model_of(name, layers, rng)
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
