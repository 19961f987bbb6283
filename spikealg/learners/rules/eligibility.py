"""Loops that carry eligibility traces on by one tick; all arrays are contiguous, of one dtype.

A trace is dh/dθ, how a unit's memory h of k variables depends on a parameter so far; with the
surrogate slopes it gives the eligibility e = dy/dθ, and with the learning signal L = ∂E/∂y the
gradient Σ L e (Bohnstingl et al., arXiv 2007.12723, equations 9 to 12).

Neurons are counted channel by channel, each with `positions` of them, see `Weights`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["add_seen", "advance_full", "advance_weight", "eligibilities", "filter_weight"]


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


@njit(cache=True)
def advance_full(
    trace: np.ndarray, carry: np.ndarray, gain: np.ndarray, through: np.ndarray
) -> None:
    """Advance the traces of neurons that each depend on every parameter, but for what is direct.

    Parameters
    ----------
    trace : ndarray, (parameters, k, batch, n)
        dh/dθ; written.
    carry : ndarray, (k, k, batch, n)
    gain : ndarray, (k, batch, n)
    through : ndarray, (parameters, batch, n)
        What comes through the recurrent weights, Σ_l H_lj dy⁻_l/dθ.
    """
    size, batch, n = gain.shape
    for c in range(len(trace)):
        for b in range(batch):
            for j in range(n):
                into, first = through[c, b, j], trace[c, 0, b, j]
                h = carry[0, 0, b, j] * first + gain[0, b, j] * into
                if size == 2:
                    second = trace[c, 1, b, j]
                    h += carry[0, 1, b, j] * second
                    k = carry[1, 0, b, j] * first + carry[1, 1, b, j] * second
                    trace[c, 1, b, j] = k + gain[1, b, j] * into
                trace[c, 0, b, j] = h


@njit(cache=True)
def add_seen(
    trace: np.ndarray, gain: np.ndarray, seen: np.ndarray, begin: int, channels: int
) -> None:
    """Add to traces of weights what the inputs of the tick do to them.

    Parameters
    ----------
    trace : ndarray, (parameters, k, batch, n)
        Written; of weights row by row, those from number `begin` on.
    gain : ndarray, (k, batch, n)
    seen : ndarray, (batch, rows, positions)
    begin, channels : int
    """
    positions = seen.shape[2]
    for c in range(len(trace)):
        i, channel = divmod(begin + c, channels)
        for m in range(gain.shape[0]):
            for b in range(gain.shape[1]):
                for p in range(positions):
                    j = channel * positions + p
                    trace[c, m, b, j] += gain[m, b, j] * seen[b, i, p]
