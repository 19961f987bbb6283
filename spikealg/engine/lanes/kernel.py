"""Driving the lanes kernel over a slice of lanes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.engine.arrays import read_only
from spikealg.engine.job import Final, Job, Outcome, Overflow, Report
from spikealg.engine.lanes.advance import DONE, ENDED, LOOK, advance
from spikealg.engine.lanes.look import (
    drop_expecting,
    keep_resting,
    write_potentials,
    write_state,
)
from spikealg.engine.lanes.notes import take_off
from spikealg.engine.lanes.plan import make_lane_plan
from spikealg.engine.lanes.visit import Here
from spikealg.engine.lanes.work import (
    AT_SIZE,
    BEGUN,
    END_ENTRY,
    FIRED,
    FIRST_ENTRY,
    FIRST_WORD,
    OVERFLOW_LANE,
    OVERFLOW_NEURON,
    OVERFLOW_TICK,
    RUNNING,
    SPIKES,
    TICK,
    WAITED_FOR,
    Beat,
    Before,
    Resumed,
    View,
    Wide,
    make_ask,
    make_epochs,
    make_room,
    take,
)
from spikealg.engine.packed import PackedSpikes
from spikealg.engine.state import Spikes

__all__ = ["run"]

BUFFER = 2**16
FROM_PLAN = ("nodes", "source", "target", "kinds", "stream", "held_bits", "pair_weight")
FROM_ROOM = (
    "held_start",
    "sent_tick",
    "sent_slot",
    "stamp",
    "wake",
    "fired",
    "width",
    "injected_at",
    "injected_from",
    "others",
    "wild",
)
"""Arrays whose addresses have the same name in ``Here``."""


class Out(NamedTuple):
    """What the tick loop writes; lanes are counted from the first of the slice.

    Attributes
    ----------
    stopped : int64 array (lanes,)
        No lanes where none can finish.
    finished : uint64 array (words,)
        Lanes of a block that finish in a tick.
    tick, neuron, word : int64 arrays, bits : uint64 array
        Buffer of recorded spikes, emptied between calls: words of the job's grid.
    windows : uint64 array (rows, words of the grid)
        As in ``Windows``; other threads write other words.
    """

    stopped: npt.NDArray[np.int64]
    finished: npt.NDArray[np.uint64]
    tick: npt.NDArray[np.int64]
    neuron: npt.NDArray[np.int64]
    word: npt.NDArray[np.int64]
    bits: npt.NDArray[np.uint64]
    windows: npt.NDArray[np.uint64]


def _address(array: npt.NDArray[np.generic]) -> np.uint64:
    return np.uint64(array.ctypes.data)


class _Slice:
    """A slice of lanes in the hands of the kernel."""

    def __init__(self, job: Job, lanes: slice) -> None:
        n, count = job.network.n_neurons, lanes.stop - lanes.start
        self.job, self.lanes = job, lanes
        self.plan = make_lane_plan(job)
        self.ask = make_ask(job, lanes)
        self.room = make_room(self.plan, self.ask, job)
        self.view = take(View, self.plan, self.room)
        self.wide = take(Wide, self.plan, self.room) if len(self.room.wide_v) else None
        self.counts = np.zeros(n, dtype=np.int64)
        self.potentials = np.zeros((job.ticks, count, len(job.watched)), dtype=np.int32)
        rows = (count if job.keep_state else 0, n)
        self.v, self.i, self.c = (np.zeros(rows, dtype=np.int32) for _ in range(3))
        self.out = self._make_out()
        self.at = np.zeros(AT_SIZE, dtype=np.int64)
        self.at[OVERFLOW_TICK] = -1
        offset = job.first_lane % 128
        self.spikes = [PackedSpikes.empty(offset)]
        self.flying = [PackedSpikes.empty(offset)]

    def run(self, report: Report) -> Outcome:
        """Run all blocks."""
        job, ask, room, at, out = self.job, self.ask, self.room, self.at, self.out
        beat, here, before = take(Beat, self.plan, room), self._here(), self._before()
        epochs, resumed = make_epochs(job, room), self._resumed()
        n_lanes, told = self.lanes.stop - self.lanes.start, 0.0
        at[FIRST_WORD] = first_word = ask.first_bit // 128 * 2
        while (
            code := advance(beat, before, ask, here, out, at, self.wide, epochs, resumed)
        ) != DONE:
            done = 64.0 * (at[FIRST_WORD] - first_word)
            done += 64 * room.words * float(at[TICK] - job.start_tick) / max(job.ticks, 1)
            report(min(done, n_lanes) - told, self._take_spikes(BUFFER // 2))
            told = min(done, n_lanes)
            if code == LOOK:
                self._look()
            if code == ENDED:
                if job.ticks > 0 and at[OVERFLOW_TICK] < 0:
                    self._keep_state()
                at[FIRST_WORD] += room.words
                at[BEGUN] = 0
        report(n_lanes - told, self._take_spikes(0))
        overflow = None
        if at[OVERFLOW_TICK] >= 0:
            tick, neuron, row = at[[OVERFLOW_TICK, OVERFLOW_NEURON, OVERFLOW_LANE]].tolist()
            overflow = Overflow(tick, neuron, self.lanes.start + row)
        return Outcome(
            spikes=PackedSpikes.concatenate(self.spikes),
            counts=self.counts,
            epochs=epochs.counts if epochs else np.zeros((0, 0), dtype=np.int64),
            stopped=out.stopped if job.stops else np.broadcast_to(np.int64(-1), n_lanes),
            potentials=self.potentials,
            final=self._final() if job.keep_state else None,
            overflow=overflow,
        )

    def _make_out(self) -> Out:
        job, ask, words = self.job, self.ask, self.room.words
        buffer = BUFFER + int(np.count_nonzero(ask.noted & FIRED)) * words
        count = self.lanes.stop - self.lanes.start
        return Out(
            stopped=np.full(count if job.stops else 0, -1, dtype=np.int64),
            finished=np.zeros(words, dtype=np.uint64),
            tick=np.empty(buffer, dtype=np.int64),
            neuron=np.empty(buffer, dtype=np.int64),
            word=np.empty(buffer, dtype=np.int64),
            bits=np.empty(buffer, dtype=np.uint64),
            windows=job.windows.planes,
        )

    def _here(self) -> Here:
        """Return the addresses that visits need; the arrays outlive the calls that use them."""
        plan, room, injection = self.plan, self.room, self.job.injection.packed
        flat, size = room.flat.ctypes.data, 8 * room.words
        half = len(room.inputs) // 2
        return Here(
            **{name: _address(getattr(plan, name)) for name in FROM_PLAN},
            **{name: _address(getattr(room, name)) for name in FROM_ROOM},
            **{
                name: np.uint64(flat + getattr(room, name) * size)
                for name in ("injected", "live", "none", "sums", "potentials")
            },
            noted=_address(self.ask.noted),
            inject_neuron=_address(injection.neuron),
            inject_weight=_address(injection.weight),
            counts=_address(self.counts),
            plus=_address(room.inputs),
            plus_weight=_address(room.weights),
            minus=_address(room.inputs[half:]),
            minus_weight=_address(room.weights[half:]),
            wake_mask=np.uint64(plan.wake_ring - 1),
            wake_words=np.uint64(len(room.wake) // plan.wake_ring),
            flat=np.uint64(flat),
            size=np.uint64(size),
            stride=np.uint64(room.keepers * size),
            low_key=np.uint64(self.job.seed & 0xFFFFFFFF),
            high_key=np.uint64(self.job.seed >> 32),
            lanes=np.uint64(64 * room.words),
        )

    def _before(self) -> Before:
        job = self.job
        return take(
            Before,
            self.plan,
            self.room,
            start_v=read_only(job.start.v[0]),
            start_c=read_only(job.start.c[0]),
            offset=job.first_lane % 128,
            keep_state=job.keep_state,
        )

    def _resumed(self) -> Resumed | None:
        start = self.job.start
        if len(start.v) == 1 and not start.i.any() and len(start.spikes.t) == 0:
            return None
        flying = self._flying_before()
        return take(
            Resumed,
            self.plan,
            self.room,
            start_v=read_only(start.v),
            start_i=read_only(start.i),
            start_c=read_only(start.c),
            fly_lane=flying.lane,
            fly_tick=flying.t,
            fly_neuron=flying.i,
        )

    def _flying_before(self) -> Spikes:
        """Return the spikes in flight at the start, by lane."""
        flying = self.job.start.spikes
        order = np.argsort(flying.lane, kind="stable")
        lane = flying.lane[order]
        order = order[(lane >= self.lanes.start) & (lane < self.lanes.stop)]
        return Spikes(flying.i[order], flying.t[order], flying.lane[order])

    def _look(self) -> None:
        """Write the potentials of the tick that has ended, and take off lanes that finished."""
        ask, at, room, out = self.ask, self.at, self.room, self.out
        weight = self.job.injection.packed.weight
        seen = (at[FIRST_ENTRY], at[END_ENTRY], at[TICK] - 1 - ask.start_tick)
        first_word, first_row = at[FIRST_WORD], 64 * at[FIRST_WORD] - ask.first_bit
        if ask.looking:
            write_potentials(
                self.view, self.wide, ask.inject_neuron, weight, *seen, first_row,
                read_only(self.job.watched), self.potentials,
            )  # fmt: skip
        if ask.until_quiet:
            drop_expecting(out.finished, ask.inject_planes[at[END_ENTRY] :], first_word)
            keep_resting(self.view, self.wide, ask.inject_neuron, weight, *seen, out.finished)
        elif not at[WAITED_FOR]:
            return
        live = _address(room.planes[room.live])
        at[RUNNING] = take_off(live, out.finished, room.words, first_row, at[TICK] - 1, out.stopped)

    def _take_spikes(self, more_than: int) -> int:
        """Empty the buffer if it holds more than so many words; return how many bytes they take."""
        kept, out = slice(0, self.at[SPIKES]), self.out
        if self.at[SPIKES] <= more_than:
            return 0
        self.at[SPIKES] = 0
        self.spikes.append(
            PackedSpikes(
                t=out.tick[kept].copy(),
                i=out.neuron[kept].copy(),
                word=out.word[kept].copy(),
                bits=out.bits[kept].copy(),
                offset=self.spikes[0].offset,
            )
        )
        return self.spikes[-1].nbytes

    def _keep_state(self) -> None:
        """Keep the state at the end of a block, and the spikes in flight."""
        ask, at, plan, room = self.ask, self.at, self.plan, self.room
        write_state(
            self.view, self.wide, ask.inject_neuron, self.job.injection.packed.weight,
            at[FIRST_ENTRY], at[END_ENTRY], at[TICK] - 1 - ask.start_tick,
            64 * at[FIRST_WORD] - ask.first_bit, self.v, self.i, self.c,
        )  # fmt: skip
        neuron = np.repeat(np.arange(len(plan.longest)), plan.ring_mask + 1)
        sent = room.stamp.astype(np.int64)
        chosen = np.flatnonzero(sent + plan.longest[neuron] >= at[TICK] - ask.start_tick)
        rows = room.planes[chosen]
        row, word = np.nonzero(rows)
        self.flying.append(
            PackedSpikes(
                t=sent[chosen][row] + ask.start_tick,
                i=neuron[chosen][row],
                word=word + at[FIRST_WORD],
                bits=rows[row, word],
                offset=self.spikes[0].offset,
            )
        )

    def _final(self) -> Final:
        job, lanes = self.job, self.lanes
        if job.ticks == 0:
            # Nothing has run: the state is the one before.
            n = job.network.n_neurons
            v, i, c = (
                np.broadcast_to(row, (job.lanes, n))[lanes].copy()
                for row in (job.start.v, job.start.i, job.start.c)
            )
            return Final(v, i, c, self._flying_before())
        return Final(self.v, self.i, self.c, PackedSpikes.concatenate(self.flying).expand())


def run(job: Job, lanes: slice, report: Report) -> Outcome:
    """Run the lanes of a slice; see :class:`~spikealg.engine.job.Outcome`."""
    return _Slice(job, lanes).run(report)
