"""Losses: gradients against finite differences, values against formulas written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError
from spikealg.learners.losses import (
    MSE,
    ActivityPenalty,
    BernoulliNLL,
    CrossEntropy,
    SquaredHinge,
)
from tests.helpers import refused

TICKS, BATCH, OUTPUTS = 4, 3, 5
KINDS = (CrossEntropy, MSE, SquaredHinge, BernoulliNLL)


def outputs(seed=0):
    return np.random.default_rng(seed).normal(size=(TICKS, BATCH, OUTPUTS))


def targets(kind, over, form):
    rng = np.random.default_rng(1)
    shape = (TICKS, BATCH) if form.startswith("each") else (BATCH,)
    if form.endswith("labels"):
        return rng.integers(0, OUTPUTS, shape)
    values = rng.random((*shape, OUTPUTS))
    return np.rint(values) * 2 - 1 if kind is SquaredHinge else values


def naive_row(kind, row, target):
    """Return the loss of one row of outputs by its formula, in plain Python."""
    row = [float(v) for v in row]
    if np.ndim(target) == 0:
        off = -1 if kind is SquaredHinge else 0
        target = [1 if k == target else off for k in range(OUTPUTS)]
    if kind is CrossEntropy:
        total = sum(math.exp(v) for v in row)
        return -sum(t * math.log(math.exp(v) / total) for v, t in zip(row, target, strict=True))
    if kind is MSE:
        return sum((v - t) ** 2 for v, t in zip(row, target, strict=True)) / OUTPUTS
    if kind is SquaredHinge:
        return sum(max(0, 1 - t * v) ** 2 for v, t in zip(row, target, strict=True)) / OUTPUTS
    odds = [1 / (1 + math.exp(-v)) for v in row]
    return -sum(
        t * math.log(p) + (1 - t) * math.log(1 - p) for p, t in zip(odds, target, strict=True)
    )


def cases():
    for kind in KINDS:
        for over in ("last", "mean", "each"):
            for form in ("labels", "values", "each labels", "each values"):
                if form.endswith("labels") and kind is BernoulliNLL:
                    continue
                if form.startswith("each") and over != "each":
                    continue
                yield pytest.param(kind, over, form, id=f"{kind.__name__}-{over}-{form}")


@pytest.mark.parametrize(("kind", "over", "form"), list(cases()))
@pytest.mark.parametrize("from_tick", [0, 2])
def test_value_and_gradient(kind, over, form, from_tick):
    loss = kind(over, from_tick=from_tick)
    y, target = outputs(), targets(kind, over, form)
    value, dy = loss(y, target)
    rows = {"last": [TICKS - 1], "mean": [None], "each": range(from_tick, TICKS)}[over]
    expected = []
    for tick in rows:
        for sample in range(BATCH):
            row = y[from_tick:, sample].mean(axis=0) if tick is None else y[tick, sample]
            wanted = target[tick, sample] if form.startswith("each") else target[sample]
            expected.append(naive_row(kind, row, wanted))
    assert value == pytest.approx(sum(expected) / len(expected), rel=1e-12)
    step = 1e-6
    for place in np.ndindex(y.shape):
        up, down = y.copy(), y.copy()
        up[place] += step
        down[place] -= step
        slope = (loss(up, target)[0] - loss(down, target)[0]) / (2 * step)
        assert dy[place] == pytest.approx(slope, abs=1e-8)


def test_probabilities_give_the_loss_of_their_logits():
    y = outputs()
    target = targets(BernoulliNLL, "each", "each values")
    p = 1 / (1 + np.exp(-y))
    value, dp = BernoulliNLL(logits=False)(p, target)
    expected, dy = BernoulliNLL()(y, target)
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(dp * p * (1 - p), dy, atol=1e-14)


@pytest.mark.parametrize("loss", [CrossEntropy(), BernoulliNLL("last")])
def test_huge_outputs_stay_finite(loss):
    y = np.full((1, 1, 2), 1e4, dtype=np.float32)
    y[..., 1] = -1e4
    value, dy = loss(y, [[0.0, 1.0]])
    assert math.isfinite(value)
    assert value >= 1e4
    assert np.isfinite(dy).all()
    assert dy.dtype == np.float32


def test_activity_penalty():
    y = (outputs() > 0).astype(float)
    penalty = ActivityPenalty(target=0.1, weight=3)
    value, dy = penalty(y)
    rates = y.mean(axis=(0, 1))
    assert value == pytest.approx(3 * sum((r - 0.1) ** 2 for r in rates) / OUTPUTS)
    for place in np.ndindex(y.shape):
        up, down = y.copy(), y.copy()
        up[place] += 1e-6
        down[place] -= 1e-6
        slope = (penalty(up)[0] - penalty(down)[0]) / 2e-6
        assert dy[place] == pytest.approx(slope, abs=1e-9)


def test_outputs_that_are_whole_numbers_are_compared_as_real_ones():
    value, dy = MSE()([[[2, 0, 1]]], [1])
    assert value == pytest.approx((4 + 1 + 1) / 3)
    assert dy.ravel().tolist() == pytest.approx([4 / 3, -2 / 3, 2 / 3])


def test_labels_out_of_range_are_named():
    with refused(
        "label of sample 1 must be from 0 to 4, got 7: the model has 5 outputs", InputError
    ):
        CrossEntropy()(outputs(), [0, 7, 1])
    with refused("labels must be whole numbers, got dtype float64", InputTypeError):
        CrossEntropy()(outputs(), [0.0, 1.0, 2.0])


def test_targets_that_do_not_fit_are_named():
    with refused(
        "target must have shape (3,) or (3, 5) for outputs of shape (1, 3, 5), got shape (2,)",
        InputError,
    ):
        CrossEntropy()(outputs(), [0, 1])
    bad = np.zeros((BATCH, OUTPUTS))
    bad[1, 2] = math.nan
    with refused("target must hold finite numbers, got nan", InputError):
        MSE()(outputs(), bad)
    with refused("target must hold values from 0 to 1, got 0.0 to 2.0", InputError):
        BernoulliNLL()(outputs(), np.eye(BATCH, OUTPUTS) * 2)
    with refused("target must hold labels or values, got dtype <U1", InputTypeError):
        MSE()(outputs(), ["a", "b", "c"])


def test_settings_are_checked():
    with refused("over must be one of 'last', 'mean', 'each', got 'all'", InputError):
        MSE("all")
    with refused("from_tick must be below the 4 ticks of y, got 4", InputError):
        MSE("each", from_tick=4)(outputs(), [0, 1, 2])
    with refused("y must have shape (ticks, batch, outputs), got shape (3, 5)", InputError):
        MSE()(outputs()[0], [0, 1, 2])
    with pytest.raises(InputError, match=r"^outputs must be probabilities with logits=False"):
        BernoulliNLL(logits=False)(outputs(), np.zeros((BATCH, OUTPUTS)))
