"""Circuits: ports, wiring, and a library of reusable circuits of spiking neurons."""

from __future__ import annotations

from spikealg.circuits.arithmetic import Adder, BitSerialAdder, Comparator, GreaterThan, Max
from spikealg.circuits.circuit import Circuit, Instance
from spikealg.circuits.codings import CODINGS, decode, encode
from spikealg.circuits.logic import (
    And,
    Constant,
    Delay,
    Majority,
    Not,
    Or,
    Select,
    ThresholdGate,
    Xor,
)
from spikealg.circuits.memory import Counter, Latch, Register, Timer
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Neurons, Signal, concat

__all__ = [
    "CODINGS",
    "Adder",
    "And",
    "BitSerialAdder",
    "Circuit",
    "Comparator",
    "Constant",
    "Counter",
    "Delay",
    "GreaterThan",
    "In",
    "Instance",
    "Latch",
    "Majority",
    "Max",
    "Neurons",
    "Not",
    "Or",
    "Out",
    "Register",
    "Select",
    "Signal",
    "ThresholdGate",
    "Timer",
    "Xor",
    "concat",
    "decode",
    "encode",
]
