"""Gradients kept short, so that one steep place does not throw a model far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float

__all__ = ["clip_by_norm", "norm"]


def norm(gradients: Mapping[str, npt.NDArray[Any]]) -> float:
    """Return the Euclidean norm of all gradients together."""
    return math.sqrt(
        sum(float(np.square(gradient, dtype=np.float64).sum()) for gradient in gradients.values())
    )


def clip_by_norm(gradients: Mapping[str, npt.NDArray[Any]], limit: float) -> float:
    """Scale all gradients by one factor, in place, so that their norm is at most `limit`.

    Returns
    -------
    float
        The norm before. If it is not finite, nothing is changed.

    Raises
    ------
    InputError
        If `limit` is not above 0.

    Notes
    -----
    Pascanu, Mikolov and Bengio, ICML 2013, algorithm 1.
    """
    limit = as_float("limit", limit, above=0)
    length = norm(gradients)
    if math.isfinite(length) and length > limit:
        for gradient in gradients.values():
            gradient *= gradient.dtype.type(limit / length)
    return length
