"""The bill: counts times prices, with what nobody has published left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

from spikealg.arguments import as_choice
from spikealg.errors import InputError
from spikealg.hardware.catalogue import as_platform
from spikealg.hardware.counts import Counts, NetworkCounts, count
from spikealg.hardware.figures import Figure, si
from spikealg.hardware.fits import Fit, fits
from spikealg.hardware.load import Load, load
from spikealg.hardware.place import Placement
from spikealg.hardware.platform import ENERGY_TERMS, Constant, Platform

__all__ = ["CostEstimate", "Term", "estimate"]

_ZERO = Figure.exactly(0.0)


@dataclass(frozen=True)
class Term:
    """One line of a bill.

    Attributes
    ----------
    amount : Figure
        How often it is charged.
    energy_J : Figure or None
        None where the price is unpublished and something was to be charged.
    constant : Constant
        The price and its source.
    """

    amount: Figure
    energy_J: Figure | None
    constant: Constant


@dataclass(frozen=True, eq=False, repr=False)
class CostEstimate:
    """What a run would cost on a platform; shows itself as a bill.

    Energy that depends on activity is kept apart from static power. A total exists only if nothing
    that was used is unpublished; ranges hold what sources and counts leave open.

    Attributes
    ----------
    platform : Platform
    counts : Counts
    terms : dict of str to Term
        The energy terms, "synaptic" and so on.
    marginal_J : Figure or None
        Sum of the published ones [J]; None if none is.
    static_W : Figure or None
        Power of the chips in use when nothing happens [W]; None if unpublished.
    time_s : Figure or None
        Duration [s]; None if unpublished.
    ticks : int
        Ticks in all.
    cores, chips : int
        In use, at most at a time.
    missing : tuple of str
        What is unpublished and would be needed for a total.
    placements : tuple of Placement or None
        Where the neurons of each network are; None on a processor.
    """

    platform: Platform
    counts: Counts
    terms: dict[str, Term]
    marginal_J: Figure | None
    static_W: Figure | None
    time_s: Figure | None
    ticks: int
    cores: int
    chips: int
    missing: tuple[str, ...]
    placements: tuple[Placement | None, ...]

    @property
    def static_J(self) -> Figure | None:
        """Static power times duration [J]; None if either is unpublished."""
        if self.static_W is None:
            return None
        if self.static_W == _ZERO:
            return _ZERO
        return None if self.time_s is None else self.static_W.times(self.time_s)

    @property
    def total_J(self) -> Figure | None:
        """Marginal and static energy [J]; None if anything is `missing`."""
        if self.missing or self.marginal_J is None or self.static_J is None:
            return None
        return self.marginal_J.plus(self.static_J)

    @property
    def published_J(self) -> Figure | None:
        """All that is published, static energy included: a lower bound of the total [J]."""
        known = [part for part in (self.marginal_J, self.static_J) if part is not None]
        return reduce(Figure.plus, known) if known else None

    @cached_property
    def fit(self) -> tuple[Fit, ...]:
        """Whether each network fits the chip, and if not, why; empty on a processor.

        The bill is that of the network as it is: what would make it fit costs more.
        """
        return tuple(
            fits(part.network, self.platform, placement=placement)
            for part, placement in zip(self.counts.parts, self.placements, strict=True)
            if placement is not None
        )

    @property
    def tick_s(self) -> Figure | None:
        """Duration of a tick on average [s]."""
        return None if self.time_s is None else self.time_s.over(max(1, self.ticks))

    @property
    def energy_delay_Js(self) -> Figure | None:
        """Total energy times duration [J s]."""
        if self.total_J is None or self.time_s is None:
            return None
        return self.total_J.times(self.time_s)

    @property
    def marginal_per_work_J(self) -> Figure | None:
        """Marginal energy per unit of ``counts.work`` [J]."""
        return self._per_work(self.marginal_J)

    @property
    def total_per_work_J(self) -> Figure | None:
        """Total energy per unit of ``counts.work`` [J]."""
        return self._per_work(self.total_J)

    def _per_work(self, energy: Figure | None) -> Figure | None:
        work = self.counts.work
        return None if energy is None or work is None else energy.over(work.amount)

    def __str__(self) -> str:
        rows = [("term", "amount", "price", "energy", "", "source")]
        for name, term in self.terms.items():
            energy = "unpublished" if term.energy_J is None else term.energy_J.write("J")
            constant = term.constant
            price = str(constant) if constant.value is None else si(constant.value, "J")
            if constant.value is None:
                energy = "–"
            rows.append(
                (
                    name,
                    f"{term.amount.value:.4g}",
                    price,
                    energy,
                    constant.confidence,
                    constant.source,
                )
            )
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        table = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        work = self.counts.work
        lines = [
            f"{self.platform.title}: {self.cores} cores, {self.chips} chips, {self.ticks} ticks",
            *table,
            f"marginal  {_written(self.marginal_J, 'J')}",
            f"static    {_written(self.static_J, 'J')}, {_written(self.static_W, 'W')}",
            "total     "
            + (
                f"none: {', '.join(self.missing)} unpublished"
                if self.total_J is None
                else self.total_J.write("J")
            ),
            f"time      {_written(self.time_s, 's')}, {_written(self.tick_s, 's')} per tick",
        ]
        if self.energy_delay_Js is not None:
            lines.append(f"energy × time  {self.energy_delay_Js.write('Js')}")
        if work is not None:
            kind, per = (
                ("total", self.total_per_work_J)
                if self.total_per_work_J is not None
                else ("marginal", self.marginal_per_work_J)
            )
            lines.append(f"per {work.unit}  {_written(per, 'J')} ({kind})")
        lines += [str(fit) for fit in self.fit if not fit]
        return "\n".join([*lines, *self.platform.notes])

    __repr__ = __str__


def _written(figure: Figure | None, unit: str) -> str:
    return "unpublished" if figure is None else figure.write(unit)


def estimate(
    run: Any,
    platform: str | Platform,
    *,
    placement: Placement | None = None,
    lanes: str = "together",
) -> CostEstimate:
    """Price a run on a platform.

    Energy is counts times prices: synaptic events, updates of neurons where a spike arrives and
    where none does, spikes or messages, hops on the mesh, ticks. The time of a tick is that of the
    busiest core (its updates and synaptic events, averaged over ticks), the longest way of a
    message and the barrier, and at least the platform's tick; a tick with more work than average
    takes longer, so where there is no clock the time is a lower estimate.

    Parameters
    ----------
    run : Run, Solution or Counts
        Counts made by ``count(run, by_lane=True)`` know exactly which updates were driven.
    platform : str or Platform
    placement : Placement, optional
        Of the one network that ran. Default: greedy.
    lanes : {"together", "in turn"}
        Whether lanes are copies of the network side by side (small ones share a core), or one copy
        does them one after another, which takes fewer chips and more time.

    Returns
    -------
    CostEstimate

    Raises
    ------
    InputError, InputTypeError
        If `run` has no counts, or the platform is unknown or has no neurons.
    """
    counts, chosen = count(run), as_platform(platform)
    as_choice("lanes", lanes, ("together", "in turn"))
    if chosen.kind == "arithmetic":
        raise InputError(
            f"{chosen.name!r} prices arithmetic, not spikes: compare(run, ..., macs=...) sets it "
            "beside the others"
        )
    if placement is not None and len(counts.parts) > 1:
        raise InputError(f"placement is of one network, and {len(counts.parts)} ran: leave it out")
    together = lanes == "together"
    loads = [load(part, chosen, placement, side_by_side=together) for part in counts.parts]
    ticks = [int(part.ticks.max() if together else part.ticks.sum()) for part in counts.parts]
    terms = {
        name: _term(chosen.energy[name], amount)
        for name, amount in _amounts(counts, loads, sum(ticks), chosen).items()
    }
    durations = [
        _duration(part, carried, chosen, n)
        for part, carried, n in zip(counts.parts, loads, ticks, strict=True)
    ]
    known_durations = [figure for figure in durations if figure is not None]
    time = reduce(Figure.plus, known_durations) if len(known_durations) == len(ticks) else None
    chips = max(carried.chips for carried in loads)
    static = _static(chosen, chips)
    missing = [name for name, term in terms.items() if term.energy_J is None]
    if static is None:
        missing.append("static power")
    elif static != _ZERO and time is None:
        missing.append("time")
    return CostEstimate(
        platform=chosen,
        counts=counts,
        terms=terms,
        marginal_J=_marginal(terms, counts),
        static_W=static,
        time_s=time,
        ticks=sum(ticks),
        cores=max(carried.cores for carried in loads),
        chips=chips,
        missing=tuple(missing),
        placements=tuple(carried.placement for carried in loads),
    )


def _amounts(
    counts: Counts, loads: Sequence[Load], ticks: int, platform: Platform
) -> dict[str, Figure]:
    """Return how often each energy term is charged."""
    counted = {
        "spike": counts.spikes,
        "message": sum(carried.messages for carried in loads),
        "hop": sum(carried.hops for carried in loads),
        "tick": ticks,
    }

    def charged(term: str) -> Figure:
        return Figure.exactly(counted[platform.energy[term].unit.partition("/")[2] or term])

    return {
        "synaptic": Figure.exactly(counts.synaptic_events),
        "neuron_active": Figure.between(*counts.driven),
        "neuron_idle": Figure.between(*counts.idle),
        "spike": charged("spike"),
        "hop": charged("hop"),
        "sync": Figure.exactly(ticks),
    }


def _term(constant: Constant, amount: Figure) -> Term:
    if constant.value is not None:
        return Term(amount, _price(constant).times(amount), constant)
    free = constant.known or amount.high == 0
    return Term(amount, _ZERO if free else None, constant)


def _price(constant: Constant) -> Figure:
    return Figure(constant.value or 0.0, *constant.range)


def _marginal(terms: dict[str, Term], counts: Counts) -> Figure | None:
    """Sum what is published; an update is either driven or idle, so their ranges do not add."""
    known = {name: term.energy_J for name, term in terms.items() if term.energy_J is not None}
    if not any(term.constant.known for term in terms.values()):
        return None
    pair = [known.pop(name, None) for name in ("neuron_active", "neuron_idle")]
    others = reduce(Figure.plus, known.values(), _ZERO)
    active, idle = pair
    if active is None or idle is None:
        return others.plus(active or idle or _ZERO)
    prices = [_price(terms[name].constant) for name in ("neuron_active", "neuron_idle")]
    ends = [
        prices[0].times(Figure.exactly(driven)).plus(prices[1].times(Figure.exactly(rest)))
        for driven, rest in zip(counts.driven, reversed(counts.idle), strict=True)
    ]
    low, high = min(end.low for end in ends), max(end.high for end in ends)
    return others.plus(Figure(active.value + idle.value, low, high))


def _static(platform: Platform, chips: int) -> Figure | None:
    if not platform.static.known:
        return None
    return _price(platform.static).times(Figure.exactly(chips))


def _duration(part: NetworkCounts, carried: Load, platform: Platform, ticks: int) -> Figure | None:
    """Return how long `ticks` ticks take, or None where that is not published."""
    used = {
        "synaptic": part.synaptic_events > 0,
        "neuron_active": part.driven_high.any(),
        "neuron_idle": True,
        "spike": part.spikes.any(),
        "hop": carried.longest_way > 0,
        "sync": True,
    }
    if not platform.tick.known or any(
        used[name] and not platform.time[name].known for name in ENERGY_TERMS
    ):
        return None
    time = {name: _price(platform.time[name]) for name in ENERGY_TERMS}
    busiest = _ZERO if carried.busy is None else _busiest(carried, time)
    way = time["hop"].times(Figure.exactly(carried.longest_way))
    if part.spikes.any():
        way = way.plus(time["spike"])
    tick, least = busiest.plus(way).plus(time["sync"]), _price(platform.tick)
    longer = Figure(*(max(pair) for pair in zip(tick, least, strict=True)))
    return longer.times(Figure.exactly(ticks))


def _busiest(carried: Load, time: dict[str, Figure]) -> Figure:
    """Return the time that the busiest core takes for an average tick."""
    assert carried.busy is not None
    busy = carried.busy
    middle = (busy.driven_low + busy.driven_high) / 2
    return Figure(
        *(
            float(
                (
                    time["synaptic"][k] * busy.synaptic_events
                    + time["neuron_active"][k] * driven
                    + time["neuron_idle"][k] * (busy.updates - driven)
                ).max()
            )
            for k, driven in enumerate((middle, busy.driven_low, busy.driven_high))
        )
    )
