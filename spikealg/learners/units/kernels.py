"""The time loops of units, compiled: one function per family and direction.

All arrays are C-contiguous and of one dtype, float32 or float64, unless said otherwise; T ticks,
B rows of a batch, N neurons. States have T + 1 entries, the first of which is the state before the
first tick. Kernels run over the ticks from `begin` to `end`, so that a recurrent layer can go tick
by tick through the same code. Literals are made of the arrays' dtype, or float32 would be computed
as float64.
"""

from __future__ import annotations

import math

from numba import njit


@njit(cache=True, nogil=True)
def glif_forward(x, u, z, constants, begin, end):
    """Run GLIF neurons.

    x (T, B, N): input. u, z (T + 1, B, N): potentials before reset, and spikes; written from
    begin + 1 to end. constants (6, N): κ, ρ, η, ϑ, γ, v_r.
    """
    one = x.dtype.type(1)
    zero = x.dtype.type(0)
    for t in range(begin, end):
        for b in range(x.shape[1]):
            for n in range(x.shape[2]):
                spike = z[t, b, n]
                reset = constants[1, n] * spike
                v = (one - reset) * u[t, b, n] + reset * constants[5, n]
                now = constants[0, n] * v + constants[4, n] * x[t, b, n] - constants[2, n] * spike
                u[t + 1, b, n] = now
                z[t + 1, b, n] = one if now >= constants[3, n] else zero


@njit(cache=True, nogil=True)
def glif_backward(dy, u, z, constants, through_reset, slope, du, begin, end):
    """Go back through GLIF neurons.

    dy (T, B, N): gradient by the output. u, z, constants: as in `glif_forward`. through_reset: 1
    or 0, of the arrays' dtype. slope (T, B, N): Θ'(u − ϑ), overwritten with the gradient by u − ϑ.
    du (T, B, N): gradient by u, written from end − 1 to begin; du[end] is read unless end is T.
    """
    one = dy.dtype.type(1)
    zero = dy.dtype.type(0)
    for t in range(end - 1, begin - 1, -1):
        last = t == dy.shape[0] - 1
        for b in range(dy.shape[1]):
            for n in range(dy.shape[2]):
                later = zero if last else du[t + 1, b, n]
                dv = constants[0, n] * later
                rho = constants[1, n]
                dz = dy[t, b, n] - constants[2, n] * later
                dz += through_reset * dv * rho * (constants[5, n] - u[t + 1, b, n])
                dz *= slope[t, b, n]
                slope[t, b, n] = dz
                du[t, b, n] = dv * (one - rho * z[t + 1, b, n]) + dz


@njit(cache=True, nogil=True)
def snu_forward(x, s, y, adaptation, constants, negative, smooth, inhibit, begin, end):
    """Run spiking neural units.

    x (T, B, N): input. s, y (T + 1, B, N): potentials and outputs, written from begin + 1 to end.
    adaptation (T + 1, B, N): thresholds that follow the output, written likewise; of size 0 for
    units that have none. constants (4, N): d, bias, β, ρ. negative: slope of g below 0.
    smooth: y is a sigmoid, else a step. inhibit: the largest output of a row resets all its units.
    """
    one = x.dtype.type(1)
    zero = x.dtype.type(0)
    adaptive = adaptation.size > 0
    for t in range(begin, end):
        for b in range(x.shape[1]):
            top = zero
            if inhibit:
                for n in range(x.shape[2]):
                    top = max(top, y[t, b, n])
            for n in range(x.shape[2]):
                taken = top if inhibit else y[t, b, n]
                a = x[t, b, n] + constants[0, n] * s[t, b, n] * (one - taken)
                a = a if a > zero else negative * a
                s[t + 1, b, n] = a
                a += constants[1, n]
                if adaptive:
                    rho = constants[3, n]
                    now = rho * adaptation[t, b, n] + (one - rho) * y[t, b, n]
                    adaptation[t + 1, b, n] = now
                    a += constants[2, n] * now
                if smooth:
                    # The exponent is never positive, so nothing overflows.
                    small = math.exp(-abs(a))
                    y[t + 1, b, n] = (one if a >= zero else small) / (one + small)
                else:
                    y[t + 1, b, n] = one if a >= zero else zero


@njit(cache=True, nogil=True)
def snu_backward(dy, s, y, constants, negative, inhibit, through_reset, slope, da, db, begin, end):
    """Go back through spiking neural units.

    dy (T, B, N): gradient by the output. s, y, constants, negative, inhibit: as in `snu_forward`.
    through_reset: 1 or 0, of the arrays' dtype. slope (T, B, N): h', overwritten with the gradient
    by the argument of h. da, db (T, B, N): gradients by the input and by the adaptation (of size 0
    for units without), written from end − 1 to begin; entry `end` is read unless end is T.
    """
    one = dy.dtype.type(1)
    zero = dy.dtype.type(0)
    adaptive = db.size > 0
    for t in range(end - 1, begin - 1, -1):
        last = t == dy.shape[0] - 1
        for b in range(dy.shape[1]):
            top = zero
            winner = 0
            shared = zero
            if inhibit:
                for n in range(dy.shape[2]):
                    if y[t + 1, b, n] > top:
                        top = y[t + 1, b, n]
                        winner = n
                    if not last:
                        shared -= constants[0, n] * s[t + 1, b, n] * da[t + 1, b, n]
            for n in range(dy.shape[2]):
                later = zero if last else da[t + 1, b, n]
                taken = top if inhibit else y[t + 1, b, n]
                out = dy[t, b, n]
                if not inhibit:
                    out -= through_reset * constants[0, n] * s[t + 1, b, n] * later
                elif n == winner:
                    out += through_reset * shared
                if adaptive and not last:
                    out += (one - constants[3, n]) * db[t + 1, b, n]
                out *= slope[t, b, n]
                slope[t, b, n] = out
                if adaptive:
                    db[t, b, n] = constants[2, n] * out
                    if not last:
                        db[t, b, n] += constants[3, n] * db[t + 1, b, n]
                ds = out + constants[0, n] * (one - taken) * later
                da[t, b, n] = ds if s[t + 1, b, n] > zero else negative * ds


@njit(cache=True, nogil=True)
def leak_forward(x, y, constants, begin, end):
    """Run leaky integrators, y_t = κ y_{t−1} + x_t.

    x (T, B, N): input. y (T + 1, B, N): written from begin + 1 to end. constants (1, N): κ.
    """
    for t in range(begin, end):
        for b in range(x.shape[1]):
            for n in range(x.shape[2]):
                y[t + 1, b, n] = constants[0, n] * y[t, b, n] + x[t, b, n]


@njit(cache=True, nogil=True)
def leak_backward(dy, constants, dx, begin, end):
    """Go back through leaky integrators.

    dy, dx (T, B, N): gradients by output and input; dx is written from end − 1 to begin, dx[end] is
    read unless end is T. constants (1, N): κ.
    """
    for t in range(end - 1, begin - 1, -1):
        for b in range(dy.shape[1]):
            for n in range(dy.shape[2]):
                dx[t, b, n] = dy[t, b, n]
                if t + 1 < dy.shape[0]:
                    dx[t, b, n] += constants[0, n] * dx[t + 1, b, n]
