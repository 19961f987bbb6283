"""Sequences with a label each: spoken digits band by band, written digits still or row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_int
from spikealg.learners.data import fsdd, mnist

__all__ = ["Labelled", "digits", "nearest_neighbour", "speech"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Labelled:
    """Samples that become sequences of frames, in two parts.

    Attributes
    ----------
    train, test : numpy.ndarray
        float32 (samples, steps, channels, height, width).
    train_labels, test_labels : numpy.ndarray
        int64 (samples,).
    ticks : int
        Length of a sequence: the steps one after another; a single step is repeated.
    outputs : int
        Number of labels.
    """

    train: Floats
    train_labels: npt.NDArray[np.int64]
    test: Floats
    test_labels: npt.NDArray[np.int64]
    ticks: int
    outputs: int = 10

    @property
    def shape(self) -> tuple[int, int, int]:
        """Features of a frame, (channels, height, width)."""
        channels, height, width = self.train.shape[2:]
        return channels, height, width

    def encode(self, values: Floats, rng: np.random.Generator | None = None) -> Floats:
        """Return samples as sequences, (ticks, samples, channels, height, width); for `fit`."""
        steps = values.swapaxes(0, 1)
        if len(steps) == 1:
            steps = np.broadcast_to(steps, (self.ticks, *steps.shape[1:]))
        return np.ascontiguousarray(steps, dtype=np.float32)


def speech(split: Literal["random", "official"] = "random", *, seed: int = 0) -> Labelled:
    """Return spoken digits: a column of the spectrogram per tick, its 64 bands as a frame 64 × 1.

    Parameters and errors are those of `data.fsdd`.
    """
    spoken = fsdd(split, seed=seed)

    def framed(values: npt.NDArray[Any]) -> Floats:
        steps: Floats = values.swapaxes(0, 1)[:, :, np.newaxis, :, np.newaxis]
        return steps

    return Labelled(
        framed(spoken.train),
        spoken.train_labels,
        framed(spoken.test),
        spoken.test_labels,
        len(spoken.train),
    )


def digits(form: Literal["repeated", "rows"] = "repeated", *, ticks: int = 10) -> Labelled:
    """Return MNIST as sequences, ink being 1 and paper 0.

    Parameters
    ----------
    form : {"repeated", "rows"}
        The same 28 × 28 image in each tick, or one row per tick, from the top, as a frame 28 × 1.
    ticks : int
        Length of a sequence of repeated images; rows take 28.

    Raises
    ------
    InputError
        If `form` is neither.
    DataNotFoundError, FileFormatError
        As `data.mnist`.
    """
    as_choice("form", form, ("repeated", "rows"))
    ticks = as_int("ticks", ticks, low=1)
    written = mnist()

    def framed(images: npt.NDArray[np.uint8]) -> Floats:
        values: Floats = images.astype(np.float32) / np.float32(255)
        return (
            values[:, np.newaxis, np.newaxis] if form == "repeated" else values[:, :, None, :, None]
        )

    return Labelled(
        framed(written.train_images),
        written.train_labels.astype(np.int64),
        framed(written.test_images),
        written.test_labels.astype(np.int64),
        ticks if form == "repeated" else written.train_images.shape[1],
    )


def nearest_neighbour(task: Labelled) -> float:
    """Return the share of test samples whose nearest training sample has their label.

    Distances are Euclidean, over all values of a sample: what a network has to beat.
    """
    train = task.train.reshape(len(task.train), -1).astype(np.float64)
    test = task.test.reshape(len(task.test), -1).astype(np.float64)
    # Samples of the test have the same |x|² to all neighbours.
    distance = (train**2).sum(axis=1) - 2 * test @ train.T
    found = task.train_labels[distance.argmin(axis=1)]
    return float(np.mean(found == task.test_labels))
