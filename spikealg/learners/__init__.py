"""Learners: units, layers, learning rules, and models that become networks of the engine.

Arrays are time-major, (ticks, batch, *features).
"""

from __future__ import annotations

from spikealg.learners import analysis, data, encode, networks, tasks
from spikealg.learners.base import Layer
from spikealg.learners.clipping import clip_by_norm
from spikealg.learners.fit import History, accuracy, evaluate, fit, predict
from spikealg.learners.hosting import Hosted
from spikealg.learners.layers import (
    AvgPool,
    BatchNorm,
    Conv2d,
    ConvRecurrent,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    Recurrent,
)
from spikealg.learners.losses import (
    MSE,
    ActivityPenalty,
    BernoulliNLL,
    CrossEntropy,
    SquaredHinge,
)
from spikealg.learners.optimisers import SGD, Adadelta, Adam, Optimiser, RMSprop
from spikealg.learners.quantization import Quantized, quantize
from spikealg.learners.rules import Learned, Online, gradients, learn
from spikealg.learners.schedules import Constant, Cosine, Steps, Warmup
from spikealg.learners.sequential import Forward, Sequential
from spikealg.learners.surrogates import (
    Boxcar,
    SigmoidPrime,
    SuperSpike,
    Surrogate,
    TanhPrime,
    Triangle,
)
from spikealg.learners.units import (
    ASNU,
    GLIF,
    LISNU,
    SNU,
    UNITS,
    IntegrateFire,
    LeakyReadout,
    ReLU,
    Sigmoid,
    Tanh,
    Unit,
    sSNU,
    unit,
)

__all__ = [
    "ASNU",
    "GLIF",
    "LISNU",
    "MSE",
    "SGD",
    "SNU",
    "UNITS",
    "ActivityPenalty",
    "Adadelta",
    "Adam",
    "AvgPool",
    "BatchNorm",
    "BernoulliNLL",
    "Boxcar",
    "Constant",
    "Conv2d",
    "ConvRecurrent",
    "Cosine",
    "CrossEntropy",
    "Dense",
    "Dropout",
    "Flatten",
    "Forward",
    "History",
    "Hosted",
    "IntegrateFire",
    "Layer",
    "LeakyReadout",
    "Learned",
    "MaxPool",
    "Online",
    "Optimiser",
    "Quantized",
    "RMSprop",
    "ReLU",
    "Recurrent",
    "Sequential",
    "Sigmoid",
    "SigmoidPrime",
    "SquaredHinge",
    "Steps",
    "SuperSpike",
    "Surrogate",
    "Tanh",
    "TanhPrime",
    "Triangle",
    "Unit",
    "Warmup",
    "accuracy",
    "analysis",
    "clip_by_norm",
    "data",
    "encode",
    "evaluate",
    "fit",
    "gradients",
    "learn",
    "networks",
    "predict",
    "quantize",
    "sSNU",
    "tasks",
    "unit",
]
