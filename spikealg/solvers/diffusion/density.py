"""Walking with spikes: the density circuit, run and read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.engine import Run, Status, simulate
from spikealg.errors import InputError
from spikealg.memory import require_memory
from spikealg.solvers.diffusion.density_circuits import choose_circuit, make_circuit
from spikealg.solvers.diffusion.density_circuits.base import MOST, DensityCircuit
from spikealg.solvers.diffusion.transition import Transition
from spikealg.solvers.diffusion.walk import Walk, settle

__all__ = ["spread", "walk"]

Array = npt.NDArray[np.int64]
LONGEST_RUN = 2**31 - 1
ENGINE_BYTES = 32
"""What the engine needs for a moment for each walker count that is handed over [bytes]."""
BLOCK = 64
"""Lanes that are dealt out at a time, which bounds the memory in between."""


def spread(walkers: Array, lanes: int) -> npt.NDArray[np.signedinteger[Any]]:
    """Deal walkers out to lanes like cards, vertex by vertex.

    Parameters
    ----------
    walkers : (V,) int64
    lanes : int

    Returns
    -------
    (lanes, V) array of int16, or of int32 if it has to hold more
        Sums to `walkers` over lanes; two lanes hold the same number of walkers up to one.

    Raises
    ------
    TooLargeError
        If it would not fit into memory, with what the engine makes of it.
    """
    shares, over = np.divmod(walkers, lanes)
    dtype = np.dtype(np.int16 if shares.max(initial=0) < 2**15 - 1 else np.int32)
    require_memory(
        (dtype.itemsize + ENGINE_BYTES) * lanes * len(walkers),
        f"the start of {lanes} lanes of {len(walkers)} vertices",
        "use fewer lanes",
    )
    # The walkers that are over go on where those of the vertex before ended.
    first = (np.cumsum(over) - over) % lanes
    dealt = np.empty((lanes, len(walkers)), dtype=dtype)
    for low in range(0, lanes, BLOCK):
        lane = np.arange(low, min(low + BLOCK, lanes))[:, np.newaxis]
        dealt[lane[:, 0]] = shares + ((lane - first) % lanes < over)
    return dealt


def walk(
    transition: Transition,
    start: Array,
    steps: Array,
    *,
    seed: int,
    lanes: int = 1,
    circuit: str = "auto",
    probability_bits: int = 32,
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
    circuit : str
        "auto", or one of ``CIRCUITS``.
    probability_bits : int
        Bits of the probabilities of the gates, 1 to 32.
    kernel, threads, progress
        As in :func:`spikealg.engine.simulate`; no effect on the result.

    Returns
    -------
    Walk
        ``counts`` (T, V), ``exited`` (T, S), int64, and the run.
    """
    lanes = as_int("lanes", lanes, low=1)
    walking, left = settle(transition, np.asarray(start, dtype=np.int64))
    vertices = transition.vertices
    counts = np.zeros((len(steps), len(start)), dtype=np.int64)
    exited = np.tile(left, (len(steps), 1))
    if not walking.any():
        return Walk(counts, exited)
    n_steps = int(steps[-1])
    fullest = -(-int(walking.sum()) // lanes)
    if fullest > MOST:
        raise InputError(
            f"{fullest} walkers in a lane are more than a circuit can hold, {MOST}: use more lanes"
        )
    load = spread(walking[vertices], lanes)
    plan = make_circuit(
        choose_circuit(circuit),
        transition,
        steps=n_steps,
        probability_bits=probability_bits,
        most=fullest,
    )
    leaving = ["walk", "exit"] if len(plan.exit_side) else []
    run = simulate(
        plan.compile(),
        plan.inputs(load),
        ticks=min((n_steps + 2) * plan.longest_step + 2, LONGEST_RUN),
        lanes=lanes,
        seed=seed,
        kernel=kernel,
        record=leaving,
        until=("stop", 1),
        epochs=("walk", (np.asarray(steps) + 1).tolist(), "readout"),
        threads=threads,
        progress=progress,
    )
    if run.status is not Status.FINISHED:
        raise InputError(
            f"{n_steps} walk steps of {fullest} walkers take more than {LONGEST_RUN} ticks: "
            "use more lanes, or record fewer steps at a time"
        )
    counts[:, vertices] = run.epochs.reshape(len(steps), -1, len(vertices)).sum(axis=1)
    if leaving:
        exited += _exited(run, plan, np.asarray(steps), len(transition.sides))
    return Walk(counts, exited, (run,))


def _exited(run: Run, circuit: DensityCircuit, steps: Array, sides: int) -> Array:
    """Return how many walkers left by each side within `steps` steps, (T, sides)."""
    ports = run.network.outputs
    left, begun = run.spikes.of(ports["exit"].neurons), run.spikes.of(ports["walk"].neurons)
    # Lanes drift: a walker leaves in the step that the last "walk" of its lane began.
    span = int(run.spikes.t.max(initial=0)) + 1
    begun_keys = np.sort(begun.lane * span + begun.t)
    step = np.searchsorted(begun_keys, left.lane * span + left.t, side="right")
    step -= np.searchsorted(begun_keys, left.lane * span)
    order = np.argsort(ports["exit"].neurons)
    line = order[np.searchsorted(ports["exit"].neurons, left.i, sorter=order)]
    side = circuit.exit_side[line]
    return np.stack([np.bincount(side[step <= last], minlength=sides) for last in steps]).astype(
        np.int64
    )
