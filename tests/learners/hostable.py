"""Random models of all units that neurons can be, and what it takes to be hosted exactly."""

from __future__ import annotations

import numpy as np

from spikealg.engine.job import Job
from spikealg.engine.prepare import prepare
from spikealg.learners import (
    AvgPool,
    BatchNorm,
    Conv2d,
    ConvRecurrent,
    Dense,
    Dropout,
    Flatten,
    LeakyReadout,
    MaxPool,
    Recurrent,
    Sequential,
    unit,
)
from spikealg.learners.hosting.layout import Layout
from spikealg.learners.quantization import Quantized, quantize

HOSTABLE = {
    "HLIF": lambda rng: unit("HLIF", decay=rng.uniform(0.5, 1), reset_value=rng.normal() / 5),
    "HIAF": lambda rng: unit("HIAF", gain=rng.uniform(0.3, 2)),
    "LIF": lambda rng: unit("LIF", decay=rng.uniform(0.5, 1)),
    "IAF": lambda rng: unit("IAF", reset_value=rng.normal() / 5),
    "BLI": lambda rng: unit("BLI", decay=rng.uniform(0.5, 1)),
    "BI": lambda rng: unit("BI", threshold=rng.uniform(0.5, 3)),
    "HBA": lambda rng: unit("HBA", threshold=rng.uniform(0.1, 0.5)),
    "BA": lambda rng: unit("BA", threshold=rng.uniform(0.1, 0.5)),
    "SNU": lambda rng: unit("SNU", d=rng.uniform(0.3, 1), bias=rng.normal() / 2 - 0.5),
    "SNU, ReLU": lambda rng: unit("SNU", g="relu", bias=rng.normal() / 2 - 0.5),
    "IntegrateFire": lambda rng: unit("IntegrateFire", threshold=rng.uniform(0.3, 1)),
}
"""What makes each hostable unit, with constants drawn at random."""

TICKS, BATCH = 9, 3


def stirred(model: Sequential, rng: np.random.Generator) -> Sequential:
    """Give every parameter of a model random values, of the size its weights have."""
    for name, value in model.parameters().items():
        size = 0.3 if value.ndim < 2 else 2 * np.abs(value).max()
        value[...] = value * name.endswith("unit_bias") + rng.uniform(-size, size, value.shape)
    for name, value in model.buffers().items():
        value[...] = rng.uniform(0.1, 1, value.shape) * (1 if "variance" in name else 0.3)
    return model


def three_layers(seed: int) -> tuple[Quantized, np.ndarray]:
    """A quantised model of three dense or recurrent layers, perhaps a readout, and an input."""
    rng = np.random.default_rng(seed)
    names = list(HOSTABLE)
    layers = []
    for place in range(3):
        # The first of the three takes its turn, so that every unit is met.
        name = names[seed % len(names)] if place == 0 else rng.choice(names)
        made, n = HOSTABLE[name](rng), int(rng.integers(2, 7))
        if rng.random() < 0.5:
            layers.append(Recurrent(n, made))
        else:
            layers += [Dense(n), *([BatchNorm()] if rng.random() < 0.3 else []), made]
        if rng.random() < 0.2:
            layers.append(Dropout(0.5))
    end = seed % 3
    layers += [[], [Dense(3)], [Dense(3), LeakyReadout(rng.uniform(0.5, 1))]][end]
    graded = rng.random() < 0.4
    model = stirred(Sequential(layers, shape=(4,), seed=seed), rng)
    settings = {
        "weight_bits": int(rng.integers(3, 10)),
        "guard_bits": int(rng.integers(0, 8)),
        "per_channel": bool(rng.random() < 0.5),
        "input_bits": int(rng.integers(2, 9)) if graded else None,
        "input_range": (-2, 2),
    }
    x = rng.normal(size=(TICKS, BATCH, 4)) if graded else rng.random((TICKS, BATCH, 4)) < 0.5
    return quantize(model, **settings), x


def convolutional(seed: int) -> tuple[Quantized, np.ndarray]:
    """A quantised convolutional model and an input."""
    rng = np.random.default_rng(seed)
    draw = [HOSTABLE[name](rng) for name in rng.choice(list(HOSTABLE), 4)]
    layers = [
        [
            Conv2d(3, 3, padding=1), BatchNorm(), draw[0], MaxPool(2),
            Conv2d(2, (1, 3), stride=(2, 1)), draw[1], Flatten(), Dense(4),
        ],
        [
            AvgPool(2), ConvRecurrent(2, draw[0], stride=2), AvgPool((2, 1)), Conv2d(2, 1),
            draw[1], Flatten(), Dense(4), LeakyReadout(),
        ],
        [
            Conv2d(2, 3), AvgPool((2, 3)), draw[0], Flatten(), Recurrent(5, draw[1]), Dense(3),
            draw[2],
        ],
        [MaxPool((2, 4)), ConvRecurrent(2, draw[0]), MaxPool(2), Flatten()],
    ][seed % 4]  # fmt: skip
    graded = bool(rng.random() < 0.5) and seed % 4 != 3
    model = stirred(Sequential(layers, shape=(2, 8, 8), seed=seed), rng)
    x = rng.random((TICKS, BATCH, 2, 8, 8))
    per_channel = bool(rng.random() < 0.5)
    if graded:
        return quantize(model, per_channel=per_channel, input_bits=6), x
    return quantize(model, per_channel=per_channel), x < 0.3


# ------------------------------------------------------------------ the same spikes


def forward_spikes(model: Quantized, x: np.ndarray) -> list[np.ndarray]:
    """Spikes of every layer in the forward pass, (ticks, batch, n) each."""
    whole, found = model.inputs(x), []
    for stage in model.stages():
        _, spikes = stage.run(whole, stage.start(whole.shape[1]))
        whole = spikes[1:].reshape(*spikes[1:].shape[:2], *stage.shape)
        found.append(spikes[1:])
    return found


def assert_hosted_exactly(model: Quantized, x: np.ndarray, kernel: str) -> None:
    """Every layer fires in every tick as in the forward pass."""
    hosted = model.hosted(x, kernel=kernel, threads=1)
    for layer, (found, expected) in enumerate(
        zip(hosted.spikes, forward_spikes(model, x), strict=True)
    ):
        assert np.array_equal(found, expected), layer
    assert np.array_equal(hosted.y, model(x))
    assert np.array_equal(hosted.y, model.forward(x).y)


def raw_inputs(model: Quantized, x: np.ndarray) -> np.ndarray:
    """What goes into the network: spikes, or products that the host made."""
    whole = model.inputs(x)
    raw = model.stages()[0].drive(whole).astype(np.int64) if model.graded else whole
    return raw.reshape(*whole.shape[:2], -1)


def jobs_of(models: list[tuple[Quantized, np.ndarray]]) -> tuple[list[Job], list[Layout]]:
    """Each model with its input as a job of the engine, and where its layers are."""
    layouts = [model.hosted(x[:1]).layout for model, x in models]
    jobs = [
        prepare(
            layout.network, {"x": raw_inputs(model, x)}, len(x) + layout.latency, x.shape[1],
            None, 0, "all", None, None, None, None,
        )
        for (model, x), layout in zip(models, layouts, strict=True)
    ]  # fmt: skip
    return jobs, layouts


def assert_the_same_in_brian2(models: list[tuple[Quantized, np.ndarray]]) -> None:
    """All models side by side in one Brian2 network, at the ticks of each layer."""
    from spikealg.interop import brian2

    jobs, layouts = jobs_of(models)
    for (model, x), layout, spikes in zip(models, layouts, brian2.run_jobs(jobs), strict=True):
        lines = len(layout.offset) - len(model.stages())
        for layer, expected in enumerate(forward_spikes(model, x)):
            neurons, first = layout.neurons(lines + layer), layout.offset[lines + layer]
            assert np.array_equal(spikes.raster(neurons, first, *x.shape[:2]), expected)
