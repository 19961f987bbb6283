"""What a network does that NIR has no words for, and what is said instead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.network import MEMORYLESS, NEVER, NO_FLOOR, RESETS, Network

__all__ = ["Unsaid", "never_fires", "rounded", "unsaid"]


@dataclass(frozen=True)
class Unsaid:
    """A feature, the neurons that have it, and what an approximate graph says instead."""

    feature: str
    instead: str
    neurons: npt.NDArray[np.int64]

    def describe(self, network: Network) -> str:
        """Return the feature, how many neurons have it, and the path of the first."""
        count = len(self.neurons)
        others = f" and {count - 1} more" if count > 1 else ""
        return f"{self.feature} ({network.name(int(self.neurons[0]))}{others})"


def never_fires(network: Network) -> npt.NDArray[np.bool_]:
    """Return which neurons never spike: threshold ``NEVER`` or probability 0."""
    never: npt.NDArray[np.bool_] = (network.threshold == NEVER) | (network.draw_limit == 0)
    return never


def rounded(network: Network) -> npt.NDArray[np.bool_]:
    """Return which neurons round: those whose potential or current decays, but not at once."""
    potential = (network.leak > 0) & (network.leak < MEMORYLESS)
    current = (network.current_leak > 0) & (network.current_leak < MEMORYLESS)
    return potential | current


def unsaid(network: Network) -> list[Unsaid]:
    """Return the features that NIR cannot say, where they make a difference.

    A neuron without memory has no reset and no initial potential; one that never fires has no reset
    and no refractory period either.
    """
    keeps = network.leak < MEMORYLESS
    fires = ~never_fires(network)
    reset = {word: (network.reset == code) & keeps & fires for code, word in enumerate(RESETS)}
    felt_floor = keeps | (network.threshold <= network.floor)
    found = [
        Unsaid('reset "subtract"', "the potential is reset to 0", reset["subtract"].nonzero()[0]),
        Unsaid(
            'reset "none"', "the potential is reset to the threshold", reset["none"].nonzero()[0]
        ),
        Unsaid(
            "a firing probability below 1",
            "an eligible neuron always fires",
            ((network.draw_limit < 2**32) & fires).nonzero()[0],
        ),
        Unsaid(
            "a refractory period",
            "there is none",
            ((network.refractory > 0) & fires).nonzero()[0],
        ),
        Unsaid(
            "refractory ticks at the start",
            "there are none",
            (network.refractory_init > 0).nonzero()[0],
        ),
        Unsaid(
            "a floor of the potential",
            "there is none",
            ((network.floor > NO_FLOOR) & felt_floor).nonzero()[0],
        ),
        Unsaid(
            "an initial potential",
            "it starts at 0",
            ((network.v_init != 0) & keeps).nonzero()[0],
        ),
    ]
    return [feature for feature in found if len(feature.neurons)]
