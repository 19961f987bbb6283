"""The lanes kernel: blocks of lanes, tick by tick, visiting the neurons that somebody woke.

A spike wakes the neurons it will reach, for the tick in which it will. A neuron that is woken sums
its inputs in all lanes of the block at once and is the only one to write its own plane of spikes.
"""

from __future__ import annotations

import numpy as np
from numba import int64, njit, uint64

from spikealg.engine.lanes.begin import fill, load_flying, load_neurons, mark_live
from spikealg.engine.lanes.notes import (
    begin_epochs,
    count_down,
    count_epochs,
    read,
    record,
    take_off,
)
from spikealg.engine.lanes.plan import KIND, NODE, NUMBER, PLANE, RING
from spikealg.engine.lanes.planes import drawn
from spikealg.engine.lanes.single import add_planes, integrate_wide, settle_wide
from spikealg.engine.lanes.visit import gather, send, visit_gates, visit_keepers, wake_next
from spikealg.engine.lanes.work import FIRED, MARKS, READ, UNTIL
from spikealg.engine.rules import ALWAYS, DRAW_LIMIT
from spikealg.engine.words import peek, peek32, poke

__all__ = [
    "AT_SIZE",
    "BEGUN",
    "DONE",
    "ENDED",
    "END_ENTRY",
    "FIRST_ENTRY",
    "FIRST_WORD",
    "LOOK",
    "OVERFLOW_LANE",
    "OVERFLOW_NEURON",
    "OVERFLOW_TICK",
    "PAUSED",
    "RUNNING",
    "SPIKES",
    "TICK",
    "WAITED_FOR",
    "advance",
]

(
    FIRST_WORD,
    TICK,
    BEGUN,
    RUNNING,
    WAITED_FOR,
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
) = range(16)
"""Where the kernel stands between two calls: entries of one int64 array called `at`."""

DONE, PAUSED, ENDED, LOOK = range(4)
NEVER_STAMPED = -(2**31)
ONE, LOW = uint64(1), uint64(0xFFFFFFFF)
WORK_PER_CALL = 200_000_000
"""Neurons visited times words after which the kernel returns for a moment."""


@njit(cache=True)
def _visit_wide(here, block, t, tick, injecting, entry, end_entry, left, listed, list_all, nodes,
                kinds, others, wild, wide_v, wide_i, wide_c, arrived, injected):  # fmt: skip
    """Visit the wide neurons listed; return the length of the list of noted ones."""
    for o in range(left):
        j = others[o]
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
        k, m = nodes[j * NODE + KIND], nodes[j * NODE + NUMBER]
        plane = int64(nodes[j * NODE + PLANE]) + (t & int64(nodes[j * NODE + RING]))
        place = here.flat + uint64(plane) * here.size
        some, lane = integrate_wide(kinds, k, wide_v[m], wide_i[m], wide_c[m],
                                    arrived, injected, place, here.live)  # fmt: skip
        count = uint64(some)
        if lane >= 0 and (wild[0] < 0 or j < wild[0]):
            wild[0], wild[1] = j, lane
        limit = kinds[k + DRAW_LIMIT]
        if count != uint64(0) and limit < ALWAYS:
            stream = uint64(peek32(here.stream + uint64(4 * j))) & LOW
            count = drawn(place, uint64(limit), stream, uint64(tick), block, here.low_key,
                          here.high_key, here.size)  # fmt: skip
        if settle_wide(kinds, k, wide_v[m], wide_i[m], wide_c[m], place,
                       count != uint64(0), here.live):  # fmt: skip
            wake_next(here, uint64(j), t)
        if count != uint64(0):
            listed = send(here, uint64(j), t, uint64(plane), count, listed, list_all)
    return listed


@njit(cache=True, nogil=True)
def advance(plan, ask, room, here, out, at, wide):
    """Run from where `at` stands until somebody has to look, a buffer is full, or for a while.

    Parameters
    ----------
    wide : None or bool
        None where there are no wide neurons: nothing is compiled for them then.

    Returns
    -------
    int
        ENDED with a block whose state is wanted; LOOK after a tick whose potentials are wanted or
        after which lanes may be quiet; PAUSED between two ticks; DONE if nothing is left.
    """
    nodes, kinds, target, always = plan.nodes, plan.kinds, plan.target, plan.always
    pair_delay, pair_mask = plan.pair_delay, plan.pair_mask
    wake, stamp, wild, others = room.wake, room.stamp, room.wild, room.others
    sent_slot, sent_tick = room.sent_slot, room.sent_tick
    injected_at, injected_from = room.injected_at, room.injected_from
    wide_v, wide_i, wide_c = room.wide_v, room.wide_i, room.wide_c
    lane_v, lane_i, lane_c = room.lane_v, room.lane_i, room.lane_c
    lane_drive, width, held_start = room.lane_drive, room.width, room.held_start
    fired, places, marked, entered = room.fired, room.places, room.marked, room.entered
    inject_tick, inject_neuron = ask.inject_tick, ask.inject_neuron
    inject_planes, noted, longest = ask.inject_planes, ask.noted, plan.longest
    epoch_ks, epoch_column, epochs = ask.epoch_ks, ask.epoch_column, out.epochs
    finished, stopped = out.finished, out.stopped
    words, wake_ring = room.words, plan.wake_ring
    flat, size, live = here.flat, here.size, here.live
    until, until_bits = flat + uint64(room.until) * size, room.until_bits
    members, flight = flat + uint64(room.epochs) * size, flat + uint64(room.flight) * size
    row_words = len(wake) // wake_ring
    start, entries = ask.start_tick, len(inject_tick)
    end_word = (ask.end_bit + 63) // 64
    quieting, looking = ask.until_quiet, len(ask.watched) > 0
    buffer, recorded = len(out.tick), ask.recorded * words
    work = 0
    while at[FIRST_WORD] < end_word:
        first_word = at[FIRST_WORD]
        first_lane = 64 * first_word - ask.offset
        if at[BEGUN] == 0:
            stamp[:] = NEVER_STAMPED
            injected_at[:] = NEVER_STAMPED
            wake[:] = 0
            marked[:] = 0
            entered[:] = 0
            at[BLOCK_LANES] = mark_live(live, words, ask.first_bit - 64 * first_word,
                                        ask.end_bit - 64 * first_word)  # fmt: skip
            fill(here.none, words, uint64(0))
            for k in range(until_bits):
                bit = (uint64(ask.until_count) >> uint64(k)) & ONE
                fill(until + uint64(k) * size, words, uint64(0) - bit)
            fill(members, words * len(epoch_ks), uint64(0))
            if quieting:
                fill(flight, words * wake_ring, uint64(0))
            load_neurons(nodes, kinds, ask.start_v, ask.start_i, ask.start_c, first_lane, wide_v,
                         wide_i, wide_c, lane_v, lane_c, width, held_start, plan.held_bits, wake,
                         flat, size, here.potentials, here.stride)  # fmt: skip
            begin = np.searchsorted(ask.fly_lane, first_lane)
            end = np.searchsorted(ask.fly_lane, first_lane + 64 * words)
            load_flying(ask.fly_lane, ask.fly_tick, ask.fly_neuron, begin, end, first_lane, start,
                        nodes, target, stamp, wake, wake_ring, flat, size)  # fmt: skip
            if quieting:
                for f in range(begin, end):
                    bit = ask.fly_lane[f] - first_lane
                    ends = ask.fly_tick[f] - start + longest[ask.fly_neuron[f]]
                    for ahead in range(ends):
                        address = flight + uint64(ahead) * size + uint64(8 * (bit // 64))
                        poke(address, peek(address) | (ONE << uint64(bit % 64)))
            at[FIRST_ENTRY] = at[END_ENTRY] = at[EPOCH_LOW] = at[EPOCH_HIGH] = 0
            at[BEGUN], at[RUNNING] = 1, 1
        tick = at[TICK]
        end = ask.end_tick if at[OVERFLOW_TICK] < 0 else at[OVERFLOW_TICK] + 1
        block = ask.first_block + uint64(first_word // 2)
        while tick < end and at[RUNNING]:
            if work > WORK_PER_CALL or at[SPIKES] + recorded > buffer:
                at[TICK] = tick
                return PAUSED
            t = tick - start
            slot = (t & (wake_ring - 1)) * row_words
            entry = at[END_ENTRY]
            first_entry = entry
            while entry < entries and inject_tick[entry] == tick:
                place = here.injected + uint64(entry - first_entry) * size
                for w in range(words):
                    bits = uint64(0)
                    if first_word + w < inject_planes.shape[1]:
                        bits = inject_planes[entry, first_word + w]
                    poke(place + uint64(8 * w), bits)
                j = inject_neuron[entry]
                if injected_at[j] != t:
                    injected_at[j], injected_from[j] = t, entry
                wake[slot + (j >> 6)] |= ONE << uint64(j & 63)
                entry += 1
            at[FIRST_ENTRY], at[END_ENTRY] = first_entry, entry
            for j in always:
                wake[slot + (j >> 6)] |= ONE << uint64(j & 63)
            for p in range(len(pair_delay)):
                sent_tick[p] = t - pair_delay[p]
                sent_slot[p] = (t - pair_delay[p]) & pair_mask[p]
            wild[0] = -1
            injecting = entry > first_entry
            gates, left, listed = visit_gates(here, block, t, tick, injecting, first_entry, entry,
                                              quieting)  # fmt: skip
            visited = int64(gates + left)
            if left > uint64(0):
                left, listed = visit_keepers(here, block, t, tick, injecting, first_entry, entry,
                                             left, listed, quieting)  # fmt: skip
            if wide is not None and left > uint64(0):
                listed = _visit_wide(here, block, t, tick, injecting, first_entry, entry,
                                     int64(left), listed, quieting, nodes, kinds, others, wild,
                                     wide_v, wide_i, wide_c, lane_i, lane_drive)  # fmt: skip
            work += (visited + 1) * words
            at[VISITS] += visited
            if wild[0] >= 0:
                # Of two blocks the first has the smaller lanes.
                known, neuron = at[OVERFLOW_TICK], at[OVERFLOW_NEURON]
                if known < 0 or tick < known or (tick == known and wild[0] < neuron):
                    at[OVERFLOW_TICK], at[OVERFLOW_NEURON] = tick, wild[0]
                    at[OVERFLOW_LANE] = first_lane + wild[1]
                break
            waited_for, marker = False, -1
            for f in range(listed):
                j = fired[f]
                plane = int64(nodes[j * NODE + PLANE]) + (t & int64(nodes[j * NODE + RING]))
                places[f] = flat + uint64(plane) * size
                if noted[j] & FIRED:
                    at[SPIKES] = record(j, places[f], words, first_word, tick, out.tick,
                                        out.neuron, out.word, out.bits, at[SPIKES])  # fmt: skip
                if noted[j] & READ:
                    read(ask.read_start[j], ask.read_start[j + 1], places[f],
                         min(words, end_word - first_word), first_word, tick, ask.read_first,
                         ask.read_ticks, ask.read_row, ask.read_stride, out.windows)  # fmt: skip
                if noted[j] & UNTIL:
                    waited_for = True
                    count_down(places[f], words, until, until_bits, size)
                if noted[j] & MARKS:
                    marker = int64(f)
                if quieting:
                    for ahead in range(longest[j]):
                        plane_ahead = flight + uint64((t + ahead) & (wake_ring - 1)) * size
                        for w in range(uint64(0), size, uint64(8)):
                            poke(plane_ahead + w, peek(plane_ahead + w) | peek(places[f] + w))
            if marker >= 0:
                at[EPOCH_HIGH] = begin_epochs(places[marker], words, members, size, marked,
                                              epoch_ks, entered, at[EPOCH_LOW],
                                              at[EPOCH_HIGH])  # fmt: skip
            if at[EPOCH_LOW] < at[EPOCH_HIGH]:
                at[EPOCH_LOW] = count_epochs(fired, places, int64(listed), words, members, size,
                                             epoch_column, epochs, entered, at[BLOCK_LANES],
                                             at[EPOCH_LOW], at[EPOCH_HIGH])  # fmt: skip
            tick += 1
            if waited_for:
                for w in range(words):
                    waiting = uint64(0)
                    for k in range(until_bits):
                        waiting |= peek(until + uint64(k) * size + uint64(8 * w))
                    finished[w] = peek(live + uint64(8 * w)) & ~waiting
                if not looking:
                    at[RUNNING] = take_off(live, finished, words, 64 * first_word - ask.first_bit,
                                           tick - 1, stopped)  # fmt: skip
            elif quieting:
                in_flight = flight + uint64(t & (wake_ring - 1)) * size
                some = uint64(0)
                for w in range(words):
                    address = in_flight + uint64(8 * w)
                    finished[w] = peek(live + uint64(8 * w)) & ~peek(address)
                    poke(address, uint64(0))
                    some |= finished[w]
                if some != uint64(0):
                    at[TICK] = tick
                    return LOOK
            if looking:
                at[TICK], at[WAITED_FOR] = tick, waited_for
                return LOOK
            if visited == 0 and entry == entries and not quieting and not wake.any():
                # Nothing will ever happen again.
                tick = end
        at[TICK] = tick
        if ask.keep_state:
            return ENDED
        at[FIRST_WORD] += words
        at[BEGUN], at[TICK] = 0, start
    return DONE
