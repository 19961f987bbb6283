"""The event kernel: a tick visits only neurons to which something happens.

Those are neurons at which a spike or an injected value arrives, and those not at rest. The leak
of skipped ticks is caught up at the next visit.

A visit costs as many cache lines as it touches, so all that belongs to a neuron lies together:
its row of ``hot``, and its row of the ring in which coming input is summed. A cell of the ring
that nothing has reached is ``EMPTY``, which no sum can be.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from spikealg.engine.job import Job, Outcome, Report
from spikealg.engine.plan import WIDTH, Plan, make_plan, make_request
from spikealg.engine.rules import (
    ALWAYS,
    ARRIVED_BY,
    BIAS,
    CURRENT_LEAK,
    DONE,
    DRAW_LIMIT,
    DRIVEN,
    ELIGIBLE,
    EPOCH,
    FIRED,
    FLOOR,
    INJECTING,
    INT32_MAX,
    INT32_MIN,
    LANE,
    LEAK,
    MARKED,
    NEXT_INPUT,
    OVERFLOW_TICK,
    PAUSED,
    REFRACTORY,
    RESET,
    RESET_VALUE,
    RESTLESS,
    SIMPLE,
    SPIKES,
    THRESHOLD,
    TICK,
    UNTIL_LEFT,
    VISITED,
    VISITS_PER_CALL,
    WILD,
    caught_up,
    decay,
    draw,
    integrated,
    is_restless,
    list_flying,
    note_overflow,
    note_spikes,
    reset,
)  # fmt: skip
from spikealg.engine.slices import make_at, make_out, run_slice
from spikealg.network import MEMORYLESS

__all__ = ["run", "visits_per_tick"]

EMPTY = -(2**31)

V, I, C, LAST, COUNT, KIND, FIRST = range(7)
"""Columns of ``hot``: state, tick of the last visit (from the start of the run), spikes so far,
start of the neuron's kind in ``kinds``, and its first synapse; its last is before the first of
the next row. Seven, not eight: neurons at a power of two apart would share cache sets."""
COLUMNS = 7


class Work(NamedTuple):
    """Memory of one thread; everything is written.

    Attributes
    ----------
    hot : int32 array (COLUMNS·(n + 1),)
    ring : int32 array (n·ring,)
        Sums that arrive at each neuron in each of the coming ticks.
    touched : int32 array (ring, n), touched_count : int64 array (ring,)
        Neurons whose cell is not ``EMPTY``, for each of these ticks.
    history : int32 array (ring, n), history_count : int64 array (ring,)
        Neurons that spiked in each of the last ticks; the row of a tick is filled in it.
    injected : int64 array (n,)
    streams : uint32 array (n,), words : uint64 array (n,)
        For drawing.
    restless, eligible, others : int32 arrays (n,)
        Lists of neurons, as long as `at` says.
    """

    hot: npt.NDArray[np.int32]
    ring: npt.NDArray[np.int32]
    touched: npt.NDArray[np.int32]
    touched_count: npt.NDArray[np.int64]
    history: npt.NDArray[np.int32]
    history_count: npt.NDArray[np.int64]
    injected: npt.NDArray[np.int64]
    streams: npt.NDArray[np.uint32]
    words: npt.NDArray[np.uint64]
    restless: npt.NDArray[np.int32]
    eligible: npt.NDArray[np.int32]
    others: npt.NDArray[np.int32]


@njit(cache=True)
def _gather(ring, touched, touched_count, slot, slots, restless, injected,
            inject_tick, inject_neuron, inject_value, tick, inject_end, at):  # fmt: skip
    """Complete the list of a tick: injected and restless neurons join it; return its length."""
    count = touched_count[slot]
    entry = at[NEXT_INPUT]
    while entry < inject_end and inject_tick[entry] == tick:
        neuron = inject_neuron[entry]
        injected[neuron] += inject_value[entry]
        cell = neuron * slots + slot
        if ring[cell] == EMPTY:
            ring[cell] = 0
            touched[slot, count] = neuron
            count += 1
        entry += 1
    at[INJECTING] = entry > at[NEXT_INPUT]
    at[NEXT_INPUT] = entry
    for r in range(at[RESTLESS]):
        neuron = restless[r]
        cell = neuron * slots + slot
        if ring[cell] == EMPTY:
            ring[cell] = 0
            touched[slot, count] = neuron
            count += 1
    touched_count[slot] = 0
    return count


@njit(cache=True)
def _visit_simple(kinds, hot, ring, visited, slot, slots, fired, left, elapsed, at):
    """Take the simple neurons on the list of a tick through all steps; list the others.

    Simple neurons (see ``WIDTH``) are most of a hand-built circuit; held ones are not simple.
    Returns the number of the others.
    """
    spiking = others = 0
    driven = np.int64(0)
    wild = len(left)
    for entry in range(len(visited)):
        j = uint64(visited[entry])
        h = j * uint64(COLUMNS)
        k = uint64(hot[h + uint64(KIND)])
        simple = kinds[k + uint64(SIMPLE)]
        if simple == 0 or hot[h + uint64(C)] > 0:
            left[others] = j
            others += 1
            continue
        cell = j * uint64(slots) + uint64(slot)
        current = np.int64(ring[cell])
        ring[cell] = EMPTY
        driven |= current
        potential = current
        if simple == 2:
            potential += hot[h + uint64(V)]
        hot[h + uint64(I)] = current
        hot[h + uint64(LAST)] = elapsed
        if potential >= kinds[k + uint64(THRESHOLD)]:
            fired[spiking] = j
            spiking += 1
            hot[h + uint64(COUNT)] += 1
            if potential > INT32_MAX:
                wild = min(wild, np.int64(j))
            potential = kinds[k + uint64(RESET_VALUE)]
        elif potential < INT32_MIN:
            wild = min(wild, np.int64(j))
        hot[h + uint64(V)] = potential
    at[FIRED], at[DRIVEN], at[WILD] = spiking, driven != 0, wild
    return others


@njit(cache=True)
def _visit(kinds, hot, ring, visited, slot, slots, injected, restless, fired, eligible, elapsed,
           at):  # fmt: skip
    """Take neurons of any kind through steps 1 to 4."""
    waiting, spiking, drawing = 0, at[FIRED], 0
    driven, wild = at[DRIVEN], at[WILD]
    for entry in range(len(visited)):
        j = uint64(visited[entry])
        h = j * uint64(COLUMNS)
        k = uint64(hot[h + uint64(KIND)])
        cell = j * uint64(slots) + uint64(slot)
        threshold, leak = kinds[k + uint64(THRESHOLD)], kinds[k + uint64(LEAK)]
        bias, floor = kinds[k + uint64(BIAS)], kinds[k + uint64(FLOOR)]
        current_leak = kinds[k + uint64(CURRENT_LEAK)]
        current = np.int64(ring[cell])
        ring[cell] = EMPTY
        if current_leak != MEMORYLESS:
            current += decay(np.int64(hot[h + uint64(I)]), current_leak)
        elif current != 0:
            driven = 1
        potential = np.int64(hot[h + uint64(V)])
        skipped = elapsed - 1 - hot[h + uint64(LAST)]
        hot[h + uint64(LAST)] = elapsed
        if skipped > 0 and leak != MEMORYLESS:
            potential = caught_up(potential, leak, bias, floor, skipped)
        held = np.int64(hot[h + uint64(C)])
        if held == 0:
            potential = integrated(potential, leak, current + bias + injected[j], floor)
        injected[j] = 0
        if not (INT32_MIN <= potential <= INT32_MAX and INT32_MIN <= current <= INT32_MAX):
            wild = min(wild, np.int64(j))
            continue
        hot[h + uint64(I)] = current
        hot[h + uint64(V)] = potential
        if held == 0 and potential >= threshold:
            if kinds[k + uint64(DRAW_LIMIT)] == ALWAYS:
                fired[spiking] = j
                spiking += 1
            else:
                eligible[drawing] = j
                drawing += 1
            continue
        if held > 0:
            held -= 1
            hot[h + uint64(C)] = held
        if is_restless(potential, current, held, threshold, leak, current_leak, bias, floor):
            restless[waiting] = j
            waiting += 1
    at[RESTLESS], at[FIRED], at[ELIGIBLE], at[DRIVEN] = waiting, spiking, drawing, driven
    at[WILD] = wild


@njit(cache=True)
def _reset(kinds, hot, fired, restless, at):
    """Step 5 for all that fired; they are counted, and listed if they go on."""
    waiting = at[RESTLESS]
    for j in fired:
        h = uint64(j) * uint64(COLUMNS)
        k = uint64(hot[h + uint64(KIND)])
        threshold, held = kinds[k + uint64(THRESHOLD)], kinds[k + uint64(REFRACTORY)]
        potential = reset(np.int64(hot[h + uint64(V)]), kinds[k + uint64(RESET)],
                          kinds[k + uint64(RESET_VALUE)], threshold)  # fmt: skip
        hot[h + uint64(V)] = potential
        hot[h + uint64(C)] = held
        hot[h + uint64(COUNT)] += 1
        if is_restless(potential, np.int64(hot[h + uint64(I)]), held, threshold,
                       kinds[k + uint64(LEAK)], kinds[k + uint64(CURRENT_LEAK)],
                       kinds[k + uint64(BIAS)], kinds[k + uint64(FLOOR)]):  # fmt: skip
            restless[waiting] = j
            waiting += 1
    at[RESTLESS] = waiting


@njit(cache=True)
def _send(hot, synapse, target_bits, pairs, ring, touched, touched_count, slots, senders, spiked,
          shortest):  # fmt: skip
    """Send spikes of tick `spiked` over synapses with a delay of `shortest` or longer."""
    shift, mask = uint64(target_bits), (uint64(1) << uint64(target_bits)) - uint64(1)
    # The length of the list that grows is kept in a register while spikes join the same list.
    growing, length = uint64(0), touched_count[0]
    for f in range(len(senders)):
        h = uint64(senders[f]) * uint64(COLUMNS)
        for s in range(uint64(hot[h + uint64(FIRST)]), uint64(hot[h + uint64(COLUMNS + FIRST)])):
            word = uint64(synapse[s])
            pair = (word >> shift) << uint64(1)
            delay = pairs[pair + uint64(1)]
            if delay < shortest:
                continue
            slot = uint64((spiked + delay) & (slots - 1))
            post = word & mask
            cell = post * uint64(slots) + slot
            present = ring[cell]
            if present != EMPTY:
                ring[cell] = present + pairs[pair]
                continue
            ring[cell] = pairs[pair]
            if slot != growing:
                touched_count[growing] = length
                growing, length = slot, touched_count[slot]
            touched[slot, uint64(length)] = post
            length += 1
    touched_count[growing] = length


@njit(cache=True)
def _begin_lane(plan, request, work, cells, lane, at):
    """Set up the memory of a thread for a lane; `cells` holds its initial state."""
    n, start = len(plan.kind), request.start_tick
    for slot in range(plan.ring):
        for entry in range(work.touched_count[slot]):
            work.ring[np.int64(work.touched[slot, entry]) * plan.ring + slot] = EMPTY
    work.touched_count[:] = 0
    work.history_count[:] = 0
    work.injected[:] = 0
    at[NEXT_INPUT] = request.inject_pointer[lane]
    at[UNTIL_LEFT] = request.until_count
    at[MARKED], at[EPOCH], at[ARRIVED_BY] = 0, -1, -1
    waiting = 0
    hot = work.hot
    for j in range(n):
        h, k = j * COLUMNS, np.int64(plan.kind[j]) * WIDTH
        v, i, c = cells[0, j], cells[1, j], cells[2, j]
        hot[h + V], hot[h + I], hot[h + C] = v, i, c
        hot[h + LAST], hot[h + COUNT], hot[h + KIND] = -1, 0, k
        hot[h + FIRST] = plan.indptr[j]
        kind = plan.kinds[k : k + WIDTH]
        if is_restless(np.int64(v), np.int64(i), c, kind[THRESHOLD], kind[LEAK],
                       kind[CURRENT_LEAK], kind[BIAS], kind[FLOOR]):  # fmt: skip
            work.restless[waiting] = j
            waiting += 1
    hot[n * COLUMNS + FIRST] = plan.indptr[n]
    at[RESTLESS] = waiting
    for f in range(request.fly_pointer[lane], request.fly_pointer[lane + 1]):
        neuron, spiked = request.fly_neuron[f], request.fly_tick[f]
        slot = spiked & (plan.ring - 1)
        work.history[slot, work.history_count[slot]] = neuron
        work.history_count[slot] += 1
        at[ARRIVED_BY] = max(at[ARRIVED_BY], spiked + plan.longest[neuron])
        _send(hot, plan.synapse, plan.target_bits, plan.pairs, work.ring, work.touched,
              work.touched_count, plan.ring, request.fly_neuron[f : f + 1], spiked,
              start - spiked)  # fmt: skip


@njit(cache=True)
def _potential(kinds, hot, neuron, elapsed):
    """Return the potential of a neuron at the end of a tick, visited in it or not."""
    h = neuron * COLUMNS
    k = hot[h + KIND]
    return caught_up(np.int64(hot[h + V]), kinds[k + LEAK], kinds[k + BIAS], kinds[k + FLOOR],
                     elapsed - hot[h + LAST])  # fmt: skip


@njit(cache=True)
def _end_lane(plan, work, cells, counts, elapsed):
    """Write down the state at the end of the last tick, and the spike counts."""
    hot = work.hot
    for j in range(len(plan.kind)):
        h = j * COLUMNS
        stale = hot[h + LAST] < elapsed
        cells[0, j] = _potential(plan.kinds, hot, j, elapsed)
        gone = stale and plan.kinds[hot[h + KIND] + CURRENT_LEAK] == MEMORYLESS
        cells[1, j] = 0 if gone else hot[h + I]
        cells[2, j] = hot[h + C]
        counts[j] += hot[h + COUNT]


@njit(cache=True, nogil=True)
def _advance(plan, request, work, out, first, at):
    """Run lanes from where `at` stands until all are done, a buffer is full, or for a while.

    `first` is the number of the block's first lane in the job. Returns DONE or PAUSED.
    """
    kinds, synapse, target_bits, pairs = plan.kinds, plan.synapse, plan.target_bits, plan.pairs
    hot, ring, touched, touched_count = work.hot, work.ring, work.touched, work.touched_count
    restless, eligible, others = work.restless, work.eligible, work.others
    injected, history = work.injected, work.history
    inject_tick, inject_neuron = request.inject_tick, request.inject_neuron
    inject_value = request.inject_value
    n, slots, start = len(plan.kind), plan.ring, request.start_tick
    # What nobody asks for is empty.
    recorded = request.recorded if request.recorded.any() else request.recorded[:0]
    quieting = plan.longest if request.until_quiet else plan.longest[:0]
    room = len(recorded)
    visits = 0
    while at[LANE] < len(out.cells):
        row, lane = at[LANE], at[LANE] + first
        if at[TICK] == start:
            _begin_lane(plan, request, work, out.cells[row], lane, at)
        inject_end = request.inject_pointer[lane + 1]
        tick = at[TICK]
        end = request.end_tick if at[OVERFLOW_TICK] < 0 else at[OVERFLOW_TICK] + 1
        while tick < end and out.stopped[row] < 0:
            if visits > VISITS_PER_CALL or at[SPIKES] + room > out.spikes.shape[1]:
                at[TICK] = tick
                return PAUSED
            slot = tick & (slots - 1)
            fired = history[slot]
            count = _gather(ring, touched, touched_count, slot, slots, restless, injected,
                            inject_tick, inject_neuron, inject_value, tick, inject_end,
                            at)  # fmt: skip
            visited = touched[slot, :count]
            at[RESTLESS] = at[FIRED] = at[ELIGIBLE] = at[DRIVEN] = 0
            at[WILD] = n
            if at[INJECTING] == 0:
                left = _visit_simple(kinds, hot, ring, visited, slot, slots, fired, others,
                                     tick - start, at)  # fmt: skip
                visited = others[:left]
            simple = at[FIRED]
            if len(visited) > 0:
                _visit(kinds, hot, ring, visited, slot, slots, injected, restless, fired,
                       eligible, tick - start, at)  # fmt: skip
            visits += count + 10
            at[VISITED] += count
            if at[WILD] < n:
                note_overflow(tick, lane, at)
                break
            if at[ELIGIBLE] > 0:
                draw(kinds, plan.kind, plan.stream, request.seed, tick, request.first_lane + lane,
                     fired, eligible, restless, work.streams, work.words, at)  # fmt: skip
            work.history_count[slot] = at[FIRED]
            if at[FIRED] > 0:
                spiking = fired[: at[FIRED]]
                _reset(kinds, hot, spiking[simple:], restless, at)
                _send(hot, synapse, target_bits, pairs, ring, touched, touched_count, slots,
                      spiking, tick, 1)  # fmt: skip
                note_spikes(spiking, recorded, out.spikes, request.marker, request.epoch_ks,
                            request.epoch_column, out.epochs, request.until_mask,
                            request.until_count, quieting, tick, lane, at)  # fmt: skip
            for w in range(len(request.watched)):
                out.potentials[tick - start, row, w] = _potential(
                    kinds, hot, request.watched[w], tick - start
                )
            over = False
            if request.until_count > 0:
                over = at[UNTIL_LEFT] <= 0
            elif request.until_quiet:
                over = at[RESTLESS] == 0 and at[DRIVEN] == 0
                over = over and at[ARRIVED_BY] <= tick and at[NEXT_INPUT] == inject_end
            if over:
                out.stopped[row] = tick
            tick += 1
        at[TICK] = tick
        if at[OVERFLOW_TICK] < 0:
            if not list_flying(plan.longest, history, work.history_count, out.flying, tick - 1,
                               lane, at):  # fmt: skip
                return PAUSED
            _end_lane(plan, work, out.cells[row], out.counts, tick - 1 - start)
        at[LANE] += 1
        at[TICK] = start
    return DONE


def _make_work(plan: Plan) -> Work:
    n = len(plan.kind)
    return Work(
        hot=np.empty(COLUMNS * (n + 1), dtype=np.int32),
        ring=np.full(plan.ring * n, EMPTY, dtype=np.int32),
        touched=np.empty((plan.ring, n), dtype=np.int32),
        touched_count=np.zeros(plan.ring, dtype=np.int64),
        history=np.empty((plan.ring, n), dtype=np.int32),
        history_count=np.zeros(plan.ring, dtype=np.int64),
        injected=np.zeros(n, dtype=np.int64),
        streams=np.empty(n, dtype=np.uint32),
        words=np.empty(n, dtype=np.uint64),
        restless=np.empty(n, dtype=np.int32),
        eligible=np.empty(n, dtype=np.int32),
        others=np.empty(n, dtype=np.int32),
    )


def run(job: Job, lanes: slice, report: Report) -> Outcome:
    """Run the lanes of a slice; see :class:`~spikealg.engine.job.Outcome`."""
    plan = make_plan(job.network)
    work = _make_work(plan)
    return run_slice(
        job,
        lanes,
        report,
        lambda request, out, at, first: _advance(plan, request, work, out, first, at),
    )


def visits_per_tick(job: Job, ticks: int) -> float:
    """Run a few ticks of the first lane for nothing, and tell how many neurons they visit."""
    trial = replace(job, ticks=ticks, watched=job.watched[:0], until_quiet=False, until_count=0)
    plan, request = make_plan(job.network), make_request(trial)
    out, at = make_out(trial, slice(0, 1)), make_at(trial)
    _advance(plan, request, _make_work(plan), out, 0, at)
    return float(at[VISITED] / ticks)
