"""Driving the lanes kernel over a slice of lanes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.engine.job import Final, Job, Outcome, Overflow, Report
from spikealg.engine.lanes.advance import (
    AT_SIZE,
    BEGUN,
    DONE,
    END_ENTRY,
    ENDED,
    FIRST_ENTRY,
    FIRST_WORD,
    LOOK,
    OVERFLOW_LANE,
    OVERFLOW_NEURON,
    OVERFLOW_TICK,
    RUNNING,
    SPIKES,
    TICK,
    WAITED_FOR,
    advance,
)
from spikealg.engine.lanes.look import (
    drop_expecting,
    keep_resting,
    write_potentials,
    write_state,
)
from spikealg.engine.lanes.notes import take_off
from spikealg.engine.lanes.plan import LanePlan, make_lane_plan
from spikealg.engine.lanes.visit import Here
from spikealg.engine.lanes.work import FIRED, Ask, Room, make_ask, make_room
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
FROM_ASK = ("noted", "inject_neuron", "inject_weight")
"""Arrays whose addresses have the same name in ``Here``."""


class Out(NamedTuple):
    """What the kernel writes; lanes are counted from the first of the slice.

    Attributes
    ----------
    counts : int64 array (n,)
    epochs : int64 array (epochs, neurons)
    stopped : int64 array (lanes,)
        No lanes where none can finish.
    potentials : int32 array (ticks, lanes, watched)
    finished : uint64 array (words,)
        Lanes of a block that finish in a tick.
    tick, neuron, word : int64 arrays, bits : uint64 array
        Buffer of recorded spikes, emptied between calls: words of the job's grid.
    v, i, c : int32 arrays (lanes, n)
        The state in the end; no lanes where it is not kept.
    windows : uint64 array (rows, words of the grid)
        As in ``Windows``; other threads write other words.
    """

    counts: npt.NDArray[np.int64]
    epochs: npt.NDArray[np.int64]
    stopped: npt.NDArray[np.int64]
    potentials: npt.NDArray[np.int32]
    finished: npt.NDArray[np.uint64]
    tick: npt.NDArray[np.int64]
    neuron: npt.NDArray[np.int64]
    word: npt.NDArray[np.int64]
    bits: npt.NDArray[np.uint64]
    v: npt.NDArray[np.int32]
    i: npt.NDArray[np.int32]
    c: npt.NDArray[np.int32]
    windows: npt.NDArray[np.uint64]


def _address(array: npt.NDArray[np.generic]) -> np.uint64:
    return np.uint64(array.ctypes.data)


def _here(plan: LanePlan, ask: Ask, room: Room, out: Out) -> Here:
    """Return the addresses that visits need; the arrays outlive the calls that use them."""
    flat, size = room.flat.ctypes.data, 8 * room.words
    half = len(room.inputs) // 2
    return Here(
        **{name: _address(getattr(plan, name)) for name in FROM_PLAN},
        **{name: _address(getattr(room, name)) for name in FROM_ROOM},
        **{name: _address(getattr(ask, name)) for name in FROM_ASK},
        **{
            name: np.uint64(flat + getattr(room, name) * size)
            for name in ("injected", "live", "none", "sums", "potentials")
        },
        counts=_address(out.counts),
        plus=_address(room.inputs),
        plus_weight=_address(room.weights),
        minus=_address(room.inputs[half:]),
        minus_weight=_address(room.weights[half:]),
        wake_mask=np.uint64(plan.wake_ring - 1),
        wake_words=np.uint64(len(room.wake) // plan.wake_ring),
        flat=np.uint64(flat),
        size=np.uint64(size),
        stride=np.uint64(room.keepers * size),
        low_key=ask.low_key,
        high_key=ask.high_key,
        lanes=np.uint64(64 * room.words),
    )


def _make_out(job: Job, lanes: slice, ask: Ask, room: Room) -> Out:
    n, count = job.network.n_neurons, lanes.stop - lanes.start
    recorded = int(np.count_nonzero(ask.noted & FIRED))
    buffer = BUFFER + recorded * room.words
    rows = (count if job.keep_state else 0, n)
    return Out(
        counts=np.zeros(n, dtype=np.int64),
        epochs=np.zeros(
            (len(ask.epoch_ks), len(job.epochs.neurons) if job.epochs else 0), dtype=np.int64
        ),
        stopped=np.full(count if job.stops else 0, -1, dtype=np.int64),
        potentials=np.zeros((job.ticks, count, len(job.watched)), dtype=np.int32),
        finished=np.zeros(room.words, dtype=np.uint64),
        tick=np.empty(buffer, dtype=np.int64),
        neuron=np.empty(buffer, dtype=np.int64),
        word=np.empty(buffer, dtype=np.int64),
        bits=np.empty(buffer, dtype=np.uint64),
        v=np.zeros(rows, dtype=np.int32),
        i=np.zeros(rows, dtype=np.int32),
        c=np.zeros(rows, dtype=np.int32),
        windows=job.windows.planes,
    )


def run(job: Job, lanes: slice, report: Report) -> Outcome:
    """Run the lanes of a slice; see :class:`~spikealg.engine.job.Outcome`."""
    plan = make_lane_plan(job)
    ask = make_ask(job, lanes)
    room = make_room(plan, ask)
    out = _make_out(job, lanes, ask, room)
    at = np.zeros(AT_SIZE, dtype=np.int64)
    first_word = ask.first_bit // 128 * 2
    at[FIRST_WORD], at[TICK], at[OVERFLOW_TICK] = first_word, job.start_tick, -1
    here = _here(plan, ask, room, out)
    spikes, flying = [PackedSpikes.empty(ask.offset)], [PackedSpikes.empty(ask.offset)]
    n_lanes, told = lanes.stop - lanes.start, 0.0
    wide = True if len(room.wide_v) else None
    while (code := advance(plan, ask, room, here, out, at, wide)) != DONE:
        done = 64.0 * (at[FIRST_WORD] - first_word)
        done += 64 * room.words * float(at[TICK] - job.start_tick) / max(job.ticks, 1)
        taken = at[SPIKES] > BUFFER // 2
        if taken:
            spikes.append(_taken(out, ask, at))
        report(min(done, n_lanes) - told, spikes[-1].nbytes if taken else 0)
        told = min(done, n_lanes)
        if code == LOOK:
            _look(plan, ask, room, out, at)
        if code == ENDED:
            if at[OVERFLOW_TICK] < 0 and job.ticks > 0:
                seen = at[FIRST_WORD], at[FIRST_ENTRY], at[END_ENTRY]
                write_state(plan, ask, room, out, *seen, at[TICK] - 1 - job.start_tick)
                flying.append(_flying(plan, ask, room, at))
            at[FIRST_WORD] += room.words
            at[BEGUN], at[TICK] = 0, job.start_tick
    spikes.append(_taken(out, ask, at))
    report(n_lanes - told, spikes[-1].nbytes)
    overflow = None
    if at[OVERFLOW_TICK] >= 0:
        overflow = Overflow(*at[[OVERFLOW_TICK, OVERFLOW_NEURON, OVERFLOW_LANE]].tolist())
    return Outcome(
        spikes=PackedSpikes.concatenate(spikes),
        counts=out.counts,
        epochs=out.epochs,
        stopped=out.stopped if job.stops else np.broadcast_to(np.int64(-1), n_lanes),
        potentials=out.potentials,
        final=_final(job, lanes, out, flying) if job.keep_state else None,
        overflow=overflow,
    )


def _look(plan: LanePlan, ask: Ask, room: Room, out: Out, at: npt.NDArray[np.int64]) -> None:
    """Write the potentials of the tick that has ended, and take off the lanes that finished."""
    t = at[TICK] - 1 - ask.start_tick
    first_word, first_entry, end_entry = at[FIRST_WORD], at[FIRST_ENTRY], at[END_ENTRY]
    if len(ask.watched):
        write_potentials(plan, ask, room, out, first_word, first_entry, end_entry, t)
    if ask.until_quiet:
        drop_expecting(out.finished, ask.inject_planes[end_entry:], first_word)
        keep_resting(plan, ask, room, out.finished, first_entry, end_entry, t)
    elif not at[WAITED_FOR]:
        return
    live = np.uint64(room.flat.ctypes.data + 8 * room.words * room.live)
    first = 64 * first_word - ask.first_bit
    at[RUNNING] = take_off(live, out.finished, room.words, first, at[TICK] - 1, out.stopped)


def _taken(out: Out, ask: Ask, at: npt.NDArray[np.int64]) -> PackedSpikes:
    """Return the recorded spikes that lie in the buffer, and empty it."""
    kept = slice(0, at[SPIKES])
    at[SPIKES] = 0
    return PackedSpikes(
        t=out.tick[kept].copy(),
        i=out.neuron[kept].copy(),
        word=out.word[kept].copy(),
        bits=out.bits[kept].copy(),
        offset=ask.offset,
    )


def _flying(plan: LanePlan, ask: Ask, room: Room, at: npt.NDArray[np.int64]) -> PackedSpikes:
    """Return the spikes in flight at the end of a block."""
    neuron = np.repeat(np.arange(len(plan.longest)), plan.ring_mask + 1)
    sent = room.stamp.astype(np.int64)
    planes = np.flatnonzero(sent + plan.longest[neuron] >= at[TICK] - ask.start_tick)
    rows = room.flat[: plan.n_planes * room.words].reshape(plan.n_planes, room.words)[planes]
    row, word = np.nonzero(rows)
    return PackedSpikes(
        t=sent[planes][row] + ask.start_tick,
        i=neuron[planes][row],
        word=word + at[FIRST_WORD],
        bits=rows[row, word],
        offset=ask.offset,
    )


def _final(job: Job, lanes: slice, out: Out, flying: list[PackedSpikes]) -> Final:
    if job.ticks == 0:
        # Nothing has run: the state is the one before.
        n = job.network.n_neurons
        v, i, c = (
            np.broadcast_to(row, (job.lanes, n))[lanes].copy()
            for row in (job.start.v, job.start.i, job.start.c)
        )
        before = job.start.spikes
        chosen = (before.lane >= lanes.start) & (before.lane < lanes.stop)
        return Final(v, i, c, Spikes(before.i[chosen], before.t[chosen], before.lane[chosen]))
    return Final(out.v, out.i, out.c, PackedSpikes.concatenate(flying).expand())
