"""Velocimetry: displacements of made-up particles, and of a real picture that was moved."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.io import loadmat
from scipy.signal import correlate2d

from spikealg.circuits import CrossCorrelation, Displacement
from spikealg.errors import InputError
from tests.helpers import refused

SIZE, REACH, STEP = 10, 3, 8
"""Of the windows, in pixels."""


@pytest.fixture(scope="module")
def velocimeter():
    circuit = Displacement(SIZE, REACH)
    network = circuit.compile()
    return lambda first, second: network(**circuit.inputs(first, second), start=1)


def windows(first, second):
    """Windows of the first frame, those around them in the second, and their centres."""
    inner = first[REACH:-REACH, REACH:-REACH]
    a = sliding_window_view(inner, (SIZE, SIZE))[::STEP, ::STEP]
    around = SIZE + 2 * REACH
    b = sliding_window_view(second, (around, around))[::STEP, ::STEP]
    centres = np.indices(a.shape[:2]).reshape(2, -1) * STEP + REACH + SIZE // 2
    return a.reshape(-1, SIZE, SIZE), b.reshape(-1, around, around), centres


def two_frames_of_particles(flow, seed, size=72, count=1000):
    """Particles at random places, and where the flow (y, x) → (dy, dx) carries them."""
    places = np.random.default_rng(seed).integers(0, size, (2, count))
    frames = []
    for at in (places, places + np.rint(flow(*places)).astype(np.int64)):
        frame = np.zeros((size, size), dtype=np.int64)
        inside = ((at >= 0) & (at < size)).all(axis=0)
        frame[tuple(at[:, inside])] = 1
        frames.append(frame)
    return frames


@pytest.mark.parametrize("shift", [(0, 0), (2, -1), (-3, 3)])
def test_particles_that_all_move_alike(shift, velocimeter):
    first, second = two_frames_of_particles(lambda y, x: np.array(shift)[:, None] + 0 * y, seed=1)
    a, b, _ = windows(first, second)
    found = velocimeter(a, b)
    assert len(a) == 64
    assert set(zip(found["dy"].tolist(), found["dx"].tolist(), strict=True)) == {shift}


def test_particles_that_turn(velocimeter):
    """A vortex of which the rim moves by three pixels; where it bends most, windows are unsure."""

    def vortex(y, x):
        return np.array([36 - x, y - 36]) / 12

    first, second = two_frames_of_particles(vortex, seed=2)
    a, b, centres = windows(first, second)
    found = velocimeter(a, b)
    wrong = np.abs(np.stack([found["dy"], found["dx"]]) - vortex(*centres)).max(axis=0)
    assert (wrong <= 1).mean() > 0.95
    assert np.ptp(found["dy"]) >= 4


@pytest.mark.skipif("SPIKEALG_DATA" not in os.environ, reason="SPIKEALG_DATA names no folder")
@pytest.mark.parametrize(("bands", "right"), [((40, 40), 1.0), ((40, 60), 0.75)])
def test_a_real_picture_that_was_moved(bands, right, velocimeter):
    """An aerial photograph, in two colours: pixels brighter than those around them are 1."""
    path = Path(os.environ["SPIKEALG_DATA"]) / "hyperspectral" / "samson_dataset.mat"
    pictures = loadmat(path, variable_names=["Y"])["Y"].reshape(156, 95, 95)
    frames = []
    for band, (down, right_by) in zip(bands, ((0, 0), (2, -3)), strict=True):
        around = sliding_window_view(np.pad(pictures[band], 3, mode="edge"), (7, 7))
        bright = pictures[band] > 1.02 * around.mean(axis=(2, 3))
        frames.append(np.roll(bright.astype(np.int64), (down, right_by), axis=(0, 1))[5:-5, 5:-5])
    a, b, _ = windows(*frames)
    found = velocimeter(a, b)
    assert ((found["dy"] == 2) & (found["dx"] == -3)).mean() >= right


def test_cross_correlation_is_that_of_scipy():
    circuit = CrossCorrelation((4, 3), (1, 2), width=3)
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 8, (20, 4, 3)), rng.integers(0, 8, (20, 6, 7))
    found = np.stack(list(circuit.compile()(**circuit.inputs(a, b)).values()), axis=-1)
    expected = np.array([correlate2d(y, x, mode="valid") for x, y in zip(a, b, strict=True)])
    assert np.array_equal(found.reshape(expected.shape), expected)
    assert circuit.shifts[:2] == [(-1, -2), (-1, -1)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Displacement((3, 4, 5), 1),
            "shape must be one or two whole numbers (rows, columns), got (3, 4, 5)",
        ),
        (lambda: Displacement([3, 0], 1), "shape must be a whole number of at least 1, got 0"),
        (lambda: Displacement(0, 1), "shape must be a whole number of at least 1, got 0"),
        (lambda: Displacement(4, -1), "reach must be a whole number of at least 0, got -1"),
        (
            lambda: CrossCorrelation(4, 1, width=9),
            "width must be a whole number from 1 to 8, got 9",
        ),
        (
            lambda: Displacement(16, 1, width=5),
            "windows of shape (16, 16) with pixels of width 5 take up to 246016 ticks, and 65535 "
            "is the most: use smaller windows, or CrossCorrelation and ArgMax",
        ),
        (
            lambda: Displacement(4, 1).inputs(np.zeros((4, 5), dtype=int), np.zeros((6, 6))),
            "a must have shape (..., 4, 4), got shape (4, 5)",
        ),
        (
            lambda: Displacement(2, 0).inputs(np.zeros((2, 2), dtype=int), [[0, 1], [0, 2]]),
            "b[1, 1] must be a whole number from 0 to 1, got 2",
        ),
    ],
)
def test_refused(make, message):
    with refused(message, InputError):
        make()
