"""How many of a set of numbers lie in each bin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int, as_int_row
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.sums import PopCount
from spikealg.circuits.ports import In, Out, numbered
from spikealg.circuits.signal import Signal, concat
from spikealg.errors import InputError

__all__ = ["Histogram"]


class Histogram(Circuit):
    """Counts of `count` numbers: a0, a1, ... (width lines each) → bin0, bin1, ...; four ticks.

    Bin k counts numbers with edges[k] ≤ a < edges[k + 1]; numbers outside all bins are not
    counted. Per number a neuron for each edge and one for each bin, and a `PopCount` per bin. An
    edge at 0 fires whenever nothing is there, and so does the count of the first bin.

    Parameters
    ----------
    count : int
    width : int
        Up to 30.
    edges : sequence of int
        In ascending order, from 0 to 2^width.
    """

    def __init__(self, count: int, width: int, edges: npt.ArrayLike) -> None:
        self.count = as_int("count", count, low=1)
        self.width = as_int("width", width, low=1, high=30)
        self.edges = as_int_row("edges", edges, low=0, high=1 << self.width)
        falling = np.nonzero(np.diff(self.edges) <= 0)[0]
        if len(self.edges) < 2 or len(falling):
            what = (
                f"{self.edges[falling[0]]} before {self.edges[falling[0] + 1]}"
                if len(falling)
                else f"{len(self.edges)}"
            )
            raise InputError(f"edges must be at least two ascending whole numbers, got {what}")
        bins = len(self.edges) - 1
        super().__init__(
            **numbered("a", self.count, In(self.width)),
            **{f"bin{k}": Out(self.count.bit_length()) for k in range(bins)},
        )

    def build(self, **numbers: Signal) -> None:
        """Wire which edges a number reaches, hence its bin, and the counts."""
        bits = np.repeat(1 << np.arange(self.width)[:, None], len(self.edges), axis=1)
        rows = []
        for number in numbers.values():
            reached = self.gates(number, weights=bits, threshold=self.edges, name="reached")
            rows.append(self.gates(reached[:-1], reached[1:], weights=(1, -1), name="inside"))
        for k in range(len(self.edges) - 1):
            column = concat(*(row[k] for row in rows))
            self.output(f"bin{k}", self.add(PopCount(self.count), a=column).count)
