"""Walking a plan: every kind of walkers, in batches, by one of the methods that draw."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from spikealg.progress import Report
from spikealg.solvers.diffusion.equation.reach import require_exit
from spikealg.solvers.diffusion.groups import BATCHES, LEAST_TIMED, Group, Load
from spikealg.solvers.diffusion.particle_circuits.lattice import require_homogeneous
from spikealg.solvers.diffusion.plan import Plan
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.times import Segment, without_first_record
from spikealg.solvers.diffusion.walks.checkpoint import Checkpoint
from spikealg.solvers.diffusion.walks.crew import Hands
from spikealg.solvers.diffusion.walks.lanes import choose_lanes
from spikealg.solvers.diffusion.walks.lanewalk import LaneWalk
from spikealg.solvers.diffusion.walks.march import march, march_endlessly
from spikealg.solvers.diffusion.walks.methods import walk_by
from spikealg.solvers.diffusion.walks.start import draw_walkers, part_seed
from spikealg.solvers.diffusion.walks.travel import Traveller, travel
from spikealg.solvers.diffusion.walks.walk import Stretch, Walk

if TYPE_CHECKING:
    from spikealg.engine import Run

__all__ = [
    "Share",
    "Walked",
    "Walking",
    "batches_of",
    "lanes_for",
    "shares_of",
    "warn_of_lone_batches",
]

_LOGGER = logging.getLogger(__name__)
_WORDS = {"source": "source of one sign", "value": "value of a point"}
"""What walkers stand for by their role, where that is not the word for it."""
_SOME_STEPS = 1024
"""Steps by which lanes are chosen where nobody knows how many there will be."""


@dataclass(frozen=True)
class Share:
    """What a batch of a load is given to walk: walkers, and lanes over which they are spread."""

    walkers: int
    lanes: int


@dataclass(frozen=True, eq=False)
class Walked:
    """What a method gives: the groups, the stretches walked, lanes, and the engine's runs.

    `stages` are the shares of the first batch of the first group, in the order of their lanes.
    """

    groups: tuple[Group, ...]
    segments: tuple[Segment, ...]
    lanes: int
    runs: tuple[Run, ...]
    stages: tuple[Share, ...] = ()


class Walking:
    """The walkers of a plan. More can be added to those that have walked.

    Every batch of every load draws by a seed of its own. Within it walkers and lanes are numbered
    through, whenever they are added, so that those who come later are others, and those who came
    first stay what they were.

    Parameters
    ----------
    plan, problem, method, seed, circuit, probability_bits
        As in `solve`.
    hands : Hands
        Who walks.
    checkpoint : Checkpoint, optional
        Keeps what has been walked.
    grows : bool
        Whether more is added later, for which circuits are then built with some room.
    """

    def __init__(
        self,
        plan: Plan,
        problem: Problem,
        method: str,
        *,
        seed: int,
        circuit: str,
        probability_bits: int,
        hands: Hands,
        checkpoint: Checkpoint | None = None,
        grows: bool = False,
    ) -> None:
        self.plan, self.problem, self.method = plan, problem, method
        self._seed, self._circuit, self._bits = seed, circuit, probability_bits
        self._hands, self._checkpoint, self._grows = hands, checkpoint, grows
        self._place, self._sent = uuid4().hex, 0
        self._shares: list[list[Share]] = [[] for _ in plan.loads]
        self._stages: list[Share] = []
        self._walks: list[list[Walk]] = [[] for _ in plan.loads]
        for load in plan.loads:
            if plan.endless:
                require_exit(problem.rates, load.probability)
            if method == "particle":
                require_homogeneous(
                    problem.rates, problem.mesh, plan.segments, load.probability,
                    endless=plan.endless,
                )  # fmt: skip

    def add(self, shares: Sequence[Sequence[Share]], report: Report) -> None:
        """Let more walkers walk, (loads, batches); a load without batches gets none."""
        self._stages.extend(shares[0][:1])
        travellers = [
            self._traveller(number, batch, share, roomy=self._grows or len(dealt) > 1)
            for number, dealt in enumerate(shares)
            for batch, share in enumerate(dealt)
        ]
        walks = iter(travel(travellers, self._hands, self._checkpoint, report))
        for number, dealt in enumerate(shares):
            first_time = not self._walks[number]
            for batch, share in enumerate(dealt):
                walk = next(walks)
                if first_time:
                    self._walks[number].append(walk)
                    self._shares[number].append(share)
                else:
                    before = self._shares[number][batch]
                    self._walks[number][batch] = _together([self._walks[number][batch], walk])
                    self._shares[number][batch] = Share(
                        before.walkers + share.walkers, before.lanes + share.lanes
                    )

    def _traveller(self, number: int, batch: int, share: Share, *, roomy: bool) -> Traveller:
        """Return what walks a share of a load; `roomy` as in `DensityWalk`."""
        plan, rates, load = self.plan, self.problem.rates, self.plan.loads[number]
        roomy |= self.problem.varying  # From stretch to stretch there are a few more or less.
        known = self._shares[number]
        before = known[batch] if known else Share(0, 0)
        own = part_seed(self._seed, number, batch)
        chances = load.probability if load.arriving is None else load.arriving
        drawn = draw_walkers(chances.ravel(), share.walkers, own, before.walkers)
        start, arriving = drawn, None
        if load.arriving is not None:
            start, arriving = np.zeros(chances.shape[1:], np.int64), drawn.reshape(chances.shape)

        def walk(stretch: Stretch) -> LaneWalk:
            return walk_by(
                self.method,
                stretch,
                mesh=self.problem.mesh,
                seed=own,
                lanes=share.lanes,
                first=before.lanes if self.method == "density" else before.walkers,
                circuit=self._circuit,
                probability_bits=self._bits,
                place=(self._place, stretch.kind),
                roomy=roomy,
            )

        self._sent += 1
        if plan.endless:
            dt = plan.segments[0].dt
            marching = march_endlessly(rates, dt, start, timed=load.timed)
        else:
            marching = march(rates, plan.segments, start, timed=load.timed, arriving=arriving)
        return Traveller(self._sent, marching, walk)

    def walked(self) -> Walked:
        """Return what has become of all walkers so far."""
        plan, segments = self.plan, self.plan.segments
        groups = [
            _group(load, [share.walkers for share in shares], walks)
            for load, shares, walks in zip(plan.loads, self._shares, self._walks, strict=True)
        ]
        if plan.endless:
            first, dt = segments[0].start, segments[0].dt
            n_steps = max(len(group.left) for group in groups) - 1
            groups = [replace(group, left=_until(group.left, n_steps)) for group in groups]
            segments = (Segment(first, first + n_steps * dt, dt, n_steps, (n_steps,)),)
        elif plan.mode == "steady":
            half = float(plan.times[-1] - segments[0].start) / 2
            groups = [_averaged(g, half) if g.load.role == "average" else g for g in groups]
            segments = without_first_record(segments)
        lanes = 1 if self.method == "montecarlo" else max(s.lanes for b in self._shares for s in b)
        runs = tuple(run for walks in self._walks for walk in walks for run in walk.runs)
        return Walked(tuple(groups), segments, lanes, runs, tuple(self._stages))


def shares_of(
    plan: Plan, problem: Problem, method: str, walkers: int, lanes: int | str
) -> list[list[Share]]:
    """Return what each batch of each load gets of so many walkers; `lanes` is that of `solve`."""
    dealt = [
        _deal(count, batches_of(load, count))
        for load, count in zip(plan.loads, plan.dealt(walkers), strict=True)
    ]
    largest = max(range(len(dealt)), key=lambda load: dealt[load][0])
    if not isinstance(lanes, int):
        lanes = lanes_for(plan, problem, method, plan.loads[largest], dealt[largest][0])
    # A lane without walkers would only wait.
    return [[Share(count, min(lanes, count)) for count in counts] for counts in dealt]


def batches_of(load: Load, walkers: int) -> int:
    """Return in how many batches so many walkers of a load walk, of two walkers at least."""
    return max(1, min(BATCHES, walkers // 2)) if load.timed else 1


def warn_of_lone_batches(plan: Plan, shares: Sequence[Sequence[Share]]) -> None:
    """Say so in the log where walkers are too few for their standard error to be known."""
    for load, batches in zip(plan.loads, shares, strict=True):
        if load.timed and len(batches) < 2:
            _LOGGER.warning(
                "%d of the walkers are all that stand for the %s, and of fewer than %d the "
                "standard error is not known: it will be infinite; take more walkers",
                sum(share.walkers for share in batches), _WORDS.get(load.role, load.role),
                LEAST_TIMED,
            )  # fmt: skip


def _deal(walkers: int, batches: int) -> list[int]:
    """Return the walkers of each batch."""
    return [walkers // batches + (batch < walkers % batches) for batch in range(batches)]


def lanes_for(plan: Plan, problem: Problem, method: str, load: Load, walkers: int) -> int:
    """Return over how many lanes so many walkers of a batch of a load are best spread."""
    if method == "montecarlo":
        return 1
    if method == "particle":
        return walkers
    longest = max(plan.segments, key=lambda stretch: stretch.steps)
    steps = _SOME_STEPS if plan.endless else longest.steps
    step = longest.own(problem.rates).transition(longest.dt)
    return choose_lanes(step, load.probability, steps, walkers)


def _averaged(group: Group, duration: float) -> Group:
    """Return a group that was recorded twice as an average over the time between [time]."""
    assert group.stay is not None, "walkers of this role are timed"
    part = (group.stay[:, 1:] - group.stay[:, :1]) / duration
    return replace(group, counts=group.counts[:, 1:], exited=group.exited[:, 1:], stay=part)


def _group(load: Load, walkers: list[int], walks: list[Walk]) -> Group:
    """Return the group of several batches."""
    stays = [walk.stay for walk in walks if walk.stay is not None]
    return Group(
        load,
        np.array(walkers, dtype=np.int64),
        np.stack([walk.counts for walk in walks]),
        np.stack([walk.exited for walk in walks]),
        _left(walks),
        np.stack(stays) if load.timed else None,
    )


def _together(walks: list[Walk]) -> Walk:
    """Return the walk of all walkers of several."""
    stays = [walk.stay for walk in walks if walk.stay is not None]
    return Walk(
        np.sum([walk.counts for walk in walks], axis=0),
        np.sum([walk.exited for walk in walks], axis=0),
        _left(walks),
        tuple(run for walk in walks for run in walk.runs),
        np.sum(stays, axis=0) if stays else None,
    )


def _left(walks: list[Walk]) -> npt.NDArray[Any]:
    """Return who has left after each step of several walks; where one ended sooner, nobody else."""
    last = max(len(walk.left) for walk in walks) - 1
    return np.asarray(sum(_until(walk.left, last) for walk in walks))


def _until(left: npt.NDArray[Any], last: int) -> npt.NDArray[Any]:
    """Return who has left after each step until the `last`; after the end of a walk no more."""
    return np.pad(left, ((0, last + 1 - len(left)), (0, 0)), mode="edge")
