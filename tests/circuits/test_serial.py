"""Circuits that take their time, one after another: what follows a number does no harm."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg import circuits
from spikealg.circuits import Circuit
from spikealg.errors import InputError, InputTypeError
from tests.helpers import refused

EVERY = tuple(pair.ravel() for pair in np.meshgrid(np.arange(16), np.arange(16)))


def test_a_quotient_goes_into_the_next_division():
    # Euclid: lines of a circuit that computes show other numbers before and after.
    euclid = Circuit("euclid")
    a, b, first = euclid.input("a", 4), euclid.input("b", 4), euclid.input("first")
    rest = euclid.add(circuits.SequentialDivider(4), a=a, b=b, first=first).remainder
    found = euclid.add(circuits.SequentialDivider(4), a=b, b=rest, first=first)
    euclid.output("quotient", found.quotient)
    euclid.output("remainder", found.remainder)
    a, b = EVERY
    rest = np.where(b == 0, a, a % np.maximum(b, 1))
    answer = euclid.compile()(a=a, b=b, first=np.ones_like(a))
    expected = np.where(rest == 0, 15, b // np.maximum(rest, 1))
    np.testing.assert_array_equal(answer["quotient"], expected)
    np.testing.assert_array_equal(answer["remainder"], b - rest * np.where(rest, expected, 0))


def test_operands_of_a_division_are_read_once():
    divide = Circuit("divide")
    b, first = divide.input("b", 4), divide.input("first")
    a = divide.add(circuits.Constant(10, 4)).out
    divide.output(
        "quotient", divide.add(circuits.SequentialDivider(4, 2), a=a, b=b, first=first).quotient
    )
    b = np.arange(1, 16)
    found = divide.compile()(b=b, first=np.ones_like(b))["quotient"]
    np.testing.assert_array_equal(found, 10 // b)


@pytest.mark.parametrize("by", [0, 1, 2])
def test_the_borrow_ends_with_the_number(by):
    # A negative difference has a borrow after its last bit, which must not be taken for a bit.
    sums = Circuit("sums")
    a, b = sums.input("a", 4, "stream"), sums.input("b", 4, "stream")
    first = sums.input("first")
    less = sums.add(circuits.BitSerialSubtractor(4), a=a, b=b, first=first).difference
    sums.output("sum", sums.add(circuits.BitSerialAdder(4), a=less, b=b).sum)
    part = sums.add(circuits.BitSerialShiftRight(4, by), a=less, first=first).out.extend(4)
    sums.output("half", sums.add(circuits.BitSerialAdder(4), a=part, b=b).sum)
    larger = sums.add(
        circuits.BitSerialMax(6), a=less.extend(6), b=b.extend(6), first=first
    ).out  # fmt: skip
    sums.output("larger", larger)
    a, b = EVERY
    found, less = sums.compile()(a=a, b=b, first=np.ones_like(a)), (a - b) % 16
    np.testing.assert_array_equal(found["sum"], less + b)
    np.testing.assert_array_equal(found["half"], (less >> by) + b)
    np.testing.assert_array_equal(found["larger"], np.maximum(less, b))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 0), "width must be a whole number of at least 1, got 0"),
        (("3", 0), "width must be a whole number of at least 1, got '3'"),
        ((3, 3), "by must be a whole number from 0 to 2, got 3"),
    ],
)
def test_shifts_that_cannot_be(arguments, message):
    with refused(message, (InputError, InputTypeError)):
        circuits.BitSerialShiftRight(*arguments)
