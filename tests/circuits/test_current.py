"""Currents act in their own tick, constants in every tick, wide values are Python integers."""

from __future__ import annotations

import pytest

from spikealg.circuits import Adder, Circuit, Constant
from spikealg.errors import WiringError


def gated() -> Circuit:
    inner = Circuit("inner")
    drive, b = inner.input("drive", width=2, coding="current"), inner.input("b")
    cells = inner.neurons(2, threshold=5, leak=4096)
    inner.inject(drive, cells)
    inner.output("out", inner.gates(cells.signal(ready=0), b, threshold=2))
    return inner


def test_a_current_that_would_have_to_wait_is_refused():
    top = Circuit("top")
    drive, b = top.input("drive", width=2, coding="current"), top.input("b")
    with pytest.raises(WiringError, match="a current acts in its own tick and waits for nothing"):
        top.add(gated(), drive=drive, b=top.gate(b))
    top.add(gated(), drive=drive, b=b)


def test_a_constant_is_the_same_later():
    top = Circuit("top")
    x, five = top.input("x", width=4), top.add(Constant(5, 4)).out
    top.output("out", top.gates(x, five.later(3), threshold=2))
    assert top.compile()(x=7) == {"out": 5}


def test_sums_of_more_than_63_bits():
    assert Adder(63).compile()(a=2**63 - 1, b=1) == {"sum": 2**63}
