"""Full diffusion tensors on boxes: links along diagonals carry what is off the diagonal.

A tensor is a sum of diffusions along directions of the lattice: D_ab along the diagonal of the
cell whose slope has the sign of D_ab, and along axis a what is left, D_aa − Σ_b |D_ab| Δx_a/Δx_b.
The scheme is symmetric, of order 2, and has no negative rates as long as that is at least 0.

Where D_ab changes sign, another diagonal is taken, and |D_ab| has a kink. By Fick the order stays
2; for ½σσᵀ (Itô), of which second differences are taken, it is 1 in the largest error, beside that
line, and 1.5 in the mean square: 3.2e-2 and 3.2e-3 with 80 cells along a side, 1.6e-2 and 1.1e-3
with 160, for D_xy = 0.6 sin(4x + 2.8y − 1.9) beside D_xx = D_yy = 1 on the unit square.

Source: Kushner, Dupuis, "Numerical methods for stochastic control problems in continuous time",
section 5.3 (2001).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from spikealg.arguments import as_float_array
from spikealg.errors import InputError
from spikealg.solvers.diffusion.equation.coefficients import Coefficients
from spikealg.solvers.diffusion.equation.functions import called
from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = ["DiagonalLinks", "Tensor", "as_tensor"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_ROUNDING = 1e-12


class Tensor:
    """A diffusion tensor D(x), symmetric, (..., d, d) [length²/time].

    Parameters
    ----------
    name : {"diffusivity", "sigma"}
        Which argument it came from; from `sigma` it is ½σσᵀ.
    value : (d, d), (V, d, d) or callable
        A callable gets positions (M, d) and gives (M, d, d) or (d, d).
    axes : int
        d.
    """

    def __init__(self, name: str, value: Any, axes: int) -> None:
        self.name, self.value, self.axes = name, value, axes

    def at(self, x: FloatArray, ends: tuple[IntArray, IntArray] | None = None) -> FloatArray:
        """Return D at places (M, d), as (M, d, d); `ends` are vertices whose mean is meant."""
        name = called(self.name, self.value) if callable(self.value) else self.name
        given = self.value(x) if callable(self.value) else self.value
        array = as_float_array(name, given, places=x if callable(self.value) else None)
        if array.ndim == 3 and not callable(self.value) and ends is not None:
            array = 0.5 * (array[ends[0]] + array[ends[1]])
        shape = (len(x), self.axes, self.axes)
        if array.shape not in (shape, shape[1:]):
            raise InputError(f"{name} must be a tensor of shape {shape}, got shape {array.shape}")
        array = np.broadcast_to(array, shape)
        if self.name == "sigma":
            return np.asarray(0.5 * array @ array.swapaxes(1, 2))
        if not np.allclose(array, array.swapaxes(1, 2), rtol=1e-12):
            raise InputError(f"{name} must be a symmetric tensor, got {array[0].tolist()}")
        return array


def as_tensor(coefficients: Coefficients, x: FloatArray) -> Tensor | None:
    """Return the tensor that a coefficient is, or None if it is a number or one per axis.

    Parameters
    ----------
    coefficients : Coefficients
    x : (V, d) float64
        Vertices; on an interval, (V,), nothing is a tensor.
    """
    if x.ndim == 1 or x.shape[1] == 1:
        return None
    axes = x.shape[1]
    for name in ("diffusivity", "sigma"):
        value = getattr(coefficients, name)
        if value is None:
            continue
        shape = np.shape(value(x) if callable(value) else value)
        if shape[-2:] == (axes, axes) and shape[:-2] in ((), (len(x),)) and len(x) != axes:
            return Tensor(name, value, axes)
    return None


class DiagonalLinks:
    """What a tensor asks of a lattice.

    Parameters
    ----------
    tensor : Tensor
    shape : tuple of int
        Vertices along each axis.
    periodic : tuple of bool
    spacing : (d,) float64
        Δx of each axis [length].
    x : (V, d) float64
        Vertices [length].
    """

    def __init__(
        self,
        tensor: Tensor,
        shape: tuple[int, ...],
        periodic: tuple[bool, ...],
        spacing: FloatArray,
        x: FloatArray,
    ) -> None:
        self.tensor, self.shape, self.periodic = tensor, shape, periodic
        self.spacing, self.x = spacing, x

    def along_axes(self, coefficients: Coefficients) -> Coefficients:
        """Return the coefficients of what is left along the axes.

        Raises
        ------
        InputError
            Where called, if it would be negative; the message says where, and what would help.
        """

        def left(x: FloatArray) -> FloatArray:
            tensor = self.tensor.at(x) if callable(self.tensor.value) else None
            if tensor is None:
                tensor = np.broadcast_to(self.tensor.at(x[:1]), (len(x), *self._square))
            return self._left(tensor, x)

        given = left
        if not callable(self.tensor.value) and np.ndim(self.tensor.value) == 3:
            given = self._left(self.tensor.at(self.x), self.x)  # type: ignore[assignment]
        if self.tensor.name == "diffusivity":
            return replace(coefficients, diffusivity=given)
        root: Any = (lambda x: np.sqrt(2 * left(x))) if callable(given) else np.sqrt(2 * given)
        return replace(coefficients, sigma=root)

    @property
    def _square(self) -> tuple[int, int]:
        return self.tensor.axes, self.tensor.axes

    def _left(self, tensor: FloatArray, x: FloatArray) -> FloatArray:
        """Return D_aa − Σ_b |D_ab| Δx_a/Δx_b, (M, d)."""
        own = np.einsum("maa->ma", tensor)
        off = np.abs(tensor) * (self.spacing[:, None] / self.spacing)
        shared = off.sum(axis=2) - own
        left = own - shared
        bad = left < -_ROUNDING * own
        if bad.any():
            i, axis = (int(k) for k in np.argwhere(bad)[0])
            place = ", ".join(f"{c:.6g}" for c in x[i])
            raise InputError(
                f"{self.tensor.name} at x = {place} is too oblique for the mesh: along "
                f"{'xyz'[axis]!r} sum |D_ab| dx_a/dx_b = {shared[i, axis]:.6g} must be at most "
                f"D_aa = {own[i, axis]:.6g}: take cells whose sides are about as sqrt(D_aa) to "
                "sqrt(D_bb), or axes nearer to the principal ones"
            )
        return np.asarray(np.maximum(left, 0))

    def added(self, rates: Rates) -> Rates:
        """Return `rates` with those along the diagonals."""
        n, links = len(self.x), []
        for a, b in combinations(range(len(self.shape)), 2):
            for slope in (1, -1):
                links.append(self._links(a, b, slope))
        start, end, flow = (np.concatenate(part) for part in zip(*links, strict=True))
        live = rates.sink < 0
        moves, leaves = live[start] & live[end], live[start] & ~live[end]
        enters = ~live[start] & live[end]
        rate = flow / rates.mass[start]
        shape = rates.exits.shape
        between = sparse.csr_array((rate[moves], (start[moves], end[moves])), shape=(n, n))
        exits = sparse.csr_array(
            (rate[leaves], (start[leaves], rates.sink[end[leaves]])), shape=shape
        )
        faster = rates.faster(between, exits)
        crossings = rates.crossings.leaving(
            start[leaves], rates.sink[end[leaves]], rate[leaves], self.x[end[leaves]]
        ).entering(end[enters], rates.sink[start[enters]], flow[enters], self.x[start[enters]])
        return replace(faster, crossings=crossings)

    def _links(self, a: int, b: int, slope: int) -> tuple[IntArray, IntArray, FloatArray]:
        """Return starts, ends and flows (mass · rate) of the links (1, slope), both ways."""
        number = np.arange(len(self.x)).reshape(self.shape)
        part = np.moveaxis(number, (a, b), (0, 1))
        next_a = np.roll(part, -1, axis=0)
        end = np.roll(next_a, -slope, axis=1)
        within = np.ones(part.shape, dtype=bool)
        if not self.periodic[a]:
            within[-1] = False
        if not self.periodic[b]:
            within[:, -1 if slope == 1 else 0] = False
        start, end = part[within], end[within]
        step = np.zeros(len(self.shape))
        step[a], step[b] = self.spacing[a], slope * self.spacing[b]
        volume = float(np.prod(self.spacing)) * self._thickness(part, within, (a, b))
        found = []
        by_origin = self.tensor.name == "sigma"
        for origin, target, sign in ((start, end, 1), (end, start, -1)):
            place = self.x[origin] + (0 if by_origin else 0.5 * sign) * step
            tensor = self.tensor.at(place, (origin, origin if by_origin else target))
            strength = np.maximum(slope * tensor[:, a, b], 0) / (self.spacing[a] * self.spacing[b])
            found.append((origin, target, strength * volume))
        origin, target, flow = (np.concatenate(pair) for pair in zip(*found, strict=True))
        return origin, target, flow

    def _thickness(
        self, part: IntArray, within: npt.NDArray[np.bool_], plane: tuple[int, int]
    ) -> FloatArray:
        """Return ½ for links in a plane that lies on an end of a third axis, otherwise 1."""
        factor = np.ones(self.shape)
        for axis, periodic in enumerate(self.periodic):
            if axis not in plane and not periodic:
                np.moveaxis(factor, axis, 0)[[0, -1]] *= 0.5
        return np.asarray(np.moveaxis(factor, plane, (0, 1))[within])
