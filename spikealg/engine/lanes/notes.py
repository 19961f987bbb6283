"""What the spikes of a tick mean for others than their targets.

A noted neuron is one that somebody waits for; those that fired are listed in `fired`, and `places`
has the addresses of their planes. Planes are by their address, words long.
"""

from __future__ import annotations

import numpy as np
from numba import int64, njit, uint64

from spikealg.engine.lanes.compiled import inner
from spikealg.engine.words import count_ones, lowest, peek, poke

__all__ = ["begin_epochs", "count_down", "count_epochs", "read", "record", "take_off"]

ONE = uint64(1)


@inner
def record(neuron, place, words, first_word, tick, ticks, neurons, numbers, bits, count):
    """Write the words of a plane that are not 0 to the buffer; return its new length."""
    for w in range(words):
        word = peek(place + uint64(8 * w))
        if word != uint64(0):
            ticks[count], neurons[count] = tick, neuron
            numbers[count], bits[count] = first_word + w, word
            count += 1
    return count


@inner
def read(start, end, place, words, first_word, tick, read_first, read_ticks, read_row, read_stride,
         planes):  # fmt: skip
    """Copy a plane to the windows from number `start` to before `end` that are open."""
    for r in range(start, end):
        late = tick - read_first[r]
        if 0 <= late < read_ticks[r]:
            row = read_row[r] + late * read_stride[r]
            for w in range(words):
                planes[row, first_word + w] = peek(place + uint64(8 * w))


@inner
def count_down(place, words, counter, bits, size):
    """Take one from the counter of `bits` planes where a plane is set and it is not 0."""
    for w in range(uint64(0), uint64(words) * uint64(8), uint64(8)):
        borrow, waiting = peek(place + w), uint64(0)
        if borrow == uint64(0):
            continue
        for k in range(bits):
            waiting |= peek(counter + uint64(k) * size + w)
        borrow &= waiting
        for k in range(bits):
            address = counter + uint64(k) * size + w
            digit = peek(address)
            poke(address, digit ^ borrow)
            borrow &= ~digit
            if borrow == uint64(0):
                break


@inner
def begin_epochs(epochs, place, words, members, size, low, high):
    """Let the lanes in which the marker fired leave their epoch and begin the next.

    Parameters
    ----------
    members : uint64
        Address of the plane of the first epoch: which lanes are in it.
    low, high : int
        Epochs before `low` are over, those from `high` on have not begun.

    Returns
    -------
    int
        The new `high`.
    """
    for w in range(words):
        bits = peek(place + uint64(8 * w))
        if bits == uint64(0):
            continue
        for e in range(low, high):
            address = members + uint64(e) * size + uint64(8 * w)
            poke(address, peek(address) & ~bits)
        while bits != uint64(0):
            lane = 64 * w + int64(lowest(bits))
            epochs.marked[lane] += 1
            e = np.searchsorted(epochs.ks, epochs.marked[lane])
            if e < len(epochs.ks) and epochs.ks[e] == epochs.marked[lane]:
                address = members + uint64(e) * size + uint64(8 * w)
                poke(address, peek(address) | (bits & (uint64(0) - bits)))
                epochs.entered[e] += 1
                high = max(high, e + 1)
            bits &= bits - ONE
    return high


@inner
def count_epochs(epochs, fired, places, listed, words, members, size, lanes, low, high):
    """Count the spikes of a tick in the epochs of their lanes; return the new `low`."""
    for e in range(low, high):
        plane, present = members + uint64(e) * size, uint64(0)
        for w in range(words):
            present |= peek(plane + uint64(8 * w))
        if present == uint64(0):
            # Lanes drift, but an epoch in which all have been is over.
            if e == low and epochs.entered[e] == lanes:
                low += 1
            continue
        for f in range(listed):
            column = epochs.column[fired[f]]
            if column < 0:
                continue
            count = uint64(0)
            for w in range(words):
                count += count_ones(peek(places[f] + uint64(8 * w)) & peek(plane + uint64(8 * w)))
            epochs.counts[e, column] += int64(count)
    return low


@njit(cache=True)
def take_off(live, finished, words, first, tick, stopped):
    """Take finished lanes off the live ones and write when they stopped; return if any is left.

    Parameters
    ----------
    finished : uint64 array (words,)
    first : int
        Row of `stopped` of the first bit.
    """
    left = uint64(0)
    for w in range(words):
        bits = finished[w]
        while bits != uint64(0):
            stopped[first + 64 * w + int64(lowest(bits))] = tick
            bits &= bits - ONE
        running = peek(live + uint64(8 * w)) & ~finished[w]
        poke(live + uint64(8 * w), running)
        left |= running
    return left != uint64(0)
