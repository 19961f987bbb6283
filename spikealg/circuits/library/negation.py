"""Signs: negation where a line says so, and absolute values, in two ticks at any width."""

from __future__ import annotations

import numpy as np

from spikealg.arguments import as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal, concat

__all__ = ["Absolute", "NegateIf"]


class NegateIf(Circuit):
    """−a where negate is 1, else a, modulo 2^width: a (width lines), negate → out (width lines).

    Negation inverts each bit that has a 1 below it; whether there is one is a single gate, so this
    takes 3·width − 2 neurons, two ticks and weights up to width.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width), negate=In(), out=Out(self.width))

    def build(self, a: Signal, negate: Signal) -> None:
        """Wire for each bit but the lowest whether it flips, and whether it is 1 and flips."""
        lowest = self.gates(a[:1], name="lowest")
        if self.width == 1:
            self.output("out", lowest)
            return
        k = np.arange(1, self.width)
        below = np.triu(np.ones((self.width, self.width), dtype=np.int64), 1)[:, 1:]
        here = np.eye(self.width, dtype=np.int64)[:, 1:]
        # The k lines below bit k weigh no more than k together.
        flips = self.gates(a, negate, weights=(below, k), threshold=k + 1, name="flips")
        falls = self.gates(
            a, negate, weights=(below + (k + 1) * here, k + 1), threshold=2 * k + 3, name="falls"
        )
        upper = self.gates(a[1:], flips, falls, weights=(1, 1, -2), threshold=1, name="upper")
        self.output("out", concat(lowest, upper))


class Absolute(Circuit):
    """|a|: a (width lines, two's complement) → out (width lines, unsigned).

    −2^(width−1) has its absolute value too. Neurons and ticks of `NegateIf`.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width, "signed"), out=Out(self.width))

    def build(self, a: Signal) -> None:
        """Wire a negation where the sign is 1."""
        out = self.add(NegateIf(self.width), a=a.unsigned(), negate=a[-1]).out
        self.output("out", out)
