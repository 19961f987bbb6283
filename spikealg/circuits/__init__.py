"""Circuits: ports, wiring, and a library of reusable circuits of spiking neurons."""

from __future__ import annotations

from spikealg.circuits.circuit import Circuit, Instance
from spikealg.circuits.codings import CODINGS, decode, encode
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Neurons, Signal, concat

__all__ = [
    "CODINGS",
    "Circuit",
    "In",
    "Instance",
    "Neurons",
    "Out",
    "Signal",
    "concat",
    "decode",
    "encode",
]
