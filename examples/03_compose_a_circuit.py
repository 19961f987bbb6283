"""A circuit composed from adders and comparators: which three sticks make a triangle?

Sticks of whole lengths a, b, c make a triangle if any two together are longer than the third, and
fall flat if two together are as long as the third. Of the triples a ≤ b ≤ c ≤ n, n odd, exactly
(n + 1)(n + 3)(2n + 1)/24 make a triangle (OEIS A002623), and ⌊1/2⌋ + ⌊2/2⌋ + ... + ⌊n/2⌋ are flat.

The circuit is wired from ports: nobody counts ticks, although each sum is ready long after the
stick that it is compared with. All triples are tried twice: at once, each in a copy of the circuit
of its own (a lane), and one after another through a single copy, a new triple in every tick.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from spikealg import Circuit, simulate
from spikealg.circuits import Adder, And, Comparator, In, Or, Out, concat, encode

LONGEST = 15
BITS = LONGEST.bit_length()


class Triangle(Circuit):
    """Three sticks: a, b, c (width lines) → proper, flat."""

    def __init__(self, width: int) -> None:
        super().__init__(a=In(width), b=In(width), c=In(width), proper=Out(), flat=Out())
        self.width = width

    def build(self, a, b, c):
        longer, equal = [], []
        for one, two, third in ((a, b, c), (b, c, a), (c, a, b)):
            both = self.add(Adder(self.width), a=one, b=two).sum
            compared = self.add(Comparator(self.width + 1), a=both, b=third.extend(self.width + 1))
            longer.append(compared.greater)
            equal.append(compared.equal)
        self.output("proper", self.add(And(3), a=concat(*longer)).out)
        self.output("flat", self.add(Or(3), a=concat(*equal)).out)


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Try all triples; return how many make a triangle, and how many are flat."""
    triples = np.array(list(combinations_with_replacement(range(1, LONGEST + 1), 3)))
    sticks = dict(zip("abc", triples.T, strict=True))

    network = Triangle(BITS).compile()
    print(network.summary())

    verdict = network(**sticks)
    proper, flat = int(verdict["proper"].sum()), int(verdict["flat"].sum())
    print(f"\nof {len(triples)} triples up to {LONGEST}, {proper} make a triangle, {flat} are flat")

    # A value for each tick is an array (ticks, lanes, lines): here one lane.
    in_turn = {
        name: encode(lengths, "binary", BITS).swapaxes(0, 1) for name, lengths in sticks.items()
    }
    latency = network.outputs["proper"].latency
    run = simulate(network, in_turn, ticks=len(triples) + latency)
    (proper_line,) = network.outputs["proper"].neurons
    ticks = run.spikes.t[run.spikes.i == proper_line]
    same = np.array_equal(ticks - latency, np.nonzero(verdict["proper"])[0])
    print(
        f"one after another: {len(ticks)} spikes in {len(triples)} + {latency} ticks, "
        f"each {latency} ticks after its triple: {same}"
    )
    return {"proper": proper, "flat": flat, "in turn": len(ticks), "same": float(same)}


if __name__ == "__main__":
    main()
