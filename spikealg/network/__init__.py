"""Networks as flat integer arrays: building, lowering a circuit, files."""

from __future__ import annotations

from spikealg.circuits.neuron import MEMORYLESS, NEVER, RESETS
from spikealg.network.invariants import NO_FLOOR
from spikealg.network.network import Network
from spikealg.network.ports import Port

__all__ = ["MEMORYLESS", "NEVER", "NO_FLOOR", "RESETS", "Network", "Port"]
