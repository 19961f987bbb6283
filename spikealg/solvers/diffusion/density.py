"""Walking with spikes: the density circuit, run and read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.engine import Status, simulate
from spikealg.errors import InputError
from spikealg.progress import part, reporting
from spikealg.solvers.diffusion.density_circuits import choose_circuit, make_circuit
from spikealg.solvers.diffusion.density_circuits.base import MOST
from spikealg.solvers.diffusion.exits import count_exits
from spikealg.solvers.diffusion.lanes import MANY, crowd
from spikealg.solvers.diffusion.transition import Transition
from spikealg.solvers.diffusion.walk import Walk, settle

__all__ = ["spread", "walk"]

Array = npt.NDArray[np.int64]
LONGEST_RUN = 2**31 - 1
BLOCK_BYTES = 2**30
"""Memory for the lanes that run at a time."""
BYTES_PER_COUNTER, BYTES_PER_STEP = 36, 16
"""What the engine needs in a lane for a moment to fill each counter, and to record a step."""


def spread(
    walkers: Array, lanes: int, first: int = 0, last: int | None = None
) -> npt.NDArray[np.signedinteger[Any]]:
    """Deal walkers out to lanes like cards, vertex by vertex.

    Parameters
    ----------
    walkers : (V,) int64
    lanes : int
    first, last : int
        Return lanes first … last − 1 only.

    Returns
    -------
    (last − first, V) array of int16, or of int32 if it has to hold more
        All lanes sum to `walkers`; two lanes hold the same number of walkers up to one.
    """
    shares, over = np.divmod(walkers, lanes)
    # The walkers that are over go on where those of the vertex before ended.
    begins = (np.cumsum(over) - over) % lanes
    numbers = range(first, lanes if last is None else last)
    small = shares.max(initial=0) < np.iinfo(np.int16).max
    dealt = np.empty((len(numbers), len(walkers)), dtype=np.int16 if small else np.int32)
    for row, lane in enumerate(numbers):
        dealt[row] = shares + ((lane - begins) % lanes < over)
    return dealt


def walk(
    transition: Transition,
    start: Array,
    steps: Array,
    *,
    seed: int,
    lanes: int = 1,
    first_lane: int = 0,
    circuit: str = "auto",
    probability_bits: int = 32,
    shared: dict[Any, Any] | None = None,
    kernel: str = "auto",
    threads: int | None = None,
    progress: bool | Callable[[float], None] = False,
) -> Walk:
    """Let all walkers walk by the density circuit and count them after `steps`.

    Parameters
    ----------
    transition : Transition
        One step.
    start : (V,) int64
        Walkers at each vertex.
    steps : (T,) int64
        Steps to record, increasing; 0 is the start.
    seed : int
        0 ≤ seed < 2⁶⁴.
    lanes : int
        Independent copies of the circuit that share the walkers.
    first_lane : int
        Number of the first of them, by which they draw.
    circuit : str
        "auto", or one of ``CIRCUITS``.
    probability_bits : int
        Bits of the probabilities of the gates, 1 to 32.
    shared : dict, optional
        Circuits that other walks by the same transition have compiled; this one's is added. So
        that walks of about as many walkers find one that fits, theirs have room for some more.
    kernel, threads, progress
        As in :func:`spikealg.engine.simulate`; no effect on the result.

    Returns
    -------
    Walk
        ``counts`` (T, V), ``exited`` (T, S), ``left`` (N + 1, S), int64, and the runs:
        one per block of lanes.
    """
    lanes = as_int("lanes", lanes, low=1)
    steps = np.asarray(steps, dtype=np.int64)
    walking, left = settle(transition, np.asarray(start, dtype=np.int64))
    vertices = transition.vertices
    counts = np.zeros((len(steps), len(start)), dtype=np.int64)
    n_steps = int(steps[-1])
    gone = np.tile(left, (n_steps + 1, 1))
    if not walking.any():
        return Walk(counts, gone[steps], gone)
    fullest = -(-int(walking.sum()) // lanes)
    if fullest > MOST:
        raise InputError(
            f"{fullest} walkers in a lane are more than a circuit can hold, {MOST}: use more lanes"
        )
    name = choose_circuit(circuit, lanes)
    most_at_once = crowd(transition, walking, n_steps, lanes) if name == "paced" else None
    if shared is not None:
        fullest, most_at_once = _rounded(fullest, most_at_once)
    key = (name, n_steps, probability_bits, fullest, most_at_once)
    made = {} if shared is None else shared
    if key not in made:
        plan = make_circuit(
            name,
            transition,
            steps=n_steps,
            probability_bits=probability_bits,
            most=fullest,
            crowd=most_at_once,
        )
        made[key] = plan, plan.compile()
    plan, network = made[key]
    leaving = len(plan.exit_side) > 0
    block = _block_lanes(len(vertices), n_steps if leaving else 0)
    runs = []
    with reporting(progress, "density circuit") as report:
        for first in range(0, lanes, block):
            last = min(first + block, lanes)
            run = simulate(
                network,
                plan.inputs(spread(walking[vertices], lanes, first, last)),
                ticks=min((n_steps + 2) * plan.longest_step + 2, LONGEST_RUN),
                lanes=last - first,
                first_lane=first_lane + first,
                seed=seed,
                kernel=kernel,
                record=["walk", "exit"] if leaving else "counts",
                until=("stop", 1),
                epochs=("walk", (steps + 1).tolist(), "readout"),
                threads=threads,
                progress=part(report, first / lanes, last / lanes),
            )
            if run.status is not Status.FINISHED:
                raise InputError(
                    f"{n_steps} walk steps of {fullest} walkers take more than {LONGEST_RUN} "
                    "ticks: use more lanes, or record fewer steps at a time"
                )
            counts[:, vertices] += run.epochs.reshape(len(steps), -1, len(vertices)).sum(axis=1)
            if leaving:
                gone += count_exits(
                    run, plan.exit_side, np.arange(n_steps + 1), len(transition.sides)
                )
            runs.append(run.counts_only())
    return Walk(counts, gone[steps], gone, tuple(runs))


def _rounded(fullest: int, most_at_once: int | None) -> tuple[int, int | None]:
    """Return bounds on the walkers of a lane, and of one of its vertices, rounded up."""
    room = min(MOST, 1 << (fullest - 1).bit_length())
    if most_at_once is None:
        return room, None
    part = max(1, most_at_once // 8)
    return room, min(room, -(-most_at_once // part) * part)


def _block_lanes(vertices: int, recorded_steps: int) -> int:
    """Return how many lanes run at a time; many at once, where that is possible."""
    lanes = BLOCK_BYTES // (BYTES_PER_COUNTER * vertices + BYTES_PER_STEP * recorded_steps)
    return max(1, lanes // MANY * MANY or lanes)
