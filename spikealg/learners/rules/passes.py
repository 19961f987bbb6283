"""A sequence learned online against a loss that sees all of it."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.learners.base import State, sequence
from spikealg.learners.rules.online import Online
from spikealg.learners.rules.result import Learned, Loss, judged
from spikealg.learners.sequential import Sequential

__all__ = ["two_passes"]


def two_passes(
    model: Sequential,
    x: npt.ArrayLike,
    target: Any,
    loss: Loss,
    state: tuple[State, ...] | None,
    train: bool,
    rng: np.random.Generator | None,
    *,
    full: bool,
    filtering: float | None,
) -> Learned:
    """Go through a sequence for its outputs, and again with traces for the gradients.

    A loss may need the whole output for the gradient at any tick, such as that of a mean over
    ticks. Only outputs are kept between the passes. See `Online` for `full` and `filtering`.
    """
    x = sequence("x", x, model.in_shape, model.dtype)
    online = Online(
        model, x.shape[1], state=state, full=full, filtering=filtering, train=train, rng=rng
    )
    buffers = {name: array.copy() for name, array in model.buffers().items()}
    draws, outputs, after = copy.deepcopy(rng), [], state
    for tick in x:
        forward = model.forward(tick[None], after, train, draws)
        outputs.append(forward.y[0])
        after = forward.state
    y = np.stack(outputs)
    # Running statistics count a sequence once.
    for name, statistics in model.buffers().items():
        statistics[...] = buffers[name]
    value, dy = judged(loss, y, target)
    for tick, signal in zip(x, dy, strict=True):
        online.forward(tick)
        online.learn(signal)
    return Learned(value, online.gradients(), y, online.state)
