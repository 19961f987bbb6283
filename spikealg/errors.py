"""The errors of spikealg.

Every error that the library raises on purpose is a :class:`SpikealgError`; each child is also the
built-in exception a caller would expect, so ``except ValueError`` keeps working.
"""

from __future__ import annotations

__all__ = [
    "CheckFailedError",
    "DataNotFoundError",
    "DivergedError",
    "FileFormatError",
    "InputError",
    "InputTypeError",
    "MissingExtraError",
    "NeuronOverflowError",
    "SpikealgError",
    "TooLargeError",
    "WiringError",
    "WorkerLostError",
]


class SpikealgError(Exception):
    """Base of all errors of the library."""


class InputError(SpikealgError, ValueError):
    """An argument has a value that cannot be used; the message says what would be right."""


class InputTypeError(SpikealgError, TypeError):
    """An argument has a type that cannot be used; the message says what would be right."""


class WiringError(InputError):
    """Two ends of a circuit cannot be connected; the message names both by path."""


class NeuronOverflowError(SpikealgError, OverflowError):
    """A potential or current left int32 in a run.

    Attributes
    ----------
    tick, neuron, lane : int
        Where it happened first: the smallest tick, then neuron, then lane.
    """

    def __init__(self, message: str, *, tick: int, neuron: int, lane: int) -> None:
        super().__init__(message)
        self.tick = tick
        self.neuron = neuron
        self.lane = lane


class TooLargeError(SpikealgError, MemoryError):
    """The work does not fit into memory; the message gives the estimate."""


class FileFormatError(SpikealgError, ValueError):
    """A file is damaged, of a foreign format, or of a version that cannot be read."""


class DataNotFoundError(SpikealgError, FileNotFoundError):
    """A public data set is not on this machine; the message says where to get it."""


class MissingExtraError(SpikealgError, ImportError):
    """An optional package is needed; the message gives the command that installs it."""


class CheckFailedError(SpikealgError, AssertionError):
    """A solution disagrees with its own chain or with the reference solution."""


class DivergedError(SpikealgError, ArithmeticError):
    """Training left the finite numbers; the message names the epoch and what would help."""


class WorkerLostError(SpikealgError, RuntimeError):
    """Workers of an executor died again and again; the message names the work and what died."""
