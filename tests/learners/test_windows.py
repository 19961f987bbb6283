"""Convolutions against sums over windows, written out."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from spikealg.learners.layers.windows import Windows


def seen(windows, frames):
    """Return what each window sees, (frames, oy, ox, C, ky, kx)."""
    py, px = windows.padding
    padded = np.pad(frames, [(0, 0), (0, 0), (py, py), (px, px)])
    views = sliding_window_view(padded, windows.size, axis=(2, 3))
    views = views[:, :, :: windows.stride[0], :: windows.stride[1]]
    return np.moveaxis(views, 1, 3)


def places(windows):
    """Return the flat index of the pixel that each window sees, −1 in the padding."""
    pixels = np.arange(1, 1 + np.prod(windows.shape)).reshape(1, *windows.shape)
    return seen(windows, pixels)[0] - 1


def cases(count):
    rng = np.random.default_rng(31)
    while count > 0:
        shape = tuple(map(int, rng.integers((1, 2, 1), (6, 15, 15))))
        if rng.random() < 0.2:
            shape = (*shape[:2], 1)
        size, stride, padding = (
            tuple(map(int, rng.integers(*bounds, 2))) for bounds in ((1, 6), (1, 5), (0, 4))
        )
        if all(n + 2 * p >= k for n, p, k in zip(shape[1:], padding, size, strict=True)):
            # A few frames, or more than a block of them.
            yield Windows(shape, size, stride, padding), int(rng.choice([1, 5, 90])), rng
            count -= 1


@pytest.mark.parametrize("shifted", [True, False], ids=["lines", "columns"])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 2e-3)], ids=["float64", "float32"]
)
def test_convolutions_and_their_gradients_are_sums_over_windows(
    dtype, tolerance, shifted, monkeypatch
):
    monkeypatch.setattr(Windows, "_shifted", lambda windows, out: shifted)
    for windows, count, rng in cases(60):
        out = int(rng.integers(1, 7))
        frames = rng.normal(size=(count, *windows.shape)).astype(dtype)
        weight = rng.normal(size=(out, windows.shape[0], *windows.size)).astype(dtype)
        dy = rng.normal(size=(count, out, *windows.out)).astype(dtype)
        views = seen(windows, frames)
        wanted = np.einsum("fyxcij,ocij->foyx", views, weight)
        by_weight = np.einsum("fyxcij,foyx->ocij", views, dy)
        where = places(windows)
        spread = np.einsum("foyx,ocij->fyxcij", dy, weight)
        by_frames = np.zeros((count, np.prod(windows.shape)))
        for f in range(count):
            np.add.at(by_frames[f], where[where >= 0], spread[f][where >= 0])
        found = windows.apply(frames, weight), windows.by_weight(frames, dy, weight)
        for one, other in zip(found, (wanted, by_weight), strict=True):
            assert one.dtype == dtype
            np.testing.assert_allclose(one, other, atol=tolerance, err_msg=str(windows))
        back = windows.by_frames(dy, weight)
        assert back.dtype == dtype
        np.testing.assert_allclose(
            back, by_frames.reshape(back.shape), atol=tolerance, err_msg=str(windows)
        )


def test_few_channels_are_computed_in_lines_and_many_of_padded_frames_in_columns():
    assert Windows((8, 24, 24), (3, 3), (1, 1), (1, 1))._shifted(8)
    assert not Windows((12, 12, 12), (5, 5), (1, 1), (0, 0))._shifted(64)


def test_results_are_added_to_what_is_there():
    rng = np.random.default_rng(32)
    windows = Windows((2, 5, 6), (3, 3), (2, 2), (1, 1))
    weight = rng.normal(size=(3, 2, 3, 3))
    frames = rng.normal(size=(4, 2, 5, 6))
    y = windows.apply(frames, weight)
    there = rng.normal(size=y.shape)
    to = there.copy()
    assert windows.apply(frames, weight, to) is to
    np.testing.assert_allclose(to, there + y)
    back, there = windows.by_frames(y, weight), rng.normal(size=frames.shape)
    to = there.copy()
    assert windows.by_frames(y, weight, to) is to
    np.testing.assert_allclose(to, there + back)
