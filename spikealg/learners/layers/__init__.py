"""Layers: what stands between units."""

from __future__ import annotations

from spikealg.learners.layers.conv import Conv2d, ConvRecurrent
from spikealg.learners.layers.dense import Dense
from spikealg.learners.layers.norm import BatchNorm
from spikealg.learners.layers.pool import AvgPool, MaxPool
from spikealg.learners.layers.recurrent import Recurrent
from spikealg.learners.layers.simple import Dropout, Flatten

__all__ = [
    "AvgPool",
    "BatchNorm",
    "Conv2d",
    "ConvRecurrent",
    "Dense",
    "Dropout",
    "Flatten",
    "MaxPool",
    "Recurrent",
]
