"""A block of lanes before its first tick."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import int64, njit, uint64

from spikealg.engine.arrays import read_only
from spikealg.engine.job import Job
from spikealg.engine.lanes.advance import (
    BLOCK_LANES,
    END_ENTRY,
    EPOCH_HIGH,
    EPOCH_LOW,
    FIRST_ENTRY,
    FIRST_WORD,
    RUNNING,
    TICK,
)
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
    LanePlan,
)
from spikealg.engine.lanes.planes import signed_width
from spikealg.engine.lanes.single import base_of, write_planes
from spikealg.engine.lanes.work import Ask, Room
from spikealg.engine.rules import FLOOR, LEAK, THRESHOLD
from spikealg.engine.state import Spikes
from spikealg.engine.words import peek, poke
from spikealg.network import MEMORYLESS

__all__ = ["begin_block"]

ONE, FULL, LOW = uint64(1), uint64(0xFFFFFFFFFFFFFFFF), uint64(0xFFFFFFFF)
NEVER_STAMPED = -(2**31)


def begin_block(
    job: Job, plan: LanePlan, ask: Ask, room: Room, flying: Spikes, at: npt.NDArray[np.int64]
) -> None:
    """Write the memory of a block as it is before the first tick.

    Parameters
    ----------
    flying : Spikes
        Those in flight at the start in the lanes of the slice, sorted by lane.
    at : int64 array
        Where the kernel stands: has the first word of the block, the rest is written.
    """
    planes, first_bit = room.planes, 64 * int(at[FIRST_WORD])
    first_lane = first_bit - job.first_lane % 128
    room.stamp.fill(NEVER_STAMPED)
    room.injected_at.fill(NEVER_STAMPED)
    for array in (room.wake, room.marked, room.entered, planes[room.none]):
        array.fill(0)
    live = np.zeros(64 * room.words, dtype=bool)
    live[max(0, ask.first_bit - first_bit) : max(0, ask.end_bit - first_bit)] = True
    planes[room.live] = np.packbits(live, bitorder="little").view(np.uint64)
    for k in range(room.until_bits):
        planes[room.until + k] = FULL if (room.until_count >> k) & 1 else 0
    planes[room.epochs : room.epochs + len(ask.epoch_ks)] = 0
    if ask.until_quiet:
        planes[room.flight : room.flight + plan.wake_ring] = 0
    flat, size = np.uint64(room.flat.ctypes.data), np.uint64(8 * room.words)
    _load_neurons(
        plan.nodes, plan.kinds, read_only(job.start.v), read_only(job.start.i),
        read_only(job.start.c), first_lane, room.wide_v, room.wide_i, room.wide_c, room.lane_v,
        room.lane_c, room.width, room.held_start, plan.held_bits, room.wake, flat, size,
        flat + np.uint64(room.potentials) * size, np.uint64(room.keepers) * size,
    )  # fmt: skip
    some = slice(*np.searchsorted(flying.lane, [first_lane, first_lane + 64 * room.words]))
    _load_flying(
        flying.lane[some] - first_lane, flying.t[some] - ask.start_tick, flying.i[some],
        plan.nodes, plan.target, plan.longest, room.stamp, room.wake, plan.wake_ring, flat, size,
        flat + np.uint64(room.flight) * size, ask.until_quiet,
    )  # fmt: skip
    at[FIRST_ENTRY] = at[END_ENTRY] = at[EPOCH_LOW] = at[EPOCH_HIGH] = 0
    at[TICK], at[RUNNING], at[BLOCK_LANES] = ask.start_tick, 1, np.count_nonzero(live)


@njit(cache=True)
def _fill(plane, words, word):
    """Write the same word all over the plane at an address."""
    for w in range(words):
        poke(plane + uint64(8 * w), word)


@njit(cache=True)
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


@njit(cache=True)
def _load_flying(bit, sent, neuron, nodes, target, longest, stamp, wake, wake_ring, flat, size,
                 flight, quieting):  # fmt: skip
    """Write spikes in flight and wake whom they reach.

    Parameters
    ----------
    bit, sent, neuron : int64 arrays
        Lane within the block, tick from the start of the run, below 0, and who spiked.
    flight : uint64
        Address of the plane of lanes in which spikes are in flight after tick 0, and so on;
        written if `quieting`.
    """
    row_words = len(wake) // wake_ring
    for f in range(len(bit)):
        j = neuron[f]
        word, mask = uint64(8 * (bit[f] // 64)), ONE << uint64(bit[f] % 64)
        plane = int64(nodes[j * NODE + PLANE]) + (sent[f] & int64(nodes[j * NODE + RING]))
        address = flat + uint64(plane) * size
        if stamp[plane] != sent[f]:
            stamp[plane] = sent[f]
            _fill(address, int64(size) // 8, uint64(0))
        poke(address + word, peek(address + word) | mask)
        for s in range(nodes[j * NODE + TARGET], nodes[(j + 1) * NODE + TARGET]):
            due = sent[f] + int64(target[2 * s] >> uint64(32))
            if due >= 0:
                row = (due & (wake_ring - 1)) * row_words
                wake[row + int64(target[2 * s] & LOW)] |= target[2 * s + 1]
        if quieting:
            for ahead in range(sent[f] + longest[j]):
                address = flight + uint64(ahead) * size + word
                poke(address, peek(address) | mask)
