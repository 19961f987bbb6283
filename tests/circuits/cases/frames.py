"""Counts, convolutions and correlations."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np

from spikealg import circuits as library
from tests.circuits.cases.case import CircuitCase
from tests.circuits.cases.order import START

FILTER = (3, -5, 0, 2)
BLUR = ((1, 2, 1), (2, -4, 0))


def histogram(count, width, edges):
    def step(**numbers):
        rows = np.stack(list(numbers.values()))
        return {
            f"bin{k}": np.count_nonzero((low <= rows) & (rows < high), axis=0)
            for k, (low, high) in enumerate(pairwise(edges))
        }

    return step


def convolution(shape, kernel, width, signed=False, mode="full", block=None):
    kernel = np.array(kernel)
    shape = shape if isinstance(shape, tuple) else (shape,)
    full = np.add(shape, kernel.shape) - 1
    over = np.array(kernel.shape) - 1
    first = {"full": 0 * over, "same": over // 2, "valid": over}[mode]
    sizes = {"full": full, "same": shape, "valid": np.subtract(shape, over)}[mode]

    def step(**numbers):
        x = dict(zip(np.ndindex(shape), numbers.values(), strict=True))
        found = {}
        for k, place in enumerate(np.ndindex(*sizes)):
            total = 0
            for j, factor in np.ndenumerate(kernel):
                at = tuple(np.add(place, first) - j)
                total = total + factor * x[at] if at in x else total
            found[f"y{k}"] = total
        return found

    return step


def finite_response(kernel, width, signed=False):
    past = [0] * len(kernel)

    def step(x):
        past.insert(0, x)
        past.pop()
        return {"y": sum(factor * number for factor, number in zip(kernel, past, strict=True))}

    return step


def correlations(shape, reach, width, a, b):
    """Return {(dy, dx): correlation} of windows whose pixels are the digits of a number."""
    reach = (reach, reach) if isinstance(reach, int) else reach
    _, columns = np.add(shape, np.multiply(2, reach)).tolist()

    def pixel(window, place, row_length):
        return window >> (place[0] * row_length + place[1]) * width & (2**width - 1)

    return {
        (dy, dx): sum(
            pixel(a, (y, x), shape[1]) * pixel(b, (y + dy + reach[0], x + dx + reach[1]), columns)
            for y, x in np.ndindex(*shape)
        )
        for dy in range(-reach[0], reach[0] + 1)
        for dx in range(-reach[1], reach[1] + 1)
    }


def cross_correlation(shape, reach, width=1):
    def step(a, b):
        found = correlations(shape, reach, width, a, b).values()
        return {f"c{k}": value for k, value in enumerate(found)}

    return step


def displacement(shape, reach, width=1):
    def step(a, b, start):
        found = correlations(shape, reach, width, a, b)
        nearest = sorted(found, key=lambda d: (d[0] ** 2 + d[1] ** 2, d))
        rows = np.stack([found[shift] for shift in nearest])
        dy, dx = np.array(nearest)[rows.argmax(axis=0)].T
        most = np.prod(shape) * (2**width - 1) ** 2
        return {
            "dy": dy,
            "dx": dx,
            "done": np.ones_like(dy),
            "ticks": most + 4 - rows.max(axis=0),
        }

    return step


def triangles(nodes):
    line = {pair: k for k, pair in enumerate(combinations(range(nodes), 2))}

    def count(edges):
        there = {pair: edges >> k & 1 for pair, k in line.items()}
        return {
            "count": sum(
                there[a, b] * there[b, c] * there[a, c] for a, b, c in combinations(range(nodes), 3)
            )
        }

    return count


CASES = [
    CircuitCase(
        library.Histogram,
        histogram,
        (3, 2, (0, 1, 3)),
        ((1, 1, (1, 2)), (7, 8, (16, 100, 101, 256))),
    ),
    CircuitCase(
        library.Convolution,
        convolution,
        (3, (3, -5), 2),
        (
            (4, (2, 1, 7), 3, True, "same"),
            ((3, 3), BLUR, 2, False, "full"),
            ((3, 4), BLUR, 2, True, "valid", 4),
            ((3, 3), BLUR, 1, False, "same", 1),
        ),
    ),
    CircuitCase(
        library.Filter, finite_response, (FILTER, 2), (((1,), 3), (FILTER, 6, True)), stateful=True
    ),
    CircuitCase(
        library.CrossCorrelation,
        cross_correlation,
        ((1, 2), (0, 1)),
        (((2, 2), 1), ((1, 2), (1, 0), 3)),
    ),
    CircuitCase(
        library.Displacement,
        displacement,
        ((1, 2), (0, 1)),
        (((2, 2), 1), ((2, 1), (0, 1), 2)),
        fixed=START,
    ),
    CircuitCase(library.TriangleCount, triangles, (4,), ((3,), (7,))),
]
