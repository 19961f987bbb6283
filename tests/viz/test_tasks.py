"""Pictures of tasks show what is in the sequences."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.learners.tasks import Tracks, tracking
from tests.helpers import refused

mpl = pytest.importorskip("matplotlib")
mpl.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
Image = pytest.importorskip("PIL.Image")

from spikealg.viz.tasks import animate_tracks, plot_tracks  # noqa: E402


@pytest.fixture
def tracks():
    yield tracking(objects=2).sequences(3, np.random.default_rng(0))
    plt.close("all")


def test_frames_and_tracks(tracks):
    still, change, track = plot_tracks(tracks, 1, found=tracks.target + 0.5).axes
    np.testing.assert_array_equal(still.images[0].get_array(), tracks.frames[-1, 1, 0])
    np.testing.assert_allclose(
        change.images[0].get_array(), tracks.frames[-1, 1, 0] - tracks.frames[-2, 1, 0]
    )
    one, two, *found = track.lines
    for k, line in enumerate((one, two)):
        np.testing.assert_allclose(line.get_xdata(), tracks.target[:, 1, 2 * k] * 23)
        np.testing.assert_allclose(line.get_ydata(), tracks.target[:, 1, 2 * k + 1] * 23)
    np.testing.assert_allclose(found[0].get_xdata(), one.get_xdata()[10:] + 11.5)
    assert [text.get_text() for text in track.get_legend().get_texts()] == ["object", "found"]


def test_what_is_not_there_is_refused(tracks):
    with refused("sample must be a whole number from 0 to 2, got 3", InputError):
        plot_tracks(tracks, 3)
    with refused("found must have shape (20, 3, 4), got (20, 3, 2)", InputError):
        plot_tracks(tracks, found=tracks.target[..., :2])
    with refused("found must have shape (20, 3, 4), got (3,)", InputError):
        animate_tracks(tracks, found=np.zeros(3))


def test_a_video_of_frames_and_tracks(tracks, tmp_path):
    few = Tracks(tracks.frames[:3], tracks.target[:3])
    animation = animate_tracks(few, 1, found=few.target + 0.5)
    animation.save(tmp_path / "tracks.gif", writer="pillow", dpi=20)
    with Image.open(tmp_path / "tracks.gif") as video:
        assert video.n_frames == 3
    frames, change, track = plt.gcf().axes
    for ax in (frames, track):
        np.testing.assert_array_equal(ax.images[0].get_array(), few.frames[2, 1, 0])
    np.testing.assert_allclose(
        change.images[0].get_array(), few.frames[2, 1, 0] - few.frames[1, 1, 0]
    )
    for k, values in enumerate((few.target, few.target + 0.5)):
        for which in range(2):
            tail, head = track.lines[4 * k + 2 * which : 4 * k + 2 * which + 2]
            x = values[:, 1, 2 * which] * 23
            np.testing.assert_allclose(tail.get_xdata(), x)
            np.testing.assert_allclose(head.get_xdata(), x[-1:])
    assert [text.get_text() for text in track.get_legend().get_texts()] == ["object", "found"]
