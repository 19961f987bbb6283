"""The network of docs/tracking.md: a file of its own, read and run when the page is built."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from spikealg.archive import read_archive, write_archive
from spikealg.learners import Hosted, Quantized, quantize
from spikealg.learners.networks import crnn
from spikealg.learners.tasks import Tracking, Tracks, tracking_error
from spikealg.viz.figure import pyplot
from spikealg.viz.tasks import animate_tracks, plot_tracks
from studies.hosting import assert_same
from studies.record import FOLDER
from studies.unit_training import Setting

PATH = FOLDER.parent / "docs" / "tracking.npz"
SEQUENCES, SEED = 64, 2
"""How many are drawn for the page, and by which seed; pictures are of the first."""
FRAME_MS = 300
_FORMAT, _VERSION = "spikealg tracking demonstration", 1


def write(model: Quantized, drawn: Tracking, setting: Setting, path: Path = PATH) -> None:
    """Write a network of BLI units, and all that makes it and its sequences again.

    Parameters
    ----------
    model : Quantized
    drawn : Tracking
        What its sequences are like; noise for background.
    setting : Setting
        By which the network was made.
    path : Path
    """
    level = {name: value for name, value in asdict(drawn).items() if name != "stills"}
    header = {
        "level": level,
        "decay": setting.decay,
        "network": dict(setting.network),
        "rounding": asdict(model.settings),
    }
    write_archive(path, _FORMAT, _VERSION, header, model.parameters())


def read(path: Path = PATH) -> tuple[Tracking, Quantized]:
    """Return the task and the rounded network."""
    header, arrays = read_archive(path, _FORMAT, _VERSION)
    level = header["level"]
    drawn = Tracking(**{**level, "speed": tuple(level["speed"])})
    decay, made = header["decay"], header["network"]
    model = crnn("BLI", drawn.shape, outputs=2, options={"decay": decay}, **made)
    for name, value in model.parameters().items():
        value[...] = arrays[name]
    return drawn, quantize(model, **header["rounding"])


def run(path: Path = PATH) -> tuple[Tracks, Hosted]:
    """Return sequences of the page, and what the network makes of them on the engine.

    Raises
    ------
    AssertionError
        If a spike or an answer is not that of the rounded network.
    """
    drawn, model = read(path)
    tracks = drawn.sequences(SEQUENCES, np.random.default_rng(SEED))
    hosted = model.hosted(tracks.frames)
    assert_same(model, tracks.frames, hosted)
    return tracks, hosted


def draw(folder: Path, path: Path = PATH) -> None:
    """Write the pictures of the page: tracking.gif and tracking.png."""
    tracks, hosted = run(path)
    folder.mkdir(parents=True, exist_ok=True)
    animation = animate_tracks(tracks, found=hosted.y, interval_ms=FRAME_MS)
    animation.save(folder / "tracking.gif", writer="pillow", dpi=60)
    figure = plot_tracks(tracks, found=hosted.y)
    error = tracking_error(hosted.y, tracks.target)
    figure.suptitle(f"{SEQUENCES} sequences on the engine: error {error:.4f}", fontsize="medium")
    figure.savefig(folder / "tracking.png", dpi=80)
    pyplot().close("all")
