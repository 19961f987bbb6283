"""Networks as flat integer arrays: building, lowering a circuit, files."""

from __future__ import annotations

from spikealg.network.network import MEMORYLESS, NEVER, NO_FLOOR, RESETS, Network
from spikealg.network.ports import CODINGS, Port

__all__ = ["CODINGS", "MEMORYLESS", "NEVER", "NO_FLOOR", "RESETS", "Network", "Port"]
