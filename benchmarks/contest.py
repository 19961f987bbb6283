"""Doing the same work in several ways: everybody is checked, then all take turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from report import Bars, Table
from timing import in_turn


@dataclass(frozen=True)
class Contender:
    """A way to do the work.

    Attributes
    ----------
    call : callable
        Does it and returns the result.
    work : float
        How much is done in a call: walker-steps, additions.
    check : callable (name, result)
        Raises AssertionError if the result cannot be right.
    ours : bool
        Whether spikes do it.
    """

    call: Callable[[], Any]
    work: float
    check: Callable[[str, Any], None]
    ours: bool = False


def compare(
    title: str, unit: str, contenders: Mapping[str, Contender], repeat: int, *, note: str = ""
) -> tuple[Table, Bars]:
    """Return everybody's rate, and how much faster the first of ours is.

    Parameters
    ----------
    title : str
    unit : str
        What a piece of work is called, in the plural.
    contenders : dict of name to Contender
    repeat : int
        Turns that each takes.
    """
    for name, contender in contenders.items():
        contender.check(name, contender.call())
    calls = {name: contender.call for name, contender in contenders.items()}
    walls = in_turn(calls, repeat, warm=False)
    rates = {name: each.work / walls[name] / 1e6 for name, each in contenders.items()}
    ours = [name for name, each in contenders.items() if each.ours]
    rows = [
        [
            name,
            f"{contenders[name].work:.2g}",
            f"{walls[name]:.3g}",
            f"{rate:.3g}",
            f"{rates[ours[0]] / rate:.3g}",
        ]
        for name, rate in rates.items()
    ]
    columns = ("what", unit, "wall s", f"M {unit}/s", f"speed of {ours[0]} against it")
    return (
        Table(title, columns, rows, note),
        Bars(title, f"M {unit}/s", rates, ours=frozenset(ours)),
    )
