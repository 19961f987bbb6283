"""MNIST: 70 000 handwritten digits (LeCun, Bottou, Bengio and Haffner, Proc. IEEE 86, 1998)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.learners.data.files import DataFile

__all__ = ["Digits", "mnist"]

_SOURCE = "https://ossci-datasets.s3.amazonaws.com/mnist/"


def _file(name: str, sha256: str) -> DataFile:
    return DataFile(f"mnist/{name}.gz", sha256, f"{_SOURCE}{name}.gz", "the unpacked file")


_IMAGES = {
    "train": _file(
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "test": _file(
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
}
_LABELS = {
    "train": _file(
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "test": _file(
        "t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}
_IMAGES_HEADER, _LABELS_HEADER = 16, 8
"""Bytes before the values of an idx file: a magic number and its sizes, four bytes each."""


@dataclass(frozen=True, eq=False)
class Digits:
    """Images of digits and what they show.

    Attributes
    ----------
    train_images, test_images : numpy.ndarray
        uint8 (60000, 28, 28) and (10000, 28, 28), 0 for paper and 255 for ink.
    train_labels, test_labels : numpy.ndarray
        uint8 (60000,) and (10000,), the digits 0 to 9.
    """

    train_images: npt.NDArray[np.uint8]
    train_labels: npt.NDArray[np.uint8]
    test_images: npt.NDArray[np.uint8]
    test_labels: npt.NDArray[np.uint8]


def mnist() -> Digits:
    """Return MNIST, read from the folder that SPIKEALG_DATA names or from the user's cache.

    Raises
    ------
    DataNotFoundError
        If a file is in neither; the message says where to get it.
    FileFormatError
        If a file is damaged or another edition.
    """
    images = {part: _values(file, _IMAGES_HEADER) for part, file in _IMAGES.items()}
    labels = {part: _values(file, _LABELS_HEADER) for part, file in _LABELS.items()}
    return Digits(
        images["train"].reshape(-1, 28, 28),
        labels["train"],
        images["test"].reshape(-1, 28, 28),
        labels["test"],
    )


def _values(file: DataFile, header: int) -> npt.NDArray[np.uint8]:
    return np.frombuffer(file.read(), dtype=np.uint8, offset=header)
