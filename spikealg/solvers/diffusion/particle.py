"""Walking with spikes: a particle circuit per walker, run in lanes and read."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from spikealg.engine import Run, simulate
from spikealg.progress import part, reporting
from spikealg.solvers.diffusion.lattice import LatticeMesh
from spikealg.solvers.diffusion.particle_circuit import (
    PARTICLE_CIRCUITS,
    ParticleCircuit,
    choose_particle_circuit,
)
from spikealg.solvers.diffusion.particle_lattice import step_law, windows
from spikealg.solvers.diffusion.transition import Transition
from spikealg.solvers.diffusion.walk import Walk, settle

__all__ = ["walk"]

IntArray = npt.NDArray[np.int64]
_BLOCK_BYTES = 2**27
"""Lanes run in blocks, so that starts and recorded spikes take about so much memory."""
_MOST_COUNTERS = 1024
"""With more counters than this, a circuit takes longer than the decoding of residues."""


def walk(
    transition: Transition,
    start: IntArray,
    steps: IntArray,
    *,
    mesh: LatticeMesh,
    seed: int,
    first_lane: int = 0,
    circuit: str = "auto",
    probability_bits: int = 32,
    kernel: str = "auto",
    threads: int | None = None,
    progress: bool | Callable[[float], None] = False,
) -> Walk:
    """Let every walker walk in a particle circuit of its own and count them after `steps`.

    Walkers are numbered by the vertex they start from, and each has a lane, from `first_lane` on.

    Parameters
    ----------
    transition : Transition
        One step, which must be the same wherever walkers come (`require_homogeneous`).
    start : (V,) int64
        Walkers at each vertex.
    steps : (T,) int64
        Steps to record, increasing; 0 is the start.
    mesh : LatticeMesh
        How the vertices lie.
    seed : int
        0 ≤ seed < 2⁶⁴.
    first_lane : int
        Lane of the first walker.
    circuit : str
        One of ``PARTICLE_CIRCUITS``, "2-tick" if "auto". With "-residues" the position of every
        walker is decoded from its residues, with "-counters" spikes of a gate per vertex are
        counted. That changes nothing in the walk; left out, there are counters where there are
        few vertices.
    probability_bits : int
        Bits of the probabilities of the gates, 1 to 32.
    kernel, threads, progress
        As in :func:`spikealg.engine.simulate`; no effect on the result.

    Returns
    -------
    Walk
        ``counts`` (T, V), ``exited`` (T, S), ``left`` (N + 1, S), int64, and the runs:
        one per block of lanes.
    """
    ticks_per_step, readout = PARTICLE_CIRCUITS[choose_particle_circuit(circuit)]
    steps = np.asarray(steps, dtype=np.int64)
    walking, left = settle(transition, np.asarray(start, dtype=np.int64))
    counts = np.zeros((len(steps), len(start)), dtype=np.int64)
    gone = np.tile(left, (int(steps[-1]) + 1, 1))
    total = int(walking.sum())
    if not total:
        return Walk(counts, gone[steps], gone)
    law = step_law(transition, mesh, walking)
    axes = windows(mesh, law, walking, int(steps[-1]))
    if readout == "auto":
        few = math.prod(len(positions) for positions, _ in axes) <= _MOST_COUNTERS
        readout = "counters" if few else "residues"
    particle = ParticleCircuit(
        [moduli for _, moduli in axes],
        law.down,
        law.up,
        ticks_per_step=ticks_per_step,
        readout=readout,
        positions=[positions for positions, _ in axes],
        probability_bits=probability_bits,
    )
    network, asked = particle.compile(), particle.reading(steps)
    counted = readout == "counters"
    ends, block = np.cumsum(walking), _block_lanes(particle, len(steps))
    runs = []
    with reporting(progress, "particles") as report:
        for first in range(0, total, block):
            last = min(first + block, total)
            vertex = np.searchsorted(ends, np.arange(first, last), side="right")
            if vertex[0] == vertex[-1]:
                vertex = vertex[:1]
            run = simulate(
                network,
                particle.inputs(np.stack(np.unravel_index(vertex, mesh.shape), axis=1))
                | {"read": asked},
                ticks=len(asked),
                lanes=last - first,
                first_lane=first_lane + first,
                seed=seed,
                kernel=kernel,
                record="counts" if counted else ["residues"],
                epochs=("counted", list(range(1, len(steps) + 1)), "counters") if counted else None,
                threads=threads,
                progress=part(report, first / total, last / total),
            )
            counts += (_count if counted else _decode)(run, particle, steps, mesh)
            runs.append(run.counts_only())
    return Walk(counts, gone[steps], gone, tuple(runs))


def _block_lanes(circuit: ParticleCircuit, times: int) -> int:
    """Return how many lanes run at a time, a multiple of 128."""
    # Eight bytes to start each line, and half a byte for a line's packed spikes at each time.
    bytes_per_lane = sum(code.lines for code in circuit.codes) * (8 + 0.5 * times)
    return max(128, int(_BLOCK_BYTES / bytes_per_lane) // 128 * 128)


def _count(run: Run, circuit: ParticleCircuit, steps: IntArray, mesh: LatticeMesh) -> IntArray:
    """Return the walkers at each vertex, (T, V), from the spikes of counters."""
    places = np.meshgrid(*circuit.positions, indexing="ij")
    vertex = _vertex(np.stack([place.ravel() for place in places], axis=1), mesh)
    counts = np.zeros((math.prod(mesh.shape), len(steps)), dtype=np.int64)
    # Positions a whole round apart are one vertex.
    np.add.at(counts, vertex, run.epochs.T)
    return counts.T


def _decode(run: Run, circuit: ParticleCircuit, steps: IntArray, mesh: LatticeMesh) -> IntArray:
    """Return the walkers at each vertex, (T, V), from the residues in every lane."""
    size = math.prod(mesh.shape)
    return np.stack(
        [np.bincount(_vertex(circuit.decode(run, step), mesh), minlength=size) for step in steps]
    )


def _vertex(place: IntArray, mesh: LatticeMesh) -> IntArray:
    """Return the vertex at each position, (..., axes) to (...,)."""
    wrapped = [
        place[..., axis] % n if periodic else place[..., axis]
        for axis, (n, periodic) in enumerate(zip(mesh.shape, mesh.periodic, strict=True))
    ]
    return np.ravel_multi_index(tuple(wrapped), mesh.shape)
