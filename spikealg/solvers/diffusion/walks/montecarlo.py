"""Plain Monte Carlo: walkers that read a table, no spikes. The rival of the circuits.

Every walker has its own xorshift64 generator (Marsaglia, "Xorshift RNGs", 2003), seeded from
(seed, walker) by the mixing function of SplitMix64 (Steele, Lea, Flood 2014), so neither threads
nor the way walkers are cut into blocks change where a walker goes. A step is one draw and one look
into an alias table (Vose 1991): the upper half of the draw picks a column of the vertex, the lower
half one of the two targets there. No branch, the same work for any number of exits, and many
walkers advance together. Probabilities are rounded to 32 bits.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit, uint32, uint64

from spikealg.arguments import as_int
from spikealg.memory import require_memory
from spikealg.progress import Report, silent
from spikealg.solvers.diffusion.equation.transition import Transition
from spikealg.solvers.diffusion.walks.lanewalk import LaneWalk, Piece
from spikealg.solvers.diffusion.walks.walk import Stretch, Walk
from spikealg.solvers.diffusion.walks.workshop import Workshop

if TYPE_CHECKING:
    from spikealg.engine import Run

__all__ = ["MonteCarloWalk", "walk"]

IntArray = npt.NDArray[np.int64]

_BLOCK = 256
"""Walkers that advance together; their states stay in the first-level cache."""
_CHUNK = 4096
"""Walkers per call of the kernel: between calls a run can be interrupted."""
_SWEEP = 64
"""After this many steps, walkers that have left are put aside."""
_WORTH_A_THREAD = 1 << 22
"""Walker-steps below which another thread costs more than it saves."""
_WORTH_A_PART = 1 << 30
"""Walker-steps of a part, which take some seconds; with more, little is saved."""


@njit(cache=True, inline="always")
def _shifted(x):
    """Return the next state of xorshift64 (uint64, never 0)."""
    x ^= x << uint64(13)
    x ^= x >> uint64(7)
    x ^= x << uint64(17)
    return x


@njit(cache=True, inline="always")
def _first_state(seed, walker):
    """Return where a walker's generator starts (uint64, not 0)."""
    z = uint64(seed)
    # The seed is mixed before the walker comes in, or seed ^ walker would be all that counts.
    for part in (uint64(0), uint64(walker)):
        z = (z ^ part) + uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> uint64(27))) * uint64(0x94D049BB133111EB)
        z = z ^ (z >> uint64(31))
    return z if z != uint64(0) else uint64(0x9E3779B97F4A7C15)


@njit(cache=True, nogil=True)
def _fill_alias(indptr, target, probability, first, columns, threshold, pair):
    """Write the alias tables of all vertices.

    indptr (n + 1,) int64, target (m,) int32, probability (m,) float64: exits of each vertex.
    first, columns (n,) uint32: where the columns of a vertex begin, and how many it has (read).
    threshold (Σ columns,) uint32, pair (2 Σ columns,) int32: written. A draw below the threshold
    takes the first of the pair.
    """
    for v in range(len(indptr) - 1):
        begin, n = indptr[v], indptr[v + 1] - indptr[v]
        base = int(first[v])
        if columns[v] == 1:
            threshold[base] = uint32(min(round(probability[begin] * 2.0**32), 2.0**32 - 1))
            pair[2 * base] = target[begin]
            pair[2 * base + 1] = target[begin + n - 1]
            continue
        part = probability[begin : begin + n] * n
        few = np.empty(n, dtype=np.int64)
        many = np.empty(n, dtype=np.int64)
        n_few = n_many = 0
        for e in range(n):
            if part[e] < 1:
                few[n_few] = e
                n_few += 1
            else:
                many[n_many] = e
                n_many += 1
        while n_few > 0 and n_many > 0:
            n_few -= 1
            small, large = few[n_few], many[n_many - 1]
            threshold[base + small] = uint32(min(round(part[small] * 2.0**32), 2.0**32 - 1))
            pair[2 * (base + small)] = target[begin + small]
            pair[2 * (base + small) + 1] = target[begin + large]
            part[large] -= 1 - part[small]
            if part[large] < 1:
                n_many -= 1
                few[n_few] = large
                n_few += 1
        for rest in range(n_few + n_many):
            # What is left is full up to rounding.
            e = few[rest] if rest < n_few else many[rest - n_few]
            pair[2 * (base + e)] = pair[2 * (base + e) + 1] = target[begin + e]


@njit(cache=True, inline="always")
def _step(first, columns, threshold, pair, single, v, x):
    """Return where a walker at v (uint64) goes by the draw x (uint64)."""
    if single:
        return pair[uint64(2) * v + uint64(uint32(x >> uint64(32)) >= threshold[v])]
    column = uint64(first[v]) + (((x >> uint64(32)) * uint64(columns[v])) >> uint64(32))
    return pair[uint64(2) * column + uint64(uint32(x) >= threshold[column])]


@njit(cache=True, nogil=True)
def _walk(
    first, columns, threshold, pair, single, n_live, bounds, walkers, seed, number, steps, counts,
    spent, left,
):  # fmt: skip
    """Walk some walkers and count them.

    first, columns, threshold, pair: the tables of `_fill_alias`; `single` says that every vertex
    has one column. n_live: number of live vertices; targets from n_live up are sides.
    bounds (n_live + 1,) int64: walkers bounds[v] to bounds[v + 1] start at vertex v.
    walkers: the pair (begin, end) of walkers to walk. seed: uint64. number: by which the first of
    all walkers draws (int). steps (T,) int64: recorded.
    counts (T, n_live + S) int64: walkers per vertex and side are added here.
    spent (T, n_live + S) int64, or of no rows if it is not wanted: at each vertex the steps that
    walkers begin there since the step that was recorded before; of sides it means nothing.
    left (N + 1, S) int64: walkers that leave in step 1, 2, ..., N are added here.
    """
    place = np.empty(_BLOCK, dtype=np.int32)
    state = np.empty(_BLOCK, dtype=np.uint64)
    place_before = np.empty(_BLOCK, dtype=np.int32)
    state_before = np.empty(_BLOCK, dtype=np.uint64)
    gone = np.zeros(counts.shape[1] - n_live, dtype=np.int64)
    vertex = np.searchsorted(bounds, walkers[0], side="right") - 1
    for block in range(walkers[0], walkers[1], _BLOCK):
        active = min(_BLOCK, walkers[1] - block)
        for j in range(active):
            while bounds[vertex + 1] <= block + j:
                vertex += 1
            place[j] = vertex
            state[j] = _first_state(seed, number + block + j)
        gone[:] = 0
        done = 0
        for row in range(steps.shape[0]):
            while done < steps[row]:
                sweep = min(_SWEEP, steps[row] - done)
                done += sweep
                place_before[:active] = place[:active]
                state_before[:active] = state[:active]
                for _ in range(sweep):
                    if spent.shape[0]:
                        for j in range(active):
                            spent[row, place[j]] += 1
                    if single:
                        for j in range(active):
                            x = _shifted(state[j])
                            state[j] = x
                            v = uint64(place[j])
                            above = uint64(uint32(x >> uint64(32)) >= threshold[v])
                            place[j] = pair[uint64(2) * v + above]
                    else:
                        for j in range(active):
                            x = _shifted(state[j])
                            state[j] = x
                            v = uint64(place[j])
                            column = ((x >> uint64(32)) * uint64(columns[v])) >> uint64(32)
                            column += uint64(first[v])
                            above = uint64(uint32(x) >= threshold[column])
                            place[j] = pair[uint64(2) * column + above]
                j = 0
                while j < active:
                    if place[j] >= n_live:
                        gone[place[j] - n_live] += 1
                        # In which step is seen by walking this stretch again.
                        v, x = place_before[j], state_before[j]
                        step = done - sweep
                        while v < n_live:
                            x = _shifted(x)
                            v = _step(first, columns, threshold, pair, single, uint64(v), x)
                            step += 1
                        left[step, v - n_live] += 1
                        active -= 1
                        place[j] = place[active]
                        state[j] = state[active]
                        place_before[j] = place_before[active]
                        state_before[j] = state_before[active]
                    else:
                        j += 1
            for j in range(active):
                counts[row, place[j]] += 1
            for side in range(gone.shape[0]):
                counts[row, n_live + side] += gone[side]


class MonteCarloWalk(LaneWalk):
    """A stretch that every walker walks for itself; its lanes are its walkers.

    Parameters
    ----------
    stretch : Stretch
        Walker j is the j-th in the order of vertices.
    seed : int
        0 ≤ seed < 2⁶⁴.
    first_walker : int
        Number of the first walker, by which it draws.
    """

    grain = _CHUNK

    def __init__(self, stretch: Stretch, *, seed: int, first_walker: int = 0) -> None:
        super().__init__(stretch, as_int("seed", seed, low=0, high=2**64 - 1), first_walker)
        self.lanes = int(self.walking.sum())
        self.ample = max(_CHUNK, _WORTH_A_PART // max(1, int(stretch.steps[-1])))

    def walk(
        self,
        first: int,
        last: int,
        *,
        workshop: Workshop | None = None,
        threads: int | None = None,
        report: Report = silent,
    ) -> Piece:
        """Walk walkers first … last − 1; there is no circuit to keep."""
        transition, steps = self.stretch.transition, self.stretch.steps
        vertices, n_sides = transition.vertices, len(transition.sides)
        n_live, n_steps = len(vertices), int(steps[-1])
        bounds = np.concatenate([[0], np.cumsum(self.walking[vertices])])
        if threads is None:
            worth = (last - first) * n_steps // _WORTH_A_THREAD + 1
            threads = min(os.cpu_count() or 1, worth)
        threads = as_int("threads", threads, low=1)
        require_memory(
            8.0
            * (1 + self.stretch.timed)
            * len(steps)
            * ((threads + 1) * (n_live + n_sides) + len(self.walking))
            + 8.0 * (threads + 2) * n_steps * n_sides,
            f"counts of {n_live} vertices at {len(steps)} times on {threads} threads",
            "record fewer times or use fewer threads",
        )
        first_column, columns, threshold, pair = _tables(transition)
        single = bool(np.all(columns == 1))
        lists = (first_column, columns, threshold, pair, single, n_live, bounds)
        chunks = range(first, last, _CHUNK)
        failed = Event()

        def work(number: int) -> tuple[IntArray, IntArray, IntArray]:
            counts = np.zeros((len(steps), n_live + n_sides), dtype=np.int64)
            spent = np.zeros((len(steps) * self.stretch.timed, n_live + n_sides), dtype=np.int64)
            left = np.zeros((n_steps + 1, n_sides), dtype=np.int64)
            own = chunks[number::threads]
            for begin in own:
                if failed.is_set():
                    break
                walkers = (begin, min(begin + _CHUNK, last))
                _walk(
                    *lists, walkers, np.uint64(self.seed), self.first_lane, steps, counts, spent,
                    left,
                )  # fmt: skip
                if number == 0:
                    report((own.index(begin) + 1) / len(own))
            return counts, spent, left

        if threads == 1:
            counts, spent, left = work(0)
        else:
            with ThreadPoolExecutor(threads) as pool:
                try:
                    found = list(pool.map(work, range(threads)))
                except BaseException:
                    failed.set()
                    raise
            counts, spent, left = (np.sum(arrays, axis=0) for arrays in zip(*found, strict=True))
        return Piece.of_walk(
            self.stretch,
            first,
            last,
            counts[:, :n_live],
            np.cumsum(left, axis=0),
            vertices=vertices,
            spent=np.cumsum(spent, axis=0)[:, :n_live],
        )

    def runs(self, piece: Piece, workshop: Workshop) -> tuple[Run, ...]:
        """Return nothing: there is no circuit."""
        return ()


def walk(
    transition: Transition,
    start: npt.NDArray[np.int64],
    steps: npt.NDArray[np.int64],
    *,
    seed: int,
    first_walker: int = 0,
    threads: int | None = None,
) -> Walk:
    """Walk every walker for itself and count them after `steps`.

    Parameters
    ----------
    transition, start, steps
        As in `Stretch`.
    seed : int
        0 ≤ seed < 2⁶⁴.
    first_walker : int
        Number of the first walker, by which it draws.
    threads : int, optional
        Number of threads, by default as many as there are processors and the work is worth. Has
        no effect on the result.

    Returns
    -------
    Walk
        ``counts`` (T, V), ``exited`` (T, S) and ``left`` (N + 1, S), int64.

    Raises
    ------
    TooLargeError
        If the counts of all recorded steps do not fit into memory.
    """
    stretch = Stretch(transition, start, np.asarray(steps, dtype=np.int64))
    return MonteCarloWalk(stretch, seed=seed, first_walker=first_walker).whole(threads=threads)


def _tables(transition: Transition) -> tuple[npt.NDArray[Any], ...]:
    """Return first, columns, threshold and pair of `_walk`; at a side a walker stays."""
    exits, n_live, n_sides = transition.exits, len(transition.vertices), len(transition.sides)
    degree = np.diff(exits.indptr)
    target = np.where(exits.target < 0, n_live - 1 - exits.target, exits.target)
    indptr = np.concatenate([exits.indptr, exits.indptr[-1] + np.arange(1, n_sides + 1)])
    target = np.concatenate([target, n_live + np.arange(n_sides)]).astype(np.int32)
    probability = np.concatenate([exits.probability, np.ones(n_sides)])
    columns = np.concatenate([np.where(degree <= 2, 1, degree), np.ones(n_sides, np.int64)])
    first = np.concatenate([[0], np.cumsum(columns)])
    threshold = np.zeros(first[-1], dtype=np.uint32)
    pair = np.zeros(2 * first[-1], dtype=np.int32)
    first, columns = first[:-1].astype(np.uint32), columns.astype(np.uint32)
    _fill_alias(indptr, target, probability, first, columns, threshold, pair)
    return first, columns, threshold, pair
