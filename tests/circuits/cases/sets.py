"""Arithmetic of many numbers at once: extremes, sums, products with matrices."""

from __future__ import annotations

import numpy as np

from spikealg import circuits as library
from tests.circuits.cases.case import CircuitCase
from tests.circuits.cases.logic import ones

MATRIX = ((3, -5), (0, 0), (1, 7))
LARGE = ((1000, -77, 2**20 + 1), (0, 5, 3))


def extreme(choose):
    def of(*_):
        def step(**numbers):
            rows = list(numbers.values())
            best = choose.reduce(rows)
            return {
                "out": best,
                "winners": sum((row == best).astype(np.int64) << k for k, row in enumerate(rows)),
            }

        return step

    return of


def weighted_sum(weights):
    return lambda a: {"sum": sum(w * (a >> k & 1) for k, w in enumerate(weights))}


def matrix_vector(matrix, *_):
    def multiply(**numbers):
        columns = list(numbers.values())
        return {
            f"y{row}": sum(entry * x for entry, x in zip(entries, columns, strict=True))
            for row, entries in enumerate(matrix)
        }

    return multiply


def matrix_product(size, *_):
    def multiply(**entries):
        return {
            f"c_{row}_{column}": sum(
                entries[f"a_{row}_{k}"] * entries[f"b_{k}_{column}"] for k in range(size)
            )
            for row in range(size)
            for column in range(size)
        }

    return multiply


CASES = [
    CircuitCase(library.MaxOf, extreme(np.maximum), (3, 3), ((1, 4), (3, 4, True), (7, 12))),
    CircuitCase(library.MinOf, extreme(np.minimum), (3, 3), ((1, 4), (3, 4, True), (7, 12))),
    CircuitCase(
        library.WeightedSum,
        weighted_sum,
        ((1, 1, 2, 5),),
        (((3, -1, 4, -1, 5, -9, 2, 6),), ((-1,),), ((0, 1),), ((2**22, -3, 2**16) * 8,)),
    ),
    CircuitCase(
        library.PopCount,
        lambda *_: lambda a: {"count": ones(a)},
        (5,),
        ((1,), (12,), (30,)),
    ),
    CircuitCase(
        library.SumOf,
        lambda *_: lambda **numbers: {"sum": sum(numbers.values())},
        (3, 2),
        ((1, 3), (3, 4, True), (9, 12), (5, 10, True)),
    ),
    CircuitCase(
        library.ThresholdMultiplier,
        lambda *_: lambda a, b: {"product": a * b},
        (3,),
        ((1,), (2, True), (4, True), (6,), (8, True)),
    ),
    CircuitCase(
        library.MatrixVector, matrix_vector, (MATRIX, 3), ((MATRIX, 4, True), (LARGE, 31, True, 8))
    ),
    CircuitCase(
        library.MultiplyByConstant,
        lambda width, constant, *_: lambda a: {"product": a * constant},
        (4, 11),
        ((6, -1), (6, -37, True), (6, 64), (32, 1640531527, True, 8)),
    ),
    CircuitCase(
        library.ThresholdMatrixVector,
        matrix_vector,
        (MATRIX, 3),
        ((MATRIX, 4, True), (MATRIX, 12, True)),
    ),
    CircuitCase(
        library.MatrixProduct,
        matrix_product,
        (2, 1),
        ((2, 1, "strassen"), (1, 3), (3, 2), (4, 2, "strassen")),
    ),
]
