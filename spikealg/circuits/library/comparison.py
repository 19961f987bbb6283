"""Comparisons of two numbers, and of a number with a constant; new operands in every tick."""

from __future__ import annotations

import numpy as np

from spikealg.arguments import as_bool, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.chains import as_block_of_comparison
from spikealg.circuits.ports import In, Out, number_coding
from spikealg.circuits.signal import Signal, concat

__all__ = ["AtLeast", "Comparator", "Equal", "GreaterThan"]


class GreaterThan(Circuit):
    """Whether a > b: a, b (width lines) → out.

    A ripple from the lowest block of bits, one neuron and tick per block:
    Σ 2^k (a_k − b_k) + (the lower bits of a are greater) ≥ 1. With ``block=width`` it is one gate.

    Parameters
    ----------
    width : int
    signed : bool
        Numbers are two's complement.
    block : int
        Bits that one neuron reads, with weights up to 2^(block − 1) that fill int32: up to 31 if
        that is all of `width`, else, as one more line comes from the lower bits, up to 30.
    """

    def __init__(self, width: int, signed: bool = False, block: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(a=In(self.width, coding), b=In(self.width, coding), out=Out())
        self.block = as_block_of_comparison(block, self.width)

    def build(self, a: Signal, b: Signal) -> None:
        """Wire one neuron per block."""
        if self.signed:
            # The top lines count negative, so they change sides.
            a, b = _exchange_tops(a, b)
        greater: list[Signal] = []
        for low in range(0, self.width, self.block):
            bits = slice(low, low + self.block)
            weight = 1 << np.arange(a[bits].width)
            signals = (a[bits], b[bits], *greater[-1:])
            weights = [weight, -weight, *(1 for _ in greater[-1:])]
            greater.append(self.gate(*signals, weights=weights, name="greater"))
        self.output("out", greater[-1])


def _exchange_tops(a: Signal, b: Signal) -> tuple[Signal, Signal]:
    if a.width == 1:
        return b.unsigned(), a.unsigned()
    return concat(a[:-1], b[-1]), concat(b[:-1], a[-1])


class Equal(Circuit):
    """Whether a = b: a, b (width lines) → out.

    2·width + 1 neurons, two ticks, weights of 1. It fires whenever nothing is there, 0 and 0 being
    equal.
    """

    def __init__(self, width: int, signed: bool = False) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(a=In(self.width, coding), b=In(self.width, coding), out=Out())

    def build(self, a: Signal, b: Signal) -> None:
        """Wire both directions in which bits can differ."""
        above = self.gates(a, b, weights=(1, -1), threshold=1, name="above")
        below = self.gates(a, b, weights=(-1, 1), threshold=1, name="below")
        self.output("out", self.gate(above, below, weights=-1, threshold=0))


class Comparator(Circuit):
    """How a compares with b: a, b (width lines) → greater, equal, less.

    2·⌈width / block⌉ + 1 neurons; greater and less are ready after ⌈width / block⌉ ticks, equal
    after one more. `equal` fires whenever nothing is there, 0 and 0 being equal.

    Parameters
    ----------
    width, signed, block
        As for `GreaterThan`.
    """

    def __init__(self, width: int, signed: bool = False, block: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(
            a=In(self.width, coding),
            b=In(self.width, coding),
            greater=Out(),
            equal=Out(),
            less=Out(),
        )
        self.block = as_block_of_comparison(block, self.width)

    def build(self, a: Signal, b: Signal) -> None:
        """Wire both directions; equal is neither."""
        compare = GreaterThan(self.width, self.signed, self.block)
        greater = self.add(compare, name="above", a=a, b=b).out
        less = self.add(compare, name="below", a=b, b=a).out
        self.output("greater", greater)
        self.output("less", less)
        self.output("equal", self.gate(greater, less, weights=-1, threshold=0, name="equal"))


class AtLeast(Circuit):
    """Whether a ≥ constant: a (width lines) → out; one neuron, one tick, up to 31 lines.

    A constant of 0 or less (of unsigned numbers) makes it fire whenever nothing is there.
    """

    def __init__(self, width: int, constant: int, signed: bool = False) -> None:
        # The weights 2^bit into one neuron must add up within int32.
        self.width = as_int("width", width, low=1, high=31)
        self.signed = as_bool("signed", signed)
        super().__init__(a=In(self.width, number_coding(self.signed)), out=Out())
        self.constant = as_int("constant", constant, low=-(1 << 30), high=(1 << 31) - 1)

    def build(self, a: Signal) -> None:
        """Wire one neuron."""
        weights = 1 << np.arange(self.width)
        if self.signed:
            weights[-1] *= -1
        self.output("out", self.gate(a, weights=weights, threshold=self.constant))
