"""A layer of whole numbers: what its neurons get, how they run, and what a unit of them is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.learners.base import Array, State
from spikealg.learners.quantization.maps import LinearMap, apply
from spikealg.learners.quantization.neurons import Neurons

__all__ = ["Stage", "StageState"]

StageState = tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]
"""Potentials before the reset, and spikes."""


@dataclass(frozen=True, eq=False)
class Stage:
    """A layer of integer neurons with what feeds it.

    Attributes
    ----------
    name : str
    feed : LinearMap
        Mantissas of the weights of what comes in.
    feed_shift : int
        A weight is its mantissa times 2^feed_shift.
    recurrent : LinearMap or None
        Mantissas of the weights from the last spikes of the layer itself.
    recurrent_shift : int
    neurons : Neurons
    unit : float64 array (n,)
        What one unit of a neuron's potential is in the model.
    shape : tuple of int
        Features that come out.
    fires : bool
        Whether spikes come out, or potentials.
    """

    name: str
    feed: LinearMap
    feed_shift: int
    recurrent: LinearMap | None
    recurrent_shift: int
    neurons: Neurons
    unit: npt.NDArray[np.float64]
    shape: tuple[int, ...]
    fires: bool

    def start(self, batch: int) -> StageState:
        """Return the state of rest before the first tick, arrays (batch, n)."""
        shape = batch, len(self.neurons)
        return np.zeros(shape, np.int32), np.zeros(shape, np.bool_)

    def drive(self, x: Array) -> Array:
        """Return what whole numbers x (ticks, batch, ...) send to the neurons.

        Returns
        -------
        float array (ticks, batch, n)
            Whole numbers, in units of the potential; exact.
        """
        # A power of two changes the exponent of a float, never its digits.
        return apply(self.feed, x) * np.float32(2.0**self.feed_shift)

    def run(self, x: Array, state: State) -> StageState:
        """Run a sequence of whole numbers.

        Parameters
        ----------
        x : array (ticks, batch, ...)
            Spikes as 0 and 1, or quantised inputs.
        state : int32 and bool array (batch, n)
            Potentials and spikes of the tick before the first.

        Returns
        -------
        potential : int32 array (ticks + 1, batch, n)
            After input and before the reset; entry 0 is that of `state`.
        spikes : bool array (ticks + 1, batch, n)

        Raises
        ------
        NeuronOverflowError
            If a potential leaves int32.
        """
        drive = self.drive(x)
        ticks, batch, n = drive.shape
        potential = np.empty((ticks + 1, batch, n), np.int32)
        spikes = np.empty((ticks + 1, batch, n), np.bool_)
        potential[0], spikes[0] = state
        if self.recurrent is None:
            self.neurons.advance(drive, potential, spikes, self.name, 0, ticks)
            return potential, spikes
        drive = drive.astype(np.float64)
        for tick in range(ticks):
            again = apply(self.recurrent, spikes[tick : tick + 1])[0]
            drive[tick] += again * 2.0**self.recurrent_shift
            self.neurons.advance(drive, potential, spikes, self.name, tick, tick + 1)
        return potential, spikes
