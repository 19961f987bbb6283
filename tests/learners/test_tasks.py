"""Tasks: what is drawn has the properties that the definition gives it; what is worth what."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError, SpikealgError
from spikealg.learners.tasks import (
    ESTIMATORS,
    Labelled,
    Tracking,
    differences,
    estimate,
    nearest_neighbour,
    tracking,
    tracking_error,
)
from tests.helpers import refused


def test_the_object_moves_straight_on_and_turns_back_at_the_edges():
    task = tracking(ticks=60)
    target = task.sequences(200, np.random.default_rng(0)).target
    assert target.shape == (60, 200, 2)
    assert target.min() >= 0
    assert target.max() <= 1
    steps = np.diff(target.astype(np.float64), axis=0) * (task.size - 1)
    pace = np.hypot(*np.moveaxis(steps, -1, 0))
    assert pace.max() <= 1 + 1e-4
    # A step that turns covers less ground; all others are of one length per sequence.
    straight = np.abs(pace - np.median(pace, axis=0)) < 1e-3
    assert straight.mean() > 0.85
    assert 0.5 - 1e-3 <= np.median(pace, axis=0).min() < 0.55
    # Places stay uniform: variance 1/12, four standard errors of 400 coordinates.
    error = tracking_error(np.full_like(target, 0.5), target)
    assert error == pytest.approx(1 / 12, abs=4 * np.sqrt(1 / 180 / 400))


def test_spots_are_drawn_where_the_target_says():
    task = tracking(background=0, noise=0, jitter=0)
    drawn = task.sequences(30, np.random.default_rng(1))
    assert drawn.frames.shape == (20, 30, 1, 24, 24)
    assert drawn.frames.dtype == drawn.target.dtype == np.float32
    grid = np.arange(24)
    x, y = (drawn.target[..., k] * 23 for k in range(2))
    across, tall = (np.exp(-0.5 * ((grid - at[..., None]) / 1.5) ** 2) for at in (x, y))
    wanted = 3 * tall[..., :, None] * across[..., None, :]
    np.testing.assert_allclose(drawn.frames[:, :, 0], wanted, atol=1e-4)


def test_backgrounds_stay_where_they_are_but_for_jitter():
    rng = np.random.default_rng(2)
    still = tracking(peak=0, noise=0, jitter=0).sequences(200, rng).frames
    assert (still == still[0]).all()
    # Of the wider picture that is 3; of the frame that is cut of it a little less.
    assert still[0].std() == pytest.approx(3, abs=0.2)
    shaken = tracking(peak=0, noise=0).sequences(20, rng).frames
    assert 0 < (shaken[1] - shaken[0]).std() < shaken[0].std() / 2
    noise = tracking(peak=0, background=0).sequences(20, rng).frames
    # Four standard errors of 230 400 numbers.
    assert noise.std() == pytest.approx(1, abs=4 / np.sqrt(2 * noise.size))


def test_backgrounds_have_amplitudes_of_1_over_frequency():
    task = Tracking(size=32, peak=0, noise=0, jitter=0, ticks=1)
    still = task.sequences(400, np.random.default_rng(3)).frames[0, :, 0]
    power = (np.abs(np.fft.rfft2(still * np.hanning(32) * np.hanning(32)[:, None])) ** 2).mean(0)
    slope = np.polyfit(np.log([3, 4, 6, 8]), np.log(power[0, [3, 4, 6, 8]]), 1)[0]
    assert slope == pytest.approx(-2, abs=0.25)


def test_the_ramp_scales_the_background_and_nothing_else():
    task = tracking()
    full, none, half = (
        task.sequences(5, np.random.default_rng(4), ramp=ramp) for ramp in (1.0, 0.0, 0.5)
    )
    np.testing.assert_array_equal(full.target, none.target)
    np.testing.assert_allclose(half.frames, (full.frames + none.frames) / 2, atol=1e-5)


def test_several_objects_are_ordered_from_left_to_right_and_clutter_stands_still():
    drawn = tracking(objects=3).sequences(20, np.random.default_rng(5))
    x = drawn.target.reshape(20, 20, 3, 2)[..., 0]
    assert drawn.target.shape == (20, 20, 6)
    assert (np.diff(x, axis=-1) >= 0).all()
    bare = {"peak": 3, "noise": 0, "background": 0, "jitter": 0, "speed": (0, 0)}
    spots = tracking(**bare, clutter=2).sequences(4, np.random.default_rng(6)).frames
    # Three spots of volume 2π width² peak each, some of it beyond the edges.
    volume = spots[0].sum(axis=(1, 2, 3)) / (2 * np.pi * 1.5**2 * 3)
    assert (volume > 1.2).all()
    assert (volume < 3.01).all()
    assert (spots == spots[0]).all()


def test_backgrounds_are_cut_of_pictures():
    rng = np.random.default_rng(7)
    pictures = np.zeros((2, 40, 50))
    pictures[0, :, ::2] = 1
    pictures[1, ::2] = 1
    task = tracking(stills=pictures, peak=0, noise=0, jitter=0)
    frames = task.sequences(30, rng).frames[0, :, 0]
    upright = (frames == frames[:, :1]).all(axis=(1, 2))
    level = (frames == frames[:, :, :1]).all(axis=(1, 2))
    assert (upright ^ level).all()
    assert 0 < upright.sum() < 30
    np.testing.assert_allclose(np.abs(frames), 3, atol=1e-5)


@pytest.mark.parametrize("brightness", [0.1, 0.3, 123.456])
def test_a_flat_cut_of_a_picture_is_no_background(brightness):
    picture = np.full((1, 80, 80), brightness)
    picture[0, 60:] = np.random.default_rng(0).random((20, 80))
    task = tracking(stills=picture, peak=0, noise=0, jitter=0)
    largest = np.abs(task.sequences(50, np.random.default_rng(1)).frames).max(axis=(0, 2, 3, 4))
    assert (largest == 0).any()
    assert (largest > 3).any()
    assert largest.max() < 100


def test_seeds_draw_the_same_again():
    one, two = (tracking("hard").sequences(3, np.random.default_rng(8)) for _ in range(2))
    np.testing.assert_array_equal(one.frames, two.frames)
    np.testing.assert_array_equal(one.target, two.target)


def test_tracking_needs_memory_of_more_than_one_tick():
    task = tracking()
    learned = task.sequences(100, np.random.default_rng(9))
    fresh = task.sequences(100, np.random.default_rng(10))
    chance = tracking_error(np.full_like(fresh.target, 0.5), fresh.target)
    error = {
        name: tracking_error(
            estimate(name, task, fresh.frames, (learned.frames, learned.target)), fresh.target
        )
        for name in ESTIMATORS
    }
    assert error["still frame"] > 0.9 * chance
    assert error["difference of frames"] > 0.9 * chance
    assert error["high-pass"] < 0.035
    assert error["high-pass, 8 velocities"] < 0.005
    easy = tracking("easy").sequences(50, np.random.default_rng(11))
    found = estimate("still frame", tracking("easy"), easy.frames, (easy.frames, easy.target))
    assert tracking_error(found, easy.target) < 0.04


def test_differences_begin_with_nothing():
    frames = np.array([1.0, 4.0, 2.0]).reshape(3, 1, 1, 1, 1)
    assert differences(frames).ravel().tolist() == [0, 3, -2]

    counts = np.array([5, 3], dtype=np.uint8).reshape(2, 1, 1, 1, 1)
    assert differences(counts).ravel().tolist() == [0, -2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"speed": 1.0}, "speed must be a pair, slowest and fastest, got 1.0"),
        ({"speed": (1, 0.5)}, "speed[0] must be a finite number from 0 to 0.5, got 1.0"),
        ({"peak": 1e300}, "peak must be a finite number from 0 to 1000000000.0, got 1e+300"),
        ({"stills": "abc"}, "stills must hold real numbers, got 'abc'"),
        ({"stills": [[[np.nan]]]}, "stills[0, 0, 0] must be a finite number, got nan"),
        (
            {"stills": np.zeros((0, 30, 30))},
            "stills must have shape (n, height, width) of at least 28 × 28 pixels, got shape "
            "(0, 30, 30)",
        ),
    ],
)
def test_bad_tracking_is_refused(change, message):
    with refused(message, SpikealgError):
        tracking(**change)


def test_bad_sequences_are_refused():
    task, drawn = tracking(), tracking().sequences(2, np.random.default_rng(0))
    with refused("rng must be a numpy.random.Generator, got 5", InputTypeError):
        task.sequences(1, 5)
    with refused(
        "y and target must have one shape (ticks, batch, 2 * objects), got (20, 1, 2) and "
        "(20, 2, 2)",
        InputError,
    ):
        tracking_error(drawn.target[:, :1], drawn.target)
    with refused("task must have one object, got 2", InputError):
        estimate("still frame", tracking(objects=2), drawn.frames, drawn)
    with refused(
        "frames must have shape (ticks, batch, 1, 24, 24) of at least 2 ticks, got "
        "(1, 2, 1, 24, 24)",
        InputError,
    ):
        estimate("still frame", task, drawn.frames[:1], drawn)
    pair = drawn.frames.tolist(), drawn.target.tolist()
    np.testing.assert_array_equal(
        estimate("high-pass", task, drawn.frames, drawn),
        estimate("high-pass", task, drawn.frames.tolist(), pair),
    )


def test_bad_settings_are_refused():
    with refused("level must be one of 'easy', 'standard', 'hard', got 'odd'", InputError):
        tracking("odd")
    with refused("objects must be a whole number of at least 1, got 0", InputError):
        tracking(objects=0)
    with refused("jitter must be a finite number from 0 to 1, got 1.5", InputError):
        tracking(jitter=1.5)
    with refused(
        "stills must have shape (n, height, width) of at least 28 × 28 pixels, got shape "
        "(2, 20, 40)",
        InputError,
    ):
        tracking(stills=np.zeros((2, 20, 40)))


def _labelled(steps, ticks):
    rng = np.random.default_rng(12)
    train = rng.normal(size=(6, steps, 1, 3, 2)).astype(np.float32)
    labels = np.arange(6)
    return Labelled(train, labels, train[::-1] + np.float32(0.01), labels[::-1], ticks)


def test_samples_become_sequences():
    task = _labelled(4, 4)
    x = task.encode(task.train[:2])
    assert task.shape == (1, 3, 2)
    assert x.shape == (4, 2, 1, 3, 2)
    np.testing.assert_array_equal(x[3, 1], task.train[1, 3])
    still = _labelled(1, 5)
    x = still.encode(still.train[:2])
    assert x.shape == (5, 2, 1, 3, 2)
    assert (x == x[0]).all()


def test_the_nearest_neighbour_is_found():
    assert nearest_neighbour(_labelled(2, 2)) == 1
    task = _labelled(2, 2)
    assert (
        nearest_neighbour(Labelled(task.train, task.train_labels, task.test, task.train_labels, 2))
        == 0
    )
