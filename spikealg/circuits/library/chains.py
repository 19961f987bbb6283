"""Carries: the part of addition, subtraction and comparison that takes time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikealg.arguments import as_int
from spikealg.circuits.builder import Builder
from spikealg.circuits.signal import Signal, concat

__all__ = [
    "LONGEST_BLOCK",
    "as_block",
    "as_block_of_comparison",
    "borrows",
    "carries",
    "shifted_by_one",
]

LONGEST_BLOCK = 30
"""Bits of two numbers that one neuron can read, with weights 2^bit and a carry, within int32."""
_LONGEST_COMPARED = 31
"""The same where one number counts negative and no carry comes in."""


def as_block(block: int) -> int:
    """Return `block`, the number of bits that a carry passes in one tick, or raise an error."""
    return as_int("block", block, low=1, high=LONGEST_BLOCK)


def as_block_of_comparison(block: int, width: int) -> int:
    """Return `block`, the bits of two numbers that are compared in one tick, or raise an error."""
    alone = width <= _LONGEST_COMPARED
    return as_int("block", block, low=1, high=_LONGEST_COMPARED if alone else LONGEST_BLOCK)


def carries(
    circuit: Builder, a: Signal, b: Signal, first: Signal | None, block: int
) -> list[Signal]:
    """Return the carry out of each bit of a + b + first, one line each, the lowest first.

    Within a block of bits each carry is one threshold gate of all lower bits of the block and the
    carry into it, Σ 2^i (a_i + b_i) + carry ≥ 2^(k+1) (Siu, Roychowdhury and Kailath, "Depth-size
    tradeoffs for neural computation", 1991); from block to block it ripples, one tick each. With
    block = 1 all weights are 1, with block = width there is one tick.
    """
    return _chain(circuit, ((a, 1), (b, 1)), first, block, "carry")


def borrows(
    circuit: Builder, a: Signal, b: Signal, first: Signal | None, block: int
) -> list[Signal]:
    """Return the borrow out of each bit of a − b − first: Σ 2^i (b_i − a_i) + borrow ≥ 1."""
    return _chain(circuit, ((a, -1), (b, 1)), first, block, "borrow")


def _chain(
    circuit: Builder,
    terms: Sequence[tuple[Signal, int]],
    first: Signal | None,
    block: int,
    name: str,
) -> list[Signal]:
    width = terms[0][0].width
    carry, lines = first, []
    for low in range(0, width, block):
        bits = np.arange(min(block, width - low))
        # Column k holds the weights of the lower bits and of bit k itself.
        lower = np.triu(np.repeat(1 << bits[:, None], len(bits), axis=1))
        signals = [signal[low : low + len(bits)] for signal, _ in terms]
        weights = [sign * lower for _, sign in terms]
        if carry is not None:
            signals.append(carry)
            weights.append(np.ones((1, len(bits)), dtype=np.int64))
        threshold = 2 << bits if name == "carry" else np.ones_like(bits)
        found = circuit.gates(*signals, weights=weights, threshold=threshold, name=name)
        lines += list(found)
        carry = lines[-1]
    return lines


def shifted_by_one(circuit: Builder, lines: list[Signal], first: Signal | None) -> Signal:
    """Return what goes into each bit, where `lines` go out of it and `first` into the lowest."""
    return concat(circuit.ground() if first is None else first, *lines[:-1])
