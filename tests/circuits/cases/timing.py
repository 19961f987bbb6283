"""Circuits of time and memory; their oracles are machines that are called once per tick."""

from __future__ import annotations

from functools import reduce
from operator import or_

import numpy as np

from spikealg import circuits as library
from tests.circuits.cases.case import CircuitCase


def stretch(length):
    last = [0] * length

    def step(pulse):
        last.append(pulse)
        return {"out": reduce(or_, last[-length:])}

    return step


def clock(period):
    wait = -1  # ticks to the next pulse; −1 where it does not run

    def step(start, stop):
        nonlocal wait
        wait = np.where(stop, -1, np.where(start, 0, wait))
        out = wait == 0
        wait = np.where(out, period - 1, np.where(wait > 0, wait - 1, wait))
        return {"out": out}

    return step


def latch():
    state = 0

    def step(set, reset):
        nonlocal state
        state = np.where(reset, 0, np.where(set, 1, state))
        return {"out": state}

    return step


def toggle():
    state = 0

    def step(toggle, clear):
        nonlocal state
        state = np.where(clear, 0, state ^ toggle)
        return {"out": state}

    return step


def hold(width):
    stored = 0

    def step(data, store):
        nonlocal stored
        stored = np.where(store, data, stored)
        return {"out": stored}

    return step


def register(width):
    stored = 0

    def step(data, store, recall, clear):
        nonlocal stored
        shown = np.where(recall, stored, 0)
        stored = np.where(clear, 0, np.where(store, data, stored))
        return {"out": shown}

    return step


def shift_register(length):
    bits = 0

    def step(data, shift):
        nonlocal bits
        bits = np.where(shift, (2 * bits + data) % 2**length, bits)
        return {"out": bits}

    return step


def counter(width):
    count = 0

    def step(pulse, clear):
        nonlocal count
        carry = (count + pulse == 2**width) & (clear == 0)
        count = np.where(clear, 0, (count + pulse) % 2**width)
        return {"value": count, "carry": carry}

    return step


def memory(words, width):
    stored = np.zeros(words, dtype=object)

    def step(address, data, write, read):
        shown = sum(np.where(read & (address == word), stored[word], 0) for word in range(words))
        for word in range(words):
            stored[word] = np.where(write & (address == word), data, stored[word])
        return {"out": shown}

    return step


def fifo(depth, width):
    """A list per lane."""
    queues = {}

    def one(lane, data, push, pop):
        queue = queues.setdefault(lane, [])
        full = len(queue) == depth
        valid = bool(pop and queue)
        out = queue.pop(0) if valid else 0
        if push and (not full or pop):
            queue.append(data)
        return out, valid, len(queue) == depth

    def step(data, push, pop):
        shape = np.shape(data)
        columns = (np.ravel(values).tolist() for values in (data, push, pop))
        found = [one(lane, *row) for lane, row in enumerate(zip(*columns, strict=True))]
        parts = zip(*found, strict=True)
        return {
            name: np.array(part).reshape(shape)
            for name, part in zip(("out", "valid", "full"), parts, strict=True)
        }

    return step


CASES = [
    CircuitCase(library.Delay, lambda ticks, width: lambda a: {"out": a}, (3, 4)),
    CircuitCase(library.DelayLine, lambda *_: lambda a: {"out": a}, (5, 3, 2), ((37, 4, 5),)),
    CircuitCase(library.Stretch, stretch, (5,), ((1,), (16,), (19,)), stateful=True),
    CircuitCase(library.Clock, clock, (3,), ((1,), (17,)), stateful=True),
    CircuitCase(
        library.Timer,
        lambda width: lambda ticks, start: {"done": np.ones_like(ticks), "ticks": ticks + 2},
        (4,),
        ((1,), (12,)),
        fixed={"start": 1},
    ),
    CircuitCase(library.Latch, latch, stateful=True),
    CircuitCase(library.Toggle, toggle, stateful=True),
    CircuitCase(library.Hold, hold, (3,), ((16,),), stateful=True),
    CircuitCase(library.Register, register, (3,), ((16,),), stateful=True),
    CircuitCase(library.ShiftRegister, shift_register, (4,), ((1,), (20,)), stateful=True),
    CircuitCase(library.Counter, counter, (2,), ((1,), (4,)), stateful=True),
    CircuitCase(library.Memory, memory, (3, 2), ((1, 4), (16, 8)), stateful=True),
    CircuitCase(library.Fifo, fifo, (3, 2), ((1, 2), (2, 4), (5, 3)), stateful=True),
]
