"""Rows of weights that are added up, against matrix products."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.learners.layers.rows import FEW, Rows


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.3, 1.0])
def test_products_are_matrix_products(share, dtype):
    rng = np.random.default_rng(41)
    x = rng.normal(size=(40, 5, 100)) * (rng.random((40, 5, 100)) < share)
    x = x.astype(dtype)
    x[0] = 0
    rows = Rows(x, 37)
    # Each row must find room for all its columns: the share at which BLAS takes over is not sharp.
    assert (rows._active is None) == (share > FEW)
    flat = x.reshape(-1, 100).astype(np.float64)
    weight, dy = rng.normal(size=(100, 37)), rng.normal(size=(200, 37))
    bound = 1e-4 if dtype == np.float32 else 1e-12
    y = rows.times(weight.astype(dtype))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, flat @ weight, atol=bound)
    total = rows.transposed_times(dy.astype(dtype))
    assert total.dtype == dtype
    np.testing.assert_allclose(total, flat.T @ dy, atol=bound)


def test_small_and_narrow_products_go_to_blas():
    assert Rows(np.zeros((10, 10)), 100)._active is None
    assert Rows(np.zeros((1000, 100)), 10)._active is None
    assert Rows(np.zeros((1000, 100)), 100)._active is not None
