"""Encoders: each against a loop that says what it means."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.learners.encode import binarise, contour, direct, latency, rate
from tests.helpers import refused

X = np.array([[0.0, 0.25, 0.5], [0.51, 0.9, 1.0]])


def test_direct_and_binarise_repeat_a_frame():
    np.testing.assert_array_equal(direct(X, 3), np.stack([X] * 3).astype(np.float32))
    np.testing.assert_array_equal(binarise(X, 2), [[[0, 0, 1], [1, 1, 1]]] * 2)
    assert direct(X, 3).dtype == binarise(X).dtype == np.float32


def test_rate_spikes_as_often_as_it_says():
    spikes = rate(X, 40_000, peak=0.3, seed=1)
    assert set(np.unique(spikes)) == {0, 1}
    # 6 counts within 4 standard errors: a false alarm once in 2600 seeds.
    error = np.sqrt(0.3 * X * (1 - 0.3 * X) / 40_000)
    assert (abs(spikes.mean(axis=0) - 0.3 * X) <= 4 * error).all()
    np.testing.assert_array_equal(rate(np.ones((1, 2)), 5), np.ones((5, 1, 2)))


def test_rate_is_a_function_of_its_seed_and_a_generator_goes_on():
    np.testing.assert_array_equal(rate(X, 50, seed=3), rate(X, 50, seed=3))
    rng = np.random.default_rng(3)
    first, second = rate(X, 50, seed=rng), rate(X, 50, seed=rng)
    np.testing.assert_array_equal(first, rate(X, 50, seed=3))
    assert (first != second).any()


def test_latency_spikes_once_the_earlier_the_larger():
    ticks = 11
    spikes = latency(X, ticks)
    for sample in np.ndindex(X.shape):
        expected = [0.0] * ticks
        if X[sample] > 0:
            expected[round((1 - X[sample]) * (ticks - 1))] = 1
        assert spikes[:, *sample].tolist() == expected


def test_contour_marks_the_border_of_shapes():
    rng = np.random.default_rng(0)
    images = rng.random((4, 1, 7, 9)) * (rng.random((4, 1, 7, 9)) < 0.8)
    found = contour(images, 2, threshold=0.3)
    for place in np.ndindex(images.shape):
        *which, row, column = place
        around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        inside = [0 <= r < 7 and 0 <= c < 9 and images[*which, r, c] >= 0.3 for r, c in around]
        assert found[0][place] == found[1][place] == (images[place] >= 0.3 and not all(inside))


@pytest.mark.parametrize("encode", [rate, latency])
@pytest.mark.parametrize("bad", [-0.1, 1.5, math.nan])
def test_values_out_of_range_are_named(encode, bad):
    with refused(f"x[1, 2] must be a finite number from 0 to 1, got {bad}", InputError):
        encode([[0, 0, 0], [0, 1, bad]], 4)


def test_shapes_and_ticks_are_checked():
    with refused("x must have shape (batch, *features), got shape (3,)", InputError):
        direct([1, 2, 3], 4)
    with refused("x must have shape (batch, rows, columns), got shape (2, 3)", InputError):
        contour(X)
    with refused("ticks must be a whole number of at least 1, got 0", InputError):
        latency(X, 0)
    with refused("seed must be a whole number of at least 0, got -1", InputError):
        rate(X, 4, seed=-1)
    with refused("peak must be a finite number from 0 to 1, got 2.0", InputError):
        rate(X, 4, peak=2)
