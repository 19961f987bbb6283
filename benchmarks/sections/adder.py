"""The 8-bit parallel adder, called with arrays as a user calls it, against NumPy's own +."""

from __future__ import annotations

from typing import Any

import numpy as np

from contest import Contender, compare
from report import Report
from settings import Settings
from spikealg.circuits import Adder
from timing import on_one_core

WIDTH = 8


def measure(settings: Settings) -> Report:
    """Add operand pairs; encoding operands and decoding sums is part of the call."""
    pairs = 10**5 if settings.quick else 10**7
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 2**WIDTH, (2, pairs))
    small_a, small_b = a.astype(np.uint8), b.astype(np.uint8)
    network = Adder(WIDTH).compile()

    def check(name: str, total: Any) -> None:
        if not np.array_equal(total, a + b):
            raise AssertionError(f"{name}: a sum is wrong")

    contenders = {
        "the circuit, int64 operands": Contender(
            lambda: network(a=a, b=b)["sum"], pairs, check, ours=True
        ),
        "the circuit, uint8 operands": Contender(
            lambda: network(a=small_a, b=small_b)["sum"], pairs, check, ours=True
        ),
        "NumPy, int64 a + b": Contender(lambda: a + b, pairs, check),
    }
    with on_one_core():  # a call uses all cores it is given
        table, chart = compare(
            "8-bit parallel adder, one core", "additions", contenders, settings.repeat
        )
    return Report([table], [chart])
