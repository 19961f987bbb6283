"""Bit-serial circuits that hold a bit or a verdict while a number passes: choices and products."""

from __future__ import annotations

from spikealg.arguments import as_int
from spikealg.circuits.builder import Builder
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.serial import (
    BitSerialAdder,
    BitSerialGreaterThan,
    BitSerialNegate,
    BitSerialShift,
    FromStream,
)
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal

__all__ = ["BitSerialAbsolute", "BitSerialMax", "BitSerialMin", "BitSerialMultiplier"]


def _held(circuit: Builder, pulse: Signal, width: int, name: str = "held") -> Signal:
    """Return a stream of `width` ones after each pulse; the next may come `width` ticks later."""
    held = circuit.neuron(threshold=1, leak=MEMORYLESS, name=name)
    circuit.connect(pulse, held)
    circuit.connect(held, held)
    circuit.connect(pulse, held, weight=-1, delay=1 + width)
    return held.signal(ready=pulse.tick + 1, coding="stream", width=width)


def _choose(circuit: Builder, verdict: Signal, first: Signal, x: Signal, y: Signal) -> Signal:
    """Return the stream x where the verdict is 1, else y; `first` says when to read it."""
    yes = circuit.gate(verdict, first, threshold=2, name="yes")
    no = circuit.gate(verdict, first, weights=(-1, 1), name="no")
    while_yes = _held(circuit, yes, x.width, "while_yes")
    while_no = _held(circuit, no, y.width, "while_no")
    chosen = circuit.gate(x, while_yes, threshold=2, name="x_if_yes")
    otherwise = circuit.gate(y, while_no, threshold=2, name="y_if_no")
    return circuit.gate(chosen, otherwise, name="out")


class _OfTwo(Circuit):
    """One of two numbers, chosen by which is greater."""

    _largest: bool

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(
            a=In(self.width, "stream"),
            b=In(self.width, "stream"),
            first=In(),
            out=Out(self.width, "stream"),
        )

    def build(self, a: Signal, b: Signal, first: Signal) -> None:
        """Wire a comparison and a choice."""
        greater = self.add(BitSerialGreaterThan(self.width), a=a, b=b, first=first).out
        best, other = (a, b) if self._largest else (b, a)
        self.output("out", _choose(self, greater, first, best, other))
        self.accepts_every(self.width + 1)


class BitSerialMax(_OfTwo):
    """The larger of two numbers: a, b (streams of width), first → out (stream of width).

    `first` is 1 in the tick of bit 0. Eight neurons, width + 5 ticks: which is larger is known
    after the last bit. The next operands may start width + 1 ticks after these.
    """

    _largest = True


class BitSerialMin(_OfTwo):
    """The smaller of two numbers: a, b (streams of width), first → out (stream of width).

    As `BitSerialMax`.
    """

    _largest = False


class BitSerialAbsolute(Circuit):
    """|a| of two's complement: a (stream of width), first → out (stream of width, unsigned).

    `first` is 1 in the tick of bit 0. Nine neurons, width + 3 ticks, at least 5: the sign is the
    last bit. The next number may start width + 1 ticks after this.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width, "stream"), first=In(), out=Out(self.width, "stream"))

    def build(self, a: Signal, first: Signal) -> None:
        """Wire the negative, and a choice by the sign."""
        minus = self.add(BitSerialNegate(self.width), a=a, first=first).out
        sign = self.add(FromStream(self.width), a=a).out[-1]
        self.output("out", _choose(self, sign, first, minus, a))
        self.accepts_every(self.width + 1)


class BitSerialMultiplier(Circuit):
    """a·b, one bit per tick: a, b (streams of width), first → product (stream of 2·width).

    `first` is 1 in the tick of bit 0. Each bit of b is held while a passes, and what it lets
    through is added: 5·width − 2 neurons, 3·width ticks. The next operands may start 2·width ticks
    after these.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(
            a=In(self.width, "stream"),
            b=In(self.width, "stream"),
            first=In(),
            product=Out(2 * self.width, "stream"),
        )

    def build(self, a: Signal, b: Signal, first: Signal) -> None:
        """Wire a copy of a for each bit of b, and a chain of adders."""
        lines = self.add(FromStream(self.width), a=b).out
        bits = self.gates(lines, first, threshold=2, name="bit")
        copies = [
            self.gate(a, _held(self, bit, self.width), threshold=2, name="copy") for bit in bits
        ]
        total = copies[0]
        for place, copy in enumerate(copies[1:], start=1):
            shifted = self.add(BitSerialShift(self.width, place), a=copy).out
            adder = BitSerialAdder(shifted.width)
            total = self.add(adder, a=total.extend(shifted.width), b=shifted).sum
        self.output("product", total.extend(2 * self.width))
        self.accepts_every(2 * self.width)
