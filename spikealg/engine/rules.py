"""What the compiled kernels share: the neuron's rules, where a kernel stands, and recording.

After an edit here, delete the kernels compiled before (``__pycache__``): the cache on disk
notices a change of a kernel's own file only.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

from spikealg.engine.draws import stream_words
from spikealg.engine.plan import WIDTH
from spikealg.network import MEMORYLESS

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
    SIMPLE,
) = range(WIDTH)
"""Offsets in ``Plan.kinds`` from the start `k` of a kind."""

(
    LANE,
    TICK,
    SPIKES,
    FLYING,
    NEXT_INPUT,
    RESTLESS,
    FIRED,
    ELIGIBLE,
    DRIVEN,
    UNTIL_LEFT,
    MARKED,
    EPOCH,
    ARRIVED_BY,
    SAFE_UNTIL,
    NARROW_UNTIL,
    PROVE_AT,
    WILD,
    INJECTING,
    VISITED,
    OVERFLOW_TICK,
    OVERFLOW_NEURON,
    OVERFLOW_LANE,
    WANTED,
    RELAYED,
) = range(24)
"""Where a kernel stands between two calls: entries of one int64 array called `at`."""

NEURON, WHEN, WHERE = range(3)
"""Rows of a buffer of spikes: neuron, tick, lane."""
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
ALWAYS = 2**32
DONE, PAUSED = range(2)
VISITS_PER_CALL = 20_000_000
"""Work after which a kernel returns for a moment: progress is told and Ctrl-C heard."""

# To hand an array to a compiled function may cost a reference count. So only what runs once a
# lane takes the tuples of arrays, what runs in every tick takes arrays, and what runs for every
# neuron takes numbers.


@njit(cache=True)
def decay(x, leak):
    """Return L(x, leak), rounding toward zero; int64."""
    if leak == 0:
        return x
    if x < 0:
        return -((-x * (MEMORYLESS - leak)) >> 12)
    return (x * (MEMORYLESS - leak)) >> 12


@njit(cache=True)
def integrated(v, leak, drive, floor):
    """Return the potential after step 3, exactly; `drive` is all that is added."""
    return max(decay(v, leak) + drive, floor)


@njit(cache=True)
def reset(v, how, value, threshold):
    """Return the potential after a spike; `how` is an index into RESETS."""
    if how == 0:
        return value
    return v - threshold if how == 1 else v


@njit(cache=True)
def caught_up(v, leak, bias, floor, ticks):
    """Return the potential of a resting neuron after `ticks` ticks without input."""
    for _ in range(ticks):
        after = integrated(v, leak, bias, floor)
        if after == v:
            break
        v = after
    return v


@njit(cache=True)
def is_restless(v, i, c, threshold, leak, current_leak, bias, floor):
    """Return whether something may happen to a neuron to which nothing arrives.

    A memoryless current is no reason: it is gone in the next tick, visited or not.
    """
    if c > 0 or v >= threshold or (i != 0 and current_leak != MEMORYLESS):
        return True
    if bias == 0 and v >= floor and (leak == 0 or threshold > 0):
        return False
    return integrated(v, leak, bias, floor) != v


@njit(cache=True)
def draw(kinds, kind, stream, seed, tick, lane, fired, eligible, restless, streams, words, at):
    """Let the eligible neurons draw: each joins the fired or the restless.

    All draw their first bit, then those still undecided the second, and so on. A draw that
    equals the leading bits of the limit is below it only if the limit has a later set bit.
    """
    count, spiking, waiting = at[ELIGIBLE], at[FIRED], at[RESTLESS]
    block, bit = lane // 64, uint64(lane % 64)
    for plane in range(32):
        for e in range(count):
            streams[e] = stream[eligible[e]]
        stream_words(words, streams[:count], seed, tick, block, plane)
        undecided = 0
        later = uint64(0x7FFFFFFF) >> uint64(plane)
        for e in range(count):
            j = eligible[e]
            limit = uint64(kinds[kind[j] * WIDTH + DRAW_LIMIT])
            drawn = (words[e] >> bit) & uint64(1)
            wanted = (limit >> uint64(31 - plane)) & uint64(1)
            if drawn < wanted:
                fired[spiking] = j
                spiking += 1
            elif drawn > wanted or limit & later == uint64(0):
                restless[waiting] = j
                waiting += 1
            else:
                eligible[undecided] = j
                undecided += 1
        count = undecided
        if count == 0:
            break
    at[FIRED], at[RESTLESS] = spiking, waiting


@njit(cache=True)
def record(fired, recorded, spikes, tick, lane, at):
    """Write the spikes of the recorded neurons into the buffer."""
    count = at[SPIKES]
    for j in fired:
        if recorded[j]:
            spikes[NEURON, count] = j
            spikes[WHEN, count] = tick
            spikes[WHERE, count] = lane
            count += 1
    at[SPIKES] = count


@njit(cache=True)
def count_epochs(fired, marker, epoch_ks, epoch_column, epochs, at):
    """Begin an epoch if the marker fired, then count the others in it."""
    for j in fired:
        if j == marker:
            at[MARKED] += 1
            found = np.searchsorted(epoch_ks, at[MARKED])
            asked = found < len(epoch_ks) and epoch_ks[found] == at[MARKED]
            at[EPOCH] = found if asked else -1
    if at[EPOCH] >= 0:
        for j in fired:
            if epoch_column[j] >= 0:
                epochs[at[EPOCH], epoch_column[j]] += 1


@njit(cache=True)
def list_flying(longest, history, history_count, flying, tick, lane, at):
    """Write down the spikes in flight after `tick`; return whether they had room."""
    ring = len(history_count)
    at[WANTED] = history_count.sum()
    count = at[FLYING]
    if count + at[WANTED] > flying.shape[1]:
        return False
    for spiked in range(tick - ring + 1, tick + 1):
        slot = spiked & (ring - 1)
        for entry in range(history_count[slot]):
            neuron = history[slot, entry]
            if spiked + longest[neuron] > tick:
                flying[NEURON, count] = neuron
                flying[WHEN, count] = spiked
                flying[WHERE, count] = lane
                count += 1
    at[FLYING] = count
    return True


@njit(cache=True)
def note_overflow(tick, lane, at):
    """Keep the overflow of this tick if it comes before the one known, by tick and neuron."""
    if at[OVERFLOW_TICK] != tick or at[WILD] < at[OVERFLOW_NEURON]:
        at[OVERFLOW_TICK], at[OVERFLOW_NEURON], at[OVERFLOW_LANE] = tick, at[WILD], lane


@njit(cache=True)
def note_spikes(spiking, recorded, spikes, marker, epoch_ks, epoch_column, epochs, until_mask,
                until_count, longest, tick, lane, at):  # fmt: skip
    """Write down the spikes of a tick wherever the request asks for them."""
    if len(recorded) > 0:
        record(spiking, recorded, spikes, tick, lane, at)
    if marker >= 0:
        count_epochs(spiking, marker, epoch_ks, epoch_column, epochs, at)
    if until_count > 0:
        for j in spiking:
            at[UNTIL_LEFT] -= until_mask[j]
    elif len(longest) > 0:
        for j in spiking:
            at[ARRIVED_BY] = max(at[ARRIVED_BY], tick + longest[j])
