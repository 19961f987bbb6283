"""Circuits that remember: latch, register, counter, timer."""

from __future__ import annotations

import numpy as np

from spikealg.arguments import as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal, concat

__all__ = ["Counter", "Latch", "Register", "Timer"]


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


class Register(Circuit):
    """A stored number: data (width lines), store, recall, clear (optional) → out (width lines).

    `store` replaces the number by `data`, `clear` by 0 (and wins over a store in the same tick);
    `recall` makes `out` show the number as it was before this tick, and `out` is 0 in ticks
    without a recall. 3·width neurons. Starts at 0.
    """

    def __init__(self, width: int) -> None:
        super().__init__(
            data=In(width), store=In(), recall=In(), clear=In(optional=True), out=Out(width)
        )
        self.width = width

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


class Counter(Circuit):
    """How many ticks had a pulse: pulse, clear (optional) → value (width lines), carry.

    The number is modulo 2^width and is shown in every tick; `carry` fires when it wraps. A clear in
    the tick of a pulse wins. 2·width neurons: one keeps a bit of the number in its potential and
    fires when the bit overflows, the other shows it.
    """

    def __init__(self, width: int) -> None:
        super().__init__(pulse=In(), clear=In(optional=True), value=Out(width), carry=Out())
        self.width = width

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


class Timer(Circuit):
    """A wait: ticks (width lines), start → done, which fires `ticks` + 2 ticks after the start.

    `ticks` is read in the tick of the start only, and 0 is a number like any other; the latency
    depends on the data. width + 2 neurons. The timer can be started again once it is done; a start
    while it runs makes it count wrong.
    """

    def __init__(self, width: int) -> None:
        # The weights 2^bit into one neuron must add up within int32.
        width = as_int("width", width, low=1, high=30)
        super().__init__(ticks=In(width), start=In(), done=Out())
        self.width = width

    def build(self, ticks: Signal, start: Signal) -> None:
        """Wire a neuron that goes down by `ticks` and then up by one per tick."""
        left = self.neuron(threshold=1, name="left")
        running = self.neuron(threshold=1, leak=MEMORYLESS, name="running")
        loaded = self.gates(ticks, start, threshold=2, name="loaded")
        self.connect(loaded, left, weight=[-(1 << bit) for bit in range(self.width)])
        self.connect(start, left, delay=2)
        self.connect(start, running, delay=2)
        self.connect(running, running)
        self.connect(running, left)
        # Done stops the run and takes back the tick that is under way.
        self.connect(left, running, weight=-2)
        self.connect(left, left, weight=-1)
        self.output("done", left.signal(ready=None))
