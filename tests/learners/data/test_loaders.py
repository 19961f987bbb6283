"""The loaders give the data sets that papers use: their sizes, their splits, known values."""

from __future__ import annotations

import os

import numpy as np
import pytest

from spikealg.learners.data import fsdd, fsdd_recordings, jsb, mnist, next_step, text, weather

if not os.environ.get("SPIKEALG_DATA"):
    pytest.skip("SPIKEALG_DATA names no folder of reference data", allow_module_level=True)


def test_mnist():
    digits = mnist()
    assert digits.train_images.shape == (60000, 28, 28)
    assert digits.test_images.shape == (10000, 28, 28)
    # The first of the training images is the well-known 5.
    assert digits.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(digits.test_labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    # The usual constants of normalisation.
    assert digits.train_images.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert digits.train_images.std() / 255 == pytest.approx(0.3081, abs=5e-5)


def test_chorales_are_the_same_in_both_forms():
    chorales, rolls = jsb(), jsb("mat")
    for part, number in (("train", 229), ("validation", 76), ("test", 77)):
        assert len(getattr(chorales, part)) == number
        for one, other in zip(getattr(chorales, part), getattr(rolls, part), strict=True):
            np.testing.assert_array_equal(one, other)
    # The first chord of the first chorale: C4, C5, G5, E6.
    assert (np.flatnonzero(chorales.train[0][0]) + 21).tolist() == [60, 72, 79, 88]


def test_next_step_pairs_what_is_played_with_what_follows():
    rolls = [np.arange(6).reshape(3, 2), np.arange(4).reshape(2, 2)]
    now, after = next_step(rolls)
    assert [part.tolist() for part in now] == [[[0, 1], [2, 3]], [[0, 1]]]
    assert [part.tolist() for part in after] == [[[2, 3], [4, 5]], [[2, 3]]]


def test_text():
    characters, words = text(), text("words")
    start = "".join(characters.symbols[code] for code in characters.test[:20])
    assert start == " \n = Robert <unk> = "
    # The numbers of tokens that papers on WikiText-2 give for validation and test.
    assert len(words.validation) == 217646
    assert len(words.test) == 245569


def test_weather():
    days = weather()
    assert len(days.date) == 2921
    assert str(days.date[0]) == "2009-01-01"
    assert days.temperature_celsius[0] == np.float32(-6.81)
    assert days.humidity_percent[-1] == np.float32(75.7)
    assert days.wind_m_per_s[:2].tolist() == pytest.approx([0.78, 1.42])
    assert (np.diff(days.date) > np.timedelta64(0)).all()


def nearest(train, labels, test):
    """Return the label of the nearest training spectrogram of each in `test`."""
    a, b = (part.swapaxes(0, 1).reshape(part.shape[1], -1) for part in (train, test))
    return labels[((a**2).sum(axis=1) - 2 * b @ a.T).argmin(axis=1)]


@pytest.mark.parametrize(
    ("split", "sizes", "right"), [("random", (2400, 600), 0.975), ("official", (2700, 300), 0.96)]
)
def test_spoken_digits(split, sizes, right):
    data = fsdd(split)
    assert data.train.shape == (64, sizes[0], 64)
    assert data.test.shape == (64, sizes[1], 64)
    assert data.train.mean() == pytest.approx(0, abs=1e-4)
    assert data.train.std() == pytest.approx(1, abs=1e-4)
    found = nearest(data.train, data.train_labels, data.test)
    assert np.mean(found == data.test_labels) == pytest.approx(right, abs=0.015)


def test_official_split_tests_the_first_takes_of_each_speaker():
    recordings, data = fsdd_recordings(), fsdd("official")
    assert len(set(recordings.speaker)) == 6
    assert np.bincount(data.test_labels).tolist() == [30] * 10
    assert all(sound.dtype == np.int16 for sound in recordings.sounds)
