"""Compiled circuits that are kept for walks that differ in their walkers and draws only."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

__all__ = ["Workshop"]


class Workshop:
    """Makes what is asked for once, and keeps it.

    Parameters
    ----------
    most : int, optional
        Keep so many of the latest only; all by default.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._made: dict[Hashable, Any] = {}
        # Who needs the same circuit waits for it: two threads would compile no faster.
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what `make` returns, or returned when the same `key` was asked for before."""
        with self._lock:
            if key in self._made:
                self._made[key] = self._made.pop(key)
            else:
                self._made[key] = make()
                if self._most is not None and len(self._made) > self._most:
                    del self._made[next(iter(self._made))]
            return self._made[key]
