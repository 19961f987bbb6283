"""Learning rules: each makes gradients of a loss by a model's parameters, in one structure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import numpy.typing as npt

from spikealg.arguments import as_choice
from spikealg.errors import InputError
from spikealg.learners.base import Gradients
from spikealg.learners.rules.bptt import bptt
from spikealg.learners.rules.eprop import eprop
from spikealg.learners.rules.online import Online
from spikealg.learners.rules.ostl import ostl
from spikealg.learners.rules.result import Learned, Loss, Penalty
from spikealg.learners.sequential import Sequential

__all__ = [
    "RULES",
    "Learned",
    "Loss",
    "Online",
    "Penalty",
    "bptt",
    "eprop",
    "gradients",
    "learn",
    "ostl",
]

RULES: Mapping[str, Callable[..., Learned]] = {"bptt": bptt, "ostl": ostl, "eprop": eprop}
"""Rules by name. All take (model, x, target, *, loss, state, train, rng) and options of theirs."""


def learn(
    model: Sequential,
    x: npt.ArrayLike,
    y: Any,
    *,
    loss: Loss,
    rule: str = "bptt",
    **options: Any,
) -> Learned:
    """Return loss, gradients, output and last state of one sequence by `rule`.

    Parameters
    ----------
    model : Sequential
    x : array_like, (ticks, batch, *in_shape)
    y : object
        What `loss` compares the output with.
    loss : callable
        loss(output, y) -> (value, gradient by the output).
    rule : str
        One of `RULES`.
    **options
        state, train, rng, and what the rule takes besides.

    Raises
    ------
    InputError
        If the rule is unknown, or has no such option; and what the rule raises.
    """
    chosen = RULES[as_choice("rule", rule, RULES)]
    known = list(signature(chosen).parameters)[4:]  # after model, x, target, loss
    for name in options:
        if name not in known:
            raise InputError(
                f"{name} is no option of rule={rule!r}, which takes {', '.join(known)}"
            )
    return chosen(model, x, y, loss=loss, **options)


def gradients(
    model: Sequential,
    x: npt.ArrayLike,
    y: Any,
    *,
    loss: Loss,
    rule: str = "bptt",
    **options: Any,
) -> Gradients:
    """Return the gradients of the loss by all parameters, see `learn`."""
    return learn(model, x, y, loss=loss, rule=rule, **options).gradients
