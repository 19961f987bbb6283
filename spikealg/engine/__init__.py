"""Running networks: one entry, several kernels, the same spikes from each."""

from __future__ import annotations

from spikealg.engine.call import call
from spikealg.engine.run import Run, Status
from spikealg.engine.simulate import KERNELS, simulate
from spikealg.engine.state import Spikes, State
from spikealg.engine.trace import Trace

__all__ = ["KERNELS", "Run", "Spikes", "State", "Status", "Trace", "call", "simulate"]
