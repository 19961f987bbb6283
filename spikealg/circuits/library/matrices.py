"""Products of two matrices in constant depth, the plain way and by Strassen's seven products.

Parekh, Phillips, James and Aimone, "Constant-depth and subcubic-size threshold circuits for matrix
multiplication", SPAA 2018 (arXiv 2006.14652): sums of integers take two layers of threshold gates,
so an algorithm that is a sum of products of sums takes five.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikealg.arguments import as_choice, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.sums import bit_weights, range_width, sum_bits
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal, concat
from spikealg.errors import InputError

__all__ = ["MatrixProduct"]

# Strassen, "Gaussian elimination is not optimal", 1969: product m is (Σ LEFT[m]·A)(Σ RIGHT[m]·B),
# and block k of the result Σ RESULT[k]·product; blocks in the order 11, 12, 21, 22.
LEFT = (
    (1, 0, 0, 1),
    (0, 0, 1, 1),
    (1, 0, 0, 0),
    (0, 0, 0, 1),
    (1, 1, 0, 0),
    (-1, 0, 1, 0),
    (0, 1, 0, -1),
)
RIGHT = (
    (1, 0, 0, 1),
    (1, 0, 0, 0),
    (0, 1, 0, -1),
    (-1, 0, 1, 0),
    (0, 0, 0, 1),
    (1, 1, 0, 0),
    (0, 0, 1, 1),
)
RESULT = (
    (1, 0, 0, 1, -1, 0, 1),
    (0, 0, 1, 0, 1, 0, 0),
    (0, 1, 0, 1, 0, 0, 0),
    (1, -1, 1, 0, 0, 1, 0),
)

_Bits = list[tuple[Signal, int]]
"""An integer as lines and what each counts."""


class MatrixProduct(Circuit):
    """A·B of unsigned integers: a_0_0, a_0_1, ..., b_0_0, ... → c_0_0, c_0_1, ...

    Naive: size³·width² products of bits and a sum per entry, three ticks. Strassen, one level:
    seven products of blocks of half the size, five ticks; its sums are one or two bits wider, so it
    has fewer neurons only where entries are wide enough for 7/8 of the products to outweigh them.

    Parameters
    ----------
    size : int
        Rows and columns; even for Strassen.
    width : int
        Lines of an entry of A or B.
    method : str
        "naive" or "strassen".
    """

    def __init__(self, size: int, width: int, method: str = "naive") -> None:
        self.size = as_int("size", size, low=1)
        self.width = as_int("width", width, low=1, high=14)
        self.method = as_choice("method", method, ("naive", "strassen"))
        if self.method == "strassen" and self.size % 2:
            raise InputError(f"size must be even for Strassen's method, got {self.size}")
        self.out_width, _ = range_width(0, self.size * (2**self.width - 1) ** 2)
        places = [f"{row}_{column}" for row in range(self.size) for column in range(self.size)]
        super().__init__(
            **{f"a_{place}": In(self.width) for place in places},
            **{f"b_{place}": In(self.width) for place in places},
            **{f"c_{place}": Out(self.out_width) for place in places},
        )

    def build(self, **entries: Signal) -> None:
        """Wire the products, and a sum of bits for each entry of the result."""
        weights = bit_weights(self.width)
        a, b = (
            {
                (row, column): list(zip(entries[f"{letter}_{row}_{column}"], weights, strict=True))
                for row in range(self.size)
                for column in range(self.size)
            }
            for letter in "ab"
        )
        naive = self.method == "naive"
        for (row, column), terms in self._naive(a, b) if naive else self._strassen(a, b):
            lines = concat(*(line for line, _ in terms))
            total = sum_bits(self, lines, [weight for _, weight in terms], self.out_width)
            self.output(f"c_{row}_{column}", total)

    def _naive(
        self, a: dict[tuple[int, int], _Bits], b: dict[tuple[int, int], _Bits]
    ) -> Iterator[tuple[tuple[int, int], _Bits]]:
        for row in range(self.size):
            for column in range(self.size):
                inner = [(a[row, k], b[k, column]) for k in range(self.size)]
                yield (row, column), [term for x, y in inner for term in self._times(x, y)]

    def _strassen(
        self, a: dict[tuple[int, int], _Bits], b: dict[tuple[int, int], _Bits]
    ) -> Iterator[tuple[tuple[int, int], _Bits]]:
        half = self.size // 2
        inside = [(row, column) for row in range(half) for column in range(half)]
        products = []
        for left, right in zip(LEFT, RIGHT, strict=True):
            x = {place: self._combined(a, left, place) for place in inside}
            y = {place: self._combined(b, right, place) for place in inside}
            products.append(
                {
                    (row, column): [
                        term for k in range(half) for term in self._times(x[row, k], y[k, column])
                    ]
                    for row, column in inside
                }
            )
        for block, factors in enumerate(RESULT):
            for row, column in inside:
                place = row + half * (block // 2), column + half * (block % 2)
                yield (
                    place,
                    [
                        (line, factor * weight)
                        for product, factor in zip(products, factors, strict=True)
                        if factor
                        for line, weight in product[row, column]
                    ],
                )

    def _combined(
        self,
        entries: dict[tuple[int, int], _Bits],
        factors: tuple[int, ...],
        place: tuple[int, int],
    ) -> _Bits:
        """Return Σ factor·block at a place in the blocks, two's complement if it may be < 0."""
        half = self.size // 2
        terms = [
            (line, factor * weight)
            for block, factor in enumerate(factors)
            if factor
            for line, weight in entries[
                place[0] + half * (block // 2), place[1] + half * (block % 2)
            ]
        ]
        if len(terms) == self.width:
            return terms
        weights = [weight for _, weight in terms]
        low, high = sum(w for w in weights if w < 0), sum(w for w in weights if w > 0)
        width, signed = range_width(low, high)
        total = sum_bits(self, concat(*(line for line, _ in terms)), weights, width)
        return list(zip(total, bit_weights(width, signed), strict=True))

    def _times(self, x: _Bits, y: _Bits) -> _Bits:
        """Return the products of all pairs of bits."""
        one_x, one_y = np.eye(len(x), dtype=np.int64), np.eye(len(y), dtype=np.int64)
        pairs = self.gates(
            concat(*(line for line, _ in x)),
            concat(*(line for line, _ in y)),
            weights=(np.repeat(one_x, len(y), axis=1), np.tile(one_y, len(x))),
            threshold=2,
            name="pair",
        )
        weights = [p * q for _, p in x for _, q in y]
        return list(zip(pairs, weights, strict=True))
