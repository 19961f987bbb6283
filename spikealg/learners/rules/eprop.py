"""e-prop: eligibility propagation with the weights of the readout as feedback.

Bellec et al., Nature Communications 2020, equations 4, 13, 23 to 25 and 28.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.learners.base import State
from spikealg.learners.rules.passes import two_passes
from spikealg.learners.rules.result import Learned, Loss, Penalty
from spikealg.learners.sequential import Sequential
from spikealg.learners.units import LeakyReadout

__all__ = ["eprop"]


def eprop(
    model: Sequential,
    x: npt.ArrayLike,
    target: Any,
    *,
    loss: Loss,
    penalties: Mapping[int, Penalty] | None = None,
    state: tuple[State, ...] | None = None,
    train: bool = True,
    rng: np.random.Generator | None = None,
) -> Learned:
    """Return loss and the gradients of symmetric e-prop for one sequence.

    Traces stay within a neuron and ignore that a spike resets its own potential; that it adapts
    the threshold (`ASNU`) is followed. Eligibilities are low-passed by the decay of the readout, a
    `LeakyReadout` at the end of the model, and meet the error that its matrix sends back. Without a
    leaky readout they meet it as they are.

    Parameters
    ----------
    model : Sequential
        As in `ostl`. For the slope of the paper take `Triangle(0.3)`, scaled by the threshold.
    x, target, loss, penalties, state, train, rng
        As in `ostl`.

    Raises
    ------
    InputError
        If neurons of the readout decay differently, the model is quantised, or it has a layer that
        there are no traces for.
    """
    return two_passes(
        model,
        x,
        target,
        loss=loss,
        penalties=penalties,
        state=state,
        train=train,
        rng=rng,
        full=False,
        filtering=readout_decay(model),
    )


def readout_decay(model: Sequential) -> float:
    """Return the decay of the readout at the end of the model, 0 if that does not leak.

    Raises
    ------
    InputError
        If it is more than one number.
    """
    last = model.layers[-1]
    if not isinstance(last, LeakyReadout):
        return 0.0
    decay = last.value("decay")
    if not (decay == decay.flat[0]).all():
        raise InputError(
            "e-prop needs one decay for all neurons of the readout, got "
            f"{decay.min():.4g} to {decay.max():.4g}"
        )
    return float(decay.flat[0])
