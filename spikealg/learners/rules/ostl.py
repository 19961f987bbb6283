"""Online spatio-temporal learning: gradients that are ready when the sequence ends.

Bohnstingl, Woźniak, Maass, Pantazi and Eleftheriou, arXiv 2007.12723. The gradient is split in two
factors, L of the layers above at the same tick and e, carried forward in time within the layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice
from spikealg.learners.base import State
from spikealg.learners.rules.passes import two_passes
from spikealg.learners.rules.result import Learned, Loss, Penalty
from spikealg.learners.sequential import Sequential

__all__ = ["RECURRENCE", "ostl"]

RECURRENCE = ("full", "diagonal")
"""Whether traces follow the recurrent matrix."""


def ostl(
    model: Sequential,
    x: npt.ArrayLike,
    target: Any,
    *,
    loss: Loss,
    recurrence: str = "full",
    penalties: Mapping[int, Penalty] | None = None,
    state: tuple[State, ...] | None = None,
    train: bool = True,
    rng: np.random.Generator | None = None,
) -> Learned:
    """Return loss and gradients of one sequence, without going back in time.

    Parameters
    ----------
    model : Sequential
        Dense and Conv2d before units, Recurrent and ConvRecurrent, and any layers without memory;
        none that is quantised.
    x : array_like, (ticks, batch, *in_shape)
    target : object
        What `loss` compares the output with.
    loss : callable
        loss(y, target) -> (value, dy), of the whole sequence.
    penalties : mapping of int to callable, optional
        As in `bptt`. A penalty's gradient is a learning signal at the layer it is on; it may not
        be on a Dense or Conv2d directly before a unit with memory.
    recurrence : {"full", "diagonal"}
        "full" follows a change of one neuron through the recurrent matrix H, and through the
        inhibition of LI-SNU, into all others: a trace for each neuron and parameter, n³ memory and
        n⁴ time per tick. "diagonal" leaves these paths out (H learns nevertheless): a trace for
        each weight and neuron that it acts on, n² and n². They agree where neither is.
    state : tuple of tuple of ndarray, optional
        Where the sequence starts; None: at rest.
    train : bool
        Whether dropout drops and batch statistics are taken, of each tick.
    rng : Generator, optional
        For dropout.

    Raises
    ------
    InputError
        If the model is quantised, or has a layer that there are no traces for; the message names
        it.
    TooLargeError
        If there is no memory for the traces.

    Notes
    -----
    With one layer of neurons with memory, and only layers without memory above it, these are the
    gradients of `bptt` up to rounding (with H: for "full"). With more, what a layer does to the
    memory of layers above is left out; so is what weights do that are not directly before a unit.
    """
    as_choice("recurrence", recurrence, RECURRENCE)
    return two_passes(
        model,
        x,
        target,
        loss=loss,
        penalties=penalties,
        state=state,
        train=train,
        rng=rng,
        full=recurrence == "full",
        filtering=None,
    )
