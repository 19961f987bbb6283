"""Arithmetic that stops at the largest and smallest number instead of wrapping around."""

from __future__ import annotations

from spikealg.arguments import as_bool, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.addition import Adder, Subtractor
from spikealg.circuits.library.chains import as_block
from spikealg.circuits.ports import In, Out, number_coding
from spikealg.circuits.signal import Signal, concat

__all__ = ["Saturate", "SaturatingAdder", "SaturatingSubtractor"]


class Saturate(Circuit):
    """The nearest number of fewer lines: a (width lines) → out (`to` lines).

    Unsigned numbers become at most 2^to − 1; two's complement stays from −2^(to−1) to
    2^(to−1) − 1. `to` + 1 or 2 neurons, two ticks.

    Parameters
    ----------
    width, to : int
    signed : bool
        a is two's complement.
    to_signed : bool, optional
        out is two's complement; as a unless given. A signed number becomes at least 0 if not.
    """

    def __init__(
        self, width: int, to: int, signed: bool = False, to_signed: bool | None = None
    ) -> None:
        self.signed = as_bool("signed", signed)
        self.to_signed = self.signed if to_signed is None else as_bool("to_signed", to_signed)
        loses_sign = self.signed and not self.to_signed
        self.width = as_int("width", width, low=1 + loses_sign)
        self.to = as_int("to", to, low=1, high=self.width - loses_sign)
        super().__init__(
            a=In(self.width, number_coding(self.signed)),
            out=Out(self.to, number_coding(self.to_signed)),
        )

    def build(self, a: Signal) -> None:
        """Wire whether the number is out of range, and bits that obey."""
        kept, top = self.to - self.to_signed, self.width - self.signed
        sign = [a[-1]] if self.signed else []
        limits: list[tuple[Signal, int]] = []
        if kept < top:
            upper, count = a[kept:top], top - kept
            weights = [1, *(-count - 1 for _ in sign)]
            limits.append((self.gate(upper, *sign, weights=weights, name="over"), 1))
            if self.signed and self.to_signed:
                # Negative numbers below the range have a 0 among the upper bits.
                under = self.gate(upper, *sign, weights=[-1, count], name="under")
                limits.append((under, -2))
        if self.signed and not self.to_signed:
            limits += [(line, -2) for line in sign]
        lines = [*sign] if self.to_signed and self.signed else [self.ground()] * self.to_signed
        if kept:
            reading = [signal for signal, _ in limits]
            weights = [1, *(weight for _, weight in limits)]
            lines.insert(0, self.gates(a[:kept], *reading, weights=weights, name="bit"))
        out = concat(*lines)
        self.output("out", out.signed() if self.to_signed else out)


class SaturatingAdder(Circuit):
    """a + b, at most the largest and at least the smallest number: a, b → sum (width lines each).

    An `Adder` and a `Saturate`: ⌈width / block⌉ + 3 ticks, one more in places if signed.

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
            a=In(self.width, coding), b=In(self.width, coding), sum=Out(self.width, coding)
        )
        self.block = as_block(block)

    def build(self, a: Signal, b: Signal) -> None:
        """Wire an exact sum and its limits."""
        total = self.add(Adder(self.width, self.signed, self.block), a=a, b=b).sum
        saturate = Saturate(self.width + 1, self.width, self.signed)
        self.output("sum", self.add(saturate, a=total).out)


class SaturatingSubtractor(Circuit):
    """a − b, at most the largest and at least the smallest number: a, b → difference.

    All have `width` lines; a − b of unsigned numbers is 0 where b is larger. A `Subtractor` and a
    `Saturate`.

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
            a=In(self.width, coding), b=In(self.width, coding), difference=Out(self.width, coding)
        )
        self.block = as_block(block)

    def build(self, a: Signal, b: Signal) -> None:
        """Wire an exact difference and its limits."""
        minus = Subtractor(self.width, self.signed, self.block)
        difference = self.add(minus, a=a, b=b).difference
        saturate = Saturate(self.width + 1, self.width, signed=True, to_signed=self.signed)
        self.output("difference", self.add(saturate, a=difference).out)
