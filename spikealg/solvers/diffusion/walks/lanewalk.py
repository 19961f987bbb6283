"""A stretch of a walk taken apart by lanes: cut, walked anywhere, joined again.

Lanes never influence each other, and a draw depends on the seed and the absolute number of the
lane. So it makes no difference who walks which lanes, and when: every way to walk a stretch, in
this process, on an executor, or going on from a file, is `cut`, `walk` and `join`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.progress import Report, part, silent
from spikealg.solvers.diffusion.walks.walk import Stretch, Walk, settle, time_spent
from spikealg.solvers.diffusion.walks.workshop import Workshop

if TYPE_CHECKING:
    from spikealg.engine import Run

__all__ = ["LaneWalk", "Piece", "blocks", "cut"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Piece:
    """What became of the walkers in some lanes of a stretch.

    Attributes
    ----------
    first, last : int
        The lanes are first … last − 1.
    counts : (T, V) int64
        Walkers at each vertex after the recorded steps.
    left : (N + 1, S) int64
        Walkers that have left by each side after every step; not those that start on a sink.
    spent : (T, V) int64
        Steps that walkers have spent at each vertex; no rows unless the stretch is timed.
    spikes : (n,) int64
        Of each neuron of the circuit; none if there is no circuit.
    stopped : (last − first,) int64
        The tick in which each lane stopped; none if all run equally long.
    """

    first: int
    last: int
    counts: IntArray
    left: IntArray
    spent: IntArray
    spikes: IntArray
    stopped: IntArray

    @classmethod
    def of_walk(
        cls,
        stretch: Stretch,
        first: int,
        last: int,
        counts: IntArray,
        left: IntArray,
        spikes: IntArray | None = None,
        stopped: IntArray | None = None,
        *,
        vertices: IntArray | None = None,
        spent: IntArray | None = None,
    ) -> Piece:
        """Return a piece of which `counts` are those after ``stretch.every`` step.

        Where `vertices` are given, (C,), `counts` are at these and there is nobody elsewhere. A
        walk that knows the time `spent`, (T, C), counts after ``stretch.steps`` alone.
        """
        nothing = np.zeros(0, dtype=np.int64)
        if spent is None:
            spent = np.zeros((0, counts.shape[1]), dtype=np.int64)
            if stretch.timed:
                counts, spent = counts[stretch.steps], time_spent(counts, stretch.steps)
        if vertices is not None:
            counts, spent = (
                _placed(array, vertices, len(stretch.start)) for array in (counts, spent)
            )
        return cls(
            first,
            last,
            counts,
            left,
            spent,
            nothing if spikes is None else spikes,
            nothing if stopped is None else stopped,
        )

    @classmethod
    def joined(cls, pieces: Iterable[Piece]) -> Piece:
        """Return the piece of all lanes of `pieces`, at least one.

        Raises
        ------
        ValueError
            If lanes are missing between them, or are there twice.
        """
        inorder = sorted(pieces, key=lambda piece: piece.first)
        for before, after in pairwise(inorder):
            if before.last != after.first:
                raise ValueError(f"lanes {before.last} to {after.first} are missing or there twice")
        if len(inorder) == 1:
            return inorder[0]
        summed = {
            name: np.sum([getattr(piece, name) for piece in inorder], axis=0)
            for name in ("counts", "left", "spent", "spikes")
        }
        stopped = np.concatenate([piece.stopped for piece in inorder])
        return cls(inorder[0].first, inorder[-1].last, stopped=stopped, **summed)


def _placed(counts: IntArray, vertices: IntArray, n: int) -> IntArray:
    """Return counts (T, C) at some of n vertices as (T, n)."""
    placed = np.zeros((len(counts), n), dtype=np.int64)
    placed[:, vertices] = counts
    return placed


class LaneWalk(ABC):
    """A method's walk over one stretch. It can be pickled, and is small.

    Attributes
    ----------
    stretch : Stretch
    seed, first_lane : int
        By which the first lane draws; the lanes of the walk itself count from 0.
    walking : (V,) int64
        Walkers that start on no sink.
    lanes : int
        Lanes, or for methods without lanes walkers; 0 if nobody walks.
    grain : int
        Parts begin at multiples of so many lanes.
    ample : int
        A part of so many lanes is walked about as efficiently as all of them together.
    """

    stretch: Stretch
    seed: int
    first_lane: int
    walking: IntArray
    lanes: int
    grain: int = 1
    ample: int = 1

    def __init__(self, stretch: Stretch, seed: int, first_lane: int) -> None:
        self.stretch, self.seed, self.first_lane = stretch, seed, first_lane
        start = np.asarray(stretch.start, dtype=np.int64)
        self.walking, self._at_once = settle(stretch.transition, start)

    @abstractmethod
    def walk(
        self,
        first: int,
        last: int,
        *,
        workshop: Workshop,
        threads: int | None = None,
        report: Report = silent,
    ) -> Piece:
        """Walk lanes first … last − 1.

        Parameters
        ----------
        first, last : int
        workshop : Workshop
            Keeps the circuit for other parts.
        threads : int, optional
            By default as many as there are processors. Has no effect on the result.
        report : callable
            Gets the fraction done, several times a second; what it raises ends the walk.
        """

    @abstractmethod
    def runs(self, piece: Piece, workshop: Workshop) -> tuple[Run, ...]:
        """Return the engine's run of all lanes; nothing for methods without a circuit."""

    def join(self, pieces: Iterable[Piece], workshop: Workshop) -> Walk:
        """Return the walk of all lanes.

        Raises
        ------
        ValueError
            If `pieces` are not all lanes, each once.
        """
        stretch, pieces = self.stretch, tuple(pieces)
        n_steps = int(stretch.steps[-1])
        gone = np.tile(self._at_once, (n_steps + 1, 1))
        if not self.lanes:
            counts = np.zeros((len(stretch.steps), len(stretch.start)), dtype=np.int64)
            nowhere = counts.astype(np.float64) if stretch.timed else None
            return Walk(counts, gone[stretch.steps], gone, (), nowhere)
        whole = Piece.joined(pieces)
        if (whole.first, whole.last) != (0, self.lanes):
            raise ValueError(f"lanes {whole.first} to {whole.last} are not all {self.lanes}")
        gone += whole.left
        stay = np.asarray(stretch.transition.dt * whole.spent) if stretch.timed else None
        return Walk(whole.counts, gone[stretch.steps], gone, self.runs(whole, workshop), stay)

    def whole(self, **options: Any) -> Walk:
        """Return the walk of all lanes, walked here and now; `options` are those of `walk`."""
        workshop = Workshop()
        pieces = [self.walk(0, self.lanes, workshop=workshop, **options)] if self.lanes else []
        return self.join(pieces, workshop)


def blocks(lanes: range, size: int, report: Report) -> Iterator[tuple[range, Report]]:
    """Give `lanes` in blocks of at most `size`, each with its own report, a part of `report`."""
    for low in range(lanes.start, lanes.stop, size):
        block = range(low, min(low + size, lanes.stop))
        done = [(lane - lanes.start) / len(lanes) for lane in (block.start, block.stop)]
        yield block, part(report, *done)


def cut(walk: LaneWalk, parts: int, lanes: range) -> list[range]:
    """Return `lanes` of a walk cut into about equal parts.

    Parameters
    ----------
    walk : LaneWalk
    parts : int
        How many are wanted. There are more where larger ones would gain nothing, and fewer where
        they would be smaller than the grain.
    lanes : range
        Not empty.
    """
    first, last, grain = lanes.start, lanes.stop, walk.grain
    begin = first // grain
    grains = -(-last // grain) - begin
    n = max(1, min(grains, max(parts, len(lanes) // walk.ample)))
    inner = [(begin + grains * k // n) * grain for k in range(1, n)]
    return [range(low, high) for low, high in pairwise([first, *inner, last])]
