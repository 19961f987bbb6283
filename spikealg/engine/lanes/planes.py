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

from numba import int64, uint64

from spikealg.engine.lanes.compiled import inlined, inner
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
    "held_planes",
    "keep",
    "settle",
    "signed_width",
]

STEP = uint64(BYTES)
FOUR, WORD = uint64(4), uint64(8)
ZERO, ONE, FULL = uint64(0), uint64(1), uint64(0xFFFFFFFFFFFFFFFF)
LOW, HALF = uint64(0xFFFFFFFF), uint64(32)
FIRST, SECOND = uint64(0xD2511F53), uint64(0xCD9E8D57)
"""The multipliers of Philox4x32."""
GROWN, SHRUNK, RESTLESS = uint64(1), uint64(2), uint64(4)
"""Bits of what `settle` returns: the top plane is needed, so is the one below it, or some lane
goes on without input."""


@inner
def signed_width(x):
    """Return how many planes the number x needs in two's complement."""
    magnitude = x if x >= 0 else ~x
    width = 1
    while magnitude > 0:
        magnitude >>= 1
        width += 1
    return width


@inner
def _bit(x, k):
    """Return bit k of the int64 x in all 64 places; beyond bit 63 its sign."""
    return ZERO - (uint64(int64(x) >> int64(min(k, 63))) & ONE)


@inner
def fire_all(out, live, size):
    """Let all lanes that run fire; return how many."""
    count = each(ZERO)
    for w in range(ZERO, size, STEP):
        fired = load(live + w)
        store(out + w, fired)
        count = count + ones(fired)
    return total(count)


@inner
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


@inner
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


@inlined
def _full(a, b, c):
    """Return the two planes of a + b + c."""
    x = a ^ b
    return x ^ c, (a & b) | (x & c)


@inlined
def _sum_few(plus, n_plus, minus, n_minus, s0, s1, s2, s3, w):
    """Return the four planes of a sum from −8 to 7 at `w`, started at planes s0 to s3."""
    a, odd = ZERO, n_plus & ONE
    while a < n_plus - odd:
        s0, c = _full(s0, load(peek(plus + a * WORD) + w), load(peek(plus + a * WORD + WORD) + w))
        s1, c = s1 ^ c, s1 & c
        s2, c = s2 ^ c, s2 & c
        s3 = s3 ^ c
        a += ONE + ONE
    last = each(ZERO)
    if odd:
        last = load(peek(plus + a * WORD) + w)
    a, odd = ZERO, n_minus & ONE
    while a < n_minus - odd:
        s0, c = _full(
            s0, ~load(peek(minus + a * WORD) + w), ~load(peek(minus + a * WORD + WORD) + w)
        )
        s1, c = s1 ^ c, s1 & c
        s2, c = s2 ^ c, s2 & c
        s3 = s3 ^ c
        a += ONE + ONE
    if odd:
        s0, c = _full(s0, last, ~load(peek(minus + a * WORD) + w))
    else:
        s0, c = s0 ^ last, s0 & last
    s1, c = s1 ^ c, s1 & c
    s2, c = s2 ^ c, s2 & c
    return s0, s1, s2, s3 ^ c


@inner
def fire_few(plus, n_plus, minus, n_minus, constant, out, live, size):
    """Fire where constant + inputs ≥ 0; all weights are 1, all sums from −8 to 7."""
    k0, k1 = each(_bit(constant, 0)), each(_bit(constant, 1))
    k2, k3 = each(_bit(constant, 2)), each(_bit(constant, 3))
    count = each(ZERO)
    for w in range(ZERO, size, STEP):
        _, _, _, s3 = _sum_few(plus, n_plus, minus, n_minus, k0, k1, k2, k3, w)
        fired = load(live + w) & ~s3
        store(out + w, fired)
        count = count + ones(fired)
    return total(count)


@inner
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


@inlined
def _input(inputs, a, n, flip, w):
    """Return input a of a list of n at `w`, complemented if `flip` says so; 0 after the last."""
    x = each(ZERO)
    if a < n:
        x = load(peek(inputs + a * WORD) + w) ^ flip
    return x


@inner
def _add_units(inputs, n, flip, number, end, w):
    """Add inputs of weight 1 to a number, eight at a time: carries are saved until they are two."""
    s0, s1, s2 = load(number), load(number + STEP), load(number + STEP + STEP)
    for a in range(ZERO, n, WORD):
        fours = each(ZERO)
        for half in range(ZERO, WORD, FOUR):
            b = a + half
            s0, c = _full(s0, _input(inputs, b, n, flip, w), _input(inputs, b + ONE, n, flip, w))
            b += ONE + ONE
            s0, d = _full(s0, _input(inputs, b, n, flip, w), _input(inputs, b + ONE, n, flip, w))
            s1, c = _full(s1, c, d)
            if half == ZERO:
                fours = c
            else:
                s2, c = _full(s2, fours, c)
                address = number + STEP + STEP + STEP
                while address < end and any_bit(c) != ZERO:
                    x = load(address)
                    store(address, x ^ c)
                    c = x & c
                    address += STEP
    store(number, s0)
    store(number + STEP, s1)
    store(number + STEP + STEP, s2)


@inner
def _sum(plus, plus_weight, n_plus, minus, minus_weight, n_minus, constant, unit, number, width,
         w):  # fmt: skip
    """Write constant + Σ weight·input of the lanes at `w` to a number with planes BYTES apart.

    There is room for four planes at least. `unit` says that all weights are 1.
    """
    planes = max(width, FOUR)
    for k in range(ZERO, planes):
        store(number + k * STEP, each(_bit(constant, int64(k))))
    if unit:
        end = number + planes * STEP
        _add_units(plus, n_plus, each(ZERO), number, end, w)
        _add_units(minus, n_minus, each(FULL), number, end, w)
        return
    for a in range(ZERO, n_plus):
        x = load(peek(plus + a * WORD) + w)
        _add_weighted(number, width, x, peek(plus_weight + a * WORD))
    for a in range(ZERO, n_minus):
        x = ~load(peek(minus + a * WORD) + w)
        _add_weighted(number, width, x, peek(minus_weight + a * WORD))


@inner
def fire_sum(plus, plus_weight, n_plus, minus, minus_weight, n_minus, constant, unit, number, width,
             out, live, size):  # fmt: skip
    """Fire where constant + Σ weight·input ≥ 0; `number` is room for `width` planes."""
    count = each(ZERO)
    for w in range(ZERO, size, STEP):
        _sum(plus, plus_weight, n_plus, minus, minus_weight, n_minus, constant, unit, number, width,
             w)  # fmt: skip
        fired = load(live + w) & ~load(number + (width - ONE) * STEP)
        store(out + w, fired)
        count = count + ones(fired)
    return total(count)


@inner
def held_planes(held, bits, w, size):
    """Return the lanes at `w` whose count of `bits` planes at `held` is not 0."""
    any_held = each(ZERO)
    for k in range(ZERO, bits):
        any_held = any_held | load(held + k * size + w)
    return any_held


@inner
def accumulate(plus, plus_weight, n_plus, minus, minus_weight, n_minus, constant, unit, number,
               sum_width, potential, stride, old_width, width, forgets, floored, floor, held,
               held_bits, out, live, size):  # fmt: skip
    """Add what arrives to a potential and write who reaches threshold: steps 3 and 4.

    Parameters
    ----------
    unit : bool
        All weights are 1.
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
    top = potential + (old_width - ONE) * stride
    for w in range(ZERO, size, STEP):
        _sum(plus, plus_weight, n_plus, minus, minus_weight, n_minus, constant, unit, number,
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


@inner
def keep(plus, n_plus, minus, n_minus, constant, potential, stride, old_width, width, value, out,
         live, size):  # fmt: skip
    """Take the most usual keepers through steps 3 to 5 at once: plain counters.

    Like `accumulate` and `settle` where all weights are 1 and all sums from −8 to 7, nothing is
    forgotten, held, drawn or bounded from below, and a spike resets to `value`.

    Returns
    -------
    count, what : uint64
        Spikes; GROWN and SHRUNK as from `settle`.
    """
    count, grown, shrunk = each(ZERO), each(ZERO), each(ZERO)
    k0, k1 = each(_bit(constant, 0)), each(_bit(constant, 1))
    k2, k3 = each(_bit(constant, 2)), each(_bit(constant, 3))
    old, end = old_width * stride, width * stride
    for w in range(ZERO, size, STEP):
        s0, s1, s2, s3 = _sum_few(plus, n_plus, minus, n_minus, k0, k1, k2, k3, w)
        here = potential + w
        a, carry = load(here), each(ZERO)
        # Planes 0 to 3 of the sum, then its sign; the potential is extended by its own sign.
        place, d = ZERO, s0
        while place < old:
            a = load(here + place)
            x = a ^ d
            store(here + place, x ^ carry)
            carry = (carry & x) | (d & ~x)
            d, s1, s2 = s1, s2, s3
            place += stride
        top = a
        while place < end:
            x = a ^ d
            top = x ^ carry
            store(here + place, top)
            carry = (carry & x) | (d & ~x)
            d, s1, s2 = s1, s2, s3
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


@inner
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


@inlined
def _key0(key, r):
    """Return the first half of the key of round r of Philox4x32."""
    return (key + r * uint64(0x9E3779B9)) & LOW


@inlined
def _key1(key, r):
    """Return the second half of the key of round r of Philox4x32."""
    return (key + r * uint64(0xBB67AE85)) & LOW


@inner
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
    low, half = each(LOW), each(HALF)
    last = ZERO if limit == ZERO else HALF
    while last > ZERO and (limit >> (HALF - last)) & ONE == ZERO:
        last -= ONE
    # Of the first round half is the same in all lanes, and half of that is in the second.
    p1 = SECOND * tick
    same = (p1 >> HALF) ^ stream ^ low_key
    p0 = FIRST * (same & LOW)
    c1_key, c3_key = (
        each((p1 & LOW) ^ _key0(low_key, ONE)),
        each((p0 >> HALF) ^ _key1(high_key, ONE)),
    )
    c3_next = each(p0)
    for w in range(ZERO, size, STEP + STEP):
        first, second = load(plane + w), each(ZERO)
        both = w + STEP < size
        if both:
            second = load(plane + w + STEP)
        even, odd = evens(first, second), odds(first, second)
        even_below, odd_below = each(ZERO), each(ZERO)
        start = each(FIRST) * ((each(block + (w >> FOUR)) + numbers()) & low)
        for k in range(ZERO, last):
            if any_bit(even | odd) == ZERO:
                break
            c2 = (start >> half) ^ each(k ^ high_key)
            c1 = each(SECOND) * (c2 & low)
            c0 = (c1 >> half) ^ c1_key
            c2, c3 = (start & low) ^ c3_key, c3_next
            for r in range(uint64(2), uint64(10)):
                product, other = each(FIRST) * (c0 & low), each(SECOND) * (c2 & low)
                c0 = (other >> half) ^ c1 ^ each(_key0(low_key, r))
                c2 = (product >> half) ^ c3 ^ each(_key1(high_key, r))
                c1, c3 = other, product
            even_bits, odd_bits = (c0 & low) | (c1 << half), (c2 & low) | (c3 << half)
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
