"""How many lanes: the parts of the model of time, and what it chooses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from spikealg import diffusion
from spikealg.solvers.diffusion.walks import chain, density, lanes
from spikealg.solvers.diffusion.walks.lanes import choose_lanes, dispersal, fullest, time_of_many
from tests.transitions import random_transition, transition_of


def ring(n: int):
    """Return the transition of a walk to the left or right."""
    return transition_of([{(v + 1) % n: 0.5, v - 1 if v else n - 1: 0.5} for v in range(n)])


@pytest.mark.parametrize("mean", [1e-6, 0.2, 1.0, 7.0, 300.0, 20_000.0])
@pytest.mark.parametrize("vertices", [1, 9, 1000])
def test_the_fullest_of_poisson_counts(mean, vertices):
    counts = np.arange(int(mean + 15 * np.sqrt(mean)) + 40)
    exact = (1 - poisson.cdf(counts, mean) ** vertices).sum()
    assert fullest(mean, vertices) == pytest.approx(exact, rel=1e-6)


def test_ticks_of_a_step_are_foreseen():
    """The mean over 200 steps of 64 lanes, within 2 %: walkers are multinomial, nearly Poisson."""
    transition, start = ring(50), np.full(50, 640)
    (run,) = density.walk(
        transition, start, np.array([200]), seed=1, lanes=64, circuit="direct"
    ).runs
    ticks = (run.stopped.mean() + 1) / 201
    assert ticks == pytest.approx(fullest(10, 50) + 2, rel=0.02)


def test_dispersal_is_that_of_the_chain():
    transition = random_transition(np.random.default_rng(5))
    start = np.eye(12)[3]
    walked = chain.walk(transition, start, np.arange(41)).counts
    peak, chance = dispersal(transition, start, 40)
    assert peak == pytest.approx(walked.max(axis=1).mean())
    np.testing.assert_allclose(chance, walked.mean(axis=0))


def test_dispersal_goes_on_beyond_the_steps_that_are_seen():
    transition, start = ring(400), np.eye(400)[0]
    walked = chain.walk(transition, start, np.arange(3001)).counts
    peak, chance = dispersal(transition, start, 3000)
    assert peak == pytest.approx(walked.max(axis=1).mean(), rel=0.1)
    assert chance.sum() == pytest.approx(1)


def test_more_walkers_take_more_lanes_and_never_less():
    transition, start = ring(100), np.full(100, 0.01)
    numbers = [10**k for k in range(9)]
    chosen = [choose_lanes(transition, start, 100, walkers) for walkers in numbers]
    assert chosen == sorted(chosen)
    assert chosen[0] == 1
    assert chosen[3] <= 8
    assert chosen[7] >= 1024
    for number, walkers in zip(chosen, numbers, strict=True):
        assert number <= walkers
        assert number <= 8 or number % 512 == 0


def test_the_choice_is_close_to_the_least_of_the_model():
    transition, start = ring(100), np.full(100, 0.01)
    _, chance = dispersal(transition, start, 100)
    for walkers in (10**5, 10**6, 10**7):
        times = [time_of_many(2**k, walkers, chance) for k in range(12)]
        chosen = choose_lanes(transition, start, 100, walkers) // 512
        assert time_of_many(chosen, walkers, chance) <= lanes.SLACK * min(times)


def test_where_nobody_can_walk_the_model_is_not_asked():
    transition = diffusion.Problem(
        diffusion.Interval(0, 1, 2), diffusivity=1.0, boundary="absorb", initial=0.5
    ).rates.transition(1e-3)
    nobody = transition.__class__(
        transition.dt, transition.move, transition.leave, transition.sides,
        np.zeros(3, dtype=bool), transition.sink,
    )  # fmt: skip
    assert choose_lanes(nobody, np.array([1.0, 0, 0]), 10, 10**6) == 8
