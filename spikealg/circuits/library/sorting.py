"""Order by a network of comparators; new operands in every tick.

Numbers are compared and exchanged in pairs that do not depend on the data, in the order of
Batcher's merge exchange ("Sorting networks and their applications", AFIPS 1968; for any count,
Knuth, "The art of computer programming", volume 3, 5.2.2, algorithm M).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from spikealg.arguments import as_bool, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.chains import as_block_of_comparison
from spikealg.circuits.library.comparison import GreaterThan
from spikealg.circuits.library.extremes import Max, Min
from spikealg.circuits.library.routing import Select
from spikealg.circuits.ports import In, Out, number_coding, numbered
from spikealg.circuits.signal import Signal

__all__ = ["CompareExchange", "Largest", "Median", "Sort"]


class CompareExchange(Circuit):
    """Two numbers in order: a, b (width lines) → low, high (width lines).

    4·width + ⌈width / block⌉ neurons, ⌈width / block⌉ + 2 ticks.

    Parameters
    ----------
    width, signed, block
        As for `GreaterThan`.
    """

    def __init__(self, width: int, signed: bool = False, block: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(
            a=In(self.width, coding),
            b=In(self.width, coding),
            low=Out(self.width, coding),
            high=Out(self.width, coding),
        )
        self.block = as_block_of_comparison(block, self.width)

    def build(self, a: Signal, b: Signal) -> None:
        """Wire one comparison and two selections."""
        greater = self.add(GreaterThan(self.width, self.signed, self.block), a=a, b=b).out
        select = Select(self.width, self.signed)
        self.output("low", self.add(select, name="low", a=b, b=a, pick=greater).out)
        self.output("high", self.add(select, name="high", a=a, b=b, pick=greater).out)


class _Ranks(Circuit):
    """Some ranks of a set of numbers, by the comparators that these ranks depend on."""

    def __init__(
        self,
        ranks: dict[str, int],
        count: int,
        width: int,
        signed: bool,
        block: int,
    ) -> None:
        self.count = as_int("count", count, low=1)
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        super().__init__(
            **numbered("a", self.count, In(self.width, coding)),
            **{name: Out(self.width, coding) for name in ranks},
        )
        self.ranks = ranks
        self.block = as_block_of_comparison(block, self.width)

    def build(self, **numbers: Signal) -> None:
        """Wire a comparator for each pair that matters."""
        kind = self.width, self.signed, self.block
        places = list(numbers.values())
        for low, high, wanted in _needed(self.count, self.ranks.values()):
            a, b = places[low], places[high]
            if wanted == (True, True):
                both = self.add(CompareExchange(*kind), a=a, b=b)
                places[low], places[high] = both.low, both.high
            elif wanted[0]:
                places[low] = self.add(Min(*kind), a=a, b=b).out
            else:
                places[high] = self.add(Max(*kind), a=a, b=b).out
        for name, rank in self.ranks.items():
            self.output(name, places[rank])


class Sort(_Ranks):
    """Numbers in ascending order: a0, a1, ... (width lines each) → out0, out1, ...

    Batcher's network: about count·log2(count)²/4 comparators of 4·width + ⌈width / block⌉ neurons.

    Parameters
    ----------
    count : int
    width, signed, block
        As for `GreaterThan`.
    """

    def __init__(self, count: int, width: int, signed: bool = False, block: int = 1) -> None:
        count = as_int("count", count, low=1)
        ranks = {f"out{rank}": rank for rank in range(count)}
        super().__init__(ranks, count, width, signed, block)


class Largest(_Ranks):
    """The `k` largest numbers, in descending order: a0, a1, ... (width lines each) → out0, ...

    The comparators of `Sort` on which these ranks depend, without the halves that nobody reads.

    Parameters
    ----------
    count, k : int
    width, signed, block
        As for `GreaterThan`.
    """

    def __init__(
        self, count: int, k: int, width: int, signed: bool = False, block: int = 1
    ) -> None:
        count = as_int("count", count, low=1)
        self.k = as_int("k", k, low=1, high=count)
        ranks = {f"out{place}": count - 1 - place for place in range(self.k)}
        super().__init__(ranks, count, width, signed, block)


class Median(_Ranks):
    """The number in the middle: a0, a1, ... (width lines each) → out.

    Of an even count the lower one of the two in the middle. Built as `Largest`.

    Parameters
    ----------
    count : int
    width, signed, block
        As for `GreaterThan`.
    """

    def __init__(self, count: int, width: int, signed: bool = False, block: int = 1) -> None:
        count = as_int("count", count, low=1)
        super().__init__({"out": (count - 1) // 2}, count, width, signed, block)


def _merge_exchange(count: int) -> Iterator[tuple[int, int]]:
    """Return the pairs of places to compare, in order; the lower number goes to the first place."""
    top = 1 << max(0, (count - 1).bit_length() - 1)
    merged = top
    while merged:
        step, start, distance = top, 0, merged
        while True:
            for low in range(count - distance):
                if low & merged == start:
                    yield low, low + distance
            if step == merged:
                break
            distance, step, start = step - merged, step // 2, merged
        merged //= 2


def _needed(count: int, ranks: Collection[int]) -> list[tuple[int, int, tuple[bool, bool]]]:
    """Return the pairs on which `ranks` depend, and which of the two numbers is wanted.

    The order is that of merge exchange, or, where that takes fewer pairs, its mirror image.
    """
    pairs = list(_merge_exchange(count))
    mirrored = [(count - 1 - high, count - 1 - low) for low, high in pairs]
    return min((_pruned(order, ranks) for order in (pairs, mirrored)), key=len)


def _pruned(
    order: Sequence[tuple[int, int]], ranks: Collection[int]
) -> list[tuple[int, int, tuple[bool, bool]]]:
    wanted, pairs = set(ranks), []
    for low, high in reversed(order):
        sides = (low in wanted, high in wanted)
        if any(sides):
            wanted |= {low, high}
            pairs.append((low, high, sides))
    return pairs[::-1]
