"""Models of every layer with every unit: what tests of gradients share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spikealg.learners import (
    ASNU,
    GLIF,
    LISNU,
    SNU,
    AvgPool,
    BatchNorm,
    Boxcar,
    Conv2d,
    ConvRecurrent,
    Dense,
    Flatten,
    IntegrateFire,
    Layer,
    LeakyReadout,
    MaxPool,
    Recurrent,
    ReLU,
    Sequential,
    Sigmoid,
    SigmoidPrime,
    SuperSpike,
    Tanh,
    Triangle,
    Unit,
    sSNU,
    unit,
)

N = 5

GLIF_ALL = ("decay", "reset", "hyperpolarisation", "threshold", "gain", "reset_value")


def _varied(n, rng):
    """Return a GLIF unit all of whose constants differ between neurons and are trained."""
    return GLIF(
        decay=rng.uniform(0.5, 1, n),
        reset=rng.uniform(0, 1, n),
        hyperpolarisation=rng.uniform(0, 0.5, n),
        threshold=rng.uniform(0.3, 1, n),
        gain=rng.uniform(0.5, 2, n),
        reset_value=rng.uniform(-0.2, 0.2, n),
        trainable=GLIF_ALL,
        surrogate=SuperSpike(2.0),
    )


ALL_UNITS = {
    **{
        name: lambda n, rng, name=name: unit(name, threshold=0.5, trainable=("decay", "threshold"))
        for name in ("HLIF", "HIAF", "LIF", "IAF", "BLI", "BI", "HBA", "BA")
    },
    "GLIF, all constants": _varied,
    "GLIF, detached": lambda n, rng: GLIF(
        reset=0.7,
        threshold=0.4,
        detach_reset=True,
        trainable=GLIF_ALL,
        surrogate=Triangle(0.8, 1.5),
    ),
    "SNU": lambda n, rng: SNU(0.8, bias=-0.5, trainable=("d", "bias")),
    "SNU, relu": lambda n, rng: SNU(0.8, "relu", bias=-0.3, surrogate=Boxcar()),
    "SNU, leaky": lambda n, rng: SNU(
        rng.uniform(0, 1, n),
        "leaky_relu",
        bias=rng.uniform(-1, 0, n),
        trainable=("d", "bias"),
        surrogate=SigmoidPrime(3.0),
    ),
    "SNU, detached": lambda n, rng: SNU(0.8, bias=-0.5, detach_reset=True),
    "sSNU": lambda n, rng: sSNU(0.4, trainable=("d", "bias")),
    "sSNU, leaky, detached": lambda n, rng: sSNU(0.4, "leaky_relu", detach_reset=True),
    "LISNU": lambda n, rng: LISNU(0.8, bias=-0.5, trainable=("d", "bias")),
    "LISNU, detached": lambda n, rng: LISNU(0.8, bias=-0.5, detach_reset=True),
    "ASNU": lambda n, rng: ASNU(
        0.8, "relu", bias=-0.3, beta=rng.uniform(-1, 0, n), trainable=("d", "bias", "beta", "rho")
    ),
    "ASNU, detached": lambda n, rng: ASNU(
        0.8, bias=-0.3, detach_reset=True, trainable=("d", "bias", "beta", "rho")
    ),
    "IntegrateFire": lambda n, rng: IntegrateFire(0.7),
    "LeakyReadout": lambda n, rng: LeakyReadout(rng.uniform(0, 1, n), trainable=("decay",)),
    "tanh": lambda n, rng: Tanh(),
    "relu": lambda n, rng: ReLU(),
    "sigmoid": lambda n, rng: Sigmoid(),
}
"""What makes each unit for features of shape n."""

Make = Callable[[object], Unit]
LAYERS: dict[str, tuple[tuple[int, ...], Callable[[Make], list[Layer]]]] = {
    "dense": ((4,), lambda made: [Dense(N, gain=2), made(N)]),
    "dense, normalised": ((4,), lambda made: [Dense(N), BatchNorm(), made(N)]),
    "recurrent": ((4,), lambda made: [Recurrent(N, made(N), initial_bias=0.1, gain=2)]),
    "stacked": (
        (4,),
        lambda made: [made(4), Dense(N, gain=2), made(N), Recurrent(N, made(N), gain=3)],
    ),
    "convolution": (
        (2, 5, 6),
        lambda made: [
            Conv2d(2, (2, 3), stride=(2, 1), gain=3),
            made((2, 2, 4)),
            MaxPool((1, 2)),
            Flatten(),
        ],
    ),
    "convolution, normalised": (
        (2, 5, 6),
        lambda made: [
            Conv2d(2, (2, 3), stride=(2, 1)),
            BatchNorm(),
            AvgPool((1, 2)),
            made((2, 2, 2)),
            Flatten(),
        ],
    ),
    "convolution, recurrent": (
        (1, 3, 4),
        lambda made: [
            ConvRecurrent(2, made((2, 2, 4)), stride=(2, 1), recurrent_kernel=(1, 3), gain=3),
            AvgPool(2),
            Flatten(),
        ],
    ),
}
"""Shape of the input, and the layers around a unit."""
SMOOTH = ("sSNU", "LeakyReadout", "tanh", "sigmoid")


def model_of(name, layers, rng, dtype=np.float64):
    """Return a model with the unit in the layers, an input, an output gradient and its loss."""
    shape, inner = LAYERS[layers]
    made = inner(lambda n: ALL_UNITS[name](n, rng))
    model = Sequential([*made, Dense(3), LeakyReadout(0.9)], shape=shape, seed=3, dtype=dtype)
    x = rng.normal(size=(6, 2, *shape))
    dy = rng.normal(size=(6, 2, 3))
    return model, x, dy, lambda y, target: (float((y * dy).sum()), dy)
