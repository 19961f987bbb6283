import numpy as np
import pytest

from spikealg.solvers.diffusion.accuracy.estimates import count_stderr, estimate


def test_no_count_has_stderr_zero():
    stderr = count_stderr(np.array([0, 5, 10]), 10)
    assert (stderr > 0).all()
    assert stderr[0] == pytest.approx(stderr[2])


def test_stderr_of_a_count_is_binomial():
    assert count_stderr(np.array([2500]), 10_000)[0] == pytest.approx(
        np.sqrt(10_000 * 0.25 * 0.75), rel=1e-3
    )


def test_an_expectation_is_a_mean_over_all_walkers():
    x = np.array([0.0, 1.0, 2.0])
    counts = np.array([[1, 2, 1]])
    found = estimate(x**2, counts, walkers=5, total=2.0, drawn=True)
    each = np.array([0, 1, 1, 4, 0]) * 2.0  # the fifth has left
    assert found.value[0] == pytest.approx(each.mean())
    assert found.stderr[0] == pytest.approx(each.std(ddof=1) / np.sqrt(5))


def test_a_chain_has_no_stderr_and_one_walker_an_infinite_one():
    counts = np.array([[1, 0]])
    f = np.array([1.0, 2.0])
    assert estimate(f, counts, 1, 1.0, drawn=False).stderr[0] == 0
    assert estimate(f, counts, 1, 1.0, drawn=True).stderr[0] == np.inf
