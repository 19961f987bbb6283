"""The largest and the smallest of two numbers and of a set; new operands in every tick."""

from __future__ import annotations

from spikealg.arguments import as_bool, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.chains import as_block_of_comparison
from spikealg.circuits.library.comparison import GreaterThan
from spikealg.circuits.library.routing import Select
from spikealg.circuits.ports import In, Out, number_coding, numbered
from spikealg.circuits.signal import Signal, concat

__all__ = ["Max", "MaxOf", "Min", "MinOf"]


class _OfTwo(Circuit):
    """One of two numbers, chosen by which is greater."""

    _largest: bool

    def __init__(self, width: int, signed: bool = False, block: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(
            a=In(self.width, coding), b=In(self.width, coding), out=Out(self.width, coding)
        )
        self.block = as_block_of_comparison(block, self.width)

    def build(self, a: Signal, b: Signal) -> None:
        """Wire a comparison and a selection."""
        greater = self.add(GreaterThan(self.width, self.signed, self.block), a=a, b=b).out
        best, other = (a, b) if self._largest else (b, a)
        select = Select(self.width, self.signed)
        self.output("out", self.add(select, a=best, b=other, pick=greater).out)


class Max(_OfTwo):
    """The larger of two numbers: a, b (width lines) → out (width lines).

    2·width + ⌈width / block⌉ neurons, ⌈width / block⌉ + 2 ticks.

    Parameters
    ----------
    width, signed, block
        As for `GreaterThan`.
    """

    _largest = True


class Min(_OfTwo):
    """The smaller of two numbers: a, b (width lines) → out (width lines); cost as `Max`.

    Parameters
    ----------
    width, signed, block
        As for `GreaterThan`.
    """

    _largest = False


class _OfSet(Circuit):
    """Numbers drop out bit by bit, from the top, where another has a better bit."""

    _largest: bool

    def __init__(self, count: int, width: int, signed: bool = False) -> None:
        self.count = as_int("count", count, low=1)
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(
            **numbered("a", self.count, In(self.width, coding)),
            out=Out(self.width, coding),
            winners=Out(self.count),
        )

    def build(self, **numbers: Signal) -> None:
        """Wire for each bit who has the better value, whether anyone, and who drops out."""
        dropped = self.ground(self.count)
        bits: list[Signal] = []
        for bit in reversed(range(self.width)):
            column = concat(*(number[bit] for number in numbers.values()))
            # A better bit is a 1 for the largest, a 0 for the smallest; the sign is the reverse.
            better_is_one = self._largest != (self.signed and bit == self.width - 1)
            value = 1 if better_is_one else -1
            better = self.gates(
                column, dropped, weights=(value, -1), threshold=int(better_is_one), name="better"
            )
            anyone = self.gate(better, name="anyone")
            out = anyone if better_is_one else self.gate(anyone, weights=-1, threshold=0)
            bits.insert(0, out)
            dropped = self.gates(
                dropped,
                anyone,
                column,
                weights=(2, 1, -value),
                threshold=1 if better_is_one else 2,
                name="dropped",
            )
        out = concat(*bits)
        self.output("out", out.signed() if self.signed else out)
        self.output("winners", self.gates(dropped, weights=-1, threshold=0, name="winner"))


class MaxOf(_OfSet):
    """The largest of `count` numbers: a0, a1, ... (width lines each) → out, winners (count lines).

    Line k of `winners` says that number k is a largest; of equal numbers all are.
    (2·count + 1)·width + count neurons, 3·width + 1 ticks. `winners` fire whenever nothing is
    there, as zeros are equal.

    Parameters
    ----------
    count, width : int
    signed : bool
        Numbers are two's complement.
    """

    _largest = True


class MinOf(_OfSet):
    """The smallest of `count` numbers: a0, a1, ... (width lines each) → out, winners (count lines).

    As `MaxOf`, with a neuron more per bit of the result, which fires whenever nothing is there too.
    """

    _largest = False
