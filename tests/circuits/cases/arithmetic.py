"""Arithmetic of two's complement and unsigned numbers, the operands one or two numbers."""

from __future__ import annotations

from math import isqrt

import numpy as np

from spikealg import circuits as library
from tests.circuits.cases.case import CircuitCase


def wrapped(number, width, signed=False):
    """The number modulo 2^width, from −2^(width−1) up if signed."""
    low = number & ((1 << width) - 1)
    return low - ((low >> (width - 1) & 1) << width) if signed else low


def clipped(number, width, signed=False):
    low = -(1 << (width - 1)) if signed else 0
    return np.clip(number, low, low + (1 << width) - 1)


def truncated_division(a, b, width):
    """Quotient toward zero and remainder; of a division by 0, 2^width − 1 with the sign of a."""
    safe = np.where(b == 0, 1, b)
    sign = np.where((a < 0) ^ (b < 0), -1, 1)
    quotient = np.where(b == 0, sign * (2**width - 1), sign * (abs(a) // abs(safe)))
    return quotient, np.where(b == 0, a, a - b * quotient)


def divider(width, signed=False, block=1):
    def divide(a, b):
        quotient, remainder = truncated_division(a, b, width)
        return {"quotient": quotient, "remainder": remainder}

    return divide


def sequential_divider(width, block=1):
    return lambda a, b, first: divider(width)(a, b)


def modulo(width, signed=False, block=1):
    return lambda a, b: {"out": np.where(b == 0, a, a % np.where(b == 0, 1, b))}


def square_root(width, block=1):
    def root(a):
        found = np.array([isqrt(number) for number in a.tolist()], dtype=a.dtype)
        return {"root": found, "remainder": a - found * found}

    return root


def shifter(width, direction="left", signed=False):
    def shift(a, amount):
        amount = amount.astype(a.dtype)
        return {"out": wrapped(a << amount if direction == "left" else a >> amount, width, signed)}

    return shift


def comparator(*_):
    return lambda a, b: {"greater": a > b, "equal": a == b, "less": a < b}


def adder(*_):
    return lambda a, b, carry_in: {"sum": a + b + carry_in}


def subtractor(*_):
    return lambda a, b, borrow_in: {"difference": a - b - borrow_in}


def product(*_):
    return lambda a, b: {"product": a * b}


def negate_if(width):
    return lambda a, negate: {"out": wrapped(np.where(negate, -a, a), width)}


def saturating_adder(width, signed=False, block=1):
    return lambda a, b: {"sum": clipped(a + b, width, signed)}


def saturating_subtractor(width, signed=False, block=1):
    return lambda a, b: {"difference": clipped(a - b, width, signed)}


def saturate(width, to, signed=False, to_signed=None):
    target = signed if to_signed is None else to_signed
    return lambda a: {"out": clipped(a, to, target)}


def fixed_point_multiplier(form, rounding="down"):
    half = (1 << form.fraction) // 2 if rounding == "nearest" else 0
    return lambda a, b: {"product": clipped(a * b + half >> form.fraction, form.width, form.signed)}


Q = library.FixedPoint

CASES = [
    CircuitCase(
        library.Adder,
        adder,
        (4,),
        (
            (1,),
            (5, True),
            (1, True),
            (5, False, 2),
            (5, True, 3),
            (32,),
            (32, True),
            (32, False, 16),
            (32, True, 30),
            (70,),
        ),
    ),
    CircuitCase(
        library.Subtractor,
        subtractor,
        (4,),
        ((1,), (5, True), (1, True), (5, False, 2), (32,), (32, True), (32, False, 16)),
    ),
    CircuitCase(
        library.AddConstant,
        lambda width, constant: lambda a: {"sum": wrapped(a + constant, width)},
        (4, 11),
        ((12, -1), (12, 0), (1, 1), (32, 0x9E3779B9)),
    ),
    CircuitCase(library.Negate, lambda *_: lambda a: {"out": -a}, (4,), ((5, True), (32, True, 8))),
    CircuitCase(library.NegateIf, negate_if, (4,), ((1,), (11,), (32,))),
    CircuitCase(library.Absolute, lambda *_: lambda a: {"out": abs(a)}, (4,), ((1,), (12,), (32,))),
    CircuitCase(
        library.GreaterThan,
        lambda *_: lambda a, b: {"out": a > b},
        (4,),
        (
            (1, True),
            (6, True),
            (6, False, 6),
            (6, True, 4),
            (31, False, 31),
            (31, True, 31),
            (32,),
            (32, True, 16),
            (60, False, 30),
        ),
    ),
    CircuitCase(library.Equal, lambda *_: lambda a, b: {"out": a == b}, (4,), ((6, True), (32,))),
    CircuitCase(library.Comparator, comparator, (4,), ((6, True, 2), (32,), (32, True, 16))),
    CircuitCase(
        library.AtLeast,
        lambda width, constant, signed=False: lambda a: {"out": a >= constant},
        (4, 5),
        ((12, -7, True), (31, 2**30 + 12345), (31, -12345, True)),
    ),
    CircuitCase(
        library.Max,
        lambda *_: lambda a, b: {"out": np.maximum(a, b)},
        (4,),
        ((6, True), (32, True, 8)),
    ),
    CircuitCase(
        library.Min,
        lambda *_: lambda a, b: {"out": np.minimum(a, b)},
        (4,),
        ((6, True), (32, True, 8)),
    ),
    CircuitCase(
        library.SaturatingAdder, saturating_adder, (4,), ((6, True), (1, True), (32, True, 8))
    ),
    CircuitCase(
        library.SaturatingSubtractor, saturating_subtractor, (4,), ((6, True), (1, True), (32,))
    ),
    CircuitCase(
        library.Saturate,
        saturate,
        (6, 3),
        (
            (6, 3, True),
            (6, 6, True),
            (6, 1, True),
            (6, 3, True, False),
            (6, 5, True, False),
            (6, 3, False, True),
            (6, 6, False, True),
            (31, 16, True),
        ),
    ),
    CircuitCase(
        library.Shifter,
        shifter,
        (4,),
        ((5, "right"), (5, "right", True), (1,), (28,), (31, "right", True)),
    ),
    CircuitCase(
        library.Multiplier,
        product,
        (4,),
        ((1,), (5,), (2, True), (6, True), (16, True), (32,), (32, True)),
    ),
    CircuitCase(
        library.Divider,
        divider,
        (3,),
        ((1,), (1, True), (6,), (5, True), (5, True, 3), (32, True, 8)),
    ),
    CircuitCase(
        library.SequentialDivider,
        sequential_divider,
        (3,),
        ((1,), (6, 7), (16, 5), (32, 16)),
        fixed={"first": 1},
    ),
    CircuitCase(library.Modulo, modulo, (3,), ((6,), (5, True, 2), (24, True, 6))),
    CircuitCase(library.SquareRoot, square_root, (3,), ((1,), (12,), (11, 3), (32, 6))),
    CircuitCase(
        library.FixedPointMultiplier,
        fixed_point_multiplier,
        (Q(1, 2),),
        ((Q(2, 3), "nearest"), (Q(0, 4, False), "nearest"), (Q(4, 0),), (Q(7, 8), "nearest")),
    ),
    CircuitCase(library.ToStream, lambda *_: lambda a: {"out": a}, (5,), ((24,),)),
    CircuitCase(library.FromStream, lambda *_: lambda a: {"out": a}, (5,), ((24,),)),
    CircuitCase(
        library.BitSerialConstant,
        lambda value, width: lambda first: {"out": value},
        (11, 5),
        ((2**31 + 5, 32),),
        fixed={"first": 1},
    ),
    CircuitCase(
        library.BitSerialShift,
        lambda width, by: lambda a: {"out": a << by},
        (4, 2),
        ((3, 0), (32, 20)),
    ),
    CircuitCase(library.BitSerialAdder, lambda *_: lambda a, b: {"sum": a + b}, (4,), ((32,),)),
    CircuitCase(
        library.BitSerialSubtractor,
        lambda width: lambda a, b, first: {"difference": wrapped(a - b, width)},
        (4,),
        ((32,),),
        fixed={"first": 1},
    ),
    CircuitCase(
        library.BitSerialNegate,
        lambda width: lambda a, first: {"out": wrapped(-a, width)},
        (4,),
        ((32,),),
        fixed={"first": 1},
    ),
    CircuitCase(
        library.BitSerialGreaterThan,
        lambda *_: lambda a, b, first: {"out": a > b},
        (4,),
        ((32,),),
        fixed={"first": 1},
    ),
    CircuitCase(
        library.BitSerialShiftRight,
        lambda width, by: lambda a, first: {"out": a >> by},
        (5, 2),
        ((3, 0), (32, 20)),
        fixed={"first": 1},
    ),
    CircuitCase(
        library.BitSerialMax,
        lambda *_: lambda a, b, first: {"out": np.maximum(a, b)},
        (4,),
        ((1,), (32,)),
        fixed={"first": 1},
    ),
    CircuitCase(
        library.BitSerialMin,
        lambda *_: lambda a, b, first: {"out": np.minimum(a, b)},
        (4,),
        ((1,), (32,)),
        fixed={"first": 1},
    ),
    CircuitCase(
        library.BitSerialAbsolute,
        lambda width: lambda a, first: {"out": abs(wrapped(a, width, signed=True))},
        (4,),
        ((1,), (32,)),
        fixed={"first": 1},
    ),
    CircuitCase(
        library.BitSerialMultiplier,
        lambda *_: lambda a, b, first: {"product": a * b},
        (4,),
        ((1,), (2,), (5,), (16,), (31,)),
        fixed={"first": 1},
    ),
]
