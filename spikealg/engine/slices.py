"""Driving a compiled kernel over a slice of lanes: buffers, progress, what it found."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.engine.job import Final, Job, Outcome, Overflow, Report, join
from spikealg.engine.plan import Request, make_request
from spikealg.engine.rules import (
    DONE,
    FLYING,
    LANE,
    OVERFLOW_LANE,
    OVERFLOW_NEURON,
    OVERFLOW_TICK,
    RELAYED,
    SPIKES,
    TICK,
    WANTED,
)  # fmt: skip
from spikealg.engine.state import Spikes

__all__ = ["Advance", "Out", "make_at", "make_out", "run_slice"]

SPIKE_BUFFER = 2**16
CELLS = 2**20
"""Neurons times lanes that run in the memory of one block where nobody wants their state."""


class Out(NamedTuple):
    """What a kernel writes; lanes are counted from the first of a block.

    Attributes
    ----------
    cells : int32 array (lanes, 3, n)
        Potential, synaptic current and refractory ticks left of each lane: its initial state,
        in the end its final one.
    counts : int64 array (n,)
    epochs : int64 array (epochs, neurons)
    stopped : int64 array (lanes,)
    potentials : int32 array (ticks, lanes, watched)
    spikes, flying : int64 arrays (3, room)
        Buffers that are emptied between calls: recorded spikes, and spikes in flight at the end
        of a lane.
    """

    cells: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int64]
    epochs: npt.NDArray[np.int64]
    stopped: npt.NDArray[np.int64]
    potentials: npt.NDArray[np.int32]
    spikes: npt.NDArray[np.int64]
    flying: npt.NDArray[np.int64]


Advance = Callable[[Request, Out, npt.NDArray[np.int64], int], int]
"""A kernel that goes on from where `at` stands in the block of lanes that begins with the one
numbered in the last argument; it returns DONE or PAUSED."""


def make_out(job: Job, lanes: slice) -> Out:
    """Return the memory that a kernel writes for the lanes of a slice."""
    n, count = job.network.n_neurons, lanes.stop - lanes.start
    start = (job.start.v, job.start.i, job.start.c)
    rows, columns = (len(job.epochs.ks), len(job.epochs.neurons)) if job.epochs else (0, 0)
    return Out(
        cells=np.stack([np.broadcast_to(row, (job.lanes, n))[lanes] for row in start], axis=1),
        counts=np.zeros(n, dtype=np.int64),
        epochs=np.zeros((rows, columns), dtype=np.int64),
        stopped=np.full(count, -1, dtype=np.int64),
        potentials=np.zeros((job.ticks, count, len(job.watched)), dtype=np.int32),
        spikes=np.empty((3, SPIKE_BUFFER + n), dtype=np.int64),
        flying=np.empty((3, SPIKE_BUFFER), dtype=np.int64),
    )


def make_at(job: Job) -> npt.NDArray[np.int64]:
    """Return where a kernel stands before its first call."""
    at = np.zeros(RELAYED + 1, dtype=np.int64)
    at[TICK] = job.start_tick
    at[OVERFLOW_TICK] = -1
    return at


def run_slice(job: Job, lanes: slice, report: Report, advance: Advance) -> Outcome:
    """Call `advance` until all lanes of a slice are done, block by block."""
    request, at = make_request(job), make_at(job)
    size = lanes.stop - lanes.start if job.keep_state else max(1, CELLS // job.network.n_neurons)
    parts = []
    for first in range(lanes.start, lanes.stop, size):
        block = slice(first, min(first + size, lanes.stop))
        parts.append(_run_block(job, block, request, at, report, advance))
    return join(parts)


def _run_block(
    job: Job,
    lanes: slice,
    request: Request,
    at: npt.NDArray[np.int64],
    report: Report,
    advance: Advance,
) -> Outcome:
    """Call `advance` until it is done, emptying its buffers in between."""
    out = make_out(job, lanes)
    at[LANE], at[TICK] = 0, job.start_tick
    spikes, flying, told = [Spikes.empty()], [Spikes.empty()], 0.0
    while True:
        code = advance(request, out, at, lanes.start)
        spikes.append(Spikes(*out.spikes[:, : at[SPIKES]].copy()))
        if job.keep_state:
            flying.append(Spikes(*out.flying[:, : at[FLYING]].copy()))
        at[SPIKES] = at[FLYING] = 0
        if at[WANTED] > out.flying.shape[1]:
            out = out._replace(flying=np.empty((3, at[WANTED]), dtype=np.int64))
        done = float(at[LANE] + (at[TICK] - job.start_tick) / max(job.ticks, 1))
        report(done - told, spikes[-1].nbytes)
        told = done
        if code == DONE:
            break
    overflow = None
    if at[OVERFLOW_TICK] >= 0:
        overflow = Overflow(*at[[OVERFLOW_TICK, OVERFLOW_NEURON, OVERFLOW_LANE]].tolist())
    final = Final(
        v=out.cells[:, 0],
        i=out.cells[:, 1],
        c=out.cells[:, 2],
        flying=Spikes.concatenate(flying),
    )
    return Outcome(
        spikes=Spikes.concatenate(spikes),
        counts=out.counts,
        epochs=out.epochs,
        stopped=out.stopped,
        potentials=out.potentials,
        final=final if job.keep_state else None,
        overflow=overflow,
    )
