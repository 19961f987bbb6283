"""Circuits that remember: a bit, a number, a count, the last bits.

All take new inputs in every tick.
"""

from __future__ import annotations

import numpy as np

from spikealg.arguments import as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal, concat

__all__ = ["Counter", "Hold", "Latch", "Register", "ShiftRegister", "Toggle"]


class Latch(Circuit):
    """One bit that stays: set, reset → out, which is 1 from a set to the next reset.

    One neuron that excites itself. A reset in the tick of a set wins. Starts at 0.
    """

    def __init__(self) -> None:
        super().__init__(set=In(), reset=In(), out=Out())

    def build(self, set: Signal, reset: Signal) -> None:
        """Wire the neuron."""
        bit = self.neuron(threshold=1, leak=MEMORYLESS, name="bit")
        self.connect(bit, bit)
        self.connect(set, bit)
        self.connect(reset, bit, weight=-2)
        self.output("out", bit.signal(ready=1))
        self.accepts_every(1)


class Toggle(Circuit):
    """One bit that changes: toggle, clear (optional) → out.

    A counter modulo 2; a clear in the tick of a toggle wins. Two neurons, two ticks.
    """

    def __init__(self) -> None:
        super().__init__(toggle=In(), clear=In(optional=True), out=Out())

    def build(self, toggle: Signal, clear: Signal | None = None) -> None:
        """Wire a counter of one bit."""
        one = Counter(1)
        if clear is None:
            self.output("out", self.add(one, pulse=toggle).value)
        else:
            self.output("out", self.add(one, pulse=toggle, clear=clear).value)


class Hold(Circuit):
    """A number that stays: data (width lines), store → out (width lines), shown in every tick.

    `out` is the data of the latest store, this tick's included. 2·width neurons, two ticks.
    Starts at 0.
    """

    def __init__(self, width: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(data=In(self.width), store=In(), out=Out(self.width))

    def build(self, data: Signal, store: Signal) -> None:
        """Wire a self-exciting neuron per bit, and a gate before it."""
        written = self.gates(data, store, threshold=2, name="written")
        bits = self.neurons(self.width, threshold=1, leak=MEMORYLESS, name="bit")
        self.connect(bits, bits)
        self.connect(written, bits, weight=2)
        self.connect(store, bits, weight=-1, delay=2)
        self.output("out", bits.signal(ready=2))
        self.accepts_every(1)


class Register(Circuit):
    """A stored number: data (width lines), store, recall, clear (optional) → out (width lines).

    `store` replaces the number by `data`, `clear` by 0 (and wins over a store in the same tick);
    `recall` makes `out` show the number as it was before this tick, and `out` is 0 in ticks
    without a recall. 3·width neurons. Starts at 0.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(
            data=In(self.width),
            store=In(),
            recall=In(),
            clear=In(optional=True),
            out=Out(self.width),
        )

    def build(
        self, data: Signal, store: Signal, recall: Signal, clear: Signal | None = None
    ) -> None:
        """Wire a self-exciting neuron per bit, and a gate before and after it."""
        written = self.gates(data, store, threshold=2, name="written")
        bits = self.neurons(self.width, threshold=1, leak=MEMORYLESS, name="bit")
        self.connect(bits, bits)
        self.connect(written, bits, weight=2)
        self.connect(store, bits, weight=-1, delay=2)
        if clear is not None:
            self.connect(clear, bits, weight=-3, delay=2)
        # A store at tick 0 shows in the bits at tick 2, so at tick 1 they are what was before.
        self.output("out", self.gates(bits.signal(ready=1), recall, threshold=2, name="shown"))
        self.accepts_every(1)


class Counter(Circuit):
    """How many ticks had a pulse: pulse, clear (optional) → value (width lines), carry.

    The number is modulo 2^width and is shown in every tick; `carry` fires when it wraps. A clear in
    the tick of a pulse wins. 2·width neurons: one keeps a bit of the number in its potential and
    fires when the bit overflows, the other shows it.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(pulse=In(), clear=In(optional=True), value=Out(self.width), carry=Out())

    def build(self, pulse: Signal, clear: Signal | None = None) -> None:
        """Wire a chain of dividers by two; bit k runs k ticks behind bit 0."""
        carries = self.neurons(self.width, threshold=2, floor=0, name="carry")
        bits = self.neurons(self.width, threshold=1, leak=MEMORYLESS, name="bit")
        self.connect(pulse, carries[0])
        self.connect(carries[:-1], carries[1:])
        self.connect(pulse, bits[0], delay=2)
        self.connect(carries[:-1], bits[1:], delay=2)
        self.connect(carries, bits, weight=-2)
        self.connect(bits, bits)
        position = np.arange(self.width)
        if clear is not None:
            self.connect(clear, carries, weight=-2, delay=1 + position)
            self.connect(clear, bits, weight=-3, delay=2 + position)
        shown = [bits[bit : bit + 1].signal(ready=bit + 2) for bit in range(self.width)]
        self.output("value", concat(*shown))
        self.output("carry", carries[-1].signal(ready=self.width))
        self.accepts_every(1)


class ShiftRegister(Circuit):
    """The last bits: data, shift → out (length lines), line 0 the latest.

    Each tick with a `shift` takes in `data` and drops the oldest bit; without one all stays.
    3·length neurons, two ticks. A bit is in one of two neurons, one for bits that stay and one for
    bits that moved, so that it can move in every tick. Starts at 0.
    """

    def __init__(self, length: int) -> None:
        self.length = as_int("length", length, low=1)
        super().__init__(data=In(), shift=In(), out=Out(self.length))

    def build(self, data: Signal, shift: Signal) -> None:
        """Wire three neurons per bit."""
        stayed = self.neurons(self.length, threshold=1, leak=MEMORYLESS, name="stayed")
        moved = self.neurons(self.length, threshold=2, leak=MEMORYLESS, name="moved")
        self.connect(data, moved[0])
        self.connect(shift, moved)
        self.connect(shift, stayed, weight=-1)
        for bits in (stayed, moved):
            self.connect(bits, stayed)
            self.connect(bits[:-1], moved[1:])
        self.output("out", self.gates(stayed.signal(ready=1), moved.signal(ready=1)))
        self.accepts_every(1)
