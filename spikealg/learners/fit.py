"""Training: batches in a seeded order, gradients by a rule, steps of an optimiser."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spikealg.archive import require_file_name
from spikealg.arguments import as_float, as_float_array, as_int
from spikealg.errors import DivergedError, InputError
from spikealg.learners.base import sequence
from spikealg.learners.batches import Encode, Samples
from spikealg.learners.checkpoint import read_checkpoint, write_checkpoint
from spikealg.learners.checks import (
    Metric,
    checked_metrics,
    checked_samples,
    require_model,
    require_tools,
    require_update,
)
from spikealg.learners.clipping import clip_by_norm, norm
from spikealg.learners.losses import Loss
from spikealg.learners.optimisers import Optimiser
from spikealg.learners.rules import Online, Penalty, learn
from spikealg.learners.rules.eprop import readout_decay
from spikealg.learners.rules.passes import one_step
from spikealg.learners.schedules import Constant, Schedule
from spikealg.learners.sequential import Sequential
from spikealg.progress import Report, reporting

__all__ = ["History", "Metric", "accuracy", "evaluate", "fit", "predict"]

Array = npt.NDArray[Any]


def accuracy(rows: Array, target: npt.ArrayLike) -> float:
    """Return the share of labels that are those of the largest output.

    Parameters
    ----------
    rows : ndarray, (rows, batch, outputs)
        What the loss compares.
    target : array_like of int
        (batch,): the mean over rows is judged. (ticks, batch): each row is; the rows are the last
        ticks.

    Raises
    ------
    InputError
        If the target has another shape, such as that of one-hot values.
    """
    labels = np.asarray(target)
    rows = np.asarray(rows)
    if labels.shape == rows.shape[1:2]:
        return float(np.mean(rows.mean(axis=0).argmax(axis=-1) == labels))
    if labels.ndim != 2 or len(labels) < len(rows) or labels.shape[1] != rows.shape[1]:
        raise InputError(
            f"target must hold labels of shape (batch,) or (ticks, batch) for rows of shape "
            f"{rows.shape}, got shape {labels.shape}"
        )
    return float(np.mean(rows.argmax(axis=-1) == labels[len(labels) - len(rows) :]))


_OF_RULE = {"truncate": "bptt", "recurrence": "ostl"}
"""Options of `fit` that one rule has."""


@dataclass
class History:
    """What training went through, a number per epoch.

    Attributes
    ----------
    loss : list of float
        Mean over the epoch's batches, taken while the model changed.
    validation : dict of str to list of float
        "loss" and every metric on the validation data, after each epoch.
    best : int
        Epoch, from 0, of the smallest validation loss, or training loss without validation data.
    stopped_early : bool
        Whether `patience` ended training.
    """

    loss: list[float] = field(default_factory=list)
    validation: dict[str, list[float]] = field(default_factory=dict)
    best: int = -1
    stopped_early: bool = False

    @property
    def watched(self) -> list[float]:
        """The losses by which the best epoch is chosen."""
        return self.validation.get("loss", self.loss)


def fit(
    model: Sequential,
    data: tuple[Any, Any],
    *,
    loss: Loss,
    optimiser: Optimiser,
    epochs: int = 1,
    batch: int = 100,
    encode: Encode | None = None,
    rule: Literal["bptt", "ostl", "eprop"] = "bptt",
    truncate: int | None = None,
    recurrence: Literal["full", "diagonal"] | None = None,
    penalties: Mapping[int, Penalty] | None = None,
    update: Literal["sequence", "step"] = "sequence",
    schedule: Schedule | None = None,
    clip: float | None = None,
    validation: tuple[Any, Any] | None = None,
    metrics: Mapping[str, Metric] | None = None,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    seed: int = 0,
    progress: bool | Report | None = False,
) -> History:
    """Train `model` in place.

    Parameters
    ----------
    model : Sequential
    data, validation : pair (x, y)
        With `encode`, x is (samples, *features); without, (ticks, samples, *features) or a list of
        arrays (ticks, *features) of any lengths, batched by equal length. y holds labels or values
        per sample, or per tick and sample where the loss looks at each tick.
    loss : Loss
    optimiser : Optimiser
    epochs, batch : int
        Passes over the data, and samples per batch.
    encode : callable, optional
        encode(x, rng) makes values a sequence, anew in every epoch.
    rule : {"bptt", "ostl", "eprop"}
        How gradients are made.
    truncate : int, optional
        Ticks over which "bptt" goes back.
    recurrence : {"full", "diagonal"}, optional
        Whether traces of "ostl" follow recurrent weights; by default they do.
    penalties : mapping of int to callable, optional
        What is added to the loss for the output of a layer, by its place in the model,
        such as `ActivityPenalty`. `History.loss` has them in it, evaluation does not.
    update : {"sequence", "step"}
        Whether parameters change after a sequence or after every tick, the state going on; "step"
        needs a loss over "each" tick that counts from tick 0.
    schedule : callable, optional
        Factor on the rate as a function of the epochs done.
    clip : float, optional
        Largest norm of the gradients together.
    metrics : mapping of str to callable, optional
        metric(rows, target), of the validation data.
    patience : int, optional
        Epochs without a smaller loss after which training stops; the model is then that of the
        best epoch.
    checkpoint : path, optional
        Written after every epoch. If it exists, training goes on from it, to the weights that an
        uncut run gives: the arguments must be those with which it was written, but for `epochs`
        and `patience`. Data, and functions, are taken to be the same.
    seed : int
        Of the order of samples, of encoding and of dropout.
    progress : bool or callable
        True shows a bar, a callable is given the fraction done.

    Returns
    -------
    History

    Raises
    ------
    InputError, InputTypeError
        If the data hold NaN, have shapes that do not fit, or labels out of range, or if the
        checkpoint was written with other arguments.
    DivergedError
        If the loss, a gradient or a parameter is not finite. The model is that of the last whole
        epoch, and so is the checkpoint.
    """
    require_model(model)
    require_tools(optimiser, schedule)
    metrics = checked_metrics(metrics)
    if metrics and validation is None:
        raise InputError("metrics must come with validation, the data that they are of; got none")
    samples = checked_samples("data", data, encode, model, loss)
    held_out = None
    if validation is not None:
        held_out = checked_samples("validation", validation, encode, model, loss)
    epochs, batch = as_int("epochs", epochs, low=0), as_int("batch", batch, low=1)
    seed = as_int("seed", seed, low=0)
    if clip is not None:
        clip = as_float("clip", clip, above=0)
    if patience is not None:
        patience = as_int("patience", patience, low=1)
    require_update(update, loss)
    options = _options(rule, truncate=truncate, recurrence=recurrence)
    options["penalties"] = penalties
    factor = Constant() if schedule is None else schedule
    history, best = History(), _copy(model)
    settings = {
        "seed": seed,
        "batch": batch,
        "clip": clip,
        "update": update,
        "loss": repr(loss),
        "rule": rule,
        "truncate": truncate,
        "recurrence": recurrence,
        "penalties": sorted(penalties or ()),
        "samples": len(samples),
        "validation": held_out and len(held_out),
        "metrics": sorted(metrics),
    }
    if checkpoint is not None:
        if require_file_name("checkpoint", checkpoint).exists():
            notes, best = read_checkpoint(checkpoint, model, optimiser, settings)
            history = History(**notes)
    with reporting(progress, "training") as report:
        for epoch in range(len(history.loss), epochs):
            if history.stopped_early:
                break
            before, steps = _copy(model), optimiser.state()
            rng = np.random.default_rng([seed, epoch])
            order = rng.permutation(len(samples))
            count, total = 0, 0.0
            try:
                for x, y in samples.batches(batch, order, rng):
                    done = epoch + (count + x.shape[1] / 2) / len(samples)
                    scale = as_float("schedule", factor(done), low=0)
                    value = _train(
                        model, x, y, loss, optimiser, scale, clip, update, rng, options, epoch
                    )
                    total += value * x.shape[1]
                    count += x.shape[1]
                    report((epoch + count / len(samples)) / epochs)
                _require_finite(_arrays(model), epoch)
                found = {}
                if held_out is not None:
                    found = _evaluate(model, held_out, loss, metrics, batch, seed)
                    _require_finite({"validation loss": np.array(found["loss"])}, epoch)
            except BaseException:
                _put(model, before)
                optimiser.restore(steps)
                raise
            history.loss.append(total / count)
            for name, value in found.items():
                history.validation.setdefault(name, []).append(value)
            if int(np.argmin(history.watched)) == epoch:
                history.best, best = epoch, _copy(model)
            if patience is not None and epoch - history.best >= patience:
                history.stopped_early = True
                _put(model, best)
            if checkpoint is not None:
                write_checkpoint(checkpoint, model, optimiser, settings, vars(history), best)
    return history


def evaluate(
    model: Sequential,
    data: tuple[Any, Any],
    *,
    loss: Loss,
    metrics: Mapping[str, Metric] | None = None,
    encode: Encode | None = None,
    batch: int = 100,
    seed: int = 0,
) -> dict[str, float]:
    """Return the loss and every metric over `data`, see `fit` for its forms.

    Means are over rows of the loss: of sequences that differ in length, every tick counts alike.
    """
    require_model(model)
    samples = checked_samples("data", data, encode, model, loss)
    batch, seed = as_int("batch", batch, low=1), as_int("seed", seed, low=0)
    return _evaluate(model, samples, loss, checked_metrics(metrics), batch, seed)


def predict(
    model: Sequential,
    x: npt.ArrayLike,
    *,
    encode: Encode | None = None,
    batch: int = 100,
    seed: int = 0,
) -> Array:
    """Return the outputs (ticks, samples, *shape) for `x`, batch by batch.

    Parameters
    ----------
    x : array_like
        With `encode` (samples, *features), without (ticks, samples, *features).
    """
    require_model(model)
    if encode is None:
        values = sequence("x", x, model.in_shape, model.dtype)
        count = values.shape[1]
    else:
        values = as_float_array("x", x)
        count = len(values) if values.ndim else 0
    if count == 0:
        raise InputError(f"x must hold at least one sample, got shape {values.shape}")
    samples = Samples(values, np.zeros(count), encode)
    rng = np.random.default_rng(as_int("seed", seed, low=0))
    batches = samples.batches(as_int("batch", batch, low=1), np.arange(count), rng)
    return np.concatenate([model(shown) for shown, _ in batches], axis=1)


def _train(
    model: Sequential,
    x: Array,
    y: Array,
    loss: Loss,
    optimiser: Optimiser,
    scale: float,
    clip: float | None,
    update: str,
    rng: np.random.Generator,
    options: Mapping[str, Any],
    epoch: int,
) -> float:
    """Take the steps of one batch; return its loss."""
    length = len(x) if update == "sequence" else 1
    per_tick = y.ndim >= 2 and y.shape[:2] == x.shape[:2]
    rule = options["rule"]
    state, values = None, []
    # Traces must outlive a step: the online rules go on where they are.
    online = None
    if update == "step" and rule != "bptt":
        full = rule == "ostl" and options.get("recurrence") != "diagonal"
        filtering = readout_decay(model) if rule == "eprop" else None
        online = Online(model, x.shape[1], full=full, filtering=filtering, train=True, rng=rng)
    for begin in range(0, len(x), length):
        piece = slice(begin, begin + length)
        target = y[piece] if per_tick else y
        if online is None:
            learned = learn(
                model, x[piece], target, loss=loss, state=state, train=True, rng=rng, **options
            )
            state, value, gradients = learned.state, learned.value, learned.gradients
        else:
            penalties = options["penalties"]
            value, gradients = one_step(online, x[begin], target, loss, penalties)
        size = norm(gradients) if clip is None else clip_by_norm(gradients, clip)
        if not (math.isfinite(value) and math.isfinite(size)):
            raise DivergedError(
                f"training diverged in epoch {epoch}: loss {value}, norm of the gradients "
                f"{size}: lower the rate ({optimiser.rate * scale:.3g}) or pass clip=1.0; the "
                "model is that of the last whole epoch"
            )
        optimiser.step(model.parameters(), gradients, scale)
        model.constrain()
        values.append(value)
    return float(np.mean(values))


def _evaluate(
    model: Sequential,
    samples: Samples,
    loss: Loss,
    metrics: Mapping[str, Metric],
    batch: int,
    seed: int,
) -> dict[str, float]:
    rng = np.random.default_rng([seed, 2**32 - 1])
    totals: dict[str, float] = dict.fromkeys(("loss", *metrics), 0.0)
    weight = 0
    for x, y in samples.batches(batch, np.arange(len(samples)), rng):
        out = model(x)
        rows = loss.rows(out)
        count = rows.shape[0] * rows.shape[1]
        totals["loss"] += loss(out, y)[0] * count
        for name, metric in metrics.items():
            totals[name] += metric(rows, y) * count
        weight += count
    return {name: total / weight for name, total in totals.items()}


def _require_finite(arrays: Mapping[str, Array], epoch: int) -> None:
    """Raise if an epoch must not be kept: something that it left is not finite."""
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise DivergedError(
                f"training diverged in epoch {epoch}: {name} is not finite: lower the rate or pass "
                "clip=1.0; the model is that of the last whole epoch"
            )


def _options(rule: str, **given: Any) -> dict[str, Any]:
    """Return the rule and those of its options that are given."""
    found = {"rule": rule}
    for name, value in given.items():
        if value is not None:
            if rule != _OF_RULE[name]:
                raise InputError(
                    f'{name} must come with rule="{_OF_RULE[name]}", got rule={rule!r}'
                )
            found[name] = value
    return found


def _copy(model: Sequential) -> dict[str, Array]:
    return {name: array.copy() for name, array in _arrays(model).items()}


def _put(model: Sequential, arrays: Mapping[str, Array]) -> None:
    for name, array in _arrays(model).items():
        array[...] = arrays[name]


def _arrays(model: Sequential) -> dict[str, Array]:
    return {**model.parameters(), **model.buffers()}
