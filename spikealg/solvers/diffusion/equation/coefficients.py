"""The coefficients of an equation, and their values at the places where the rates need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float_array
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.equation.functions import called

__all__ = ["Coefficients", "evaluate"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Coefficients:
    """What moves the walkers, as the user gave it.

    Attributes
    ----------
    diffusivity : number, array or callable, or None
        D [length²/time], Fick: taken at the midpoint of a link.
    sigma : number, array or callable, or None
        σ [length/√time], Itô: taken at the vertex a walker leaves.
    drift : number, array or callable, or None
        b [length/time], taken at the vertex a walker leaves.
    upwind : bool
        Whether drift makes rates along it only, which is of order 1 but never negative.
    """

    diffusivity: Any = None
    sigma: Any = None
    drift: Any = None
    upwind: bool = False

    def at(self, x: FloatArray, axes: int) -> FloatArray:
        """Return D, or ½σ², at all vertices x (V,) or (V, axes), as (V, axes)."""
        if self.sigma is not None:
            return np.asarray(0.5 * evaluate("sigma", self.sigma, x, axes, low=0) ** 2)
        if self.diffusivity is None:
            return np.zeros((len(x), axes))
        return evaluate("diffusivity", self.diffusivity, x, axes, low=0)


def evaluate(
    name: str,
    value: Any,
    x: FloatArray,
    axes: int,
    *,
    low: float | None = None,
    vector: bool = False,
    ends: tuple[IntArray, IntArray] | None = None,
    vertices: int | None = None,
) -> FloatArray:
    """Return the values of a coefficient at some places, one column per axis.

    Parameters
    ----------
    name : str
        The argument, for errors.
    value : number, (axes,), (V,), (V, axes) or callable
        A callable gets all of `x` at once, and is not called where there are no places; of its
        result, (M,) is one value per place even if there are as many places as axes.
    x : (M,) or (M, axes) float64
        The places.
    axes : int
        Number of axes.
    low : float, optional
        Smallest value allowed.
    vector : bool
        Whether one value for several axes is no answer.
    ends : two arrays (M,) int64, optional
        Vertices whose mean stands for the place, where `value` is an array per vertex. Without
        them, place i is vertex i.
    vertices : int, optional
        Number of vertices V; M if not given.

    Returns
    -------
    (M, axes) float64
    """
    n = len(x) if vertices is None else vertices
    if isinstance(value, (bool, np.bool_)):
        raise InputTypeError(f"{name} must be a number, an array or a function, got {value!r}")
    if callable(value):
        if not len(x):
            return np.zeros((0, axes))
        name = called(name, value)
        result = as_float_array(name, value(x), low=low, places=x)
        if result.shape == (len(x),) and not vector:
            return np.repeat(result[:, None], axes, axis=1)
        return _columns(name, result, len(x), axes, vector)
    array = as_float_array(name, value, low=low)
    columns = _columns(name, array, n, axes, vector)
    if array.ndim and array.shape != (axes,) and ends is not None:
        return 0.5 * (columns[ends[0]] + columns[ends[1]])
    return columns if len(columns) == len(x) else np.broadcast_to(columns[:1], (len(x), axes))


def _columns(name: str, array: FloatArray, n: int, axes: int, vector: bool) -> FloatArray:
    """Return `array` as (n, axes)."""
    one_for_all = axes == 1 or not vector
    if (array.ndim == 0 and one_for_all) or array.shape in ((axes,), (n, axes)):
        return np.broadcast_to(array, (n, axes))
    if array.shape == (n,) and one_for_all:
        return np.broadcast_to(array[:, None], (n, axes))
    shapes = [*(["a number"] if one_for_all else []), f"shape ({axes},)" if axes > 1 else ""]
    shapes += [f"shape ({n},)" if one_for_all else "", f"shape ({n}, {axes})" if axes > 1 else ""]
    raise InputError(
        f"{name} must be {' or '.join(filter(None, shapes))}, got shape {array.shape}"
        + ("; full tensors need a Box" if array.shape[-2:] == (axes, axes) else "")
    )
