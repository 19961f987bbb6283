"""Division with remainder, modulo and square roots, digit by digit; new operands in every tick."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spikealg.arguments import as_bool, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.addition import Adder
from spikealg.circuits.library.chains import as_block, borrows, shifted_by_one
from spikealg.circuits.library.gates import Constant, Xor
from spikealg.circuits.library.negation import Absolute, NegateIf
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.ports import In, Out, number_coding
from spikealg.circuits.signal import Signal, concat

__all__ = ["Divider", "Modulo", "SequentialDivider", "SquareRoot"]


class _TakeAway(Circuit):
    """x − y where y ≤ x, else x: x, y (width lines) → rest (width lines), short (y > x)."""

    def __init__(self, width: int, block: int) -> None:
        super().__init__(x=In(width), y=In(width), rest=Out(width), short=Out())
        self.width = width
        self.block = block

    def build(self, x: Signal, y: Signal) -> None:
        """Wire the borrows; the last one says which of x and the difference is left."""
        lines = borrows(self, x, y, None, self.block)
        into, out_of, short = shifted_by_one(self, lines, None), concat(*lines), lines[-1]
        kept = self.gates(x, short, threshold=2, name="kept")
        taken = self.gates(
            x, y, into, out_of, short, weights=(1, -1, -1, 2, -1), threshold=1, name="taken"
        )
        self.output("rest", self.gates(kept, taken, name="rest"))
        self.output("short", short)


def divide(circuit: Circuit, a: Signal, b: Signal, block: int) -> tuple[Signal, Signal]:
    """Return the remainder of a / b and, line by line, where b did not go into it.

    Restoring division: from the top, a bit of a is put below what is left, and b is taken away
    where it can be.
    """
    width = a.width
    rest = circuit.ground(width)
    short: list[Signal] = []
    for bit in reversed(range(width)):
        lines = concat(a[bit], rest)
        step = circuit.add(_TakeAway(width + 1, block), name="step", x=lines, y=b.extend(width + 1))
        rest = step.rest[:width]
        short.insert(0, step.short)
    return rest, concat(*short)


class Divider(Circuit):
    """a / b with remainder: a, b (width lines) → quotient, remainder (width lines).

    The quotient is truncated toward zero, and the remainder has the sign of a. A signed quotient
    has width + 1 lines, as −2^(width−1) / −1 needs them. Where b is 0, the remainder is a and the
    quotient 2^width − 1, with the sign of a. A restoring divider: about 4·width² neurons and
    width·(⌈(width + 1) / block⌉ + 2) ticks. So `quotient` fires whenever nothing is there.

    Parameters
    ----------
    width : int
    signed : bool
        Numbers are two's complement.
    block : int
        Bits that a borrow passes in a tick, as for `Adder`.
    """

    def __init__(self, width: int, signed: bool = False, block: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(
            a=In(self.width, coding),
            b=In(self.width, coding),
            quotient=Out(self.width + self.signed, coding),
            remainder=Out(self.width, coding),
        )
        self.block = as_block(block)

    def build(self, a: Signal, b: Signal) -> None:
        """Wire the division of absolute values, and the signs."""
        dividend, divisor = a, b
        if self.signed:
            dividend = self.add(Absolute(self.width), a=a).out
            divisor = self.add(Absolute(self.width), a=b).out
        rest, short = divide(self, dividend, divisor, self.block)
        quotient = self.gates(short, weights=-1, threshold=0, name="quotient")
        if self.signed:
            differ = self.add(Xor(2), a=concat(a[-1], b[-1])).out
            signs = NegateIf(self.width + 1)
            quotient = self.add(
                signs, a=quotient.extend(self.width + 1), negate=differ
            ).out.signed()
            rest = self.add(NegateIf(self.width), a=rest, negate=a[-1]).out.signed()
        self.output("quotient", quotient)
        self.output("remainder", rest)


class SequentialDivider(Circuit):
    """a / b with remainder: a, b (width lines), first → quotient, remainder (width lines).

    The bits of the quotient, from the top, come from one subtractor that is used again and again:
    about 8·width neurons where `Divider` takes 4·width², and width + 1 ticks more. The next
    operands have to wait for these; `first` is 1 in the tick of the operands, the only one in which
    they are read. Where b is 0, the remainder is a and the quotient 2^width − 1.

    Parameters
    ----------
    width : int
    block : int
        Bits that a borrow passes in a tick, as for `Adder`.
    """

    def __init__(self, width: int, block: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(
            a=In(self.width),
            b=In(self.width),
            first=In(),
            quotient=Out(self.width),
            remainder=Out(self.width),
        )
        self.block = as_block(block)

    def build(self, a: Signal, b: Signal, first: Signal) -> None:
        """Wire one step, and what it is given each time."""
        a = self.gates(a, first, threshold=2, name="a")
        b = self.gates(b, first, threshold=2, name="b")
        first = first.later(1)
        digit, step, again = (
            self.neuron(name=name, threshold=1, leak=MEMORYLESS)
            for name in ("digit", "step", "again")
        )
        divisor = self.neurons(self.width, name="divisor", threshold=1, leak=MEMORYLESS)
        left = self.neurons(self.width, name="left", threshold=2, leak=MEMORYLESS)
        taken = self.add(
            _TakeAway(self.width + 1, self.block),
            x=concat(digit.signal(ready=2), left.signal(ready=2)),
            y=divisor.signal(ready=2).extend(self.width + 1),
        )
        rest = taken.rest[: self.width]
        # What is left after a step goes into the next one, but not from a division to another.
        period = rest.tick - 1
        starts = period * np.arange(self.width)
        self.connect(rest, left)
        self.connect(again, left)
        self.connect(a, digit, delay=1 + starts[::-1])
        for start in starts:
            self.connect(b, divisor, delay=1 + start)
            self.connect(first, step, delay=1 + start)
            if start:
                self.connect(first, again, delay=start)
        bit = self.gate(step.signal(ready=2), taken.short, weights=(1, -1), name="bit")
        last = replace(bit, tick=bit.tick + int(starts[-1]))
        self.output("quotient", concat(*(last.ago(int(start)) for start in starts)))
        self.output("remainder", replace(rest, tick=rest.tick + int(starts[-1])))
        self.accepts_every(self.width * period)


class Modulo(Circuit):
    """a modulo b: a, b (width lines) → out (width lines).

    As ``a % b`` in Python: of signed numbers the result has the sign of b. Where b is 0, it is a.
    Neurons and ticks of `Divider`, and of an `Adder` if signed.

    Parameters
    ----------
    width, signed, block
        As for `Divider`.
    """

    def __init__(self, width: int, signed: bool = False, block: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(
            a=In(self.width, coding), b=In(self.width, coding), out=Out(self.width, coding)
        )
        self.block = as_block(block)

    def build(self, a: Signal, b: Signal) -> None:
        """Wire a division; where signs differ and something is left, b is added to it."""
        if not self.signed:
            rest, _ = divide(self, a, b, self.block)
            self.output("out", rest)
            return
        parts = self.add(Divider(self.width, signed=True, block=self.block), a=a, b=b)
        rest = parts.remainder
        differ = self.add(Xor(2), a=concat(rest[-1], b[-1])).out
        any_left = self.gate(rest, name="any_left")
        added = self.gates(b, differ, any_left, threshold=3, name="added")
        total = self.add(Adder(self.width, block=self.block), a=rest.unsigned(), b=added).sum
        self.output("out", total[: self.width].signed())


class SquareRoot(Circuit):
    """⌊√a⌋: a (width lines) → root (⌈width / 2⌉ lines), remainder (a line more).

    a = root² + remainder. Two bits of a at a time, a digit of the root each: with r the root so
    far, 4·r + 1 is taken away where it can be. About 1.2·width² neurons; those that hold the 1, and
    say that it cannot be taken away, fire whenever nothing is there.

    Parameters
    ----------
    width : int
    block : int
        Bits that a borrow passes in a tick, as for `Adder`.
    """

    def __init__(self, width: int, block: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        self.digits = (self.width + 1) // 2
        super().__init__(a=In(self.width), root=Out(self.digits), remainder=Out(self.digits + 1))
        self.block = as_block(block)

    def build(self, a: Signal) -> None:
        """Wire a step for each digit of the root."""
        a, lines = a.extend(2 * self.digits), self.digits + 2
        one = self.add(Constant(1)).out
        rest = self.ground(self.digits)
        root: list[Signal] = []
        for digit in reversed(range(self.digits)):
            trial = concat(one, self.ground(), *root)
            left = concat(a[2 * digit], a[2 * digit + 1], rest)
            step = self.add(
                _TakeAway(lines, self.block), name="step", x=left, y=trial.extend(lines)
            )
            root.insert(0, self.gate(step.short, weights=-1, threshold=0, name="bit"))
            rest = step.rest[: self.digits + (digit == 0)]
        self.output("root", concat(*root))
        self.output("remainder", rest)
