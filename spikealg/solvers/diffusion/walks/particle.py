"""Walking with spikes: a particle circuit per walker, run in lanes and read."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spikealg.engine import Run, simulate
from spikealg.engine.counted import counted_run
from spikealg.network import Network
from spikealg.progress import Report, reporting, silent
from spikealg.solvers.diffusion.domains.lattice import LatticeMesh
from spikealg.solvers.diffusion.equation.transition import Transition
from spikealg.solvers.diffusion.particle_circuits.circuit import (
    PARTICLE_CIRCUITS,
    ParticleCircuit,
    choose_particle_circuit,
)
from spikealg.solvers.diffusion.particle_circuits.lattice import StepLaw, step_law, windows
from spikealg.solvers.diffusion.walks.lanewalk import LaneWalk, Piece, blocks
from spikealg.solvers.diffusion.walks.walk import Stretch, Walk
from spikealg.solvers.diffusion.walks.workshop import Workshop

__all__ = ["ParticleWalk", "walk"]

IntArray = npt.NDArray[np.int64]
_BLOCK_BYTES = 2**27
"""Lanes run in blocks, so that starts and recorded spikes take about so much memory."""
_AMPLE = 2**14
"""Lanes of which a part costs as little per walker as more of them."""
_MOST_COUNTERS = 1024
"""With more counters than this, a circuit takes longer than the decoding of residues."""


class ParticleWalk(LaneWalk):
    """A stretch in which every walker has a particle circuit of its own.

    Walkers are numbered by the vertex they start from, and each has a lane, from `first_lane` on.

    Parameters
    ----------
    stretch : Stretch
        Its step must be the same wherever walkers come (`require_homogeneous`).
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
    place : hashable, optional
        Walks of one place have the same transition.
    """

    grain = 128

    def __init__(
        self,
        stretch: Stretch,
        *,
        mesh: LatticeMesh,
        seed: int,
        first_lane: int = 0,
        circuit: str = "auto",
        probability_bits: int = 32,
        place: Hashable = None,
    ) -> None:
        super().__init__(stretch, seed, first_lane)
        self.mesh, self._place, self._bits = mesh, place, probability_bits
        self.lanes, self.ample = int(self.walking.sum()), _AMPLE
        self._ticks_per_step, self._readout = PARTICLE_CIRCUITS[choose_particle_circuit(circuit)]

    def walk(
        self,
        first: int,
        last: int,
        *,
        workshop: Workshop,
        threads: int | None = None,
        report: Report = silent,
        kernel: str = "auto",
    ) -> Piece:
        """Walk walkers first … last − 1, in blocks that fit into memory."""
        particle, network = self._made(workshop)
        stretch, every, mesh = self.stretch, self.stretch.every, self.mesh
        counted = particle.readout == "counters"
        asked = particle.reading(every)
        counts = np.zeros((len(every), len(self.walking)), dtype=np.int64)
        left = np.zeros((int(every[-1]) + 1, len(stretch.transition.sides)), dtype=np.int64)
        spikes = np.zeros(network.n_neurons, dtype=np.int64)
        ends, most = np.cumsum(self.walking), _block_lanes(particle, len(every))
        for block, progress in blocks(range(first, last), most, report):
            vertex = np.searchsorted(ends, np.array(block), side="right")
            if vertex[0] == vertex[-1]:
                vertex = vertex[:1]
            run = simulate(
                network,
                particle.inputs(np.stack(np.unravel_index(vertex, mesh.shape), axis=1))
                | {"read": asked},
                ticks=len(asked),
                lanes=len(block),
                first_lane=self.first_lane + block.start,
                seed=self.seed,
                kernel=kernel,
                record="counts" if counted else ["residues"],
                epochs=("counted", list(range(1, len(every) + 1)), "counters") if counted else None,
                threads=threads,
                progress=progress,
            )
            counts += (_count if counted else _decode)(run, particle, every, mesh)
            spikes += run.counts
        return Piece.of_walk(stretch, first, last, counts, left, spikes)

    def runs(self, piece: Piece, workshop: Workshop) -> tuple[Run, ...]:
        """Return the run of all walkers, with its counts only."""
        particle, network = self._made(workshop)
        ticks = len(particle.reading(self.stretch.every))
        run = counted_run(
            network,
            piece.spikes,
            ticks=ticks,
            lanes=self.lanes,
            first_lane=self.first_lane,
            seed=self.seed,
        )
        return (run,)

    def _made(self, workshop: Workshop) -> tuple[ParticleCircuit, Network]:
        axes = windows(self.mesh, self._law, self.walking, int(self.stretch.steps[-1]))

        def make() -> tuple[ParticleCircuit, Network]:
            readout = self._readout
            if readout == "auto":
                few = math.prod(len(positions) for positions, _ in axes) <= _MOST_COUNTERS
                readout = "counters" if few else "residues"
            particle = ParticleCircuit(
                [moduli for _, moduli in axes],
                self._law.down,
                self._law.up,
                ticks_per_step=self._ticks_per_step,
                readout=readout,
                positions=[positions for positions, _ in axes],
                probability_bits=self._bits,
            )
            return particle, particle.compile()

        made: tuple[ParticleCircuit, Network] = workshop.get((self._place, tuple(axes)), make)
        return made

    @cached_property
    def _law(self) -> StepLaw:
        return step_law(self.stretch.transition, self.mesh, self.walking)


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

    Parameters
    ----------
    transition, start, steps
        As in `Stretch`.
    mesh, seed, first_lane, circuit, probability_bits
        As in `ParticleWalk`.
    kernel, threads, progress
        As in :func:`spikealg.engine.simulate`; no effect on the result.

    Returns
    -------
    Walk
        ``counts`` (T, V), ``exited`` (T, S), ``left`` (N + 1, S), int64, and the run.
    """
    particles = ParticleWalk(
        Stretch(transition, start, np.asarray(steps, dtype=np.int64)),
        mesh=mesh,
        seed=seed,
        first_lane=first_lane,
        circuit=circuit,
        probability_bits=probability_bits,
    )
    with reporting(progress, "particles") as report:
        return particles.whole(kernel=kernel, threads=threads, report=report)


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
