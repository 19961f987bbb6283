"""Arithmetic on bit planes: one number per lane, bit k of all lanes in plane k.

A plane is `size` bytes long, a bit per lane; a number of w planes is in two's complement, its
planes `size` bytes apart. Numbers are added up from inputs, which are planes too: input a adds its
weight in the lanes whose bit is set. An input that would subtract is complemented and its weight
moved into the constant, −w·x = w·(1 − x) − w, so that there is nothing but adding.

Arguments named as in these functions mean:

plus, minus : uint64
    Address of the list of addresses of the inputs that add, or that are complemented.
n_plus, n_minus : uint64
    Their number; weights are in lists as long, one after the other.
constant : int64
    What the inputs are added to.
out : uint64
    Address of a plane that is written: who fires, or may fire after a draw.
live : uint64
    Address of the plane of lanes that run.
"""

from __future__ import annotations

from numba import int64, njit, uint64

from spikealg.engine.words import (
    BYTES,
    any_bit,
    each,
    evens,
    load,
    merged_high,
    merged_low,
    numbers,
    odds,
    ones,
    peek,
    store,
    total,
)

__all__ = [
    "GROWN",
    "RESTLESS",
    "SHRUNK",
    "accumulate",
    "drawn",
    "fire_all",
    "fire_any",
    "fire_every",
    "fire_few",
    "fire_sum",
    "fire_three",
    "held_planes",
    "keep",
    "settle",
    "signed_width",
]

STEP = uint64(BYTES)
WORD = uint64(8)
ZERO, ONE, FULL = uint64(0), uint64(1), uint64(0xFFFFFFFFFFFFFFFF)
LOW = uint64(0xFFFFFFFF)
GROWN, SHRUNK, RESTLESS = uint64(1), uint64(2), uint64(4)
"""Bits of what `settle` returns: the top plane is needed, so is the one below it, or some lane
goes on without input."""


@njit(cache=True)
def signed_width(x):
    """Return how many planes the number x needs in two's complement."""
    magnitude = x if x >= 0 else ~x
    width = 1
    while magnitude > 0:
        magnitude >>= 1
        width += 1
    return width


@njit(cache=True)
def _bit(x, k):
    """Return bit k of the int64 x in all 64 places; beyond bit 63 its sign."""
    return ZERO - (uint64(int64(x) >> int64(min(k, 63))) & ONE)


@njit(cache=True)
def fire_all(out, live, size):
    """Let all lanes that run fire; return how many."""
    count = each(ZERO)
    for w in range(ZERO, size, STEP):
        fired = load(live + w)
        store(out + w, fired)
        count = count + ones(fired)
    return total(count)


@njit(cache=True)
def fire_any(plus, n_plus, minus, n_minus, out, live, size):
    """Fire where any input is set, or any complemented one is not; return how many fire."""
    count = each(ZERO)
    if n_plus <= uint64(2) and n_plus > ZERO and n_minus == ZERO:
        first, second = peek(plus), peek(plus + (n_plus - ONE) * WORD)
        for w in range(ZERO, size, STEP):
            fired = (load(first + w) | load(second + w)) & load(live + w)
            store(out + w, fired)
            count = count + ones(fired)
        return total(count)
    for w in range(ZERO, size, STEP):
        fired = each(ZERO)
        for a in range(ZERO, n_plus):
            fired = fired | load(peek(plus + a * WORD) + w)
        for a in range(ZERO, n_minus):
            fired = fired | ~load(peek(minus + a * WORD) + w)
        fired = fired & load(live + w)
        store(out + w, fired)
        count = count + ones(fired)
    return total(count)


@njit(cache=True)
def fire_every(plus, n_plus, minus, n_minus, out, live, size):
    """Fire where all inputs are set and all complemented ones are not; return how many fire."""
    count = each(ZERO)
    if n_plus == uint64(2) and n_minus == ZERO:
        first, second = peek(plus), peek(plus + WORD)
        for w in range(ZERO, size, STEP):
            fired = load(live + w) & load(first + w) & load(second + w)
            store(out + w, fired)
            count = count + ones(fired)
        return total(count)
    for w in range(ZERO, size, STEP):
        fired = load(live + w)
        for a in range(ZERO, n_plus):
            fired = fired & load(peek(plus + a * WORD) + w)
        for a in range(ZERO, n_minus):
            fired = fired & ~load(peek(minus + a * WORD) + w)
        store(out + w, fired)
        count = count + ones(fired)
    return total(count)


@njit(cache=True)
def fire_few(plus, n_plus, minus, n_minus, constant, out, live, size):
    """Fire where constant + inputs ≥ 0; all weights are 1, all sums from −8 to 7."""
    k0, k1 = each(_bit(constant, 0)), each(_bit(constant, 1))
    k2, k3 = each(_bit(constant, 2)), each(_bit(constant, 3))
    count = each(ZERO)
    for w in range(ZERO, size, STEP):
        s0, s1, s2, s3 = k0, k1, k2, k3
        for a in range(ZERO, n_plus):
            x = load(peek(plus + a * WORD) + w)
            y = s0 & x
            s0 = s0 ^ x
            x = s1 & y
            s1 = s1 ^ y
            y = s2 & x
            s2 = s2 ^ x
            s3 = s3 ^ y
        for a in range(ZERO, n_minus):
            x = ~load(peek(minus + a * WORD) + w)
            y = s0 & x
            s0 = s0 ^ x
            x = s1 & y
            s1 = s1 ^ y
            y = s2 & x
            s2 = s2 ^ x
            s3 = s3 ^ y
        fired = load(live + w) & ~s3
        store(out + w, fired)
        count = count + ones(fired)
    return total(count)


@njit(cache=True, inline="always")
def _sum_few(plus, n_plus, minus, n_minus, s0, s1, s2, w):
    """Return the three planes of a sum from −4 to 3 at `w`, started at planes s0, s1, s2."""
    for a in range(ZERO, n_plus):
        x = load(peek(plus + a * WORD) + w)
        y = s0 & x
        s0 = s0 ^ x
        s2 = s2 ^ (s1 & y)
        s1 = s1 ^ y
    for a in range(ZERO, n_minus):
        x = ~load(peek(minus + a * WORD) + w)
        y = s0 & x
        s0 = s0 ^ x
        s2 = s2 ^ (s1 & y)
        s1 = s1 ^ y
    return s0, s1, s2


@njit(cache=True)
def fire_three(plus, n_plus, minus, n_minus, constant, out, live, size):
    """Fire where constant + inputs ≥ 0; all weights are 1, all sums from −4 to 3."""
    k0, k1, k2 = each(_bit(constant, 0)), each(_bit(constant, 1)), each(_bit(constant, 2))
    count = each(ZERO)
    for w in range(ZERO, size, STEP):
        _, _, s2 = _sum_few(plus, n_plus, minus, n_minus, k0, k1, k2, w)
        fired = load(live + w) & ~s2
        store(out + w, fired)
        count = count + ones(fired)
    return total(count)


@njit(cache=True)
def _add_weighted(number, width, x, weight):
    """Add weight·x to a number whose planes are BYTES apart, modulo 2^width."""
    end = number + width * STEP
    while weight != ZERO:
        if weight & ONE:
            address, carry = number, x
            while address < end and any_bit(carry) != ZERO:
                a = load(address)
                store(address, a ^ carry)
                carry = a & carry
                address += STEP
        weight >>= ONE
        number += STEP


@njit(cache=True)
def _sum(plus, plus_weight, n_plus, minus, minus_weight, n_minus, constant, number, width, w):
    """Write constant + Σ weight·input of the lanes at `w` to a number with planes BYTES apart."""
    for k in range(ZERO, width):
        store(number + k * STEP, each(_bit(constant, int64(k))))
    for a in range(ZERO, n_plus):
        x = load(peek(plus + a * WORD) + w)
        _add_weighted(number, width, x, peek(plus_weight + a * WORD))
    for a in range(ZERO, n_minus):
        x = ~load(peek(minus + a * WORD) + w)
        _add_weighted(number, width, x, peek(minus_weight + a * WORD))


@njit(cache=True)
def fire_sum(plus, plus_weight, n_plus, minus, minus_weight, n_minus, constant, number, width, out,
             live, size):  # fmt: skip
    """Fire where constant + Σ weight·input ≥ 0; `number` is room for `width` planes."""
    count = each(ZERO)
    for w in range(ZERO, size, STEP):
        _sum(plus, plus_weight, n_plus, minus, minus_weight, n_minus, constant, number, width, w)
        fired = load(live + w) & ~load(number + (width - ONE) * STEP)
        store(out + w, fired)
        count = count + ones(fired)
    return total(count)


@njit(cache=True)
def held_planes(held, bits, w, size):
    """Return the lanes at `w` whose count of `bits` planes at `held` is not 0."""
    any_held = each(ZERO)
    for k in range(ZERO, bits):
        any_held = any_held | load(held + k * size + w)
    return any_held


@njit(cache=True)
def accumulate(plus, plus_weight, n_plus, minus, minus_weight, n_minus, constant, unit, number,
               sum_width, potential, stride, old_width, width, forgets, floored, floor, held,
               held_bits, out, live, size):  # fmt: skip
    """Add what arrives to a potential and write who reaches threshold: steps 3 and 4.

    Parameters
    ----------
    unit : bool
        All weights are 1 and all sums from −4 to 3.
    number : uint64
        Room for the sum, `sum_width` planes BYTES apart.
    potential : uint64
        Address of the potential minus the threshold, its planes `stride` bytes apart: `old_width`
        of them, `width` afterwards.
    forgets : bool
        The potential before does not count (leak 4096).
    floored : bool
        There is a floor, `floor` above the threshold.
    held : uint64
        Address of the refractory ticks left, `held_bits` planes.
    """
    count = each(ZERO)
    k0, k1, k2 = each(_bit(constant, 0)), each(_bit(constant, 1)), each(_bit(constant, 2))
    top = potential + (old_width - ONE) * stride
    for w in range(ZERO, size, STEP):
        if unit:
            s0, s1, s2 = _sum_few(plus, n_plus, minus, n_minus, k0, k1, k2, w)
            store(number, s0)
            store(number + STEP, s1)
            store(number + STEP + STEP, s2)
        else:
            _sum(plus, plus_weight, n_plus, minus, minus_weight, n_minus, constant, number,
                 sum_width, w)  # fmt: skip
        free = ~held_planes(held, held_bits, w, size)
        sign, carry, a = load(top + w), each(ZERO), each(ZERO)
        for k in range(ZERO, width):
            place = potential + k * stride + w
            a = sign
            if k < old_width:
                a = load(place)
            if forgets:
                a = a & ~free
            d = load(number + min(k, sum_width - ONE) * STEP) & free
            x = a ^ d
            a = x ^ carry
            store(place, a)
            carry = (carry & x) | (d & ~x)
        if floored:
            # The sign of potential − floor, one plane wider than either.
            carry = each(FULL)
            for k in range(ZERO, width):
                a = load(potential + k * stride + w)
                d = each(~_bit(floor, int64(k)))
                x = a ^ d
                carry = (carry & x) | (d & ~x)
            below = (a ^ each(~_bit(floor, 63)) ^ carry) & free
            for k in range(ZERO, width):
                place = potential + k * stride + w
                a = (load(place) & ~below) | (each(_bit(floor, int64(k))) & below)
                store(place, a)
        fired = ~a & free & load(live + w)
        store(out + w, fired)
        count = count + ones(fired)
    return total(count)


@njit(cache=True)
def keep(plus, n_plus, minus, n_minus, constant, potential, stride, old_width, width, value, out,
         live, size):  # fmt: skip
    """Take the most usual keepers through steps 3 to 5 at once: plain counters.

    Like `accumulate` and `settle` where all weights are 1 and all sums from −4 to 3, nothing is
    forgotten, held, drawn or bounded from below, and a spike resets to `value`.

    Returns
    -------
    count, what : uint64
        Spikes; GROWN and SHRUNK as from `settle`.
    """
    count, grown, shrunk = each(ZERO), each(ZERO), each(ZERO)
    k0, k1, k2 = each(_bit(constant, 0)), each(_bit(constant, 1)), each(_bit(constant, 2))
    old, end = old_width * stride, width * stride
    for w in range(ZERO, size, STEP):
        s0, s1, s2 = _sum_few(plus, n_plus, minus, n_minus, k0, k1, k2, w)
        here = potential + w
        a, carry = load(here), each(ZERO)
        # Planes 0 to 2 of the sum, then its sign; the potential is extended by its own sign.
        place, d = ZERO, s0
        while place < old:
            a = load(here + place)
            x = a ^ d
            store(here + place, x ^ carry)
            carry = (carry & x) | (d & ~x)
            d, s1 = s1, s2
            place += stride
        top = a
        while place < end:
            x = a ^ d
            top = x ^ carry
            store(here + place, top)
            carry = (carry & x) | (d & ~x)
            d, s1 = s1, s2
            place += stride
        fired = ~top & load(live + w)
        store(out + w, fired)
        if any_bit(fired) != ZERO:
            count = count + ones(fired)
            place = ZERO
            for k in range(ZERO, width):
                bit = each(_bit(value, int64(k)))
                store(here + place, (load(here + place) & ~fired) | (bit & fired))
                place += stride
        first = load(here + end - stride)
        second = load(here + end - stride - stride)
        grown = grown | (first ^ second)
        if width > uint64(2):
            shrunk = shrunk | (second ^ load(here + end - stride - stride - stride))
    what = ZERO
    if any_bit(grown) != ZERO:
        what |= GROWN
    if any_bit(shrunk) != ZERO or width <= uint64(2):
        what |= SHRUNK
    return total(count), what


@njit(cache=True)
def settle(fired_plane, any_fired, potential, stride, width, how, value, threshold, held,
           held_bits, refractory, live, size):  # fmt: skip
    """Take step 5, let refractory ticks go by; return bits that say what to do next.

    Parameters
    ----------
    how : int64
        0 the potential becomes `value` (from the threshold), 1 it falls by `threshold`, 2 it stays.
    """
    grown, shrunk, restless = each(ZERO), each(ZERO), each(ZERO)
    for w in range(ZERO, size, STEP):
        fired = load(fired_plane + w)
        first, second, third = each(ZERO), each(ZERO), each(ZERO)
        carry = each(ZERO)
        for k in range(ZERO, width):
            place = potential + k * stride + w
            a = load(place)
            if any_fired and how == 0:
                a = (a & ~fired) | (each(_bit(value, int64(k))) & fired)
                store(place, a)
            elif any_fired and how == 1:
                d = each(_bit(-threshold, int64(k))) & fired
                x = a ^ d
                a = x ^ carry
                carry = (carry & x) | (d & ~x)
                store(place, a)
            third = second
            second = first
            first = a
        grown = grown | (first ^ second)
        shrunk = shrunk | (second ^ third)
        restless = restless | (~first & load(live + w))
        if held_bits > ZERO:
            borrow = held_planes(held, held_bits, w, size)
            restless = restless | borrow
            for k in range(ZERO, held_bits):
                place = held + k * size + w
                a = load(place)
                left = a ^ borrow
                borrow = borrow & ~a
                left = (left & ~fired) | (each(_bit(refractory, int64(k))) & fired)
                store(place, left)
                restless = restless | left
    what = ZERO
    if any_bit(grown) != ZERO:
        what |= GROWN
    if any_bit(shrunk) != ZERO:
        what |= SHRUNK
    if any_bit(restless) != ZERO:
        what |= RESTLESS
    return what


@njit(cache=True)
def drawn(plane, limit, stream, tick, block, low_key, high_key, size):
    """Keep of a plane the lanes whose draw is below `limit`; return how many.

    Parameters
    ----------
    limit : uint64
        P of the neuron, below 2³²: its bits are compared from the top, until all is decided.
    stream, tick : uint64
    block : uint64
        ⌊lane/128⌋ of the first lane of the plane.
    low_key, high_key : uint64
        Halves of the seed.
    """
    count = each(ZERO)
    low = each(LOW)
    half = each(uint64(32))
    last = ZERO if limit == ZERO else uint64(32)
    while last > ZERO and (limit >> (uint64(32) - last)) & ONE == ZERO:
        last -= ONE
    for w in range(ZERO, size, STEP + STEP):
        first, second = load(plane + w), each(ZERO)
        both = w + STEP < size
        if both:
            second = load(plane + w + STEP)
        even, odd = evens(first, second), odds(first, second)
        even_below, odd_below = each(ZERO), each(ZERO)
        start = each(block + (w >> uint64(4))) + numbers()
        for k in range(ZERO, last):
            if any_bit(even | odd) == ZERO:
                break
            c0, c1, c2, c3 = start, each(stream), each(tick), each(k)
            key0, key1 = low_key, high_key
            for _ in range(10):
                p0 = each(uint64(0xD2511F53)) * (c0 & low)
                p1 = each(uint64(0xCD9E8D57)) * (c2 & low)
                c0 = (p1 >> half) ^ c1 ^ each(key0)
                c2 = (p0 >> half) ^ c3 ^ each(key1)
                c1, c3 = p1 & low, p0 & low
                key0 = (key0 + uint64(0x9E3779B9)) & LOW
                key1 = (key1 + uint64(0xBB67AE85)) & LOW
            even_bits, odd_bits = c0 | (c1 << half), c2 | (c3 << half)
            if (limit >> (uint64(31) - k)) & ONE:
                even_below = even_below | (even & ~even_bits)
                odd_below = odd_below | (odd & ~odd_bits)
                even, odd = even & even_bits, odd & odd_bits
            else:
                even, odd = even & ~even_bits, odd & ~odd_bits
        store(plane + w, merged_low(even_below, odd_below))
        if both:
            store(plane + w + STEP, merged_high(even_below, odd_below))
        count = count + ones(even_below) + ones(odd_below)
    return total(count)
