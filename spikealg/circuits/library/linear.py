"""Products with known integers: by a constant, and of a matrix with a vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_bool, as_int, as_int_array
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.codings import coding_limits
from spikealg.circuits.library.addition import Adder, Subtractor
from spikealg.circuits.library.chains import as_block
from spikealg.circuits.library.sums import bit_weights, range_width, sum_bits
from spikealg.circuits.ports import In, Out, number_coding, numbered
from spikealg.circuits.signal import Signal, concat
from spikealg.errors import InputError

__all__ = [
    "MatrixVector",
    "MultiplyByConstant",
    "ThresholdMatrixVector",
    "scaled_sum",
    "signed_digits",
]

_LARGEST = 2**31
"""Of a constant or an entry of a matrix."""


def signed_digits(number: int) -> list[tuple[int, int]]:
    """Return (bit, ±1) pairs whose Σ ±2^bit is `number`, as few as there can be.

    No two bits are neighbours (Reitwieser, "Binary arithmetic", 1960).
    """
    digits, bit = [], 0
    while number:
        if number % 2:
            sign = 2 - number % 4
            digits.append((bit, sign))
            number -= sign
        number //= 2
        bit += 1
    return digits


@dataclass(frozen=True)
class _Term:
    """A number modulo 2^width, to be added or subtracted."""

    lines: Signal
    sign: int


class _Linear(Circuit):
    """Ports of a matrix times a vector: x0, x1, ... → y0, y1, ..."""

    def __init__(self, matrix: npt.ArrayLike, width: int, signed: bool = False) -> None:
        self.signed = as_bool("signed", signed)
        self.matrix = as_int_array("matrix", matrix, low=-_LARGEST, high=_LARGEST)
        if self.matrix.ndim != 2 or not self.matrix.size:
            raise InputError(
                f"matrix must have shape (outputs, inputs), got shape {self.matrix.shape}"
            )
        self.width = as_int("width", width, low=1, high=64)
        coding = number_coding(self.signed)
        low, high = coding_limits(coding, self.width)
        self.formats = []
        for row in self.matrix.tolist():
            ends = [sorted((entry * low, entry * high)) for entry in row]
            self.formats.append(range_width(sum(e[0] for e in ends), sum(e[1] for e in ends)))
        super().__init__(
            **numbered("x", self.matrix.shape[1], In(self.width, coding)),
            **{f"y{k}": Out(w, number_coding(s)) for k, (w, s) in enumerate(self.formats)},
        )

    def _give(self, row: int, total: Signal) -> None:
        _, signed = self.formats[row]
        self.output(f"y{row}", total.signed() if signed else total)


class MatrixVector(_Linear):
    """matrix·x: x0, x1, ... (width lines each) → y0, y1, ..., each as wide as it has to be.

    Entries are split into as few powers of 2 as possible, of either sign, and shifted copies are
    added in a balanced tree of adders. An output is two's complement if it can be negative.

    Parameters
    ----------
    matrix : array of int (outputs, inputs)
    width : int
    signed : bool
        The inputs are two's complement.
    block : int
        As for `Adder`.
    """

    def __init__(
        self, matrix: npt.ArrayLike, width: int, signed: bool = False, block: int = 1
    ) -> None:
        super().__init__(matrix, width, signed)
        self.block = as_block(block)

    def build(self, **numbers: Signal) -> None:
        """Wire a tree of adders per output."""
        for row, entries in enumerate(self.matrix.tolist()):
            width, _ = self.formats[row]
            self._give(row, scaled_sum(self, list(numbers.values()), entries, width, self.block))


class MultiplyByConstant(Circuit):
    """a·constant: a (width lines) → product, as wide as it has to be.

    An addition or subtraction for each signed digit of the constant but one; a power of 2 costs
    nothing.

    Parameters
    ----------
    width, constant : int
    signed : bool
        a is two's complement. The product is, if it can be negative.
    block : int
        As for `Adder`.
    """

    def __init__(self, width: int, constant: int, signed: bool = False, block: int = 1) -> None:
        self.constant = as_int("constant", constant, low=-_LARGEST, high=_LARGEST)
        self._inner = MatrixVector([[self.constant]], width, signed, block)
        self.width = self._inner.width
        out = self._inner.ports["y0"]
        super().__init__(a=self._inner.ports["x0"], product=Out(out.width, out.coding))

    def build(self, a: Signal) -> None:
        """Wire a matrix of one entry."""
        self.output("product", self.add(self._inner, name="scale", x0=a).y0)


class ThresholdMatrixVector(_Linear):
    """matrix·x in two ticks: x0, x1, ... (width lines each) → y0, y1, ...

    Each output is a weighted sum of all bits in depth 2, see `WeightedSum`; the weights of a neuron
    must stay within int32.

    Parameters
    ----------
    matrix : array of int (outputs, inputs)
    width : int
    signed : bool
        The inputs are two's complement.
    """

    def build(self, **numbers: Signal) -> None:
        """Wire a weighted sum per output."""
        lines = concat(*numbers.values())
        bits = np.array(bit_weights(self.width, self.signed), dtype=object)
        for row, (width, _) in enumerate(self.formats):
            weights = np.multiply.outer(self.matrix[row].astype(object), bits).reshape(-1)
            self._give(row, sum_bits(self, lines, weights.tolist(), width))


def scaled_sum(
    circuit: Circuit, numbers: list[Signal], factors: list[int], width: int, block: int
) -> Signal:
    """Return Σ factor·number modulo 2^width."""
    terms = []
    for number, factor in zip(numbers, factors, strict=True):
        for bit, sign in signed_digits(factor):
            longer = number.extend(max(width, number.width)).unsigned()
            lines = concat(circuit.ground(bit), longer)[:width] if bit else longer[:width]
            terms.append(_Term(lines, sign))
    if not terms:
        return circuit.ground(width)
    while len(terms) > 1:
        pairs = [terms[k : k + 2] for k in range(0, len(terms), 2)]
        terms = [
            pair[0] if len(pair) == 1 else _joined(circuit, pair[0], pair[1], block)
            for pair in pairs
        ]
    (total,) = terms
    if total.sign > 0:
        return total.lines
    return _joined(circuit, _Term(circuit.ground(width), 1), total, block).lines


def _joined(circuit: Circuit, first: _Term, second: _Term, block: int) -> _Term:
    """Return the sum of two terms, as a term to add unless both are to be subtracted."""
    width = first.lines.width
    if first.sign == second.sign:
        total = circuit.add(Adder(width, block=block), a=first.lines, b=second.lines).sum
        return _Term(total[:width], first.sign)
    plus, minus = (first, second) if first.sign > 0 else (second, first)
    subtractor = Subtractor(width, block=block)
    difference = circuit.add(subtractor, a=plus.lines, b=minus.lines).difference
    return _Term(difference[:width], 1)
