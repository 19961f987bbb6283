"""The event kernel at the start and the end of a lane."""

from __future__ import annotations

import numpy as np
from numba import njit

from spikealg.engine.event.tick import send
from spikealg.engine.event.work import COLUMNS, COUNT, EMPTY, FIRST, KIND, LAST, C, I, V
from spikealg.engine.plan import WIDTH
from spikealg.engine.rules import (
    ARRIVED_BY,
    BIAS,
    CURRENT_LEAK,
    EPOCH,
    FLOOR,
    LEAK,
    MARKED,
    NEXT_INPUT,
    RESET_VALUE,
    RESTLESS,
    THRESHOLD,
    UNTIL_LEFT,
    caught_up,
    is_restless,
)  # fmt: skip
from spikealg.network import MEMORYLESS

__all__ = ["begin_lane", "end_lane", "potential"]


@njit(cache=True)
def begin_lane(plan, request, work, cells, lane, at):
    """Set up the memory of a thread for a lane; `cells` holds its initial state."""
    n, start = len(plan.kind), request.start_tick
    for slot in range(plan.ring):
        begin = slot * (n + 1)
        for neuron in work.touched[begin : work.front[slot]]:
            work.ring[np.int64(neuron) * plan.ring + slot] = EMPTY
        work.front[slot], work.back[slot] = begin, begin + n
    work.marks[:] = 0
    work.history_count[:] = 0
    work.injected[:] = 0
    at[NEXT_INPUT] = request.inject_pointer[lane]
    at[UNTIL_LEFT] = request.until_count
    at[MARKED], at[EPOCH], at[ARRIVED_BY] = 0, -1, -1
    hot = work.hot
    for j in range(n):
        h = j * COLUMNS
        hot[h + V], hot[h + I], hot[h + C] = cells[0, j], cells[1, j], cells[2, j]
        hot[h + LAST], work.spiking[2 * j + COUNT] = -1, 0
        hot[h + KIND], work.spiking[2 * j + FIRST] = np.int64(plan.kind[j]) * WIDTH, plan.indptr[j]
    work.spiking[2 * n + FIRST] = plan.indptr[n]
    for f in range(request.fly_pointer[lane], request.fly_pointer[lane + 1]):
        neuron, spiked = request.fly_neuron[f], request.fly_tick[f]
        slot = spiked & (plan.ring - 1)
        work.history[slot, work.history_count[slot]] = neuron
        work.history_count[slot] += 1
        at[ARRIVED_BY] = max(at[ARRIVED_BY], spiked + plan.longest[neuron])
        send(work.spiking, plan.synapse, plan.target_bits, work.pairs, work.ring, work.touched,
             work.front, work.back, work.marks, request.fly_neuron[f : f + 1], spiked,
             start)  # fmt: skip
    waiting = 0
    arriving = work.marks[start & (plan.ring - 1)]
    for j in range(n):
        h, k = j * COLUMNS, np.int64(plan.kind[j]) * WIDTH
        kind = plan.kinds[k : k + WIDTH]
        # A relay that starts above its threshold is visited once, unless it fires in any case.
        listed = work.relay[j] and (arriving[j >> 6] >> np.uint64(j & 63)) & np.uint64(1)
        if not listed and is_restless(np.int64(hot[h + V]), np.int64(hot[h + I]), hot[h + C],
                                      kind[THRESHOLD], kind[LEAK], kind[CURRENT_LEAK], kind[BIAS],
                                      kind[FLOOR]):  # fmt: skip
            work.restless[waiting] = j
            waiting += 1
    at[RESTLESS] = waiting


@njit(cache=True)
def potential(kinds, hot, neuron, elapsed):
    """Return the potential of a neuron at the end of a tick, visited in it or not."""
    h = neuron * COLUMNS
    k = hot[h + KIND]
    return caught_up(np.int64(hot[h + V]), kinds[k + LEAK], kinds[k + BIAS], kinds[k + FLOOR],
                     elapsed - hot[h + LAST])  # fmt: skip


@njit(cache=True)
def end_lane(plan, work, cells, counts, start, last):
    """Write down the state at the end of the last tick, and the spike counts."""
    hot, elapsed = work.hot, last - start
    for j in range(len(plan.kind)):
        h = j * COLUMNS
        k = hot[h + KIND]
        stale = hot[h + LAST] < elapsed
        cells[0, j] = potential(plan.kinds, hot, j, elapsed)
        if work.relay[j] and plan.kinds[k + LEAK] == 0 and work.spiking[2 * j + COUNT] > 0:
            cells[0, j] = plan.kinds[k + RESET_VALUE]
        gone = stale and plan.kinds[k + CURRENT_LEAK] == MEMORYLESS
        cells[1, j] = 0 if gone else hot[h + I]
        cells[2, j] = hot[h + C]
        counts[j] += work.spiking[2 * j + COUNT]
    if elapsed >= 0 and work.relay.any():
        _end_relays(plan, work, cells, last)


@njit(cache=True)
def _end_relays(plan, work, cells, last):
    """Write down what relays have from the last tick: the input that arrived, and their reset."""
    target_mask = (1 << plan.target_bits) - 1
    for spiked in range(last - plan.ring + 1, last):
        slot = spiked & (plan.ring - 1)
        for neuron in work.history[slot, : work.history_count[slot]]:
            for s in range(plan.indptr[neuron], plan.indptr[neuron + 1]):
                word = np.int64(plan.synapse[s])
                pair, post = word >> plan.target_bits, word & target_mask
                if work.pairs[2 * pair] == EMPTY and spiked + plan.pairs[2 * pair + 1] == last:
                    cells[1, post] += plan.pairs[2 * pair]
    slot = last & (plan.ring - 1)
    for neuron in work.history[slot, : work.history_count[slot]]:
        if work.relay[neuron]:
            cells[0, neuron] = plan.kinds[plan.kind[neuron] * WIDTH + RESET_VALUE]
