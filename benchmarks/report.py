"""What a section found: tables and charts, shown in a terminal or written into the README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Table:
    """Rows of text under column heads; `note` says what the columns do not."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def text(self) -> str:
        """Return the table for a terminal."""
        widths = [max(map(len, cells)) for cells in zip(self.columns, *self.rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (self.columns, *self.rows)
        ]
        return "\n".join([self.title, *lines, *filter(None, [self.note])]) + "\n"

    def markdown(self) -> str:
        """Return the table for the README."""
        rows = (self.columns, ["---"] * len(self.columns), *self.rows)
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        parts = [f"{self.title}:", "\n".join(lines), *filter(None, [self.note])]
        return "\n\n".join(parts) + "\n"


@dataclass(frozen=True)
class Bars:
    """Rates by name, drawn as bars on a logarithmic axis; those of `ours` stand out."""

    title: str
    unit: str
    values: Mapping[str, float]
    ours: frozenset[str]


@dataclass(frozen=True)
class Lines:
    """Curves, name to (x, y) pairs, on a logarithmic axis upwards and mostly across."""

    title: str
    x: str
    y: str
    curves: Mapping[str, Sequence[tuple[float, float]]]
    x_log: bool = True


@dataclass(frozen=True)
class Report:
    """Everything a section found."""

    tables: Sequence[Table]
    charts: Sequence[Bars | Lines] = ()


def splice(readme: Path, section: str, text: str) -> None:
    """Replace what stands between the markers of a section in a file.

    Raises
    ------
    ValueError
        If the markers are not there, each once.
    """
    begin, end = (f"<!-- {section}: {word} -->\n" for word in ("begin", "end"))
    old = readme.read_text("utf-8")
    if old.count(begin) != 1 or old.count(end) != 1 or old.index(end) < old.index(begin):
        raise ValueError(f"{readme} needs the lines {begin.strip()} and {end.strip()}, each once")
    before, after = old[: old.index(begin) + len(begin)], old[old.index(end) :]
    readme.write_text(f"{before}{text}{after}", "utf-8")
