"""Tables of dynamic programming, and patterns in a stream."""

from __future__ import annotations

from itertools import product

import numpy as np

from spikealg import circuits as library
from tests.circuits.cases.case import CircuitCase
from tests.circuits.cases.order import START

PATTERNS = ((1, 0, 1), (None, 3), (2,))
LONGER = ((1, 0, 1, None, 0), (0, 0, 0), (None, None, 1))


def split(letters):
    return (
        [letters[name] for name in letters if name.startswith(sequence)] for sequence in ("a", "b")
    )


def edit_distance(first, second, width):
    """Wagner and Fischer's table, as numbers."""

    def step(start, **letters):
        a, b = split(letters)
        row = [np.full_like(start, j) for j in range(second + 1)]
        for i, letter in enumerate(a):
            above, row = row, [np.full_like(start, i + 1)]
            for j, other in enumerate(b):
                replaced = above[j] + (letter != other)
                row.append(np.minimum(replaced, 1 + np.minimum(above[j + 1], row[j])))
        return {"distance": row[-1]}

    return step


def longest_common(first, second, width):
    def step(start, **letters):
        a, b = split(letters)
        row = [np.zeros_like(start)] * (second + 1)
        for letter in a:
            above, row = row, [np.zeros_like(start)]
            for j, other in enumerate(b):
                longer = above[j] + 1
                row.append(np.where(letter == other, longer, np.maximum(above[j + 1], row[j])))
        return {"length": row[-1]}

    return step


def longest_increasing(count, width, signed=False, strict=True):
    def step(start, **numbers):
        rows, ending = list(numbers.values()), []
        for k, number in enumerate(rows):
            best = np.ones_like(start)
            for earlier, length in zip(rows[:k], ending, strict=True):
                follows = earlier < number if strict else earlier <= number
                best = np.maximum(best, np.where(follows, length + 1, 1))
            ending.append(best)
        return {"length": np.max(ending, axis=0)}

    return step


def choices(use, count):
    """All ways to take some of the items, and where they may be."""
    for taken in product((0, 1), repeat=count):
        allowed = np.all([use >> k & 1 >= t for k, t in enumerate(taken)], axis=0)
        yield np.array(taken), allowed


def subset_sums(numbers):
    def step(use, start):
        sums = np.zeros_like(use)
        for taken, allowed in choices(use, len(numbers)):
            sums = np.where(allowed, sums | 1 << int(taken @ numbers), sums)
        return {"sums": sums}

    return step


def knapsack(weights, values, capacity):
    def step(use, room, start):
        best = np.zeros_like(use)
        for taken, allowed in choices(use, len(weights)):
            fits = allowed & (taken @ weights <= np.minimum(room, capacity))
            best = np.where(fits, np.maximum(best, taken @ values), best)
        return {"value": best}

    return step


def pattern_matcher(patterns, width, mismatches=0):
    text = []

    def step(letter, valid):
        text.append(np.where(valid, letter, -1))
        out = np.zeros_like(letter)
        for k, pattern in enumerate(patterns):
            if len(text) >= len(pattern):
                last = text[-len(pattern) :]
                there = np.all([found >= 0 for found in last], axis=0)
                wrong = sum(
                    0 if wanted is None else found != wanted
                    for found, wanted in zip(last, pattern, strict=True)
                )
                out = out | (there & (wrong <= mismatches)).astype(np.int64) << k
        return {"out": out}

    return step


CASES = [
    CircuitCase(
        library.EditDistance,
        edit_distance,
        (2, 3, 1),
        ((1, 1, 1), (4, 1, 2), (5, 6, 1), (4, 4, 2)),
        fixed=START,
    ),
    CircuitCase(
        library.LongestCommon,
        longest_common,
        (2, 3, 1),
        ((1, 1, 1), (4, 1, 2), (5, 6, 1), (4, 4, 2)),
        fixed=START,
    ),
    CircuitCase(
        library.LongestIncreasing,
        longest_increasing,
        (3, 2),
        ((1, 2), (2, 2, True), (5, 3, False, False), (7, 4, True)),
        fixed=START,
    ),
    CircuitCase(
        library.SubsetSums,
        subset_sums,
        ((2, 0, 3, 2),),
        (((0,),), ((1, 2, 3, 5, 8, 13, 21),), ((30, 31, 1),)),
        fixed=START,
    ),
    CircuitCase(
        library.Knapsack,
        knapsack,
        ((2, 1, 3), (3, 2, 4), 5),
        (((0,), (2,), 0), ((1, 4, 0, 2, 3, 12), (2, 9, 1, 0, 5, 7), 10)),
        fixed=START,
    ),
    CircuitCase(
        library.PatternMatcher,
        pattern_matcher,
        (PATTERNS, 2),
        ((LONGER, 1), (LONGER, 1, 2), (PATTERNS[:1], 2, 1)),
        stateful=True,
    ),
]
