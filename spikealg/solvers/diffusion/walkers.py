"""Walking a plan: every kind of walkers, in batches, by one of the methods that draw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spikealg.progress import Report, part
from spikealg.solvers.diffusion.groups import BATCHES, Group, Load
from spikealg.solvers.diffusion.lanes import choose_lanes
from spikealg.solvers.diffusion.march import march, march_endlessly
from spikealg.solvers.diffusion.methods import walk_by
from spikealg.solvers.diffusion.particle_lattice import require_homogeneous
from spikealg.solvers.diffusion.plan import Plan
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.reach import require_exit
from spikealg.solvers.diffusion.start import draw_walkers, part_seed
from spikealg.solvers.diffusion.times import Segment, without_first_record
from spikealg.solvers.diffusion.walk import Walk

if TYPE_CHECKING:
    from spikealg.engine import Run

__all__ = ["Walked", "walk_plan"]

_SOME_STEPS = 1024
"""Steps by which lanes are chosen where nobody knows how many there will be."""


@dataclass(frozen=True, eq=False)
class Walked:
    """What a method gives: the groups, the stretches walked, lanes, and the engine's runs."""

    groups: tuple[Group, ...]
    segments: tuple[Segment, ...]
    lanes: int
    runs: tuple[Run, ...]


def walk_plan(
    plan: Plan,
    problem: Problem,
    method: str,
    walkers: int,
    report: Report,
    *,
    seed: int,
    lanes: int | str,
    circuit: str,
    probability_bits: int,
) -> Walked:
    """Return what became of all walkers of a plan; arguments are those of `solve`."""
    rates, dt = problem.rates, plan.segments[0].dt
    for load in plan.loads:
        if plan.endless:
            require_exit(rates, load.probability)
        if method == "particle":
            require_homogeneous(rates, problem.mesh, plan.segments, load.probability)
    dealt = zip(plan.loads, plan.dealt(walkers), strict=True)
    batches = [_batches(load, count) for load, count in dealt]
    n_lanes = lanes if isinstance(lanes, int) else _choose_lanes(plan, problem, method, batches)
    groups: list[Group] = []
    runs: list[Run] = []
    n_steps = 0
    every = sum(len(counts) for counts in batches)
    done = 0
    for number, (load, counts) in enumerate(zip(plan.loads, batches, strict=True)):
        walks: list[Walk] = []
        shared: dict[int, dict[Any, Any]] | None = {} if len(counts) > 1 else None
        for batch, count in enumerate(counts):
            own = part_seed(seed, number, batch)
            walk = walk_by(
                method,
                mesh=problem.mesh,
                seed=own,
                lanes=n_lanes,
                circuit=circuit,
                probability_bits=probability_bits,
                shared=shared,
            )
            start = draw_walkers(load.probability, count, own)
            told = part(report, done / every, (done + 1) / every)
            walks.append(
                march_endlessly(rates, dt, start, walk, told, timed=load.timed)
                if plan.endless
                else march(rates, plan.segments, start, walk, told, timed=load.timed)
            )
            done += 1
        groups.append(_group(load, counts, walks))
        if load.role == "average":
            groups[-1] = _averaged(groups[-1], float(plan.times[-1] - plan.segments[0].start) / 2)
        runs.extend(run for walk in walks for run in walk.runs)
        n_steps = max(n_steps, len(groups[-1].left) - 1)
    segments = plan.segments
    if plan.endless:
        first = segments[0].start
        segments = (Segment(first, first + n_steps * dt, dt, n_steps, (n_steps,)),)
    elif plan.mode == "steady":
        segments = without_first_record(segments)
    return Walked(tuple(groups), segments, n_lanes, tuple(runs))


def _batches(load: Load, walkers: int) -> list[int]:
    """Return the walkers of each batch."""
    n = min(BATCHES, walkers) if load.timed else 1
    return [walkers // n + (batch < walkers % n) for batch in range(n)]


def _choose_lanes(plan: Plan, problem: Problem, method: str, batches: list[list[int]]) -> int:
    if method == "montecarlo":
        return 1
    if method == "particle":
        return max(counts[0] for counts in batches)
    largest = max(range(len(batches)), key=lambda i: batches[i][0])
    longest = max(plan.segments, key=lambda stretch: stretch.steps)
    steps = _SOME_STEPS if plan.endless else longest.steps
    step = longest.own(problem.rates).transition(longest.dt)
    return choose_lanes(step, plan.loads[largest].probability, steps, batches[largest][0])


def _averaged(group: Group, duration: float) -> Group:
    """Return a group that was recorded twice as an average over the time between [time]."""
    assert group.stay is not None, "walkers of this role are timed"
    part = (group.stay[:, 1:] - group.stay[:, :1]) / duration
    return replace(group, counts=group.counts[:, 1:], exited=group.exited[:, 1:], stay=part)


def _group(load: Load, walkers: list[int], walks: list[Walk]) -> Group:
    """Return the group of several batches; whose walk ended sooner, stayed as it was."""
    longest = max(len(walk.left) for walk in walks)
    left = sum(np.pad(w.left, ((0, longest - len(w.left)), (0, 0)), mode="edge") for w in walks)
    stays = [walk.stay for walk in walks if walk.stay is not None]
    return Group(
        load,
        np.array(walkers, dtype=np.int64),
        np.stack([walk.counts for walk in walks]),
        np.stack([walk.exited for walk in walks]),
        np.asarray(left),
        np.stack(stays) if load.timed else None,
    )
