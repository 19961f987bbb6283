"""Arguments of training, checked before anything changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from spikealg.arguments import as_choice
from spikealg.errors import InputError, InputTypeError
from spikealg.learners.batches import Encode, Samples
from spikealg.learners.losses import Loss
from spikealg.learners.optimisers import Optimiser
from spikealg.learners.sequential import Sequential

__all__ = [
    "Metric",
    "checked_metrics",
    "checked_samples",
    "require_model",
    "require_tools",
    "require_update",
]

Array = npt.NDArray[Any]
Metric = Callable[[Array, Array], float]
"""metric(rows, target) -> number; rows (rows, batch, outputs) are what the loss compares."""


def require_model(model: Any) -> None:
    """Raise unless it is a model."""
    if not isinstance(model, Sequential):
        raise InputTypeError(f"model must be a Sequential, got {type(model).__name__}")


def checked_samples(
    name: str, data: Any, encode: Encode | None, model: Sequential, loss: Any
) -> Samples:
    """Return a pair (x, y) as samples; labels are below the number of outputs."""
    if not isinstance(loss, Loss):
        raise InputTypeError(f'loss must be a loss such as CrossEntropy("last"), got {loss!r}')
    if encode is not None and not callable(encode):
        raise InputTypeError(f"encode must be a function encode(x, rng), got {encode!r}")
    samples = Samples.of(name, data, encode)
    if loss.takes_labels and len(model.shape) == 1:
        samples.check_labels(name, model.shape[0])
    return samples


def checked_metrics(metrics: Mapping[str, Metric] | None) -> Mapping[str, Metric]:
    """Return metrics by name, none for None."""
    metrics = {} if metrics is None else metrics
    if not isinstance(metrics, Mapping) or not all(map(callable, metrics.values())):
        raise InputTypeError(
            f'metrics must be functions by name, {{"accuracy": accuracy}}, got {metrics!r}'
        )
    if "loss" in metrics:
        raise InputError('metrics must have other names than "loss", which is there anyway')
    return metrics


def require_tools(optimiser: Any, schedule: Any) -> None:
    """Raise unless gradients can be followed."""
    if not isinstance(optimiser, Optimiser):
        raise InputTypeError(f"optimiser must be one such as Adam(1e-3), got {optimiser!r}")
    if schedule is not None and not callable(schedule):
        raise InputTypeError(f"schedule must be one such as Cosine(10), got {schedule!r}")


def require_update(update: str, loss: Loss) -> None:
    """Raise unless the loss can be had as often as parameters change."""
    as_choice("update", update, ("sequence", "step"))
    if update == "step" and (loss.over != "each" or loss.from_tick != 0):
        raise InputError(
            'update="step" must come with a loss over "each" tick from tick 0, got '
            f"over={loss.over!r}, from_tick={loss.from_tick}"
        )
