"""Circuits of time: delays, pulses that last, clocks, timers."""

from __future__ import annotations

from spikealg.arguments import as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.neuron import INT32_MAX, MEMORYLESS
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal
from spikealg.errors import InputError

__all__ = ["Clock", "Delay", "DelayLine", "Stretch", "Timer"]


class Delay(Circuit):
    """The same value `ticks` later: a → out.

    It takes no neuron where the value is read by neurons. Joining the output with something that
    is ready earlier makes that wait too: a delay moves a value in time, it does not mix the values
    of different ticks.
    """

    def __init__(self, ticks: int, width: int = 1, coding: str = "binary") -> None:
        super().__init__(a=In(width, coding), out=Out(width, coding))
        # A gate that reads the value takes a tick more, and a delay has to fit int32.
        self.ticks = as_int("ticks", ticks, low=0, high=INT32_MAX - 1)
        if coding == "current":
            raise InputError('a Delay carries spikes; coding "current" has none')

    def build(self, a: Signal) -> None:
        """Wire nothing: waiting is done by the synapses that read the value."""
        self.output("out", a.later(self.ticks))


class DelayLine(Circuit):
    """The same value `ticks` later, by relays: a → out, both `width` lines.

    No synapse waits longer than `longest` ticks, for chips that limit delays:
    width·⌈ticks / longest⌉ neurons.
    """

    def __init__(self, ticks: int, width: int = 1, longest: int = 1) -> None:
        super().__init__(a=In(width), out=Out(width))
        self.ticks = as_int("ticks", ticks, low=1)
        self.longest = as_int("longest", longest, low=1)

    def build(self, a: Signal) -> None:
        """Wire a chain of relays."""
        out, left = a, self.ticks
        while left:
            hop = min(left, self.longest)
            out = self.gates(out.later(hop - 1), name="relay")
            left -= hop
        self.output("out", out)


class Stretch(Circuit):
    """A pulse made longer: pulse → out, which is 1 where a pulse was in the last `ticks` ticks.

    The pulse's own tick counts. Each neuron doubles the length: ⌈log2 ticks⌉ neurons and as many
    ticks of latency.
    """

    def __init__(self, ticks: int) -> None:
        super().__init__(pulse=In(), out=Out())
        self.ticks = as_int("ticks", ticks, low=1)

    def build(self, pulse: Signal) -> None:
        """Wire neurons that join a signal with itself some ticks ago."""
        out, length = pulse, 1
        while length < self.ticks:
            more = min(length, self.ticks - length)
            longer = self.neuron(threshold=1, leak=MEMORYLESS, name="longer")
            self.connect(out, longer)
            self.connect(out, longer, delay=1 + more)
            out = longer.signal(ready=out.tick + 1)
            length += more
        self.output("out", out)
        self.accepts_every(1)


class Clock(Circuit):
    """A pulse every `period` ticks: start, stop (optional) → out.

    The first pulse comes with the start, a start while it runs begins a new period, and a stop wins
    over a start in the same tick. Two neurons: one runs, one counts.
    """

    def __init__(self, period: int) -> None:
        super().__init__(start=In(), stop=In(optional=True), out=Out())
        # Three times the period into one neuron must stay within int32.
        self.period = as_int("period", period, low=1, high=2**28)

    def build(self, start: Signal, stop: Signal | None = None) -> None:
        """Wire a neuron that excites itself to one that fires at `period`."""
        running = self.neuron(threshold=1, leak=MEMORYLESS, name="running")
        phase = self.neuron(threshold=self.period, floor=0, name="phase")
        self.connect(running, running)
        self.connect(start, running)
        self.connect(running, phase)
        self.connect(start, phase, weight=self.period)
        if stop is not None:
            self.connect(stop, running, weight=-2)
            self.connect(stop, phase, weight=-2 * self.period)
        self.output("out", phase.signal(ready=1))
        self.accepts_every(1)


class Timer(Circuit):
    """A wait: ticks (width lines), start → done, which fires `ticks` + 2 ticks after the start.

    `ticks` is read in the tick of the start only, and 0 is a number like any other; the latency
    depends on the data. width + 2 neurons. The timer can be started again once it is done; a start
    while it runs makes it count wrong.
    """

    def __init__(self, width: int) -> None:
        # The weights 2^bit into one neuron must add up within int32.
        self.width = as_int("width", width, low=1, high=30)
        super().__init__(ticks=In(self.width), start=In(), done=Out())

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
        self.accepts_every(None)
