import math

import numpy as np
import pytest
from scipy import stats

from spikealg.solvers.diffusion.accuracy.goodness import POWER, detectable_bias, goodness


def test_it_is_pearsons_test_where_nothing_is_rare():
    counts, expected = np.array([18, 22, 60]), np.array([20.0, 25.0, 55.0])
    fit = goodness(counts, expected)
    scipy = stats.chisquare(counts, expected)
    assert fit.chi_square == pytest.approx(scipy.statistic)
    assert fit.p_value == pytest.approx(scipy.pvalue)
    assert fit.dof == 2
    assert fit.largest_z == pytest.approx(5 / np.sqrt(55 * 0.45))


def test_rare_cells_are_pooled_to_at_least_five():
    expected = np.concatenate([np.full(30, 0.9), [100.0], np.full(7, 0.2)])
    fit = goodness(np.rint(expected).astype(int), expected)
    # 28.4 rare ones in bins of about 10: at most 5 cells of at least 5, and at least 2.
    assert 2 <= fit.dof + 1 <= 1 + 28.4 / 5


def test_a_single_cell_always_fits():
    assert goodness(np.array([10]), np.array([10.0])).p_value == 1
    assert goodness(np.array([1, 0, 0]), np.array([0.2, 0.3, 0.5])).p_value == 1


def test_what_cannot_happen_has_chance_zero():
    assert goodness(np.array([99, 1]), np.array([100.0, 0.0])).p_value == 0


def test_p_values_are_uniform_for_draws_of_the_distribution_itself():
    # False alarm rate: a Kolmogorov-Smirnov p below 1e-3 for the fixed seed, which was seen once.
    rng = np.random.default_rng(5)
    p = rng.dirichlet(np.full(60, 0.5))
    values = [goodness(rng.multinomial(2000, p), 2000 * p).p_value for _ in range(400)]
    assert stats.kstest(values, "uniform").pvalue > 1e-3


def test_a_shift_of_a_tenth_is_found():
    rng = np.random.default_rng(6)
    p = np.full(50, 1 / 50)
    shifted = p * np.where(np.arange(50) < 25, 1.1, 0.9)
    assert goodness(rng.multinomial(20_000, shifted), 20_000 * p).p_value < 1e-6


@pytest.mark.parametrize("significance", [1e-3, 0.05])
def test_the_detectable_bias_is_found_as_often_as_said(significance):
    # 2000 draws: the share has a standard error of 0.5 %; a false alarm once in 1e4 seeds. With
    # three quarters of the bias it would be 72 % (at 1e-3).
    rng = np.random.default_rng(4)
    p, walkers = rng.dirichlet(np.full(12, 5.0)), 20_000
    bias = detectable_bias(11, walkers, significance)
    shape = rng.normal(size=12)
    shape -= p @ shape
    biased = p * (1 + bias * shape / np.sqrt(p @ shape**2))
    draws = rng.multinomial(walkers, biased, size=2000)
    found = [goodness(n, walkers * p).p_value < significance for n in draws]
    assert np.mean(found) == pytest.approx(POWER, abs=0.02)


def test_more_walkers_show_less_and_nothing_shows_nothing():
    assert detectable_bias(5, 400, 1e-3) == pytest.approx(10 * detectable_bias(5, 40_000, 1e-3))
    assert detectable_bias(0, 400, 1e-3) == math.inf
