"""Products of two numbers; new operands may come in every tick."""

from __future__ import annotations

import numpy as np

from spikealg.arguments import as_bool, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.sums import bit_weights, sum_bits
from spikealg.circuits.ports import In, Out, number_coding
from spikealg.circuits.signal import Signal, concat

__all__ = ["Multiplier", "ThresholdMultiplier"]


class _Product(Circuit):
    """Ports of a product, and the products of all pairs of bits."""

    def __init__(self, width: int, signed: bool = False) -> None:
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(a=In(width, coding), b=In(width, coding), product=Out(2 * width, coding))
        self.width = as_int("width", width, low=2 if self.signed else 1)

    def _pairs(self, a: Signal, b: Signal) -> Signal:
        """Return a_i·b_k as line width·i + k."""
        one = np.eye(self.width, dtype=np.int64)
        of_a, of_b = np.repeat(one, self.width, axis=1), np.tile(one, self.width)
        return self.gates(a, b, weights=(of_a, of_b), threshold=2, name="pair")


class Multiplier(_Product):
    """a·b: a, b (width lines) → product (2·width lines).

    An array of full adders, one row per bit of a: 3·width² neurons (a few more if signed), 4·width
    ticks, weights up to 2. The row of the sign, which counts negative, is subtracted.

    Parameters
    ----------
    width : int
        At least 2 if signed.
    signed : bool
        Numbers are two's complement; so is the product.
    """

    def build(self, a: Signal, b: Signal) -> None:
        """Wire the pairs and a row of adders for each bit of a but the lowest."""
        pairs = list(self._pairs(a, b))
        rows = [pairs[self.width * bit : self.width * (bit + 1)] for bit in range(self.width)]
        # A row is added to what is left above the bits that are done.
        upper = [*rows[0], rows[0][-1] if self.signed else self.ground()]
        done: list[Signal] = []
        for bit, row in enumerate(rows[1:], start=1):
            done.append(upper[0])
            upper = self._row(upper[1:], row, subtract=self.signed and bit == self.width - 1)
        product = concat(*done, *upper)
        self.output("product", product.signed() if self.signed else product)

    def _row(self, x: list[Signal], y: list[Signal], *, subtract: bool) -> list[Signal]:
        """Return the width + 1 bits of x ± y, each ready as soon as it can be."""
        if self.signed:
            x, y = [*x, x[-1]], [*y, y[-1]]
        weights, threshold, bit_of = (1, 1, 1), 2, (1, 1, 1, -2)
        if subtract:
            weights, threshold, bit_of = (-1, 1, 1), 1, (1, -1, -1, 2)
        bits: list[Signal] = []
        carry: list[Signal] = []
        for a, b in zip(x, y, strict=True):
            terms = (a, b, *carry)
            following = self.gate(
                *terms, weights=weights[: len(terms)], threshold=threshold, name="carry"
            )
            bits.append(
                self.gate(
                    *terms, following, weights=(*bit_of[: len(terms)], bit_of[-1]), name="bit"
                )
            )
            carry = [following]
        return bits if self.signed else [*bits, *carry]


class ThresholdMultiplier(_Product):
    """a·b in three ticks: a, b (width lines) → product (2·width lines).

    One layer of pairs and two that sum them: about 4·width² neurons whose weights reach
    2^(2·width − 1), so int32 allows up to 15 lines, 13 if signed (Siu, Bruck, Kailath and
    Hofmeister, "Depth efficient neural networks for division and related problems", 1993).

    Parameters
    ----------
    width : int
        At least 2 if signed.
    signed : bool
        Numbers are two's complement; so is the product.
    """

    def build(self, a: Signal, b: Signal) -> None:
        """Wire the pairs and their sum."""
        counts = np.array(bit_weights(self.width, self.signed))
        weights = np.multiply.outer(counts, counts).reshape(-1).tolist()
        product = sum_bits(self, self._pairs(a, b), weights, 2 * self.width)
        self.output("product", product.signed() if self.signed else product)
