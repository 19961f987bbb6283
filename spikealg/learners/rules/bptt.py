"""Backpropagation through time, of the whole sequence or truncated.

Werbos, "Backpropagation through time", Proceedings of the IEEE 1990; steps are given the slopes of
surrogates (Neftci et al., "Surrogate gradient learning", IEEE Signal Processing Magazine 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.learners.base import Array, State, sequence
from spikealg.learners.rules.result import (
    Learned,
    Loss,
    Penalty,
    charged,
    checked_penalties,
    judged,
)
from spikealg.learners.sequential import Sequential

__all__ = ["bptt"]


def bptt(
    model: Sequential,
    x: npt.ArrayLike,
    target: Any,
    *,
    loss: Loss,
    state: tuple[State, ...] | None = None,
    truncate: int | None = None,
    penalties: Mapping[int, Penalty] | None = None,
    train: bool = True,
    rng: np.random.Generator | None = None,
) -> Learned:
    """Return loss and gradients of one sequence.

    Parameters
    ----------
    model : Sequential
        Not changed, but for running statistics where `train`.
    x : array_like, (ticks, batch, *in_shape)
    target : object
        What `loss` compares the output with.
    loss : callable
        loss(y, target) -> (value, dy), of the whole sequence.
    state : tuple of tuple of ndarray, optional
        Where the sequence starts; gradients do not go further back. None: at rest.
    truncate : int, optional
        Gradients do not cross the borders of pieces of so many ticks, counted from the first.
        Values and outputs are those of the whole sequence. None: one piece.
    penalties : mapping of int to callable, optional
        penalty(output) -> (value, gradient) of the whole output of a layer, by its place: added
        to the loss.
    train : bool
        Whether dropout drops and batch statistics are taken, of each piece.
    rng : Generator, optional
        For dropout.
    """
    if truncate is not None:
        truncate = as_int("truncate", truncate, low=1)
    penalties = checked_penalties(penalties, len(model.layers))
    x = sequence("x", x, model.in_shape, model.dtype)
    length = len(x) if truncate is None else truncate
    pieces = []
    for begin in range(0, len(x), length):
        piece = model.forward(x[begin : begin + length], state, train, rng)
        pieces.append(piece)
        state = piece.state
    y = _joined([piece.y for piece in pieces])
    value, dy = judged(loss, y, target)
    cost, inner = charged(
        penalties, lambda layer: _joined([piece.outputs[layer] for piece in pieces])
    )
    gradients = {name: np.zeros_like(array) for name, array in model.parameters().items()}
    for place, piece in enumerate(pieces):
        ticks = slice(place * length, (place + 1) * length)
        within = {layer: slope[ticks] for layer, slope in inner.items()}
        for name, part in model.backward(dy[ticks], piece, within).items():
            gradients[name] += part
    return Learned(value + cost, gradients, y, pieces[-1].state)


def _joined(pieces: list[Array]) -> Array:
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
