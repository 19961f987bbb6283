"""Convolutions as sums of shifted lines, compiled: the inner loops of `Windows`.

A block of frames is laid out as one long line of numbers per channel, with zeros around each frame.
What one tap of a kernel sees of all windows is then a piece of that line, shifted by the place of
the tap, and a convolution is Σ_k w[o, k] · line[tap_k + i] for all i at once: long loops without
conditions, of which four outputs times four taps stay in registers. Windows that reach from one
frame or row into the next are computed too and left out of the result. Where windows are s apart,
the line is cut into s phases along each axis, so that numbers s apart become neighbours.

Arrays are C-contiguous and of one dtype, float32 or float64, unless said otherwise. Lines are kept
in one array `flat`: line n begins at n · length. F frames, C channels. Numbers of outputs and of
taps are multiples of `TILE`, the surplus having weights 0.
"""

from __future__ import annotations

from numba import njit

__all__ = ["TILE", "VECTOR", "correlate", "weigh"]

TILE = 4
"""Outputs and taps that are computed together."""
VECTOR = 8
"""Lines are multiples of so many numbers, so that loops over them leave no rest."""

_FAST = {"contract", "reassoc", "nsz"}
"""Sums may be taken in any order, and a product and a sum in one instruction."""


@njit(cache=True, nogil=True)
def _whole(n):
    """Return `n` rounded up to a multiple of `VECTOR`."""
    return -(-n // VECTOR) * VECTOR


@njit(cache=True, nogil=True)
def _lay(frames, begin, end, stride, padding, grid, flat, length):
    """Lay the frames from `begin` to `end` out in lines; zeros around them are in place.

    frames (F, C, H, W): read. grid: rows and columns of a frame in a line. flat: written, line
    (c, a, b) holding the pixels a mod stride[0] and b mod stride[1] of the padded channel c.
    """
    height, width = frames.shape[2:]
    for f in range(begin, end):
        for c in range(frames.shape[1]):
            for y in range(height):
                r, a = divmod(y + padding[0], stride[0])
                if r >= grid[0]:
                    break
                row = frames[f, c, y]
                for b in range(stride[1]):
                    line = (c * stride[0] + a) * stride[1] + b
                    at = line * length + ((f - begin) * grid[0] + r) * grid[1]
                    first = max(0, -((b - padding[1]) // stride[1]))
                    last = min(grid[1], (width - 1 + padding[1] - b) // stride[1] + 1)
                    to = flat[at + first : at + last]
                    seen = row[first * stride[1] + b - padding[1] :]
                    if stride[1] == 1:
                        for q in range(len(to)):
                            to[q] = seen[q]
                    else:
                        for q in range(len(to)):
                            to[q] = seen[q * stride[1]]


@njit(cache=True, nogil=True, fastmath=_FAST)
def _add_up(flat, taps, weight, sums, length):
    """Compute sums[o, i] = Σ_k weight[o, k] · flat[taps[k] + i] for i < length.

    flat (n,), taps (K,) int64, weight (O, K): read. sums (O, ≥ length): written.
    """
    for o in range(0, weight.shape[0], 4):
        s0, s1, s2, s3 = sums[o], sums[o + 1], sums[o + 2], sums[o + 3]
        sums[o : o + 4, :length] = 0
        for k in range(0, weight.shape[1], 4):
            f0, f1, f2, f3 = (
                flat[taps[k] :], flat[taps[k + 1] :], flat[taps[k + 2] :], flat[taps[k + 3] :]
            )  # fmt: skip
            w = weight[o : o + 4, k : k + 4]
            a0, a1, a2, a3 = w[0, 0], w[0, 1], w[0, 2], w[0, 3]
            b0, b1, b2, b3 = w[1, 0], w[1, 1], w[1, 2], w[1, 3]
            c0, c1, c2, c3 = w[2, 0], w[2, 1], w[2, 2], w[2, 3]
            d0, d1, d2, d3 = w[3, 0], w[3, 1], w[3, 2], w[3, 3]
            for i in range(length):
                x0, x1, x2, x3 = f0[i], f1[i], f2[i], f3[i]
                s0[i] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3
                s1[i] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3
                s2[i] += c0 * x0 + c1 * x1 + c2 * x2 + c3 * x3
                s3[i] += d0 * x0 + d1 * x1 + d2 * x2 + d3 * x3


@njit(cache=True, nogil=True, fastmath=_FAST)
def _multiply(flat, taps, lines, length, total):
    """Add Σ_i lines[o, i] · flat[taps[k] + i], i < length, to total[o, k].

    flat (n,), taps (K,) int64, lines (O, ≥ length): read. total (O, K): added to.
    """
    zero = flat.dtype.type(0)
    for o in range(0, lines.shape[0], 4):
        d0, d1, d2, d3 = lines[o], lines[o + 1], lines[o + 2], lines[o + 3]
        # Two taps at a time: eight sums and what they need fill the registers.
        for k in range(0, len(taps), 2):
            f0, f1 = flat[taps[k] :], flat[taps[k + 1] :]
            a0 = b0 = c0 = e0 = a1 = b1 = c1 = e1 = zero
            for i in range(length):
                x0, x1 = f0[i], f1[i]
                a0 += d0[i] * x0
                b0 += d1[i] * x0
                c0 += d2[i] * x0
                e0 += d3[i] * x0
                a1 += d0[i] * x1
                b1 += d1[i] * x1
                c1 += d2[i] * x1
                e1 += d3[i] * x1
            total[o, k] += a0
            total[o + 1, k] += b0
            total[o + 2, k] += c0
            total[o + 3, k] += e0
            total[o, k + 1] += a1
            total[o + 1, k + 1] += b1
            total[o + 2, k + 1] += c1
            total[o + 3, k + 1] += e1


@njit(cache=True, nogil=True)
def correlate(frames, stride, padding, grid, taps, weight, flat, sums, out, first, step, count):
    """Add the correlation of frames with a kernel to pixels of `out`.

    frames (F, C, H, W): read. stride, padding, grid: pairs of int, see `_lay`. taps (K,) int64,
    weight (O, K): read. flat (n,): zeros, written. sums (O, length): written; the length of a line.
    out (F, ≤ O, Oy, Ox): added to, at the pixels first + step · (0, …, count − 1) along each axis.
    """
    length = sums.shape[1]
    block = length // (grid[0] * grid[1])
    for begin in range(0, len(frames), block):
        end = min(begin + block, len(frames))
        _lay(frames, begin, end, stride, padding, grid, flat, length)
        _add_up(flat, taps, weight, sums, _whole((end - begin) * grid[0] * grid[1]))
        for f in range(begin, end):
            for o in range(out.shape[1]):
                for y in range(count[0]):
                    at = ((f - begin) * grid[0] + y) * grid[1]
                    sum_ = sums[o, at : at + count[1]]
                    row = out[f, o, first[0] + step[0] * y, first[1] :]
                    if step[1] == 1:
                        for x in range(count[1]):
                            row[x] += sum_[x]
                    else:
                        for x in range(count[1]):
                            row[step[1] * x] += sum_[x]


@njit(cache=True, nogil=True)
def weigh(frames, stride, padding, grid, taps, dy, flat, lines, total):
    """Add the gradient by the weights to total.

    frames, stride, padding, grid, taps, flat: as in `correlate`. dy (F, ≤ O, Oy, Ox): gradient by
    the result. lines (O, length): zeros, written. total (O, K): added to.
    """
    length = lines.shape[1]
    block = length // (grid[0] * grid[1])
    for begin in range(0, len(frames), block):
        end = min(begin + block, len(frames))
        used = (end - begin) * grid[0] * grid[1]
        lines[:, used:] = 0
        _lay(frames, begin, end, stride, padding, grid, flat, length)
        _lay(dy, begin, end, (1, 1), (0, 0), grid, lines.reshape(-1), length)
        _multiply(flat, taps, lines, _whole(used), total)
