"""Bit-serial circuits: a number is one line, its bits one per tick, least significant first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spikealg.arguments import as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal

__all__ = [
    "BitSerialAdder",
    "BitSerialConstant",
    "BitSerialGreaterThan",
    "BitSerialNegate",
    "BitSerialShift",
    "BitSerialShiftRight",
    "BitSerialSubtractor",
    "FromStream",
    "ToStream",
]


class ToStream(Circuit):
    """Parallel to bit-serial: a (width lines) → out (stream of width); one neuron, one tick.

    The next number may come after width ticks.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width), out=Out(self.width, "stream"))

    def build(self, a: Signal) -> None:
        """Wire one neuron that hears line k k ticks later than line 0."""
        out = self.neuron(threshold=1, leak=MEMORYLESS, name="out")
        self.connect(a, out, delay=1 + np.arange(self.width))
        self.output("out", out.signal(ready=1, coding="stream", width=self.width))
        self.accepts_every(self.width)


class FromStream(Circuit):
    """Bit-serial to parallel: a (stream of width) → out (width lines), with the last bit.

    It takes no neuron: line k is the stream as it was width − 1 − k ticks ago. In other ticks the
    lines show parts of a number. The next number may come after width ticks.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width, "stream"), out=Out(self.width))

    def build(self, a: Signal) -> None:
        """Read the one line at `width` times."""
        ago = np.arange(self.width)[::-1]
        out = replace(
            a,
            sources=np.repeat(a.sources, self.width),
            lags=a.lags + ago,
            tick=a.tick + self.width - 1,
            coding="binary",
        )
        self.output("out", out)


class BitSerialConstant(Circuit):
    """A number, one bit per tick: first → out (stream of width), from the tick after `first`.

    One neuron, which hears `first` once per bit that is 1. Zero is never heard.
    """

    def __init__(self, value: int, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(first=In(), out=Out(self.width, "stream"))
        self.value = as_int("value", value, low=0, high=(1 << self.width) - 1)

    def build(self, first: Signal) -> None:
        """Wire one neuron with a delay for each bit that is 1."""
        out = self.neuron(threshold=1, leak=MEMORYLESS, name="out")
        bits = [bit for bit in range(self.width) if self.value >> bit & 1]
        for bit in bits:
            self.connect(first, out, delay=1 + bit)
        self.output("out", out.signal(ready=1, coding="stream", width=self.width))
        self.accepts_every(self.width)


class BitSerialShift(Circuit):
    """a·2^by, one bit per tick: a (stream of width) → out (stream of width + by).

    It takes no neuron: bits that are read `by` ticks late are `by` places higher.
    """

    def __init__(self, width: int, by: int) -> None:
        self.width = as_int("width", width, low=1)
        self.by = as_int("by", by, low=0)
        super().__init__(a=In(self.width, "stream"), out=Out(self.width + self.by, "stream"))

    def build(self, a: Signal) -> None:
        """Read the line later."""
        self.output("out", replace(a, lags=a.lags + self.by, width=self.width + self.by))


class BitSerialShiftRight(Circuit):
    """⌊a / 2^by⌋, one bit per tick: a (stream of width), first → out (stream of width − by).

    `first` is 1 in the tick of bit 0. One neuron, by + 1 ticks: the lowest bits do not pass.
    """

    def __init__(self, width: int, by: int) -> None:
        self.width = as_int("width", width, low=1)
        self.by = as_int("by", by, low=0, high=self.width - 1)
        rest = self.width - self.by
        super().__init__(a=In(self.width, "stream"), first=In(), out=Out(rest, "stream"))

    def build(self, a: Signal, first: Signal) -> None:
        """Wire one neuron, which `first` silences for as many ticks."""
        out = self.neuron(threshold=1, leak=MEMORYLESS, name="out")
        self.connect(a, out)
        for tick in range(self.by):
            self.connect(first, out, weight=-1, delay=1 + tick)
        rest = self.width - self.by
        self.output("out", out.signal(ready=1 + self.by, coding="stream", width=rest))
        self.accepts_every(self.width)


class BitSerialAdder(Circuit):
    """a + b, one bit per tick: a, b (streams of width) → sum (stream of width + 1).

    Two neurons, two ticks. The next operands may start width + 1 ticks after these.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(
            a=In(self.width, "stream"),
            b=In(self.width, "stream"),
            sum=Out(self.width + 1, "stream", carry=True),
        )

    def build(self, a: Signal, b: Signal) -> None:
        """Wire the carry, which feeds itself, and the bit."""
        bits = self.width + 1
        carry = self.neuron(threshold=2, leak=MEMORYLESS, name="carry")
        for source in (a, b, carry):
            self.connect(source, carry)
        # The carry out of bit k fires one tick after the bit, and is the carry into bit k + 1.
        out_of = carry.signal(ready=1, coding="stream", width=bits)
        into = carry.signal(ready=0, coding="stream", width=bits)
        operands = (a.extend(bits), b.extend(bits))
        self.output("sum", self.gate(*operands, into, out_of, weights=(1, 1, 1, -2), name="bit"))
        self.accepts_every(bits)


class BitSerialSubtractor(Circuit):
    """a − b modulo 2^width: a, b (streams of width), first → difference (stream of width).

    `first` is 1 in the tick of bit 0: it clears the borrow, at the start and at the end. Two
    neurons, three ticks. The next operands may start width + 1 ticks after these. A negative
    difference is two's complement, and so may a and b be.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(
            a=In(self.width, "stream"),
            b=In(self.width, "stream"),
            first=In(),
            difference=Out(self.width, "stream"),
        )

    def build(self, a: Signal, b: Signal, first: Signal) -> None:
        """Wire the borrow, which feeds itself, and the bit."""
        borrow = self.neuron(threshold=1, leak=MEMORYLESS, name="borrow")
        # A tick of delay lets `first` clear the borrow before bit 0 arrives.
        a, b = a.later(1), b.later(1)
        self.connect(a, borrow, weight=-1)
        self.connect(b, borrow)
        self.connect(borrow, borrow)
        self.connect(first, borrow, weight=-2)
        # After the last bit it is forgotten: what follows a stream is 0.
        self.connect(first, borrow, weight=-2, delay=self.width + 2)
        out_of = borrow.signal(ready=2, coding="stream", width=self.width)
        into = borrow.signal(ready=1, coding="stream", width=self.width)
        bit = self.gate(a, b, into, out_of, weights=(1, -1, -1, 2), name="bit")
        self.output("difference", bit)
        # The last borrow is read one tick before it may be cleared.
        self.accepts_every(self.width + 1)


class BitSerialNegate(Circuit):
    """−a modulo 2^width: a (stream of width), first → out (stream of width).

    The difference 0 − a, see `BitSerialSubtractor`.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width, "stream"), first=In(), out=Out(self.width, "stream"))

    def build(self, a: Signal, first: Signal) -> None:
        """Wire a subtraction from nothing."""
        nothing = replace(self.ground(), coding="stream", width=self.width)
        minus = self.add(BitSerialSubtractor(self.width), a=nothing, b=a, first=first)
        self.output("out", minus.difference)


class BitSerialGreaterThan(Circuit):
    """Whether a > b: a, b (streams of width), first → out, one tick after the last bit.

    `first` is 1 in the tick of bit 0. One neuron, which keeps what the lower bits say:
    a_k − b_k + itself ≥ 1. The next operands may start width + 1 ticks after these.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(
            a=In(self.width, "stream"), b=In(self.width, "stream"), first=In(), out=Out()
        )

    def build(self, a: Signal, b: Signal, first: Signal) -> None:
        """Wire the neuron."""
        greater = self.neuron(threshold=1, leak=MEMORYLESS, name="greater")
        # A tick of delay lets `first` clear the neuron before bit 0 arrives.
        self.connect(a.later(1), greater)
        self.connect(b.later(1), greater, weight=-1)
        self.connect(greater, greater)
        self.connect(first, greater, weight=-2)
        self.output("out", greater.signal(ready=self.width + 1))
        self.accepts_every(self.width + 1)
