"""A stretch taken apart by lanes: any way to cut it gives the walk of all lanes together."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from spikealg import diffusion
from spikealg.solvers.diffusion.walks.density import DensityWalk
from spikealg.solvers.diffusion.walks.lanewalk import LaneWalk, Piece, cut
from spikealg.solvers.diffusion.walks.montecarlo import MonteCarloWalk
from spikealg.solvers.diffusion.walks.particle import ParticleWalk
from spikealg.solvers.diffusion.walks.walk import Stretch, Walk, settle, time_spent
from spikealg.solvers.diffusion.walks.workshop import Workshop

RING = diffusion.Problem(
    diffusion.Interval(0, 12, 12), diffusivity=0.3, boundary="periodic", initial=0.0
)
ROD = diffusion.Problem(
    diffusion.Interval(0, 12, 12), diffusivity=0.3, drift=0.1, boundary="absorb", initial=6.0
)


def stretch(problem, walkers, steps, timed=False):
    transition = problem.rates.transition(0.8)
    start = np.random.default_rng(1).multinomial(
        walkers, np.full(len(problem.x), 1 / len(problem.x))
    )
    return Stretch(transition, start, np.array(steps), timed)


WALKS = {
    "density, few lanes": lambda: DensityWalk(stretch(ROD, 400, [0, 3, 9]), seed=4, lanes=7),
    "density, many lanes": lambda: DensityWalk(stretch(ROD, 1400, [4]), seed=4, lanes=1300),
    "density, timed": lambda: DensityWalk(stretch(ROD, 300, [2, 8], True), seed=4, lanes=5),
    "particle": lambda: ParticleWalk(stretch(RING, 500, [0, 6]), mesh=RING.mesh, seed=4),
    "montecarlo": lambda: MonteCarloWalk(stretch(ROD, 20_000, [1, 30], True), seed=4),
}


def same(one: Walk, other: Walk) -> None:
    for name in ("counts", "exited", "left"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    if one.stay is None:
        assert other.stay is None
    else:
        np.testing.assert_array_equal(one.stay, other.stay)
    assert len(one.runs) == len(other.runs)
    for run, twin in zip(one.runs, other.runs, strict=True):
        np.testing.assert_array_equal(run.counts, twin.counts)
        np.testing.assert_array_equal(run.lane_ticks, twin.lane_ticks)
        assert (run.lanes, run.status) == (twin.lanes, twin.status)


@pytest.mark.parametrize("steps", [[0], [40], [0, 9], [3, 11, 40]])
@pytest.mark.parametrize(
    "walk", [lambda s: MonteCarloWalk(s, seed=4), lambda s: DensityWalk(s, seed=4, lanes=2)]
)
def test_the_time_spent_is_what_a_look_at_every_step_sums_to(walk, steps):
    timed = walk(stretch(ROD, 300, steps, True)).whole()
    seen = walk(stretch(ROD, 300, range(steps[-1] + 1))).whole()
    stay = [0.8 * seen.counts[:step].sum(axis=0) for step in steps]
    np.testing.assert_array_equal(timed.stay, stay)
    np.testing.assert_array_equal(timed.counts, seen.counts[steps])
    np.testing.assert_array_equal(timed.left, seen.left)


@pytest.mark.parametrize("name", WALKS)
def test_any_cut_gives_the_same_walk(name):
    """The oracle is the walk of all lanes at once; cuts are random, grain or not."""
    walk = WALKS[name]()
    whole = walk.whole()
    rng, workshop = np.random.default_rng(2), Workshop()
    for pieces in (2, 4):
        inner = rng.choice(np.arange(1, walk.lanes), pieces - 1, replace=False)
        edges = [0, *sorted(inner.tolist()), walk.lanes]
        sent = pickle.loads(pickle.dumps(walk))
        pieces = [sent.walk(a, b, workshop=workshop, threads=1) for a, b in pairwise(edges)]
        rng.shuffle(pieces)
        same(walk.join(pieces, workshop), whole)
    walkers = whole.counts.sum(axis=1) + whole.exited.sum(axis=1)
    assert (walkers == walk.stretch.start.sum()).all()


@pytest.mark.parametrize("name", WALKS)
@pytest.mark.parametrize("parts", [1, 2, 3, 50])
def test_parts_are_all_lanes_and_begin_at_the_grain(name, parts):
    walk = WALKS[name]()
    found = cut(walk, parts, range(walk.lanes))
    assert [lane for lanes in found for lane in lanes] == list(range(walk.lanes))
    assert all(lanes.start % walk.grain == 0 for lanes in found)
    assert len(found) == min(-(-walk.lanes // walk.grain), max(parts, walk.lanes // walk.ample))
    rest = range(walk.lanes // 3, walk.lanes)
    found = cut(walk, parts, rest)
    assert [lane for lanes in found for lane in lanes] == list(rest)


def test_lanes_that_are_missing_or_there_twice_are_found_out():
    walk, workshop = WALKS["density, few lanes"](), Workshop()
    pieces = {n: walk.walk(*n, workshop=workshop) for n in ((0, 3), (3, 7), (2, 7), (3, 6))}
    for wrong, message in (
        ([(0, 3)], "lanes 0 to 3 are not all 7"),
        ([(3, 7)], "lanes 3 to 7 are not all 7"),
        ([(0, 3), (2, 7)], "lanes 3 to 2 are missing or there twice"),
        ([(0, 3), (3, 7), (3, 7)], "lanes 7 to 3 are missing or there twice"),
    ):
        with pytest.raises(ValueError, match=message):
            walk.join([pieces[n] for n in wrong], workshop)


def test_nobody_walks_where_all_start_on_sinks():
    start = np.zeros(13, dtype=np.int64)
    start[[0, 12]] = 3, 4
    for make in (
        lambda s: DensityWalk(s, seed=0, lanes=600),
        lambda s: ParticleWalk(s, mesh=ROD.mesh, seed=0),
        lambda s: MonteCarloWalk(s, seed=0),
    ):
        walk: LaneWalk = make(replace(stretch(ROD, 1, [0, 2], True), start=start))
        assert walk.lanes == 0
        joined = walk.join([], Workshop())
        assert joined.exited.tolist() == [[3, 4], [3, 4]]
        assert joined.counts.sum() == joined.stay.sum() == 0
        assert settle(walk.stretch.transition, start)[0].sum() == 0


def test_time_spent_is_the_sum_of_earlier_steps():
    counts = np.random.default_rng(0).integers(0, 9, (6, 3))
    spent = time_spent(counts, np.arange(6))
    for step in range(6):
        assert spent[step].tolist() == counts[:step].sum(axis=0).tolist()
    np.testing.assert_array_equal(time_spent(counts, np.array([2, 5])), spent[[2, 5]])
    timed = Stretch(RING.rates.transition(0.1), counts[0], np.array([2, 5]), timed=True)
    piece = Piece.of_walk(timed, 0, 1, counts, np.zeros((6, 0), dtype=np.int64))
    np.testing.assert_array_equal(piece.counts, counts[[2, 5]])
    np.testing.assert_array_equal(piece.spent, spent[[2, 5]])
    timed = replace(timed, start=np.zeros(5, dtype=np.int64))
    piece = Piece.of_walk(timed, 0, 1, counts, piece.left, vertices=np.array([0, 1, 4]))
    np.testing.assert_array_equal(piece.spent[:, [0, 1, 4]], spent[[2, 5]])
    assert not piece.spent[:, [2, 3]].any()
    assert piece.counts.shape == (2, 5)


def test_a_workshop_makes_once_and_keeps_the_latest():
    made = []

    def make(name):
        return lambda: made.append(name) or name

    workshop = Workshop(2)
    for name in "abacab":
        assert workshop.get(name, make(name)) == name
    assert made == ["a", "b", "c", "b"]
