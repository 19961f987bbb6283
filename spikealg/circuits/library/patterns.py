"""Patterns in a stream of letters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikealg.arguments import as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.chains import LONGEST_BLOCK
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal, concat
from spikealg.errors import InputError

__all__ = ["PatternMatcher"]

Pattern = str | Sequence[int | None]


class PatternMatcher(Circuit):
    """Where patterns end in a text: letter (width lines), valid → out (a line per pattern).

    A letter comes in every tick, and `valid` says that there is one, as 0 is a letter too. Line k
    fires two ticks after the last letter of ``patterns[k]``. A neuron per different letter knows
    it, and one per pattern counts which of the last letters are right: the letters of earlier
    ticks wait in the delays of its synapses. Overlapping matches are all found.

    Parameters
    ----------
    patterns : sequence of str or sequence of (int or None)
        Letters; those of a str are its code points, and None stands for any letter.
    width : int
        Lines of a letter, up to 30; 7 for ASCII.
    mismatches : int
        How many letters may be wrong, fewer than the shortest pattern has. The text must have as
        many letters as the pattern all the same.

    Raises
    ------
    InputError
        If there is no pattern, or a pattern is empty or has a letter that does not fit.
    """

    def __init__(self, patterns: Sequence[Pattern], width: int, mismatches: int = 0) -> None:
        self.width = as_int("width", width, low=1, high=LONGEST_BLOCK)
        if isinstance(patterns, str) or not _is_row(patterns):
            raise InputError(f"patterns must be a sequence of patterns, got {patterns!r}")
        self.patterns = [self._letters(k, pattern) for k, pattern in enumerate(patterns)]
        shortest = min(map(len, self.patterns))
        self.mismatches = as_int("mismatches", mismatches, low=0, high=shortest - 1)
        super().__init__(letter=In(self.width), valid=In(), out=Out(len(patterns)))

    def _letters(self, number: int, pattern: Pattern) -> tuple[int | None, ...]:
        if not _is_row(pattern):
            raise InputError(f"patterns[{number}] must have at least one letter, got {pattern!r}")
        high = (1 << self.width) - 1
        return tuple(
            None
            if letter is None
            else as_int(
                f"patterns[{number}][{place}]",
                ord(letter) if isinstance(letter, str) and len(letter) == 1 else letter,
                low=0,
                high=high,
            )
            for place, letter in enumerate(pattern)
        )

    def build(self, letter: Signal, valid: Signal) -> None:
        """Wire a neuron per letter and one per pattern."""
        entries = {entry for pattern in self.patterns for entry in pattern}
        known = sorted(entry for entry in entries if entry is not None)
        heard: dict[int | None, Signal] = {None: valid}
        if known:
            bits = np.array(known) >> np.arange(self.width)[:, None] & 1
            seen = self.gates(
                letter,
                valid,
                weights=(2 * bits - 1, 1),
                threshold=bits.sum(axis=0) + 1,
                name="letter",
            )
            heard.update(zip(known, seen, strict=True))
        lines = []
        for pattern in self.patterns:
            # Any letter counts more than all right ones, so that none may be missing.
            length = len(pattern)
            right = concat(*(heard[entry].ago(age) for age, entry in enumerate(reversed(pattern))))
            there = concat(*(valid.ago(age) for age in range(length)))
            threshold = length * (length + 1) + length - self.mismatches
            lines.append(
                self.gate(right, there, weights=(1, length + 1), threshold=threshold, name="match")
            )
        self.output("out", concat(*lines))
        self.accepts_every(1)


def _is_row(value: object) -> bool:
    return isinstance(value, (Sequence, np.ndarray)) and len(value) > 0
