"""Adders and comparisons of unsigned binary numbers; new operands may come in every tick."""

from __future__ import annotations

from spikealg.circuits.circuit import Circuit
from spikealg.circuits.logic import Select
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal, concat

__all__ = ["Adder", "BitSerialAdder", "Comparator", "GreaterThan", "Max"]


class Adder(Circuit):
    """a + b + carry_in: a, b (width lines), carry_in (optional) → sum (width + 1 lines).

    A ripple of threshold gates: carry k+1 is 1 where at least two of a_k, b_k and carry k are,
    and bit k of the sum is a_k + b_k + carry_k − 2·carry_{k+1}. 2·width neurons, width + 1 ticks.
    For a sum modulo 2^width use ``sum[:width]``.
    """

    def __init__(self, width: int) -> None:
        super().__init__(
            a=In(width), b=In(width), carry_in=In(optional=True), sum=Out(width + 1, carry=True)
        )
        self.width = width

    def build(self, a: Signal, b: Signal, carry_in: Signal | None = None) -> None:
        """Wire two neurons per bit."""
        carries = [self.ground() if carry_in is None else carry_in]
        for bit in range(self.width):
            carries.append(self.gate(a[bit], b[bit], carries[bit], threshold=2, name="carry"))
        into, out_of = concat(*carries[:-1]), concat(*carries[1:])
        bits = self.gates(a, b, into, out_of, weights=(1, 1, 1, -2), threshold=1, name="bit")
        self.output("sum", concat(bits, carries[-1]))


class BitSerialAdder(Circuit):
    """a + b, one bit per tick: a, b (streams of width) → sum (stream of width + 1).

    Two neurons, two ticks. The next operands may start width + 1 ticks after these.
    """

    def __init__(self, width: int) -> None:
        super().__init__(
            a=In(width, "stream"), b=In(width, "stream"), sum=Out(width + 1, "stream", carry=True)
        )
        self.width = width

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


class GreaterThan(Circuit):
    """Whether a > b: a, b (width lines) → out.

    A ripple from the lowest bit, one neuron and tick per bit: 2·a_k − 2·b_k + (the lower bits of a
    are greater) ≥ 1.
    """

    def __init__(self, width: int) -> None:
        super().__init__(a=In(width), b=In(width), out=Out())
        self.width = width

    def build(self, a: Signal, b: Signal) -> None:
        """Wire one neuron per bit."""
        greater = self.ground()
        for bit in range(self.width):
            greater = self.gate(a[bit], b[bit], greater, weights=(2, -2, 1), name="greater")
        self.output("out", greater)


class Comparator(Circuit):
    """How a compares with b: a, b (width lines) → greater, equal, less.

    2·width + 1 neurons; greater and less are ready after width ticks, equal after one more.
    """

    def __init__(self, width: int) -> None:
        super().__init__(a=In(width), b=In(width), greater=Out(), equal=Out(), less=Out())
        self.width = width

    def build(self, a: Signal, b: Signal) -> None:
        """Wire both directions; equal is neither."""
        greater = self.add(GreaterThan(self.width), name="above", a=a, b=b).out
        less = self.add(GreaterThan(self.width), name="below", a=b, b=a).out
        self.output("greater", greater)
        self.output("less", less)
        self.output("equal", self.gate(greater, less, weights=-1, threshold=0, name="equal"))


class Max(Circuit):
    """The larger of two numbers: a, b (width lines) → out (width lines).

    3·width neurons, width + 2 ticks.
    """

    def __init__(self, width: int) -> None:
        super().__init__(a=In(width), b=In(width), out=Out(width))
        self.width = width

    def build(self, a: Signal, b: Signal) -> None:
        """Wire a comparison and a selection."""
        greater = self.add(GreaterThan(self.width), a=a, b=b).out
        self.output("out", self.add(Select(self.width), a=a, b=b, pick=greater).out)
