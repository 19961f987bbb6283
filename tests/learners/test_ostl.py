"""OSTL against backpropagation through time, and against what it leaves out, in dual numbers."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from spikealg import memory
from spikealg.errors import InputError, TooLargeError
from spikealg.learners import (
    GLIF,
    LISNU,
    SGD,
    SNU,
    BatchNorm,
    CrossEntropy,
    Dense,
    Dropout,
    LeakyReadout,
    Online,
    Recurrent,
    Sequential,
    Tanh,
    fit,
    gradients,
    learn,
    quantize,
    sSNU,
    unit,
)
from spikealg.learners.rules import traced
from tests.helpers import refused
from tests.learners import duals
from tests.learners.cases import ALL_UNITS, N

CLOSE = 1e-12
"""Of the largest entry of all gradients."""


def task(rng, model, ticks=9, batch=3):
    """Return an input, and a loss whose gradient differs at every tick."""
    x = rng.normal(size=(ticks, batch, *model.in_shape))
    weights = rng.normal(size=(ticks, batch, *model.shape))
    return x, lambda y, target: (float((weights * y**2).sum() / 2), weights * y)


def difference(found, expected):
    """Return the largest difference, as a share of the largest expected entry."""
    assert found.keys() == expected.keys()
    largest = max(np.abs(value).max() for value in expected.values())
    assert largest > 0, "no gradient: the test shows nothing"
    return max(np.abs(found[key] - expected[key]).max() for key in expected) / largest


def one_layer(name, recurrent, rng, top=()):
    made = ALL_UNITS[name](N, rng)
    below = (
        [Recurrent(N, made, initial_bias=0.2, gain=2)]
        if recurrent
        else [Dense(N, initial_bias=0.2, gain=2), made]
    )
    return Sequential([*below, *top], shape=(4,), seed=5, dtype=np.float64)


@pytest.mark.parametrize("top", [[], [Dense(6), Tanh(), Dense(2)]], ids=["alone", "with top"])
@pytest.mark.parametrize("recurrent", [False, True], ids=["dense", "recurrent"])
@pytest.mark.parametrize("name", ALL_UNITS)
def test_one_layer_is_exact(name, recurrent, top):
    rng = np.random.default_rng(21)
    model = one_layer(name, recurrent, rng, [Dense(6), Tanh(), Dense(2)] if top else [])
    x, loss = task(rng, model)
    expected = learn(model, x, None, loss=loss, rule="bptt")
    found = learn(model, x, None, loss=loss, rule="ostl")
    assert difference(found.gradients, expected.gradients) <= CLOSE
    assert found.value == pytest.approx(expected.value, rel=1e-12)
    np.testing.assert_allclose(found.y, expected.y, atol=1e-13)
    for one, other in zip(found.state, expected.state, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-13)


def detached(memory):
    """Return a memory of nested tuples without its derivatives."""
    if isinstance(memory, tuple):
        return tuple(map(detached, memory))
    return memory.detached()


def by_forward_mode(model, x, loss, remembered):
    """Return the gradients of a loss in dual numbers that see their memory through `remembered`."""
    _, dy = loss(model(x), None)
    _, found = duals.rtrl(model, x, dy, remembered)
    return found


@pytest.mark.parametrize("name", ALL_UNITS)
def test_diagonal_traces_leave_out_what_goes_through_the_recurrent_matrix(name):
    rng = np.random.default_rng(22)
    model = one_layer(name, True, rng, [Dense(2)])
    x, loss = task(rng, model)
    found = gradients(model, x, None, loss=loss, rule="ostl", recurrence="diagonal")

    def remembered(place, memory):
        y, inner = memory
        if isinstance(model.layers[0].unit, LISNU):  # the largest output is another neuron's
            inner = (inner[0], inner[1].detached(), inner[2])
        return y.detached(), inner

    assert difference(found, by_forward_mode(model, x, loss, remembered)) <= CLOSE
    full = gradients(model, x, None, loss=loss, rule="ostl")
    assert difference(found, full) > 1e-3


def test_each_of_k_layers_leaves_out_the_memory_of_those_above():
    rng = np.random.default_rng(23)
    layers = [
        Dense(5, gain=2),
        SNU(0.8, bias=-0.4),
        Recurrent(4, sSNU(0.5)),
        Dense(6, gain=2),
        GLIF(0.9, reset=1.0, threshold=0.3, trainable=("decay", "threshold")),
        Dense(2),
        LeakyReadout(0.8),
    ]
    model = Sequential(layers, shape=(4,), seed=2, dtype=np.float64)
    x, loss = task(rng, model)
    found = gradients(model, x, None, loss=loss, rule="ostl")
    units = {0: 1, 1: 1, 2: 2, 3: 4, 4: 4, 5: 6}
    expected = {}
    for place, unit_place in units.items():
        layer = by_forward_mode(
            model, x, loss, lambda k, m, own=unit_place: m if k <= own else detached(m)
        )
        expected |= {key: layer[key] for key in layer if key.startswith(f"{place}.")}
    assert difference(found, expected) <= CLOSE
    exact = gradients(model, x, None, loss=loss, rule="bptt")
    assert difference(found, exact) > 1e-3
    np.testing.assert_allclose(found["5.weight"], exact["5.weight"], atol=1e-12)


def test_a_sequence_may_be_continued():
    rng = np.random.default_rng(24)
    model = one_layer("HLIF", True, rng)
    x, loss = task(rng, model)
    start = model.forward(x).state
    expected = learn(model, x, None, loss=loss, rule="bptt", state=start)
    found = learn(model, x, None, loss=loss, rule="ostl", state=start)
    assert difference(found.gradients, expected.gradients) <= CLOSE
    np.testing.assert_allclose(found.y, expected.y, atol=1e-13)


def test_gradients_of_ticks_add_up():
    """Per-step learning sees the same gradients as learning at the end, if nothing changes."""
    rng = np.random.default_rng(25)
    model = one_layer("GLIF, all constants", True, rng, [Dense(2)])
    x, _ = task(rng, model)
    whole, single = Online(model, 3), Online(model, 3)
    total = {name: np.zeros_like(value) for name, value in model.parameters().items()}
    for tick in x:
        y = whole.forward(tick)
        whole.learn(y)
        single.clear()
        np.testing.assert_array_equal(single.forward(tick), y)
        single.learn(y)
        for name, value in single.gradients().items():
            total[name] += value
    assert difference(whole.gradients(), total) <= CLOSE


def test_a_tick_without_error_only_carries_traces_on():
    rng = np.random.default_rng(26)
    model = one_layer("LIF", False, rng)
    x, _ = task(rng, model)
    silent, skipped = Online(model, 3), Online(model, 3)
    for online in (silent, skipped):
        for tick in x[:-1]:
            y = online.forward(tick)
            if online is silent:
                online.learn(np.zeros_like(y))
        online.learn(online.forward(x[-1]))
    assert difference(skipped.gradients(), silent.gradients()) == 0


def test_learning_after_every_tick_changes_what_follows():
    rng = np.random.default_rng(27)
    model = one_layer("sSNU", True, rng)
    x, _ = task(rng, model, ticks=30)
    target = model(x) * 0.5
    online, errors = Online(model, 3), []
    for _ in range(40):
        for tick, wanted in zip(x, target, strict=True):
            error = online.forward(tick) - wanted
            online.learn(error)
            for name, value in online.gradients().items():
                model.parameters()[name][...] -= 0.02 * value
            online.clear()
            errors.append((error**2).mean())
    assert np.mean(errors[-30:]) < 0.3 * np.mean(errors[:30])


@pytest.mark.parametrize("name", ["BLI", "BI", "LeakyReadout of one decay"])
def test_where_all_leak_alike_a_trace_is_the_low_passed_input(name, monkeypatch):
    rng = np.random.default_rng(28)
    top = LeakyReadout(0.8) if name.startswith("Leaky") else unit(name, threshold=0.4, gain=2.0)
    model = Sequential([Dense(50), top], shape=(7,), seed=1, dtype=np.float64)
    x, loss = task(rng, model)
    short = Online(model, 3)
    found = gradients(model, x, None, loss=loss, rule="ostl")
    monkeypatch.setattr(traced, "leaks_alike", lambda unit: False)
    wide = Online(model, 3)
    expected = gradients(model, x, None, loss=loss, rule="ostl")
    assert difference(found, expected) <= CLOSE
    # What is left of (n_in + 1) n values are n_in, and n for the bias.
    assert wide.nbytes - short.nbytes == 8 * 3 * (7 * 50 - 7)


@pytest.mark.parametrize(
    "change", [{"reset": 0.5}, {"hyperpolarisation": 0.1}, {"decay": [0.5, 1]}]
)
def test_what_does_not_leak_alike_has_diagonal_traces(change):
    model = Sequential([Dense(2), unit("BLI", **change)], shape=(3,))
    assert not traced.leaks_alike(model.layers[1])


def peak(function):
    """Return the largest memory that a call holds at once [bytes]."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["BLI", "HLIF", "ASNU"])
@pytest.mark.parametrize("recurrent", [False, True], ids=["dense", "recurrent"])
def test_memory_does_not_grow_with_the_sequence(name, recurrent):
    rng = np.random.default_rng(29)
    model = one_layer(name, recurrent, rng)
    x = rng.normal(size=(800, 2, 4))

    def online(ticks):
        learner = Online(model, 2)
        size = learner.nbytes
        for tick in x[:ticks]:
            learner.learn(learner.forward(tick))
        assert learner.nbytes == size

    def backwards(ticks):
        forward = model.forward(x[:ticks])
        model.backward(forward.y, forward)

    online(800), backwards(1)  # what the interpreter caches on the way is none of it
    assert peak(lambda: online(800)) < 1.02 * peak(lambda: online(100)) + 2000
    assert peak(lambda: backwards(800)) > 6 * peak(lambda: backwards(100))


def test_inputs_that_come_late_have_traces_from_then_on():
    rng = np.random.default_rng(30)
    model = one_layer("sSNU", True, rng, [Dense(2)])
    x, loss = task(rng, model, ticks=8, batch=2)
    x[:3, :, 2] = x[:5, :, 0] = x[:, :, 1] = x[:5, 0, 3] = 0
    expected = gradients(model, x, None, loss=loss, rule="bptt")
    found = gradients(model, x, None, loss=loss, rule="ostl")
    assert difference(found, expected) <= CLOSE
    assert not found["0.weight"][1].any()


def test_float32_stays_float32():
    model = Sequential([Dense(3), unit("HLIF"), Recurrent(3, sSNU())], shape=(4,))
    online = Online(model, 2)
    online.learn(online.forward(np.ones((2, 4))))
    for name, value in online.gradients().items():
        assert value.dtype == np.float32
        assert value.shape == model.parameters()[name].shape


def test_refusals():
    model = Sequential([Dense(3), unit("BLI")], shape=(4,))
    online = Online(model, 2)
    with refused("x[1, 2] must be a finite number, got nan", InputError):
        online.forward([[0, 0, 0, 0], [0, 0, np.nan, 0]])
    with refused("x must have shape (2, 4), got shape (5, 2, 4)", InputError):
        online.forward(np.ones((5, 2, 4)))
    with refused("learn(dy) follows forward(x), once for each tick; got no tick", InputError):
        online.learn(np.ones((2, 3)))
    online.forward(np.ones((2, 4)))
    with refused("dy must have shape (2, 3), got shape (3,)", InputError):
        online.learn(np.ones(3))
    with refused("recurrence must be one of 'full', 'diagonal', got 'none'", InputError):
        gradients(model, np.ones((5, 2, 4)), None, loss=None, rule="ostl", recurrence="none")


def test_layers_without_traces_are_refused():
    model = Sequential([Dense(3), BatchNorm(), unit("BLI")], shape=(4,))
    message = (
        "layer 1 (BatchNorm) before a unit with memory has no traces: Dense and Conv2d have; "
        'learn by rule="bptt"'
    )
    with refused(message, InputError):
        Online(model, 2)


@pytest.mark.parametrize("rule", ["ostl", "eprop"])
def test_rounded_models_are_refused(rule):
    """Traces would follow the real parameters, and not the whole numbers that are computed with."""
    model = quantize(Sequential([Dense(3), unit("BLI"), Dense(2)], shape=(4,), seed=0))
    x, y = np.ones((6, 5, 4)), np.zeros(5, dtype=int)
    loss = CrossEntropy("last")
    message = 'model is quantised: its gradients are made by rule="bptt" only'
    with refused(message, InputError):
        gradients(model, x, y, loss=loss, rule=rule)
    with refused(message, InputError):
        fit(model, (x, y), loss=loss, optimiser=SGD(0.1), rule=rule)
    with refused(message, InputError):
        fit(model, (x, y), loss=CrossEntropy("each"), optimiser=SGD(0.1), rule=rule, update="step")
    with refused(message, InputError):
        Online(model, 5)
    assert gradients(model, x, y, loss=loss).keys() == model.parameters().keys()


def test_traces_that_do_not_fit_are_refused(monkeypatch):
    model = Sequential([Recurrent(40, sSNU())], shape=(60,))
    monkeypatch.setattr(memory, "available_bytes", lambda: 2**22)
    message = (
        f"traces of layer 0 ({model.layers[0].describe()}) would need about 0.00608 GiB, but "
        '0.00391 GiB are available: take a smaller batch, recurrence="diagonal" or rule="bptt"'
    )
    with refused(message, TooLargeError):
        Online(model, 10)
    assert Online(model, 10, full=False).nbytes < 2**22


@pytest.mark.parametrize("each_tick", [False, True])
def test_dropout_draws_the_same_in_both_passes(each_tick):
    model = Sequential(
        [Dropout(0.5, each_tick=each_tick), Dense(5), LeakyReadout(0.5)],
        shape=(4,),
        dtype=np.float64,
    )
    x, loss = task(np.random.default_rng(33), model)
    found = learn(model, x, None, loss=loss, rule="ostl", rng=np.random.default_rng(1))
    again = Online(model, 3, train=True, rng=np.random.default_rng(1))
    y = [again.forward(tick) for tick in x]
    np.testing.assert_array_equal(found.y, y)
