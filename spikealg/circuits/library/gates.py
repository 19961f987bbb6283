"""Gates of n lines, and constants.

All are combinational: a new value may be presented in every tick. Each gate is the threshold gate
of McCulloch and Pitts, "A logical calculus of the ideas immanent in nervous activity", 1943.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int, as_int_array
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.neuron import INT32_MAX, INT32_MIN, MEMORYLESS
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal, concat

__all__ = [
    "And",
    "Constant",
    "Majority",
    "Not",
    "Or",
    "Thermometer",
    "ThresholdGate",
    "Xor",
]


class ThresholdGate(Circuit):
    """1 where Σ weight·line ≥ threshold: a (width lines) → out.

    Parameters
    ----------
    width : int
    threshold : int
        At or below 0 the gate is 1 unless it is inhibited.
    weights : int or array (width,)
    """

    def __init__(self, width: int, threshold: int, weights: npt.ArrayLike = 1) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width), out=Out())
        self.threshold = as_int("threshold", threshold, low=INT32_MIN, high=INT32_MAX)
        self.weights = as_int_array(
            "weights", weights, shape=(self.width,), low=-INT32_MAX, high=INT32_MAX
        )

    def build(self, a: Signal) -> None:
        """Wire one neuron."""
        self.output("out", self.gate(a, weights=self.weights, threshold=self.threshold))


class And(ThresholdGate):
    """1 where all lines are 1: a (width lines) → out."""

    def __init__(self, width: int = 2) -> None:
        super().__init__(width, threshold=width)


class Or(ThresholdGate):
    """1 where a line is 1: a (width lines) → out."""

    def __init__(self, width: int = 2) -> None:
        super().__init__(width, threshold=1)


class Majority(ThresholdGate):
    """1 where more than half of the lines are 1: a (width lines) → out."""

    def __init__(self, width: int = 3) -> None:
        width = as_int("width", width, low=1)
        super().__init__(width, threshold=width // 2 + 1)


class Not(Circuit):
    """Each line inverted: a → out, both `width` lines.

    An inverter fires whenever it is not inhibited, also in ticks that carry no value.
    """

    def __init__(self, width: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width), out=Out(self.width))

    def build(self, a: Signal) -> None:
        """Wire one neuron per line."""
        self.output("out", self.gates(a, weights=-1, threshold=0))


class Xor(Circuit):
    """1 where an odd number of lines is 1 (parity): a (width lines) → out.

    width + 1 neurons, two ticks: neuron k of the first layer knows whether at least k lines are
    1, and their alternating sum is the parity (Muroga, "Threshold logic and its applications",
    1971).
    """

    def __init__(self, width: int = 2) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width), out=Out())

    def build(self, a: Signal) -> None:
        """Wire both layers."""
        at_least = self.add(Thermometer(self.width), a=a).out
        count = np.arange(1, self.width + 1)
        self.output("out", self.gate(at_least, weights=np.where(count % 2, 1, -1), threshold=1))


class Thermometer(Circuit):
    """The lines in order: a (width lines) → out (width lines), line k for at least k + 1 lines.

    One neuron per line, one tick: ones come first and zeros last, so this sorts bits.
    """

    def __init__(self, width: int) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(a=In(self.width), out=Out(self.width))

    def build(self, a: Signal) -> None:
        """Wire all lines to all neurons."""
        every = np.ones((self.width, self.width), dtype=np.int64)
        count = np.arange(1, self.width + 1)
        self.output("out", self.gates(a, weights=every, threshold=count, name="at_least"))


class Constant(Circuit):
    """The same binary number in every tick: → out (width lines).

    One neuron of threshold 0 per bit that is 1, so circuits that use it can be fed in every tick.
    """

    def __init__(self, value: int, width: int = 1) -> None:
        self.width = as_int("width", width, low=1)
        super().__init__(out=Out(self.width))
        self.value = as_int("value", value, low=0, high=(1 << self.width) - 1)

    def build(self) -> None:
        """Wire the bits that are 1."""
        bits = [self.value >> bit & 1 for bit in range(self.width)]
        ones = self.neurons(sum(bits), threshold=0, leak=MEMORYLESS, name="one")
        numbered = iter(ones.signal(steady=True)) if sum(bits) else iter(())
        self.output("out", concat(*(next(numbered) if bit else self.ground() for bit in bits)))
