"""Circuits: ports, wiring, and a library of reusable circuits of spiking neurons."""

from __future__ import annotations

from spikealg.circuits.circuit import Circuit, Instance
from spikealg.circuits.codings import CODINGS, decode, encode
from spikealg.circuits.drawing import Drawing
from spikealg.circuits.library.addition import (
    AddConstant,
    Adder,
    Negate,
    Subtractor,
)
from spikealg.circuits.library.comparison import (
    AtLeast,
    Comparator,
    Equal,
    GreaterThan,
)
from spikealg.circuits.library.convolution import (
    Convolution,
    Filter,
)
from spikealg.circuits.library.correlation import (
    CrossCorrelation,
    Displacement,
)
from spikealg.circuits.library.division import (
    Divider,
    Modulo,
    SequentialDivider,
    SquareRoot,
)
from spikealg.circuits.library.extremes import (
    Max,
    MaxOf,
    Min,
    MinOf,
)
from spikealg.circuits.library.fixed_point import (
    FixedPoint,
    FixedPointMultiplier,
)
from spikealg.circuits.library.gates import (
    And,
    Constant,
    Majority,
    Not,
    Or,
    Thermometer,
    ThresholdGate,
    Xor,
)
from spikealg.circuits.library.histogram import (
    Histogram,
)
from spikealg.circuits.library.linear import (
    MatrixVector,
    MultiplyByConstant,
    ThresholdMatrixVector,
)
from spikealg.circuits.library.matrices import (
    MatrixProduct,
)
from spikealg.circuits.library.memory import (
    Counter,
    Hold,
    Latch,
    Register,
    ShiftRegister,
    Toggle,
)
from spikealg.circuits.library.multiplication import (
    Multiplier,
    ThresholdMultiplier,
)
from spikealg.circuits.library.negation import (
    Absolute,
    NegateIf,
)
from spikealg.circuits.library.packing import (
    Knapsack,
    SubsetSums,
)
from spikealg.circuits.library.patterns import (
    PatternMatcher,
)
from spikealg.circuits.library.routing import (
    Decoder,
    Demultiplexer,
    Encoder,
    Gate,
    Multiplexer,
    PriorityEncoder,
    Select,
)
from spikealg.circuits.library.saturating import (
    Saturate,
    SaturatingAdder,
    SaturatingSubtractor,
)
from spikealg.circuits.library.sequences import (
    EditDistance,
    LongestCommon,
    LongestIncreasing,
)
from spikealg.circuits.library.serial import (
    BitSerialAdder,
    BitSerialConstant,
    BitSerialGreaterThan,
    BitSerialNegate,
    BitSerialShift,
    BitSerialShiftRight,
    BitSerialSubtractor,
    FromStream,
    ToStream,
)
from spikealg.circuits.library.serial_arithmetic import (
    BitSerialAbsolute,
    BitSerialMax,
    BitSerialMin,
    BitSerialMultiplier,
)
from spikealg.circuits.library.shifting import (
    Shifter,
)
from spikealg.circuits.library.sorting import (
    CompareExchange,
    Largest,
    Median,
    Sort,
)
from spikealg.circuits.library.spike_times import (
    FromTemporal,
    LargestByTime,
    SortByTime,
    TemporalSort,
    ToTemporal,
)
from spikealg.circuits.library.storage import (
    Fifo,
    Memory,
)
from spikealg.circuits.library.sums import (
    PopCount,
    SumOf,
    WeightedSum,
)
from spikealg.circuits.library.timing import (
    Clock,
    Delay,
    DelayLine,
    Stretch,
    Timer,
)
from spikealg.circuits.library.triangles import (
    TriangleCount,
)
from spikealg.circuits.library.winners import (
    ArgMax,
    ArgMin,
    WinnerTakeAll,
)
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Neurons, Signal, concat

__all__ = [
    "CODINGS",
    "Absolute",
    "AddConstant",
    "Adder",
    "And",
    "ArgMax",
    "ArgMin",
    "AtLeast",
    "BitSerialAbsolute",
    "BitSerialAdder",
    "BitSerialConstant",
    "BitSerialGreaterThan",
    "BitSerialMax",
    "BitSerialMin",
    "BitSerialMultiplier",
    "BitSerialNegate",
    "BitSerialShift",
    "BitSerialShiftRight",
    "BitSerialSubtractor",
    "Circuit",
    "Clock",
    "Comparator",
    "CompareExchange",
    "Constant",
    "Convolution",
    "Counter",
    "CrossCorrelation",
    "Decoder",
    "Delay",
    "DelayLine",
    "Demultiplexer",
    "Displacement",
    "Divider",
    "Drawing",
    "EditDistance",
    "Encoder",
    "Equal",
    "Fifo",
    "Filter",
    "FixedPoint",
    "FixedPointMultiplier",
    "FromStream",
    "FromTemporal",
    "Gate",
    "GreaterThan",
    "Histogram",
    "Hold",
    "In",
    "Instance",
    "Knapsack",
    "Largest",
    "LargestByTime",
    "Latch",
    "LongestCommon",
    "LongestIncreasing",
    "Majority",
    "MatrixProduct",
    "MatrixVector",
    "Max",
    "MaxOf",
    "Median",
    "Memory",
    "Min",
    "MinOf",
    "Modulo",
    "Multiplexer",
    "Multiplier",
    "MultiplyByConstant",
    "Negate",
    "NegateIf",
    "Neurons",
    "Not",
    "Or",
    "Out",
    "PatternMatcher",
    "PopCount",
    "PriorityEncoder",
    "Register",
    "Saturate",
    "SaturatingAdder",
    "SaturatingSubtractor",
    "Select",
    "SequentialDivider",
    "ShiftRegister",
    "Shifter",
    "Signal",
    "Sort",
    "SortByTime",
    "SquareRoot",
    "Stretch",
    "SubsetSums",
    "Subtractor",
    "SumOf",
    "TemporalSort",
    "Thermometer",
    "ThresholdGate",
    "ThresholdMatrixVector",
    "ThresholdMultiplier",
    "Timer",
    "ToStream",
    "ToTemporal",
    "Toggle",
    "TriangleCount",
    "WeightedSum",
    "WinnerTakeAll",
    "Xor",
    "concat",
    "decode",
    "encode",
]
