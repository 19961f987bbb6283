"""Visits of gates and keepers: what arrives is summed in all lanes, and spikes wake others.

No array is handed over here, only addresses: an array costs a reference count at every turn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import int64, uint64

from spikealg.engine.lanes.compiled import inlined, inner
from spikealg.engine.lanes.plan import (
    GATE,
    KIND,
    NEXT_SOURCE,
    NEXT_TARGET,
    NODE,
    NUMBER,
    PLANE,
    RING,
    ROLE,
    SLICED_BITS,
    SOURCE,
    TARGET,
)
from spikealg.engine.lanes.planes import (
    GROWN,
    RESTLESS,
    SHRUNK,
    accumulate,
    drawn,
    fire_all,
    fire_any,
    fire_every,
    fire_few,
    fire_sum,
    keep,
    settle,
    signed_width,
)
from spikealg.engine.lanes.single import base_of, beyond_int32, sums_beyond_int32
from spikealg.engine.rules import (
    ALWAYS,
    BIAS,
    DRAW_LIMIT,
    FLOOR,
    INT32_MAX,
    LEAK,
    REFRACTORY,
    RESET,
    RESET_VALUE,
    THRESHOLD,
)
from spikealg.engine.words import lowest, peek, peek32, poke, poke32
from spikealg.network import MEMORYLESS, NEVER

__all__ = ["Here", "gather", "send", "visit_gates", "visit_keepers", "wake_next"]

ZERO, ONE, LOW = uint64(0), uint64(1), uint64(0xFFFFFFFF)
FOUR, EIGHT, SIXTEEN = uint64(4), uint64(8), uint64(16)
NO_FLOOR_ABOVE = -(2**40)
"""Floors of a plan are above this, or there is none."""


class Here(NamedTuple):
    """Addresses of arrays (see ``LanePlan``, ``Ask`` and ``Room``), and numbers, all uint64.

    Attributes
    ----------
    plus, plus_weight, minus, minus_weight :
        Lists of the inputs of one neuron and their weights.
    others :
        List of the neurons that are visited later, int64.
    wild :
        Two int64: the first neuron that overflows in a tick (or −1), and its lane in the block.
    lanes : Number of lanes of a block.
    """

    nodes: np.uint64
    source: np.uint64
    target: np.uint64
    kinds: np.uint64
    stream: np.uint64
    held_bits: np.uint64
    held_start: np.uint64
    sent_tick: np.uint64
    sent_slot: np.uint64
    pair_weight: np.uint64
    stamp: np.uint64
    wake: np.uint64
    wake_mask: np.uint64
    wake_words: np.uint64
    counts: np.uint64
    noted: np.uint64
    fired: np.uint64
    width: np.uint64
    plus: np.uint64
    plus_weight: np.uint64
    minus: np.uint64
    minus_weight: np.uint64
    injected_at: np.uint64
    injected_from: np.uint64
    inject_neuron: np.uint64
    inject_weight: np.uint64
    injected: np.uint64
    others: np.uint64
    wild: np.uint64
    flat: np.uint64
    size: np.uint64
    live: np.uint64
    none: np.uint64
    sums: np.uint64
    potentials: np.uint64
    stride: np.uint64
    low_key: np.uint64
    high_key: np.uint64
    lanes: np.uint64


@inlined
def gather(here, j, t, injecting, entry, end_entry):
    """List what arrives at neuron j, planes that nobody has written in time left out.

    Returns
    -------
    n_plus, n_minus : uint64
        Inputs listed; those that are injected come last.
    up, down : int64
        Σ of the positive weights, Σ of the magnitudes of the negative ones.
    arrived_plus, arrived_minus : uint64
        Inputs that are not injected.
    """
    n_plus, n_minus, up, down = ZERO, ZERO, int64(0), int64(0)
    node = here.nodes + j * uint64(4 * NODE)
    s = here.source + EIGHT * uint64(peek32(node + uint64(4 * SOURCE)))
    end = here.source + EIGHT * uint64(peek32(node + uint64(4 * NEXT_SOURCE)))
    while s < end:
        row = peek(s)
        s += EIGHT
        pair = (row >> uint64(32)) * EIGHT
        plane = (row & LOW) + peek(here.sent_slot + pair)
        if peek32(here.stamp + FOUR * plane) != int64(peek(here.sent_tick + pair)):
            continue
        weight = int64(peek(here.pair_weight + pair))
        if weight > 0:
            poke(here.plus + EIGHT * n_plus, here.flat + plane * here.size)
            poke(here.plus_weight + EIGHT * n_plus, uint64(weight))
            n_plus += ONE
            up += weight
        else:
            poke(here.minus + EIGHT * n_minus, here.flat + plane * here.size)
            poke(here.minus_weight + EIGHT * n_minus, uint64(-weight))
            n_minus += ONE
            down -= weight
    arrived_plus, arrived_minus = n_plus, n_minus
    if injecting and peek32(here.injected_at + FOUR * j) == t:
        e = uint64(peek32(here.injected_from + FOUR * j))
        while e < uint64(end_entry) and peek(here.inject_neuron + EIGHT * e) == j:
            weight = int64(peek(here.inject_weight + EIGHT * e))
            address = here.injected + (e - uint64(entry)) * here.size
            if weight > 0:
                poke(here.plus + EIGHT * n_plus, address)
                poke(here.plus_weight + EIGHT * n_plus, uint64(weight))
                n_plus += ONE
                up += weight
            else:
                poke(here.minus + EIGHT * n_minus, address)
                poke(here.minus_weight + EIGHT * n_minus, uint64(-weight))
                n_minus += ONE
                down -= weight
            e += ONE
    return n_plus, n_minus, up, down, arrived_plus, arrived_minus


@inlined
def send(here, j, t, plane, count, listed, list_all):
    """Let `count` spikes of neuron j wake whom they will reach; return the length of the list."""
    node = here.nodes + j * uint64(4 * NODE)
    poke32(here.stamp + FOUR * plane, t)
    poke(here.counts + EIGHT * j, peek(here.counts + EIGHT * j) + count)
    s = here.target + SIXTEEN * uint64(peek32(node + uint64(4 * TARGET)))
    end = here.target + SIXTEEN * uint64(peek32(node + uint64(4 * NEXT_TARGET)))
    while s < end:
        row = peek(s)
        due = (uint64(t) + (row >> uint64(32))) & here.wake_mask
        word = here.wake + EIGHT * (due * here.wake_words + (row & LOW))
        poke(word, peek(word) | peek(s + EIGHT))
        s += SIXTEEN
    if list_all or peek32(here.noted + FOUR * j) != 0:
        poke(here.fired + EIGHT * listed, j)
        listed += ONE
    return listed


@inlined
def wake_next(here, j, t):
    """Wake neuron j for the tick after t."""
    row = ((uint64(t) + ONE) & here.wake_mask) * here.wake_words
    word = here.wake + EIGHT * (row + (j >> uint64(6)))
    poke(word, peek(word) | (ONE << (j & uint64(63))))


@inlined
def _note_wild(here, j, lane):
    """Keep an overflow if no neuron before has one in this tick."""
    known = int64(peek(here.wild))
    if lane >= 0 and (known < 0 or int64(j) < known):
        poke(here.wild, j)
        poke(here.wild + EIGHT, uint64(lane))


@inner
def visit_gates(here, block, t, tick, injecting, entry, end_entry, list_all):
    """Visit the gates that were woken for tick t from the start, and list the others.

    Returns
    -------
    visited, others, listed : uint64
        Gates visited, other neurons listed, and neurons that fired and are listed as noted.
    """
    visited, others, listed = ZERO, ZERO, ZERO
    wake = here.wake + EIGHT * (uint64(t) & here.wake_mask) * here.wake_words
    for group in range(ZERO, here.wake_words):
        woken = peek(wake + EIGHT * group)
        if woken == ZERO:
            continue
        poke(wake + EIGHT * group, ZERO)
        while woken != ZERO:
            j = (group << uint64(6)) + lowest(woken)
            woken &= woken - ONE
            node = here.nodes + j * uint64(4 * NODE)
            if peek32(node + uint64(4 * ROLE)) != GATE:
                poke(here.others + EIGHT * others, j)
                others += ONE
                continue
            visited += ONE
            n_plus, n_minus, up, down, arrived_plus, arrived_minus = gather(
                here, j, t, injecting, entry, end_entry
            )
            k = here.kinds + EIGHT * uint64(peek32(node + uint64(4 * KIND)))
            threshold = int64(peek(k + uint64(8 * THRESHOLD)))
            bias = int64(peek(k + uint64(8 * BIAS)))
            constant = bias - threshold - down
            highest = constant + up + down
            inputs = int64(n_plus + n_minus)
            if inputs > int64(arrived_plus + arrived_minus):
                # The weights alone cannot leave int32, what is injected can.
                if up + down + abs(bias) > INT32_MAX:
                    lane = sums_beyond_int32(
                        here.plus, here.plus_weight, n_plus, here.minus, here.minus_weight,
                        n_minus, bias, int64(peek(k + uint64(8 * FLOOR))), here.live, here.lanes,
                    )  # fmt: skip
                    _note_wild(here, j, lane)
            plane = uint64(peek32(node + uint64(4 * PLANE))) + uint64(
                t & peek32(node + uint64(4 * RING))
            )
            place = here.flat + plane * here.size
            if threshold > NEVER:
                continue
            if constant >= 0 or int64(peek(k + uint64(8 * FLOOR))) >= threshold:
                count = fire_all(place, here.live, here.size)
            elif highest < 0:
                continue
            elif up + down == inputs and constant == -1:
                count = fire_any(here.plus, n_plus, here.minus, n_minus, place, here.live,
                                 here.size)  # fmt: skip
            elif up + down == inputs and constant == -inputs:
                count = fire_every(here.plus, n_plus, here.minus, n_minus, place, here.live,
                                   here.size)  # fmt: skip
            elif up + down == inputs and constant >= -8 and highest <= 7:
                count = fire_few(here.plus, n_plus, here.minus, n_minus, constant, place,
                                 here.live, here.size)  # fmt: skip
            else:
                planes = max(signed_width(constant), signed_width(highest))
                count = fire_sum(here.plus, here.plus_weight, n_plus, here.minus,
                                 here.minus_weight, n_minus, constant, up + down == inputs,
                                 here.sums, uint64(planes), place, here.live,
                                 here.size)  # fmt: skip
            if count == ZERO:
                continue
            limit = int64(peek(k + uint64(8 * DRAW_LIMIT)))
            if limit < ALWAYS:
                count = drawn(place, uint64(limit), uint64(peek32(here.stream + FOUR * j)) & LOW,
                              uint64(tick), block, here.low_key, here.high_key,
                              here.size)  # fmt: skip
                if count == ZERO:
                    continue
            listed = send(here, j, t, plane, count, listed, list_all)
    return visited, others, listed


@inner
def visit_keepers(here, block, t, tick, injecting, entry, end_entry, others, listed,
                  list_all):  # fmt: skip
    """Visit the keepers among `others` listed neurons; leave the rest in the list.

    Returns
    -------
    left, listed : uint64
        Neurons left in the list, and the length of the list of noted ones.
    """
    left = ZERO
    for o in range(ZERO, others):
        j = peek(here.others + EIGHT * o)
        node = here.nodes + j * uint64(4 * NODE)
        if peek32(node + uint64(4 * ROLE)) > GATE + 1:
            poke(here.others + EIGHT * left, j)
            left += ONE
            continue
        n_plus, n_minus, up, down, _, _ = gather(here, j, t, injecting, entry, end_entry)
        k = here.kinds + EIGHT * uint64(peek32(node + uint64(4 * KIND)))
        threshold = int64(peek(k + uint64(8 * THRESHOLD)))
        floor = int64(peek(k + uint64(8 * FLOOR)))
        how = int64(peek(k + uint64(8 * RESET)))
        floored = floor > NO_FLOOR_ABOVE
        base = base_of(threshold)
        ready = here.none if threshold > NEVER else here.live
        forgets = int64(peek(k + uint64(8 * LEAK))) == MEMORYLESS
        constant = int64(peek(k + uint64(8 * BIAS))) - down
        if forgets:
            constant -= base
        highest = constant + up + down
        unit = up + down == int64(n_plus + n_minus)
        sum_width = max(signed_width(constant), signed_width(highest))
        value = int64(peek(k + uint64(8 * RESET_VALUE))) - base
        old = peek(here.width + EIGHT * j)
        width = max(max(int64(old), sum_width), signed_width(value))
        if how == 1:
            width = max(width, signed_width(-threshold))
        if floored:
            width = max(width, signed_width(floor - base))
        width = min(width + 1, SLICED_BITS)
        plane = uint64(peek32(node + uint64(4 * PLANE))) + uint64(
            t & peek32(node + uint64(4 * RING))
        )
        place = here.flat + plane * here.size
        potential = here.potentials + uint64(peek32(node + uint64(4 * NUMBER))) * here.size
        held = here.flat + peek(here.held_start + EIGHT * j) * here.size
        held_bits = peek(here.held_bits + EIGHT * j)
        limit = int64(peek(k + uint64(8 * DRAW_LIMIT)))
        narrow = (int64(1) << (width - 1)) + abs(base) <= INT32_MAX
        if (
            unit
            and sum_width <= 4
            and narrow
            and limit == ALWAYS
            and how == 0
            and value < 0
            and not (forgets or floored or held_bits > ZERO or threshold > NEVER)
        ):
            count, what = keep(here.plus, n_plus, here.minus, n_minus, constant, potential,
                               here.stride, old, uint64(width), value, place, here.live,
                               here.size)  # fmt: skip
            going = False
        else:
            count = accumulate(
                here.plus, here.plus_weight, n_plus, here.minus, here.minus_weight, n_minus,
                constant, unit, here.sums, uint64(sum_width), potential, here.stride, old,
                uint64(width), forgets, floored, floor - base, held, held_bits, place, ready,
                here.size,
            )  # fmt: skip
            if not narrow:
                _note_wild(here, j, beyond_int32(potential, here.stride, width, base, here.live,
                                                 here.lanes))  # fmt: skip
            if count != ZERO and limit < ALWAYS:
                count = drawn(place, uint64(limit), uint64(peek32(here.stream + FOUR * j)) & LOW,
                              uint64(tick), block, here.low_key, here.high_key,
                              here.size)  # fmt: skip
            refractory = int64(peek(k + uint64(8 * REFRACTORY)))
            what = settle(place, count != ZERO, potential, here.stride, uint64(width), how, value,
                          threshold, held, held_bits, refractory, ready, here.size)  # fmt: skip
            going = what & RESTLESS != ZERO
        if what & GROWN == ZERO and width > 1:
            width -= 1
            if what & SHRUNK == ZERO and width > 1:
                width -= 1
        poke(here.width + EIGHT * j, uint64(width))
        if count != ZERO:
            going |= forgets or (floored and value < floor - base)
        if going or (forgets and n_plus + n_minus > ZERO):
            wake_next(here, j, t)
        if count != ZERO:
            listed = send(here, j, t, plane, count, listed, list_all)
    return left, listed
