"""What the chain expects of a group of walkers: at the recorded times, or when all have left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spikealg.progress import Report, silent
from spikealg.solvers.diffusion.equation.rates import Rates
from spikealg.solvers.diffusion.equation.reach import can_leave, require_exit
from spikealg.solvers.diffusion.equation.stationary import stationary_probability
from spikealg.solvers.diffusion.groups import Group, Load
from spikealg.solvers.diffusion.times import Segment
from spikealg.solvers.diffusion.walks import chain
from spikealg.solvers.diffusion.walks.march import follow, march
from spikealg.solvers.diffusion.walks.walk import Stretch, Walk, settle, time_spent

__all__ = ["expect", "solve_live", "walk_chain"]

FloatArray = npt.NDArray[np.float64]


def walk_chain(stretch: Stretch) -> Walk:
    """Walk one stretch by the chain."""
    walked = chain.walk(stretch.transition, stretch.start, stretch.every)
    if not stretch.timed:
        return walked
    kept = stretch.steps
    stay = stretch.transition.dt * time_spent(walked.counts, kept)
    return Walk(walked.counts[kept], walked.exited[kept], walked.left, (), stay)


def expect(
    rates: Rates,
    segments: Sequence[Segment],
    load: Load,
    *,
    endless: bool,
    walkers: int = 1,
    report: Report = silent,
) -> Group:
    """Return what is expected of `walkers` walkers.

    Parameters
    ----------
    rates : Rates
    segments : sequence of Segment
        The steps and the times to record; without effect if `endless`.
    load : Load
        Where walkers start.
    endless : bool
        Whether to wait until all walkers have left: then one time is recorded, infinity.
    walkers : int
    report : callable
        Gets the fraction done.
    """
    if load.role == "average":
        walk = _stay_for_ever(rates)
    elif endless:
        walk = _leave(rates, load.probability)
    else:
        start = load.probability if load.arriving is None else np.zeros(len(load.probability))
        marching = march(rates, segments, start, timed=load.timed, arriving=load.arriving)
        walk = follow(marching, walk_chain, report)
    return Group(
        load,
        np.array([walkers]),
        walkers * walk.counts[None],
        walkers * walk.exited[None],
        walkers * walk.left,
        None if walk.stay is None else walkers * walk.stay[None],
    )


def _stay_for_ever(rates: Rates) -> Walk:
    """Return where the chain is in the long run: ``stay`` is the part of the time."""
    probability = stationary_probability(rates)[None]
    nobody = np.zeros((1, len(rates.sides)))
    return Walk(probability, nobody, nobody, (), probability)


def _leave(rates: Rates, start: FloatArray) -> Walk:
    """Return the chain's walk until nobody is left; every row of `left` but the last is unknown."""
    require_exit(rates, start)
    step = rates.transition(rates.choose_dt() if rates.max_rate > 0 else 1.0)
    walking, at_once = settle(step, start)
    stay = solve_live(rates, walking, transposed=True)
    exited = (at_once + stay @ rates.exits)[None]
    return Walk(np.zeros((1, len(start))), exited, exited, (), stay[None])


def solve_live(rates: Rates, right: FloatArray, *, transposed: bool) -> FloatArray:
    """Return (−Q)⁻¹ (or its transpose) times `right`, (V,), over live vertices; 0 elsewhere.

    Vertices from which no walker leaves must hold no part of the answer: they are left out.
    """
    from scipy.sparse import linalg  # 0.1 s of import

    leads_out = can_leave(rates)
    vertices = np.flatnonzero(leads_out)
    matrix = -rates.generator[vertices][:, vertices]
    matrix = (matrix.T if transposed else matrix).tocsc()
    answer = np.zeros(len(right))
    answer[vertices] = np.atleast_1d(linalg.spsolve(matrix, right[vertices]))
    return answer
