"""The clock kernel: a tick visits all neurons.

Runs of neurons with equal parameters go through vector loops on contiguous arrays, the others
one by one. Coming input is summed in a ring of one row per tick. Vector loops compute in int32:
how many ticks that is safe for is proved now and then from the potentials and the weights.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from spikealg.engine.job import Job, Outcome, Report
from spikealg.engine.plan import WIDTH, Plan, make_plan
from spikealg.engine.prefetch import prefetch
from spikealg.engine.rules import (
    ALWAYS,
    ARRIVED_BY,
    BIAS,
    CURRENT_LEAK,
    DONE,
    DRAW_LIMIT,
    ELIGIBLE,
    EPOCH,
    FIRED,
    FLOOR,
    INT32_MAX,
    INT32_MIN,
    LANE,
    LEAK,
    MARKED,
    NARROW_UNTIL,
    NEXT_INPUT,
    OVERFLOW_TICK,
    PAUSED,
    PROVE_AT,
    REFRACTORY,
    RESET,
    RESET_VALUE,
    RESTLESS,
    SAFE_UNTIL,
    SPIKES,
    THRESHOLD,
    TICK,
    UNTIL_LEFT,
    VISITS_PER_CALL,
    WILD,
    decay,
    draw,
    integrated,
    is_restless,
    list_flying,
    note_overflow,
    note_spikes,
    reset,
)  # fmt: skip
from spikealg.engine.slices import run_slice
from spikealg.network import MEMORYLESS, NEVER, NO_FLOOR, Network

__all__ = ["run", "vector_neurons"]

NARROW = 2**19 - 1
"""Potentials up to here may be multiplied by 4096 in int32."""
LONG_ROW = 64
"""Synapses of a neuron from which it pays to load the next neuron's ahead."""
LINE = 16
"""Synapses in a cache line."""
SHORTEST_RUN = 8
"""Equal neurons in a row from which a vector loop pays."""
V, I, C = range(3)
"""Rows of the state of a lane: potential, synaptic current, refractory ticks left."""


class Work(NamedTuple):
    """Memory of one thread; everything is written.

    Attributes
    ----------
    ring : int16 or int32 array (ring·n,)
        Sums that arrive in each of the coming ticks, a row of n each; int16 where no sum of
        weights into a neuron is larger, because half the memory is faster.
    history : int32 array (ring, n), history_count : int64 array (ring,)
        Neurons that spiked in each of the last ticks.
    injected : int64 array (n,)
    streams : uint32 array (n,), words : uint64 array (n,)
        For drawing.
    fired, eligible, spent : int32 arrays (n,)
        Lists of neurons, as long as `at` says; the spent drew and did not spike.
    flags : uint8 array (n,) rounded up, flags64 : its uint64 view
        Who reached threshold in a vector loop.
    slow_until : int64 array (runs,)
        Last tick in which a run goes one by one.
    base : uint64 array (pairs,)
        Start of the row in which each (weight, delay) pair arrives.
    weight : array (pairs,) of the dtype of the ring
        Weight of each pair.
    """

    ring: npt.NDArray[np.int32]
    history: npt.NDArray[np.int32]
    history_count: npt.NDArray[np.int64]
    injected: npt.NDArray[np.int64]
    streams: npt.NDArray[np.uint32]
    words: npt.NDArray[np.uint64]
    fired: npt.NDArray[np.int32]
    eligible: npt.NDArray[np.int32]
    spent: npt.NDArray[np.int32]
    flags: npt.NDArray[np.uint8]
    flags64: npt.NDArray[np.uint64]
    slow_until: npt.NDArray[np.int64]
    base: npt.NDArray[np.uint64]
    weight: npt.NDArray[np.signedinteger]


class Runs(NamedTuple):
    """Runs of equal neurons, for the clock kernel.

    Attributes
    ----------
    start : int64 array (runs + 1,)
    vector : uint8 array (runs,)
        1 where the run may go in a vector loop.
    reach : int
        Largest magnitude of a reset value.
    drive : int
        No potential in a vector loop grows by more in a tick.
    """

    start: npt.NDArray[np.int64]
    vector: npt.NDArray[np.uint8]
    reach: int
    drive: int


@njit(cache=True)
def _gather(ring, n, mask, run_start, slow_until, injected,
                  inject_tick, inject_neuron, inject_value, tick, inject_end, at):  # fmt: skip
    """Clear the row of the tick before and take the injected values of this one."""
    before = ((tick - 1) & mask) * n
    ring[before : before + n] = 0
    while at[NEXT_INPUT] < inject_end and inject_tick[at[NEXT_INPUT]] == tick:
        neuron = inject_neuron[at[NEXT_INPUT]]
        injected[neuron] += inject_value[at[NEXT_INPUT]]
        run = np.searchsorted(run_start, neuron, side="right") - 1
        slow_until[run] = max(slow_until[run], tick)
        # The proof that vector loops cannot overflow speaks of weights and biases only.
        at[PROVE_AT] = tick + 1
        at[SAFE_UNTIL] = min(at[SAFE_UNTIL], tick + 1)
        at[NARROW_UNTIL] = min(at[NARROW_UNTIL], tick + 1)
        at[NEXT_INPUT] += 1


@njit(cache=True)
def _sweep_run(kinds, k, v, arriving, flags, narrow):
    """Take a run of equal neurons through all steps in a vector loop; flag those that spike.

    Those that have to draw are only flagged: their reset comes later. Overflow is excluded
    before; `narrow` says that potentials are below 2¹⁹, so that their products fit int32.
    """
    threshold, bias = np.int32(min(kinds[k + THRESHOLD], NEVER)), np.int32(kinds[k + BIAS])
    floor = np.int32(max(kinds[k + FLOOR], NO_FLOOR))
    # A spike takes x to (x & kept) + shift.
    kept, shift = np.int32(-1), np.int32(0)
    if kinds[k + DRAW_LIMIT] == ALWAYS and kinds[k + RESET] == 0:
        kept, shift = np.int32(0), np.int32(kinds[k + RESET_VALUE])
    elif kinds[k + DRAW_LIMIT] == ALWAYS and kinds[k + RESET] == 1:
        shift = np.int32(-threshold)
    if kinds[k + LEAK] == MEMORYLESS:
        for j in range(len(v)):
            x = max(np.int32(arriving[j] + bias), floor)
            flags[j] = x >= threshold
            v[j] = np.int32((x & kept) + shift) if x >= threshold else x
    elif kinds[k + LEAK] == 0:
        for j in range(len(v)):
            x = max(np.int32(np.int32(v[j] + arriving[j]) + bias), floor)
            flags[j] = x >= threshold
            v[j] = np.int32((x & kept) + shift) if x >= threshold else x
    elif narrow:
        # sign is 0 or −1; (x ^ sign) − sign is x or −x.
        fraction = np.int32(MEMORYLESS - kinds[k + LEAK])
        for j in range(len(v)):
            sign = np.int32(v[j] >> 31)
            size = np.int32(np.int32(np.int32(v[j] ^ sign) - sign) * fraction) >> 12
            x = np.int32(np.int32(size ^ sign) - sign)
            x = max(np.int32(np.int32(x + arriving[j]) + bias), floor)
            flags[j] = x >= threshold
            v[j] = np.int32((x & kept) + shift) if x >= threshold else x
    else:
        # A float64 holds the product exactly, and the conversion rounds toward zero.
        fraction = (MEMORYLESS - kinds[k + LEAK]) / MEMORYLESS
        for j in range(len(v)):
            x = max(np.int32(np.int32(np.int32(v[j] * fraction) + arriving[j]) + bias), floor)
            flags[j] = x >= threshold
            v[j] = np.int32((x & kept) + shift) if x >= threshold else x


@njit(cache=True)
def _list_flagged(flags, flags64, low, high, chosen, count):
    """Append the flagged neurons from `low` to `high` to a list; return its length.

    Eight flags are skipped at a time; where one of eight is set, none costs a branch.
    """
    count = uint64(count)
    j, end = uint64(low), uint64(high)
    while j < end:
        whole = j & uint64(7) == uint64(0) and j + uint64(8) <= end
        stop = min(j + uint64(8), end) if whole else j + uint64(1)
        if whole and flags64[j >> uint64(3)] == uint64(0):
            j = stop
            continue
        while j < stop:
            chosen[count] = j
            count += uint64(flags[j])
            j += uint64(1)
    return np.int64(count)


@njit(cache=True)
def _visit(kinds, kind, cells, arriving, run_start, slow_until, flags, flags64,
                 injected, fired, eligible, tick, at):  # fmt: skip
    """Take all neurons through all steps, equal ones in vector loops, the others one by one.

    Those that have to draw are listed; for them step 5 comes later.
    """
    v, i, c = cells[V], cells[I], cells[C]
    spiking = drawing = 0
    wild = len(kind)
    safe, narrow = tick < at[SAFE_UNTIL], tick < at[NARROW_UNTIL]
    for r in range(len(slow_until)):
        low, high = run_start[r], run_start[r + 1]
        k = kind[low] * WIDTH
        if safe and slow_until[r] < tick:
            _sweep_run(kinds, k, v[low:high], arriving[low:high], flags[low:high], narrow)
            if kinds[k + DRAW_LIMIT] == ALWAYS:
                spiking = _list_flagged(flags, flags64, low, high, fired, spiking)
            else:
                drawing = _list_flagged(flags, flags64, low, high, eligible, drawing)
            continue
        for j in range(low, high):
            k = kind[j] * WIDTH
            current = decay(np.int64(i[j]), kinds[k + CURRENT_LEAK]) + arriving[j]
            potential = np.int64(v[j])
            held = c[j]
            if held == 0:
                drive = current + kinds[k + BIAS] + injected[j]
                potential = integrated(potential, kinds[k + LEAK], drive, kinds[k + FLOOR])
            injected[j] = 0
            if not (INT32_MIN <= potential <= INT32_MAX and INT32_MIN <= current <= INT32_MAX):
                wild = min(wild, j)
                continue
            i[j] = current
            v[j] = potential
            if held > 0:
                c[j] = held - 1
            elif potential >= kinds[k + THRESHOLD]:
                if kinds[k + DRAW_LIMIT] == ALWAYS:
                    v[j] = reset(potential, kinds[k + RESET], kinds[k + RESET_VALUE],
                                 kinds[k + THRESHOLD])  # fmt: skip
                    c[j] = kinds[k + REFRACTORY]
                    fired[spiking] = j
                    spiking += 1
                else:
                    eligible[drawing] = j
                    drawing += 1
    at[RESTLESS], at[FIRED], at[ELIGIBLE] = 0, spiking, drawing
    at[WILD] = wild


@njit(cache=True)
def _prove(v, tick, reach, drive, at):
    """Find out until when no potential of a vector loop can reach NEVER, or 2¹⁹."""
    largest = np.int64(reach)
    for j in range(len(v)):
        largest = max(largest, abs(np.int64(v[j])))
    at[SAFE_UNTIL] = tick + (NEVER - 1 - largest) // max(drive, 1)
    at[NARROW_UNTIL] = tick + (NARROW - largest) // max(drive, 1)
    at[PROVE_AT] = min(at[SAFE_UNTIL], max(at[NARROW_UNTIL], tick + 64))


@njit(cache=True)
def _send(indptr, synapse, target_bits, pairs, base, weight, ring, mask, senders,
                n, spiked, counts):  # fmt: skip
    """Count the spikes of tick `spiked` and send them."""
    target_mask, shift = uint64((1 << target_bits) - 1), uint64(target_bits)
    for p in range(len(base)):
        base[p] = ((spiked + pairs[2 * p + 1]) & mask) * n
    for f in range(len(senders)):
        j = uint64(senders[f])
        counts[j] += 1
        first, end = uint64(indptr[j]), uint64(indptr[j + uint64(1)])
        if end - first >= uint64(LONG_ROW) and f + 1 < len(senders):
            # Rows lie far apart: while one is sent, the next one is loaded, line by line.
            ahead = uint64(indptr[uint64(senders[f + 1])]) - first
            while first + uint64(2 * LINE) <= end:
                for line in range(first + ahead, first + ahead + uint64(2 * LINE), uint64(LINE)):
                    prefetch(synapse, line)
                for s in range(first, first + uint64(2 * LINE)):
                    word = uint64(synapse[s])
                    pair = word >> shift
                    ring[base[pair] + (word & target_mask)] += weight[pair]
                first += uint64(2 * LINE)
            for line in range(first + ahead, end + ahead, uint64(LINE)):
                prefetch(synapse, line)
        for s in range(first, end):
            word = uint64(synapse[s])
            pair = word >> shift
            ring[base[pair] + (word & target_mask)] += weight[pair]


@njit(cache=True)
def _all_rest(kinds, kind, cells, arriving):
    """Return whether all neurons are at rest after a tick of the clock kernel."""
    v, i, c = cells[V], cells[I], cells[C]
    for j in range(len(kind)):
        k = kind[j] * WIDTH
        current = np.int64(i[j])
        if kinds[k + CURRENT_LEAK] == MEMORYLESS:
            current = np.int64(arriving[j])
        if current != 0 or is_restless(np.int64(v[j]), current, c[j], kinds[k + THRESHOLD],
                                       kinds[k + LEAK], kinds[k + CURRENT_LEAK],
                                       kinds[k + BIAS], kinds[k + FLOOR]):  # fmt: skip
            return False
    return True


@njit(cache=True)
def _reset_drawn(kinds, kind, cells, drawn):
    """Step 5 for those whose draw was below their limit."""
    v, c = cells[V], cells[C]
    for j in drawn:
        k = kind[j] * WIDTH
        v[j] = reset(np.int64(v[j]), kinds[k + RESET], kinds[k + RESET_VALUE],
                     kinds[k + THRESHOLD])  # fmt: skip
        c[j] = kinds[k + REFRACTORY]


@njit(cache=True)
def _begin_lane(plan, request, runs, work, cells, lane, at):
    """Set up the memory of a thread for a lane; `cells` holds its initial state."""
    n, tick, mask = len(plan.kind), request.start_tick, plan.ring - 1
    work.ring[:] = 0
    work.history_count[:] = 0
    work.injected[:] = 0
    at[NEXT_INPUT] = request.inject_pointer[lane]
    at[UNTIL_LEFT] = request.until_count
    at[MARKED], at[EPOCH], at[ARRIVED_BY] = 0, -1, -1
    at[PROVE_AT] = at[SAFE_UNTIL] = at[NARROW_UNTIL] = tick
    for r in range(len(runs.vector)):
        held = 0
        for j in range(runs.start[r], runs.start[r + 1]):
            held = max(held, cells[C, j])
        work.slow_until[r] = tick - 1 + held if runs.vector[r] else np.iinfo(np.int64).max
    for f in range(request.fly_pointer[lane], request.fly_pointer[lane + 1]):
        neuron, spiked = request.fly_neuron[f], request.fly_tick[f]
        slot = spiked & mask
        work.history[slot, work.history_count[slot]] = neuron
        work.history_count[slot] += 1
        at[ARRIVED_BY] = max(at[ARRIVED_BY], spiked + plan.longest[neuron])
        for s in range(plan.indptr[neuron], plan.indptr[neuron + 1]):
            word = uint64(plan.synapse[s])
            pair = np.int64(word >> uint64(plan.target_bits))
            post = np.int64(word & uint64((1 << plan.target_bits) - 1))
            due = spiked + plan.pairs[2 * pair + 1]
            if due >= tick:
                work.ring[(due & mask) * n + post] += plan.pairs[2 * pair]


@njit(cache=True)
def _end_lane(plan, cells, arriving):
    """Write down the memoryless currents of the last tick; vector loops do not."""
    for j in range(len(plan.kind)):
        k = plan.kind[j] * WIDTH
        if plan.kinds[k + CURRENT_LEAK] == MEMORYLESS:
            cells[I, j] = arriving[j]


@njit(cache=True, nogil=True)
def _advance(plan, request, runs, work, out, first, at):
    """Run lanes from where `at` stands until all are done, a buffer is full, or for a while.

    `first` is the number of the block's first lane in the job. Returns DONE or PAUSED.
    """
    kinds, kind = plan.kinds, plan.kind
    ring, injected, history = work.ring, work.injected, work.history
    inject_tick, inject_neuron = request.inject_tick, request.inject_neuron
    inject_value = request.inject_value
    n, mask, start = len(kind), plan.ring - 1, request.start_tick
    # What nobody asks for is empty.
    recorded = request.recorded if request.recorded.any() else request.recorded[:0]
    quieting = plan.longest if request.until_quiet else plan.longest[:0]
    room = len(recorded)
    visits = 0
    while at[LANE] < len(out.cells):
        row, lane = at[LANE], at[LANE] + first
        cells = out.cells[row]
        if at[TICK] == start:
            _begin_lane(plan, request, runs, work, cells, lane, at)
        inject_end = request.inject_pointer[lane + 1]
        tick = at[TICK]
        end = request.end_tick if at[OVERFLOW_TICK] < 0 else at[OVERFLOW_TICK] + 1
        while tick < end and out.stopped[row] < 0:
            if visits > VISITS_PER_CALL or at[SPIKES] + room > out.spikes.shape[1]:
                at[TICK] = tick
                return PAUSED
            slot = tick & mask
            arriving = ring[slot * n : (slot + 1) * n]
            _gather(ring, n, mask, runs.start, work.slow_until, injected, inject_tick,
                    inject_neuron, inject_value, tick, inject_end, at)  # fmt: skip
            if tick >= at[PROVE_AT]:
                _prove(cells[V], tick, runs.reach, runs.drive, at)
            _visit(kinds, kind, cells, arriving, runs.start, work.slow_until, work.flags,
                   work.flags64, injected, work.fired, work.eligible, tick, at)  # fmt: skip
            visits += n
            if at[WILD] < n:
                note_overflow(tick, lane, at)
                break
            if at[ELIGIBLE] > 0:
                certain = at[FIRED]
                draw(kinds, kind, plan.stream, request.seed, tick, request.first_lane + lane,
                     work.fired, work.eligible, work.spent, work.streams, work.words,
                     at)  # fmt: skip
                _reset_drawn(kinds, kind, cells, work.fired[certain : at[FIRED]])
            work.history_count[slot] = at[FIRED]
            if at[FIRED] > 0:
                spiking = work.fired[: at[FIRED]]
                history[slot, : at[FIRED]] = spiking
                _send(plan.indptr, plan.synapse, plan.target_bits, plan.pairs, work.base,
                      work.weight, ring, mask, spiking, n, tick, out.counts)  # fmt: skip
                note_spikes(spiking, recorded, out.spikes, request.marker, request.epoch_ks,
                            request.epoch_column, out.epochs, request.until_mask,
                            request.until_count, quieting, tick, lane, at)  # fmt: skip
            for w in range(len(request.watched)):
                out.potentials[tick - start, row, w] = cells[V, request.watched[w]]
            over = False
            if request.until_count > 0:
                over = at[UNTIL_LEFT] <= 0
            elif request.until_quiet and at[ARRIVED_BY] <= tick and at[NEXT_INPUT] == inject_end:
                over = _all_rest(kinds, kind, cells, arriving)
            if over:
                out.stopped[row] = tick
            tick += 1
        at[TICK] = tick
        if at[OVERFLOW_TICK] < 0:
            if not list_flying(plan.longest, history, work.history_count, out.flying, tick - 1,
                               lane, at):  # fmt: skip
                return PAUSED
            if tick > start:
                slot = (tick - 1) & mask
                _end_lane(plan, cells, ring[slot * n : (slot + 1) * n])
        at[LANE] += 1
        at[TICK] = start
    return DONE


def _find_runs(plan: Plan) -> Runs:
    """Return the runs of equal neurons; what no vector loop takes is joined together."""
    kinds = plan.kinds.reshape(-1, WIDTH)
    plain = (kinds[:, CURRENT_LEAK] == MEMORYLESS) & (kinds[:, REFRACTORY] == 0)
    edges = np.flatnonzero(np.diff(plan.kind)) + 1
    starts = np.concatenate([[0], edges])
    lengths = np.diff(np.concatenate([starts, [len(plan.kind)]]))
    vector = plain[plan.kind[starts]] & (lengths >= SHORTEST_RUN)
    kept = vector.copy()
    kept[0] = True
    kept[1:] |= vector[:-1]
    members = np.repeat(vector, lengths)
    bias = np.abs(kinds[plan.kind, BIAS])
    return Runs(
        start=np.concatenate([starts[kept], [len(plan.kind)]]).astype(np.int64),
        vector=vector[kept].astype(np.uint8),
        reach=int(np.abs(kinds[:, RESET_VALUE]).max()),
        drive=int((plan.strength + bias)[members].max(initial=0)),
    )


def _make_work(plan: Plan, runs: Runs) -> Work:
    n = len(plan.kind)
    flags = np.zeros((n + 7) // 8 * 8, dtype=np.uint8)
    dtype = np.int16 if plan.strength.max() < 2**15 else np.int32
    return Work(
        ring=np.empty(plan.ring * n, dtype=dtype),
        history=np.empty((plan.ring, n), dtype=np.int32),
        history_count=np.zeros(plan.ring, dtype=np.int64),
        injected=np.zeros(n, dtype=np.int64),
        streams=np.empty(n, dtype=np.uint32),
        words=np.empty(n, dtype=np.uint64),
        fired=np.empty(n, dtype=np.int32),
        eligible=np.empty(n, dtype=np.int32),
        spent=np.empty(n, dtype=np.int32),
        flags=flags,
        flags64=flags.view(np.uint64),
        slow_until=np.empty(len(runs.vector), dtype=np.int64),
        base=np.empty(len(plan.pairs) // 2, dtype=np.uint64),
        weight=plan.pairs[::2].astype(dtype),
    )


def run(job: Job, lanes: slice, report: Report) -> Outcome:
    """Run the lanes of a slice; see :class:`~spikealg.engine.job.Outcome`."""
    plan = make_plan(job.network)
    runs = _find_runs(plan)
    work = _make_work(plan, runs)
    return run_slice(
        job,
        lanes,
        report,
        lambda request, out, at, first: _advance(plan, request, runs, work, out, first, at),
    )


def vector_neurons(network: Network) -> int:
    """Return how many neurons go through vector loops."""
    runs = _find_runs(make_plan(network))
    return int(np.diff(runs.start)[runs.vector == 1].sum())
