"""The event and the clock kernel: lanes one after another, tick by tick.

Both share everything but whom they visit in a tick. The event kernel visits neurons at which
something arrives and those not at rest, and catches up the leak of the ticks it skipped. The
clock kernel visits all neurons: runs of equal neurons in vector loops, the others one by one.

Input that will arrive is summed in a ring of one row per tick. The event kernel marks untouched
cells by ``EMPTY``, which no sum can reach, and lists the touched ones; the clock kernel adds to
zeros. Functions of one kernel stay in this file: the cache on disk does not notice an edit of a
helper elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, uint32, uint64

from spikealg.engine.draws import draw_word
from spikealg.engine.job import Job, Outcome, Overflow, Report
from spikealg.engine.plan import COLUMNS, Plan, make_plan, make_request
from spikealg.engine.state import Spikes
from spikealg.memory import require_memory

__all__ = ["run_clock", "run_event"]

(
    THRESHOLD,
    LEAK,
    CURRENT_LEAK,
    BIAS,
    RESET,
    RESET_VALUE,
    FLOOR,
    REFRACTORY,
    DRAW_LIMIT,
) = range(len(COLUMNS))
EMPTY = -(2**31)
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
ALWAYS = 2**32
MEMORYLESS = 4096
SHORTEST_RUN = 8
"""Equal neurons in a row from which a vector loop pays."""
VISITS_PER_CALL = 20_000_000
"""Work after which a kernel returns for a moment: progress is told and Ctrl-C heard."""
SPIKE_BUFFER = 2**16
RASTER_ADVICE = "record fewer neurons, or run blocks of lanes (first_lane numbers them)"
_SPIKE_COLUMNS = ("spike_neuron", "spike_tick", "spike_lane")
_FLYING_COLUMNS = ("flying_neuron", "flying_tick", "flying_lane")

# Where a kernel stands, kept between calls.
(
    LANE,
    TICK,
    SPIKES,
    FLYING,
    NEXT_INPUT,
    RESTLESS,
    UNTIL_LEFT,
    MARKED,
    EPOCH,
    ARRIVED_BY,
    SAFE_UNTIL,
    OVERFLOW_TICK,
    OVERFLOW_NEURON,
    OVERFLOW_LANE,
    WANTED,
) = range(15)
DONE, PAUSED = range(2)


class Work(NamedTuple):
    """Memory of one thread; everything is written.

    Attributes
    ----------
    ring : int32 array (ring·n,)
        Sums that arrive in each of the coming ticks.
    touched : int32 array (ring·n,), touched_count : int64 array (ring,)
        Event kernel: cells of the ring that are not ``EMPTY``, by row.
    history : int32 array (ring·n,), history_count : int64 array (ring,)
        Neurons that spiked in each of the last ticks.
    last : int64 array (n,)
        Event kernel: tick of the last visit.
    injected : int64 array (n,)
    restless, fired, eligible : int32 arrays (n,)
    flags : uint8 array (n + 8,), flags64 : its uint64 view
        Clock kernel: who reached threshold.
    slow : uint8 array (runs,)
        Clock kernel: runs that must go one by one for the whole lane.
    slow_tick : int64 array (runs,)
        Clock kernel: last tick in which a run must go one by one.
    base : int64 array (pairs,)
        Start of the row in which each (weight, delay) pair arrives.
    """

    ring: npt.NDArray[np.int32]
    touched: npt.NDArray[np.int32]
    touched_count: npt.NDArray[np.int64]
    history: npt.NDArray[np.int32]
    history_count: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    injected: npt.NDArray[np.int64]
    restless: npt.NDArray[np.int32]
    fired: npt.NDArray[np.int32]
    eligible: npt.NDArray[np.int32]
    flags: npt.NDArray[np.uint8]
    flags64: npt.NDArray[np.uint64]
    slow: npt.NDArray[np.uint8]
    slow_tick: npt.NDArray[np.int64]
    base: npt.NDArray[np.int64]


class Out(NamedTuple):
    """What a kernel writes; lanes are counted from the first of its slice.

    Attributes
    ----------
    v, i, c : int32 arrays (lanes, n)
        At the start of a lane its initial state, at the end its final one.
    counts : int64 array (n,)
    epochs : int64 array (epochs, neurons)
    stopped : int64 array (lanes,)
    potentials : int32 array (ticks, lanes, watched)
    spike_neuron, spike_tick, spike_lane : int64 arrays
        A buffer that the caller empties.
    flying_neuron, flying_tick, flying_lane : int64 arrays
        Likewise, for spikes in flight at the end of a lane.
    """

    v: npt.NDArray[np.int32]
    i: npt.NDArray[np.int32]
    c: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int64]
    epochs: npt.NDArray[np.int64]
    stopped: npt.NDArray[np.int64]
    potentials: npt.NDArray[np.int32]
    spike_neuron: npt.NDArray[np.int64]
    spike_tick: npt.NDArray[np.int64]
    spike_lane: npt.NDArray[np.int64]
    flying_neuron: npt.NDArray[np.int64]
    flying_tick: npt.NDArray[np.int64]
    flying_lane: npt.NDArray[np.int64]


class Runs(NamedTuple):
    """Runs of equal neurons, for the clock kernel.

    Attributes
    ----------
    start : int64 array (runs + 1,)
    vector : uint8 array (runs,)
        1 where the run may go in a vector loop.
    reach : int64
        Largest magnitude of a threshold that is subtracted or of a reset value.
    drive : int64
        No neuron's potential grows by more in a tick without injection.
    """

    start: npt.NDArray[np.int64]
    vector: npt.NDArray[np.uint8]
    reach: int
    drive: int


# ---------------------------------------------------------------------- one neuron


@njit(cache=True, inline="always")
def _decay(x, leak):  # type: ignore[no-untyped-def]
    """Return L(x, leak), rounding toward zero; int64."""
    if leak == 0:
        return x
    if x < 0:
        return -((-x * (MEMORYLESS - leak)) >> 12)
    return (x * (MEMORYLESS - leak)) >> 12


@njit(cache=True, inline="always")
def _is_restless(kind, v, i, c):  # type: ignore[no-untyped-def]
    """Return whether something may happen to a neuron to which nothing arrives.

    A memoryless current is no reason: it is gone in the next tick, visited or not.
    """
    if c > 0 or v >= kind[THRESHOLD] or (i != 0 and kind[CURRENT_LEAK] != MEMORYLESS):
        return True
    settled = kind[BIAS] == 0 and (kind[THRESHOLD] > 0 or kind[LEAK] == 0)
    if settled and v >= kind[FLOOR]:
        return False
    return max(_decay(v, kind[LEAK]) + kind[BIAS], kind[FLOOR]) != v


@njit(cache=True)
def _caught_up(kind, v, ticks):  # type: ignore[no-untyped-def]
    """Return the potential of a resting neuron after `ticks` ticks without input."""
    for _ in range(ticks):
        after = max(_decay(v, kind[LEAK]) + kind[BIAS], kind[FLOOR])
        if after == v:
            break
        v = after
    return v


# ---------------------------------------------------------------------- spikes


@njit(cache=True, inline="always")
def _touch(work, row, slot, neuron):  # type: ignore[no-untyped-def]
    """Put a neuron on the list of those visited in the tick of `slot`."""
    if work.ring[row + neuron] == EMPTY:
        work.ring[row + neuron] = 0
        work.touched[row + work.touched_count[slot]] = neuron
        work.touched_count[slot] += 1


@njit(cache=True)
def _deliver_event(plan, work, n, neuron, tick, from_tick):  # type: ignore[no-untyped-def]
    """Send a spike of `tick` over the synapses that arrive at `from_tick` or later."""
    target_mask = (1 << plan.target_bits) - 1
    for s in range(plan.indptr[neuron], plan.indptr[neuron + 1]):
        word = np.int64(plan.synapse[s])
        pair = word >> plan.target_bits
        due = tick + plan.pair_delay[pair]
        if due < from_tick:
            continue
        slot = due & (plan.ring - 1)
        post = word & target_mask
        cell = slot * n + post
        present = work.ring[cell]
        if present == EMPTY:
            work.ring[cell] = plan.pair_weight[pair]
            work.touched[slot * n + work.touched_count[slot]] = post
            work.touched_count[slot] += 1
        else:
            work.ring[cell] = present + plan.pair_weight[pair]


@njit(cache=True)
def _deliver_clock(plan, work, neuron):  # type: ignore[no-untyped-def]
    """Send a spike of this tick; ``work.base`` holds the row of each pair."""
    target_bits = plan.target_bits
    target_mask = (1 << target_bits) - 1
    ring, base, weight = work.ring, work.base, plan.pair_weight
    for s in range(plan.indptr[neuron], plan.indptr[neuron + 1]):
        word = np.int64(plan.synapse[s])
        pair = word >> target_bits
        ring[base[pair] + (word & target_mask)] += weight[pair]


@njit(cache=True)
def _drawn(plan, work, count, seed, tick, lane, fired_count, at):  # type: ignore[no-untyped-def]
    """Let the eligible stochastic neurons draw: they join ``work.fired`` or ``work.restless``.

    All draw their first bit, then those still undecided the second, and so on. A draw that
    equals the leading bits of the limit is below it only if the limit has a later set bit.
    Returns the number of fired neurons.
    """
    block, bit = lane // 64, uint64(lane % 64)
    for plane in range(32):
        undecided = 0
        for k in range(count):
            neuron = work.eligible[k]
            limit = uint64(plan.kinds[plan.kind[neuron], DRAW_LIMIT])
            drawn = uint64(1)
            wanted = uint64(0)
            if limit & (uint64(0xFFFFFFFF) >> uint64(plane)) != uint64(0):
                word = draw_word(seed, plan.stream[neuron], tick, block, uint32(plane))
                drawn = (word >> bit) & uint64(1)
                wanted = (limit >> uint64(31 - plane)) & uint64(1)
            if drawn == wanted and plane < 31:
                work.eligible[undecided] = neuron
                undecided += 1
            elif drawn < wanted:
                work.fired[fired_count] = neuron
                fired_count += 1
            else:
                work.restless[at[RESTLESS]] = neuron
                at[RESTLESS] += 1
        count = undecided
        if count == 0:
            break
    return fired_count


# ---------------------------------------------------------------------- lanes


@njit(cache=True)
def _begin_lane(plan, request, work, runs, v, i, c, lane, dense, at):  # type: ignore[no-untyped-def]
    """Set up the memory of a thread for a lane; v, i, c are its initial rows."""
    n = plan.kind.shape[0]
    tick = request.start_tick
    if dense:
        work.ring[:] = 0
    for slot in range(plan.ring):
        for k in range(work.touched_count[slot]):
            work.ring[slot * n + work.touched[slot * n + k]] = EMPTY
    work.touched_count[:] = 0
    work.history_count[:] = 0
    work.injected[:] = 0
    at[NEXT_INPUT] = request.inject_pointer[lane]
    at[UNTIL_LEFT] = request.until_count
    at[MARKED] = 0
    at[EPOCH] = -1
    at[ARRIVED_BY] = -1
    at[SAFE_UNTIL] = tick
    at[RESTLESS] = 0
    if dense:
        for r in range(runs.vector.shape[0]):
            work.slow[r] = 1 - runs.vector[r]
            work.slow_tick[r] = -1
            for j in range(runs.start[r], runs.start[r + 1]):
                if c[j] > 0:
                    work.slow[r] = 1
    else:
        for j in range(n):
            work.last[j] = tick - 1
            if _is_restless(plan.kinds[plan.kind[j]], np.int64(v[j]), np.int64(i[j]), c[j]):
                work.restless[at[RESTLESS]] = j
                at[RESTLESS] += 1
    for f in range(request.fly_pointer[lane], request.fly_pointer[lane + 1]):
        neuron, spiked = request.fly_neuron[f], request.fly_tick[f]
        slot = spiked & (plan.ring - 1)
        work.history[slot * n + work.history_count[slot]] = neuron
        work.history_count[slot] += 1
        at[ARRIVED_BY] = max(at[ARRIVED_BY], spiked + plan.longest[neuron])
        if dense:
            for s in range(plan.indptr[neuron], plan.indptr[neuron + 1]):
                word = np.int64(plan.synapse[s])
                pair = word >> plan.target_bits
                due = spiked + plan.pair_delay[pair]
                if due >= tick:
                    cell = (due & (plan.ring - 1)) * n + (word & ((1 << plan.target_bits) - 1))
                    work.ring[cell] += plan.pair_weight[pair]
        else:
            _deliver_event(plan, work, n, neuron, spiked, tick)


@njit(cache=True)
def _end_lane(plan, work, v, i, c, tick, dense):  # type: ignore[no-untyped-def]
    """Bring v and i to the end of `tick`, the last that this lane ran."""
    n = plan.kind.shape[0]
    row = (tick & (plan.ring - 1)) * n
    for j in range(n):
        kind = plan.kinds[plan.kind[j]]
        if dense:
            if kind[CURRENT_LEAK] == MEMORYLESS:
                i[j] = work.ring[row + j]
        elif work.last[j] < tick:
            v[j] = _caught_up(kind, np.int64(v[j]), tick - work.last[j])
            if kind[CURRENT_LEAK] == MEMORYLESS:
                i[j] = 0


@njit(cache=True)
def _flying(plan, work, out, tick, lane, at):  # type: ignore[no-untyped-def]
    """Write down the spikes in flight after `tick`; return whether they had room."""
    n = plan.kind.shape[0]
    wanted = 0
    for slot in range(plan.ring):
        wanted += work.history_count[slot]
    if at[FLYING] + wanted > out.flying_neuron.shape[0]:
        at[WANTED] = wanted
        return False
    for back in range(plan.ring):
        spiked = tick - back
        slot = spiked & (plan.ring - 1)
        for k in range(work.history_count[slot]):
            neuron = work.history[slot * n + k]
            if spiked + plan.longest[neuron] > tick:
                out.flying_neuron[at[FLYING]] = neuron
                out.flying_tick[at[FLYING]] = spiked
                out.flying_lane[at[FLYING]] = lane
                at[FLYING] += 1
    return True


# ---------------------------------------------------------------------- one tick


@njit(cache=True, inline="always")
def _visit(kind, work, v, i, c, j, arrived, tick, counters, at):  # type: ignore[no-untyped-def]
    """Take neuron j through steps 1 to 4; put it on the fired, eligible or restless list.

    `counters` holds the lengths of the fired and eligible lists and whether a memoryless
    current is not zero.
    """
    current = _decay(np.int64(i[j]), kind[CURRENT_LEAK]) + arrived
    injected = work.injected[j]
    work.injected[j] = 0
    potential = np.int64(v[j])
    if c[j] == 0:
        potential = _decay(potential, kind[LEAK]) + current + kind[BIAS] + injected
        potential = max(potential, kind[FLOOR])
    if not (INT32_MIN <= potential <= INT32_MAX and INT32_MIN <= current <= INT32_MAX):
        counters[3] = min(counters[3], j)
        return
    i[j] = current
    v[j] = potential
    if current != 0:
        counters[2] = 1
    if c[j] > 0:
        c[j] -= 1
        if _is_restless(kind, potential, current, c[j]):
            work.restless[at[RESTLESS]] = j
            at[RESTLESS] += 1
    elif potential >= kind[THRESHOLD]:
        if kind[DRAW_LIMIT] == ALWAYS:
            work.fired[counters[0]] = j
            counters[0] += 1
        else:
            work.eligible[counters[1]] = j
            counters[1] += 1
    elif _is_restless(kind, potential, current, 0):
        work.restless[at[RESTLESS]] = j
        at[RESTLESS] += 1


@njit(cache=True)
def _visit_event(plan, work, v, i, c, tick, counters, at):  # type: ignore[no-untyped-def]
    """Visit the neurons on the list of this tick."""
    n = plan.kind.shape[0]
    slot = tick & (plan.ring - 1)
    row = slot * n
    at[RESTLESS] = 0
    for k in range(work.touched_count[slot]):
        j = work.touched[row + k]
        arrived = np.int64(work.ring[row + j])
        work.ring[row + j] = EMPTY
        kind = plan.kinds[plan.kind[j]]
        skipped = tick - 1 - work.last[j]
        work.last[j] = tick
        if skipped > 0 and kind[LEAK] != MEMORYLESS:
            v[j] = _caught_up(kind, np.int64(v[j]), skipped)
        _visit(kind, work, v, i, c, j, arrived, tick, counters, at)
    work.touched_count[slot] = 0


@njit(cache=True)
def _sweep_run(kind, v, arriving, flags, low, high):  # type: ignore[no-untyped-def]
    """Steps 1 to 4 of a run of equal neurons in a vector loop; overflow is excluded before."""
    threshold, bias = np.int32(kind[THRESHOLD]), np.int32(kind[BIAS])
    floor = np.int32(kind[FLOOR])
    if kind[LEAK] == MEMORYLESS:
        for j in range(low, high):
            x = max(np.int32(arriving[j] + bias), floor)
            v[j] = x
            flags[j] = x >= threshold
    elif kind[LEAK] == 0:
        for j in range(low, high):
            x = max(np.int32(np.int32(v[j] + arriving[j]) + bias), floor)
            v[j] = x
            flags[j] = x >= threshold
    else:
        # A float64 holds the product exactly, and the conversion rounds toward zero.
        kept = (MEMORYLESS - kind[LEAK]) / MEMORYLESS
        for j in range(low, high):
            x = max(np.int32(np.int32(np.int32(v[j] * kept) + arriving[j]) + bias), floor)
            v[j] = x
            flags[j] = x >= threshold


@njit(cache=True)
def _visit_clock(plan, runs, work, v, i, c, tick, counters, at):  # type: ignore[no-untyped-def]
    """Visit all neurons: equal ones in vector loops, the others one by one."""
    n = plan.kind.shape[0]
    row = (tick & (plan.ring - 1)) * n
    arriving = work.ring[row : row + n]
    at[RESTLESS] = 0
    if tick >= at[SAFE_UNTIL]:
        largest = np.int64(runs.reach)
        for j in range(n):
            largest = max(largest, abs(np.int64(v[j])))
        at[SAFE_UNTIL] = tick + (INT32_MAX - largest) // max(runs.drive, 1)
    safe = tick < at[SAFE_UNTIL]
    for r in range(runs.vector.shape[0]):
        low, high = runs.start[r], runs.start[r + 1]
        kind = plan.kinds[plan.kind[low]]
        if not safe or work.slow[r] or work.slow_tick[r] == tick:
            for j in range(low, high):
                kind = plan.kinds[plan.kind[j]]
                _visit(kind, work, v, i, c, j, np.int64(arriving[j]), tick, counters, at)
            continue
        _sweep_run(kind, v, arriving, work.flags, low, high)
        j = low
        while j < high:
            if j & 7 == 0 and j + 8 <= high and work.flags64[j >> 3] == uint64(0):
                j += 8
                continue
            if work.flags[j]:
                if kind[DRAW_LIMIT] == ALWAYS:
                    work.fired[counters[0]] = j
                    counters[0] += 1
                else:
                    work.eligible[counters[1]] = j
                    counters[1] += 1
            j += 1


@njit(cache=True)
def _all_rest(plan, v, i, c, arriving):  # type: ignore[no-untyped-def]
    """Return whether all neurons are at rest after a tick of the clock kernel."""
    for j in range(plan.kind.shape[0]):
        kind = plan.kinds[plan.kind[j]]
        current = np.int64(i[j])
        if kind[CURRENT_LEAK] == MEMORYLESS:
            current = np.int64(arriving[j])
        if current != 0 or _is_restless(kind, np.int64(v[j]), current, c[j]):
            return False
    return True


@njit(cache=True)
def _fire(plan, request, work, out, v, i, c, tick, lane, dense, fired_count, at):  # type: ignore[no-untyped-def]
    """Step 5 for all that fired: reset, count, record, send."""
    n = plan.kind.shape[0]
    slot = tick & (plan.ring - 1)
    work.history_count[slot] = fired_count
    if request.marker >= 0:
        for k in range(fired_count):
            if work.fired[k] == request.marker:
                at[MARKED] += 1
                at[EPOCH] = -1
                found = np.searchsorted(request.epoch_ks, at[MARKED])
                if found < request.epoch_ks.shape[0] and request.epoch_ks[found] == at[MARKED]:
                    at[EPOCH] = found
    if dense and fired_count > 0:
        for p in range(plan.pair_delay.shape[0]):
            work.base[p] = ((tick + plan.pair_delay[p]) & (plan.ring - 1)) * n
    for k in range(fired_count):
        j = work.fired[k]
        kind = plan.kinds[plan.kind[j]]
        if kind[RESET] == 0:
            v[j] = kind[RESET_VALUE]
        elif kind[RESET] == 1:
            v[j] -= kind[THRESHOLD]
        c[j] = kind[REFRACTORY]
        out.counts[j] += 1
        work.history[slot * n + k] = j
        at[ARRIVED_BY] = max(at[ARRIVED_BY], tick + plan.longest[j])
        at[UNTIL_LEFT] -= request.until_mask[j]
        if request.recorded[j]:
            out.spike_neuron[at[SPIKES]] = j
            out.spike_tick[at[SPIKES]] = tick
            out.spike_lane[at[SPIKES]] = lane
            at[SPIKES] += 1
        if at[EPOCH] >= 0 and request.epoch_column[j] >= 0:
            out.epochs[at[EPOCH], request.epoch_column[j]] += 1
        if dense:
            _deliver_clock(plan, work, j)
        else:
            _deliver_event(plan, work, n, j, tick, tick + 1)
            if _is_restless(kind, np.int64(v[j]), np.int64(i[j]), c[j]):
                work.restless[at[RESTLESS]] = j
                at[RESTLESS] += 1


@njit(cache=True)
def _gather_event(plan, request, work, tick, lane_end, at):  # type: ignore[no-untyped-def]
    """Complete the list of a tick: injected and restless neurons join it."""
    n = plan.kind.shape[0]
    slot = tick & (plan.ring - 1)
    row = slot * n
    while at[NEXT_INPUT] < lane_end and request.inject_tick[at[NEXT_INPUT]] == tick:
        neuron = request.inject_neuron[at[NEXT_INPUT]]
        work.injected[neuron] += request.inject_value[at[NEXT_INPUT]]
        _touch(work, row, slot, neuron)
        at[NEXT_INPUT] += 1
    for k in range(at[RESTLESS]):
        _touch(work, row, slot, work.restless[k])
    return work.touched_count[slot]


@njit(cache=True)
def _gather_clock(plan, request, work, runs, tick, lane_end, at):  # type: ignore[no-untyped-def]
    """Clear the row of the tick before and take the injected values of this one."""
    n = plan.kind.shape[0]
    before = ((tick - 1) & (plan.ring - 1)) * n
    work.ring[before : before + n] = 0
    while at[NEXT_INPUT] < lane_end and request.inject_tick[at[NEXT_INPUT]] == tick:
        neuron = request.inject_neuron[at[NEXT_INPUT]]
        work.injected[neuron] += request.inject_value[at[NEXT_INPUT]]
        work.slow_tick[np.searchsorted(runs.start, neuron, side="right") - 1] = tick
        # The proof that vector loops cannot overflow speaks of weights and biases only.
        at[SAFE_UNTIL] = min(at[SAFE_UNTIL], tick + 1)
        at[NEXT_INPUT] += 1
    return n


@njit(cache=True, nogil=True)
def _advance(plan, request, runs, work, out, first, dense, at):  # type: ignore[no-untyped-def]
    """Run lanes from where `at` stands until all are done, a buffer is full, or for a while.

    `first` is the number of the slice's first lane in the job. Returns DONE or PAUSED.
    """
    n = plan.kind.shape[0]
    counters = np.zeros(4, dtype=np.int64)
    visits = 0
    room = min(n, out.spike_neuron.shape[0])
    while at[LANE] < out.v.shape[0]:
        row, lane = at[LANE], at[LANE] + first
        v, i, c = out.v[row], out.i[row], out.c[row]
        if at[TICK] == request.start_tick:
            _begin_lane(plan, request, work, runs, v, i, c, lane, dense, at)
        lane_end = request.inject_pointer[lane + 1]
        tick = at[TICK]
        end = request.end_tick
        if at[OVERFLOW_TICK] >= 0:
            end = at[OVERFLOW_TICK] + 1
        while tick < end and out.stopped[row] < 0:
            if visits > VISITS_PER_CALL or at[SPIKES] + room > out.spike_neuron.shape[0]:
                at[TICK] = tick
                return PAUSED
            counters[:3] = 0
            counters[3] = n
            if dense:
                visits += _gather_clock(plan, request, work, runs, tick, lane_end, at)
                _visit_clock(plan, runs, work, v, i, c, tick, counters, at)
            else:
                visits += 8 + _gather_event(plan, request, work, tick, lane_end, at)
                _visit_event(plan, work, v, i, c, tick, counters, at)
            if counters[3] < n:
                if at[OVERFLOW_TICK] != tick or counters[3] < at[OVERFLOW_NEURON]:
                    at[OVERFLOW_TICK], at[OVERFLOW_NEURON] = tick, counters[3]
                    at[OVERFLOW_LANE] = lane
                break
            fired = counters[0]
            if counters[1] > 0:
                number = request.first_lane + lane
                fired = _drawn(plan, work, counters[1], request.seed, tick, number, fired, at)
            _fire(plan, request, work, out, v, i, c, tick, lane, dense, fired, at)
            for w in range(request.watched.shape[0]):
                j = request.watched[w]
                potential = np.int64(v[j])
                if not dense:
                    potential = _caught_up(plan.kinds[plan.kind[j]], potential, tick - work.last[j])
                out.potentials[tick - request.start_tick, row, w] = potential
            over = False
            if request.until_count > 0:
                over = at[UNTIL_LEFT] <= 0
            elif request.until_quiet and at[ARRIVED_BY] <= tick and at[NEXT_INPUT] == lane_end:
                if dense:
                    start = (tick & (plan.ring - 1)) * n
                    over = _all_rest(plan, v, i, c, work.ring[start : start + n])
                else:
                    over = at[RESTLESS] == 0 and counters[2] == 0
            if over:
                out.stopped[row] = tick
            tick += 1
        at[TICK] = tick
        if at[OVERFLOW_TICK] < 0:
            if not _flying(plan, work, out, tick - 1, lane, at):
                return PAUSED
            if tick > request.start_tick:
                _end_lane(plan, work, v, i, c, tick - 1, dense)
        at[LANE] += 1
        at[TICK] = request.start_tick
    return DONE


# ---------------------------------------------------------------------- called from Python


def _find_runs(plan: Plan) -> Runs:
    """Return the runs of equal neurons; what no vector loop takes is joined together."""
    kinds = plan.kinds
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


def _make_work(plan: Plan, runs: Runs, dense: bool) -> Work:
    n = len(plan.kind)
    cells = plan.ring * n
    flags = np.zeros((n + 15) // 8 * 8, dtype=np.uint8)
    return Work(
        ring=np.full(cells, 0 if dense else EMPTY, dtype=np.int32),
        touched=np.empty(0 if dense else cells, dtype=np.int32),
        touched_count=np.zeros(plan.ring, dtype=np.int64),
        history=np.empty(cells, dtype=np.int32),
        history_count=np.zeros(plan.ring, dtype=np.int64),
        last=np.empty(n, dtype=np.int64),
        injected=np.zeros(n, dtype=np.int64),
        restless=np.empty(n, dtype=np.int32),
        fired=np.empty(n, dtype=np.int32),
        eligible=np.empty(n, dtype=np.int32),
        flags=flags,
        flags64=flags.view(np.uint64),
        slow=np.zeros(len(runs.vector), dtype=np.uint8),
        slow_tick=np.empty(len(runs.vector), dtype=np.int64),
        base=np.empty(len(plan.pair_delay), dtype=np.int64),
    )


def _make_out(job: Job, lanes: slice) -> Out:
    n, count = job.network.n_neurons, lanes.stop - lanes.start
    shape = (job.lanes, n)
    rows, columns = (len(job.epochs.ks), len(job.epochs.neurons)) if job.epochs else (0, 0)
    room = max(SPIKE_BUFFER, 2 * len(job.recorded))
    state = (
        np.array(np.broadcast_to(array, shape)[lanes])
        for array in (job.start.v, job.start.i, job.start.c)
    )
    return Out(
        *state,
        counts=np.zeros(n, dtype=np.int64),
        epochs=np.zeros((rows, columns), dtype=np.int64),
        stopped=np.full(count, -1, dtype=np.int64),
        potentials=np.zeros((job.ticks, count, len(job.watched)), dtype=np.int32),
        **{name: np.empty(room, dtype=np.int64) for name in _SPIKE_COLUMNS},
        **{name: np.empty(SPIKE_BUFFER, dtype=np.int64) for name in _FLYING_COLUMNS},
    )


def _emptied(columns: Sequence[npt.NDArray[np.int64]], count: int) -> Spikes:
    return Spikes(*(column[:count].copy() for column in columns))


def _run(job: Job, lanes: slice, report: Report, dense: bool) -> Outcome:
    plan, request = make_plan(job.network), make_request(job)
    runs = _find_runs(plan)
    work, out = _make_work(plan, runs, dense), _make_out(job, lanes)
    at = np.zeros(WANTED + 1, dtype=np.int64)
    at[TICK] = job.start_tick
    at[OVERFLOW_TICK] = -1
    spikes, flying, told = [Spikes.empty()], [Spikes.empty()], 0.0
    while True:
        code = _advance(plan, request, runs, work, out, lanes.start, dense, at)
        spikes.append(_emptied(out[-6:-3], at[SPIKES]))
        flying.append(_emptied(out[-3:], at[FLYING]))
        at[SPIKES] = at[FLYING] = 0
        if at[WANTED] > len(out.flying_neuron):
            columns = {name: np.empty(at[WANTED], dtype=np.int64) for name in _FLYING_COLUMNS}
            out = out._replace(**columns)
        done = at[LANE] + (at[TICK] - job.start_tick) / max(job.ticks, 1)
        report(done - told)
        told = done
        if code == DONE:
            break
        require_memory(48 * sum(map(len, spikes)), "a raster of this run", RASTER_ADVICE)
    overflow = None
    if at[OVERFLOW_TICK] >= 0:
        overflow = Overflow(*(int(at[k]) for k in (OVERFLOW_TICK, OVERFLOW_NEURON, OVERFLOW_LANE)))
    return Outcome(
        spikes=Spikes.concatenate(spikes),
        counts=out.counts,
        epochs=out.epochs,
        stopped=out.stopped,
        potentials=out.potentials,
        v=out.v,
        i=out.i,
        c=out.c,
        flying=Spikes.concatenate(flying),
        overflow=overflow,
    )


def run_event(job: Job, lanes: slice, report: Report) -> Outcome:
    """Run lanes visiting only neurons to which something happens."""
    return _run(job, lanes, report, dense=False)


def run_clock(job: Job, lanes: slice, report: Report) -> Outcome:
    """Run lanes visiting all neurons in every tick."""
    return _run(job, lanes, report, dense=True)
