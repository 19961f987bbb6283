"""The words for boundaries, and which side they hold for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spikealg.errors import InputError, InputTypeError

__all__ = ["WORDS", "as_boundary", "as_word"]

WORDS = {
    "reflect": "reflect",
    "neumann": "reflect",
    "absorb": "absorb",
    "dirichlet": "absorb",
    "periodic": "periodic",
}
_VALUES = ("value", "derivative", "type", "const", "curvature")


def as_boundary(
    boundary: Any, sides: Sequence[str], *, periodic: bool = True, both: bool = False
) -> dict[str, str]:
    """Return "reflect", "absorb" or "periodic" for every side.

    Parameters
    ----------
    boundary : str or dict
        One word for all sides, or {side: word}; sides that are not named reflect.
    sides : sequence of str
        Names of the sides.
    periodic : bool
        Whether the domain has sides that can be joined.
    both : bool
        Whether sides come in pairs "x-", "x+" which "x" names together; a pair is periodic
        together or not at all.

    Raises
    ------
    InputError, InputTypeError
        If a word or a side is not known, or one side of a pair is periodic and the other not.
    """
    words = [word for word, meaning in WORDS.items() if periodic or meaning != "periodic"]
    if isinstance(boundary, str):
        found = dict.fromkeys(sides, as_word("boundary", boundary, words))
    elif isinstance(boundary, dict):
        if any(key in _VALUES for key in boundary):
            as_word("boundary", boundary, words)
        found = dict.fromkeys(sides, "reflect")
        for side, word in boundary.items():
            pair = [s for s in sides if both and side == s[:-1]]
            if side not in found and not pair:
                names = ", ".join(map(repr, sides))
                axes = ", ".join(repr(s[:-1]) for s in sides[::2]) if both else ""
                raise InputError(
                    f"boundary has no side {side!r}: the sides are {names}"
                    + (f" ({axes} for both of an axis)" if both else "")
                )
            for one in pair:
                if one in boundary:
                    raise InputError(
                        f"boundary names both {side!r} and {one!r}, which is one of its sides: "
                        "give the two sides, or the axis alone"
                    )
            meaning = as_word(f"boundary[{side!r}]", word, words)
            found.update(dict.fromkeys(pair or [side], meaning))
    else:
        raise InputTypeError(
            f"boundary must be one of {', '.join(map(repr, words))}, or a dict with one of them "
            f"for each side, got {boundary!r}"
        )
    for low, high in zip(sides[::2], sides[1::2], strict=False) if both else ():
        if (found[low] == "periodic") != (found[high] == "periodic"):
            raise InputError(
                f"boundary is periodic on one side of an axis only: {low!r} is {found[low]!r}, "
                f"{high!r} is {found[high]!r}: make both periodic or neither"
            )
    return found


def as_word(name: str, word: Any, words: Sequence[str]) -> str:
    """Return what one of `words` means: "reflect", "absorb" or "periodic"."""
    if isinstance(word, dict):
        raise InputError(
            f"{name}={word!r} is not supported yet: take one of {', '.join(map(repr, words))}"
        )
    if not isinstance(word, str) or word not in words:
        raise InputError(f"{name} must be one of {', '.join(map(repr, words))}, got {word!r}")
    return WORDS[word]
