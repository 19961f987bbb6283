"""The reference kernel: the neuron of the contract, written down step by step in NumPy.

Short and obviously right, never fast; every other kernel is compared with it, spike for spike
and state for state. All lanes run side by side as rows of int64 arrays.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from spikealg.engine.job import Final, Job, Outcome, Overflow, Report
from spikealg.engine.state import Spikes
from spikealg.network import NEVER, NO_FLOOR, RESETS, Network

__all__ = ["decay", "draws", "limits", "resting", "run"]

Array = npt.NDArray[np.int64]
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
MASK = 2**32 - 1


def decay(x: Array, leak: Array) -> Array:
    """Return L(x, leak) = sgn(x)·⌊|x|·(4096 − leak)/4096⌋."""
    result: Array = np.sign(x) * (np.abs(x) * (4096 - leak) // 4096)
    return result


def philox(counter: tuple[int, int, int, int], seed: int) -> tuple[int, int, int, int]:
    """Return one Philox4x32-10 block in plain Python integers."""
    c0, c1, c2, c3 = counter
    k0, k1 = seed & MASK, seed >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def draws(seed: int, stream: int, tick: int, lane: int) -> int:
    """Return the whole 32-bit draw of one neuron, tick and lane."""
    draw = 0
    for plane in range(32):
        words = philox((lane // 128, stream, tick, plane), seed)
        odd = 2 * ((lane // 64) % 2)
        word = words[odd] + (words[odd + 1] << 32)
        draw = 2 * draw + (word >> (lane % 64) & 1)
    return draw


def limits(network: Network) -> tuple[Array, Array]:
    """Return threshold and floor as the contract means them: NEVER and none are out of reach."""
    threshold, floor = network.threshold.astype(np.int64), network.floor.astype(np.int64)
    return np.where(threshold == NEVER, 2**62, threshold), np.where(
        floor == NO_FLOOR, -(2**62), floor
    )


def resting(network: Network, v: Array, i: Array, c: Array) -> npt.NDArray[np.bool_]:
    """Return which neurons are at rest: nothing happens to them until something arrives."""
    threshold, floor = limits(network)
    leak, bias = network.leak.astype(np.int64), network.bias.astype(np.int64)
    unchanged = np.maximum(decay(v, leak) + bias, floor) == v
    settled = (bias == 0) & ((threshold > 0) | (leak == 0)) & (v >= floor)
    still: npt.NDArray[np.bool_] = (c == 0) & (i == 0) & (v < threshold) & (settled | unchanged)
    return still


def run(job: Job, lanes: slice, report: Report) -> Outcome:
    """Run the lanes of a slice; see :class:`~spikealg.engine.job.Outcome`."""
    network, n = job.network, job.network.n_neurons
    numbers = np.arange(job.lanes)[lanes]
    shape = (len(numbers), n)
    v, i, c = (
        np.broadcast_to(array, (job.lanes, n))[lanes].astype(np.int64)
        for array in (job.start.v, job.start.i, job.start.c)
    )
    threshold, floor = limits(network)
    leak, current_leak, bias, reset_value, refractory = (
        array.astype(np.int64)
        for array in (
            network.leak, network.current_leak, network.bias, network.reset_value,
            network.refractory,
        )
    )  # fmt: skip
    longest = np.zeros(n, dtype=np.int64)
    np.maximum.at(longest, network.pre, network.delay)

    arriving: dict[int, Array] = defaultdict(lambda: np.zeros(shape, dtype=np.int64))
    arrived_by = np.full(len(numbers), -1)
    history: list[tuple[int, int, int]] = []

    def send(row: int, neuron: int, tick: int) -> None:
        for synapse in range(network.indptr[neuron], network.indptr[neuron + 1]):
            due = tick + int(network.delay[synapse])
            arriving[due][row, network.post[synapse]] += network.weight[synapse]
        arrived_by[row] = max(arrived_by[row], tick + longest[neuron])
        history.append((neuron, tick, row))

    injected: dict[int, Array] = defaultdict(lambda: np.zeros(shape, dtype=np.int64))
    last_input = np.full(len(numbers), -1)
    for row, lane in enumerate(numbers):
        for entry in range(job.injection.pointer[lane], job.injection.pointer[lane + 1]):
            tick = int(job.injection.tick[entry])
            injected[tick][row, job.injection.neuron[entry]] += job.injection.value[entry]
            last_input[row] = tick
    for neuron, tick, lane in job.start.spikes:
        if lane in numbers:
            send(lane - int(numbers[0]), neuron, tick)

    running = np.ones(len(numbers), dtype=bool)
    stopped = np.full(len(numbers), -1)
    until_left = np.full(len(numbers), job.until_count)
    marker_spikes = np.zeros(len(numbers), dtype=np.int64)
    spikes: list[tuple[int, int, int]] = []
    counts = np.zeros(n, dtype=np.int64)
    rows = len(job.epochs.ks) if job.epochs else 0
    columns = len(job.epochs.neurons) if job.epochs else 0
    epochs = np.zeros((rows, columns), dtype=np.int64)
    potentials = np.zeros((job.ticks, len(numbers), len(job.watched)), dtype=np.int32)
    overflow = None

    for tick in range(job.start_tick, job.start_tick + job.ticks):
        if not running.any():
            break
        active = running[:, np.newaxis] & np.ones(shape, dtype=bool)
        i_new = decay(i, current_leak) + arriving.pop(tick, 0)
        held = c > 0
        drive = i_new + bias + injected.pop(tick, 0)
        v_new = np.where(held, v, np.maximum(decay(v, leak) + drive, floor))
        wild = (i_new > INT32_MAX) | (i_new < INT32_MIN) | (v_new > INT32_MAX) | (v_new < INT32_MIN)
        if (wild & active).any():
            neuron, row = np.argwhere((wild & active).T)[0]
            overflow = Overflow(tick, int(neuron), int(numbers[row]))
            break
        fired = active & ~held & (v_new >= threshold)
        for row, neuron in np.argwhere(fired & (network.draw_limit < 2**32)):
            lane = int(numbers[row]) + job.first_lane
            draw = draws(job.seed, int(network.stream[neuron]), tick, lane)
            fired[row, neuron] = draw < int(network.draw_limit[neuron])
        v_reset = np.select(
            [network.reset == RESETS.index("value"), network.reset == RESETS.index("subtract")],
            [np.broadcast_to(reset_value, shape), v_new - threshold],
            v_new,
        )
        i = np.where(active, i_new, i)
        v = np.where(active, np.where(fired, v_reset, v_new), v)
        c = np.where(active, np.where(fired, refractory, np.where(held, c - 1, c)), c)

        for row in np.flatnonzero(fired.any(axis=1)).tolist():
            firing = np.nonzero(fired[row])[0]
            if job.epochs is not None:
                marker_spikes[row] += job.epochs.marker in firing
                epoch = job.epochs.ks == marker_spikes[row]
                epochs[epoch] += np.isin(job.epochs.neurons, firing)
            for neuron in firing.tolist():
                counts[neuron] += 1
                send(row, neuron, tick)
                if neuron in job.recorded:
                    spikes.append((neuron, tick, int(numbers[row])))
            until_left[row] -= np.isin(job.until_neurons, firing).sum()
        potentials[tick - job.start_tick] = np.where(running[:, np.newaxis], v[:, job.watched], 0)
        finished = np.zeros(len(numbers), dtype=bool)
        if job.until_count:
            finished[:] = until_left <= 0
        elif job.until_quiet:
            finished[:] = resting(network, v, i, c).all(axis=1)
            finished &= (arrived_by <= tick) & (last_input <= tick)
        stopped[running & finished] = tick
        running &= ~finished
        report(len(numbers) / job.ticks)

    last = np.where(stopped >= 0, stopped, job.start_tick + job.ticks - 1)
    final = Final(
        v=v.astype(np.int32),
        i=i.astype(np.int32),
        c=c.astype(np.int32),
        flying=_columns(
            [
                (neuron, tick, int(numbers[row]))
                for neuron, tick, row in history
                if tick + longest[neuron] > last[row]
            ]
        ),
    )
    return Outcome(
        spikes=_columns(spikes),
        counts=counts,
        epochs=epochs,
        stopped=stopped,
        potentials=potentials,
        final=final if job.keep_state else None,
        overflow=overflow,
    )


def _columns(entries: list[tuple[int, int, int]]) -> Spikes:
    table = np.array(entries, dtype=np.int64).reshape(-1, 3)
    return Spikes(table[:, 0], table[:, 1], table[:, 2])
