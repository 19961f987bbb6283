"""Sums of many lines or numbers in depth 2: threshold gates that know a sum, read bit by bit.

Bit j of a sum is that of the weights modulo 2^(j+1). A first layer of gates says for every multiple
m·2^j whether this shorter sum reaches it, and the bit is their alternating sum (Siu, Roychowdhury
and Kailath 1991; Parekh, Phillips, James and Aimone, "Constant-depth and subcubic-size threshold
circuits for matrix multiplication", SPAA 2018, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_bool, as_int, as_int_row
from spikealg.circuits.builder import Builder
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.codings import coding_limits
from spikealg.circuits.ports import In, Out, number_coding, numbered
from spikealg.circuits.signal import Signal, concat
from spikealg.errors import InputError

__all__ = ["PopCount", "SumOf", "WeightedSum", "bit_weights", "range_width", "sum_bits"]

_LIMIT = 2**31
"""Weights of a neuron must add up to less."""


def bit_weights(width: int, signed: bool = False) -> list[int]:
    """Return what each line of a number counts."""
    weights = [1 << bit for bit in range(width)]
    if signed:
        weights[-1] *= -1
    return weights


def range_width(low: int, high: int) -> tuple[int, bool]:
    """Return lines and signedness of the shortest numbers that reach from `low` to `high`."""
    if low >= 0:
        return max(1, high.bit_length()), False
    return max((-low - 1).bit_length(), high.bit_length()) + 1, True


def sum_bits(circuit: Builder, lines: Signal, weights: Sequence[int], width: int) -> Signal:
    """Return Σ weight·line modulo 2^width, ready two ticks after `lines`.

    Parameters
    ----------
    circuit : Builder
        The circuit that is being built.
    lines : Signal
    weights : sequence of int
        One per line, of any sign.
    width : int
        Lines of the result.

    Raises
    ------
    InputError
        If the weights of a neuron would not fit int32.
    """
    bits = []
    for bit in range(width):
        remainders = [weight % (2 << bit) for weight in weights]
        total = sum(remainders)
        if total >= _LIMIT:
            raise InputError(
                f"bit {bit} of a sum of {len(weights)} lines takes weights that add up to "
                f"{total}, and one neuron has less than 2^31: use fewer lines or bits, or a "
                "circuit whose carries ripple"
            )
        short, steps = np.array(remainders), total >> bit
        read = np.nonzero(short)[0]
        if not steps:
            bits.append(circuit.ground())
            continue
        counts = np.arange(1, steps + 1)
        reached = circuit.gates(
            lines,
            weights=_columns(short, read, steps),
            threshold=counts << bit,
            name="reached",
        )
        bits.append(circuit.gate(reached, weights=np.where(counts % 2, 1, -1), name="bit"))
    return concat(*bits)


def _columns(
    weights: npt.NDArray[np.int64], read: npt.NDArray[np.int64], count: int
) -> npt.NDArray[np.int64]:
    """Return the matrix by which `count` gates all read the same lines."""
    matrix = np.zeros((len(weights), count), dtype=np.int64)
    matrix[read] = weights[read, None]
    return matrix


class WeightedSum(Circuit):
    """Σ weight·line: a (a line per weight) → sum, in two ticks.

    The sum is unsigned if no weight is negative, else two's complement, and as wide as it has to
    be. About 2·Σ|weight| neurons for few large weights, far fewer for many of one size.

    Parameters
    ----------
    weights : sequence of int

    Raises
    ------
    InputError
        If a neuron's weights would not fit int32.
    """

    def __init__(self, weights: npt.ArrayLike) -> None:
        self.weights: list[int] = as_int_row("weights", weights).tolist()
        low = sum(weight for weight in self.weights if weight < 0)
        high = sum(weight for weight in self.weights if weight > 0)
        self.total_width, self.signed = range_width(low, high)
        super().__init__(
            a=In(len(self.weights)), sum=Out(self.total_width, number_coding(self.signed))
        )

    def build(self, a: Signal) -> None:
        """Wire two layers per bit."""
        total = sum_bits(self, a, self.weights, self.total_width)
        self.output("sum", total.signed() if self.signed else total)


class PopCount(Circuit):
    """How many lines are 1: a (width lines) → count; two ticks."""

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width), count=Out(self.width.bit_length()))

    def build(self, a: Signal) -> None:
        """Wire two layers per bit."""
        self.output("count", sum_bits(self, a, [1] * self.width, self.width.bit_length()))


class SumOf(Circuit):
    """The sum of `count` numbers: a0, a1, ... (width lines each) → sum, in two ticks.

    Neurons grow as 2·count·width, synapses as their product. `count` numbers that are all ones have
    to stay below 2^31: numbers of `width` lines or, if signed, of as many as the sum has.

    Parameters
    ----------
    count, width : int
    signed : bool
        Numbers are two's complement; so is the sum.

    Raises
    ------
    InputError
        If a neuron's weights would not fit int32.
    """

    def __init__(self, count: int, width: int, signed: bool = False) -> None:
        self.count = as_int("count", count, low=1)
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        ports = numbered("a", self.count, In(self.width, coding))
        low, high = coding_limits(coding, self.width)
        self.total_width, _ = range_width(self.count * low, self.count * high)
        super().__init__(**ports, sum=Out(self.total_width, coding))

    def build(self, **numbers: Signal) -> None:
        """Wire two layers per bit."""
        lines = concat(*numbers.values())
        weights = bit_weights(self.width, self.signed) * self.count
        total = sum_bits(self, lines, weights, self.total_width)
        self.output("sum", total.signed() if self.signed else total)
