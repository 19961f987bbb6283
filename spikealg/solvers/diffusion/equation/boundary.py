"""The words for boundaries, and which side they hold for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.equation.functions import require_arguments

__all__ = [
    "WORDS",
    "Condition",
    "Value",
    "VertexSet",
    "as_boundary",
    "as_word",
    "conditions",
    "vertex_sets",
]

WORDS = {
    "reflect": "reflect",
    "neumann": "reflect",
    "absorb": "absorb",
    "dirichlet": "absorb",
    "periodic": "periodic",
}
Value = float | Callable[[npt.NDArray[np.float64]], Any]
"""A number, or a function of places."""
_VALUES = ("value", "derivative", "type", "const", "curvature")
_FORMS = "{'value': g}, {'derivative': h} or {'type': 'mixed', 'value': gamma, 'const': beta}"


@dataclass(frozen=True)
class Condition:
    """What a side does beyond reflecting or absorbing; numbers of py-pde's words.

    Attributes
    ----------
    value : float or callable
        g in u = g, of an absorbing side; a callable gets places on it.
    derivative : float
        h in ∂u/∂n = h, or β in ∂u/∂n + γu = β, n pointing outward.
    transfer : float
        γ ≥ 0 [1/length] in ∂u/∂n + γu = β: a wall that absorbs some of those who touch it.
    """

    value: Value = 0.0
    derivative: float = 0.0
    transfer: float = 0.0


@dataclass(frozen=True, eq=False)
class VertexSet:
    """Vertices that absorb, chosen by the user.

    Attributes
    ----------
    where : callable or array_like
        where(x) -> (V,) bool, or indices of vertices.
    value : float or callable
        u there.
    """

    where: Any
    value: Value = 0.0


def as_boundary(
    boundary: Any, sides: Sequence[str], *, periodic: bool = True, both: bool = False
) -> dict[str, str]:
    """Return "reflect", "absorb" or "periodic" for every side.

    Parameters
    ----------
    boundary : str or dict
        One word for all sides, or {side: word}; sides that are not named reflect. A dict with
        numbers in place of a word is what `conditions` reads: here a given value absorbs, all else
        reflects. Names with a "where" are left to `vertex_sets`.
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
        if any(isinstance(key, str) and key in _VALUES for key in boundary):
            return dict.fromkeys(sides, as_word("boundary", boundary, words))
        found = dict.fromkeys(sides, "reflect")
        for side, word in boundary.items():
            if _is_set(word):
                continue
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
        return "absorb" if _numbers(name, word).keys() == {"value"} else "reflect"
    if not isinstance(word, str) or word not in words:
        raise InputError(
            f"{name} must be one of {', '.join(map(repr, words))}, or {_FORMS}, got {word!r}"
        )
    return WORDS[word]


def conditions(boundary: Any, sides: Sequence[str]) -> dict[str, Condition]:
    """Return the numbers that a boundary gives, {side: Condition}; sides with a word are left out.

    Parameters
    ----------
    boundary : str or dict
        As `as_boundary` takes it, and already accepted by it.
    sides : sequence of str
        Names of the sides.
    """
    if not isinstance(boundary, dict):
        return {}
    if any(isinstance(key, str) and key in _VALUES for key in boundary):
        return dict.fromkeys(sides, _condition("boundary", boundary))
    found = {}
    for side, word in boundary.items():
        if isinstance(word, dict) and not _is_set(word):
            condition = _condition(f"boundary[{side!r}]", word)
            name = str(side)
            found.update({s: condition for s in sides if s in (name, f"{name}-", f"{name}+")})
    return found


def vertex_sets(boundary: Any) -> dict[str, VertexSet]:
    """Return the sets of vertices that a boundary names, {name: VertexSet}.

    They are written {"where": where} or {"where": where, "type": "absorb" or "value": g}.
    """
    if not isinstance(boundary, dict):
        return {}
    found = {}
    for name, word in boundary.items():
        if not _is_set(word):
            continue
        require_arguments(f"boundary[{name!r}]['where']", word["where"], "x")
        rest = {key: value for key, value in word.items() if key != "where"}
        if rest in ({}, {"type": "absorb"}, {"type": "dirichlet"}):
            found[str(name)] = VertexSet(word["where"])
        elif rest.keys() == {"value"}:
            value = _as_value(f"boundary[{name!r}]['value']", rest["value"])
            found[str(name)] = VertexSet(word["where"], value)
        else:
            raise InputError(
                f"boundary[{name!r}] must be {{'where': ...}}, which absorbs, or have a 'value' "
                f"besides, got {word!r}"
            )
    return found


def _is_set(word: Any) -> bool:
    return isinstance(word, Mapping) and "where" in word


def _condition(name: str, word: dict[str, Any]) -> Condition:
    return Condition(**_numbers(name, word))


def _as_value(name: str, value: Any) -> Value:
    require_arguments(name, value, "x")
    return value if callable(value) else as_float(name, value)


def _numbers(name: str, word: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `Condition` that a dict of py-pde's words gives."""
    kind, rest = word.get("type"), {key: v for key, v in word.items() if key != "type"}
    if kind in (None, "value", "derivative") and len(rest) == 1:
        (key,) = rest
        if key == "value" and kind in (None, key):
            return {key: _as_value(f"{name}['value']", rest[key])}
        if key == "derivative" and kind in (None, key):
            return {key: as_float(f"{name}['derivative']", rest[key])}
    if kind == "mixed" and rest.keys() <= {"value", "const"} and "value" in rest:
        return {
            "transfer": as_float(f"{name}['value']", rest["value"], low=0),
            "derivative": as_float(f"{name}['const']", rest.get("const", 0.0)),
        }
    raise InputError(f"{name} must be a word, or {_FORMS}, got {word!r}")
