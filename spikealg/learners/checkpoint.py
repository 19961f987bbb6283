"""Training on disk: a model, its optimiser and its history, after a whole epoch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.archive import read_archive, write_archive
from spikealg.errors import FileFormatError, InputError
from spikealg.learners.optimisers import Optimiser
from spikealg.learners.sequential import Sequential

__all__ = ["read_checkpoint", "write_checkpoint"]

Array = npt.NDArray[Any]

_FORMAT, _VERSION = "spikealg training", 2


def write_checkpoint(
    path: str | Path,
    model: Sequential,
    optimiser: Optimiser,
    settings: Mapping[str, Any],
    history: Mapping[str, Any],
    best: Mapping[str, Array],
) -> None:
    """Write all that training needs to go on; the file is there whole or not at all.

    `settings` are numbers and texts, and lists of them, on which the training depends.
    """
    parts = {
        "model": {**model.parameters(), **model.buffers()},
        "optimiser": optimiser.state(),
        "best": best,
    }
    arrays = {
        f"{part}:{name}": array for part, named in parts.items() for name, array in named.items()
    }
    header = {"settings": _all(settings, optimiser), "history": dict(history)}
    write_archive(path, _FORMAT, _VERSION, header, arrays)


def read_checkpoint(
    path: str | Path,
    model: Sequential,
    optimiser: Optimiser,
    settings: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Put model and optimiser where the file says; return the history and the best arrays.

    Settings are compared with those of the file unless they are None.

    Raises
    ------
    FileFormatError
        If the file is damaged or of another model; nothing is changed.
    InputError
        If it was written with other settings, or another optimiser; nothing is changed.
    """
    header, arrays = read_archive(path, _FORMAT, _VERSION)
    parts: dict[str, dict[str, Array]] = {"model": {}, "optimiser": {}, "best": {}}
    for key, array in arrays.items():
        part, _, name = key.partition(":")
        parts.setdefault(part, {})[name] = array
    own = {**model.parameters(), **model.buffers()}
    shapes = {name: array.shape for name, array in own.items()}
    for part in ("model", "best"):
        found = {name: np.shape(array) for name, array in parts[part].items()}
        if found != shapes:
            raise FileFormatError(
                f"{path} does not fit the model: it holds {found}, the model {shapes}"
            )
    for name, given in ({} if settings is None else _all(settings, optimiser)).items():
        written = header["settings"].get(name)
        if written != given:
            raise InputError(
                f"{name} must be {written!r}, with which {path} was written, got {given!r}: start "
                "anew with another checkpoint"
            )
    optimiser.restore(parts["optimiser"])
    for name, array in own.items():
        array[...] = parts["model"][name]
    return header["history"], parts["best"]


def _all(settings: Mapping[str, Any], optimiser: Optimiser) -> dict[str, Any]:
    """Return settings together with those of the optimiser."""
    kind = {"optimiser": type(optimiser).__name__}
    own = {f"{name} of the optimiser": value for name, value in optimiser.settings().items()}
    return {**settings, **kind, **own}
