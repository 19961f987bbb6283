"""Neurons of integers as the engine has them, run over a batch: the quantised forward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from spikealg.errors import NeuronOverflowError
from spikealg.network import NEVER, NO_FLOOR, RESETS

__all__ = ["Neurons"]

Integers = npt.NDArray[np.int64]
INT32_MAX = 2**31 - 1
VALUE, SUBTRACT = RESETS.index("value"), RESETS.index("subtract")


@dataclass(frozen=True, eq=False)
class Neurons:
    """Parameters of the n neurons of a layer, in weight units of the engine.

    Attributes
    ----------
    threshold, leak, bias, reset_value, floor : int64 arrays (n,)
        As in :class:`~spikealg.network.Network`.
    inhibition : int64 array (n,)
        What a neuron's own spike takes from its potential one tick later: minus the weight of a
        synapse from the neuron to itself.
    reset : int64 array (n,)
        Indices into ``RESETS``.
    """

    threshold: Integers
    leak: Integers
    bias: Integers
    inhibition: Integers
    reset_value: Integers
    floor: Integers
    reset: Integers

    @classmethod
    def make(cls, n: int, **values: npt.ArrayLike) -> Neurons:
        """Return n neurons; scalars broadcast, what is not given is the engine's default."""
        parameters = {
            "threshold": NEVER, "leak": 0, "bias": 0, "inhibition": 0, "reset_value": 0,
            "floor": NO_FLOOR, "reset": RESETS.index("value"),
        } | values  # fmt: skip
        arrays = {
            name: np.array(np.broadcast_to(np.asarray(value, dtype=np.int64).reshape(-1), (n,)))
            for name, value in parameters.items()
        }
        return cls(**arrays)

    def __len__(self) -> int:
        return len(self.threshold)

    def advance(
        self,
        drive: npt.NDArray[Any],
        potential: npt.NDArray[np.int32],
        spikes: npt.NDArray[np.bool_],
        name: str,
        begin: int,
        end: int,
    ) -> None:
        """Run from tick `begin` to before tick `end`.

        Parameters
        ----------
        drive : array (ticks, batch, n)
            Synaptic and injected input of each tick: whole numbers below 2⁵³ in any dtype.
        potential : int32 array (ticks + 1, batch, n)
            After input and before the reset; entry 0 is the state before the first tick. Written
            from ``begin + 1`` to ``end``.
        spikes : bool array (ticks + 1, batch, n)
            Likewise.
        name : str
            What an error calls the neurons.

        Raises
        ------
        NeuronOverflowError
            If a potential leaves int32, as in the engine.
        """
        tick, lane, neuron = _advance(
            drive, potential, spikes, self.threshold, self.leak, self.bias, self.inhibition,
            self.reset_value, self.floor, self.reset, begin, end,
        )  # fmt: skip
        if tick >= 0:
            raise NeuronOverflowError(
                f"the potential of {name}, neuron {neuron}, leaves int32 at tick {tick} of sample "
                f"{lane}: use fewer guard or weight bits, or shorter sequences",
                tick=tick,
                neuron=neuron,
                lane=lane,
            )


@njit(cache=True)
def _decay(x, leak):
    """Return L(x, leak) = sgn(x)·⌊|x|·(4096 − leak)/4096⌋; int64."""
    if x < 0:
        return -((-x * (4096 - leak)) >> 12)
    return (x * (4096 - leak)) >> 12


@njit(cache=True)
def _advance(drive, potential, spikes, threshold, leak, bias, inhibition, reset_value, floor, reset,
             begin, end):  # fmt: skip
    """Fill entries begin + 1 to end of `potential` and `spikes` (ticks + 1, batch, n).

    `drive` is (ticks, batch, n); the parameters are int64 (n,), `reset` indices into RESETS. All in
    weight units. Returns tick, sample and neuron where int32 was left, or −1s.
    """
    for t in range(begin, end):
        for b in range(drive.shape[1]):
            for j in range(drive.shape[2]):
                fired = spikes[t, b, j]
                v = np.int64(potential[t, b, j])
                if fired and reset[j] == VALUE:
                    v = reset_value[j]
                elif fired and reset[j] == SUBTRACT:
                    v -= threshold[j]
                u = _decay(v, leak[j]) + np.int64(drive[t, b, j]) + bias[j]
                if fired:
                    u -= inhibition[j]
                u = max(u, floor[j])
                if u > INT32_MAX or u < -INT32_MAX - 1:
                    return t, b, j
                potential[t + 1, b, j] = u
                spikes[t + 1, b, j] = u >= threshold[j] and threshold[j] != INT32_MAX
    return -1, -1, -1
