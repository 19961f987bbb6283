"""Distances and subsequences of sequences, by waves of spikes through their tables.

The tables of dynamic programming are networks: an entry is a neuron, and its value is the tick at
which a wave from the first entry gets there, because a neuron fires at the first arrival and a
minimum is what comes first (Aimone, Parekh, Phillips, Pinar, Severa and Xu, "Dynamic programming
with spiking neural computing", ICONS 2019). The letters decide which ways are open.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_bool, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.chains import LONGEST_BLOCK
from spikealg.circuits.library.sums import bit_weights
from spikealg.circuits.library.windows import kept
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.ports import In, Out, number_coding, numbered
from spikealg.circuits.signal import Neurons, Signal, concat

__all__ = ["EditDistance", "LongestCommon", "LongestIncreasing"]

BEGIN = 3
"""The tick of the first entry: two to compare letters, one to keep what is equal."""


class _Table(Circuit):
    """A table of two sequences, and for each pair of letters whether they are equal."""

    def __init__(self, lengths: tuple[int, int], width: int, **outputs: Out) -> None:
        first, second = self.lengths = lengths
        self.width = as_int("width", width, low=1, high=LONGEST_BLOCK)
        super().__init__(
            **numbered("a", first, In(self.width)),
            **numbered("b", second, In(self.width)),
            start=In(),
            **outputs,
        )

    def _equal(
        self, letters: dict[str, Signal], start: Signal, wave: npt.NDArray[np.int64]
    ) -> Neurons:
        """Return neurons (first, second) that fire while the letters are equal and looked at.

        ``wave[i, j]`` is the first tick at which the wave may reach entry (i, j), from which a
        pair of equal letters leads to entry (i + 1, j + 1); it may come min(i, j) ticks later.
        """
        first, second = self.lengths
        a, b = (
            concat(*(letters[f"{name}{k}"] for k in range(length)))
            for name, length in zip("ab", self.lengths, strict=True)
        )
        bits = 1 << np.arange(self.width)[:, None]
        of_a = np.kron(np.repeat(np.eye(first, dtype=np.int64), second, axis=1), bits)
        of_b = np.kron(np.tile(np.eye(second, dtype=np.int64), first), bits)
        above = self.gates(a, b, weights=(of_a, -of_b), threshold=1, name="above")
        below = self.gates(a, b, weights=(-of_a, of_b), threshold=1, name="below")
        equal = self.gates(above, below, start, weights=(-1, -1, 1), threshold=1, name="equal")
        i, j = np.indices(self.lengths)
        later = wave - equal.tick - 1
        bits_kept = kept(self, equal, start, 1 + np.minimum(i, j).ravel(), later.ravel())
        return bits_kept.reshape(first, second)


class EditDistance(_Table):
    """Letters to insert, delete or replace to make `a` of `b`: a0, ..., b0, ..., start → distance.

    Levenshtein's distance of two sequences of fixed lengths, as a time (temporal, 0 to the longer
    length). The wave reaches entry (i, j) of the table i + j + distance ticks after the first: an
    insertion or deletion takes 2 ticks, a replacement 3 and a pair of equal letters 2. Six neurons
    for each pair of letters. The next sequences may come when the window of the distance is over,
    or min(first, second) + 3 ticks after these if that is later.

    Parameters
    ----------
    first, second : int
        Letters of a and of b.
    width : int
        Lines of a letter, up to 30.
    """

    def __init__(self, first: int, second: int, width: int) -> None:
        lengths = _lengths(first, second)
        super().__init__(lengths, width, distance=Out(max(lengths) + 1, "temporal"))

    def build(self, start: Signal, **letters: Signal) -> None:
        """Wire an entry per pair of prefixes."""
        first, second = self.lengths
        i, j = np.indices(self.lengths)
        equal = self._equal(letters, start, BEGIN + i + j + abs(i - j))
        # All arrivals of a wave lie within two ticks of the first.
        entries = self.neurons(
            (first + 1, second + 1), threshold=1, leak=MEMORYLESS, refractory=2, name="entry"
        )
        self.connect(start, entries[0, 0], delay=BEGIN)
        self.connect(entries[:-1], entries[1:], delay=2)
        self.connect(entries[:, :-1], entries[:, 1:], delay=2)
        self.connect(entries[:-1, :-1], entries[1:, 1:], delay=3)
        matched = self.neurons((first, second), threshold=2, leak=MEMORYLESS, name="matched")
        self.connect(equal, matched)
        self.connect(entries[:-1, :-1], matched)
        self.connect(matched, entries[1:, 1:])
        width = self.ports["distance"].width
        ready = BEGIN + first + second
        last = entries[first, second]
        self.output("distance", last.signal(ready=ready, coding="temporal", width=width))
        self.accepts_every(max(width, min(first, second) + 3))


class LongestCommon(_Table):
    """Length of the longest common subsequence: a0, ..., b0, ..., start → length (unary).

    The letters of a subsequence need not be neighbours. The wave reaches entry (i, j) of the table
    i + j − length ticks after the first: every step takes one tick, and a pair of equal letters is
    a short cut. `length` fires as often as the wave is early. Six neurons for each pair of letters.
    The next sequences may come min(first, second) + 3 ticks after these.

    Parameters
    ----------
    first, second : int
        Letters of a and of b.
    width : int
        Lines of a letter, up to 30.
    """

    def __init__(self, first: int, second: int, width: int) -> None:
        lengths = _lengths(first, second)
        super().__init__(lengths, width, length=Out(min(lengths), "unary"))

    def build(self, start: Signal, **letters: Signal) -> None:
        """Wire two neurons per pair of prefixes: reached by a step, or by a pair of letters."""
        first, second = self.lengths
        i, j = np.indices(self.lengths)
        equal = self._equal(letters, start, BEGIN + np.maximum(i, j))
        # All arrivals of a wave lie within two ticks of the first.
        stepped = self.neurons(
            (first + 1, second + 1), threshold=1, leak=MEMORYLESS, refractory=2, name="stepped"
        )
        matched = self.neurons(
            (first, second), threshold=3, leak=MEMORYLESS, refractory=2, name="matched"
        )
        self.connect(start, stepped[0, 0], delay=BEGIN)
        self.connect(stepped[:-1], stepped[1:])
        self.connect(stepped[:, :-1], stepped[:, 1:])
        self.connect(matched[:-1], stepped[2:, 1:])
        self.connect(matched[:, :-1], stepped[1:, 2:])
        self.connect(equal, matched, weight=2)
        self.connect(stepped[:-1, :-1], matched)
        self.connect(matched[:-1, :-1], matched[1:, 1:])
        early = self.neuron(threshold=1, leak=MEMORYLESS, name="early")
        end = BEGIN + first + second + 1
        self.connect(early, early)
        self.connect(stepped[first, second], early)
        self.connect(matched[-1, -1], early)
        self.connect(start, early, weight=-3, delay=end)
        shorter = min(first, second)
        self.output("length", early.signal(ready=end - shorter, coding="unary", width=shorter))
        self.accepts_every(shorter + 3)


class LongestIncreasing(Circuit):
    """Length of the longest increasing subsequence: a0, a1, ..., start → length (unary).

    The numbers of a subsequence need not be neighbours. All numbers are active at first; then, tick
    by tick, those that follow a smaller active number, until nobody is: `length` fires in each of
    these ticks. `count`·(`count` − 1) neurons for the pairs, and 2·width per number. The next
    numbers may come `count` ticks after these.

    Parameters
    ----------
    count : int
    width : int
        Up to 30.
    signed : bool
        Numbers are two's complement.
    strict : bool
        Without it, equal numbers may follow each other.
    """

    def __init__(self, count: int, width: int, signed: bool = False, strict: bool = True) -> None:
        self.signed = as_bool("signed", signed)
        self.count = as_int("count", count, low=1)
        self.width = as_int("width", width, low=1, high=LONGEST_BLOCK)
        self.strict = as_bool("strict", strict)
        super().__init__(
            **numbered("a", self.count, In(self.width, number_coding(self.signed))),
            start=In(),
            length=Out(self.count, "unary"),
        )

    def build(self, start: Signal, **numbers: Signal) -> None:
        """Wire a neuron for each pair that knows its order, and one that passes activity on."""
        first, second = np.triu_indices(self.count, 1)
        # Equal numbers do not rise by 1: a line that is on adds it.
        lines = concat(*numbers.values(), *(() if self.strict else (start,)))
        written = self.gates(lines, start, threshold=2, name="written")
        numbers_kept = kept(self, written, start, max(1, self.count - 1))
        shown = numbers_kept.signal(ready=written.tick + 1)
        length = self.neuron(threshold=1, leak=MEMORYLESS, name="length")
        # The first tick of activity is that of the start, which all numbers share.
        begin = shown.tick + 2
        self.connect(start, length, delay=begin)
        if self.count > 1:
            bits = np.array(bit_weights(self.width, self.signed))[:, None]
            one = np.eye(self.count, dtype=np.int64)
            order = np.kron(one[:, second] - one[:, first], bits)
            order = np.vstack([order, np.ones((shown.lines - len(order), len(first)), dtype=int)])
            rising = self.gates(shown, weights=order, name="rising")
            active = self.neurons(
                len(first), threshold=self.count + 1, leak=MEMORYLESS, name="active"
            )
            self.connect(rising, active, weight=self.count)
            self.connect(start, active, delay=begin)
            before, after = np.nonzero(second[:, None] == first)
            self.connect(active[before], active[after])
            self.connect(active, length)
        self.output("length", length.signal(ready=begin, coding="unary", width=self.count))
        self.accepts_every(self.count)


def _lengths(first: int, second: int) -> tuple[int, int]:
    """Return the lengths of two sequences, or raise an error that names the wrong one."""
    return as_int("first", first, low=1), as_int("second", second, low=1)
