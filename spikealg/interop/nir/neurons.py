"""NIR's neurons, advanced by one tick, as integers.

Two steps of time are known: "euler", v ← v + dt/τ·(v_leak − v + r·I), which most tools for NIR take
and which files written from their decay factors assume, and "exponential", where 1 − exp(−dt/τ) is
in the place of dt/τ, exact for an input that is constant during the tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import frexp
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.network import MEMORYLESS, NEVER

__all__ = ["CURRENTS", "GRADED", "SPIKING", "STEPS", "Dynamics", "Integers", "dynamics"]

STEPS = ("euler", "exponential")
SPIKING = ("CubaLIF", "IF", "LIF", "Threshold")
GRADED = ("CubaLI", "I", "LI")
"""Nodes that pass on a potential, not spikes."""
CURRENTS = ("I", "LI")
"""Nodes that can be the synaptic current of the neuron after them."""
_FINEST = 1000
"""Of the exponent of a scale: floats end at 2^1024."""
_FLOATS = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Dynamics:
    """One tick of n neurons in NIR's units; arrays of shape (n,).

    i ← (1 − current_leak)·i + current_gain·x;  v ← (1 − leak)·v + gain·i + bias;
    a spike, and v ← reset, where v > threshold.
    """

    shape: tuple[int, ...]
    leak: _FLOATS
    gain: _FLOATS
    bias: _FLOATS
    threshold: _FLOATS
    reset: _FLOATS
    current_leak: _FLOATS
    current_gain: _FLOATS

    def after(self, current: Dynamics) -> Dynamics:
        """Return these neurons with the potential of `current` as their synaptic current."""
        return Dynamics(
            **{
                **vars(self),
                "current_leak": current.leak,
                "current_gain": current.gain,
            }
        )


def dynamics(name: str, node: Any, dt: float, step: str) -> Dynamics:
    """Return one tick of the neurons of a node.

    Raises
    ------
    InputError
        If a parameter cannot be used, or `dt` is longer than a time constant; it names the node.
    """
    kind = type(node).__name__
    parameters = {
        key: np.asarray(value, dtype=np.float64)
        for key, value in vars(node).items()
        if key not in ("input_type", "output_type", "metadata") and value is not None
    }
    for key, value in parameters.items():
        endless = np.isposinf(value) & ("threshold" in key)
        if not (np.isfinite(value) | endless).all():
            raise InputError(
                f"node {name!r}: {key} must be finite, got {value[~np.isfinite(value)][0]}"
            )
    shape = np.broadcast_shapes(*(value.shape for value in parameters.values()))
    flat = {key: np.broadcast_to(value, shape).reshape(-1) for key, value in parameters.items()}
    ones = np.ones(int(np.prod(shape)))

    def decay(key: str) -> _FLOATS:
        tau = flat[key]
        if (tau <= 0).any():
            raise InputError(f"node {name!r}: {key} must be above 0 s, got {tau[tau <= 0][0]:g} s")
        share: _FLOATS = dt / tau
        if step == "exponential":
            return np.asarray(-np.expm1(-share))
        if (share > 1 + 1e-6).any():
            raise InputError(
                f"node {name!r}: {key} must be at least dt = {dt:g} s, got {tau.min():g} s: "
                "choose a smaller dt, or step='exponential'"
            )
        return np.minimum(share, 1.0)

    leak, gain, current_leak, current_gain = 0 * ones, ones, ones, ones
    if kind in ("I", "IF"):
        gain = dt * flat["r"]
    elif kind in ("LI", "LIF"):
        leak = decay("tau")
        gain = leak * flat["r"]
    elif kind in ("CubaLI", "CubaLIF"):
        leak, current_leak = decay("tau_mem"), decay("tau_syn")
        gain, current_gain = leak * flat["r"], current_leak * flat["w_in"]
    else:
        leak = ones
    return Dynamics(
        shape=shape,
        leak=leak,
        gain=gain,
        bias=leak * flat.get("v_leak", 0 * ones),
        threshold=flat.get("v_threshold", flat.get("threshold", np.inf * ones)),
        reset=flat.get("v_reset", 0 * ones),
        current_leak=current_leak,
        current_gain=current_gain,
    )


@dataclass(frozen=True)
class Integers:
    """A node's neurons in weight units, 2^−k of NIR's unit each; arrays of shape (n,)."""

    leak: npt.NDArray[np.int64]
    current_leak: npt.NDArray[np.int64]
    bias: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.int64]
    reset: npt.NDArray[np.int64]
    scale: float
    notes: tuple[str, ...]

    @classmethod
    def of(cls, name: str, neurons: Dynamics, bias: _FLOATS, drive: _FLOATS, bits: int) -> Integers:
        """Round to integers so fine that threshold, reset and drive take up to `bits` bits.

        Parameters
        ----------
        name : str
            Of the node.
        neurons : Dynamics
        bias : array (n,)
            Of the potential, per tick.
        drive : array (n,)
            Σ|weight|·gain of what can arrive in a tick, bias included.
        bits : int
        """
        finite = neurons.threshold[np.isfinite(neurons.threshold)]
        largest = max(
            (float(np.abs(part).max(initial=0.0)) for part in (finite, neurons.reset, drive, bias)),
        )
        scale = 2.0 ** min(bits - frexp(largest)[1], _FINEST) if largest > 0 else 1.0
        leaks, notes = [], []
        for what, leak in (("leak", neurons.leak), ("current leak", neurons.current_leak)):
            steps = np.rint(leak * MEMORYLESS)
            lost = (leak > 0) & (steps == 0)
            if lost.any():
                raise InputError(
                    f"node {name!r}: a {what} of {leak[lost][0]:.3g} per tick is finer than "
                    f"1/{MEMORYLESS}: choose a larger dt"
                )
            off = np.abs(steps / MEMORYLESS - leak)
            if (off > 1e-9).any():
                worst = int(off.argmax())
                notes.append(
                    f"{name}: a {what} of {leak[worst]:.6g} per tick becomes "
                    f"{steps[worst]:.0f}/{MEMORYLESS}"
                )
            leaks.append(steps.astype(np.int64))
        # v > θ for a whole v is v ≥ ⌊θ⌋ + 1.
        fires = np.isfinite(neurons.threshold)
        threshold = np.full(len(fires), NEVER, dtype=np.int64)
        threshold[fires] = np.floor(neurons.threshold[fires] * scale).astype(np.int64) + 1
        return cls(
            leak=leaks[0],
            current_leak=leaks[1],
            bias=np.rint(bias * scale).astype(np.int64),
            threshold=threshold,
            reset=np.rint(neurons.reset * scale).astype(np.int64),
            scale=scale,
            notes=tuple(notes),
        )
