"""A block of lanes before its first tick."""

from __future__ import annotations

import numpy as np
from numba import int64, uint64

from spikealg.engine.lanes.compiled import inner
from spikealg.engine.lanes.plan import (
    GATE,
    KEEPER,
    KIND,
    NODE,
    NUMBER,
    PLANE,
    RING,
    ROLE,
    TARGET,
)
from spikealg.engine.lanes.planes import signed_width
from spikealg.engine.lanes.single import base_of, write_planes
from spikealg.engine.lanes.work import (
    BLOCK_LANES,
    END_ENTRY,
    EPOCH_HIGH,
    EPOCH_LOW,
    FIRST_ENTRY,
    FIRST_WORD,
    RUNNING,
    TICK,
)
from spikealg.engine.rules import FLOOR, LEAK, THRESHOLD
from spikealg.engine.words import peek, poke
from spikealg.network import MEMORYLESS

__all__ = ["begin_block"]

ONE, FULL, LOW = uint64(1), uint64(0xFFFFFFFFFFFFFFFF), uint64(0xFFFFFFFF)
NEVER_STAMPED = -(2**31)


@inner
def begin_block(before, beat, ask, here, at, wide, epochs, resumed):
    """Write the memory of the block whose first word `at` says as it is before the first tick."""
    first_bit, words, flat, size = 64 * at[FIRST_WORD], beat.words, here.flat, here.size
    before.stamp[:] = NEVER_STAMPED
    beat.injected_at[:] = NEVER_STAMPED
    beat.wake[:] = 0
    at[BLOCK_LANES] = _mark_live(here.live, words, ask.first_bit - first_bit,
                                 ask.end_bit - first_bit)  # fmt: skip
    _fill(here.none, words, uint64(0))
    _fill_number(flat + uint64(beat.until) * size, size, words, before.until_count, beat.until_bits)
    if epochs is not None:
        epochs.marked[:] = 0
        epochs.entered[:] = 0
        _fill(flat + uint64(beat.epochs) * size, words * len(epochs.ks), uint64(0))
    if ask.until_quiet:
        _fill(flat + uint64(beat.flight) * size, words * beat.wake_ring, uint64(0))
    if resumed is None:
        _load_start(before, beat, here, wide)
    else:
        first_lane = first_bit - before.offset
        _load_state(before, beat, here, wide, resumed, first_lane)
        _load_flying(before, beat, ask, here, resumed, first_lane)
    at[FIRST_ENTRY] = at[END_ENTRY] = at[EPOCH_LOW] = at[EPOCH_HIGH] = 0
    at[TICK], at[RUNNING] = ask.start_tick, 1


@inner
def _mark_live(plane, words, first, end):
    """Set the bits from `first` to before `end` of a plane, clear the others; return how many."""
    count = 0
    for w in range(words):
        low, high = min(max(first - 64 * w, 0), 64), min(max(end - 64 * w, 0), 64)
        bits = uint64(0)
        if high > low:
            bits = FULL if high - low == 64 else (ONE << uint64(high - low)) - ONE
            count += high - low
        poke(plane + uint64(8 * w), bits << uint64(low % 64))
    return count


@inner
def _fill(plane, words, word):
    """Write the same word all over the plane at an address."""
    for w in range(words):
        poke(plane + uint64(8 * w), word)


@inner
def _fill_number(address, stride, words, number, width):
    """Write the same number in all lanes to `width` planes, `stride` bytes apart."""
    for p in range(width):
        bit = uint64(number >> p) & ONE
        _fill(address + uint64(p) * stride, words, uint64(0) - bit)


@inner
def _wake_first(before, beat, j, potential, held):
    """Wake neuron j for the first tick if something may happen to it.

    Parameters
    ----------
    potential, held : int
        The highest of all lanes, the potential counted from the threshold.
    """
    k = beat.nodes[j * NODE + KIND]
    floored = before.kinds[k + FLOOR] > -(2**40)
    if potential >= 0 or held > 0 or floored or before.kinds[k + LEAK] == MEMORYLESS:
        beat.wake[j >> 6] |= ONE << uint64(j & 63)


@inner
def _load_start(before, beat, here, wide):
    """Write the network's own state in all lanes of keepers and wide neurons."""
    nodes, size = beat.nodes, here.size
    for j in range(len(nodes) // NODE - 1):
        role, number = nodes[j * NODE + ROLE], nodes[j * NODE + NUMBER]
        v, c = int64(before.start_v[j]), int64(before.start_c[j])
        if role == KEEPER:
            v -= base_of(before.kinds[nodes[j * NODE + KIND] + THRESHOLD])
            before.width[j] = signed_width(v)
            _fill_number(here.potentials + uint64(number) * size, here.stride, beat.words, v,
                         before.width[j])  # fmt: skip
            _fill_number(here.flat + uint64(before.held_start[j]) * size, size, beat.words, c,
                         before.held_bits[j])  # fmt: skip
            _wake_first(before, beat, j, v, c)
        elif role != GATE and wide is not None:
            wide.wide_v[number, :] = v
            wide.wide_i[number, :] = 0
            wide.wide_c[number, :] = c
            beat.wake[j >> 6] |= ONE << uint64(j & 63)


@inner
def _load_state(before, beat, here, wide, resumed, first):
    """Write the state of keepers and wide neurons from which a run goes on.

    Parameters
    ----------
    first : int
        Lane of the first bit of the block; bits of no lane get some lane's state.
    """
    nodes, size = beat.nodes, here.size
    start_v, start_i, start_c = resumed.start_v, resumed.start_i, resumed.start_c
    lane_v, lane_c = resumed.lane_v, resumed.lane_c
    for j in range(len(nodes) // NODE - 1):
        role, number = nodes[j * NODE + ROLE], nodes[j * NODE + NUMBER]
        if role == KEEPER:
            base = base_of(before.kinds[nodes[j * NODE + KIND] + THRESHOLD])
            planes, most, highest = 1, int64(-(2**62)), int64(0)
            for lane in range(len(lane_v)):
                row = max(first + lane, 0)
                lane_v[lane] = start_v[min(row, len(start_v) - 1), j] - base
                lane_c[lane] = start_c[min(row, len(start_c) - 1), j]
                planes = max(planes, signed_width(lane_v[lane]))
                most, highest = max(most, lane_v[lane]), max(highest, lane_c[lane])
            before.width[j] = planes
            write_planes(lane_v, here.potentials + uint64(number) * size, here.stride, planes)
            write_planes(lane_c, here.flat + uint64(before.held_start[j]) * size, size,
                         before.held_bits[j])  # fmt: skip
            _wake_first(before, beat, j, most, highest)
        elif role != GATE and wide is not None:
            for lane in range(len(lane_v)):
                row = max(first + lane, 0)
                wide.wide_v[number, lane] = start_v[min(row, len(start_v) - 1), j]
                wide.wide_i[number, lane] = start_i[min(row, len(start_i) - 1), j]
                wide.wide_c[number, lane] = start_c[min(row, len(start_c) - 1), j]
            beat.wake[j >> 6] |= ONE << uint64(j & 63)


@inner
def _load_flying(before, beat, ask, here, resumed, first):
    """Write the spikes in flight in the block whose first bit is lane `first`; wake their targets.

    If lanes run until they are quiet, write too in which spikes are in flight after tick 0, and so
    on.
    """
    nodes, target, flat, size = beat.nodes, resumed.target, here.flat, here.size
    row_words = len(beat.wake) // beat.wake_ring
    begin = np.searchsorted(resumed.fly_lane, first)
    end = np.searchsorted(resumed.fly_lane, first + 64 * beat.words)
    for f in range(begin, end):
        bit, j = resumed.fly_lane[f] - first, resumed.fly_neuron[f]
        sent = resumed.fly_tick[f] - ask.start_tick
        word, mask = uint64(8 * (bit // 64)), ONE << uint64(bit % 64)
        plane = int64(nodes[j * NODE + PLANE]) + (sent & int64(nodes[j * NODE + RING]))
        address = flat + uint64(plane) * size
        if before.stamp[plane] != sent:
            before.stamp[plane] = sent
            _fill(address, beat.words, uint64(0))
        poke(address + word, peek(address + word) | mask)
        for s in range(nodes[j * NODE + TARGET], nodes[(j + 1) * NODE + TARGET]):
            due = sent + int64(target[2 * s] >> uint64(32))
            if due >= 0:
                row = (due & (beat.wake_ring - 1)) * row_words
                beat.wake[row + int64(target[2 * s] & LOW)] |= target[2 * s + 1]
        if ask.until_quiet:
            for ahead in range(sent + beat.longest[j]):
                address = flat + uint64(beat.flight + ahead) * size + word
                poke(address, peek(address) | mask)
