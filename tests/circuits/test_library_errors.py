"""What a circuit of the library cannot be is refused when it is made, in words that help."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg import circuits
from spikealg.circuits import Circuit
from spikealg.errors import InputError, InputTypeError
from tests.helpers import refused

REFUSED = [
    (lambda: circuits.Adder(8, block=31), "block must be a whole number from 1 to 30, got 31"),
    (lambda: circuits.Adder(0), "width must be a whole number of at least 1, got 0"),
    (lambda: circuits.AtLeast(32, 1), "width must be a whole number from 1 to 31, got 32"),
    (lambda: circuits.Multiplier(1, True), "width must be a whole number of at least 2, got 1"),
    (
        lambda: circuits.AddConstant(4, 16),
        "constant must be a whole number from -16 to 15, got 16",
    ),
    (lambda: circuits.Saturate(4, 5), "to must be a whole number from 1 to 4, got 5"),
    (
        lambda: circuits.Saturate(4, 4, True, False),
        "to must be a whole number from 1 to 3, got 4",
    ),
    (
        lambda: circuits.Saturate(1, 1, True, False),
        "width must be a whole number of at least 2, got 1",
    ),
    (
        lambda: circuits.Shifter(4, "up"),
        "direction must be one of 'left', 'right', got 'up'",
    ),
    (lambda: circuits.Decoder(21), "width must be a whole number from 1 to 20, got 21"),
    (lambda: circuits.Multiplexer(0, 4), "count must be a whole number of at least 1, got 0"),
    (lambda: circuits.Stretch(0), "ticks must be a whole number of at least 1, got 0"),
    (lambda: circuits.Clock(0), "period must be a whole number from 1 to 268435456, got 0"),
    (
        lambda: circuits.DelayLine(3, longest=0),
        "longest must be a whole number of at least 1, got 0",
    ),
    (
        lambda: circuits.MatrixVector([1, 2], 4),
        "matrix must have shape (outputs, inputs), got shape (2,)",
    ),
    (
        lambda: circuits.MatrixProduct(3, 1, "strassen"),
        "size must be even for Strassen's method, got 3",
    ),
    (
        lambda: circuits.MatrixProduct(2, 1, "fast"),
        "method must be one of 'naive', 'strassen', got 'fast'",
    ),
    (
        lambda: circuits.FixedPointMultiplier(circuits.FixedPoint(2, 2), "up"),
        "rounding must be one of 'down', 'nearest', got 'up'",
    ),
    (
        lambda: circuits.FixedPointMultiplier(circuits.FixedPoint(0, 0)),
        "form must have a bit beside its sign, got FixedPoint(integer=0, fraction=0, signed=True)",
    ),
    (
        lambda: circuits.FixedPoint(50, 2),
        "integer + fraction + signed must be a whole number from 1 to 52, got 53",
    ),
    (lambda: circuits.Memory(0, 4), "words must be a whole number of at least 1, got 0"),
    (lambda: circuits.Fifo(0, 4), "depth must be a whole number of at least 1, got 0"),
    (
        lambda: circuits.Delay(2**31),
        "ticks must be a whole number from 0 to 2147483646, got 2147483648",
    ),
    (
        lambda: circuits.MultiplyByConstant(4, 2**31 + 1),
        "constant must be a whole number from -2147483648 to 2147483648, got 2147483649",
    ),
    (lambda: circuits.WeightedSum([2**70]), f"weights must fit int64, got {2**70}"),
    (
        lambda: circuits.FixedPoint(2, 2).to_integers([0.5, 4.0]),
        "numbers must be from -4.0 to 3.75, got 4.0",
    ),
    (lambda: circuits.Sort(0, 4), "count must be a whole number of at least 1, got 0"),
    (lambda: circuits.Sort(4, 0), "width must be a whole number of at least 1, got 0"),
    (lambda: circuits.Largest(3, 4, 8), "k must be a whole number from 1 to 3, got 4"),
    (lambda: circuits.Median(3, 8, block=40), "block must be a whole number from 1 to 31, got 40"),
    (lambda: circuits.Max(32, block=31), "block must be a whole number from 1 to 30, got 31"),
    (lambda: circuits.WinnerTakeAll(3, 17), "width must be a whole number from 1 to 16, got 17"),
    (lambda: circuits.ToTemporal(17), "width must be a whole number from 1 to 16, got 17"),
    (lambda: circuits.FromTemporal(0), "ticks must be a whole number from 1 to 65536, got 0"),
    (
        lambda: circuits.TemporalSort(3, 8, keep=4),
        "keep must be a whole number from 1 to 3, got 4",
    ),
    (lambda: circuits.LargestByTime(3, 0, 4), "k must be a whole number from 1 to 3, got 0"),
    (
        lambda: circuits.ThresholdMultiplier(16).compile(),
        "bit 29 of a sum of 256 lines takes weights that add up to 3221094401, and one neuron has "
        "less than 2^31: use fewer lines or bits, or a circuit whose carries ripple",
    ),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[case[1][:40] for case in REFUSED])
def test_refused(make, message):
    with refused(message, InputError):
        make()


def test_a_width_that_is_no_number():
    with refused("width must be a whole number of at least 1, got '8'", InputTypeError):
        circuits.Adder("8")


def test_a_format_that_is_none():
    with refused("form must be a FixedPoint, got 8", InputTypeError):
        circuits.FixedPointMultiplier(8)
    with refused("signed must be True or False, got 5", InputTypeError):
        circuits.FixedPoint(3, 2, 5)
    assert circuits.FixedPoint(np.int64(3), np.int8(2), np.True_) == circuits.FixedPoint(3, 2)


def test_an_interval_that_is_none():
    with refused("ticks must be a whole number of at least 1, got 0", InputError):
        Circuit("top").accepts_every(0)
