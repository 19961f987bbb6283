"""Energy and time over the size of a problem, and how they grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from spikealg.arguments import as_choice
from spikealg.errors import InputError
from spikealg.hardware.figures import si

__all__ = ["AdvantageCurve", "Exponent", "Series"]

FloatArray = npt.NDArray[np.float64]

CONFIDENCE = 0.95
QUANTITIES = ("energy_J", "time_s")


@dataclass(frozen=True)
class Exponent:
    """The power with which a quantity grows, and its confidence interval.

    Attributes
    ----------
    value, low, high : float
        Slope of the logarithms by least squares; the interval is that of Student's t at 95 %. It
        holds for a straight line with independent errors: bends of the curve widen it.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, eq=False)
class Series:
    """One way to do the work, over all sizes.

    Attributes
    ----------
    title : str
    kind : {"total", "published", "measured"}
        All energy of a platform; what is published of it, static energy included, so a lower
        bound; or measured time times stated power.
    energy_J, time_s : float64 arrays (sizes,)
        NaN where unpublished.
    note : str
        What is missing, or was assumed.
    """

    title: str
    kind: str
    energy_J: FloatArray
    time_s: FloatArray
    note: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class AdvantageCurve:
    """Circuits on platforms against their rivals; shows itself as a table.

    Attributes
    ----------
    axis : str
        What grows: "walkers", "vertices" or "1/error".
    x : float64 array (sizes,)
    walker_steps : float64 array (sizes,)
        Steps of a walker that each size takes.
    series : tuple of Series
    """

    axis: str
    x: FloatArray
    walker_steps: FloatArray
    series: tuple[Series, ...]

    def of(self, title: str) -> Series:
        """Return the series called `title`.

        Raises
        ------
        InputError
            If there is none.
        """
        for entry in self.series:
            if entry.title == title:
                return entry
        known = ", ".join(repr(entry.title) for entry in self.series)
        raise InputError(f"there is no series {title!r}; the series are: {known}")

    def exponent(self, title: str, quantity: str = "energy_J") -> Exponent | None:
        """Return how a quantity of a series grows with `x`; None where it is unpublished.

        Parameters
        ----------
        title : str
        quantity : {"energy_J", "time_s"}
        """
        y = getattr(self.of(title), as_choice("quantity", quantity, QUANTITIES))
        if not np.all(np.isfinite(y) & (y > 0)):
            return None
        u, v = (np.log(values) - np.log(values).mean() for values in (self.x, y))
        slope, freedom = float(u @ v / (u @ u)), len(u) - 2
        stderr = np.sqrt(((v - slope * u) ** 2).sum() / freedom / (u @ u))
        width = float(stdtrit(freedom, (1 + CONFIDENCE) / 2) * stderr)
        return Exponent(slope, slope - width, slope + width)

    def walker_updates(self) -> str:
        """Return the table of Smith et al. 2022: updates of walkers per second and per joule.

        They compare platforms by walker updates per second and by the time relative to that of the
        smallest size; per joule says the same of energy. Each column is a size.
        """
        rows = [["", *(f"{self.axis} {x:.4g}" for x in self.x)]]
        for entry in self.series:
            for unit, values in (("s", entry.time_s), ("J", entry.energy_J)):
                cells = [_cell(rate, f"/{unit}") for rate in self.walker_steps / values]
                rows.append([f"{entry.title}, updates per {unit}", *cells])
            relative = [_cell(ratio, "") for ratio in entry.time_s / entry.time_s[0]]
            rows.append([f"{entry.title}, time over the first", *relative])
        return _table(rows)

    def plot(self, **options: Any) -> Any:
        """Draw energy and time over size with matplotlib (extra "plot") and return the figure.

        Options are those of `spikealg.viz.hardware.plot_advantage`.
        """
        from spikealg.viz.hardware import plot_advantage

        return plot_advantage(self, **options)

    def __str__(self) -> str:
        first, last = f"{self.axis} {self.x[0]:.4g}", f"{self.axis} {self.x[-1]:.4g}"
        rows = [["", "energy", first, last, "energy grows as", "time grows as", ""]]
        for entry in self.series:
            rows.append(
                [
                    entry.title,
                    entry.kind,
                    _cell(entry.energy_J[0], "J"),
                    _cell(entry.energy_J[-1], "J"),
                    *(_power(self.exponent(entry.title, name), self.axis) for name in QUANTITIES),
                    entry.note,
                ]
            )
        return _table(rows)

    __repr__ = __str__


def _power(exponent: Exponent | None, axis: str) -> str:
    base = f"({axis})" if "/" in axis else axis
    return "–" if exponent is None else f"{base}^{exponent}"


def _cell(value: float, unit: str) -> str:
    return si(float(value), unit).strip() if np.isfinite(value) else "–"


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
