"""Walking by density circuits: what a walk returns, and its agreement with the chain."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from spikealg import diffusion, engine
from spikealg.errors import InputError
from spikealg.solvers.diffusion.density_circuits import CIRCUITS
from spikealg.solvers.diffusion.walks import chain, density
from spikealg.solvers.diffusion.walks.walk import Stretch
from spikealg.solvers.diffusion.walks.workshop import Workshop
from tests.helpers import FAST_KERNELS


def ring(n: int, dt: float = 1.0, diffusivity: float = 0.5):
    problem = diffusion.Problem(
        diffusion.Interval(0, n, n), diffusivity=diffusivity, boundary="periodic", initial=0.0
    )
    return problem.rates.transition(dt)


def path(n: int, dt: float = 0.8):
    """Sinks at both ends, "stay" possible."""
    problem = diffusion.Problem(
        diffusion.Interval(0, n, n), diffusivity=0.5, boundary="absorb", initial=n / 2
    )
    return problem.rates.transition(dt)


@pytest.mark.parametrize("kernel", FAST_KERNELS)
def test_clockwise_ring_moves_all_walkers_together(kernel):
    graph = nx.cycle_graph(5, create_using=nx.DiGraph)
    domain = diffusion.Graph(graph, laplacian="random-walk")
    transition = diffusion.Problem(domain, initial=0).rates.transition(1.0)
    walk = density.walk(transition, np.array([3, 0, 0, 0, 0]), np.arange(6), seed=1, kernel=kernel)
    assert walk.counts.tolist() == [*(3 * np.eye(5, dtype=int)).tolist(), [3, 0, 0, 0, 0]]


def test_kernels_threads_and_what_is_recorded_change_nothing():
    transition = path(12)
    start = np.zeros(13, dtype=np.int64)
    start[[3, 6, 9]] = 40, 100, 7
    steps = np.array([0, 1, 7, 20])
    walks = [
        density.walk(transition, start, steps, seed=4, lanes=5, kernel=kernel, threads=threads)
        for kernel in ("reference", *FAST_KERNELS)
        for threads in (1, 2)
    ]
    for walk in walks:
        assert np.array_equal(walk.counts, walks[0].counts)
        assert np.array_equal(walk.exited, walks[0].exited)
        assert (walk.counts.sum(axis=1) + walk.exited.sum(axis=1) == 147).all()
    # A run that ends later has taken the same first steps.
    longer = density.walk(transition, start, np.array([7, 30]), seed=4, lanes=5)
    assert np.array_equal(longer.counts[0], walks[0].counts[2])
    assert np.array_equal(longer.exited[0], walks[0].exited[2])
    assert walks[0].exited[-1].min() > 0


def test_walkers_deal_evenly():
    rng = np.random.default_rng(0)
    for lanes in (1, 2, 7, 64):
        walkers = rng.integers(0, 50, 30)
        dealt = density.spread(walkers, lanes)
        assert dealt.shape == (lanes, 30)
        assert dealt.min() >= 0
        assert dealt.sum(axis=0).tolist() == walkers.tolist()
        assert np.ptp(dealt.sum(axis=1)) <= 1
        # Like cards: walker k, counted over all vertices, goes to lane k modulo lanes.
        owner = np.repeat(np.arange(30), walkers)
        for lane in range(lanes):
            assert dealt[lane].tolist() == np.bincount(owner[lane::lanes], minlength=30).tolist()


def test_what_is_dealt_is_as_small_as_it_can_be():
    assert density.spread(np.array([32766 * 4 + 3, 0]), 4).dtype == np.int16
    many = density.spread(np.array([32767 * 4, 7]), 4)
    assert many.dtype == np.int32
    assert many.sum(axis=0).tolist() == [32767 * 4, 7]


def test_walkers_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="600000000 walkers in a lane are more than a circ"):
        density.walk(ring(4), np.full(4, 3 * 10**8), np.array([1]), seed=0, lanes=2)


def test_blocks_of_lanes_change_nothing(monkeypatch):
    transition, start = path(12), np.full(13, 60)
    whole = density.walk(transition, start, np.array([0, 3, 9]), seed=5, lanes=700)
    bytes_per_lane = 11 * density.BYTES_PER_COUNTER + 9 * density.BYTES_PER_STEP
    simulated = []

    def simulate(*arguments, **options):
        simulated.append(options["lanes"])
        return engine.simulate(*arguments, **options)

    monkeypatch.setattr(density, "simulate", simulate)
    for lanes_at_a_time, blocks in ((600, [512, 188]), (150, [150, 150, 150, 150, 100])):
        monkeypatch.setattr(density, "BLOCK_BYTES", lanes_at_a_time * bytes_per_lane)
        simulated.clear()
        parts = density.walk(transition, start, np.array([0, 3, 9]), seed=5, lanes=700)
        assert simulated == blocks
        (run,) = parts.runs
        assert run.lanes == 700
        np.testing.assert_array_equal(run.counts, whole.runs[0].counts)
        np.testing.assert_array_equal(run.lane_ticks, whole.runs[0].lane_ticks)
        np.testing.assert_array_equal(parts.counts, whole.counts)
        np.testing.assert_array_equal(parts.exited, whole.exited)


def test_nobody_walks_where_all_start_on_sinks():
    transition = path(6)
    walk = density.walk(transition, np.array([2, 0, 0, 0, 0, 0, 5]), np.array([0, 3]), seed=0)
    assert walk.counts.sum() == 0
    assert walk.exited.tolist() == [[2, 5], [2, 5]]


def test_gamblers_ruin_by_spikes():
    """P(hit 10) = .3, mean number of steps 21; false alarm 6e-5 each (±4σ)."""
    walkers, last = 20_000, 450
    transition = diffusion.gamblers_ruin(10, 3).rates.transition(1.0)
    start = np.zeros(11, dtype=np.int64)
    start[3] = walkers
    walk = density.walk(transition, start, np.arange(last + 1), seed=2, lanes=8)
    low, high = walk.exited[-1]
    assert low + high == walkers
    assert abs(high / walkers - 0.3) <= 4 * np.sqrt(0.3 * 0.7 / walkers)
    mean = walk.counts.sum() / walkers
    assert abs(mean - 21) <= 4 * np.sqrt(392 / walkers)


PROBLEMS = {
    "2 absorbing rod": lambda: diffusion.heat_rod("absorb"),
    "3 reflecting rod": lambda: diffusion.heat_rod("reflect"),
    "4 periodic rod": lambda: diffusion.heat_rod("periodic"),
    "5 drifting wave": diffusion.advection_diffusion,
    "6 Ornstein-Uhlenbeck": diffusion.ornstein_uhlenbeck,
    "10 karate club": lambda: diffusion.Problem(
        diffusion.Graph(nx.karate_club_graph(), laplacian="random-walk"),
        initial=0, t_span=6.0, dt=1.0,
    ),
    "2-D box": lambda: diffusion.Problem(
        diffusion.Box((0, 0), (1, 2), (6, 8)), diffusivity=lambda x: 1 + x[..., 0],
        drift=(1.0, -0.5), initial=(0.3, 0.7), t_span=0.05,
        boundary={"x-": "absorb", "x+": "reflect", "y": "periodic"},
    ),
    "3-D box": lambda: diffusion.Problem(
        diffusion.Box((0, 0, 0), (1, 1, 1), (4, 4, 4)), sigma=0.8, initial=(0.5, 0.5, 0.5),
        t_span=0.1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize(("circuit", "lanes"), [("auto", 1), *((name, 4) for name in CIRCUITS)])
def test_circuit_agrees_with_its_chain(name, circuit, lanes):
    """χ² of the counts against the chain; false alarm 1e-3 per case, fixed seeds."""
    solution = diffusion.solve(
        PROBLEMS[name](), method="density", walkers=4000, lanes=lanes, circuit=circuit, seed=7
    )
    check = solution.check()
    assert check.circuit.p_value > 1e-3
    assert check.ok


def test_a_wrong_circuit_is_found_out():
    """The χ² test sees a gate whose probability is off by a twentieth."""
    transition = ring(20, 0.8)
    start = np.full(20, 1000)
    start[:10] = 0
    steps = np.array([6])
    expected = chain.walk(transition, start / start.sum(), steps).counts[0] * start.sum()

    def chi2(bits: int) -> float:
        walk = density.walk(transition, start, steps, seed=11, lanes=4, probability_bits=bits)
        return float(((walk.counts[0] - expected) ** 2 / expected).sum())

    # 19 degrees of freedom: above 43.8 with probability 1e-3. Of 0.4 and 2/3, one bit makes 1/2.
    assert chi2(32) < 43.8
    assert chi2(1) > 100


@pytest.mark.parametrize("circuit", CIRCUITS)
def test_walks_that_share_a_circuit_walk_as_if_alone(circuit):
    """Their circuit has room for more walkers, which changes nothing but the pace of "paced"."""
    transition, shared, made = path(12), Workshop(), set()
    for seed, walkers in ((1, 9), (2, 11), (3, 16)):
        start = np.zeros(13, dtype=np.int64)
        start[[4, 7]] = walkers, 2 * walkers
        stretch = Stretch(transition, start, np.array([2, 20]))
        alone = density.DensityWalk(stretch, seed=seed, lanes=2, circuit=circuit)
        beside = density.DensityWalk(stretch, seed=seed, lanes=2, circuit=circuit, roomy=True)
        made.add(beside.recipe)
        walks = [beside.join([beside.walk(0, 2, workshop=shared)], shared), alone.whole()]
        if circuit != "paced":  # draws depend on the tick
            np.testing.assert_array_equal(walks[0].counts, walks[1].counts)
            np.testing.assert_array_equal(walks[0].left, walks[1].left)
        assert walks[0].counts[1].sum() + walks[0].left[-1].sum() == 3 * walkers
    # For up to 16 walkers in a lane, and up to 32; the pace may differ besides.
    assert len(made) == 2 or circuit == "paced"
