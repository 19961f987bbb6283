"""Files of the library: npz arrays behind a JSON header, with a format name and a version.

A file is written beside its destination and renamed, so it is there whole or not at all.
Nothing is pickled, so reading a file never runs code.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import FileFormatError

__all__ = ["read_archive", "write_archive"]

_HEADER = "header"


def write_archive(
    path: str | Path,
    format_name: str,
    version: int,
    header: Mapping[str, Any],
    arrays: Mapping[str, npt.NDArray[Any]],
) -> None:
    """Write `header` (JSON) and `arrays` to `path` as format `format_name`, `version`."""
    path = Path(path)
    text = json.dumps({"format": format_name, "version": version, **header})
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            np.savez_compressed(
                file, allow_pickle=False, **{_HEADER: np.array(text)}, **dict(arrays)
            )
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
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
    """
    try:
        # Opened here: given a path, np.load leaves a damaged file open.
        with Path(path).open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise FileFormatError(f"{path} is not a {format_name} file: it is a bare array")
            header = json.loads(str(archive[_HEADER][()]))
            arrays = {name: archive[name] for name in archive.files if name != _HEADER}
    except (FileNotFoundError, FileFormatError):
        raise
    except KeyError as error:
        raise FileFormatError(f"{path} is not a {format_name} file: it has no header") from error
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise FileFormatError(
            f"{path} cannot be read: it is damaged or not a {format_name} file ({error})"
        ) from error
    if not isinstance(header, dict) or header.get("format") != format_name:
        found = header.get("format") if isinstance(header, dict) else header
        raise FileFormatError(f"{path} is not a {format_name} file: its format is {found!r}")
    if not isinstance(header.get("version"), int) or header["version"] > version:
        raise FileFormatError(
            f"{path} has version {header.get('version')!r} of {format_name}; this release reads "
            f"up to version {version}: install a newer spikealg"
        )
    return header, arrays
