"""How a particle chooses its move: stochastic gates, and which of them say what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Choice", "Literals", "Move", "chain", "tree"]

FloatArray = npt.NDArray[np.float64]
Move = tuple[int, int]
"""Axis, and +1 or −1."""
Literals = tuple[tuple[int, bool], ...]
"""Gates with what each must say: all must hold together."""


@dataclass(frozen=True)
class Choice:
    """Gates that draw independently in every step, and the moves that follow from them.

    Attributes
    ----------
    probability : tuple of float
        With which each gate fires; a gate of probability 1 draws nothing.
    moves : dict of (axis, ±1) to literals
        The moves that can happen. In every step at most one of them holds.
    moved : dict of axis to literals
        That there is a move along the axis; only axes where "stay" can happen too.
    """

    probability: tuple[float, ...]
    moves: Mapping[Move, Literals]
    moved: Mapping[int, Literals]


def chain(probability: FloatArray) -> Choice:
    """Return the choice one move after another: gate j fires with P_j / (1 − Σ_{i<j} P_i).

    Move j is taken if gate j fires and none before it.

    Parameters
    ----------
    probability : (axes, 2) float64
        Of a move down and up each axis.
    """
    moves = [(a, sign) for a in range(len(probability)) for sign in (1, -1)]
    chances = [float(probability[a, (sign + 1) // 2]) for a, sign in moves]
    possible = [move for move, p in zip(moves, chances, strict=True) if p > 0]
    chances = [p for p in chances if p > 0]
    # Summed from the end, so that small ones are not lost.
    stay = max(0.0, 1 - sum(chances))
    left = np.cumsum([stay, *chances[::-1]])[:0:-1]
    return Choice(
        tuple(min(1.0, p / q) for p, q in zip(chances, left.tolist(), strict=True)),
        {move: (*((i, False) for i in range(j)), (j, True)) for j, move in enumerate(possible)},
        {},
    )


def tree(probability: FloatArray) -> Choice:
    """Return the choice by questions: whether to go, along which axis, up or down.

    Where a problem is symmetric, the answers have probabilities such as ½, which take few bits.

    Parameters
    ----------
    probability : (axes, 2) float64
        Of a move down and up each axis.
    """
    along = probability.sum(axis=1)
    active = np.flatnonzero(along > 0).tolist()
    # What is left for an axis and all after it.
    left = np.cumsum(along[::-1])[::-1]
    gates: list[float] = []
    prefix: list[tuple[int, bool]] = []
    if active and (left[0] < 1 or len(active) > 1):
        gates.append(float(min(1.0, left[0])))
        prefix.append((0, True))
    moves: dict[Move, Literals] = {}
    moved: dict[int, Literals] = {}
    for axis in active:
        here = list(prefix)
        if axis != active[-1]:
            gates.append(float(along[axis] / left[axis]))
            here.append((len(gates) - 1, True))
            prefix.append((len(gates) - 1, False))
        if here:
            moved[axis] = tuple(here)
        down, up = probability[axis].tolist()
        if down > 0 and up > 0:
            gates.append(up / (down + up))
            moves[axis, 1] = (*here, (len(gates) - 1, True))
            moves[axis, -1] = (*here, (len(gates) - 1, False))
        else:
            moves[axis, 1 if up > 0 else -1] = tuple(here)
    return Choice(tuple(gates), moves, moved)
