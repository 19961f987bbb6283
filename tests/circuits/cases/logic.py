"""Gates and circuits that choose."""

from __future__ import annotations

import numpy as np

from spikealg import circuits as library
from tests.circuits.cases.case import CircuitCase

WEIGHTS = (2, -1, 3, -2)


def ones(a):
    return sum(line(a, k) for k in range(32))


def line(a, k):
    return a >> k & 1


def threshold_gate(width, threshold, weights):
    return lambda a: {"out": sum(w * line(a, k) for k, w in enumerate(weights)) >= threshold}


def multiplexer(count, width):
    def choose(index, **numbers):
        out = 0
        for k, number in enumerate(numbers.values()):
            out = np.where(index == k, number, out)
        return {"out": out}

    return choose


def demultiplexer(count, width):
    return lambda a, index: {f"out{k}": np.where(index == k, a, 0) for k in range(count)}


def encoder(count):
    def join(a):
        return {"index": np.bitwise_or.reduce([k * line(a, k) for k in range(count)])}

    return join


def priority_encoder(count):
    def first(a):
        index = np.zeros_like(a)
        for k in reversed(range(count)):
            index = np.where(line(a, k), k, index)
        return {"index": index, "any": a > 0}

    return first


CASES = [
    CircuitCase(library.ThresholdGate, threshold_gate, (4, 2, WEIGHTS)),
    CircuitCase(library.And, lambda n: lambda a: {"out": a == 2**n - 1}, (3,), ((16,),)),
    CircuitCase(library.Or, lambda n: lambda a: {"out": a > 0}, (3,), ((16,),)),
    CircuitCase(library.Not, lambda n: lambda a: {"out": 2**n - 1 - a}, (3,), ((16,),)),
    CircuitCase(library.Xor, lambda n: lambda a: {"out": ones(a) % 2}, (5,), ((30,),)),
    CircuitCase(library.Majority, lambda n: lambda a: {"out": 2 * ones(a) > n}, (4,), ((21,),)),
    CircuitCase(library.Thermometer, lambda n: lambda a: {"out": 2 ** ones(a) - 1}, (4,), ((24,),)),
    CircuitCase(library.Constant, lambda value, width: lambda: {"out": value}, (11, 5)),
    CircuitCase(
        library.Gate, lambda _: lambda a, open: {"out": np.where(open, a, 0)}, (3,), ((14,),)
    ),
    CircuitCase(
        library.Select,
        lambda *_: lambda a, b, pick: {"out": np.where(pick, a, b)},
        (3,),
        ((3, True), (30,)),
    ),
    CircuitCase(library.Multiplexer, multiplexer, (3, 2), ((1, 4), (9, 5))),
    CircuitCase(library.Demultiplexer, demultiplexer, (3, 2), ((1, 4), (9, 12))),
    CircuitCase(library.Decoder, lambda n: lambda index: {"out": 1 << index}, (3,), ((5,),)),
    CircuitCase(library.Encoder, encoder, (5,), ((20,),)),
    CircuitCase(library.PriorityEncoder, priority_encoder, (5,), ((1,), (20,))),
]
