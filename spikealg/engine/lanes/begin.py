"""A block of lanes before its first tick."""

from __future__ import annotations

import numpy as np
from numba import int64, uint64

from spikealg.engine.lanes.compiled import inner
from spikealg.engine.lanes.plan import (
    GATE,
    KIND,
    NODE,
    NUMBER,
    PLANE,
    RING,
    ROLE,
    TARGET,
    WIDE,
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
def begin_block(before, beat, ask, here, at):
    """Write the memory of the block whose first word `at` says as it is before the first tick."""
    first_bit, words, flat, size = 64 * at[FIRST_WORD], beat.words, here.flat, here.size
    first_lane = first_bit - before.offset
    before.stamp[:] = NEVER_STAMPED
    beat.injected_at[:] = NEVER_STAMPED
    beat.wake[:] = 0
    beat.marked[:] = 0
    beat.entered[:] = 0
    at[BLOCK_LANES] = _mark_live(here.live, words, ask.first_bit - first_bit,
                                 ask.end_bit - first_bit)  # fmt: skip
    _fill(here.none, words, uint64(0))
    for k in range(beat.until_bits):
        bit = (uint64(before.until_count) >> uint64(k)) & ONE
        _fill(flat + uint64(beat.until + k) * size, words, uint64(0) - bit)
    _fill(flat + uint64(beat.epochs) * size, words * len(ask.epoch_ks), uint64(0))
    flight = flat + uint64(beat.flight) * size
    if ask.until_quiet:
        _fill(flight, words * beat.wake_ring, uint64(0))
    _load_neurons(beat.nodes, before.kinds, before.start_v, before.start_i, before.start_c,
                  first_lane, before.wide_v, before.wide_i, before.wide_c, before.lane_v,
                  before.lane_c, before.width, before.held_start, before.held_bits, beat.wake, flat,
                  size, here.potentials, here.stride)  # fmt: skip
    begin = np.searchsorted(before.fly_lane, first_lane)
    end = np.searchsorted(before.fly_lane, first_lane + 64 * words)
    _load_flying(before.fly_lane, before.fly_tick, before.fly_neuron, begin, end, first_lane,
                 ask.start_tick, beat.nodes, before.target, beat.longest, before.stamp, beat.wake,
                 beat.wake_ring, flat, size, flight, ask.until_quiet)  # fmt: skip
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
def _load_neurons(nodes, kinds, start_v, start_i, start_c, first, wide_v, wide_i, wide_c, lane_v,
                  lane_c, width, held_start, held_bits, wake, flat, size, potentials,
                  stride):  # fmt: skip
    """Write the start state of keepers and wide neurons; wake those to which something may happen.

    Parameters
    ----------
    start_v, start_i, start_c : int32 arrays (lanes or 1, n)
    first : int
        Lane of the first bit of the block; bits of no lane get some lane's state.
    potentials, stride : uint64
        Address of the first plane of potentials, and bytes from a plane to the next.
    """
    lanes = len(lane_v)
    for j in range(len(nodes) // NODE - 1):
        role, number = nodes[j * NODE + ROLE], nodes[j * NODE + NUMBER]
        if role == GATE:
            continue
        if role == WIDE:
            for lane in range(lanes):
                row = max(first + lane, 0)
                wide_v[number, lane] = start_v[min(row, len(start_v) - 1), j]
                wide_i[number, lane] = start_i[min(row, len(start_i) - 1), j]
                wide_c[number, lane] = start_c[min(row, len(start_c) - 1), j]
            wake[j >> 6] |= ONE << uint64(j & 63)
            continue
        k = nodes[j * NODE + KIND]
        base = base_of(kinds[k + THRESHOLD])
        planes, most, highest = 1, int64(-(2**62)), 0
        for lane in range(lanes if len(start_v) > 1 or len(start_c) > 1 else 1):
            row = max(first + lane, 0)
            lane_v[lane] = start_v[min(row, len(start_v) - 1), j] - base
            lane_c[lane] = start_c[min(row, len(start_c) - 1), j]
            planes = max(planes, signed_width(lane_v[lane]))
            most, highest = max(most, lane_v[lane]), max(highest, lane_c[lane])
        width[j] = planes
        address = potentials + uint64(number) * size
        held = flat + uint64(held_start[j]) * size
        if len(start_v) > 1 or len(start_c) > 1:
            write_planes(lane_v, address, stride, planes)
            write_planes(lane_c, held, size, held_bits[j])
        else:
            words = lanes // 64
            for p in range(planes):
                bit = uint64(lane_v[0] >> p) & ONE
                _fill(address + uint64(p) * stride, words, uint64(0) - bit)
            for p in range(held_bits[j]):
                bit = uint64(lane_c[0] >> p) & ONE
                _fill(held + uint64(p) * size, words, uint64(0) - bit)
        floored = kinds[k + FLOOR] > -(2**40)
        if most >= 0 or highest > 0 or floored or kinds[k + LEAK] == MEMORYLESS:
            wake[j >> 6] |= ONE << uint64(j & 63)


@inner
def _load_flying(fly_lane, fly_tick, fly_neuron, begin, end, first, start, nodes, target, longest,
                 stamp, wake, wake_ring, flat, size, flight, quieting):  # fmt: skip
    """Write the spikes in flight from number `begin` to before `end`, and wake whom they reach.

    Parameters
    ----------
    first, start : int
        Lane of the block's first bit, and the first tick of the run.
    flight : uint64
        Address of the plane of lanes in which spikes are in flight after tick 0, and so on;
        written if `quieting`.
    """
    row_words = len(wake) // wake_ring
    for f in range(begin, end):
        bit, sent, j = fly_lane[f] - first, fly_tick[f] - start, fly_neuron[f]
        word, mask = uint64(8 * (bit // 64)), ONE << uint64(bit % 64)
        plane = int64(nodes[j * NODE + PLANE]) + (sent & int64(nodes[j * NODE + RING]))
        address = flat + uint64(plane) * size
        if stamp[plane] != sent:
            stamp[plane] = sent
            _fill(address, int64(size) // 8, uint64(0))
        poke(address + word, peek(address + word) | mask)
        for s in range(nodes[j * NODE + TARGET], nodes[(j + 1) * NODE + TARGET]):
            due = sent + int64(target[2 * s] >> uint64(32))
            if due >= 0:
                row = (due & (wake_ring - 1)) * row_words
                wake[row + int64(target[2 * s] & LOW)] |= target[2 * s + 1]
        if quieting:
            for ahead in range(sent + longest[j]):
                address = flight + uint64(ahead) * size + word
                poke(address, peek(address) | mask)
