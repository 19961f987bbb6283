"""One run on many platforms, beside a measured processor and a program without spikes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError
from spikealg.hardware.catalogue import as_platform, platform, platforms
from spikealg.hardware.counts import Counts, count
from spikealg.hardware.estimate import CostEstimate, estimate
from spikealg.hardware.figures import Figure
from spikealg.hardware.platform import Platform

__all__ = ["Comparison", "Row", "compare"]

BASELINES = (("mac_float32", "32-bit float"), ("mac_int8", "8-bit integer"))


@dataclass(frozen=True)
class Row:
    """One way to do the work.

    Attributes
    ----------
    title : str
    kind : {"total", "marginal", "none", "measured", "arithmetic"}
        What `energy_J` holds: all energy; activity only, because something is unpublished; nothing,
        because everything is; time measured times a stated power; multiplications and additions of
        a program without spikes, and nothing else of it.
    energy_J, time_s : Figure or None
    per_work_J : Figure or None
        `energy_J` per unit of work.
    static_J : Figure or None
        Static energy that is known and not in `energy_J`.
    note : str
        What is missing, or was assumed.
    """

    title: str
    kind: str
    energy_J: Figure | None
    time_s: Figure | None
    per_work_J: Figure | None
    static_J: Figure | None = None
    note: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Rows for platforms, a measured processor, and a baseline; shows itself as a table.

    Attributes
    ----------
    counts : Counts
    estimates : tuple of CostEstimate
    rows : tuple of Row
    """

    counts: Counts
    estimates: tuple[CostEstimate, ...]
    rows: tuple[Row, ...]

    def plot(self, **options: Any) -> Any:
        """Draw a bar per row with matplotlib (extra "plot") and return the figure.

        Options are those of `spikealg.viz.hardware.plot_comparison`.
        """
        from spikealg.viz.hardware import plot_comparison

        return plot_comparison(self, **options)

    def __str__(self) -> str:
        work = self.counts.work
        head = ("platform", "", "energy", "static", "time", f"per {work.unit}" if work else "", "")
        table = [head]
        for row in self.rows:
            table.append(
                (
                    row.title,
                    row.kind if row.kind != "none" else "",
                    _written(row.energy_J, "J"),
                    "" if row.static_J is None else f"+ {row.static_J.write('J')}",
                    _written(row.time_s, "s"),
                    _written(row.per_work_J, "J") if work else "",
                    row.note,
                )
            )
        widths = [max(len(row[i]) for row in table) for i in range(len(head))]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)

    __repr__ = __str__


def _written(figure: Figure | None, unit: str) -> str:
    return "–" if figure is None else figure.write(unit)


def compare(
    run: Any,
    platforms: Sequence[str | Platform] | None = None,
    *,
    lanes: str = "together",
    measured_s: float | None = None,
    watts: float | None = None,
    macs: int | None = None,
) -> Comparison:
    """Price one run on several platforms.

    Parameters
    ----------
    run : Run, Solution or Counts
    platforms : sequence of str or Platform, optional
        All chips and processors by default.
    lanes : {"together", "in turn"}
        As for `estimate`.
    measured_s, watts : float, optional
        Time that a processor took for the same work [s], and the power stated for it [W]; together
        they add a row that is marked as measured.
    macs : int, optional
        Multiply-accumulate operations of a program without spikes that does the same work. Default:
        what `run` knows; for a solution, the products with its sparse matrix, step by step, and
        for a run every synapse in every tick.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError, InputTypeError
        As `estimate`, or if one of `measured_s` and `watts` is given without the other.
    """
    counts = count(run)
    chosen = _all() if platforms is None else [as_platform(entry) for entry in platforms]
    estimates = tuple(estimate(counts, entry, lanes=lanes) for entry in chosen)
    rows = [_row(cost) for cost in estimates]
    if (measured_s is None) != (watts is None):
        raise InputError("measured_s and watts go together: give both, or none")
    if measured_s is not None:
        rows.append(_measured(counts, measured_s, watts))
    operations = counts.macs if macs is None else as_int("macs", macs, low=0)
    if operations is not None:
        rows += [_baseline(counts, operations, term, what) for term, what in BASELINES]
    return Comparison(counts, estimates, tuple(rows))


def _all() -> list[Platform]:
    return [entry for entry in platforms() if entry.kind != "arithmetic"]


def _per_work(counts: Counts, energy: Figure | None) -> Figure | None:
    return None if energy is None or counts.work is None else energy.over(counts.work.amount)


def _row(cost: CostEstimate) -> Row:
    energy = cost.marginal_J if cost.total_J is None else cost.total_J
    kind = "none" if energy is None else "marginal" if cost.total_J is None else "total"
    note = f"{', '.join(cost.missing)} unpublished" if cost.missing else ""
    return Row(
        cost.platform.title,
        kind,
        energy,
        cost.time_s,
        _per_work(cost.counts, energy),
        cost.static_J if cost.total_J is None else None,
        note,
    )


def _measured(counts: Counts, measured_s: float, watts: float | None) -> Row:
    seconds = as_float("measured_s", measured_s, above=0.0)
    power = as_float("watts", watts, above=0.0)
    energy = Figure.exactly(seconds * power)
    return Row(
        "this processor",
        "measured",
        energy,
        Figure.exactly(seconds),
        _per_work(counts, energy),
        note=f"measured time × {power:g} W stated",
    )


def _baseline(counts: Counts, macs: int, term: str, what: str) -> Row:
    price = platform("horowitz45nm").energy[term]
    energy = Figure.exactly(macs * (price.value or 0.0))
    note = f"{macs:.3g} MACs without spikes, {what}, {price.source}; no memory"
    per_work = _per_work(counts, energy)
    return Row(f"MACs, {what}", "arithmetic", energy, None, per_work, note=note)
