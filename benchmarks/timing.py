"""Timing calls side by side: the clock of a shared machine drifts, ratios within a run less."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Call = Callable[[], Any]
ENOUGH = 0.05
"""Seconds that a short call is repeated for."""


def seconds(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> float:
    """Return the wall seconds of one call."""
    start = time.perf_counter()
    function(*arguments, **keywords)
    return time.perf_counter() - start


def quick_seconds(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> float:
    """Return the median wall seconds of as many calls as take `ENOUGH`, at least one."""
    walls: list[float] = []
    while sum(walls) < ENOUGH:
        walls.append(seconds(function, *arguments, **keywords))
    return statistics.median(walls)


def in_turn(
    calls: Mapping[str, Call],
    repeat: int,
    *,
    warm: bool = True,
    least: float = 0.2,
    most: float = 30.0,
) -> dict[str, float]:
    """Return the median wall seconds of each call.

    The calls take turns, after a first round that compiles and is not counted if `warm`: `repeat`
    times, and more often if that takes less than `least` seconds. A call that has used up `most`
    seconds has no further turn.
    """
    walls: dict[str, list[float]] = {name: [] for name in calls}
    if warm:
        for call in calls.values():
            call()
    turn = 0
    while turn < repeat or sum(map(sum, walls.values())) < least:
        turn += 1
        for name, call in calls.items():
            if sum(walls[name]) < most:
                walls[name].append(seconds(call))
    return {name: statistics.median(times) for name, times in walls.items()}


@contextmanager
def on_one_core() -> Iterator[None]:
    """Keep this process and its threads on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
