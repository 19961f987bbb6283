"""One training of the study of units: the network of a row of the table, on a task, by a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikealg.learners import (
    MSE,
    Adam,
    ConvRecurrent,
    Cosine,
    CrossEntropy,
    Forward,
    Sequential,
    SuperSpike,
    analysis,
    clip_by_norm,
    learn,
)
from spikealg.learners.checkpoint import read_checkpoint, write_checkpoint
from spikealg.learners.losses import Loss
from spikealg.learners.networks import TABLE, cnn, network
from spikealg.learners.tasks import (
    Labelled,
    Tracking,
    differences,
    digits,
    speech,
    tracking,
    tracking_error,
)
from studies.record import Record

LEAKY = ("HLIF", "LIF", "BLI")
"""Rows whose units leak."""
CONTROLS = ("still_cnn", "difference_cnn")
"""Rows beside the table, for tracking: `networks.cnn` of the frame, and of what changed in it."""
HELD_OUT, TEST = 2**32 - 2, 2**32 - 1
"""Streams of draws of validation and test sequences; smaller numbers are those of updates."""


@dataclass(frozen=True)
class Setting:
    """What all rows of the table share on a task.

    Attributes
    ----------
    updates, batch : int
    rates : tuple of float
        Learning rates, from which half a cosine goes down to 0; each row takes the one with the
        least error on held-out data by seed 0.
    clip : float
        Largest norm of the gradients.
    decay : float
        κ of the units that leak.
    sharpness : float
        k of `SuperSpike`, the slope that units which fire are given.
    every : int
        Updates from checkpoint to checkpoint.
    network : mapping
        Settings of the network, see `networks.crnn`.
    published : mapping of str to float
        Chapman et al., NICE 2024: errors (tracking), or shares of right answers; empty for a task
        that they do not have.
    """

    updates: int
    batch: int
    published: Mapping[str, float]
    rates: tuple[float, ...] = (3e-3, 1e-3)
    clip: float = 1.0
    decay: float = 0.95
    sharpness: float = 2.0
    every: int = 200
    network: Mapping[str, Any] = field(default_factory=dict)


class TrackingTask:
    """Tracking; the background grows to its size in the first half of the updates.

    With `changes`, frames are shown as what changed since the one before.
    """

    outputs = 2
    count = 256

    def __init__(self, drawn: Tracking | None = None) -> None:
        self.drawn = tracking() if drawn is None else drawn
        self.changes = False
        self.shape = self.drawn.shape
        self.loss: Loss = MSE("each", from_tick=self.drawn.ticks // 4)

    def batch(self, size: int, rng: np.random.Generator, done: float) -> tuple[Any, Any]:
        """Return sequences to learn from, `done` of all updates having been taken."""
        drawn = self.drawn.sequences(size, rng, ramp=min(1.0, 2 * done))
        return self._seen(drawn.frames), drawn.target

    def judged(self, model: Sequential, stream: int) -> tuple[float, Forward]:
        """Return the error on held-out or test sequences, and the last pass through the model."""
        drawn = self.drawn.sequences(self.count, np.random.default_rng([0, stream]))
        parts = [slice(k, k + 64) for k in range(0, self.count, 64)]
        frames = self._seen(drawn.frames)
        passes = [model.forward(frames[:, part]) for part in parts]
        y = np.concatenate([forward.y for forward in passes], axis=1)
        return tracking_error(y, drawn.target), passes[-1]

    def _seen(self, frames: Any) -> Any:
        return differences(frames) if self.changes else frames


class LabelledTask:
    """Digits, of whose training samples a tenth is held out; the error is a share of samples.

    Noise of standard deviation `noise` is added to what is learnt from.
    """

    loss: Loss = CrossEntropy("last")
    outputs = 10

    def __init__(self, samples: Labelled, most: int | None = None, noise: float = 0.0) -> None:
        self.samples = samples
        self.noise = np.float32(noise)
        self.shape = samples.shape
        order = np.random.default_rng(0).permutation(len(samples.train))
        self.held_out, self.train = np.split(order, [len(order) // 10])
        self.train = self.train[:most]

    def batch(self, size: int, rng: np.random.Generator, done: float) -> tuple[Any, Any]:
        """Return sequences to learn from."""
        which = rng.choice(self.train, size)
        frames = self.samples.encode(self.samples.train[which])
        if self.noise:
            frames += self.noise * rng.standard_normal(frames.shape, dtype=np.float32)
        return frames, self.samples.train_labels[which]

    def judged(self, model: Sequential, stream: int) -> tuple[float, Forward]:
        """Return the error on held-out or test samples, and the last pass through the model."""
        all_, labels = self.samples.test, self.samples.test_labels
        if stream == HELD_OUT:
            all_ = self.samples.train[self.held_out]
            labels = self.samples.train_labels[self.held_out]
        wrong = 0
        for k in range(0, len(all_), 100):
            forward = model.forward(self.samples.encode(all_[k : k + 100]))
            wrong += int((forward.y[-1].argmax(axis=-1) != labels[k : k + 100]).sum())
        return wrong / len(all_), forward


Task = TrackingTask | LabelledTask
COLUMN = {"kernel": (3, 1), "strides": ((2, 1), (2, 1)), "hidden": (100,)}
"""Networks of frames that are columns: speech and rows of digits."""
IMAGES = {"strides": (2, 2), "hidden": (100,)}


def _published(*figures: float) -> dict[str, float]:
    rows = ("real", "real_cnn_rnn", "HLIF", "HIAF", "LIF", "IAF", "BLI", "BI", "HBA", "BA")
    return dict(zip(rows, figures, strict=True))


_SPEECH = _published(0.982, 0.904, 0.956, 0.943, 0.931, 0.927, 0.972, 0.932, 0.318, 0.486)
_DIGITS = _published(0.990, 0.989, 0.982, 0.984, 0.985, 0.987, 0.987, 0.985, 0.985, 0.972)
TASKS: Mapping[str, tuple[Callable[[], Task], Setting]] = {
    "tracking": (
        TrackingTask,
        Setting(
            3000,
            16,
            _published(0.007, 0.091, 0.015, 0.018, 0.017, 0.016, 0.011, 0.013, 0.310, 0.123),
            network={"strides": (1, 2), "output_bias": 0.5},
        ),
    ),
    "speech": (
        lambda: LabelledTask(speech(), noise=0.2),
        Setting(4000, 32, _SPEECH, network=COLUMN),
    ),
    "speech_official": (
        lambda: LabelledTask(speech("official"), noise=0.2),
        Setting(4000, 32, _SPEECH, network=COLUMN),
    ),
    "digits": (
        lambda: LabelledTask(digits(), most=20000),
        Setting(1000, 50, _DIGITS, decay=0.9, network=IMAGES),
    ),
    "digits_all": (
        lambda: LabelledTask(digits()),
        Setting(12000, 50, _DIGITS, rates=(3e-3,), decay=0.9, network=IMAGES),
    ),
    "digits_rows": (
        lambda: LabelledTask(digits("rows")),
        Setting(8000, 50, {}, rates=(3e-3,), every=500, network=COLUMN),
    ),
}
"""Tasks by name: how they are made, and what all rows of the table share."""


def task_of(name: str, row: str) -> Task:
    """Return a task as a row sees it."""
    task = TASKS[name][0]()
    if isinstance(task, TrackingTask):
        task.changes = row == "difference_cnn"
    return task


def model_of(row: str, task: Task, setting: Setting, seed: int) -> Sequential:
    """Return the untrained network of a row."""
    if row in CONTROLS:
        return cnn("tanh", task.shape, task.outputs, seed=seed, **setting.network)
    options: dict[str, Any] = {}
    if TABLE[row] != "tanh":
        options["surrogate"] = SuperSpike(setting.sharpness)
    if row in LEAKY:
        options["decay"] = setting.decay
    return network(row, task.shape, task.outputs, seed=seed, options=options, **setting.network)


def train(
    record: Record, row: str, task: Task, setting: Setting, rate: float, seed: int
) -> Sequential:
    """Train a network and note its curve and its errors; go on from a checkpoint if there is one.

    An uncut run ends with the same weights: the draws of each update have their own stream.

    Raises
    ------
    InputError
        If the checkpoint was trained by another setting.
    """
    model, optimiser = model_of(row, task, setting, seed), Adam(rate)
    path, updates = record.checkpoint(), setting.updates
    schedule = Cosine(updates)
    names = ("updates", "batch", "clip", "decay", "sharpness", "every", "network")
    settings = {"seed": seed, **{name: repr(getattr(setting, name)) for name in names}}
    notes: dict[str, list[float]] = {"loss": [], "held_out": []}
    if path.exists():
        notes, _ = read_checkpoint(path, model, optimiser, settings)
    values: list[float] = []
    for update in range(len(notes["loss"]) * setting.every, updates):
        x, y = task.batch(setting.batch, np.random.default_rng([seed, update]), update / updates)
        learned = learn(model, x, y, loss=task.loss)
        clip_by_norm(learned.gradients, setting.clip)
        optimiser.step(model.parameters(), learned.gradients, schedule(update))
        values.append(learned.value)
        if len(values) == setting.every or update == updates - 1:
            notes["loss"].append(float(np.mean(values)))
            notes["held_out"].append(task.judged(model, HELD_OUT)[0])
            values.clear()
            write_checkpoint(path, model, optimiser, settings, notes, model.parameters())
    record.figures |= {"rate": rate, "updates": updates, "every": setting.every, **notes}
    return model


def look(model: Sequential, forward: Forward) -> dict[str, Any]:
    """Return what the units of a trained network do, by layer: figures without a scale."""
    found: dict[str, Any] = {
        "active": {name: float(np.mean(z)) for name, z in analysis.spikes(model, forward).items()},
        "self_weight": {},
        "after_spike": {},
    }
    for place, layer in enumerate(model.layers):
        if not isinstance(layer, ConvRecurrent):
            continue
        weights = analysis.self_weights(model, place)
        found["self_weight"][weights.layer] = {
            "own": float(weights.own.mean()),
            "others": float(weights.others.mean()),
            "excess": weights.excess,
        }
        if layer.unit.fires:
            z, u = layer_trace(forward, place)
            fired, silent = u[1:][z[:-1] > 0], u[1:][z[:-1] == 0]
            found["after_spike"][weights.layer] = {
                "potential": _mean(fired), "otherwise": _mean(silent)
            }  # fmt: skip
    return found


def layer_trace(forward: Forward, place: int) -> tuple[Any, Any]:
    """Return outputs and potentials (ticks, ...) of a recurrent layer of a GLIF unit."""
    trace = forward.tapes[place].trace
    return trace.y, trace.states[0][1:]


def _mean(values: Any) -> float | None:
    return float(values.mean()) if values.size else None
