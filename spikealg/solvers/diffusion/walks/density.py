"""Walking with spikes: the density circuit, run and read."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.engine import Run, Status, simulate
from spikealg.engine.counted import counted_run
from spikealg.errors import InputError
from spikealg.network import Network
from spikealg.progress import Report, reporting, silent
from spikealg.solvers.diffusion.density_circuits import choose_circuit, make_circuit
from spikealg.solvers.diffusion.density_circuits.base import MOST, DensityCircuit
from spikealg.solvers.diffusion.equation.transition import Transition
from spikealg.solvers.diffusion.walks.exits import count_exits
from spikealg.solvers.diffusion.walks.lanes import MANY, crowd
from spikealg.solvers.diffusion.walks.lanewalk import LaneWalk, Piece, blocks
from spikealg.solvers.diffusion.walks.walk import Stretch, Walk
from spikealg.solvers.diffusion.walks.workshop import Workshop

__all__ = ["DensityWalk", "spread", "walk"]

Array = npt.NDArray[np.int64]
LONGEST_RUN = 2**31 - 1
BLOCK_BYTES = 2**30
"""Memory for the lanes that run at a time."""
AMPLE = 8 * MANY
"""Lanes that take a block of the lanes kernel to the second-level cache, or nearly."""
STOP = ("stop", 1)
"""What ends a lane."""
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


class DensityWalk(LaneWalk):
    """A stretch walked by the density circuit.

    Parameters
    ----------
    stretch : Stretch
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
    place : hashable, optional
        Walks of one place have the same transition, so they can share circuits.
    roomy : bool
        Whether the circuit has room for some more walkers, so that it fits other walks of about
        as many.

    Attributes
    ----------
    recipe : tuple
        What the circuit depends on besides the transition.
    """

    def __init__(
        self,
        stretch: Stretch,
        *,
        seed: int,
        lanes: int = 1,
        first_lane: int = 0,
        circuit: str = "auto",
        probability_bits: int = 32,
        place: Hashable = None,
        roomy: bool = False,
    ) -> None:
        super().__init__(stretch, seed, first_lane)
        self._place = place
        most = -(-int(self.walking.sum()) // lanes)
        self.lanes = lanes if most else 0
        # Few lanes run one by one: no processor should be idle.
        self.grain, self.ample = (MANY, AMPLE) if lanes >= MANY else (1, os.cpu_count() or 1)
        if most > MOST:
            raise InputError(
                f"{most} walkers in a lane are more than a circuit can hold, {MOST}: use more lanes"
            )
        name, n_steps = choose_circuit(circuit, lanes), int(stretch.steps[-1])
        at_once = None
        if name == "paced" and most:
            at_once = crowd(stretch.transition, self.walking, n_steps, lanes)
        if roomy and most:
            most, at_once = _rounded(most, at_once)
        self.recipe = name, n_steps, probability_bits, most, at_once

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
        """Walk lanes first … last − 1, in blocks that fit into memory."""
        circuit, network = self._made(workshop)
        stretch, transition = self.stretch, self.stretch.transition
        vertices, n_steps = transition.vertices, int(stretch.steps[-1])
        every, totalled = stretch.every, stretch.timed and not stretch.steps[:-1].any()
        if totalled:
            # Each walker shows in every step, so that all spikes together tell the time spent.
            every = stretch.steps
        leaving = len(circuit.exit_side) > 0
        most = _block_lanes(len(vertices), n_steps if leaving else 0)
        counts = np.zeros((len(every), len(vertices)), dtype=np.int64)
        left = np.zeros((n_steps + 1, len(transition.sides)), dtype=np.int64)
        spikes, stopped = np.zeros(network.n_neurons, dtype=np.int64), []
        for block, progress in blocks(range(first, last), most, report):
            loads = spread(self.walking[vertices], self.lanes, block.start, block.stop)
            run = simulate(
                network,
                circuit.inputs(loads),
                ticks=_ticks(circuit, n_steps),
                lanes=len(block),
                first_lane=self.first_lane + block.start,
                seed=self.seed,
                kernel=kernel,
                record=["walk", "exit"] if leaving else "counts",
                until=STOP,
                epochs=("walk", (every + 1).tolist(), "readout"),
                threads=threads,
                progress=progress,
            )
            if run.status is not Status.FINISHED:
                raise InputError(
                    f"{n_steps} walk steps of {self.recipe[3]} walkers take more than "
                    f"{LONGEST_RUN} ticks: use more lanes, or record fewer steps at a time"
                )
            counts += _of_vertices(run.epochs, len(vertices))
            if leaving:
                left += count_exits(
                    run, circuit.exit_side, np.arange(n_steps + 1), len(transition.sides)
                )
            spikes += run.counts
            stopped.append(run.stopped)
        spent = None
        if totalled:
            shown = _of_vertices(spikes[network.outputs["readout"].neurons][None], len(vertices))
            spent = np.where(stretch.steps[:, None] > 0, shown - counts[-1], 0)
        return Piece.of_walk(
            stretch,
            first,
            last,
            counts,
            left,
            spikes,
            np.concatenate(stopped),
            vertices=vertices,
            spent=spent,
        )

    def runs(self, piece: Piece, workshop: Workshop) -> tuple[Run, ...]:
        """Return the run of all lanes, with its counts only."""
        circuit, network = self._made(workshop)
        run = counted_run(
            network,
            piece.spikes,
            ticks=_ticks(circuit, int(self.stretch.steps[-1])),
            lanes=self.lanes,
            first_lane=self.first_lane,
            seed=self.seed,
            until=STOP,
            stopped=piece.stopped,
        )
        return (run,)

    def _made(self, workshop: Workshop) -> tuple[DensityCircuit, Network]:
        name, n_steps, bits, most, at_once = self.recipe

        def make() -> tuple[DensityCircuit, Network]:
            circuit = make_circuit(
                name, self.stretch.transition, steps=n_steps, probability_bits=bits, most=most,
                crowd=at_once,
            )  # fmt: skip
            return circuit, circuit.compile()

        made: tuple[DensityCircuit, Network] = workshop.get((self._place, self.recipe), make)
        return made


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
    roomy: bool = False,
    kernel: str = "auto",
    threads: int | None = None,
    progress: bool | Callable[[float], None] = False,
) -> Walk:
    """Let all walkers walk by the density circuit and count them after `steps`.

    Parameters
    ----------
    transition, start, steps
        As in `Stretch`.
    seed, lanes, first_lane, circuit, probability_bits, roomy
        As in `DensityWalk`.
    kernel, threads, progress
        As in :func:`spikealg.engine.simulate`; no effect on the result.

    Returns
    -------
    Walk
        ``counts`` (T, V), ``exited`` (T, S), ``left`` (N + 1, S), int64, and the run.
    """
    density = DensityWalk(
        Stretch(transition, start, np.asarray(steps, dtype=np.int64)),
        seed=seed,
        lanes=as_int("lanes", lanes, low=1),
        first_lane=first_lane,
        circuit=circuit,
        probability_bits=probability_bits,
        roomy=roomy,
    )
    with reporting(progress, "density circuit") as report:
        return density.whole(kernel=kernel, threads=threads, report=report)


def _of_vertices(shown: Array, vertices: int) -> Array:
    """Return what readouts show, (T, n·vertices), at each vertex, (T, vertices)."""
    return np.asarray(shown.reshape(len(shown), -1, vertices).sum(axis=1))


def _ticks(circuit: DensityCircuit, n_steps: int) -> int:
    """Return the ticks after which a run is given up."""
    return min((n_steps + 2) * circuit.longest_step + 2, LONGEST_RUN)


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
