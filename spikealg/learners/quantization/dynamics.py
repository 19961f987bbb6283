"""Which units a neuron of the engine can be, and with what constants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.learners.units import (
    ASNU,
    GLIF,
    LISNU,
    SNU,
    IntegrateFire,
    LeakyReadout,
    ReLU,
    Sigmoid,
    Tanh,
    Unit,
    sSNU,
)
from spikealg.network import RESETS

__all__ = ["Dynamics", "dynamics_of", "readout"]

Floats = npt.NDArray[np.float64]
VALUE, SUBTRACT, NONE = map(RESETS.index, ("value", "subtract", "none"))

REAL = 'its output is a real number and a neuron sends spikes: train a binary unit, as unit("BLI")'
REFUSED: tuple[tuple[type[Unit], str], ...] = (
    (Tanh, REAL),
    (Sigmoid, REAL),
    (ReLU, REAL),
    (sSNU, REAL),
    (LISNU, "a spike of one unit resets the potentials of all, and a neuron resets its own only"),
    (ASNU, "its threshold follows its output, and the threshold of a neuron is fixed"),
)


@dataclass(frozen=True, eq=False)
class Dynamics:
    """How a unit goes from tick to tick, in units of the model; arrays broadcast to (n,).

    Attributes
    ----------
    keep : float array
        What is left of the potential after a tick, 0 to 1.
    threshold : float array or None
        None never fires.
    gain : float array
        Factor of the input, above 0.
    inhibition, reset_value : float array
    reset : int array
        Indices into ``RESETS``.
    floored : bool
        Whether the potential is kept from falling below 0.
    """

    keep: Floats
    threshold: Floats | None
    gain: Floats
    inhibition: Floats
    reset_value: Floats
    reset: npt.NDArray[np.int64]
    floored: bool = False


def readout(keep: npt.ArrayLike = 0.0) -> Dynamics:
    """Return neurons that never fire; their potentials are read."""
    zero = np.zeros(1)
    return Dynamics(
        keep=np.atleast_1d(np.asarray(keep, np.float64)),
        threshold=None,
        gain=np.ones(1),
        inhibition=zero,
        reset_value=zero,
        reset=np.array([NONE]),
    )


def dynamics_of(unit: Unit, name: str) -> Dynamics:
    """Return what a unit does, in the terms of a neuron of the engine.

    Parameters
    ----------
    unit : Unit
        Built: its constants are read, one for each neuron.
    name : str
        What errors call it.

    Raises
    ------
    InputError
        If a neuron cannot do that; the message says why.
    """
    for kind, reason in REFUSED:
        if isinstance(unit, kind):
            raise InputError(f"{name} cannot be hosted: {reason}")
    table = unit.per_neuron().astype(np.float64)
    constants = dict(zip(unit.constant_names, table, strict=True))
    for share in unit.shares:
        outside = (constants[share] < 0) | (constants[share] > 1)
        if outside.any():
            raise InputError(
                f"{name} cannot be hosted: its {share} {constants[share][outside][0]:g} is not "
                "from 0 to 1: call model.constrain() after every step of training"
            )
    if isinstance(unit, LeakyReadout):
        return readout(constants["decay"])
    if isinstance(unit, SNU):
        if unit.g == "leaky_relu":
            raise InputError(
                f"{name} cannot be hosted: its leaky ReLU shrinks a potential below 0 in every "
                'tick, and a neuron leaks alike on both sides: train g="identity" or g="relu"'
            )
        zero = np.zeros_like(constants["d"])
        return Dynamics(
            keep=constants["d"],
            threshold=-constants["bias"],
            gain=zero + 1,
            inhibition=zero,
            reset_value=zero,
            reset=np.full(zero.shape, VALUE),
            floored=unit.g == "relu",
        )
    if isinstance(unit, GLIF):
        return _of_glif(unit, constants, name)
    raise InputError(f"{name} cannot be hosted: no neuron is known for {type(unit).__name__}")


def _of_glif(unit: GLIF, constants: dict[str, Floats], name: str) -> Dynamics:
    reset, gain = constants["reset"], constants["gain"]
    partial = (reset != 0) & (reset != 1)
    if partial.any():
        raise InputError(
            f"{name} cannot be hosted: its reset {reset[partial][0]:g} takes part of the "
            "potential, and a neuron resets all of it or nothing: train reset=0 or reset=1"
        )
    if (gain <= 0).any():
        raise InputError(
            f"{name} cannot be hosted: its gain {gain.min():g} cannot be folded into thresholds; "
            "it must be above 0"
        )
    codes = np.where(reset == 1, VALUE, NONE)
    inhibition = constants["hyperpolarisation"]
    if isinstance(unit, IntegrateFire):
        # Its hyperpolarisation is its threshold: reset by subtraction, and no synapse.
        codes, inhibition = np.full(reset.shape, SUBTRACT), np.zeros_like(inhibition)
    return Dynamics(
        keep=constants["decay"],
        threshold=constants["threshold"],
        gain=gain,
        inhibition=inhibition,
        reset_value=constants["reset_value"],
        reset=codes,
    )
