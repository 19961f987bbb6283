"""The optional package nir, imported where it is needed."""

from __future__ import annotations

from typing import Any

from spikealg.errors import MissingExtraError

__all__ = ["require_nir"]


def require_nir(what: str) -> Any:
    """Return the module nir, or say how `what` gets it.

    Raises
    ------
    MissingExtraError
        If nir is not installed.
    """
    try:
        import nir
    except ImportError as error:
        raise MissingExtraError(
            f"{what} needs nir, which is not installed: pip install 'spikealg[nir]'"
        ) from error
    return nir
