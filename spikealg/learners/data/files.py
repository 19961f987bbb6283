"""Where the files of public data sets lie: SPIKEALG_DATA, then the user's cache, else an error.

Nothing is downloaded, and nothing is shipped with the library. A file is checked by the SHA-256 of
what it holds, not of how it was packed: two gzips of the same bytes are the same data.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from spikealg.errors import DataNotFoundError, FileFormatError

__all__ = ["DataFile", "cache_folder", "check_digest"]

VARIABLE = "SPIKEALG_DATA"


def cache_folder() -> Path:
    """Return the user's cache for data sets, ``~/.cache/spikealg`` unless XDG_CACHE_HOME is set."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spikealg"


def check_digest(path: Path, found: str, expected: str, source: str) -> None:
    """Raise a FileFormatError unless the two SHA-256 are the same."""
    if found != expected:
        raise FileFormatError(
            f"{path} is damaged or another edition: its content has SHA-256 {found}, "
            f"expected {expected}: get it from {source}"
        )


@dataclass(frozen=True)
class DataFile:
    """A file of a data set.

    Attributes
    ----------
    path : str
        Its place under the data folder, such as "mnist/train-images-idx3-ubyte.gz".
    sha256 : str
        Of its content; of a ``.gz`` file the unpacked content.
    source : str
        Where to get it.
    content : str
        What `sha256` is the hash of, in words for the reader of an error.
    """

    path: str
    sha256: str
    source: str
    content: str = "its content"

    def locate(self) -> Path:
        """Return where the file is.

        Raises
        ------
        DataNotFoundError
            If it is in neither place; the message says where to get it and what hash is expected.
        """
        named = os.environ.get(VARIABLE)
        folders = ([Path(named)] if named else []) + [cache_folder()]
        for folder in folders:
            if (folder / self.path).is_file():
                return folder / self.path
        where = " and ".join(str(folder) for folder in folders)
        hint = "" if named else f", or name another folder in {VARIABLE}"
        raise DataNotFoundError(
            f"{self.path} is not in {where}: get it from {self.source} and put it at "
            f"{folders[0] / self.path}{hint}; expected SHA-256 of {self.content}: {self.sha256}"
        )

    def read(self) -> bytes:
        """Return the content, unpacked if the file is gzipped.

        Raises
        ------
        DataNotFoundError
            If the file is in neither place.
        FileFormatError
            If it is damaged, or not the edition that is expected.
        """
        path = self.locate()
        content = path.read_bytes()
        if path.suffix == ".gz":
            try:
                content = gzip.decompress(content)
            except (OSError, EOFError, zlib.error) as error:
                raise FileFormatError(
                    f"{path} is damaged: it cannot be unpacked ({error}): get it from {self.source}"
                ) from error
        check_digest(path, hashlib.sha256(content).hexdigest(), self.sha256, self.source)
        return content
