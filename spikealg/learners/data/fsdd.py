"""FSDD: digits spoken by six people (Jackson et al., Free Spoken Digit Dataset), as spectrograms.

The definition of the spectrogram is the library's own and is fixed here, so that figures compare.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import wave
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_int
from spikealg.errors import FileFormatError, InputError
from spikealg.learners.data.files import DataFile, check_digest

__all__ = ["Recordings", "SpokenDigits", "fsdd", "fsdd_recordings", "spectrogram"]

COLUMNS, BANDS, WINDOW = 64, 64, 256
TEST_OF_RANDOM_SPLIT = 600
TAKES_OF_OFFICIAL_TEST = 5

_ARCHIVE = DataFile(
    "fsdd/fsdd.tar.gz",
    "45a9b976ba3397a2fd5c70a9f2e43c34f442a3a6be47392ecfc41174b678f37e",
    "https://github.com/Jakobovski/free-spoken-digit-dataset (tar czf fsdd.tar.gz recordings/)",
    "the names and bytes of the 3000 wav files, sorted by name",
)


@dataclass(frozen=True, eq=False)
class Recordings:
    """The recordings as they are, sorted by name.

    Attributes
    ----------
    sounds : tuple of numpy.ndarray
        int16 (samples,) per recording, at 8000 samples per second.
    digit, take : numpy.ndarray
        int64 (3000,): what is said, and the how manieth time by this speaker, from 0.
    speaker : tuple of str
        Who says it.
    """

    sounds: tuple[npt.NDArray[np.int16], ...]
    digit: npt.NDArray[np.int64]
    take: npt.NDArray[np.int64]
    speaker: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class SpokenDigits:
    """Spectrograms of spoken digits and what is said, split in two.

    Attributes
    ----------
    train, test : numpy.ndarray
        float32 (64, recordings, 64): column of the spectrogram as tick, recording, band, scaled to
        mean 0 and standard deviation 1 over all of `train`.
    train_labels, test_labels : numpy.ndarray
        int64 (recordings,), the digits 0 to 9.
    """

    train: npt.NDArray[np.float32]
    train_labels: npt.NDArray[np.int64]
    test: npt.NDArray[np.float32]
    test_labels: npt.NDArray[np.int64]


def spectrogram(sound: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the logarithmic spectrogram (64 columns, 64 bands) of a sound.

    Column k is a Hann window of 256 samples centred at round(k(L−1)/63), the sound of length L
    being continued by zeros; the powers of bins 1 to 128 of its Fourier transform are summed in
    pairs; of the sum p, log10(p + 1e-4) is taken.

    Parameters
    ----------
    sound : array_like
        (samples,), from −1 to 1.

    Raises
    ------
    InputError
        If `sound` is empty or has more than one axis.
    """
    sound = np.asarray(sound, dtype=np.float64)
    if sound.ndim != 1 or sound.size == 0:
        raise InputError(f"sound must have shape (samples,), got shape {sound.shape}")
    padded = np.pad(sound, WINDOW // 2)
    centres = np.rint(np.arange(COLUMNS) * (len(sound) - 1) / (COLUMNS - 1)).astype(np.int64)
    frames = padded[centres[:, np.newaxis] + np.arange(WINDOW)] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames, axis=1)[:, 1:]) ** 2
    bands: npt.NDArray[np.float64] = power.reshape(COLUMNS, BANDS, 2).sum(axis=2)
    return np.log10(bands + 1e-4)


def fsdd(split: Literal["random", "official"] = "random", *, seed: int = 0) -> SpokenDigits:
    """Return the spectrograms of FSDD.

    Parameters
    ----------
    split : {"random", "official"}
        "random" draws 600 of the 3000 recordings for testing; "official" tests on the first five
        takes of every digit by every speaker, 300 recordings.
    seed : int
        Of the random split.

    Raises
    ------
    InputError
        If `split` is neither.
    DataNotFoundError
        If the file is neither in SPIKEALG_DATA nor in the user's cache.
    FileFormatError
        If it is damaged or another edition.
    """
    as_choice("split", split, ("random", "official"))
    rng = np.random.default_rng(as_int("seed", seed, low=0))
    recordings = fsdd_recordings()
    values = np.stack([spectrogram(sound / 2**15) for sound in recordings.sounds], axis=1)
    tests = recordings.take < TAKES_OF_OFFICIAL_TEST
    if split == "random":
        tests = np.zeros(len(recordings.sounds), dtype=bool)
        tests[rng.permutation(len(tests))[:TEST_OF_RANDOM_SPLIT]] = True
    train = values[:, ~tests]
    scaled = ((values - train.mean()) / train.std()).astype(np.float32)
    return SpokenDigits(
        scaled[:, ~tests], recordings.digit[~tests], scaled[:, tests], recordings.digit[tests]
    )


@cache
def fsdd_recordings() -> Recordings:
    """Return the 3000 recordings, unpacked once per process.

    Raises
    ------
    DataNotFoundError
        If the file is neither in SPIKEALG_DATA nor in the user's cache.
    FileFormatError
        If it is damaged or another edition.
    """
    path = _ARCHIVE.locate()
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                path_inside = PurePosixPath(member.name)
                content = archive.extractfile(member)
                if path_inside.suffix == ".wav" and content is not None:
                    files[path_inside.name] = content.read()
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise FileFormatError(
            f"{path} is damaged: it cannot be unpacked ({error}): get it from {_ARCHIVE.source}"
        ) from error
    names = sorted(files)
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode())
        digest.update(files[name])
    check_digest(path, digest.hexdigest(), _ARCHIVE.sha256, _ARCHIVE.source)
    digits, speakers, takes = zip(
        *(PurePosixPath(name).stem.split("_") for name in names), strict=True
    )
    return Recordings(
        tuple(_samples(files[name]) for name in names),
        np.array(digits, dtype=np.int64),
        np.array(takes, dtype=np.int64),
        speakers,
    )


def _samples(content: bytes) -> npt.NDArray[np.int16]:
    with wave.open(io.BytesIO(content)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)
