"""Products of inputs with weights: by BLAS, or by the few rows of weights whose input is not 0.

Spikes are rare: with a tenth of the inputs active, adding up rows of W does a tenth of the work of
a matrix product. It pays below a share of `FEW` active inputs; BLAS computes faster, and on more
threads. The loops here run on one thread: other threads would spin beside those of BLAS.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from spikealg.learners.base import Array

__all__ = ["FEW", "Rows"]

FEW = 0.12
"""Share of inputs that are not 0, below which rows are added up; measured on two cores."""
_SMALL = 1 << 14
"""Numbers in a matrix below which to look for zeros costs more than it saves."""
_NARROW = 32
"""Columns of W below which adding up rows does not pay."""


@njit(cache=True, nogil=True)
def _find(x, starts, places):
    """List where x is not 0, row by row; return whether the list is long enough.

    x (R, n). starts (R + 1,) int64: where the list of each row begins, written.
    places (k,) int32: columns, written; a row is begun only if the list has room for all of it.
    """
    count = 0
    for r in range(x.shape[0]):
        starts[r] = count
        if count + x.shape[1] > len(places):
            return False
        for i in range(x.shape[1]):
            places[count] = i
            count += x[r, i] != 0
    starts[x.shape[0]] = count
    return True


@njit(cache=True, nogil=True)
def _times(x, starts, places, weight, y):
    """Add x W to y, four rows of W at a time.

    x (R, n), starts, places: as `_find` lists them. weight (n, m), y (R, m): of one dtype.
    """
    for r in range(x.shape[0]):
        k, end = starts[r], starts[r + 1]
        out = y[r]
        while k + 4 <= end:
            i0, i1, i2, i3 = places[k], places[k + 1], places[k + 2], places[k + 3]
            x0, x1, x2, x3 = x[r, i0], x[r, i1], x[r, i2], x[r, i3]
            w0, w1, w2, w3 = weight[i0], weight[i1], weight[i2], weight[i3]
            for j in range(len(out)):
                out[j] += (x0 * w0[j] + x1 * w1[j]) + (x2 * w2[j] + x3 * w3[j])
            k += 4
        while k < end:
            x0, w0 = x[r, places[k]], weight[places[k]]
            for j in range(len(out)):
                out[j] += x0 * w0[j]
            k += 1


@njit(cache=True, nogil=True)
def _transposed_times(x, starts, places, dy, total):
    """Add xᵀ dy to total.

    x (R, n), starts, places: as `_find` lists them. dy (R, m), total (n, m): of one dtype.
    """
    for r in range(x.shape[0]):
        one = dy[r]
        for k in range(starts[r], starts[r + 1]):
            value, out = x[r, places[k]], total[places[k]]
            for j in range(len(out)):
                out[j] += value * one[j]


class Rows:
    """A matrix of inputs, which knows its active ones where they are few.

    Parameters
    ----------
    x : ndarray, (..., n)
        All but the last axis are taken together.
    width : int
        Columns of the weights, m.
    """

    def __init__(self, x: Array, width: int) -> None:
        self.x = x.reshape(-1, x.shape[-1])
        worthwhile = self.x.size >= _SMALL and width >= _NARROW
        self._active = self._few() if worthwhile else None

    def _few(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]] | None:
        """Return where each row's list of active inputs starts, and the lists; None: too many."""
        starts = np.empty(len(self.x) + 1, dtype=np.int64)
        places = np.empty(int(FEW * self.x.size) + self.x.shape[1], dtype=np.int32)
        return (starts, places) if _find(self.x, starts, places) else None

    def times(self, weight: Array) -> Array:
        """Return x W, (rows, m)."""
        if self._active is None:
            product: Array = self.x @ weight
            return product
        y = np.zeros((len(self.x), weight.shape[1]), dtype=self.x.dtype)
        _times(self.x, *self._active, weight, y)
        return y

    def transposed_times(self, dy: Array) -> Array:
        """Return xᵀ dy, (n, m)."""
        if self._active is None:
            product: Array = self.x.T @ dy
            return product
        total = np.zeros((self.x.shape[1], dy.shape[1]), dtype=self.x.dtype)
        _transposed_times(self.x, *self._active, dy, total)
        return total
