"""A sequence learned online against a loss that sees all of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.learners.base import Array, Gradients, State, sequence
from spikealg.learners.rules.online import Online
from spikealg.learners.rules.result import (
    Learned,
    Loss,
    Penalty,
    charged,
    checked_penalties,
    judged,
)
from spikealg.learners.sequential import Sequential

__all__ = ["one_step", "two_passes"]


def two_passes(
    model: Sequential,
    x: npt.ArrayLike,
    target: Any,
    *,
    loss: Loss,
    penalties: Mapping[int, Penalty] | None,
    state: tuple[State, ...] | None,
    train: bool,
    rng: np.random.Generator | None,
    full: bool,
    filtering: float | None,
) -> Learned:
    """Go through a sequence for its outputs, and again with traces for the gradients.

    A loss may need the whole output for the gradient at any tick, such as that of a mean over
    ticks. Only outputs are kept between the passes, those of the model and of penalised layers.
    See `Online` for `full` and `filtering`.
    """
    penalties = checked_penalties(penalties, len(model.layers))
    x = sequence("x", x, model.in_shape, model.dtype)
    online = Online(
        model, x.shape[1], state=state, full=full, filtering=filtering, train=train, rng=rng
    )
    buffers = {name: array.copy() for name, array in model.buffers().items()}
    draws, after = copy.deepcopy(rng), state
    outputs: dict[int, list[Array]] = {place: [] for place in penalties}
    last = len(model.layers) - 1
    outputs.setdefault(last, [])
    for tick in x:
        forward = model.forward(tick[None], after, train, draws)
        for place, ticks in outputs.items():
            ticks.append(forward.outputs[place][0])
        after = forward.state
    y = np.stack(outputs[last])
    # Running statistics count a sequence once.
    for name, statistics in model.buffers().items():
        statistics[...] = buffers[name]
    value, dy = judged(loss, y, target)
    cost, inner = charged(penalties, lambda place: np.stack(outputs[place]))
    for t, tick in enumerate(x):
        online.forward(tick)
        online.learn(dy[t], {place: slope[t] for place, slope in inner.items()})
    return Learned(value + cost, online.gradients(), y, online.state)


def one_step(
    online: Online,
    x: Array,
    target: Any,
    loss: Loss,
    penalties: Mapping[int, Penalty] | None,
) -> tuple[float, Gradients]:
    """Go on by the tick `x` (batch, *in_shape); return its loss and gradients of it alone."""
    penalties = checked_penalties(penalties, len(online.model.layers))
    y = online.forward(x)
    value, dy = judged(loss, y[None], target)
    cost, inner = charged(penalties, lambda place: online.output(place)[None])
    online.clear()
    online.learn(dy[0], {place: slope[0] for place, slope in inner.items()})
    return value + cost, online.gradients()
