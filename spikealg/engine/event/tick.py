"""What the event kernel does in a tick: who is listed, what happens to them, whom they reach."""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

from spikealg.engine.event.work import COLUMNS, COUNT, EMPTY, FIRST, KIND, LAST, C, I, V
from spikealg.engine.prefetch import prefetch
from spikealg.engine.relays import KEEPS
from spikealg.engine.rules import (
    ALWAYS,
    BIAS,
    CURRENT_LEAK,
    DRAW_LIMIT,
    DRIVEN,
    ELIGIBLE,
    FIRED,
    FLOOR,
    INJECTING,
    INT32_MAX,
    INT32_MIN,
    LEAK,
    NEXT_INPUT,
    REFRACTORY,
    RESET,
    RESET_VALUE,
    RESTLESS,
    SIMPLE,
    THRESHOLD,
    WILD,
    caught_up,
    decay,
    integrated,
    is_restless,
    reset,
)  # fmt: skip
from spikealg.network import MEMORYLESS

__all__ = ["fire_relays", "gather", "reset_fired", "send", "visit", "visit_simple"]

AHEAD = 8
"""Spikes between asking for a cache line and needing it."""


@njit(cache=True)
def gather(ring, touched, front, slot, restless, injected, inject_tick, inject_neuron,
           inject_value, tick, inject_end, at):  # fmt: skip
    """Complete the list of a tick: injected and restless neurons join it; return where it lies."""
    slots, begin = len(front), slot * (len(touched) // len(front))
    end = front[slot]
    entry = at[NEXT_INPUT]
    while entry < inject_end and inject_tick[entry] == tick:
        neuron = inject_neuron[entry]
        injected[neuron] += inject_value[entry]
        cell = neuron * slots + slot
        if ring[cell] == EMPTY:
            ring[cell] = 0
            touched[end] = neuron
            end += 1
        entry += 1
    at[INJECTING] = entry > at[NEXT_INPUT]
    at[NEXT_INPUT] = entry
    for r in range(at[RESTLESS]):
        neuron = restless[r]
        cell = neuron * slots + slot
        if ring[cell] == EMPTY:
            ring[cell] = 0
            touched[end] = neuron
            end += 1
    front[slot] = begin
    return begin, end


@njit(cache=True)
def fire_relays(touched, back, marks, slot, fired, at):
    """List the relays of a tick as fired: something arrives, so nothing is left to find out."""
    last = uint64((slot + 1) * (len(touched) // len(back)) - 1)
    count = last - uint64(back[slot])
    for entry in range(count):
        j = uint64(touched[last - entry])
        fired[entry] = j
        # Whoever else has a bit in this word is on the list too.
        marks[slot, j >> uint64(6)] = 0
    back[slot] = last
    at[FIRED], at[DRIVEN] = count, count > 0


@njit(cache=True)
def visit_simple(kinds, hot, ring, visited, slot, slots, fired, left, elapsed, at):
    """Take the simple neurons on the list of a tick through all steps; list the others.

    Simple neurons (see ``WIDTH``) are most of a hand-built circuit; held ones are not simple.
    Returns the number of the others.
    """
    spiking, others = at[FIRED], 0
    driven = at[DRIVEN]
    wild = len(left)
    for entry in range(len(visited)):
        j = uint64(visited[entry])
        h = j * uint64(COLUMNS)
        k = uint64(hot[h + uint64(KIND)])
        simple = kinds[k + uint64(SIMPLE)]
        if simple == 0 or hot[h + uint64(C)] > 0:
            left[others] = j
            others += 1
            continue
        cell = j * uint64(slots) + uint64(slot)
        current = np.int64(ring[cell])
        ring[cell] = EMPTY
        driven |= current
        potential = current
        if simple == KEEPS:
            potential += hot[h + uint64(V)]
        hot[h + uint64(I)] = current
        hot[h + uint64(LAST)] = elapsed
        if potential >= kinds[k + uint64(THRESHOLD)]:
            fired[spiking] = j
            spiking += 1
            if potential > INT32_MAX:
                wild = min(wild, np.int64(j))
            potential = kinds[k + uint64(RESET_VALUE)]
        elif potential < INT32_MIN:
            wild = min(wild, np.int64(j))
        hot[h + uint64(V)] = potential
    at[FIRED], at[DRIVEN], at[WILD] = spiking, driven != 0, wild
    return others


@njit(cache=True)
def visit(kinds, hot, ring, visited, slot, slots, injected, restless, fired, eligible, elapsed,
           at):  # fmt: skip
    """Take neurons of any kind through steps 1 to 4."""
    waiting, spiking, drawing = 0, at[FIRED], 0
    driven, wild = at[DRIVEN], at[WILD]
    for entry in range(len(visited)):
        j = uint64(visited[entry])
        h = j * uint64(COLUMNS)
        k = uint64(hot[h + uint64(KIND)])
        cell = j * uint64(slots) + uint64(slot)
        threshold, leak = kinds[k + uint64(THRESHOLD)], kinds[k + uint64(LEAK)]
        bias, floor = kinds[k + uint64(BIAS)], kinds[k + uint64(FLOOR)]
        current_leak = kinds[k + uint64(CURRENT_LEAK)]
        current = np.int64(ring[cell])
        ring[cell] = EMPTY
        if current_leak != MEMORYLESS:
            current += decay(np.int64(hot[h + uint64(I)]), current_leak)
        elif current != 0:
            driven = 1
        potential = np.int64(hot[h + uint64(V)])
        skipped = elapsed - 1 - hot[h + uint64(LAST)]
        hot[h + uint64(LAST)] = elapsed
        if skipped > 0 and leak != MEMORYLESS:
            potential = caught_up(potential, leak, bias, floor, skipped)
        held = np.int64(hot[h + uint64(C)])
        if held == 0:
            potential = integrated(potential, leak, current + bias + injected[j], floor)
        injected[j] = 0
        if not (INT32_MIN <= potential <= INT32_MAX and INT32_MIN <= current <= INT32_MAX):
            wild = min(wild, np.int64(j))
            continue
        hot[h + uint64(I)] = current
        hot[h + uint64(V)] = potential
        if held == 0 and potential >= threshold:
            if kinds[k + uint64(DRAW_LIMIT)] == ALWAYS:
                fired[spiking] = j
                spiking += 1
            else:
                eligible[drawing] = j
                drawing += 1
            continue
        if held > 0:
            held -= 1
            hot[h + uint64(C)] = held
        if is_restless(potential, current, held, threshold, leak, current_leak, bias, floor):
            restless[waiting] = j
            waiting += 1
    at[RESTLESS], at[FIRED], at[ELIGIBLE], at[DRIVEN] = waiting, spiking, drawing, driven
    at[WILD] = wild


@njit(cache=True)
def reset_fired(kinds, hot, fired, restless, at):
    """Step 5 for all that fired; they are listed if they go on."""
    waiting = at[RESTLESS]
    for j in fired:
        h = uint64(j) * uint64(COLUMNS)
        k = uint64(hot[h + uint64(KIND)])
        threshold, held = kinds[k + uint64(THRESHOLD)], kinds[k + uint64(REFRACTORY)]
        potential = reset(np.int64(hot[h + uint64(V)]), kinds[k + uint64(RESET)],
                          kinds[k + uint64(RESET_VALUE)], threshold)  # fmt: skip
        hot[h + uint64(V)] = potential
        hot[h + uint64(C)] = held
        if is_restless(potential, np.int64(hot[h + uint64(I)]), held, threshold,
                       kinds[k + uint64(LEAK)], kinds[k + uint64(CURRENT_LEAK)],
                       kinds[k + uint64(BIAS)], kinds[k + uint64(FLOOR)]):  # fmt: skip
            restless[waiting] = j
            waiting += 1
    at[RESTLESS] = waiting


@njit(cache=True)
def send(spiking, synapse, target_bits, pairs, ring, touched, front, back, marks, senders, spiked,
         since):  # fmt: skip
    """Send spikes of tick `spiked` and count them.

    Where `since` is not None they were counted in an earlier call, and only what arrives at that
    tick or later is sent.
    """
    shift, mask = uint64(target_bits), (uint64(1) << uint64(target_bits)) - uint64(1)
    slots, final = uint64(len(front)), len(senders) - 1
    # The ends of the lists that grow are kept in registers while spikes join the same lists.
    row, end, relay_row, relay_end = uint64(0), uint64(front[0]), uint64(0), uint64(back[0])
    for f in range(len(senders)):
        later = uint64(senders[uint64(min(f + 2 * AHEAD, final))])
        prefetch(spiking, later << uint64(1))
        later = uint64(senders[uint64(min(f + AHEAD, final))])
        prefetch(synapse, uint64(spiking[(later << uint64(1)) + uint64(FIRST)]))
        h = uint64(senders[f]) << uint64(1)
        if since is None:
            spiking[h + uint64(COUNT)] += 1
        for s in range(uint64(spiking[h + uint64(FIRST)]), uint64(spiking[h + uint64(2 + FIRST)])):
            word = uint64(synapse[s])
            pair = (word >> shift) << uint64(1)
            weight, arrival = pairs[pair], spiked + pairs[pair + uint64(1)]
            if since is not None and arrival < since:
                continue
            slot = uint64(arrival) & (slots - uint64(1))
            post = word & mask
            if weight == EMPTY:
                if slot != relay_row:
                    back[relay_row] = relay_end
                    relay_row, relay_end = slot, uint64(back[slot])
                # Written in any case, but the list grows only by a relay that is not on it yet.
                touched[relay_end] = post
                listed = marks[slot, post >> uint64(6)]
                bit = post & uint64(63)
                marks[slot, post >> uint64(6)] = listed | (uint64(1) << bit)
                relay_end -= (~listed >> bit) & uint64(1)
                continue
            cell = post * slots + slot
            present = ring[cell]
            if present != EMPTY:
                ring[cell] = present + weight
                continue
            ring[cell] = weight
            if slot != row:
                front[row] = end
                row, end = slot, uint64(front[slot])
            touched[end] = post
            end += uint64(1)
    front[row], back[relay_row] = end, relay_end
