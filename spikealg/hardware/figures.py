"""A number with the range that is left open, and how it is written."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["Figure", "si"]

_PREFIXES = {
    -18: "a",
    -15: "f",
    -12: "p",
    -9: "n",
    -6: "µ",
    -3: "m",
    0: "",
    3: "k",
    6: "M",
    9: "G",
    12: "T",
}


class Figure(NamedTuple):
    """A value ≥ 0 and the range of it that sources and counts leave open."""

    value: float
    low: float
    high: float

    @classmethod
    def exactly(cls, value: float) -> Figure:
        """Return a figure without a range."""
        return cls(value, value, value)

    @classmethod
    def between(cls, low: float, high: float) -> Figure:
        """Return the middle of a range, with the range."""
        return cls((low + high) / 2, low, high)

    def plus(self, other: Figure) -> Figure:
        """Return the sum; ranges add, as if both were wrong the same way."""
        return Figure(self.value + other.value, self.low + other.low, self.high + other.high)

    def times(self, other: Figure) -> Figure:
        """Return the product."""
        return Figure(self.value * other.value, self.low * other.low, self.high * other.high)

    def over(self, divisor: float) -> Figure:
        """Return the figure divided by a positive number."""
        return Figure(self.value / divisor, self.low / divisor, self.high / divisor)

    def write(self, unit: str) -> str:
        """Return the figure with its unit, "2.31 µJ (2.1 µJ to 2.5 µJ)"."""
        text = si(self.value, unit)
        if math.isclose(self.low, self.high, rel_tol=5e-3):
            return text
        return f"{text} ({si(self.low, unit)} to {si(self.high, unit)})"


def si(value: float, unit: str) -> str:
    """Return a number with three digits and the prefix that suits it, "64 mW".

    Examples
    --------
    >>> si(23.6e-12, "J")
    '23.6 pJ'
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}"
    rounded = float(f"{abs(value):.3g}")
    power = min(max(3 * math.floor(math.log10(rounded) / 3), -18), 12)
    return f"{math.copysign(rounded, value) / 10.0**power:.4g} {_PREFIXES[power]}{unit}"
