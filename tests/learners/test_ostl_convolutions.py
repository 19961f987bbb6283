"""OSTL of convolutions before units, and of recurrent ones."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.learners import (
    AvgPool,
    Conv2d,
    ConvRecurrent,
    Dense,
    Flatten,
    Online,
    Sequential,
    gradients,
    learn,
)
from spikealg.learners.rules import full
from tests.learners.cases import ALL_UNITS
from tests.learners.test_ostl import CLOSE, by_forward_mode, difference, one_layer, task

FRAMES = (2, 4, 5)


def one_convolution(name, recurrent, rng, top=()):
    """Return a convolution with a unit of features (2, 2, 5), all its constants among them."""
    made = ALL_UNITS[name]((2, 2, 5), rng)
    settings = {"kernel": 3, "stride": (2, 1), "padding": 1, "initial_bias": 0.2}
    below = (
        [ConvRecurrent(2, made, recurrent_kernel=(1, 3), gain=2, **settings)]
        if recurrent
        else [Conv2d(2, gain=3, **settings), made]
    )
    return Sequential([*below, *top], shape=FRAMES, seed=5, dtype=np.float64)


@pytest.mark.parametrize("top", [False, True], ids=["alone", "with top"])
@pytest.mark.parametrize("recurrent", [False, True], ids=["convolution", "recurrent"])
@pytest.mark.parametrize("name", ALL_UNITS)
def test_one_convolution_is_exact(name, recurrent, top):
    rng = np.random.default_rng(35)
    above = [AvgPool((1, 5)), Flatten(), Dense(2)] if top else []
    model = one_convolution(name, recurrent, rng, above)
    x, loss = task(rng, model, ticks=7, batch=2)
    expected = learn(model, x, None, loss=loss, rule="bptt")
    found = learn(model, x, None, loss=loss, rule="ostl")
    assert difference(found.gradients, expected.gradients) <= CLOSE
    np.testing.assert_allclose(found.y, expected.y, atol=1e-13)


@pytest.mark.parametrize("name", ["BLI", "HLIF", "sSNU", "ASNU"])
def test_diagonal_traces_of_a_convolution_leave_out_its_recurrence(name):
    rng = np.random.default_rng(36)
    model = one_convolution(name, True, rng, [Flatten(), Dense(2)])
    x, loss = task(rng, model, ticks=6, batch=2)
    found = gradients(model, x, None, loss=loss, rule="ostl", recurrence="diagonal")
    expected = by_forward_mode(model, x, loss, lambda place, m: (m[0].detached(), m[1]))
    assert difference(found, expected) <= CLOSE
    assert difference(found, gradients(model, x, None, loss=loss, rule="ostl")) > 1e-3


@pytest.mark.parametrize("recurrent", [False, True], ids=["convolution", "recurrent"])
@pytest.mark.parametrize("name", ["BLI", "HLIF"])
def test_traces_of_a_convolution_hold_what_is_said(name, recurrent):
    model = one_convolution(name, recurrent, np.random.default_rng(0))
    neurons, window, around, batch = 2 * 2 * 5, 2 * 3 * 3, 2 * 1 * 3, 3
    biases = 3 * neurons  # of the layer; decay and threshold are trained
    online = Online(model, batch, full=False)
    if name == "BLI":
        values = np.prod(FRAMES) + (neurons if recurrent else 0) + biases
    else:
        values = (window + (around if recurrent else 0)) * neurons + biases
    assert online.nbytes == 8 * batch * values
    if recurrent:
        parameters = sum(value.size for value in model.parameters().values())
        assert Online(model, batch).nbytes == 8 * batch * neurons * parameters


@pytest.mark.parametrize("block", [1, 100])
@pytest.mark.parametrize("name", ["HLIF", "ASNU", "LISNU"])
@pytest.mark.parametrize("made", [one_layer, one_convolution], ids=["dense", "convolution"])
def test_blocks_of_traces_make_no_difference(made, name, block, monkeypatch):
    rng = np.random.default_rng(37)
    model = made(name, True, rng)
    x, loss = task(rng, model, ticks=6, batch=2)
    expected = gradients(model, x, None, loss=loss, rule="ostl")
    monkeypatch.setattr(full, "_BLOCK", block)
    found = gradients(model, x, None, loss=loss, rule="ostl")
    assert difference(found, expected) <= CLOSE
