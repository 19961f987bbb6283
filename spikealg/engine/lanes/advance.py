"""The lanes kernel: blocks of lanes, tick by tick, visiting the neurons that somebody woke.

A spike wakes the neurons it will reach, for the tick in which it will. A neuron that is woken sums
its inputs in all lanes of the block at once and is the only one to write its own plane of spikes.
"""

from __future__ import annotations

import numpy as np
from numba import int64, njit, uint64

from spikealg.engine.lanes.plan import GATE, WIDE
from spikealg.engine.lanes.planes import drawn, signed_width
from spikealg.engine.lanes.single import (
    add_planes,
    base_of,
    integrate_wide,
    rest,
    reveal,
    settle_wide,
    write_planes,
)
from spikealg.engine.lanes.visit import gather, send, visit_gates, visit_keepers
from spikealg.engine.lanes.work import FIRED, MARKS, UNTIL
from spikealg.engine.plan import WIDTH
from spikealg.engine.rules import ALWAYS, DRAW_LIMIT, FLOOR, LEAK, THRESHOLD
from spikealg.engine.words import count_ones, lowest, peek, poke
from spikealg.network import MEMORYLESS

__all__ = [
    "AT_SIZE",
    "BEGUN",
    "DONE",
    "ENDED",
    "FIRST_WORD",
    "OVERFLOW_LANE",
    "OVERFLOW_NEURON",
    "OVERFLOW_TICK",
    "PAUSED",
    "SPIKES",
    "TICK",
    "advance",
    "write_state",
]

(
    FIRST_WORD,
    TICK,
    BEGUN,
    SPIKES,
    FIRST_ENTRY,
    END_ENTRY,
    EPOCH_LOW,
    EPOCH_HIGH,
    BLOCK_LANES,
    VISITS,
    OVERFLOW_TICK,
    OVERFLOW_NEURON,
    OVERFLOW_LANE,
    AT_SIZE,
) = range(14)
"""Where the kernel stands between two calls: entries of one int64 array called `at`."""

DONE, PAUSED, ENDED = range(3)
NEVER_STAMPED = -(2**31)
ONE, FULL, LOW = uint64(1), uint64(0xFFFFFFFFFFFFFFFF), uint64(0xFFFFFFFF)
WORK_PER_CALL = 200_000_000
"""Neurons visited times words after which the kernel returns for a moment."""


@njit(cache=True)
def _bits_between(low, high):
    """Return a word with the bits from `low` to before `high`, both from 0 to 64."""
    if high <= low:
        return uint64(0)
    ones = FULL if high - low == 64 else (ONE << uint64(high - low)) - ONE
    return ones << uint64(low)


@njit(cache=True)
def _fill(plane, words, value):
    for word in range(words):
        poke(plane + uint64(8 * word), value)


@njit(cache=True)
def _lane_of(ask, bit):
    """Return the row of a start state for a bit position of the grid."""
    return min(max(bit - ask.offset, 0), len(ask.start_v) - 1)


@njit(cache=True)
def _begin_block(plan, ask, room, first_word, at):
    """Set up the memory for a block of lanes from its first word on."""
    size = uint64(8 * room.words)
    flat = uint64(room.flat.ctypes.data)
    lanes, words = len(room.lane_v), room.words
    room.stamp[:] = NEVER_STAMPED
    room.injected_at[:] = NEVER_STAMPED
    room.wake[:] = 0
    live = flat + uint64(room.live) * size
    at[BLOCK_LANES] = 0
    for word in range(words):
        bit = 64 * (first_word + word)
        low, high = max(ask.first_bit - bit, 0), min(ask.end_bit - bit, 64)
        poke(live + uint64(8 * word), _bits_between(low, high))
        at[BLOCK_LANES] += max(high - low, 0)
    _fill(flat + uint64(room.none) * size, words, uint64(0))
    if ask.until_count > 0:
        for k in range(64):
            _fill(flat + uint64(room.until + k) * size, words,
                  uint64(0) - ((uint64(ask.until_count) >> uint64(k)) & ONE))  # fmt: skip
    for e in range(len(ask.epoch_ks)):
        _fill(flat + uint64(room.epochs + e) * size, words, uint64(0))
    if ask.until_quiet:
        for slot in range(plan.wake_ring):
            _fill(flat + uint64(room.flight + slot) * size, words, uint64(0))
    room.marked[:] = 0
    blocks = len(room.wake) // plan.wake_ring
    stride = uint64(room.keepers) * size
    for j in range(len(plan.kind)):
        k = int64(plan.kind[j]) * WIDTH
        role, number = plan.role[j], plan.number[j]
        if role == GATE:
            continue
        if role == WIDE:
            for lane in range(lanes):
                row = _lane_of(ask, 64 * first_word + lane)
                room.wide_v[number, lane] = ask.start_v[row, j]
                room.wide_i[number, lane] = ask.start_i[min(row, len(ask.start_i) - 1), j]
                room.wide_c[number, lane] = ask.start_c[min(row, len(ask.start_c) - 1), j]
            room.wake[j // 64] |= ONE << uint64(j % 64)
            continue
        base = base_of(plan.kinds[k + THRESHOLD])
        width, restless = 1, False
        for lane in range(lanes):
            row = _lane_of(ask, 64 * first_word + lane)
            room.lane_v[lane] = ask.start_v[row, j] - base
            room.lane_c[lane] = ask.start_c[min(row, len(ask.start_c) - 1), j]
            width = max(width, signed_width(room.lane_v[lane]))
            restless |= room.lane_v[lane] >= 0 or room.lane_c[lane] > 0
        write_planes(room.lane_v, flat + uint64(room.potentials + number) * size, stride, width)
        room.width[j] = width
        write_planes(room.lane_c, flat + uint64(room.held_start[j]) * size, size,
                     plan.held_bits[j])  # fmt: skip
        floored = plan.kinds[k + FLOOR] > -(2**40)
        if restless or floored or plan.kinds[k + LEAK] == MEMORYLESS:
            room.wake[j // 64] |= ONE << uint64(j % 64)
    first_lane = 64 * first_word - ask.offset
    low, high = ask.first_bit - ask.offset, ask.end_bit - ask.offset
    for lane in range(max(first_lane, low), min(first_lane + lanes, high)):
        bit = lane - first_lane
        for f in range(ask.fly_pointer[lane], ask.fly_pointer[lane + 1]):
            neuron, sent = ask.fly_neuron[f], ask.fly_tick[f] - ask.start_tick
            plane = plan.first_plane[neuron] + (sent & plan.ring_mask[neuron])
            address = flat + uint64(plane) * size
            if room.stamp[plane] != sent:
                room.stamp[plane] = sent
                _fill(address, words, uint64(0))
            address += uint64(8 * (bit // 64))
            poke(address, peek(address) | (ONE << uint64(bit % 64)))
            for s in range(plan.target_start[neuron], plan.target_start[neuron + 1]):
                due = sent + int64(plan.target[2 * s] >> uint64(32))
                if due >= 0:
                    row = (due & (plan.wake_ring - 1)) * blocks
                    room.wake[row + int64(plan.target[2 * s] & LOW)] |= plan.target[2 * s + 1]
            if ask.until_quiet:
                for ahead in range(sent + plan.longest[neuron]):
                    address = flat + uint64(room.flight + ahead) * size + uint64(8 * (bit // 64))
                    poke(address, peek(address) | (ONE << uint64(bit % 64)))
    room.entered[:] = 0
    at[FIRST_ENTRY] = at[END_ENTRY] = at[EPOCH_LOW] = at[EPOCH_HIGH] = 0


@njit(cache=True)
def _visit_wide(
    plan, room, here, block, t, tick, injecting, entry, end_entry, left, listed, list_all
):
    """Visit the wide neurons listed; return the length of the list of noted ones."""
    arrived, injected = room.lane_i, room.lane_drive
    for o in range(left):
        j = room.others[o]
        n_plus, n_minus, _, _, arrived_plus, arrived_minus = gather(
            here, uint64(j), t, injecting, entry, end_entry
        )
        arrived[:] = 0
        injected[:] = 0
        for a in range(n_plus):
            weight = int64(peek(here.plus_weight + uint64(8) * a))
            lanes = arrived if a < arrived_plus else injected
            add_planes(lanes, peek(here.plus + uint64(8) * a), weight)
        for a in range(n_minus):
            weight = -int64(peek(here.minus_weight + uint64(8) * a))
            lanes = arrived if a < arrived_minus else injected
            add_planes(lanes, peek(here.minus + uint64(8) * a), weight)
        k, m = int64(plan.kind[j]) * WIDTH, plan.number[j]
        plane = plan.first_plane[j] + (t & plan.ring_mask[j])
        place = here.flat + uint64(plane) * here.size
        some, lane = integrate_wide(plan.kinds, k, room.wide_v[m], room.wide_i[m], room.wide_c[m],
                                    arrived, injected, place, here.live)  # fmt: skip
        count = uint64(some)
        if lane >= 0 and (room.wild[0] < 0 or j < room.wild[0]):
            room.wild[0], room.wild[1] = j, lane
        limit = plan.kinds[k + DRAW_LIMIT]
        if count != uint64(0) and limit < ALWAYS:
            count = drawn(place, uint64(limit), uint64(plan.stream[j]), uint64(tick), block,
                          here.low_key, here.high_key, here.size)  # fmt: skip
        if settle_wide(plan.kinds, k, room.wide_v[m], room.wide_i[m], room.wide_c[m], place,
                       count != uint64(0), here.live):  # fmt: skip
            row = ((t + 1) & (plan.wake_ring - 1)) * (len(room.wake) // plan.wake_ring)
            room.wake[row + (j >> 6)] |= ONE << uint64(j & 63)
        if count != uint64(0):
            listed = send(here, uint64(j), t, uint64(plane), count, listed, list_all)
    return listed


@njit(cache=True)
def _note_overflow(lane, tick, neuron, first_word, ask, at):
    """Keep an overflow if it comes before the one known, by tick and neuron."""
    if lane < 0:
        return
    if at[OVERFLOW_TICK] < 0 or (tick, neuron) < (at[OVERFLOW_TICK], at[OVERFLOW_NEURON]):
        at[OVERFLOW_TICK], at[OVERFLOW_NEURON] = tick, neuron
        at[OVERFLOW_LANE] = 64 * first_word + lane - ask.offset


@njit(cache=True)
def _finish(plan, ask, room, out, fired_count, first_word, tick, t, at):
    """Tell others than targets of the spikes of a tick; return whether lanes still run."""
    size, words = uint64(8 * room.words), room.words
    flat = uint64(room.flat.ctypes.data)
    live = flat + uint64(room.live) * size
    marked = -1
    for f in range(fired_count):
        j = room.fired[f]
        plane = flat + uint64(plan.first_plane[j] + (t & plan.ring_mask[j])) * size
        if ask.noted[j] & MARKS:
            marked = j
        if ask.noted[j] & FIRED:
            count = at[SPIKES]
            for word in range(words):
                bits = peek(plane + uint64(8 * word))
                if bits != uint64(0):
                    out.tick[count], out.neuron[count] = tick, j
                    out.word[count], out.bits[count] = first_word + word, bits
                    count += 1
            at[SPIKES] = count
        if ask.noted[j] & UNTIL:
            for word in range(words):
                # One down, but not below 0.
                borrow, waiting = peek(plane + uint64(8 * word)), uint64(0)
                if borrow == uint64(0):
                    continue
                for k in range(64):
                    waiting |= peek(flat + uint64(room.until + k) * size + uint64(8 * word))
                borrow &= waiting
                for k in range(64):
                    address = flat + uint64(room.until + k) * size + uint64(8 * word)
                    digit = peek(address)
                    poke(address, digit ^ borrow)
                    borrow &= ~digit
                    if borrow == uint64(0):
                        break
        if ask.until_quiet:
            for ahead in range(plan.longest[j]):
                slot = (t + ahead) & (plan.wake_ring - 1)
                flight = flat + uint64(room.flight + slot) * size
                for word in range(words):
                    address = flight + uint64(8 * word)
                    poke(address, peek(address) | peek(plane + uint64(8 * word)))
    if marked >= 0:
        plane = flat + uint64(plan.first_plane[marked] + (t & plan.ring_mask[marked])) * size
        for word in range(words):
            bits = peek(plane + uint64(8 * word))
            if bits == uint64(0):
                continue
            for e in range(at[EPOCH_LOW], at[EPOCH_HIGH]):
                address = flat + uint64(room.epochs + e) * size + uint64(8 * word)
                poke(address, peek(address) & ~bits)
            while bits != uint64(0):
                lane = 64 * word + int64(lowest(bits))
                room.marked[lane] += 1
                e = np.searchsorted(ask.epoch_ks, room.marked[lane])
                if e < len(ask.epoch_ks) and ask.epoch_ks[e] == room.marked[lane]:
                    address = flat + uint64(room.epochs + e) * size + uint64(8 * word)
                    poke(address, peek(address) | (bits & (uint64(0) - bits)))
                    room.entered[e] += 1
                    at[EPOCH_HIGH] = max(at[EPOCH_HIGH], e + 1)
                bits &= bits - ONE
    for e in range(at[EPOCH_LOW], at[EPOCH_HIGH]):
        members = flat + uint64(room.epochs + e) * size
        present = uint64(0)
        for word in range(words):
            present |= peek(members + uint64(8 * word))
        if present == uint64(0):
            # Lanes drift, but an epoch in which all have been is over.
            if e == at[EPOCH_LOW] and room.entered[e] == at[BLOCK_LANES]:
                at[EPOCH_LOW] += 1
            continue
        for f in range(fired_count):
            j = room.fired[f]
            column = ask.epoch_column[j]
            if column < 0:
                continue
            plane = flat + uint64(plan.first_plane[j] + (t & plan.ring_mask[j])) * size
            count = uint64(0)
            for word in range(words):
                count += count_ones(
                    peek(plane + uint64(8 * word)) & peek(members + uint64(8 * word))
                )
            out.epochs[e, column] += count
    for w in range(len(ask.watched)):
        j = ask.watched[w]
        reveal(plan, room, ask.inject_neuron, ask.inject_weight, at[FIRST_ENTRY], at[END_ENTRY],
               t, j)  # fmt: skip
        for lane in range(len(room.lane_v)):
            bits = peek(live + uint64(8 * (lane // 64)))
            if (bits >> uint64(lane % 64)) & ONE:
                row = 64 * first_word + lane - ask.first_bit
                out.potentials[t, row, w] = room.lane_v[lane]
    if ask.until_count == 0 and not ask.until_quiet:
        return True
    running = uint64(0)
    for word in range(words):
        finished = peek(live + uint64(8 * word))
        if ask.until_count > 0:
            for k in range(64):
                finished &= ~peek(flat + uint64(room.until + k) * size + uint64(8 * word))
        else:
            slot = t & (plan.wake_ring - 1)
            flight = flat + uint64(room.flight + slot) * size + uint64(8 * word)
            finished &= ~peek(flight)
            poke(flight, uint64(0))
        out.finished[word] = finished
        running |= finished
    if running != uint64(0) and ask.until_quiet:
        for entry in range(at[END_ENTRY], len(ask.inject_tick)):
            for word in range(min(words, ask.inject_planes.shape[1] - first_word)):
                out.finished[word] &= ~ask.inject_planes[entry, first_word + word]
        for j in range(len(plan.kind)):
            if not out.finished.any():
                break
            reveal(plan, room, ask.inject_neuron, ask.inject_weight, at[FIRST_ENTRY],
                   at[END_ENTRY], t, j)  # fmt: skip
            rest(plan.kinds, int64(plan.kind[j]) * WIDTH, room.lane_v, room.lane_i, room.lane_c,
                 out.finished)  # fmt: skip
    running = uint64(0)
    for word in range(words):
        bits = out.finished[word]
        while bits != uint64(0):
            lane = 64 * (first_word + word) + int64(lowest(bits))
            out.stopped[lane - ask.first_bit] = tick
            bits &= bits - ONE
        left = peek(live + uint64(8 * word)) & ~out.finished[word]
        poke(live + uint64(8 * word), left)
        running |= left
    return running != uint64(0)


@njit(cache=True)
def write_state(plan, ask, room, out, at):
    """Write down the state of a block at the end of its last tick."""
    first_word, t = at[FIRST_WORD], at[TICK] - 1 - ask.start_tick
    for j in range(len(plan.kind)):
        reveal(plan, room, ask.inject_neuron, ask.inject_weight, at[FIRST_ENTRY], at[END_ENTRY],
               t, j)  # fmt: skip
        for lane in range(len(room.lane_v)):
            row = 64 * first_word + lane - ask.first_bit
            if 0 <= row < len(out.v):
                out.v[row, j] = room.lane_v[lane]
                out.i[row, j] = room.lane_i[lane]
                out.c[row, j] = room.lane_c[lane]


@njit(cache=True, nogil=True)
def advance(plan, ask, room, here, out, at):
    """Run from where `at` stands until a block ends, a buffer is full, or for a while.

    Returns
    -------
    int
        ENDED with a block, PAUSED within one, DONE if there is none left.
    """
    wake, wild = room.wake, room.wild
    pair_delay, pair_mask = plan.pair_delay, plan.pair_mask
    sent_slot, sent_tick = room.sent_slot, room.sent_tick
    inject_tick, inject_neuron = ask.inject_tick, ask.inject_neuron
    inject_planes = ask.inject_planes
    words, wake_ring = room.words, plan.wake_ring
    size = uint64(8 * words)
    flat = uint64(room.flat.ctypes.data)
    wake_words = len(wake) // wake_ring
    start, entries = ask.start_tick, len(inject_tick)
    end_word = (ask.end_bit + 63) // 64
    finishing = ask.until_count > 0 or ask.until_quiet or len(ask.watched) > 0
    buffer, recorded = len(out.tick), 0
    for j in range(len(plan.kind)):
        recorded += ask.noted[j] & FIRED
    recorded *= words
    work = 0
    while at[FIRST_WORD] < end_word:
        first_word = at[FIRST_WORD]
        if at[BEGUN] == 0:
            _begin_block(plan, ask, room, first_word, at)
            at[BEGUN] = 1
        tick = at[TICK]
        end = ask.end_tick if at[OVERFLOW_TICK] < 0 else at[OVERFLOW_TICK] + 1
        block = ask.first_block + uint64(first_word // 2)
        running = True
        while tick < end and running:
            if work > WORK_PER_CALL or at[SPIKES] + recorded > buffer:
                at[TICK] = tick
                return PAUSED
            t = tick - start
            slot = (t & (wake_ring - 1)) * wake_words
            entry = at[END_ENTRY]
            first_entry = entry
            while entry < entries and inject_tick[entry] == tick:
                plane = flat + uint64(room.injected + entry - first_entry) * size
                for word in range(words):
                    bits = uint64(0)
                    if first_word + word < inject_planes.shape[1]:
                        bits = inject_planes[entry, first_word + word]
                    poke(plane + uint64(8 * word), bits)
                j = inject_neuron[entry]
                if room.injected_at[j] != t:
                    room.injected_at[j], room.injected_from[j] = t, entry
                wake[slot + (j >> 6)] |= ONE << uint64(j & 63)
                entry += 1
            at[FIRST_ENTRY], at[END_ENTRY] = first_entry, entry
            for j in plan.always:
                wake[slot + (j >> 6)] |= ONE << uint64(j & 63)
            for p in range(len(pair_delay)):
                sent_tick[p] = t - pair_delay[p]
                sent_slot[p] = (t - pair_delay[p]) & pair_mask[p]
            wild[0] = -1
            injecting = entry > first_entry
            gates, left, listed = visit_gates(here, block, t, tick, injecting, first_entry, entry,
                                              ask.until_quiet)  # fmt: skip
            visited = int64(gates + left)
            if left > uint64(0):
                left, listed = visit_keepers(here, block, t, tick, injecting, first_entry, entry,
                                             left, listed, ask.until_quiet)  # fmt: skip
            if left > uint64(0):
                listed = _visit_wide(plan, room, here, block, t, tick, injecting, first_entry,
                                     entry, int64(left), listed, ask.until_quiet)  # fmt: skip
            if wild[0] >= 0:
                _note_overflow(wild[1], tick, wild[0], first_word, ask, at)
            work += (visited + 1) * words
            at[VISITS] += visited
            if at[OVERFLOW_TICK] == tick:
                break
            if listed > uint64(0) or finishing:
                running = _finish(plan, ask, room, out, int64(listed), first_word, tick, t, at)
            tick += 1
            if visited == 0 and entry == entries and not finishing and not wake.any():
                # Nothing will ever happen again.
                tick = end
        at[TICK] = tick
        return ENDED
    return DONE
