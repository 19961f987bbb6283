"""Learners: units, layers, learning rules, and models that become networks of the engine.

Arrays are time-major, (ticks, batch, *features).
"""

from __future__ import annotations

from spikealg.learners.base import Layer
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
from spikealg.learners.quantization import Quantized, quantize
from spikealg.learners.rules import Learned, gradients, learn
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
    "SNU",
    "UNITS",
    "AvgPool",
    "BatchNorm",
    "Boxcar",
    "Conv2d",
    "ConvRecurrent",
    "Dense",
    "Dropout",
    "Flatten",
    "Forward",
    "Hosted",
    "IntegrateFire",
    "Layer",
    "LeakyReadout",
    "Learned",
    "MaxPool",
    "Quantized",
    "ReLU",
    "Recurrent",
    "Sequential",
    "Sigmoid",
    "SigmoidPrime",
    "SuperSpike",
    "Surrogate",
    "Tanh",
    "TanhPrime",
    "Triangle",
    "Unit",
    "gradients",
    "learn",
    "quantize",
    "sSNU",
    "unit",
]
