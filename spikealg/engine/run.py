"""What a simulation found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int, as_int_array
from spikealg.circuits import codings
from spikealg.engine.arrivals import arrivals
from spikealg.engine.decode import last_value, value
from spikealg.engine.job import Final, Job, Outcome
from spikealg.engine.packed import LANES_PER_PAIR, PackedSpikes, grid_words
from spikealg.engine.prepare import require_run_memory
from spikealg.engine.state import Spikes, State
from spikealg.engine.trace import Trace, trace
from spikealg.errors import InputError
from spikealg.network import Network
from spikealg.progress import silent

__all__ = ["Run", "Status"]

IntArray = npt.NDArray[np.int64]


class Status(Enum):
    """How a run ended; the value is the sentence to read."""

    COMPLETE = "all lanes ran for all ticks"
    FINISHED = "every lane met its stop condition"
    PARTLY = "some lanes met their stop condition, the others ran for all ticks"


@dataclass(frozen=True, eq=False)
class Run:
    """A run of a network: spikes, counts, and the state it ended in.

    Attributes
    ----------
    network : Network
    kernel : str
        The kernel that ran; it changes nothing but the time taken.
    start_tick, ticks : int
        First tick and number of ticks asked for; tick numbers are absolute.
    lanes, first_lane, seed : int
        Lane ℓ of this run draws as lane ``first_lane + ℓ``.
    counts : int64 array (n,)
        Spikes of each neuron over all lanes.
    epochs : int64 array (epochs, neurons)
        Spikes in each epoch asked for, over all lanes.
    potentials : int32 array (ticks, lanes, neurons)
        Potentials asked for at the end of each tick; 0 after a lane has finished.
    stopped : int64 array (lanes,)
        The tick that met `until`, or −1.
    status : Status
    recorded : int64 array
        The neurons whose spikes are in ``spikes``.
    """

    network: Network
    kernel: str
    start_tick: int
    ticks: int
    lanes: int
    first_lane: int
    seed: int
    counts: npt.NDArray[np.int64]
    epochs: npt.NDArray[np.int64]
    potentials: npt.NDArray[np.int32]
    stopped: npt.NDArray[np.int64]
    status: Status
    recorded: npt.NDArray[np.int64]
    _outcome: Outcome = field(repr=False)
    _job: Job = field(repr=False)
    _threads: int = field(repr=False)
    _counts_only: bool = field(repr=False, default=False)

    @classmethod
    def from_outcome(cls, job: Job, outcome: Outcome, kernel: str, threads: int) -> Run:
        """Wrap what a kernel found."""
        status = Status.COMPLETE
        if job.stops:
            met = outcome.stopped >= 0
            status = Status.FINISHED if met.all() else Status.PARTLY if met.any() else status
        return cls(
            network=job.network,
            kernel=kernel,
            start_tick=job.start_tick,
            ticks=job.ticks,
            lanes=job.lanes,
            first_lane=job.first_lane,
            seed=job.seed,
            counts=outcome.counts,
            epochs=outcome.epochs,
            potentials=outcome.potentials,
            stopped=outcome.stopped,
            status=status,
            recorded=job.recorded,
            _outcome=outcome,
            _job=job,
            _threads=threads,
        )

    @cached_property
    def spikes(self) -> Spikes:
        """The recorded spikes, sorted by (tick, neuron, lane).

        Raises
        ------
        TooLargeError
            If they cannot fit into memory one by one.
        """
        found = self._outcome.spikes
        return (found.expand() if isinstance(found, PackedSpikes) else found).sorted()

    @cached_property
    def packed_spikes(self) -> PackedSpikes:
        """The recorded spikes, 64 lanes to a word, in order of ticks."""
        found = self._by_tick
        if isinstance(found, PackedSpikes):
            return found
        return PackedSpikes.pack(found, self.first_lane % LANES_PER_PAIR)

    @cached_property
    def lane_ticks(self) -> npt.NDArray[np.int64]:
        """Ticks that each lane ran, int64 array (lanes,)."""
        if not self._job.stops:
            return np.broadcast_to(np.int64(self.ticks), self.lanes)
        return np.where(self.stopped >= 0, self.stopped - self.start_tick + 1, self.ticks)

    @property
    def synaptic_events(self) -> int:
        """Spikes times out-degree, over all neurons and lanes."""
        return int(self.counts @ np.diff(self.network.indptr))

    @property
    def updates(self) -> int:
        """Neurons times the ticks that each lane ran."""
        return self.network.n_neurons * int(self.lane_ticks.sum())

    @cached_property
    def active_updates(self) -> int:
        """Updates of neurons at which at least one spike arrives; needs ``record="all"``.

        Raises
        ------
        InputError
            If not all neurons were recorded.
        TooLargeError
            If the spikes cannot be put in order.
        """
        return int(self.arrivals()[0].sum())

    def arrivals(self, *, by_lane: bool = False) -> tuple[IntArray, IntArray]:
        """Return the active updates of each neuron, (n,), and of each lane, (lanes,).

        Those of lanes are counted if `by_lane`, which takes longer, and are empty otherwise. Raises
        what `active_updates` does.
        """
        if len(self.recorded) < self.network.n_neurons:
            raise InputError('active updates need all spikes: simulate with record="all"')
        return arrivals(
            self.network,
            self._job.start.spikes,
            self._outcome.spikes,
            self.start_tick,
            self.start_tick + self.lane_ticks - 1,
            by_lane=by_lane,
        )

    @property
    def begins_with(self) -> Spikes:
        """Spikes in flight before the first tick, which arrive in this run but are not of it."""
        return self._job.start.spikes

    @cached_property
    def state(self) -> State:
        """The state after the last tick, to go on from with ``simulate(..., state=...)``.

        Of very many lanes it is found by running once more.

        Raises
        ------
        InputError
            If the lanes did not run equally far.
        TooLargeError
            If it cannot fit into memory.
        """
        ticks = np.unique(self.lane_ticks)
        if len(ticks) > 1:
            raise InputError(
                f"a run has a state only if all lanes ran equally far; these ran from {ticks[0]} "
                f"to {ticks[-1]} ticks: run lanes apart, or without until"
            )
        final = self._outcome.final or self._found_again()
        return State(
            tick=self.start_tick + int(ticks[0]),
            seed=self.seed,
            first_lane=self.first_lane,
            v=final.v,
            i=final.i,
            c=final.c,
            spikes=final.flying.sorted(),
        )

    def _found_again(self) -> Final:
        """Return the state in the end by running once more: a run is a function of its job."""
        from spikealg.engine.execute import execute

        if self._counts_only:
            raise InputError("this run kept its counts only, not its inputs: simulate again")
        none = self.recorded[:0]
        job = replace(self._job, keep_state=True, recorded=none, watched=none, epochs=None)
        require_run_memory(job, self._threads)
        final = execute(job, self.kernel, self._threads, silent).final
        assert final is not None
        return final

    def raster(
        self, neurons: str | npt.ArrayLike, first: int | None = None, ticks: int | None = None
    ) -> npt.NDArray[np.int64]:
        """Return spikes of recorded `neurons` as 0 and 1.

        Parameters
        ----------
        neurons : str or array of int (k,)
            A port, a group or a neuron by its path, or indices.
        first : int, optional
            First tick, absolute, not after the end of the run; the first of the run unless given.
        ticks : int, optional
            Not beyond the end of the run; to the end unless given.

        Returns
        -------
        int64 array (ticks, lanes, k)

        Raises
        ------
        InputError, InputTypeError
            If a neuron was not recorded, nothing has this name, or a tick was not run.
        TooLargeError
            If the raster cannot fit into memory.
        """
        named = self.network.find(neurons) if isinstance(neurons, str) else neurons
        wanted = as_int_array("neurons", named).reshape(-1)
        first, ticks = self.window(first, ticks)
        self._require_recorded(wanted)
        return self._outcome.spikes.raster(wanted, first, ticks, self.lanes)

    def window(
        self, first: int | None = None, ticks: int | None = None, *, least: int = 0
    ) -> tuple[int, int]:
        """Return the first tick and the number of ticks of a part of the run.

        Parameters
        ----------
        first, ticks : int, optional
            The whole run, or all that is left of it, unless given.
        least : int
            Ticks that there have to be.

        Raises
        ------
        InputError, InputTypeError
            If a tick was not run; the message names `first` or `ticks`.
        """
        start, end = self.start_tick, self.start_tick + self.ticks
        first = start if first is None else as_int("first", first, low=start, high=end - least)
        rest = end - first
        return first, rest if ticks is None else as_int("ticks", ticks, low=least, high=rest)

    def trace(
        self, *names: str, lane: int = 0, first: int | None = None, ticks: int | None = None
    ) -> Trace:
        """Return what ports, groups or neurons show in each tick of a lane, as a table that prints.

        All ports that were recorded unless given; see :func:`spikealg.engine.trace.trace`.
        """
        return trace(self, *names, lane=lane, first=first, ticks=ticks)

    def spiked(self, neurons: npt.ArrayLike, tick: int) -> npt.NDArray[np.bool_]:
        """Return in which lanes each of some recorded `neurons` spiked at `tick`.

        Reading one tick after another of very many lanes, this is quicker than `raster` and takes
        a byte per neuron and lane.

        Parameters
        ----------
        neurons : array of int (k,)
            Distinct.
        tick : int
            Absolute.

        Returns
        -------
        bool array (k, lanes)

        Raises
        ------
        InputError, InputTypeError
            If a neuron was not recorded.
        """
        wanted, tick = as_int_array("neurons", neurons).reshape(-1), as_int("tick", tick)
        self._require_recorded(wanted)
        spikes = self._by_tick
        now = slice(*np.searchsorted(spikes.t, [tick, tick + 1]))
        row = np.full(self.network.n_neurons, -1, dtype=np.int64)
        row[wanted] = np.arange(len(wanted))
        row = row[spikes.i[now]]
        chosen = row >= 0
        if isinstance(spikes, PackedSpikes):
            words = grid_words(spikes.offset, self.lanes)
            planes = np.zeros((len(wanted), words), dtype=np.uint64)
            planes[row[chosen], spikes.word[now][chosen]] = spikes.bits[now][chosen]
            bits = np.unpackbits(planes.view(np.uint8), axis=1, bitorder="little")
            return bits[:, spikes.offset : spikes.offset + self.lanes].view(np.bool_)
        fired = np.zeros((len(wanted), self.lanes), dtype=np.bool_)
        fired[row[chosen], spikes.lane[now][chosen]] = True
        return fired

    @cached_property
    def _by_tick(self) -> Spikes | PackedSpikes:
        packed = self._outcome.spikes
        return packed.by_tick() if isinstance(packed, PackedSpikes) else self.spikes

    def within(self, first: npt.ArrayLike, last: npt.ArrayLike) -> Run:
        """Return this run with the spikes of a window of each neuron only.

        Counts, rasters and what arrives are those of the spikes that are left; potentials and state
        stay those of the whole run.

        Parameters
        ----------
        first, last : array of int (n,)
            Ticks, absolute: the first and the last of each neuron's window.

        Raises
        ------
        InputError
            If not all neurons were recorded.
        """
        n = self.network.n_neurons
        if len(self.recorded) < n:
            raise InputError('windows need all spikes: simulate with record="all"')
        windows = (
            as_int_array(name, value, shape=(n,))
            for name, value in (("first", first), ("last", last))
        )
        spikes = self._outcome.spikes.within(*windows)
        counts = spikes.by_neuron(n)
        outcome = replace(self._outcome, spikes=spikes, counts=counts)
        return replace(self, counts=counts, _outcome=outcome)

    def counts_only(self) -> Run:
        """Return this run without recorded spikes, potentials, inputs and state.

        Of very many lanes they take much memory; counts, epochs and ticks stay.
        """
        nothing, nobody = self.potentials[:0], self.recorded[:0]
        return replace(
            self,
            potentials=nothing,
            recorded=nobody,
            _outcome=replace(self._outcome, spikes=Spikes.empty(), potentials=nothing, final=None),
            _job=replace(self._job, injection=self._job.injection.emptied(), recorded=nobody),
            _counts_only=True,
        )

    def _require_recorded(self, neurons: npt.NDArray[np.int64]) -> None:
        at = np.searchsorted(self.recorded, neurons)
        found = at < len(self.recorded)
        found[found] = self.recorded[at[found]] == neurons[found]
        missing = neurons[~found]
        if missing.size:
            raise InputError(
                f"neuron {missing[0]} ({self.network.name(int(missing[0]))}) was not recorded: "
                "name it, or its port, in record"
            )

    def __getitem__(self, port: str) -> Any:
        """Decode an output port, lane by lane.

        Returns
        -------
        int64 array (lanes,), or (ticks, lanes, lines) for "current"
            The value presented at the first tick of this run, read where the port is ready; a
            port whose latency depends on the data is read in the tick its lane stopped.
        """
        if port not in self.network.outputs:
            known = ", ".join(self.network.outputs) or "none"
            raise InputError(f"there is no output port {port!r}; the output ports are: {known}")
        entry = self.network.outputs[port]
        if entry.coding == "current":
            return self.raster(entry.neurons, self.start_tick, int(self.lane_ticks.max()))
        self._require_recorded(entry.neurons)
        if entry.latency is None:
            if (self.stopped < 0).any():
                raise InputError(
                    f'port {port!r} is ready when "done" fires, but lane '
                    f"{int(np.argmax(self.stopped < 0))} did not stop: simulate with "
                    'until=("done", 1) and enough ticks'
                )
            return last_value(entry, self._outcome.spikes, self.stopped)
        end = entry.latency + codings.coding_ticks(entry.coding, entry.width)
        fewest = int(self.lane_ticks.min()) if self._job.stops else self.ticks
        if end > fewest:
            raise InputError(
                f"port {port!r} is read until tick {end}, but the run has {fewest} ticks: "
                "raise ticks, or stop later"
            )
        return value(entry, self._outcome.spikes, self.start_tick + entry.latency, self.lanes)
