"""Train a classifier of digits with spikes, round it to 8 bits, and run it on the engine.

2000 images of MNIST are shown as Bernoulli spikes for 16 ticks. The rounded model and the network
that it becomes fire exactly the same spikes. Without MNIST (SPIKEALG_DATA names no folder that has
it) ten made-up patterns under noise take the place of the digits.
"""

from __future__ import annotations

import argparse

import numpy as np

from spikealg.errors import DataNotFoundError
from spikealg.learners import (
    Adam,
    CrossEntropy,
    Dense,
    LeakyReadout,
    Sequential,
    accuracy,
    evaluate,
    fit,
    quantize,
    unit,
)
from spikealg.learners.data import mnist
from spikealg.learners.encode import rate

TRAIN, TEST, HOSTED = 2000, 500, 10
TICKS, SEED = 16, 0


def images() -> tuple[str, np.ndarray, np.ndarray]:
    """Return what they are, (TRAIN + TEST, 784) values from 0 to 1, and labels."""
    try:
        digits = mnist()
    except DataNotFoundError as error:
        print(f"made-up patterns instead of digits: {error}")
        rng = np.random.default_rng(SEED)
        labels = rng.integers(0, 10, TRAIN + TEST)
        patterns = rng.random((10, 784)) < 0.15
        flipped = rng.random((TRAIN + TEST, 784)) < 0.1
        return "patterns", (patterns[labels] ^ flipped).astype(float), labels
    shown = np.concatenate([digits.train_images[:TRAIN], digits.test_images[:TEST]])
    labels = np.concatenate([digits.train_labels[:TRAIN], digits.test_labels[:TEST]])
    return "digits", shown.reshape(-1, 784) / 255, labels


def show(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images as spikes, (TICKS, batch, 784)."""
    return rate(x, TICKS, peak=0.5, seed=rng)


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Train, round, host and print; return the numbers printed."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args(arguments)
    what, x, y = images()
    model = Sequential(
        [Dense(100), unit("BLI"), Dense(10), LeakyReadout(decay=0.9)], shape=(784,), seed=SEED
    )
    print(model.summary())
    judge = {"loss": CrossEntropy("last"), "encode": show}
    history = fit(model, (x[:TRAIN], y[:TRAIN]), optimiser=Adam(2e-3), epochs=4, **judge)
    test = (x[TRAIN:], y[TRAIN:])
    numbers: dict[str, float] = {"images": what, "loss": history.loss[-1]}
    rounded = quantize(model, weight_bits=8)
    for name, candidate in (("float", model), ("8 bits", rounded)):
        found = evaluate(candidate, test, metrics={"accuracy": accuracy}, **judge)
        numbers[name] = found["accuracy"]
        print(f"{name}: {100 * found['accuracy']:.1f} % of {TEST} {what} right")

    spikes = show(test[0][:HOSTED], np.random.default_rng(SEED))
    hosted = rounded.hosted(spikes)
    numbers["same"] = bool(np.array_equal(hosted.y, rounded(spikes)))
    numbers["engine"] = accuracy(hosted.y[-1:], test[1][:HOSTED])
    print(
        f"engine: {100 * numbers['engine']:.0f} % of {HOSTED} right, "
        f"{'the same' if numbers['same'] else 'OTHER'} potentials as the rounded model"
    )
    return numbers


if __name__ == "__main__":
    main()
