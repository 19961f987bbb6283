"""How the functions of the lanes kernel are compiled."""

from __future__ import annotations

from typing import Any

from numba import njit

__all__ = ["inlined", "inner"]

_OPTIONS: dict[str, Any] = {
    "cache": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
inner: Any = njit(**_OPTIONS)
"""For functions that only compiled functions call: no time goes into making them callable from
elsewhere."""
inlined: Any = njit(**_OPTIONS, forceinline=True)
"""For those whose call would cost too much."""
