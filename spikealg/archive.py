"""Files of the library: npz arrays behind a JSON header, with a format name and a version.

A file is written beside its destination and renamed, so it is there whole or not at all.
Nothing is pickled, so reading a file never runs code.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import FileFormatError, InputError, InputTypeError

__all__ = ["read_archive", "require_file_name", "write_archive", "written_whole"]

_HEADER = "header"
_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,  # an entry said to be encrypted; NotImplementedError: compressed in unknown ways
)
"""What numpy, zipfile and json raise on bytes that are no archive."""


def write_archive(
    path: str | Path,
    format_name: str,
    version: int,
    header: Mapping[str, Any],
    arrays: Mapping[str, npt.NDArray[Any]],
) -> None:
    """Write `header` (JSON) and `arrays` to `path` as format `format_name`, `version`.

    Raises
    ------
    InputError, InputTypeError
        If `path` is a folder, is in a folder that does not exist, or is no path at all.
    OSError
        If the file cannot be written; it names `path`.
    """
    text = json.dumps({"format": format_name, "version": version, **header})
    with written_whole(path) as beside, beside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **{_HEADER: np.array(text)}, **dict(arrays))


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; the file is renamed when it is done.

    If anything fails `path` is as it was, and nothing is left beside it.

    Raises
    ------
    InputError, InputTypeError
        If `path` is a folder, is in a folder that does not exist, or is no path at all.
    OSError
        If the file cannot be written; it names `path`.
    """
    path = require_file_name("path", path)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield beside
        beside.replace(path)
    except BaseException as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def read_archive(
    path: str | Path, format_name: str, version: int
) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Return the header and the arrays of a file of format `format_name`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If the file is damaged, of another format, or of a version above `version`.
    InputError, InputTypeError
        If `path` is a folder, or no path at all.
    """
    path = _as_path(path)
    try:
        # Opened here: given a path, np.load leaves a damaged file open.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise FileFormatError(f"{path} is not a {format_name} file: it is a bare array")
            header = json.loads(str(archive[_HEADER][()]))
            arrays = {name: archive[name] for name in archive.files if name != _HEADER}
    except (FileNotFoundError, FileFormatError):
        raise
    except KeyError as error:
        raise FileFormatError(f"{path} is not a {format_name} file: it has no header") from error
    except _DAMAGE as error:
        raise FileFormatError(
            f"{path} cannot be read: it is damaged or not a {format_name} file ({error})"
        ) from error
    if not isinstance(header, dict) or header.get("format") != format_name:
        found = header.get("format") if isinstance(header, dict) else header
        raise FileFormatError(f"{path} is not a {format_name} file: its format is {found!r}")
    found = header.get("version")
    if not isinstance(found, int) or isinstance(found, bool) or found > version:
        raise FileFormatError(
            f"{path} has version {found!r} of {format_name}; this release reads "
            f"up to version {version}: install a newer spikealg"
        )
    if found < 1:
        raise FileFormatError(f"{path} is damaged: it has version {found!r} of {format_name}")
    return header, arrays


def require_file_name(argument: str, path: str | Path) -> Path:
    """Return `path` as one at which a file could be written; errors name the `argument`.

    Raises
    ------
    InputError, InputTypeError
        If it is a folder, is in a folder that does not exist, or is no path at all.
    """
    found = _as_path(path, argument)
    if not found.parent.is_dir():
        raise InputError(f"{argument} must be in a folder that exists, got {str(path)!r}")
    return found


def _as_path(path: str | Path, argument: str = "path") -> Path:
    try:
        found = Path(path)
    except TypeError:
        raise InputTypeError(f"{argument} must be the name of a file, got {path!r}") from None
    if found.is_dir():
        raise InputError(f"{argument} must be the name of a file, got the folder {str(path)!r}")
    return found
