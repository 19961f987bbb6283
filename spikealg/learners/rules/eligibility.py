"""Loops that carry eligibility traces on by one tick; all arrays are contiguous, of one dtype.

A trace is dh/dθ, how a unit's memory h of k variables depends on a parameter so far; with the
surrogate slopes it gives the eligibility e = dy/dθ, and with the learning signal L = ∂E/∂y the
gradient Σ L e (Bohnstingl et al., arXiv 2007.12723, equations 9 to 12).

Neurons are counted channel by channel, each with `positions` of them, see `Weights`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["advance_full", "advance_weight", "eligibilities", "filter_weight"]


@njit(cache=True)
def _advanced(trace, carry, gain, slope, b, i, j, into):
    """Advance the trace of a weight in row i and neuron j; return its eligibility."""
    if trace.shape[0] == 1:
        h = carry[0, 0, b, j] * trace[0, b, i, j] + gain[0, b, j] * into
        trace[0, b, i, j] = h
        return slope[0, b, j] * h
    first, second = trace[0, b, i, j], trace[1, b, i, j]
    h = carry[0, 0, b, j] * first + carry[0, 1, b, j] * second + gain[0, b, j] * into
    k = carry[1, 0, b, j] * first + carry[1, 1, b, j] * second + gain[1, b, j] * into
    trace[0, b, i, j], trace[1, b, i, j] = h, k
    return slope[0, b, j] * h + slope[1, b, j] * k


@njit(cache=True)
def advance_weight(
    trace: np.ndarray,
    carry: np.ndarray,
    gain: np.ndarray,
    slope: np.ndarray,
    seen: np.ndarray,
    signal: np.ndarray,
    gradient: np.ndarray,
) -> None:
    """Advance the traces of weights that each act within neurons.

    Parameters
    ----------
    trace : ndarray, (k, batch, rows, n)
        dh_j/dw, by the row and the neuron that w acts on; written. k is 1 or 2.
    carry : ndarray, (k, k, batch, n)
    gain, slope : ndarray, (k, batch, n)
        As in `Derivatives`.
    seen : ndarray, (batch, rows, positions)
        What the weights multiply.
    signal : ndarray, (batch, n)
        L.
    gradient : ndarray, (rows, channels)
        Added to.
    """
    _, batch, rows, n = trace.shape
    positions = seen.shape[2]
    for i in range(rows):
        for b in range(batch):
            if positions == 1:
                into = seen[b, i, 0]
                for j in range(n):
                    e = _advanced(trace, carry, gain, slope, b, i, j, into)
                    gradient[i, j] += signal[b, j] * e
                continue
            for c in range(n // positions):
                total = gradient[i, c]
                for p in range(positions):
                    j = c * positions + p
                    e = _advanced(trace, carry, gain, slope, b, i, j, seen[b, i, p])
                    total += signal[b, j] * e
                gradient[i, c] = total


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
    trace : ndarray, (k, batch, rows, n)
    slope : ndarray, (k, batch, n)
    decay : float
        Kept of `filtered` from tick to tick.
    filtered : ndarray, (batch, rows, n)
        Written.
    signal : ndarray, (batch, n)
    gradient : ndarray, (rows, channels)
        Added to.
    """
    size, batch, rows, n = trace.shape
    positions = n // gradient.shape[1]
    for i in range(rows):
        for b in range(batch):
            for j in range(n):
                e = slope[0, b, j] * trace[0, b, i, j]
                if size == 2:
                    e += slope[1, b, j] * trace[1, b, i, j]
                filtered[b, i, j] = decay * filtered[b, i, j] + e
            if positions == 1:
                for j in range(n):
                    gradient[i, j] += signal[b, j] * filtered[b, i, j]
                continue
            for j in range(n):
                gradient[i, j // positions] += signal[b, j] * filtered[b, i, j]


@njit(cache=True)
def eligibilities(trace: np.ndarray, slope: np.ndarray, out: np.ndarray) -> None:
    """Write what the outputs depend on parameters through the memory.

    Parameters
    ----------
    trace : ndarray, (parameters, k, batch, n)
        dh/dθ.
    slope : ndarray, (k, batch, n)
    out : ndarray, (parameters, batch, n)
        Written.
    """
    size, batch, n = slope.shape
    for c in range(len(trace)):
        for b in range(batch):
            for j in range(n):
                e = slope[0, b, j] * trace[c, 0, b, j]
                if size == 2:
                    e += slope[1, b, j] * trace[c, 1, b, j]
                out[c, b, j] = e


@njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def advance_full(
    trace: np.ndarray,
    carry: np.ndarray,
    gain: np.ndarray,
    through: np.ndarray,
    inhibition: np.ndarray,
    winning: np.ndarray,
    seen: np.ndarray,
    begin: int,
    channels: int,
    weight: np.ndarray,
    gradient: np.ndarray,
) -> None:
    """Advance the traces of neurons that each depend on every parameter.

    Parameters
    ----------
    trace : ndarray, (parameters, k, batch, n)
        dh/dθ; written. Of weights row by row, those from number `begin` on.
    carry : ndarray, (k, k, batch, n)
    gain : ndarray, (k, batch, n)
    through : ndarray, (parameters, batch, n)
        What comes through the recurrent weights, Σ_l H_lj dy⁻_l/dθ.
    inhibition : ndarray, (k, batch, n)
    winning : ndarray, (parameters, batch)
        dy⁻/dθ of the neuron that inhibits.
    seen : ndarray, (batch, rows, positions)
        What the weights multiply; of 0 positions for what is no weight.
    begin, channels : int
        Weights in a row.
    weight : ndarray, (k, batch, n)
        L · slope.
    gradient : ndarray, (parameters,)
        Added to.
    """
    size, batch, n = gain.shape
    for c in range(len(trace)):
        row, channel = divmod(begin + c, channels)
        total = gradient[c]
        for b in range(batch):
            won = winning[c, b]
            if size == 1:
                for j in range(n):
                    h = carry[0, 0, b, j] * trace[c, 0, b, j] + gain[0, b, j] * through[c, b, j]
                    h += inhibition[0, b, j] * won
                    trace[c, 0, b, j] = h
                    total += weight[0, b, j] * h
            else:
                for j in range(n):
                    first, second, into = trace[c, 0, b, j], trace[c, 1, b, j], through[c, b, j]
                    h = carry[0, 0, b, j] * first + carry[0, 1, b, j] * second
                    k = carry[1, 0, b, j] * first + carry[1, 1, b, j] * second
                    h += gain[0, b, j] * into + inhibition[0, b, j] * won
                    k += gain[1, b, j] * into + inhibition[1, b, j] * won
                    trace[c, 0, b, j], trace[c, 1, b, j] = h, k
                    total += weight[0, b, j] * h + weight[1, b, j] * k
            for p in range(seen.shape[2]):
                j = channel * seen.shape[2] + p
                for m in range(size):
                    more = gain[m, b, j] * seen[b, row, p]
                    trace[c, m, b, j] += more
                    total += weight[m, b, j] * more
        gradient[c] = total
