"""Ports: what goes into a circuit and what comes out, as data, before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from spikealg.arguments import as_bool, as_choice, as_int
from spikealg.circuits.codings import CODINGS, coding_limits, coding_lines
from spikealg.errors import InputError

__all__ = ["In", "Out", "as_absent", "number_coding", "numbered"]


@dataclass(frozen=True)
class _Port:
    """A named group of lines, all ready in the same tick.

    Parameters
    ----------
    width : int
        Width of the value: lines of "binary", "signed" and "current", ticks of the one line of
        "stream", "unary" and "temporal".
    coding : str
        One of "binary", "signed", "stream", "unary", "temporal", "current"; see
        :mod:`spikealg.circuits.codings`.
    """

    width: int = 1
    coding: str = "binary"

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", as_int("width", self.width, low=1))
        as_choice("coding", self.coding, CODINGS)

    @property
    def lines(self) -> int:
        """Number of lines."""
        return coding_lines(self.coding, self.width)

    def __str__(self) -> str:
        return describe(self.coding, self.width)


@dataclass(frozen=True)
class In(_Port):
    """An input port; an `optional` one may be left out, and `build` then gets None for it.

    A network has the port all the same. Where a call leaves it out, it gets the value `absent`, for
    which the circuit does what it does without the port, or nothing at all if that is None.
    """

    optional: bool = False
    absent: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "optional", as_bool("optional", self.optional))
        if self.absent is not None:
            object.__setattr__(self, "absent", as_absent("absent", self))


@dataclass(frozen=True)
class Out(_Port):
    """An output port; `carry` says that its top line is a carry."""

    carry: bool = False


class _MayBeAbsent(Protocol):
    """An input port of a circuit or of a network."""

    @property
    def width(self) -> int: ...
    @property
    def coding(self) -> str: ...
    @property
    def optional(self) -> bool: ...
    @property
    def absent(self) -> int | None: ...


def as_absent(name: str, port: _MayBeAbsent) -> int:
    """Return the value that a port has where it is left out, or raise an error that names it."""
    if not port.optional or port.coding == "current":
        kind = "required" if not port.optional else "current"
        raise InputError(f"{name} must be None for a {kind} port, got {port.absent!r}")
    low, high = coding_limits(port.coding, port.width)
    return as_int(name, port.absent, low=low, high=high)


def number_coding(signed: bool) -> str:
    """Return the coding of parallel numbers: "signed" or, for unsigned ones, "binary"."""
    return "signed" if signed else "binary"


def numbered(name: str, count: int, port: In) -> dict[str, In]:
    """Return `count` ports of one kind by name: a0, a1, ..."""
    return {f"{name}{index}": port for index in range(as_int("count", count, low=1))}


def describe(coding: str, width: int) -> str:
    """Return the shape of a port or signal in words: "8 lines", "stream of width 8"."""
    if coding == "binary":
        return f"{width} line{'s' * (width != 1)}"
    if coding in ("signed", "current"):
        return f"{width} {coding} line{'s' * (width != 1)}"
    return f"{coding} of width {width}"
