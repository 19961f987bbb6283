"""WikiText-2, its validation and test parts (Merity, Xiong, Bradbury and Socher, ICLR 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice
from spikealg.learners.data.files import DataFile

__all__ = ["Text", "text"]

_SOURCE = "https://github.com/pytorch/examples/tree/main/word_language_model/data/wikitext-2"
_VALIDATION = DataFile(
    "text/valid.txt", "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8", _SOURCE
)
_TEST = DataFile(
    "text/test.txt", "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0", _SOURCE
)


@dataclass(frozen=True)
class Text:
    """Two texts as numbers.

    Attributes
    ----------
    validation, test : numpy.ndarray
        int32 (symbols of the text,), indices into `symbols`.
    symbols : tuple of str
        The characters or words that occur in either text, sorted.
    """

    validation: npt.NDArray[np.int32]
    test: npt.NDArray[np.int32]
    symbols: tuple[str, ...]


def text(form: Literal["characters", "words"] = "characters") -> Text:
    """Return the validation and test parts of WikiText-2 as numbers.

    Parameters
    ----------
    form : {"characters", "words"}
        What a symbol is. Words are what spaces separate; a line ends with the word "<eos>".

    Raises
    ------
    InputError
        If `form` is neither.
    DataNotFoundError
        If a file is neither in SPIKEALG_DATA nor in the user's cache.
    FileFormatError
        If a file is damaged or another edition.
    """
    as_choice("form", form, ("characters", "words"))
    parts = [file.read().decode() for file in (_VALIDATION, _TEST)]
    if form == "words":
        split = [np.array(part.replace("\n", " <eos> ").split()) for part in parts]
    else:
        split = [np.array(list(part)) for part in parts]
    symbols, codes = np.unique(np.concatenate(split), return_inverse=True)
    validation, test = np.split(codes.astype(np.int32), [len(split[0])])
    return Text(validation, test, tuple(symbols.tolist()))
