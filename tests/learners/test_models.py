"""Models: state, files, truncated gradients, and what they refuse."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spikealg.errors import FileFormatError, InputError, InputTypeError
from spikealg.learners import (
    ActivityPenalty,
    BatchNorm,
    Dense,
    LeakyReadout,
    Recurrent,
    Sequential,
    Sigmoid,
    TanhPrime,
    gradients,
    learn,
    sSNU,
    unit,
)
from tests.helpers import refused


def _layers():
    recurrent = Recurrent(5, unit("BLI", threshold=0.5))
    return [recurrent, Dense(4), sSNU(0.5), Dense(2), LeakyReadout(0.8)]


def _model(dtype=np.float64, seed=0):
    return Sequential(_layers(), shape=(3,), seed=seed, dtype=dtype)


def _task(ticks=9, batch=4):
    rng = np.random.default_rng(31)
    x, dy = rng.normal(size=(ticks, batch, 3)), rng.normal(size=(ticks, batch, 2))
    return x, lambda y, target: (float((y * dy).sum()), dy), dy


def test_truncated_gradients_are_the_sum_of_pieces_that_start_where_the_last_ended():
    model = _model()
    x, loss, dy = _task()
    found = learn(model, x, None, loss=loss, truncate=4)
    expected = {name: np.zeros_like(value) for name, value in model.parameters().items()}
    state = None
    for begin in (0, 4, 8):
        piece = model.forward(x[begin : begin + 4], state)
        state = piece.state
        for name, value in model.backward(dy[begin : begin + 4], piece).items():
            expected[name] += value
    for name, value in expected.items():
        np.testing.assert_allclose(found.gradients[name], value, atol=1e-12, err_msg=name)
    whole = learn(model, x, None, loss=loss)
    assert found.value == pytest.approx(whole.value, abs=1e-12)
    assert np.abs(found.gradients["0.weight"] - whole.gradients["0.weight"]).max() > 1e-3
    same = gradients(model, x, None, loss=loss, truncate=len(x))
    for name, value in whole.gradients.items():
        np.testing.assert_array_equal(same[name], value)


def test_penalties_are_part_of_the_loss():
    model = Sequential([Dense(4), sSNU(0.5), Dense(2)], shape=(3,), dtype=np.float64)
    x, loss, dy = _task()
    penalties = {1: ActivityPenalty(0.1, 50.0), 2: lambda y: (float((y**2).sum()), 2 * y)}

    def whole():
        outputs = model.forward(x).outputs
        return (outputs[2] * dy).sum() + penalties[1](outputs[1])[0] + (outputs[2] ** 2).sum()

    found = learn(model, x, None, loss=loss, penalties=penalties)
    assert found.value == pytest.approx(whole(), rel=1e-12)
    step = 1e-5
    for key, value in model.parameters().items():
        for place in np.ndindex(value.shape):
            kept = value[place]
            value[place] = kept + step
            up = whole()
            value[place] = kept - step
            difference = (up - whole()) / (2 * step)
            value[place] = kept
            assert found.gradients[key][place] == pytest.approx(difference, abs=1e-6), key
    for rule in ("bptt", "ostl"):
        message = "place in penalties must be a whole number from 0 to 2, got 3"
        with refused(message, InputError):
            learn(model, x, None, loss=loss, rule=rule, penalties={3: ActivityPenalty()})
        message = "penalties must be functions by the places of layers, {1: ActivityPenalty()}"
        with refused(f"{message}, got {{1: 0.1}}", InputTypeError):
            learn(model, x, None, loss=loss, rule=rule, penalties={1: 0.1})


def test_penalties_see_all_pieces_of_a_truncated_sequence():
    # Without memory there is nothing to cut off.
    model = Sequential([Dense(4), Sigmoid(), Dense(2)], shape=(3,), dtype=np.float64)
    x, loss, _ = _task()
    options = {"loss": loss, "penalties": {1: ActivityPenalty(0.1, 50.0)}}
    whole = learn(model, x, None, **options)
    pieces = learn(model, x, None, truncate=4, **options)
    assert pieces.value == pytest.approx(whole.value, rel=1e-12)
    for name, value in whole.gradients.items():
        np.testing.assert_allclose(pieces.gradients[name], value, atol=1e-12)


def test_rows_of_a_batch_do_not_see_each_other():
    model = _model()
    x, *_ = _task()
    whole = model(x)
    for row in range(x.shape[1]):
        np.testing.assert_allclose(model(x[:, row : row + 1])[:, 0], whole[:, row], atol=1e-13)


def test_single_precision_is_double_precision_rounded():
    x, loss, _ = _task()
    single, double = (_model(dtype) for dtype in (np.float32, np.float64))
    for name, value in single.parameters().items():
        np.testing.assert_array_equal(value, double.parameters()[name].astype(np.float32))
    a, b = (learn(model, x, None, loss=loss) for model in (single, double))
    assert a.y.dtype == np.float32
    np.testing.assert_allclose(a.y, b.y, rtol=1e-4, atol=1e-5)
    for name, value in a.gradients.items():
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, b.gradients[name], rtol=1e-3, atol=1e-4)


def test_gradients_of_inner_outputs_add_to_that_of_the_output():
    model = _model()
    x, _, dy = _task()
    forward = model.forward(x)
    inner = {0: np.ones_like(forward.outputs[0]), 2: np.full_like(forward.outputs[2], 0.5)}
    found = model.backward(dy, forward, inner)
    expected = model.backward(dy, forward)
    for place, value in inner.items():
        lower = Sequential(_layers()[: place + 1], shape=(3,), dtype=np.float64)
        part = lower.backward(value, lower.forward(x))
        for name, gradient in part.items():
            expected[name] += gradient
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-12, err_msg=name)


def test_a_file_brings_parameters_and_statistics_back(tmp_path):
    def make(seed):
        return Sequential([Dense(4), BatchNorm(), unit("LIF", trainable="decay")], 3, seed=seed)

    model, other = make(1), make(2)
    model.forward(np.random.default_rng(32).normal(size=(4, 5, 3)), train=True)
    model.save(tmp_path / "model.npz")
    held = other.parameters()["0.weight"]
    other.load(tmp_path / "model.npz")
    assert held is other.parameters()["0.weight"]
    for mine, theirs in (
        (model.parameters(), other.parameters()),
        (model.buffers(), other.buffers()),
    ):
        assert mine.keys() == theirs.keys()
        for name, value in mine.items():
            np.testing.assert_array_equal(value, theirs[name])
    third = Sequential([Dense(5)], 3)
    kept = third.parameters()["0.weight"].copy()
    with pytest.raises(FileFormatError, match=r"does not fit the model: .* has shape"):
        third.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(third.parameters()["0.weight"], kept)


def test_a_summary_counts_parameters():
    lines = _model().summary().splitlines()
    assert lines[1].split()[-1] == str(3 * 5 + 5 * 5 + 5)
    assert lines[-1].split()[-1] == str(45 + 24 + 4 + 10)
    model = Sequential([Dense(2), unit("BLI", trainable="decay")], 3)
    model.parameters()["1.decay"][...] = 0.25
    assert "GLIF(decay=0.25, reset=0, " in model.summary()
    assert repr(model) == "Sequential(2 layers, (3,) to (2,), 9 parameters)"
    assert repr(model.layers[0]) == "Dense(2)"


def test_activity_is_the_share_of_spikes():
    model = Sequential([unit("BA", threshold=0.5)], 4)
    x = np.array([[[1, 0, 0, 0]], [[1, 1, 0, 0]]])
    assert model.forward(x).activity == (3 / 8,)


def test_inputs_are_checked():
    model = _model()
    x, loss, dy = _task()
    message = "x must have shape (ticks, batch, 3), got shape (9, 4, 2)"
    with refused(message, InputError):
        model(x[..., :2])
    with refused("x must have shape (ticks, batch, 3), got shape (4, 3)", InputError):
        model.forward(x[0])
    bad = x.copy()
    bad[2, 1, 0] = np.nan
    bad[3, 1, 0] = np.inf
    message = "x[2, 1, 0] must be a finite number, got nan (2 of 108 values are not finite)"
    with refused(message, InputError):
        learn(model, bad, None, loss=loss)
    with refused("x must have at least one tick and one row, got (0, 4, 3)", InputError):
        model(x[:0])
    with refused("x must hold numbers, got dtype <U1", InputTypeError):
        model(np.full((1, 1, 3), "a"))
    huge = Sequential([unit("relu")], 2)(np.full((1, 1, 2), 3e38, dtype=np.float32))
    assert np.isfinite(huge).all()
    forward = model.forward(x)
    with refused("dy must have shape (9, 4, 2), got shape (8, 4, 2)", InputError):
        model.backward(dy[:8], forward)
    message = (
        "state[0] must hold arrays of shapes [(3, 5), (3, 5), (3, 5)], got [(4, 5), (4, 5), (4, 5)]"
    )
    with refused(message, InputError):
        model.forward(x[:, :3], forward.state)
    message = "loss must return a gradient of the output's shape (9, 4, 2), got (4, 2)"
    with refused(message, InputError):
        learn(model, x, None, loss=lambda y, target: (0.0, y[0]))
    message = "inner[0] must have shape (9, 4, 5), got shape (9, 4, 2)"
    with refused(message, InputError):
        model.backward(dy, forward, {0: dy})
    message = "forward must be of this model, whose layers have shapes [(2,)], got [(5,), (4,), "
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        Sequential([Dense(2)], 3).backward(dy, forward)


def test_units_are_checked():
    with pytest.raises(InputError, match=r"^name must be one of 'HLIF', .*, got 'ALIF'$"):
        unit("ALIF")
    with pytest.raises(InputTypeError, match=r"^unit 'LIF': .*unexpected keyword argument 'tau'"):
        unit("LIF", tau=3)
    message = "trainable must hold names among 'd', 'bias', got 'decay'"
    with refused(message, InputError):
        unit("SNU", trainable="decay")
    with refused("decay must be from 0 to 1, got 1.5", InputError):
        unit("BLI", decay=1.5)
    with refused("d must be from 0 to 1, got -0.1", InputError):
        sSNU(-0.1)
    with refused("g must be one of 'identity', 'relu', 'leaky_relu', got 'tanh'", InputError):
        unit("SNU", g="tanh")
    with refused("threshold must be above 0, got 0.0", InputError):
        unit("IntegrateFire", threshold=0)
    with refused("trainable must hold names among 'decay', got None", InputTypeError):
        LeakyReadout(trainable=None)
    for name in ("BLI", "SNU"):
        message = "surrogate must be one such as SuperSpike(5.0), got 'SuperSpike'"
        with refused(message, InputTypeError):
            unit(name, surrogate="SuperSpike")
        message = f"surrogate must be one such as SuperSpike(5.0), got {TanhPrime!r}"
        with refused(message, InputTypeError):
            unit(name, surrogate=TanhPrime)


def test_a_layer_stands_in_one_place():
    layer = Dense(3)
    with refused("layers[1] stands in the model twice: make a new one", InputError):
        Sequential([layer, layer], 3)
    made = unit("BLI")
    with refused("layers[1] stands in the model twice: make a new one", InputError):
        Sequential([Recurrent(3, made), Recurrent(3, made)], 3)
    with refused("layers[0] must be a layer, got str", InputTypeError):
        Sequential(["Dense"], 3)
    with refused("layers must be a list of layers, got Dense alone", InputTypeError):
        Sequential(layer, 3)
    with refused("dtype must be float32 or float64, got int32", InputError):
        Sequential([layer], 3, dtype=np.int32)
    with refused("dtype must be float32 or float64, got 'real'", InputError):
        Sequential([layer], 3, dtype="real")


def test_a_layer_of_a_model_keeps_its_weights():
    """A second model would draw them anew; one that could not be built leaves layers free."""
    layer, made = Dense(3), unit("BLI")
    with pytest.raises(InputError):
        Sequential([layer, Dense(3), unit("LIF", decay=[0.1, 0.2])], 3)
    model = Sequential([layer, Recurrent(2, made)], 3)
    before = model.parameters()["0.weight"].copy()
    message = "layers[1] is in a model already, which would lose its weights: make a new one"
    for taken in (layer, made, model.layers[1], Recurrent(4, made)):
        with refused(message, InputError):
            Sequential([Dense(2), taken], 3)
    np.testing.assert_array_equal(model.parameters()["0.weight"], before)
