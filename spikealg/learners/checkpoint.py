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

_FORMAT, _VERSION = "spikealg training", 1


def write_checkpoint(
    path: str | Path,
    model: Sequential,
    optimiser: Optimiser,
    seed: int,
    history: Mapping[str, Any],
    best: Mapping[str, Array],
) -> None:
    """Write all that training needs to go on; the file is there whole or not at all."""
    parts = {
        "model": {**model.parameters(), **model.buffers()},
        "optimiser": optimiser.state(),
        "best": best,
    }
    arrays = {
        f"{part}:{name}": array for part, named in parts.items() for name, array in named.items()
    }
    header = {"seed": seed, "optimiser": type(optimiser).__name__, "history": dict(history)}
    write_archive(path, _FORMAT, _VERSION, header, arrays)


def read_checkpoint(
    path: str | Path, model: Sequential, optimiser: Optimiser, seed: int
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Put model and optimiser where the file says; return the history and the best arrays.

    Raises
    ------
    FileFormatError
        If the file is damaged or of another model; nothing is changed.
    InputError
        If it was written with another seed or optimiser; nothing is changed.
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
    for name, given in (("seed", seed), ("optimiser", type(optimiser).__name__)):
        if header.get(name) != given:
            raise InputError(
                f"{name} must be {header.get(name)!r}, with which {path} was written, got "
                f"{given!r}: start anew with another checkpoint"
            )
    optimiser.restore(parts["optimiser"])
    for name, array in own.items():
        array[...] = parts["model"][name]
    return header["history"], parts["best"]
