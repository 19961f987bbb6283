"""Optimisers against their papers' formulas, number by number; schedules; clipping."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError
from spikealg.learners.clipping import clip_by_norm, norm
from spikealg.learners.optimisers import SGD, Adadelta, Adam, RMSprop
from spikealg.learners.schedules import Constant, Cosine, Steps, Warmup
from tests.helpers import refused


def naive_sgd(p, gradients, rate=0.1, momentum=0.9):
    v = 0.0
    for g in gradients:
        v = momentum * v + g
        p = p - rate * v
    return p


def naive_rmsprop(p, gradients, rate=0.01, decay=0.8, epsilon=1e-8):
    m = 0.0
    for g in gradients:
        m = decay * m + (1 - decay) * g * g
        p = p - rate * g / (math.sqrt(m) + epsilon)
    return p


def naive_adam(p, gradients, rate=0.01, b1=0.9, b2=0.99, epsilon=1e-8):
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        p = p - rate * (m / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + epsilon)
    return p


def naive_adadelta(p, gradients, rate=1.0, decay=0.9, epsilon=1e-6):
    square = step_square = 0.0
    for g in gradients:
        square = decay * square + (1 - decay) * g * g
        step = math.sqrt(step_square + epsilon) / math.sqrt(square + epsilon) * g
        step_square = decay * step_square + (1 - decay) * step * step
        p = p - rate * step
    return p


CASES = [
    pytest.param(lambda: SGD(0.1, momentum=0.9), naive_sgd, id="SGD"),
    pytest.param(lambda: RMSprop(0.01, decay=0.8), naive_rmsprop, id="RMSprop"),
    pytest.param(lambda: Adam(0.01, square_decay=0.99), naive_adam, id="Adam"),
    pytest.param(lambda: Adadelta(decay=0.9), naive_adadelta, id="Adadelta"),
]


def problem(dtype=np.float64):
    rng = np.random.default_rng(0)
    parameters = {"0.weight": rng.normal(size=(3, 2)), "0.bias": rng.normal(size=2)}
    parameters = {name: array.astype(dtype) for name, array in parameters.items()}
    gradients = [
        {name: rng.normal(size=array.shape).astype(dtype) for name, array in parameters.items()}
        for _ in range(12)
    ]
    return parameters, gradients


@pytest.mark.parametrize(("make", "naive"), CASES)
def test_every_number_follows_the_formula(make, naive):
    parameters, gradients = problem()
    expected = {
        name: np.array([
            naive(array[place], [float(g[name][place]) for g in gradients])
            for place in np.ndindex(array.shape)
        ]).reshape(array.shape)
        for name, array in parameters.items()
    }  # fmt: skip
    optimiser, kept = make(), dict(parameters)
    for gradient in gradients:
        optimiser.step(parameters, gradient)
    for name, array in parameters.items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-12)
        assert array is kept[name]


@pytest.mark.parametrize(("make", "naive"), CASES)
def test_a_restored_optimiser_goes_on_as_if_it_had_not_stopped(make, naive):
    (whole, gradients), (parts, _) = problem(np.float32), problem(np.float32)
    optimiser, first = make(), make()
    for gradient in gradients:
        optimiser.step(whole, gradient)
    for gradient in gradients[:5]:
        first.step(parts, gradient)
    second = make()
    second.restore(first.state())
    for gradient in gradients[5:]:
        second.step(parts, gradient)
    assert second.steps == len(gradients)
    for name, array in whole.items():
        np.testing.assert_array_equal(parts[name], array)
        assert array.dtype == np.float32


@pytest.mark.parametrize(("make", "naive"), CASES)
def test_gradients_are_left_alone_and_scale_multiplies_the_rate(make, naive):
    (parameters, (gradient, *_)), (other, _) = problem(), problem()
    before = {name: array.copy() for name, array in parameters.items()}
    kept = {name: array.copy() for name, array in gradient.items()}
    make().step(parameters, gradient)
    make().step(other, gradient, scale=0.5)
    for name in parameters:
        np.testing.assert_array_equal(gradient[name], kept[name])
        np.testing.assert_allclose(
            other[name] - before[name], (parameters[name] - before[name]) / 2, rtol=1e-9
        )


def test_gradients_that_do_not_fit_change_nothing():
    parameters, (gradient, *_) = problem()
    before = {name: array.copy() for name, array in parameters.items()}
    with refused(
        "gradient of '0.bias' must have the shape (2,) of the parameter, got shape (3,)", InputError
    ):
        Adam().step(parameters, {**gradient, "0.bias": np.zeros(3)})
    with refused("gradients must hold one for '0.weight', got ['0.bias']", InputError):
        Adam().step(parameters, {"0.bias": gradient["0.bias"]})
    for name, array in parameters.items():
        np.testing.assert_array_equal(array, before[name])


def test_the_state_of_another_optimiser_is_refused():
    parameters, (gradient, *_) = problem()
    sgd = SGD(0.1)
    sgd.step(parameters, gradient)
    with pytest.raises(InputError, match=r"^state must come from Adam.state\(\), got \["):
        Adam().restore(sgd.state())


def test_rates_are_checked():
    with refused("rate must be a finite number above 0, got 0.0", InputError):
        SGD(0)
    with refused("momentum must be a finite number from 0 to 1, got 1.5", InputError):
        SGD(0.1, momentum=1.5)
    # A mean of decay 1 never leaves its start.
    for make in (Adam, RMSprop, Adadelta):
        message = "decay must be a finite number of at least 0 and below 1, got 1.0"
        with refused(message, InputError):
            make(decay=1)


def test_schedules():
    assert Constant()(7) == 1
    assert [Steps((2, 4), 0.1)(epoch) for epoch in (0, 1.99, 2, 4)] == pytest.approx(
        [1, 1, 0.1, 0.01]
    )
    assert [Cosine(10, floor=0.2)(epoch) for epoch in (0, 5, 10, 12)] == pytest.approx(
        [1, 0.6, 0.2, 0.2]
    )
    assert [Warmup(2, Steps((3,), 0.5))(epoch) for epoch in (0, 1, 2, 3)] == [0, 0.5, 1, 0.5]
    with refused("epochs must be a finite number above 0, got 0.0", InputError):
        Cosine(0)
    with refused("at must be a tuple of epochs, got 3", InputTypeError):
        Steps(3)
    with refused("then must be a schedule such as Cosine(10), got 0.5", InputTypeError):
        Warmup(2, then=0.5)


def test_clipping_keeps_the_direction():
    gradients = {"a": np.array([3.0, 0.0]), "b": np.array([[4.0]])}
    assert norm(gradients) == 5
    assert clip_by_norm(gradients, 10) == 5
    assert norm(gradients) == 5
    assert clip_by_norm(gradients, 1) == 5
    np.testing.assert_allclose(gradients["a"], [0.6, 0])
    np.testing.assert_allclose(gradients["b"], [[0.8]])


def test_what_is_not_finite_is_not_clipped():
    gradients = {"a": np.array([np.inf, 1.0])}
    assert clip_by_norm(gradients, 1) == np.inf
    assert gradients["a"].tolist() == [np.inf, 1]
