"""The density circuit with two counters per vertex that swap roles, so that nobody moves back."""

from __future__ import annotations

import numpy as np

from spikealg.circuits.signal import Signal
from spikealg.solvers.diffusion.density_circuits.base import DensityCircuit

__all__ = ["SwappingCircuit"]


class SwappingCircuit(DensityCircuit):
    """Two counters per vertex: one sends its walkers on while the other takes arrivals.

    In odd walk steps the first counters send and the second take, in even steps the reverse; each
    has a generator, gates and ways out of its own. A vertex holds n walkers as a potential of −n.
    "wake" begins a step when the counters that have sent are all empty, in the tick in which the
    last walker reaches those that send next.

    Let d be the exits of a vertex and c the ticks to reach them: d by a chain of gates,
    ⌈log₂ d⌉ + 1 by a tree. Then there are V(4d + 3) + 4 neurons, one more if the circuit stops,
    and a step takes max(n + max(c, 2)) ticks and, by a chain, 4 − P_last spikes per walker, 2 per
    vertex, and 2.
    """

    halves = 2

    @property
    def longest_step(self) -> int:
        """Ticks that a walk step takes at most."""
        return self.most + max(int(self.choice.latency.max()), 2)

    def build(self, load: Signal, start: Signal) -> None:
        """Wire the two halves to each other and to the four neurons that control them."""
        target = self.exits.target
        (inside,) = np.nonzero(target >= 0)
        counter = self._keeping((2, self.vertices), "counter")
        generator = self._gates((2, self.vertices), "generator")
        readout = self._keeping(self.vertices, "readout")
        way_out = self._gates((2, len(target)), "way_out")
        begin = self._gates((), "begin", threshold=2)
        wake = self._keeping(2, "wake", threshold=self.vertices)
        walk = self._gates((), "walk")
        for half in range(2):
            sending, driver, taking = counter[half], generator[half], counter[1 - half]
            self._count_out(sending, driver)
            self.connect(driver, readout)
            self.connect(sending, readout, -1)
            self._choose_after_count(sending, driver, way_out[half])
            self.connect(way_out[half, inside], taking[target[inside]], -1)
            for woken in (sending, driver, walk):
                self.connect(wake[half], woken)
            # The last walker leaves a tick before the counter spikes.
            self.connect(sending, wake[1 - half], delay=np.maximum(self.choice.latency - 1, 1))
        self.connect(begin, wake[0], self.vertices)

        self.inject(load, counter[0])
        self.inject(start, begin)
        self.output("walk", walk)
        self.output("readout", readout)
        if len(self.exit_side):
            self.output("exit", way_out[:, target < 0].reshape(-1))
        if self.steps is not None:
            self._stop_after(self.steps + 2, wake)
