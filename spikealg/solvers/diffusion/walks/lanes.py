"""Over how many lanes walkers are spread so that a walk takes least time.

A step takes as many ticks as the fullest counter of a lane holds walkers, and a few more. More
lanes hold fewer walkers each, so they need fewer ticks. The lanes kernel takes 512 lanes through a
tick together, at the price of what happens in any of them, and a clock keeps them in step; the
other kernels pay for every walker.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from spikealg.solvers.diffusion.equation.transition import Transition

__all__ = ["MANY", "choose_lanes", "crowd", "dispersal", "fullest", "time_of_few", "time_of_many"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
MANY = 512
"""Lanes that the lanes kernel takes through a tick together."""
PAUSE = 3
"""Ticks of a step in which nobody leaves."""
TICK, WOKEN, IDLE = 3.6, 3.0, 5.0
"""A tick of 512 lanes, and besides of each block of them, in which somebody leaves; so many more
for waking the counters; a tick of a block in which nobody leaves. Times are per vertex, the last of
all vertices, in steps of a walker on the clock kernel where it is at its best. Measured by
benchmarks/density_lanes.py, as those of the next line."""
EVENT, CLOCK, SWEEP = 3.5, 0.8, 0.15
"""A step of a walker on the event and the clock kernel, and a tick of a lane on the latter."""
BLOCK_COUNTERS = 280 * MANY
"""Counters of a block of lanes, which the kernel keeps in the second-level cache."""
SLACK = 1.15
"""What more lanes may cost on one core, because they can use several."""
MOST_FEW, WALKERS_PER_COUNTER = 8, 5
"""Without the lanes kernel: most copies of the circuit, and walkers per counter for each."""
SEEN_STEPS = 256
"""Steps of the chain that are taken to see how walkers disperse."""
CLASSES = 16
"""Classes of vertices, by the chance to be there, for which times are computed."""
MISSED = 1e-2
"""Chance that some vertex of some lane in some step is more crowded than `crowd` says."""


def choose_lanes(transition: Transition, start: FloatArray, steps: int, walkers: int) -> int:
    """Return over how many copies of the circuit the walkers are spread; the machine has no say.

    Compares `time_of_few`, up to 8 lanes on the kernels that pay for every walker, with
    `time_of_many`, 512 lanes times a power of two on the lanes kernel.

    Parameters
    ----------
    transition : Transition
        One step.
    start : (V,) float64
        Chance of a walker to start at each vertex.
    steps : int
        Steps of the walk.
    walkers : int
        Walkers in all lanes together.
    """
    vertices = max(1, int(transition.live.sum()))
    few = max(1, min(MOST_FEW, walkers // (WALKERS_PER_COUNTER * vertices)))
    if walkers < MANY or not transition.live.any():
        return few
    peak, chance = dispersal(transition, start, steps)
    times = {
        groups: time_of_many(groups, walkers, chance)
        for groups in (1 << k for k in range((walkers // MANY).bit_length()))
    }
    least = min(times.values())
    if time_of_few(few, walkers, peak, vertices) <= least:
        return few
    return MANY * max(groups for groups, time in times.items() if time <= SLACK * least)


def time_of_few(lanes: int, walkers: int, peak: float, vertices: int) -> float:
    """Return the time of a step on the event or the clock kernel, whichever takes less."""
    ticks = PAUSE + fullest(walkers * peak / lanes, 1 / peak)
    each = walkers / vertices
    return min(EVENT * each, CLOCK * each + SWEEP * lanes * ticks)


def time_of_many(groups: int, walkers: int, chance: FloatArray) -> float:
    """Return the time of a step on the lanes kernel, with a clock that keeps the lanes in step.

    A vertex is busy for as many ticks as it holds walkers in the lane of its block in which they
    are most.

    Parameters
    ----------
    groups : int
        Of 512 lanes each.
    walkers : int
    chance : (V_live,) float64
        Chance of a walker to be at each live vertex.
    """
    in_lane = walkers / (MANY * groups)
    blocks = -(-groups // max(1, BLOCK_COUNTERS // (MANY * len(chance))))
    together = MANY * groups / blocks
    classes = [c for c in np.array_split(np.sort(chance), CLASSES) if len(c)]
    busy = [fullest(in_lane * float(c.mean()), together) for c in classes]
    ticks = float(np.average(busy, weights=[len(c) for c in classes]))
    idle = max(busy) / len(chance)
    return TICK * (groups + blocks) * (WOKEN + ticks) + IDLE * blocks * idle


def crowd(transition: Transition, walkers: IntArray, steps: int, lanes: int) -> int:
    """Return how many walkers a vertex of a lane may hold: more is a chance of `MISSED` at most.

    By Bernstein's inequality, for all vertices, lanes and steps together; walkers are taken to be
    nowhere closer together than in the first `SEEN_STEPS` steps.

    Parameters
    ----------
    transition : Transition
        One step.
    walkers : (V,) int64
        Walkers at each vertex at the start, in all lanes.
    steps, lanes : int
    """
    total = int(walkers.sum())
    peak = float(_evolve(transition, walkers / total, steps)[0].max())
    in_lane = -(-total // lanes)
    mean = in_lane * peak
    unlikely = math.log(max(1, steps) * lanes * len(walkers) / MISSED)
    above = unlikely / 3 + math.sqrt(unlikely**2 / 9 + 2 * unlikely * mean)
    return min(in_lane, math.ceil(mean + above))


def fullest(mean: float, vertices: float) -> float:
    """Return the expected maximum of `vertices` independent Poisson counts of this mean."""
    if mean <= 0:
        return 0.0
    lowest = max(0, int(mean - 12 * math.sqrt(mean)))
    count = np.arange(lowest, int(mean + 12 * math.sqrt(mean)) + 30)
    logarithm = lowest * math.log(mean) - mean - math.lgamma(lowest + 1)
    ratios = np.log(mean / count[1:])
    chance = np.exp(np.concatenate([[logarithm], logarithm + np.cumsum(ratios)]))
    at_most = np.minimum(np.cumsum(chance), 1.0)
    return lowest + float((1 - at_most**vertices).sum())


def dispersal(transition: Transition, start: FloatArray, steps: int) -> tuple[float, FloatArray]:
    """Return where walkers are in the mean over all steps, by the chain.

    Beyond `SEEN_STEPS` they are taken to stay about where they are, but their peak to fall by the
    power law of the steps before: as 1/√t in one dimension, not at all once they are dispersed.

    Returns
    -------
    peak : float
        Largest chance to be at any one vertex.
    chance : (V_live,) float64
        Chance to be at each live vertex.
    """
    peaks, total, now = _evolve(transition, start, steps)
    seen = len(peaks) - 1
    total += (steps - seen) * now
    sum_of_peaks = float(peaks.sum())
    if steps > seen and peaks[-1] > 0:
        # ∫ (s/seen)^−power ds from `seen` to `steps`
        rest = 1 - math.log2(peaks[seen // 2] / peaks[-1])
        growth = math.log(steps / seen)
        sum_of_peaks += peaks[-1] * seen * (math.expm1(rest * growth) / rest if rest else growth)
    chance = total[transition.live] / (steps + 1)
    return min(1.0, max(sum_of_peaks / (steps + 1), 1 / max(1, len(chance)))), chance


def _evolve(
    transition: Transition, start: FloatArray, steps: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Take up to `SEEN_STEPS` steps of the chain.

    Returns
    -------
    peaks : (seen + 1,) float64
        Largest chance to be at any one vertex, before and after each step.
    total, last : (V,) float64
        Chance to be at each vertex, summed over these times and at the last of them.
    """
    now = np.where(transition.live, start, 0.0)
    step = transition.move.T.tocsr()
    seen = min(steps, SEEN_STEPS)
    total, peaks = np.zeros(len(now)), np.empty(seen + 1)
    for number in range(seen + 1):
        peaks[number] = now.max()
        total += now
        if number < seen:
            now = step @ now
    return peaks, total, now
