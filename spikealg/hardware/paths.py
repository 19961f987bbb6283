"""Neurons named in messages: the first few by path, the others by number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.network import Network

__all__ = ["some_paths"]

SHOWN = 3


def some_paths(network: Network, neurons: npt.NDArray[np.int64]) -> str:
    """Return such as "adder.carry[3], adder.sum and 40 more neurons"."""
    shown = ", ".join(network.name(int(neuron)) for neuron in neurons[:SHOWN])
    more = len(neurons) - SHOWN
    if more <= 0:
        return shown
    return f"{shown} and {more} more neuron{'s' if more > 1 else ''}"
