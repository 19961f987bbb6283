"""The lanes kernel: blocks of lanes, tick by tick, visiting the neurons that somebody woke.

A spike wakes the neurons it will reach, for the tick in which it will. A neuron that is woken sums
its inputs in all lanes of the block at once and is the only one to write its own plane of spikes.
"""

from __future__ import annotations

from numba import int64, njit, uint64

from spikealg.engine.lanes.begin import begin_block
from spikealg.engine.lanes.compiled import inner
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
from spikealg.engine.lanes.work import (
    BEGUN,
    BLOCK_LANES,
    END_ENTRY,
    EPOCH_HIGH,
    EPOCH_LOW,
    FIRED,
    FIRST_ENTRY,
    FIRST_WORD,
    MARKS,
    OVERFLOW_LANE,
    OVERFLOW_NEURON,
    OVERFLOW_TICK,
    READ,
    RUNNING,
    SPIKES,
    TICK,
    UNTIL,
    WAITED_FOR,
)
from spikealg.engine.rules import ALWAYS, DRAW_LIMIT
from spikealg.engine.words import peek, peek32, poke

__all__ = ["DONE", "ENDED", "LOOK", "advance"]

DONE, PAUSED, ENDED, LOOK = range(4)
ONE, LOW = uint64(1), uint64(0xFFFFFFFF)
WORK_PER_CALL = 200_000_000
"""Neurons visited times words after which the kernel returns for a moment."""


@inner
def _visit_wide(wide, nodes, wild, here, block, t, tick, injecting, entry, end_entry, left, listed,
                list_all):  # fmt: skip
    """Visit the wide neurons listed; return the length of the list of noted ones."""
    kinds, arrived, injected = wide.kinds, wide.lane_i, wide.lane_drive
    for o in range(left):
        j = wide.others[o]
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
        some, lane = integrate_wide(kinds, k, wide.wide_v[m], wide.wide_i[m], wide.wide_c[m],
                                    arrived, injected, place, here.live)  # fmt: skip
        count = uint64(some)
        if lane >= 0 and (wild[0] < 0 or j < wild[0]):
            wild[0], wild[1] = j, lane
        limit = kinds[k + DRAW_LIMIT]
        if count != uint64(0) and limit < ALWAYS:
            stream = uint64(peek32(here.stream + uint64(4 * j))) & LOW
            count = drawn(place, uint64(limit), stream, uint64(tick), block, here.low_key,
                          here.high_key, here.size)  # fmt: skip
        if settle_wide(kinds, k, wide.wide_v[m], wide.wide_i[m], wide.wide_c[m], place,
                       count != uint64(0), here.live):  # fmt: skip
            wake_next(here, uint64(j), t)
        if count != uint64(0):
            listed = send(here, uint64(j), t, uint64(plane), count, listed, list_all)
    return listed


@njit(cache=True, nogil=True)
def advance(beat, before, ask, here, out, at, wide, epochs, resumed):
    """Run from where `at` stands until somebody has to look, or for a while.

    Parameters
    ----------
    wide : Wide or None
    epochs : Epochs or None
    resumed : Resumed or None
        None where there are no wide neurons, no epochs, or no other state than the network's own:
        nothing is compiled for them then.

    Returns
    -------
    int
        DONE if nothing is left; ENDED with a block whose state is wanted; LOOK after a tick whose
        potentials are wanted or after which lanes may be quiet; PAUSED between two ticks, where a
        buffer is full or much is done.
    """
    nodes, always, pair_delay, pair_mask = beat.nodes, beat.always, beat.pair_delay, beat.pair_mask
    wake, wild, sent_slot, sent_tick = beat.wake, beat.wild, beat.sent_slot, beat.sent_tick
    injected_at, injected_from = beat.injected_at, beat.injected_from
    fired, places, finished, stopped = beat.fired, beat.places, out.finished, out.stopped
    inject_tick, inject_neuron = ask.inject_tick, ask.inject_neuron
    inject_planes, noted, longest = ask.inject_planes, ask.noted, beat.longest
    words, wake_ring, start = beat.words, beat.wake_ring, ask.start_tick
    flat, size, live = here.flat, here.size, here.live
    until, until_bits = flat + uint64(beat.until) * size, beat.until_bits
    members, flight = flat + uint64(beat.epochs) * size, flat + uint64(beat.flight) * size
    row_words, entries = len(wake) // wake_ring, len(inject_tick)
    end_word = (ask.end_bit + 63) // 64
    quieting, looking = ask.until_quiet, ask.looking
    buffer, recorded = len(out.tick), ask.recorded * words
    work = 0
    while at[FIRST_WORD] < end_word:
        if at[BEGUN] == 0:
            begin_block(before, beat, ask, here, at, wide, epochs, resumed)
            at[BEGUN] = 1
        first_word = at[FIRST_WORD]
        first_row = 64 * first_word - ask.first_bit
        block = ask.first_block + uint64(first_word // 2)
        tick = at[TICK]
        end = ask.end_tick if at[OVERFLOW_TICK] < 0 else at[OVERFLOW_TICK] + 1
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
                listed = _visit_wide(wide, nodes, wild, here, block, t, tick, injecting,
                                     first_entry, entry, int64(left), listed,
                                     quieting)  # fmt: skip
            work += (visited + 1) * words
            if wild[0] >= 0:
                # Of two blocks the first has the smaller lanes, counted from the slice's first.
                known, neuron = at[OVERFLOW_TICK], at[OVERFLOW_NEURON]
                if known < 0 or tick < known or (tick == known and wild[0] < neuron):
                    at[OVERFLOW_TICK], at[OVERFLOW_NEURON] = tick, wild[0]
                    at[OVERFLOW_LANE] = first_row + wild[1]
                break
            waited_for, marker = False, -1
            for f in range(listed):
                j = fired[f]
                plane = int64(nodes[j * NODE + PLANE]) + (t & int64(nodes[j * NODE + RING]))
                places[f] = flat + uint64(plane) * size
                if noted[j] & FIRED:
                    at[SPIKES] = record(j, places[f], words, first_word, tick, out.tick, out.neuron,
                                        out.word, out.bits, at[SPIKES])  # fmt: skip
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
            if epochs is not None:
                if marker >= 0:
                    at[EPOCH_HIGH] = begin_epochs(epochs, places[marker], words, members, size,
                                                  at[EPOCH_LOW], at[EPOCH_HIGH])  # fmt: skip
                at[EPOCH_LOW] = count_epochs(epochs, fired, places, int64(listed), words, members,
                                             size, at[BLOCK_LANES], at[EPOCH_LOW],
                                             at[EPOCH_HIGH])  # fmt: skip
            tick += 1
            if waited_for:
                for w in range(words):
                    waiting = uint64(0)
                    for k in range(until_bits):
                        waiting |= peek(until + uint64(k) * size + uint64(8 * w))
                    finished[w] = peek(live + uint64(8 * w)) & ~waiting
                if not looking:
                    at[RUNNING] = take_off(live, finished, words, first_row, tick - 1, stopped)
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
        if before.keep_state:
            return ENDED
        at[FIRST_WORD] += words
        at[BEGUN] = 0
    return DONE
