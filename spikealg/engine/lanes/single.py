"""Lanes one by one: sums, wide neurons, and what bit planes hold as plain numbers.

Arrays of one entry per lane of the block; planes by their address, as in ``planes``.
"""

from __future__ import annotations

from numba import int64, uint64

from spikealg.engine.lanes.compiled import inner
from spikealg.engine.lanes.plan import (
    KEEPER,
    KIND,
    NEXT_SOURCE,
    NODE,
    NUMBER,
    PLANE,
    RING,
    ROLE,
    SOURCE,
    WIDE,
)
from spikealg.engine.rules import (
    BIAS,
    CURRENT_LEAK,
    FLOOR,
    INT32_MAX,
    INT32_MIN,
    LEAK,
    REFRACTORY,
    RESET,
    RESET_VALUE,
    THRESHOLD,
    decay,
    integrated,
    is_restless,
    reset,
)
from spikealg.engine.words import count_ones, peek, poke
from spikealg.network import NEVER

__all__ = [
    "add_planes",
    "base_of",
    "beyond_int32",
    "integrate_wide",
    "rest",
    "reveal",
    "settle_wide",
    "sums_beyond_int32",
    "write_planes",
]

ONE = uint64(1)


@inner
def base_of(threshold):
    """Return what the planes of a potential are counted from: the threshold, if there is one."""
    return int64(0) if threshold > NEVER else int64(threshold)


@inner
def add_planes(lanes, plane, weight):
    """Add `weight` in the lanes whose bit is set in the plane at an address."""
    for word in range(len(lanes) // 64):
        bits = peek(plane + uint64(8 * word))
        if bits == uint64(0):
            continue
        for bit in range(64):
            lanes[64 * word + bit] += weight * int64((bits >> uint64(bit)) & ONE)


@inner
def read_planes(lanes, planes, stride, width, signed):
    """Write the numbers of `width` planes, `stride` bytes apart."""
    lanes[:] = 0
    for k in range(width):
        weight = int64(1) << k
        if signed and k == width - 1:
            weight = -weight
        add_planes(lanes, planes + uint64(k) * stride, weight)


@inner
def write_planes(lanes, planes, stride, width):
    """Write the numbers of all lanes to `width` planes, in two's complement."""
    for k in range(width):
        for word in range(len(lanes) // 64):
            bits = uint64(0)
            for bit in range(64):
                bits |= (uint64(lanes[64 * word + bit] >> k) & ONE) << uint64(bit)
            poke(planes + uint64(k) * stride + uint64(8 * word), bits)


@inner
def _bit_of(plane, lane):
    return int64((peek(plane + uint64(8 * (lane // 64))) >> uint64(lane % 64)) & ONE)


@inner
def sums_beyond_int32(plus, plus_weight, n_plus, minus, minus_weight, n_minus, bias, floor, live,
                      lanes):  # fmt: skip
    """Return the first lane that runs and whose sum of inputs is outside int32, or −1."""
    for lane in range(lanes):
        potential = bias
        for a in range(n_plus):
            weight = int64(peek(plus_weight + uint64(8) * a))
            potential += weight * _bit_of(peek(plus + uint64(8) * a), int64(lane))
        for a in range(n_minus):
            weight = int64(peek(minus_weight + uint64(8) * a))
            potential -= weight * _bit_of(peek(minus + uint64(8) * a), int64(lane))
        potential = max(potential, floor)
        if not INT32_MIN <= potential <= INT32_MAX and _bit_of(live, int64(lane)):
            return int64(lane)
    return int64(-1)


@inner
def beyond_int32(planes, stride, width, base, live, lanes):
    """Return the first lane that runs and whose number, from `base` up, is outside int32, or −1."""
    for lane in range(lanes):
        number = base
        for k in range(width):
            weight = int64(1) << k
            if k == width - 1:
                weight = -weight
            number += weight * _bit_of(planes + uint64(k) * stride, int64(lane))
        if not INT32_MIN <= number <= INT32_MAX and _bit_of(live, int64(lane)):
            return int64(lane)
    return int64(-1)


@inner
def integrate_wide(kinds, k, v, i, c, arrived, injected, out, live):
    """Take steps 1 to 4 of a wide neuron; write who may fire, return how many, and an overflow.

    Parameters
    ----------
    v, i, c : int32 arrays (lanes,), written
    arrived, injected : int64 arrays (lanes,)
        `injected` is written: it becomes the drive.

    Returns
    -------
    count, lane : int
        `lane` is −1 without overflow.
    """
    threshold, leak, floor = kinds[k + THRESHOLD], kinds[k + LEAK], kinds[k + FLOOR]
    bias, current_leak = kinds[k + BIAS], kinds[k + CURRENT_LEAK]
    count, wild = 0, -1
    for word in range(len(v) // 64):
        running = peek(live + uint64(8 * word))
        fired = uint64(0)
        for bit in range(64):
            lane = 64 * word + bit
            current = decay(int64(i[lane]), current_leak) + arrived[lane]
            potential = int64(v[lane])
            held = c[lane] > 0
            if held:
                c[lane] -= 1
            else:
                potential = integrated(potential, leak, current + bias + injected[lane], floor)
            i[lane] = current
            v[lane] = potential
            inside = INT32_MIN <= current <= INT32_MAX and INT32_MIN <= potential <= INT32_MAX
            if not inside and wild < 0 and (running >> uint64(bit)) & ONE:
                wild = lane
            if not held and potential >= threshold:
                fired |= ONE << uint64(bit)
        fired &= running
        poke(out + uint64(8 * word), fired)
        count += int64(count_ones(fired))
    return count, wild


@inner
def settle_wide(kinds, k, v, i, c, out, any_fired, live):
    """Take step 5 of a wide neuron; return whether some lane changes without input."""
    threshold, leak, floor = kinds[k + THRESHOLD], kinds[k + LEAK], kinds[k + FLOOR]
    bias, current_leak = kinds[k + BIAS], kinds[k + CURRENT_LEAK]
    restless = False
    for word in range(len(v) // 64):
        fired = peek(out + uint64(8 * word)) if any_fired else uint64(0)
        running = peek(live + uint64(8 * word))
        for bit in range(64):
            lane = 64 * word + bit
            if (fired >> uint64(bit)) & ONE:
                v[lane] = reset(int64(v[lane]), kinds[k + RESET], kinds[k + RESET_VALUE], threshold)
                c[lane] = kinds[k + REFRACTORY]
            if not (running >> uint64(bit)) & ONE:
                continue
            current = decay(int64(i[lane]), current_leak)
            potential = int64(v[lane])
            restless |= c[lane] > 0 or i[lane] != 0 or potential >= threshold
            restless |= integrated(potential, leak, current + bias, floor) != potential
    return restless


@inner
def _arrivals(view, tick, neuron):
    """Write the sums of what arrives at a neuron in a tick to ``view.lane_i``."""
    lanes, nodes = view.lane_i, view.nodes
    lanes[:] = 0
    flat, size = uint64(view.flat.ctypes.data), uint64(8 * view.words)
    for s in range(nodes[neuron * NODE + SOURCE], nodes[neuron * NODE + NEXT_SOURCE]):
        p = int64(view.source[s] >> uint64(32))
        sent = tick - view.pair_delay[p]
        plane = int64(view.source[s] & uint64(0xFFFFFFFF)) + (sent & view.pair_mask[p])
        if view.stamp[plane] == sent:
            add_planes(lanes, flat + uint64(plane) * size, view.pair_weight[p])


@inner
def reveal(view, wide, inject_neuron, inject_weight, first_entry, end_entry, tick, neuron):
    """Write v, i and c of a neuron at the end of a tick, lane by lane, to ``view.lane_*``.

    `tick` counts from the start of the run; the entries of inputs are those of this tick.
    """
    size = uint64(8 * view.words)
    flat = uint64(view.flat.ctypes.data)
    kinds, v, i, c, drive = view.kinds, view.lane_v, view.lane_i, view.lane_c, view.lane_drive
    node = neuron * NODE
    role, number = view.nodes[node + ROLE], int64(view.nodes[node + NUMBER])
    k = int64(view.nodes[node + KIND])
    if wide is not None and role == WIDE:
        for lane in range(len(v)):
            v[lane], i[lane] = wide.wide_v[number, lane], wide.wide_i[number, lane]
            c[lane] = wide.wide_c[number, lane]
        return
    _arrivals(view, tick, neuron)
    if role == KEEPER:
        stride = uint64(view.keepers) * size
        base = base_of(kinds[k + THRESHOLD])
        read_planes(v, flat + uint64(view.potentials + number) * size, stride,
                    view.width[neuron], True)  # fmt: skip
        v += base
        read_planes(c, flat + uint64(view.held_start[neuron]) * size, size,
                    view.held_bits[neuron], False)  # fmt: skip
        return
    c[:] = 0
    drive[:] = 0
    for entry in range(first_entry, end_entry):
        if inject_neuron[entry] == neuron:
            add_planes(drive, flat + uint64(view.injected + entry - first_entry) * size,
                       inject_weight[entry])  # fmt: skip
    plane = int64(view.nodes[node + PLANE]) + (tick & int64(view.nodes[node + RING]))
    fired = view.stamp[plane] == tick
    for lane in range(len(v)):
        v[lane] = max(i[lane] + kinds[k + BIAS] + drive[lane], kinds[k + FLOOR])
        word = peek(flat + uint64(plane) * size + uint64(8 * (lane // 64)))
        if fired and (word >> uint64(lane % 64)) & ONE:
            v[lane] = reset(v[lane], kinds[k + RESET], kinds[k + RESET_VALUE],
                            kinds[k + THRESHOLD])  # fmt: skip


@inner
def rest(kinds, k, v, i, c, resting):
    """Clear the bits of `resting` (uint64 array) of the lanes in which a neuron is not at rest."""
    for lane in range(len(v)):
        current = i[lane]
        still = current == 0 and not is_restless(
            v[lane], current, c[lane], kinds[k + THRESHOLD], kinds[k + LEAK],
            kinds[k + CURRENT_LEAK], kinds[k + BIAS], kinds[k + FLOOR],
        )  # fmt: skip
        if not still:
            resting[lane // 64] &= ~(ONE << uint64(lane % 64))
