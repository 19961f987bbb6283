import numpy as np
import pytest

from spikealg.solvers.diffusion.accuracy.goodness import goodness
from spikealg.solvers.diffusion.walks.start import draw_walkers, segment_seed


def test_every_walker_starts_somewhere_possible():
    p = np.array([0.0, 0.25, 0.0, 0.75, 0.0])
    counts = draw_walkers(p, 1000, seed=3)
    assert counts.sum() == 1000
    assert counts[p == 0].sum() == 0


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_starts_follow_the_distribution(seed):
    # False alarm rate 1e-4 per seed.
    p = np.arange(1, 41) / np.arange(1, 41).sum()
    assert goodness(draw_walkers(p, 50_000, seed), 50_000 * p).p_value > 1e-4


def test_a_start_depends_on_the_seed_and_the_walker_only():
    p = np.full(10, 0.1)
    many = draw_walkers(p, (1 << 20) + 1, seed=1)
    fewer = draw_walkers(p, 1 << 20, seed=1)
    assert (many - fewer).sum() == 1
    assert (many >= fewer).all()
    assert not np.array_equal(fewer, draw_walkers(p, 1 << 20, seed=2))


def test_segments_have_seeds_of_their_own():
    seeds = [segment_seed(7, i) for i in range(4)]
    assert seeds[0] == 7
    assert len(set(seeds)) == 4
