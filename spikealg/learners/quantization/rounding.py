"""From numbers of a model to the whole numbers of the engine: one scale for all terms of a neuron.

A weight is w = 2^g·clip(round(w/s)), with s the scale and g guard bits, which leave the decay of
potentials room to round; all other terms are in units of s/2^g.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_int
from spikealg.errors import InputError, InputTypeError
from spikealg.learners.quantization.dynamics import Dynamics
from spikealg.learners.quantization.neurons import Neurons
from spikealg.network import MEMORYLESS, NEVER, NO_FLOOR

__all__ = ["Settings", "mantissas", "neurons_of", "scale_of"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

_LARGEST_INPUT = 2.0**30


@dataclass(frozen=True)
class Settings:
    """How a model is quantised.

    Attributes
    ----------
    weight_bits : int
        Bits of a mantissa, with its sign.
    guard_bits : int
        A weight is its mantissa times 2^guard_bits.
    per_channel : bool
        Whether each output of a dense layer, and each channel of a convolution, has its own scale.
    input_bits : int or None
        Bits of graded inputs; None for inputs that are spikes.
    input_range : pair of float
        Least and largest input; what is beyond their larger magnitude, rounded up to a power of
        two, is clipped. With a least input below 0 one of the bits is a sign.
    """

    weight_bits: int = 8
    guard_bits: int = 6
    per_channel: bool = False
    input_bits: int | None = None
    input_range: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        as_int("weight_bits", self.weight_bits, low=2, high=16)
        as_int("guard_bits", self.guard_bits, low=0, high=16)
        if not isinstance(self.per_channel, bool):
            raise InputTypeError(f"per_channel must be True or False, got {self.per_channel!r}")
        if not isinstance(self.input_range, (tuple, list)) or len(self.input_range) != 2:
            raise InputTypeError(
                f"input_range must be a pair, least and largest, got {self.input_range!r}"
            )
        if self.input_bits is not None:
            as_int("input_bits", self.input_bits, low=1 + (self.input_range[0] < 0), high=16)
        low = as_float("input_range[0]", self.input_range[0], low=-_LARGEST_INPUT)
        as_float("input_range[1]", self.input_range[1], above=max(low, 0.0), high=_LARGEST_INPUT)

    @property
    def largest(self) -> int:
        """The largest mantissa."""
        return int(2 ** (self.weight_bits - 1) - 1)

    @property
    def input_exponent(self) -> int:
        """An input is a whole number times 2^−input_exponent; 0 for spikes."""
        if self.input_bits is None:
            return 0
        # A power of two lets weights from inputs and from neurons share a unit exactly.
        most = max(abs(self.input_range[0]), self.input_range[1])
        return self.input_bits - (self.input_range[0] < 0) - int(np.ceil(np.log2(most)))

    def input_integers(self, x: Array) -> npt.NDArray[np.int64]:
        """Return graded inputs as whole numbers, rounded to the nearest and clipped."""
        assert self.input_bits is not None
        signed = self.input_range[0] < 0
        top = 2 ** (self.input_bits - signed) - 1
        rounded = np.rint(np.asarray(x, np.float64) * 2.0**self.input_exponent)
        return np.clip(rounded, -top if signed else 0, top).astype(np.int64)


def scale_of(magnitude: Floats, settings: Settings, shared: bool) -> Floats:
    """Return the scale of each channel, from the largest magnitude of its weights.

    A channel without weights gets the scale of the others.
    """
    top = magnitude.max(initial=0.0)
    if top == 0:
        return np.ones_like(magnitude)
    if shared:
        magnitude = np.full_like(magnitude, top)
    return np.where(magnitude > 0, magnitude, top) / settings.largest


def mantissas(weight: Array, scale: Array, settings: Settings) -> npt.NDArray[np.int64]:
    """Return clip(round(weight / scale)); `scale` broadcasts."""
    top = settings.largest
    rounded = np.rint(weight.astype(np.float64) / scale)
    return np.clip(rounded, -top, top).astype(np.int64)


def neurons_of(
    dynamics: Dynamics, bias: Floats, scale: Floats, guard_bits: int, name: str
) -> tuple[Neurons, Floats]:
    """Return integer neurons, and what a unit of their potential is in the model.

    Parameters
    ----------
    dynamics : Dynamics
    bias : float array (n,)
        Added to the input of each neuron, in the model.
    scale : float array (n,)
        Of the weights into each neuron.
    guard_bits : int
    name : str
        What errors call the neurons.

    Raises
    ------
    InputError
        If a term does not fit int32.
    """
    n = len(scale)
    # The gain of the input is folded into the unit: u/γ = κ v/γ + i, so no weight changes.
    unit = dynamics.gain * scale / 2.0**guard_bits
    if dynamics.threshold is None:
        threshold = np.full(n, NEVER)
    else:
        threshold = _integers("threshold", np.ceil(dynamics.threshold / unit), name)
    inhibition = np.rint(dynamics.inhibition / (dynamics.gain * scale)) * 2.0**guard_bits
    neurons = Neurons.make(
        n,
        threshold=threshold,
        leak=MEMORYLESS - np.rint(MEMORYLESS * dynamics.keep).astype(np.int64),
        bias=_integers("bias", np.rint(bias * dynamics.gain / unit), name),
        inhibition=_integers("hyperpolarisation", inhibition, name),
        reset_value=_integers("reset value", np.rint(dynamics.reset_value / unit), name),
        reset=dynamics.reset,
        floor=0 if dynamics.floored else NO_FLOOR,
    )
    return neurons, np.broadcast_to(unit, (n,)).astype(np.float64)


def _integers(what: str, values: Floats, name: str) -> npt.NDArray[np.int64]:
    largest = float(np.abs(values).max(initial=0.0))
    if largest >= 2**31 - 1:
        raise InputError(
            f"{name} cannot be quantised: its {what} is {largest:.3g} units of its weights, and "
            "int32 holds 2.1e9: its weights are too small beside it; use fewer guard or weight bits"
        )
    return values.astype(np.int64)
