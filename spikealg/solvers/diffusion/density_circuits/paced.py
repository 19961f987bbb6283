"""The direct density circuit whose steps begin at multiples of a period."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spikealg.arguments import as_int
from spikealg.circuits.signal import Neurons
from spikealg.solvers.diffusion.density_circuits.choice import Choice
from spikealg.solvers.diffusion.density_circuits.direct import DirectCircuit
from spikealg.solvers.diffusion.equation.transition import ExitLists, Transition

__all__ = ["PacedCircuit"]


class PacedCircuit(DirectCircuit):
    """The direct circuit with a clock: lanes begin their steps together.

    Where a step begins when the one before is done, lanes drift apart, and at any time both halves
    of every vertex are busy in some lane. Here a step waits for the next spike of a clock. Lanes
    that are done within a period stay together, so that only one half is busy, and nobody in what
    is left of the period. A lane that is not done begins a period later; it is still right.

    A step takes the least multiple of the period above that of the direct circuit. There are three
    neurons more, and in each step a spike more besides those of the clock.

    Parameters
    ----------
    transition, choice, **parameters
        As for `DensityCircuit`.
    crowd : int, optional
        Walkers at a vertex with whom a step is still done within a period; by default `most`.

    Attributes
    ----------
    period : int
        Ticks from a spike of the clock to the next.
    """

    def __init__(
        self,
        transition: Transition,
        choice: Callable[[ExitLists], Choice],
        *,
        crowd: int | None = None,
        **parameters: Any,
    ) -> None:
        super().__init__(transition, choice, **parameters)
        most = self.most if crowd is None else as_int("crowd", crowd, low=0, high=self.most)
        self.period = most + 2 + int(self._pause().max())

    @property
    def longest_step(self) -> int:
        """Ticks that a walk step takes at most."""
        return super().longest_step + self.period

    def _barrier(self, begin: Neurons) -> tuple[Neurons, Neurons]:
        wake = self._keeping(2, "wake", threshold=2)
        done = self._keeping(2, "done", threshold=self.vertices)
        # Begins to count in the tick in which the first step begins.
        clock = self._keeping((), "clock", threshold=self.period, bias=1, v_init=-1)
        # What the clock gives it takes back a tick later, and a spike has already taken it.
        self.connect(clock, wake)
        self.connect(clock, wake, -1, delay=2)
        self.connect(wake, wake)
        self.connect(done, wake)
        self.connect(begin, wake[0], 2)
        self.connect(begin, wake[0], -1, delay=2)
        return wake, done
