"""Numerical algorithms built from spiking neurons.

A diffusion problem becomes a Markov chain, a circuit of integer leaky integrate-and-fire neurons,
flat arrays, spikes, and an answer with error bars and a check.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spikealg.errors import SpikealgError

if TYPE_CHECKING:
    from spikealg import circuits, diffusion, engine, graph, hardware, learners, network
    from spikealg.circuits import Circuit
    from spikealg.engine import Run, simulate
    from spikealg.network import Network

__all__ = [
    "Circuit",
    "Network",
    "Run",
    "SpikealgError",
    "__version__",
    "circuits",
    "diffusion",
    "engine",
    "graph",
    "hardware",
    "learners",
    "network",
    "simulate",
]

__version__ = "0.1.0"

# Loaded when first asked for: a user of circuits does not wait for the engine's compiler.
_HOMES = {
    "Circuit": "spikealg.circuits",
    "Network": "spikealg.network",
    "Run": "spikealg.engine",
    "simulate": "spikealg.engine",
}
_MODULES = ("circuits", "diffusion", "engine", "graph", "hardware", "learners", "network")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"spikealg.{name}")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'spikealg' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
