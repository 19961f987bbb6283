"""Numbers as times of spikes: into time and back, and order by waiting.

A number is the tick of a spike in a window of fixed length, so to sort is to listen: the spike that
comes first is the smallest number. A `start` pulse marks the first tick of each window, and windows
may follow each other without a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spikealg.arguments import as_bool, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.memory import Counter
from spikealg.circuits.library.routing import index_width
from spikealg.circuits.library.timing import Stretch
from spikealg.circuits.library.windows import as_line
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.ports import In, Out, numbered
from spikealg.circuits.signal import Signal

__all__ = ["FromTemporal", "LargestByTime", "SortByTime", "TemporalSort", "ToTemporal"]

LONGEST_NUMBER = 16
"""Bits of a number that becomes a time: a window of 2^16 ticks."""


class ToTemporal(Circuit):
    """A number as the tick of a spike: a (width lines), start → out (temporal of width 2^width).

    `a` is read in the tick of the start; without a start nothing fires, so 0 is a number like any
    other. A potential that starts at 2^width − 1 − a goes up by one per tick. 2·width + 1 neurons;
    the next number may come after 2^width ticks.

    Parameters
    ----------
    width : int
        Up to 16.
    largest_first : bool
        The tick is 2^width − 1 − a.
    """

    def __init__(self, width: int, largest_first: bool = False) -> None:
        self.width = as_int("width", width, low=1, high=LONGEST_NUMBER)
        self.largest_first = as_bool("largest_first", largest_first)
        super().__init__(a=In(self.width), start=In(), out=Out(1 << self.width, "temporal"))

    def build(self, a: Signal, start: Signal) -> None:
        """Wire a ramp."""
        (out,) = spike_times(self, [a], start, self.largest_first)
        self.output("out", out)
        self.accepts_every(1 << self.width)


class FromTemporal(Circuit):
    """The tick of a spike as a number: a (temporal of width `ticks`), start → out, any.

    `start` fires in the first tick of the window; `out` is there after the last, 0 if no spike
    came, and `any` says whether one did. Of several spikes the first counts. A counter runs, and a
    spike keeps what it shows. The next window may start after `ticks` ticks.

    Parameters
    ----------
    ticks : int
    """

    def __init__(self, ticks: int) -> None:
        self.ticks = as_int("ticks", ticks, low=1, high=1 << LONGEST_NUMBER)
        self.width = index_width(self.ticks)
        super().__init__(a=In(self.ticks, "temporal"), start=In(), out=Out(self.width), any=Out())

    def build(self, a: Signal, start: Signal) -> None:
        """Wire a counter and what a spike keeps of it."""
        ((out, heard),) = times_read(self, [a], start)
        self.output("out", out)
        self.output("any", heard)
        self.accepts_every(self.ticks)


class TemporalSort(Circuit):
    """Spikes in the order of their time: a0, a1, ... (temporal of width), start → out0, out1, ...

    Output k fires when input number k + 1 does, so the smallest number comes first and a missing
    spike (−1) last. `start` fires in the first tick of the window. Of several spikes of an input
    the first counts. `count` + 2·`keep` neurons, three ticks beside the window; the next window
    may start after `width` ticks.

    Parameters
    ----------
    count, width : int
    keep : int, optional
        How many outputs; all by default.
    """

    def __init__(self, count: int, width: int, keep: int | None = None) -> None:
        self.count = as_int("count", count, low=1)
        self.width = as_int("width", width, low=1)
        numbers = numbered("a", self.count, In(self.width, "temporal"))
        self.keep = self.count if keep is None else as_int("keep", keep, low=1, high=self.count)
        outputs = {f"out{k}": Out(self.width, "temporal") for k in range(self.keep)}
        super().__init__(**numbers, start=In(), **outputs)

    def build(self, start: Signal, **spikes: Signal) -> None:
        """Wire a memory of who has fired, and how many have."""
        for k, out in enumerate(in_order(self, list(spikes.values()), start, self.keep)):
            self.output(f"out{k}", out)
        self.accepts_every(self.width)


class _ByTime(Circuit):
    """Binary numbers become times, are put in order, and become numbers again."""

    def __init__(self, count: int, width: int, keep: int, largest_first: bool) -> None:
        self.count = as_int("count", count, low=1)
        self.width = as_int("width", width, low=1, high=LONGEST_NUMBER)
        self.keep = keep
        self.largest_first = largest_first
        super().__init__(
            **numbered("a", self.count, In(self.width)),
            start=In(),
            **{f"out{k}": Out(self.width) for k in range(keep)},
        )

    def build(self, start: Signal, **numbers: Signal) -> None:
        """Wire ramps, the order of their spikes, and the counter that reads it."""
        times = spike_times(self, list(numbers.values()), start, self.largest_first)
        start = start.later(times[0].tick - start.tick)
        ordered = in_order(self, times, start, self.keep)
        start = start.later(ordered[0].tick - start.tick)
        for k, (number, _) in enumerate(times_read(self, ordered, start, self.largest_first)):
            self.output(f"out{k}", number)
        self.accepts_every(1 << self.width)


class SortByTime(_ByTime):
    """Numbers in ascending order: a0, a1, ... (width lines each), start → out0, out1, ...

    As `Sort`, by times of spikes: about 2^width ticks, but few neurons, count·(3·width + 6) +
    4·width. Equal numbers fire together. The next numbers may come after 2^width ticks.

    Parameters
    ----------
    count : int
    width : int
        Up to 16.
    """

    def __init__(self, count: int, width: int) -> None:
        super().__init__(count, width, as_int("count", count, low=1), False)


class LargestByTime(_ByTime):
    """The `k` largest numbers, in descending order: a0, a1, ..., start → out0, out1, ...

    As `SortByTime`, with large numbers early.

    Parameters
    ----------
    count, k : int
    width : int
        Up to 16.
    """

    def __init__(self, count: int, k: int, width: int) -> None:
        count = as_int("count", count, low=1)
        self.k = as_int("k", k, low=1, high=count)
        super().__init__(count, width, self.k, True)


def spike_times(
    circuit: Circuit, numbers: Sequence[Signal], start: Signal, largest_first: bool
) -> list[Signal]:
    """Return a temporal signal for each number of one width, read in the tick of the start."""
    width = numbers[0].width
    window = 1 << width
    running = circuit.add(Stretch(window), name="running", pulse=start).out
    begin = running.tick + 1
    bits = 1 << np.arange(width)
    times = []
    for number in numbers:
        loaded = circuit.gates(number, start, threshold=2, name="loaded")
        ramp = circuit.neuron(threshold=window, name="ramp")
        circuit.connect(running, ramp)
        # After the window the potential is what was loaded, and that is taken back.
        for sign, delay in ((1, begin), (-1, begin + window)):
            if largest_first:
                circuit.connect(loaded, ramp, weight=sign * bits, delay=delay - loaded.tick)
            else:
                circuit.connect(start, ramp, weight=sign * (window - 1), delay=delay - start.tick)
                circuit.connect(loaded, ramp, weight=-sign * bits, delay=delay - loaded.tick)
        times.append(ramp.signal(ready=begin, coding="temporal", width=window))
    return times


def in_order(circuit: Circuit, spikes: Sequence[Signal], start: Signal, keep: int) -> list[Signal]:
    """Return temporal signals of which number k fires when k + 1 of `spikes` have fired.

    `spikes` and `start` are ready in the same tick.
    """
    width = spikes[0].width
    heard = circuit.neurons(len(spikes), threshold=1, leak=MEMORYLESS, name="heard")
    circuit.connect(heard, heard)
    # A window's first tick forgets the window before, but not what is heard in that tick.
    circuit.connect(start, heard, weight=-1)
    for neuron, spike in zip(heard, spikes, strict=True):
        circuit.connect(spike, neuron, weight=2)
    all_heard = heard.signal(ready=start.tick + 1)
    reached = circuit.gates(
        all_heard,
        weights=np.ones((len(spikes), keep), dtype=np.int64),
        threshold=1 + np.arange(keep),
        name="reached",
    )
    new = circuit.gates(reached, reached.ago(1), start, weights=(2, -1, 1), threshold=2, name="new")
    return [_temporal(line, width) for line in new]


def times_read(
    circuit: Circuit, spikes: Sequence[Signal], start: Signal, complement: bool = False
) -> list[tuple[Signal, Signal]]:
    """Return the tick of the first of each of the `spikes`, and whether there was one.

    `spikes` and `start` are ready in the same tick. With `complement` all bits of the number are
    inverted.
    """
    window = spikes[0].width
    running = circuit.add(Stretch(window), name="counting", pulse=start).out
    clock = circuit.add(Counter(index_width(window)), name="clock", pulse=running, clear=start)
    weight, threshold = (-1, 1) if complement else (1, 2)
    found = []
    for spike in spikes:
        line = as_line(spike)
        heard = circuit.neuron(threshold=1, leak=MEMORYLESS, name="heard")
        circuit.connect(heard, heard)
        circuit.connect(start, heard, weight=-1)
        circuit.connect(line, heard, weight=2)
        before = heard.signal(ready=start.tick)
        first = circuit.gate(line, before, start, weights=(2, -1, 1), threshold=2, name="first")
        captured = circuit.gates(
            clock.value, first, weights=(weight, 1), threshold=threshold, name="captured"
        )
        bits = circuit.neurons(captured.lines, threshold=1, leak=MEMORYLESS, name="bit")
        circuit.connect(bits, bits)
        circuit.connect(captured, bits, weight=2)
        circuit.connect(start, bits, weight=-1, delay=captured.tick + 1 - start.tick)
        last = captured.tick + window
        found.append((bits.signal(ready=last), heard.signal(ready=start.tick + window)))
    return found


def _temporal(line: Signal, width: int) -> Signal:
    """Return a line as the temporal value that it carries."""
    return replace(line, coding="temporal", width=width)
