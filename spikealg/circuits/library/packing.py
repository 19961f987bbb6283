"""Which sums there are, and what is worth packing, by spikes that take every choice at once.

A spike that passes an item either takes it or not, and the two ways differ in their delay, so the
times at which spikes arrive are all sums there are, and the first is the best choice (Aimone,
Parekh, Phillips, Pinar, Severa and Xu, "Dynamic programming with spiking neural computing", ICONS
2019). The numbers are in the delays of synapses.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int, as_int_row
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.routing import index_width
from spikealg.circuits.library.windows import kept
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Neurons, Signal
from spikealg.errors import InputError

__all__ = ["Knapsack", "SubsetSums"]

BEGIN = 2
"""The tick of the first choice: one to see which items there are, one to keep it."""
STEP = 2
"""Ticks from one choice to the next, beside what the choice costs."""
LARGEST_TOTAL = 2**30
"""Numbers are delays, so what they add up to is a time."""


class SubsetSums(Circuit):
    """All sums of some of the numbers: use (a line per number, optional), start → sums (stream).

    Bit s of `sums`, in tick s, says that some of the numbers that are in `use` add up to s; bit 0
    is always 1, as nothing adds up to 0. Without `use` all numbers are used, with a neuron per
    number; with it there are four. The next start may come sum(numbers) + 1 ticks later.

    Parameters
    ----------
    numbers : sequence of int
        0 or more each, at most 2³⁰ together.

    Raises
    ------
    InputError, InputTypeError
        If there is no number, or one is negative, or they add up to too much.
    """

    def __init__(self, numbers: npt.ArrayLike) -> None:
        self.numbers = as_int_row("numbers", numbers, low=0)
        if not len(self.numbers):
            raise InputError("numbers must hold at least one whole number, got none")
        self.total = _total("numbers", self.numbers)
        super().__init__(
            use=_use(self.numbers),
            start=In(),
            sums=Out(self.total + 1, "stream"),
        )

    def build(self, start: Signal, use: Signal | None = None) -> None:
        """Wire a chain of neurons that are two ways apart."""
        before = np.concatenate([[0], np.cumsum(self.numbers)[:-1]])
        usable = None if use is None else _usable(self, use, start, 1 + before)
        passed = self.neurons(len(self.numbers) + 1, threshold=1, leak=MEMORYLESS, name="passed")
        self.connect(start, passed[0], delay=BEGIN)
        self.connect(passed[:-1], passed[1:], delay=STEP)
        if usable is None:
            self.connect(passed[:-1], passed[1:], delay=STEP + self.numbers)
        else:
            taken = self.neurons(len(self.numbers), threshold=2, leak=MEMORYLESS, name="taken")
            self.connect(usable, taken)
            self.connect(passed[:-1], taken)
            self.connect(taken, passed[1:], delay=STEP - 1 + self.numbers)
        ready = BEGIN + STEP * len(self.numbers)
        width = self.total + 1
        self.output("sums", passed[-1].signal(ready=ready, coding="stream", width=width))
        self.accepts_every(width)


class Knapsack(Circuit):
    """The largest value that fits: use (a line per item, optional), room, start → value (unary).

    Of the items in `use` (all, without it) some are packed whose weights add up to no more than
    `room`, and `value` fires as often as the best choice is worth. A neuron for each item and room
    left: a spike loses the value of each item that it leaves, as ticks, so the best choice comes
    first. More `room` than `capacity` counts as `capacity`. The next start may come sum(values) + 1
    ticks later.

    Parameters
    ----------
    weights, values : sequence of int
        One each per item, 0 or more; values are at most 2³⁰ together.
    capacity : int
        The most room that there can be.

    Raises
    ------
    InputError, InputTypeError
        If there is no item, or weights and values are not one each per item, or a number is
        negative or too large.
    """

    def __init__(self, weights: npt.ArrayLike, values: npt.ArrayLike, capacity: int) -> None:
        self.weights = as_int_row("weights", weights, low=0)
        self.values = as_int_row("values", values, low=0)
        # A neuron adds up the bits of the room and a start that counts as much as all of them.
        self.capacity = as_int("capacity", capacity, low=0, high=(1 << 29) - 1)
        if not len(self.weights) or len(self.weights) != len(self.values):
            raise InputError(
                "weights and values must hold one whole number per item, got "
                f"{len(self.weights)} and {len(self.values)}"
            )
        self.total = _total("values", self.values)
        super().__init__(
            use=_use(self.weights),
            room=In(index_width(self.capacity + 1)),
            start=In(),
            value=Out(max(1, self.total), "unary"),
        )

    def build(self, room: Signal, start: Signal, use: Signal | None = None) -> None:
        """Wire a table of rooms left after each item."""
        items, rooms = len(self.weights), self.capacity + 1
        before = np.concatenate([[0], np.cumsum(self.values)[:-1]])
        usable = None if use is None else _usable(self, use, start, 1 + before)
        left = self.neurons((items + 1, rooms), threshold=1, leak=MEMORYLESS, name="left")
        # With less room nothing is worth more, so every room up to the one there is may begin.
        bits = np.repeat(1 << np.arange(room.lines)[:, None], rooms, axis=1)
        begin = self.gates(
            room,
            start,
            weights=(bits, 1 << room.lines),
            threshold=(1 << room.lines) + np.arange(rooms),
            name="begin",
        )
        self.connect(begin, left[0], delay=BEGIN - begin.tick)
        for item, (weight, value) in enumerate(
            zip(self.weights.tolist(), self.values.tolist(), strict=True)
        ):
            self.connect(left[item], left[item + 1], delay=STEP + value)
            if weight >= rooms:
                continue
            fits, then = left[item, weight:], left[item + 1, : rooms - weight]
            if usable is None:
                self.connect(fits, then, delay=STEP)
            else:
                taken = self.neurons(len(fits), threshold=2, leak=MEMORYLESS, name="taken")
                self.connect(usable[item], taken)
                self.connect(fits, taken)
                self.connect(taken, then, delay=STEP - 1)
        # Whoever arrives before all values are lost starts the count of what is not.
        worth = self.neuron(threshold=1, leak=MEMORYLESS, name="worth")
        first = BEGIN + STEP * items + 1
        self.connect(worth, worth)
        self.connect(left[items], worth)
        self.connect(start, worth, weight=-rooms - 1, delay=first + self.total)
        self.output("value", worth.signal(ready=first, coding="unary", width=max(1, self.total)))
        self.accepts_every(self.total + 1)


def _total(name: str, numbers: npt.NDArray[np.int64]) -> int:
    """Return what numbers add up to, if time is long enough for it."""
    total: int = sum(numbers.tolist())
    if total > LARGEST_TOTAL:
        raise InputError(f"{name} must add up to at most {LARGEST_TOTAL}, got {total}")
    return total


def _use(items: npt.NDArray[np.int64]) -> In:
    """Return the port that says which items there are; without it, all."""
    return In(len(items), optional=True, absent=(1 << len(items)) - 1)


def _usable(circuit: Circuit, use: Signal, start: Signal, ticks: npt.NDArray[np.int64]) -> Neurons:
    """Return a neuron per item that is in use, from the tick of its choice for so many ticks."""
    written = circuit.gates(use, start, threshold=2, name="written")
    later = BEGIN - written.tick - 1 + STEP * np.arange(len(ticks))
    return kept(circuit, written, start, ticks, later)
