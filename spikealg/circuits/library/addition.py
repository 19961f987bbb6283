"""Sums and differences of two numbers; new operands may come in every tick.

With ``block=1`` carries ripple through weights of 1, one bit per tick; with longer blocks they take
fewer ticks and larger weights, up to ``block=width``, where every sum has depth 2.
"""

from __future__ import annotations

import numpy as np

from spikealg.arguments import as_bool, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.chains import as_block, borrows, carries, shifted_by_one
from spikealg.circuits.ports import In, Out, number_coding
from spikealg.circuits.signal import Signal, concat

__all__ = ["AddConstant", "Adder", "Negate", "Subtractor"]


class Adder(Circuit):
    """a + b + carry_in: a, b (width lines), carry_in (optional) → sum (width + 1 lines).

    2·width neurons, ⌈width / block⌉ + 1 ticks (two neurons and up to one tick more if signed): a
    carry is a threshold gate of the bits below it, and bit k of the sum is
    a_k + b_k + carry_k − 2·carry_{k+1}. For a sum modulo 2^width use ``sum[:width]``.

    Parameters
    ----------
    width : int
    signed : bool
        Numbers are two's complement; so is the sum.
    block : int
        Bits that the carry passes in a tick, up to 30; the largest weight is 2^(block − 1).
    """

    def __init__(self, width: int, signed: bool = False, block: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(
            a=In(self.width, coding),
            b=In(self.width, coding),
            carry_in=In(optional=True),
            sum=Out(self.width + 1, coding, carry=not self.signed),
        )
        self.block = as_block(block)

    def build(self, a: Signal, b: Signal, carry_in: Signal | None = None) -> None:
        """Wire two neurons per bit."""
        if self.signed:
            a, b = a.extend(self.width + 1), b.extend(self.width + 1)
        lines = carries(self, a, b, carry_in, self.block)
        into, out_of = shifted_by_one(self, lines, carry_in), concat(*lines)
        bits = self.gates(a, b, into, out_of, weights=(1, 1, 1, -2), threshold=1, name="bit")
        self.output("sum", bits.signed() if self.signed else concat(bits, lines[-1]))


class Subtractor(Circuit):
    """a − b − borrow_in: a, b (width lines), borrow_in (optional) → difference (width + 1 lines).

    The difference is two's complement, its top line the sign; for unsigned a and b that is the
    borrow. Neurons and ticks are those of `Adder`: bit k is a_k − b_k − borrow_k + 2·borrow_{k+1}.

    Parameters
    ----------
    width, signed, block
        As for `Adder`.
    """

    def __init__(self, width: int, signed: bool = False, block: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(
            a=In(self.width, coding),
            b=In(self.width, coding),
            borrow_in=In(optional=True),
            difference=Out(self.width + 1, "signed"),
        )
        self.block = as_block(block)

    def build(self, a: Signal, b: Signal, borrow_in: Signal | None = None) -> None:
        """Wire two neurons per bit."""
        if self.signed:
            a, b = a.extend(self.width + 1), b.extend(self.width + 1)
        lines = borrows(self, a, b, borrow_in, self.block)
        into, out_of = shifted_by_one(self, lines, borrow_in), concat(*lines)
        bits = self.gates(a, b, into, out_of, weights=(1, -1, -1, 2), threshold=1, name="bit")
        self.output("difference", (bits if self.signed else concat(bits, lines[-1])).signed())


class Negate(Circuit):
    """−a: a (width lines) → out (width + 1 lines, two's complement).

    The difference 0 − a; neurons and ticks of `Subtractor`.
    """

    def __init__(self, width: int, signed: bool = False, block: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        super().__init__(
            a=In(self.width, number_coding(self.signed)), out=Out(self.width + 1, "signed")
        )
        self.block = as_block(block)

    def build(self, a: Signal) -> None:
        """Wire a subtraction from lines that are always 0."""
        zero = self.ground(self.width)
        minus = Subtractor(self.width, self.signed, self.block)
        zero = zero.signed() if self.signed else zero
        self.output("out", self.add(minus, a=zero, b=a).difference)


class AddConstant(Circuit):
    """a + constant, modulo 2^width: a (width lines) → sum (width lines).

    The constant is in the thresholds, so it costs no neuron and may be negative. 2·width neurons,
    width + 1 ticks, weights of 1. Bits of the constant show whenever no `a` is there, as 0 is a
    number too.
    """

    def __init__(self, width: int, constant: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width), sum=Out(self.width))
        self.constant = as_int(
            "constant", constant, low=-(1 << self.width), high=(1 << self.width) - 1
        )

    def build(self, a: Signal) -> None:
        """Wire two neurons per bit; bit k of the constant lowers their thresholds."""
        ones = np.array([self.constant >> bit & 1 for bit in range(self.width)])
        lines: list[Signal] = []
        for bit in range(self.width):
            signals = (a[bit], *lines[-1:])
            lines.append(self.gate(*signals, threshold=2 - ones[bit], name="carry"))
        into, out_of = shifted_by_one(self, lines, None), concat(*lines)
        self.output(
            "sum", self.gates(a, into, out_of, weights=(1, 1, -2), threshold=1 - ones, name="bit")
        )
