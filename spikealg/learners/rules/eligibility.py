"""Loops that carry eligibility traces on by one tick; all arrays are contiguous, of one dtype.

A trace is dh/dθ, how a unit's memory h of k variables depends on a parameter so far; with the
surrogate slopes it gives the eligibility e = dy/dθ, and with the learning signal L = ∂E/∂y the
gradient Σ L e (Bohnstingl et al., arXiv 2007.12723, equations 9 to 12).
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["advance_full", "advance_weight", "filter_weight"]


@njit(cache=True)
def advance_weight(
    trace: np.ndarray,
    carry: np.ndarray,
    gain: np.ndarray,
    slope: np.ndarray,
    x: np.ndarray,
    signal: np.ndarray,
    gradient: np.ndarray,
) -> None:
    """Advance the traces of a matrix whose weights each act on one neuron only.

    Parameters
    ----------
    trace : ndarray, (k, batch, n_in, n)
        dh_j/dw_ij; written. k is 1 or 2.
    carry : ndarray, (k, k, batch, n)
    gain, slope : ndarray, (k, batch, n)
        As in `Derivatives`.
    x : ndarray, (batch, n_in)
        What the matrix multiplies.
    signal : ndarray, (batch, n)
        L.
    gradient : ndarray, (n_in, n)
        Added to.
    """
    size, batch, rows, n = trace.shape
    for i in range(rows):
        for b in range(batch):
            into = x[b, i]
            if size == 1:
                for j in range(n):
                    h = carry[0, 0, b, j] * trace[0, b, i, j] + gain[0, b, j] * into
                    trace[0, b, i, j] = h
                    gradient[i, j] += signal[b, j] * slope[0, b, j] * h
            else:
                for j in range(n):
                    first, second = trace[0, b, i, j], trace[1, b, i, j]
                    h = carry[0, 0, b, j] * first + carry[0, 1, b, j] * second
                    h += gain[0, b, j] * into
                    k = carry[1, 0, b, j] * first + carry[1, 1, b, j] * second
                    k += gain[1, b, j] * into
                    trace[0, b, i, j], trace[1, b, i, j] = h, k
                    e = slope[0, b, j] * h + slope[1, b, j] * k
                    gradient[i, j] += signal[b, j] * e


@njit(cache=True)
def filter_weight(
    trace: np.ndarray,
    slope: np.ndarray,
    decay: float,
    filtered: np.ndarray,
    signal: np.ndarray,
    gradient: np.ndarray,
) -> None:
    """Low-pass eligibilities, and add them to the gradient by the learning signal.

    Parameters
    ----------
    trace : ndarray, (k, batch, n_in, n)
    slope : ndarray, (k, batch, n)
    decay : float
        Kept of `filtered` from tick to tick.
    filtered : ndarray, (batch, n_in, n)
        Written.
    signal : ndarray, (batch, n)
    gradient : ndarray, (n_in, n)
        Added to.
    """
    size, batch, rows, n = trace.shape
    for i in range(rows):
        for b in range(batch):
            for j in range(n):
                e = slope[0, b, j] * trace[0, b, i, j]
                if size == 2:
                    e += slope[1, b, j] * trace[1, b, i, j]
                e += decay * filtered[b, i, j]
                filtered[b, i, j] = e
                gradient[i, j] += signal[b, j] * e


@njit(cache=True)
def advance_full(
    trace: np.ndarray,
    eligibility: np.ndarray,
    recurrent: np.ndarray,
    carry: np.ndarray,
    gain: np.ndarray,
    slope: np.ndarray,
    inputs: np.ndarray,
    direct: np.ndarray,
    output: np.ndarray,
    inhibition: np.ndarray,
    winning: np.ndarray,
    signal: np.ndarray,
    gradient: np.ndarray,
) -> None:
    """Advance the traces of a layer in which every neuron depends on every parameter.

    Columns are parameters: `inputs.shape[1]` rows of n weights, then n values for each of the
    unit's constants.

    Parameters
    ----------
    trace : ndarray, (k, batch, n, columns)
        dh/dθ; written.
    eligibility : ndarray, (batch, n, columns)
        dy/dθ; written.
    recurrent : ndarray, (batch, n, columns)
        Through the recurrent matrix: Σ_l H_lj dy⁻_l/dθ.
    carry, gain, slope : ndarray
        As in `Derivatives`, of n neurons.
    inputs : ndarray, (batch, rows)
        What the rows of weights multiply.
    direct : ndarray, (constants, k, batch, n)
    output : ndarray, (constants, batch, n)
    inhibition : ndarray, (k, batch, n)
    winning : ndarray, (batch, columns)
        dy⁻/dθ of the neuron that inhibits, before this tick.
    signal : ndarray, (batch, n)
    gradient : ndarray, (columns,)
        Added to.
    """
    size, batch, n, columns = trace.shape
    rows = inputs.shape[1]
    for b in range(batch):
        for j in range(n):
            for c in range(columns):
                first = trace[0, b, j, c]
                into = recurrent[b, j, c]
                h = carry[0, 0, b, j] * first + gain[0, b, j] * into
                h += inhibition[0, b, j] * winning[b, c]
                if size == 2:
                    second = trace[1, b, j, c]
                    h += carry[0, 1, b, j] * second
                    k = carry[1, 0, b, j] * first + carry[1, 1, b, j] * second
                    trace[1, b, j, c] = k + gain[1, b, j] * into
                trace[0, b, j, c] = h
            for m in range(size):
                for i in range(rows):
                    trace[m, b, j, i * n + j] += gain[m, b, j] * inputs[b, i]
                for p in range(direct.shape[0]):
                    trace[m, b, j, (rows + p) * n + j] += direct[p, m, b, j]
            for c in range(columns):
                e = slope[0, b, j] * trace[0, b, j, c]
                if size == 2:
                    e += slope[1, b, j] * trace[1, b, j, c]
                eligibility[b, j, c] = e
            for p in range(output.shape[0]):
                eligibility[b, j, (rows + p) * n + j] += output[p, b, j]
            for c in range(columns):
                gradient[c] += signal[b, j] * eligibility[b, j, c]
