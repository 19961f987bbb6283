"""What a run did, counted: the same numbers from every kernel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.engine import Run
from spikealg.errors import InputError, InputTypeError
from spikealg.hardware.arriving import arriving
from spikealg.network import Network

__all__ = ["Counts", "LaneCounts", "NetworkCounts", "Work", "count"]

IntArray = npt.NDArray[np.int64]


class Work(NamedTuple):
    """How many units of useful work were done, and what a unit is called."""

    unit: str
    amount: int


@dataclass(frozen=True, eq=False)
class LaneCounts:
    """Counts of each lane, int64 arrays (lanes,).

    Attributes
    ----------
    spikes, synaptic_events, driven, idle, ticks
        As in `NetworkCounts`.
    """

    spikes: IntArray
    synaptic_events: IntArray
    driven: IntArray
    idle: IntArray
    ticks: IntArray


@dataclass(frozen=True, eq=False)
class NetworkCounts:
    """What one network did in all its lanes.

    Attributes
    ----------
    network : Network
    ticks : int64 array (lanes,)
        Ticks that each lane ran.
    spikes : int64 array (n,)
        Of each neuron, over all lanes.
    arriving : int64 array (n,)
        Synaptic events sent to each neuron, over all lanes.
    driven_low, driven_high : int64 arrays (n,)
        Bounds on the ticks in which a spike arrived at each neuron, over all lanes; equal where
        every spike was looked at.
    by_lane : LaneCounts or None
    """

    network: Network
    ticks: IntArray
    spikes: IntArray
    arriving: IntArray
    driven_low: IntArray
    driven_high: IntArray
    by_lane: LaneCounts | None = None

    @property
    def lanes(self) -> int:
        """Independent copies of the network."""
        return len(self.ticks)

    @property
    def synaptic_events(self) -> int:
        """Spikes times out-degree."""
        return int(self.spikes @ np.diff(self.network.indptr))

    @property
    def updates(self) -> int:
        """Neurons times the ticks of each lane."""
        return self.network.n_neurons * int(self.ticks.sum())


@dataclass(frozen=True, eq=False)
class Counts:
    """What a run or a solution did; shows itself as a table.

    Attributes
    ----------
    parts : tuple of NetworkCounts
        One for each network that ran, in turn, and for each time that its lanes ran.
    work : Work or None
        What it was good for.
    macs : int or None
        Multiply-accumulate operations of a program without spikes that does the same work.
    """

    parts: tuple[NetworkCounts, ...]
    work: Work | None = None
    macs: int | None = None

    @property
    def lanes(self) -> int:
        """Independent copies, of the network that has most."""
        return max(part.lanes for part in self.parts)

    @property
    def ticks(self) -> int:
        """Ticks until the slowest lane was done, of one network after another."""
        return sum(int(part.ticks.max()) for part in self.parts)

    @property
    def spikes(self) -> int:
        """Of all neurons and lanes."""
        return sum(int(part.spikes.sum()) for part in self.parts)

    @property
    def synaptic_events(self) -> int:
        """Spikes times out-degree, over all neurons and lanes."""
        return sum(part.synaptic_events for part in self.parts)

    @property
    def updates(self) -> int:
        """Neurons times ticks, over all lanes."""
        return sum(part.updates for part in self.parts)

    @property
    def driven(self) -> tuple[int, int]:
        """Bounds on the updates at which a spike arrives; equal where all spikes were looked at."""
        return (
            sum(int(part.driven_low.sum()) for part in self.parts),
            sum(int(part.driven_high.sum()) for part in self.parts),
        )

    @property
    def idle(self) -> tuple[int, int]:
        """Bounds on the updates at which nothing arrives."""
        low, high = self.driven
        return self.updates - high, self.updates - low

    @property
    def spikes_of_neurons(self) -> IntArray:
        """Spikes of each neuron over all lanes, (n,).

        Raises
        ------
        InputError
            If several networks ran: ask each of `parts`.
        """
        if len(self.parts) > 1:
            raise InputError(
                f"{len(self.parts)} networks ran in turn: ask each of counts.parts for its spikes"
            )
        return self.parts[0].spikes

    @property
    def by_lane(self) -> LaneCounts:
        """Counts of each lane.

        Raises
        ------
        InputError
            If they were not asked for, or several networks ran.
        """
        if len(self.parts) > 1 or self.parts[0].by_lane is None:
            raise InputError(
                "lanes were not told apart: count(run, by_lane=True), for a run simulated with "
                'record="all"'
            )
        return self.parts[0].by_lane

    def __str__(self) -> str:
        rows = [
            ("neurons", _spaced(max(part.network.n_neurons for part in self.parts))),
            ("synapses", _spaced(max(part.network.n_synapses for part in self.parts))),
            ("lanes", _spaced(self.lanes)),
            ("ticks", _spaced(self.ticks)),
            ("spikes", _spaced(self.spikes)),
            ("synaptic events", _spaced(self.synaptic_events)),
            ("driven updates", _between(*self.driven)),
            ("idle updates", _between(*self.idle)),
        ]
        if self.work is not None:
            rows.append((f"{self.work.unit}s", _spaced(self.work.amount)))
        if self.macs is not None:
            rows.append(("MACs without spikes", _spaced(self.macs)))
        return "\n".join(f"{name:20} {value}" for name, value in rows)


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _between(low: int, high: int) -> str:
    return _spaced(low) if low == high else f"{_spaced(low)} to {_spaced(high)}"


def count(run: Any, *, by_lane: bool = False) -> Counts:
    """Count what `run` did; every kernel gives the same.

    Spikes, synaptic events, updates and ticks are exact and take no time worth naming. How many
    updates were driven, that is had a spike arrive, depends on which spikes arrived together;
    without looking at every spike there are strict bounds: at least as many as the busiest
    presynaptic neuron of each neuron sent, at most as many as arrived.

    Parameters
    ----------
    run : Run, Solution or Counts
        Anything with ``runs``, and perhaps ``work`` and ``macs``, is counted run by run. Blocks of
        lanes of one network count as one run; runs of the same lanes and seed as one after another.
    by_lane : bool
        Look at every spike: driven updates are exact, and lanes are told apart. Takes a run that
        was simulated with ``record="all"``, and about as long as the run.

    Returns
    -------
    Counts

    Raises
    ------
    InputTypeError
        If `run` is nothing that ran.
    InputError
        If nothing ran on spikes, or `by_lane` is asked of a run that kept only some spikes.
    """
    if isinstance(run, Counts):
        return run
    if isinstance(run, Run):
        # Nothing but a raster comes out of a port that is read tick by tick.
        valued = any(port.coding != "current" for port in run.network.outputs.values())
        part = _of_network([run], by_lane)
        return Counts(
            (part,),
            Work("result", run.lanes) if valued else None,
            run.network.n_synapses * int(part.ticks.sum()),
        )
    runs = getattr(run, "runs", None)
    if not isinstance(runs, Sequence) or not all(isinstance(entry, Run) for entry in runs):
        raise InputTypeError(
            f"run must be a Run, a Solution or Counts, got {type(run).__name__}: simulate first"
        )
    if not runs:
        raise InputError(
            "nothing ran on spikes, or a file does not keep what ran: choose a method that has a "
            "circuit, and price its answer before it is saved"
        )
    parts = tuple(_of_network(group, by_lane) for group in _by_network(runs))
    return Counts(parts, getattr(run, "work", None), getattr(run, "macs", None))


def _by_network(runs: Iterable[Run]) -> list[list[Run]]:
    """Return blocks of lanes of one network together; the same lanes again had another turn."""
    groups: dict[tuple[int, int], list[Run]] = {}
    turns: dict[tuple[int, int, int], int] = {}
    for run in runs:
        block = (id(run.network), run.seed, run.first_lane)
        turns[block] = turns.get(block, 0) + 1
        groups.setdefault((id(run.network), turns[block]), []).append(run)
    return list(groups.values())


def _of_network(runs: Sequence[Run], by_lane: bool) -> NetworkCounts:
    """Count blocks of lanes of one network."""
    network = runs[0].network
    ticks = (
        np.concatenate([run.lane_ticks for run in runs]) if len(runs) > 1 else runs[0].lane_ticks
    )
    spikes = np.sum([run.counts for run in runs], axis=0)
    sent, low = arriving(spikes, network.indptr, network.post, network.delay, len(ticks))
    if not by_lane:
        high = np.minimum(sent + _on_their_way(runs), int(ticks.sum()))
        return NetworkCounts(network, ticks, spikes, sent, low, high)
    arrived = [run.arrivals(by_lane=True) for run in runs]
    driven = np.sum([of_neuron for of_neuron, _ in arrived], axis=0)
    lanes = LaneCounts(
        spikes=np.concatenate([_of_lanes(run) for run in runs]),
        synaptic_events=np.concatenate([_of_lanes(run, np.diff(network.indptr)) for run in runs]),
        driven=np.concatenate([of_lane for _, of_lane in arrived]),
        idle=network.n_neurons * ticks - np.concatenate([of_lane for _, of_lane in arrived]),
        ticks=ticks,
    )
    return NetworkCounts(network, ticks, spikes, sent, driven, driven, lanes)


def _of_lanes(run: Run, each: IntArray | None = None) -> IntArray:
    """Return the spikes of each lane, or their sum if a spike of neuron i counts ``each[i]``."""
    spikes = run.spikes
    weights = None if each is None else each[spikes.i].astype(np.float64)
    return np.bincount(spikes.lane, weights, minlength=run.lanes).astype(np.int64)


def _on_their_way(runs: Sequence[Run]) -> IntArray:
    """Return how often spikes from before the runs can arrive at each neuron, (n,)."""
    network = runs[0].network
    often = np.zeros(network.n_neurons, dtype=np.int64)
    for run in runs:
        for neuron in run.begins_with.i.tolist():
            synapses = slice(network.indptr[neuron], network.indptr[neuron + 1])
            np.add.at(often, network.post[synapses], 1)
    return often
