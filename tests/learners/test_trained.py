"""Trained models, rounded and trained further, on the engine: the spikes of the rounded model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from spikealg import hardware
from spikealg.learners import (
    Adam,
    BatchNorm,
    Conv2d,
    ConvRecurrent,
    CrossEntropy,
    Dense,
    Dropout,
    Flatten,
    LeakyReadout,
    MaxPool,
    Quantized,
    Recurrent,
    Sequential,
    accuracy,
    encode,
    evaluate,
    fit,
    quantize,
    unit,
)
from tests.helpers import ALL_KERNELS
from tests.learners.hostable import (
    assert_hosted_exactly,
    assert_the_same_in_brian2,
    forward_spikes,
)

TICKS, CLASSES, TRAIN, HOSTED = 10, 3, 300, 6

LAYERS = {
    "dense": lambda: [
        Dense(24), unit("BLI"), Dropout(0.1), Dense(12), unit("HIAF"), Dense(CLASSES),
        LeakyReadout(0.9),
    ],
    "graded": lambda: [Dense(24), unit("SNU", g="relu"), Dense(CLASSES)],
    "recurrent": lambda: [
        Recurrent(24, unit("LIF", trainable="decay")), Recurrent(12, unit("BLI")), Dense(CLASSES),
        LeakyReadout(0.8),
    ],
    "convolutional": lambda: [
        Conv2d(4, 3), BatchNorm(), unit("IntegrateFire"), MaxPool(2),
        ConvRecurrent(3, unit("HLIF")), Flatten(), Dense(CLASSES), LeakyReadout(0.9),
    ],
}  # fmt: skip
NAMES = tuple(LAYERS)


@dataclass(frozen=True)
class Case:
    """A model, what it is when rounded and trained further, and a task."""

    model: Sequential
    quantized: Quantized
    data: tuple[np.ndarray, np.ndarray]
    settings: dict

    @property
    def x(self) -> np.ndarray:
        """A few sequences to host."""
        values = self.data[0]
        if "encode" in self.settings:
            return self.settings["encode"](values[:HOSTED], None)
        return values[:, :HOSTED]


def trained(name: str) -> Case:
    """Patterns under noise, told apart; in "recurrent", shown in the first ticks only."""
    rng = np.random.default_rng(NAMES.index(name))
    shape = (1, 8, 8) if name == "convolutional" else (16,)
    patterns, labels = rng.random((CLASSES, *shape)) < 0.3, rng.integers(0, CLASSES, TRAIN)
    settings = {"loss": CrossEntropy("last")}
    if name == "graded":
        x = np.clip(0.6 * patterns[labels] + 0.4 * rng.random((TRAIN, *shape)), 0, 1)
        settings["encode"] = lambda values, rng: encode.direct(values, TICKS)
    else:
        odds = np.broadcast_to(0.05 + 0.5 * patterns[labels], (TICKS, TRAIN, *shape)).copy()
        if name == "recurrent":
            odds[4:] = 0.05
        x = rng.random(odds.shape) < odds
    model = Sequential(LAYERS[name](), shape=shape, seed=0)
    options = {"batch": 25, "clip": 1.0, **settings}
    fit(model, (x, labels), optimiser=Adam(5e-3), epochs=6, **options)
    quantized = quantize(
        model, weight_bits=6, per_channel=True, input_bits=5 if name == "graded" else None
    )
    fit(quantized, (x, labels), optimiser=Adam(1e-3), epochs=1, **options)
    return Case(model, quantized, (x, labels), settings)


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {name: trained(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_they_learned_and_all_layers_fire(cases, name):
    case = cases[name]
    for model in (case.model, case.quantized):
        found = evaluate(model, case.data, metrics={"accuracy": accuracy}, **case.settings)
        assert found["accuracy"] > 0.8
    rates = [
        spikes.mean()
        for stage, spikes in zip(
            case.quantized.stages(), forward_spikes(case.quantized, case.x), strict=True
        )
        if stage.fires
    ]
    assert all(0.02 < rate < 0.9 for rate in rates)


@pytest.mark.parametrize("kernel", ALL_KERNELS)
@pytest.mark.parametrize("name", NAMES)
def test_every_kernel_gives_the_spikes_of_every_layer_and_tick(cases, name, kernel):
    assert_hosted_exactly(cases[name].quantized, cases[name].x, kernel)


def test_brian2_gives_them_too(cases):
    pytest.importorskip("brian2")
    assert_the_same_in_brian2([(case.quantized, case.x) for case in cases.values()])


@pytest.mark.parametrize("name", NAMES)
def test_a_lane_is_an_inference(cases, name):
    """A batch gives, and costs, what its sequences do one by one."""
    model, x = cases[name].quantized, cases[name].x
    batch = model.hosted(x, kernel="lanes")
    singles = [model.hosted(x[:, k : k + 1], kernel="event") for k in range(HOSTED)]
    for layer, spikes in enumerate(batch.spikes):
        assert np.array_equal(
            spikes, np.concatenate([single.spikes[layer] for single in singles], axis=1)
        )
    assert np.array_equal(batch.y, np.concatenate([single.y for single in singles], axis=1))

    counts, each = hardware.count(batch), [hardware.count(single) for single in singles]
    for what in ("spikes", "synaptic_events", "updates"):
        assert getattr(counts, what) == sum(getattr(one, what) for one in each)
    cost = hardware.estimate(batch, "loihi")
    assert cost.counts.work == hardware.Work("inference", HOSTED)
    # Which updates a spike drives is known within bounds only, wider for lanes together.
    prices = [hardware.estimate(single, "loihi").marginal_per_work_J for single in singles]
    found = cost.marginal_per_work_J
    assert found.low <= np.mean([price.high for price in prices])
    assert found.high >= np.mean([price.low for price in prices])
