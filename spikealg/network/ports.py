"""Named groups of neurons through which values enter and leave a network."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_bool, as_choice, as_int, as_int_array
from spikealg.circuits.codings import CODINGS, coding_lines
from spikealg.circuits.ports import as_absent
from spikealg.errors import InputError, InputTypeError

__all__ = ["Port"]


@dataclass(frozen=True, eq=False)
class Port:
    """A named group of neurons with the coding of the values that pass through it.

    Parameters
    ----------
    neurons : array of int, shape (lines,)
        The neuron of each line. An input line may be −1: its values go nowhere.
    width : int
        Width of the value (bits of "binary" and "stream", largest count or time of "unary" and
        "temporal", lines of "current").
    coding : str
        One of ``CODINGS``, see :mod:`spikealg.circuits.codings`.
    latency : int or None
        Tick, counted from the tick of the inputs, at which an output is ready; None where the
        duration depends on the data (the network then has an output named "done").
    optional : bool
        Whether a call of the network may leave out this input.
    absent : int or None
        The value that it then has; None leaves it silent.
    """

    neurons: npt.NDArray[np.int64]
    width: int
    coding: str = "current"
    latency: int | None = 0
    optional: bool = False
    absent: int | None = None

    def __post_init__(self) -> None:
        neurons = _as_neurons(self.neurons)
        width = as_int("Port.width", self.width, low=0)
        lines = coding_lines(as_choice("Port.coding", self.coding, CODINGS), width)
        if neurons.shape != (lines,):
            raise InputError(
                f"Port.neurons must have shape ({lines},) for coding {self.coding!r} of width "
                f"{width}, got shape {neurons.shape}"
            )
        object.__setattr__(self, "neurons", neurons)
        object.__setattr__(self, "width", width)
        if self.latency is not None:
            object.__setattr__(self, "latency", as_int("Port.latency", self.latency, low=0))
        object.__setattr__(self, "optional", as_bool("Port.optional", self.optional))
        if self.absent is not None:
            object.__setattr__(self, "absent", as_absent("Port.absent", self))

    @property
    def lines(self) -> int:
        """Number of lines, one neuron each."""
        return len(self.neurons)

    def identical(self, other: Port) -> bool:
        """Whether both ports have the same neurons and say the same of their values."""
        return np.array_equal(self.neurons, other.neurons) and all(
            getattr(self, field.name) == getattr(other, field.name)
            for field in fields(self)
            if field.name != "neurons"
        )


def _as_neurons(given: Any) -> npt.NDArray[np.int64]:
    """Return indices of neurons as an array of their own that nobody changes."""
    neurons = np.array(as_int_array("Port.neurons", given, low=-1))
    listed = isinstance(given, (list, tuple)) and any(isinstance(entry, bool) for entry in given)
    if listed or (isinstance(given, np.ndarray) and given.dtype == bool):
        raise InputTypeError("Port.neurons must hold whole numbers of at least -1, got bools")
    neurons.setflags(write=False)
    return neurons
