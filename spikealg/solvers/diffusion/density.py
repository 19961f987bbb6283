"""Walking with spikes: the density circuit, run and read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.engine import Run, Status, simulate
from spikealg.errors import InputError
from spikealg.solvers.diffusion.density_circuits import choose_circuit, make_circuit
from spikealg.solvers.diffusion.density_circuits.base import DensityCircuit
from spikealg.solvers.diffusion.transition import Transition
from spikealg.solvers.diffusion.walk import Walk, settle

__all__ = ["spread", "walk"]

Array = npt.NDArray[np.int64]
LONGEST_RUN = 2**31 - 1


def spread(walkers: Array, lanes: int) -> Array:
    """Deal walkers out to lanes like cards, vertex by vertex.

    Parameters
    ----------
    walkers : (V,) int64
    lanes : int

    Returns
    -------
    (lanes, V) int64
        Sums to `walkers` over lanes; two lanes hold the same number of walkers up to one.
    """
    ends = np.concatenate([[0], np.cumsum(walkers)])
    # Of the walkers 0 .. end − 1, lane l gets those whose number is l modulo lanes.
    dealt = (ends - 1 - np.arange(lanes)[:, np.newaxis]) // lanes
    return np.diff(dealt, axis=1)


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
    load = spread(walking[vertices], lanes)
    fullest = int(load.sum(axis=1).max())
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
