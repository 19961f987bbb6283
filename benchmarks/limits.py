"""What one core of this machine can do at best in the step no event-driven simulator avoids.

`python benchmarks/limits.py` prints it. A spike that arrives is one addition to a random place of
an array, so the rate of such additions, into an array as large as the input of the neurons, bounds
the rate of synaptic events.
"""

from __future__ import annotations

import statistics

import numpy as np
from numba import njit, uint32

from timing import seconds

EVENTS = 20_000_000
SIZES = {"40 KB": 10_000, "400 KB": 100_000, "4 MB": 1_000_000, "400 MB": 100_000_000}
"""Number of int32 entries of the arrays that are added to."""
REFERENCE_SIZE = "400 KB"
"""The size others are compared with: it fits the second-level cache, as the input of W1 does."""


@njit(cache=True)
def scatter_add(target: np.ndarray, index: np.ndarray) -> None:
    """Add 1 to target[index[j]] for each j; both int32; index is read in order."""
    for j in range(index.shape[0]):
        target[index[j]] += 1


@njit(cache=True)
def scatter_add_unsigned(target: np.ndarray, index: np.ndarray) -> None:
    """Do the same without Python's meaning of negative indices, which costs an instruction."""
    for j in range(index.shape[0]):
        target[uint32(index[j])] += 1


@njit(cache=True)
def add_up(values: np.ndarray) -> int:
    """Sum an int64 array, which is as fast as memory can be read."""
    total = 0
    for j in range(values.shape[0]):
        total += values[j]
    return total


class ScatterLimit:
    """The rate of scatter-adds into one size of target, measured again whenever asked.

    `signed` and `unsigned` collect the rates [1/s] of the two forms of the loop.
    """

    def __init__(self, size: str = REFERENCE_SIZE) -> None:
        rng = np.random.default_rng(0)
        self.index = rng.integers(0, SIZES[size], EVENTS, dtype=np.int32)
        self.target = np.zeros(SIZES[size], dtype=np.int32)
        self.signed: list[float] = []
        self.unsigned: list[float] = []
        for function in (scatter_add, scatter_add_unsigned):
            function(self.target, self.index)

    def measure(self) -> None:
        """Measure both forms once more."""
        for function, rates in (
            (scatter_add, self.signed),
            (scatter_add_unsigned, self.unsigned),
        ):
            rates.append(EVENTS / seconds(function, self.target, self.index))

    def rates(self) -> tuple[float, float]:
        """Return the medians of both forms so far [1/s], signed first."""
        return statistics.median(self.signed), statistics.median(self.unsigned)


def main() -> None:
    for size in SIZES:
        limit = ScatterLimit(size)
        for _ in range(5):
            limit.measure()
        signed, unsigned = limit.rates()
        print(
            f"scatter-add int32, target {size:>6}: {signed / 1e6:6.0f} M/s, "
            f"with unsigned indices {unsigned / 1e6:6.0f} M/s"
        )
    values = np.ones(50_000_000, dtype=np.int64)
    add_up(values)
    wall = statistics.median(seconds(add_up, values) for _ in range(5))
    print(f"reading int64 from memory: {values.nbytes / wall / 1e9:.1f} GB/s")


if __name__ == "__main__":
    main()
