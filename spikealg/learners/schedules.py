"""How the learning rate changes: a factor on it, as a function of the epochs done."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from spikealg.arguments import as_float
from spikealg.errors import InputTypeError

__all__ = ["Constant", "Cosine", "Schedule", "Steps", "Warmup"]

Schedule = Callable[[float], float]
"""From the epochs done, a fraction within an epoch, to the factor."""


@dataclass(frozen=True)
class Constant:
    """Always 1."""

    def __call__(self, epoch: float) -> float:
        """Return the factor after `epoch` epochs."""
        return 1.0


@dataclass(frozen=True)
class Steps:
    """Times `factor` from each of the epochs `at` on."""

    at: tuple[float, ...]
    factor: float = 0.1

    def __post_init__(self) -> None:
        if not isinstance(self.at, (tuple, list)):
            raise InputTypeError(f"at must be a tuple of epochs, got {self.at!r}")
        for epoch in self.at:
            as_float("at", epoch, low=0)
        as_float("factor", self.factor, above=0)

    def __call__(self, epoch: float) -> float:
        """Return the factor after `epoch` epochs."""
        return float(self.factor ** sum(epoch >= at for at in self.at))


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from 1 down to `floor` in `epochs` (Loshchilov and Hutter, ICLR 2017)."""

    epochs: float
    floor: float = 0.0

    def __post_init__(self) -> None:
        as_float("epochs", self.epochs, above=0)
        as_float("floor", self.floor, low=0, high=1)

    def __call__(self, epoch: float) -> float:
        """Return the factor after `epoch` epochs."""
        done = min(epoch / self.epochs, 1.0)
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * done)) / 2


@dataclass(frozen=True)
class Warmup:
    """A straight rise from 0 to 1 in `epochs`, times the schedule `then`."""

    epochs: float
    then: Schedule = Constant()

    def __post_init__(self) -> None:
        as_float("epochs", self.epochs, above=0)
        if not callable(self.then):
            raise InputTypeError(f"then must be a schedule such as Cosine(10), got {self.then!r}")

    def __call__(self, epoch: float) -> float:
        """Return the factor after `epoch` epochs."""
        return min(epoch / self.epochs, 1.0) * self.then(epoch)
