"""Memory is estimated before it is allocated; what cannot fit is refused with the estimate."""

from __future__ import annotations

import os
from pathlib import Path

from spikealg.errors import TooLargeError

__all__ = ["available_bytes", "require_memory"]

LITTLE = 2**20
"""Bytes that are there: to ask would take longer than many a small run."""


def available_bytes() -> int | None:
    """Return the memory [bytes] that can be had without swapping; None where nobody tells."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            name, _, rest = line.partition(":")
            if name == "MemAvailable":
                return int(rest.split()[0]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def require_memory(needed: float, what: str, advice: str) -> None:
    """Refuse `needed` bytes if they are not there.

    Parameters
    ----------
    needed : float
        Bytes, estimated.
    what, advice : str
        What needs them, and what would need less.

    Raises
    ------
    TooLargeError
        If more is needed than is available.
    """
    if needed < LITTLE:
        return
    available = available_bytes()
    if available is not None and needed > available:
        raise TooLargeError(
            f"{what} would need about {needed / 2**30:.3g} GiB, but "
            f"{available / 2**30:.3g} GiB are available: {advice}"
        )
