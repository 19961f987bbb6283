"""The largest or smallest of a set with its index: by bits in fixed time, and by a race."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_bool, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.extremes import MaxOf, MinOf
from spikealg.circuits.library.routing import Encoder, PriorityEncoder, first_of, index_width
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.ports import In, Out, number_coding, numbered
from spikealg.circuits.signal import Signal

__all__ = ["ArgMax", "ArgMin", "Load", "WinnerTakeAll", "race"]


class _ArgOf(Circuit):
    """An extreme of a set, and the first number that is it."""

    _of: type[MaxOf] | type[MinOf]

    def __init__(self, count: int, width: int, signed: bool = False) -> None:
        self.count = as_int("count", count, low=1)
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(
            **numbered("a", self.count, In(self.width, coding)),
            out=Out(self.width, coding),
            index=Out(index_width(self.count)),
        )

    def build(self, **numbers: Signal) -> None:
        """Wire the extreme, and a priority among its winners."""
        extreme = self._of(self.count, self.width, self.signed)
        found = self.add(extreme, name=extreme.name, **numbers)
        self.output("out", found.out)
        self.output("index", self.add(PriorityEncoder(self.count), a=found.winners).index)


class ArgMax(_ArgOf):
    """The largest of `count` numbers and where it is: a0, a1, ... → out, index.

    Of equal numbers the first. `MaxOf` and a `PriorityEncoder`: 3·width + 3 ticks. As `MaxOf`, it
    fires whenever nothing is there.

    Parameters
    ----------
    count, width : int
    signed : bool
        Numbers are two's complement.
    """

    _of = MaxOf


class ArgMin(_ArgOf):
    """The smallest of `count` numbers and where it is: a0, a1, ... → out, index.

    As `ArgMax`, also in that it fires whenever nothing is there; of equal numbers the first.
    """

    _of = MinOf


class WinnerTakeAll(Circuit):
    """Where the largest number is: a0, a1, ... (width lines each), start → index, winners, done.

    A race: each number is the start of a potential that goes up by one per tick, and the first to
    reach 2^width stops all others. It is done 2^width + 3 − largest ticks after the start, so the
    latency depends on the data. Line k of `winners` says that number k is a largest, and `index`
    is the first of these. All zeros are done like any other numbers. The next numbers may come in
    the tick after it is done; a start before makes it wrong. count·(width + 2) + 2 neurons and
    one per bit of the index, count² inhibitory synapses.

    Parameters
    ----------
    count : int
    width : int
        Up to 16.
    """

    def __init__(self, count: int, width: int) -> None:
        self.count = as_int("count", count, low=1)
        self.width = as_int("width", width, low=1, high=16)
        super().__init__(
            **numbered("a", self.count, In(self.width)),
            start=In(),
            index=Out(index_width(self.count)),
            winners=Out(self.count),
            done=Out(),
        )

    def build(self, start: Signal, **numbers: Signal) -> None:
        """Wire a race of the numbers."""
        bits = 1 << np.arange(self.width)
        loads = [
            Load(self.gates(number, start, threshold=2, name="loaded"), bits)
            for number in numbers.values()
        ]
        winners = race(self, loads, start, (1 << self.width) - 1)
        first = first_of(self, winners)
        self.output("index", self.add(Encoder(self.count), a=first).index)
        self.output("winners", winners)
        self.output("done", self.gate(winners, name="done"))
        self.accepts_every(None)


class Load(NamedTuple):
    """What a potential starts from: lines that fire once per start, and what each adds."""

    lines: Signal
    weights: npt.NDArray[np.int64]


def race(circuit: Circuit, loads: Sequence[Load], start: Signal, most: int) -> Signal:
    """Return a line per load, of which those with the largest sum fire, and then no other.

    Parameters
    ----------
    circuit : Circuit
        The circuit that is being built.
    loads : sequence of Load
        All lines are ready in one tick, not before `start`.
    start : Signal
        One line.
    most : int
        The largest sum that there can be.

    Returns
    -------
    Signal
        Ready when the circuit is done, most + 1 − the largest sum ticks after it was loaded.
    """
    top = most + 1
    loaded = max(load.lines.tick for load in loads) + 1
    racers = circuit.neurons(len(loads), threshold=top, floor=0, name="racer")
    running = circuit.neuron(threshold=1, leak=MEMORYLESS, name="running")
    circuit.connect(running, running)
    circuit.connect(start, running, delay=loaded - 1 - start.tick)
    circuit.connect(running, racers)
    for racer, load in zip(racers, loads, strict=True):
        delay = loaded - load.lines.tick
        circuit.connect(load.lines, racer, weight=load.weights, delay=delay)
    # A winner brings all of them, itself included, back to the floor before the next tick counts.
    circuit.connect(racers[:, None], racers, weight=-top)
    circuit.connect(racers, running, weight=-1)
    return racers.signal(ready=None)
