"""Order and extremes of a set: by comparators, by bits, and by times of spikes."""

from __future__ import annotations

import numpy as np

from spikealg import circuits as library
from tests.circuits.cases.case import CircuitCase

NEVER = 2**40
"""A time later than all others, for spikes that do not come."""


def ascending(numbers):
    return np.sort(np.stack(list(numbers.values())), axis=0)


def in_order(*_):
    return lambda start=1, **numbers: {f"out{k}": row for k, row in enumerate(ascending(numbers))}


def largest(count, k, *_):
    return lambda start=1, **numbers: {
        f"out{place}": ascending(numbers)[count - 1 - place] for place in range(k)
    }


def times_in_order(count, width, keep=None):
    def step(start, **spikes):
        known = {name: np.where(time < 0, NEVER, time) for name, time in spikes.items()}
        rows = ascending(known)[:keep]
        return {f"out{k}": np.where(row == NEVER, -1, row) for k, row in enumerate(rows)}

    return step


def to_temporal(width, largest_first=False):
    return lambda a, start: {"out": 2**width - 1 - a if largest_first else a}


def extreme_with_index(choose, where):
    def of(*_):
        def step(**numbers):
            rows = np.stack(list(numbers.values()))
            return {"out": choose(rows, axis=0), "index": where(rows, axis=0)}

        return step

    return of


def winner_take_all(count, width):
    def step(start, **numbers):
        rows = np.stack(list(numbers.values()))
        best = rows.max(axis=0)
        return {
            "index": rows.argmax(axis=0),
            "winners": sum((row == best).astype(np.int64) << k for k, row in enumerate(rows)),
            "done": np.ones_like(best),
            "ticks": 2**width + 3 - best,
        }

    return step


START = {"start": 1}

CASES = [
    CircuitCase(
        library.CompareExchange,
        lambda *_: lambda a, b: {"low": np.minimum(a, b), "high": np.maximum(a, b)},
        (4,),
        ((3, True), (32, True, 16)),
    ),
    CircuitCase(library.Sort, in_order, (4, 2), ((1, 3), (12, 1), (5, 3, True), (9, 8, False, 8))),
    CircuitCase(
        library.Largest, largest, (5, 2, 2), ((4, 1, 3), (4, 4, 3, True), (9, 3, 8, False, 8))
    ),
    CircuitCase(
        library.Median,
        lambda count, *_: lambda **numbers: {"out": ascending(numbers)[(count - 1) // 2]},
        (5, 2),
        ((1, 3), (4, 3, True), (9, 8, False, 8)),
    ),
    CircuitCase(
        library.ArgMax, extreme_with_index(np.max, np.argmax), (3, 3), ((1, 4), (7, 6, True))
    ),
    CircuitCase(
        library.ArgMin, extreme_with_index(np.min, np.argmin), (3, 3), ((1, 4), (7, 6, True))
    ),
    CircuitCase(library.WinnerTakeAll, winner_take_all, (3, 3), ((1, 3), (5, 4)), fixed=START),
    CircuitCase(library.ToTemporal, to_temporal, (3,), ((1,), (3, True), (6,)), fixed=START),
    CircuitCase(
        library.FromTemporal,
        lambda ticks: lambda a, start: {"out": np.maximum(a, 0), "any": a >= 0},
        (5,),
        ((1,), (8,), (300,)),
        fixed=START,
    ),
    CircuitCase(
        library.TemporalSort, times_in_order, (3, 4), ((1, 3), (4, 4, 2), (6, 9)), fixed=START
    ),
    CircuitCase(library.SortByTime, in_order, (3, 3), ((1, 2), (5, 4)), fixed=START),
    CircuitCase(library.LargestByTime, largest, (4, 2, 2), ((5, 1, 4),), fixed=START),
]
