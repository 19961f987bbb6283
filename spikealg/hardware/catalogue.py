"""Platforms as files: one TOML file each, those of the library and those of a user alike."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from spikealg.arguments import as_choice, as_float, as_int
from spikealg.errors import FileFormatError, InputError, InputTypeError
from spikealg.hardware.platform import (
    CONFIDENCES,
    ENERGY_TERMS,
    KINDS,
    LEAKS,
    RESETS,
    Constant,
    Features,
    Limits,
    Platform,
)

__all__ = ["PlatformTable", "as_platform", "load_platform", "platform", "platforms"]

_KEYS = (
    "name",
    "title",
    "kind",
    "source",
    "confidence",
    "notes",
    "energy",
    "time",
    "static",
    "tick",
    "limits",
    "features",
)
_CONSTANT_KEYS = (
    "value",
    "unit",
    "source",
    "confidence",
    "low",
    "high",
    "state",
    "within",
    "note",
)
_SWITCHES = ("floor", "bias", "stochastic", "refractory", "synaptic_current")


class PlatformTable(tuple[Platform, ...]):
    """Platforms, in order; shows itself as a table of prices."""

    @property
    def names(self) -> tuple[str, ...]:
        """The words to call them by."""
        return tuple(entry.name for entry in self)

    def __str__(self) -> str:
        columns = ("synaptic", "neuron_active", "neuron_idle", "spike", "hop", "sync")
        rows = [["platform", "kind", *columns, "static", "tick"]]
        for entry in self:
            prices = [_price(entry.energy.get(column)) for column in columns]
            rows.append([entry.name, entry.kind, *prices, _price(entry.static), _price(entry.tick)])
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        return "\n".join(
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )

    __repr__ = __str__


def _price(constant: Constant | None) -> str:
    if constant is None:
        return "–"
    if constant.value is None:
        return str(constant)
    return f"{constant.value:.3g} {constant.unit.split('/')[0]}"


@cache
def platforms() -> PlatformTable:
    """Return the platforms that the library knows, as a table.

    Returns
    -------
    PlatformTable
        A tuple of `Platform`; chips first, then processors, then arithmetic.
    """
    folder = files("spikealg.hardware") / "platforms"
    entries = [
        _parse(entry.read_text(encoding="utf-8"), entry.name)
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    ]
    return PlatformTable(sorted(entries, key=lambda entry: (KINDS.index(entry.kind), entry.name)))


def platform(name: str) -> Platform:
    """Return the platform called `name`.

    Raises
    ------
    InputError
        If there is none; the message lists the names.
    """
    for entry in platforms():
        if entry.name == name:
            return entry
    raise InputError(
        f"there is no platform {name!r}; the platforms are: {', '.join(platforms().names)}. Your "
        "own is read from a file by load_platform(path)"
    )


def as_platform(value: str | Platform) -> Platform:
    """Return `value` if it is a platform, or the platform of that name."""
    if isinstance(value, Platform):
        return value
    if isinstance(value, str):
        return platform(value)
    raise InputTypeError(f"platform must be a name or a Platform, got {value!r}")


def load_platform(path: str | Path) -> Platform:
    """Read a platform from a TOML file of the same form as those of the library.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Platform

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is no TOML, or an entry is missing, unknown or of the wrong kind; the message names
        the file and the entry.
    """
    path = Path(path)
    return _parse(path.read_text(encoding="utf-8"), str(path))


def _parse(text: str, where: str) -> Platform:
    try:
        return _platform(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, InputError, InputTypeError) as error:
        raise FileFormatError(f"{where} is not a platform: {error}") from error


def _platform(table: Mapping[str, Any]) -> Platform:
    _require_known("the file", table, _KEYS)
    name = _text("name", table.get("name"))
    kind = as_choice("kind", table.get("kind"), KINDS)
    origin = {key: table[key] for key in ("source", "confidence") if key in table}
    terms: dict[str, dict[str, Constant]] = {}
    for group in ("energy", "time"):
        entries = _mapping(group, table.get(group, {}))
        if kind != "arithmetic":
            _require_known(group, entries, ENERGY_TERMS)
        terms[group] = {
            term: _constant(f"{group}.{term}", entry, origin) for term, entry in entries.items()
        }
    return Platform(
        name=name,
        title=_text("title", table.get("title")),
        kind=kind,  # type: ignore[arg-type]
        energy=terms["energy"],
        time=terms["time"],
        static=_constant("static", table.get("static", "unpublished"), origin, unit="W/chip"),
        tick=_constant("tick", table.get("tick", "unpublished"), origin, unit="s/tick"),
        limits=_limits(_mapping("limits", table.get("limits", {}))),
        features=_features(_mapping("features", table.get("features", {}))),
        notes=tuple(_text("notes", note) for note in table.get("notes", ())),
    )


def _constant(where: str, entry: Any, origin: Mapping[str, Any], unit: str = "") -> Constant:
    """Return a constant from a table, or from the words "none", "unpublished", "in <term>"."""
    if isinstance(entry, str):
        entry = (
            {"state": "in", "within": entry[3:]} if entry.startswith("in ") else {"state": entry}
        )
    table = {"unit": unit, **origin, **_mapping(where, entry)}
    _require_known(where, table, _CONSTANT_KEYS)
    state = as_choice(
        f"{where}.state", table.get("state", "value"), ("value", "in", "none", "unpublished")
    )
    numbers = {
        key: as_float(f"{where}.{key}", table[key], low=0.0)
        for key in ("value", "low", "high")
        if key in table
    }
    if (state == "value") != ("value" in numbers):
        raise InputError(
            f'{where} must have a value, or be "none", "unpublished" or "in <another term>"'
        )
    if unit and table["unit"] != unit:
        raise InputError(f"{where} must have the unit {unit!r}, got {table['unit']!r}")
    low, value, high = (numbers.get(key) for key in ("low", "value", "high"))
    if value is not None and not (low or 0.0) <= value <= (value if high is None else high):
        raise InputError(f"{where} must lie between its low and its high, got {table}")
    return Constant(
        value=value,
        unit=_text(f"{where}.unit", table["unit"]),
        source=_text(f"{where}.source", table.get("source")),
        confidence=as_choice(f"{where}.confidence", table.get("confidence"), CONFIDENCES),  # type: ignore[arg-type]
        low=low,
        high=high,
        state=state,  # type: ignore[arg-type]
        within=_text(f"{where}.within", table.get("within", "")),
        note=_text(f"{where}.note", table.get("note", "")),
    )


def _limits(table: Mapping[str, Any]) -> Limits:
    _require_known("limits", table, [entry.name for entry in fields(Limits)])
    values: dict[str, Any] = {
        key: as_int(f"limits.{key}", value, low=0) for key, value in table.items() if key != "mesh"
    }
    if "mesh" in table:
        mesh = table["mesh"]
        if not isinstance(mesh, list) or len(mesh) != 2:
            raise InputError(f"limits.mesh must be two whole numbers, got {mesh!r}")
        values["mesh"] = tuple(as_int("limits.mesh", side, low=1) for side in mesh)
    return Limits(**values)


def _features(table: Mapping[str, Any]) -> Features:
    _require_known("features", table, ("leaks", "resets", *_SWITCHES))
    values: dict[str, Any] = {}
    for key, choices in (("leaks", LEAKS), ("resets", RESETS)):
        if key in table:
            values[key] = frozenset(as_choice(f"features.{key}", x, choices) for x in table[key])
    for key in _SWITCHES:
        if key in table:
            if not isinstance(table[key], bool):
                raise InputTypeError(f"features.{key} must be true or false, got {table[key]!r}")
            values[key] = table[key]
    return Features(**values)


def _require_known(where: str, table: Iterable[str], known: Iterable[str]) -> None:
    known = tuple(known)
    for key in table:
        if key not in known:
            raise InputError(f"{where} has no entry {key!r}; the entries are {', '.join(known)}")


def _mapping(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputTypeError(f"{where} must be a table, got {value!r}")
    return value


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputTypeError(f"{where} must be a text, got {value!r}")
    return value
