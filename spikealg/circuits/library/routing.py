"""Circuits that choose: selection by a line or a number, one-hot and binary codes, priorities.

All are combinational: a new value may be presented in every tick.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_bool, as_int
from spikealg.circuits.builder import Builder
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.ports import In, Out, number_coding, numbered
from spikealg.circuits.signal import Signal

__all__ = [
    "Decoder",
    "Demultiplexer",
    "Encoder",
    "Gate",
    "Multiplexer",
    "PriorityEncoder",
    "Select",
    "address_match",
    "first_of",
    "index_width",
]

Weights = npt.NDArray[np.int64]


def index_width(count: int) -> int:
    """Return the number of bits that number `count` things."""
    return max(1, (count - 1).bit_length())


def address_match(count: int) -> tuple[Weights, Weights]:
    """Return how `count` neurons read a binary index so that neuron k knows the index k.

    Returns
    -------
    weights : array (bits, count)
        1 where k has a 1, −1 where it has a 0: at index k neuron k gets as much as k has ones, at
        every other index less.
    ones : array (count,)
        What neuron k gets at index k.
    """
    bits = np.arange(count) >> np.arange(index_width(count))[:, None] & 1
    return 2 * bits - 1, bits.sum(axis=0)


def first_of(circuit: Builder, lines: Signal) -> Signal:
    """Return as many lines, of which the first that is 1 stays: each is silenced by those before.

    Parameters
    ----------
    circuit : Builder
        The circuit that is being built.
    lines : Signal
    """
    before = np.triu(np.ones((lines.lines, lines.lines), dtype=np.int64), 1)
    own = np.eye(lines.lines, dtype=np.int64)
    return circuit.gates(lines, weights=own - before, name="first")


class Gate(Circuit):
    """a where open is 1, else 0: a (width lines), open → out (width lines).

    One neuron per line, one tick.
    """

    def __init__(self, width: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width), open=In(), out=Out(self.width))

    def build(self, a: Signal, open: Signal) -> None:
        """Wire one neuron per line."""
        self.output("out", self.gates(a, open, threshold=2))


class Select(Circuit):
    """a where pick is 1, else b: a, b (width lines), pick → out (width lines); two ticks.

    2·width neurons.
    """

    def __init__(self, width: int, signed: bool = False) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(
            a=In(self.width, coding),
            b=In(self.width, coding),
            pick=In(),
            out=Out(self.width, coding),
        )

    def build(self, a: Signal, b: Signal, pick: Signal) -> None:
        """Wire two neurons per line."""
        picked = self.gates(a, pick, threshold=2, name="picked")
        out = self.gates(picked, b, pick, weights=(2, 1, -1), threshold=1)
        self.output("out", out.signed() if self.signed else out)


class Multiplexer(Circuit):
    """One of `count` numbers: a0, a1, ... (width lines each), index → out (width lines).

    An index of no number gives 0. (count + 1)·width neurons, two ticks.
    """

    def __init__(self, count: int, width: int) -> None:
        self.count = as_int("count", count, low=1)
        self.width = as_int("width", width, low=1)
        super().__init__(
            **numbered("a", self.count, In(self.width)),
            index=In(index_width(self.count)),
            out=Out(self.width),
        )

    def build(self, index: Signal, **numbers: Signal) -> None:
        """Wire a gate per line of each number, open at its index, and join them line by line."""
        weights, ones = address_match(self.count)
        chosen = [
            self.gates(
                number,
                index,
                weights=(1, np.repeat(weights[:, [k]], self.width, axis=1)),
                threshold=ones[k] + 1,
                name=f"chosen{k}",
            )
            for k, number in enumerate(numbers.values())
        ]
        self.output("out", self.gates(*chosen))


class Demultiplexer(Circuit):
    """A number sent to one of `count` outputs: a (width lines), index → out0, out1, ...

    The other outputs are 0. count·width neurons, one tick.
    """

    def __init__(self, count: int, width: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        self.count = as_int("count", count, low=1)
        super().__init__(
            a=In(self.width),
            index=In(index_width(self.count)),
            **{f"out{k}": Out(self.width) for k in range(self.count)},
        )

    def build(self, a: Signal, index: Signal) -> None:
        """Wire a gate per line and output, open at its index."""
        weights, ones = address_match(self.count)
        for k in range(self.count):
            gated = self.gates(
                a,
                index,
                weights=(1, np.repeat(weights[:, [k]], self.width, axis=1)),
                threshold=ones[k] + 1,
                name=f"to{k}",
            )
            self.output(f"out{k}", gated)


class Decoder(Circuit):
    """Binary to one-hot: index (width lines) → out (2^width lines), line `index` of which is 1.

    2^width neurons, one tick. Line 0 fires whenever no index is there, as 0 is an index; to be
    silent then, use a `Demultiplexer` and give it a 1.
    """

    def __init__(self, width: int) -> None:
        # Two thousand million lines are no circuit.
        self.width = as_int("width", width, low=1, high=20)
        super().__init__(index=In(self.width), out=Out(1 << self.width))

    def build(self, index: Signal) -> None:
        """Wire a neuron per number."""
        weights, ones = address_match(1 << self.width)
        self.output("out", self.gates(index, weights=weights, threshold=ones))


class Encoder(Circuit):
    """One-hot to binary: a (count lines) → index; 0 where no line is 1.

    A neuron per bit, one tick. Of several lines that are 1 the indices are joined bit by bit: for
    the first of them, use `PriorityEncoder`.
    """

    def __init__(self, count: int) -> None:
        self.count = as_int("count", count, low=1)
        super().__init__(a=In(self.count), index=Out(index_width(self.count)))

    def build(self, a: Signal) -> None:
        """Wire each line to the bits of its number."""
        bits = np.arange(self.count)[:, None] >> np.arange(index_width(self.count)) & 1
        self.output("index", self.gates(a, weights=bits))


class PriorityEncoder(Circuit):
    """The first line that is 1: a (count lines) → index, any (whether there is one).

    The lowest line wins. count + 1 neurons and one per bit, two ticks; index is 0 where none is.
    """

    def __init__(self, count: int) -> None:
        self.count = as_int("count", count, low=1)
        super().__init__(a=In(self.count), index=Out(index_width(self.count)), any=Out())

    def build(self, a: Signal) -> None:
        """Wire a neuron per line that the lines before it silence."""
        first = first_of(self, a)
        self.output("index", self.add(Encoder(self.count), a=first).index)
        self.output("any", self.gate(first, name="any"))
