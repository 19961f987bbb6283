import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.solvers.diffusion.estimates import count_stderr, estimate


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
    found = estimate(lambda x: x**2, x, counts, walkers=5, total=2.0, drawn=True)
    each = np.array([0, 1, 1, 4, 0]) * 2.0  # the fifth has left
    assert found.value[0] == pytest.approx(each.mean())
    assert found.stderr[0] == pytest.approx(each.std(ddof=1) / np.sqrt(5))


def test_a_chain_has_no_stderr_and_one_walker_an_infinite_one():
    counts = np.array([[1, 0]])
    f = [1.0, 2.0]
    assert estimate(f, np.zeros(2), counts, 1, 1.0, drawn=False).stderr[0] == 0
    assert estimate(f, np.zeros(2), counts, 1, 1.0, drawn=True).stderr[0] == np.inf


def test_a_function_with_the_wrong_number_of_values():
    with pytest.raises(InputError, match=r"f must be one value or have shape \(2,\), got"):
        estimate(lambda x: x[:1].repeat(3), np.zeros(2), np.array([[1, 0]]), 1, 1.0, drawn=True)
