"""The density circuit whose walkers go from the gates straight into the counters."""

from __future__ import annotations

from spikealg.circuits.signal import Neurons, Signal
from spikealg.solvers.diffusion.density_circuits.base import DensityCircuit

__all__ = ["DirectCircuit"]


class DirectCircuit(DensityCircuit):
    """Two counters per vertex that swap roles, and nothing between gates and counters.

    As in the swapping circuit a vertex holds n walkers as a potential of −n, and one counter sends
    while the other takes arrivals. Two things make it shorter. Exits inside the mesh have no
    neuron: a signed sum of spikes says who takes one, and a counter sums up anyway. And the
    counter is woken a tick before its generator, so that it spikes in the tick of the last walker:
    the generator spikes once per walker and no more, which makes it the readout too.

    Let d be the exits of a vertex, s those of them that leave the mesh, and c the ticks to reach
    them: d by a chain of gates, ⌈log₂ d⌉ + 1 by a tree. Then there are V·2(d + s + 1) + 4 neurons,
    one more if the circuit stops. A step takes max(n + 1 + p) ticks, where the pause p is
    max(c − 1, 1), or the ticks to the last of the exits that leave the mesh if that is longer. It
    takes 1 spike per walker, 1 at each gate that sends it on (by a chain 1 − P_last), 1 for
    leaving the mesh, 1 per vertex, and 2.
    """

    halves = 2
    readouts_per_vertex = 2

    @property
    def longest_step(self) -> int:
        """Ticks that a walk step takes at most."""
        return self.most + 1 + int(self._pause().max())

    def build(self, load: Signal, start: Signal) -> None:
        """Wire the two halves to each other and to the four neurons that control them."""
        counter = self._keeping((2, self.vertices), "counter")
        generator = self._gates((2, self.vertices), "generator")
        way_out = self._gates((2, len(self.exit_side) // 2), "way_out")
        begin = self._gates((), "begin", threshold=2)
        wake, done = self._barrier(begin)
        walk = self._gates((), "walk")
        for half in range(2):
            sending, driver, taking = counter[half], generator[half], counter[1 - half]
            self._count_out(sending, driver)
            self._choose_directly(driver, taking, -1, way_out[half])
            self.connect(wake[half], sending)
            for woken in (sending, driver):
                self.connect(wake[half], woken, delay=2)
            self.connect(wake[half], walk)
            self.connect(sending, done[1 - half], delay=self._pause())

        self.inject(load, counter[0])
        self.inject(start, begin)
        self.output("walk", walk)
        self.output("readout", generator.reshape(-1))
        if len(self.exit_side):
            self.output("exit", way_out.reshape(-1))
        if self.steps is not None:
            self._stop_after(self.steps + 2, wake)

    def _barrier(self, begin: Neurons) -> tuple[Neurons, Neurons]:
        """Add the neurons that begin the steps in which either half sends.

        Parameters
        ----------
        begin : Neurons
            Begins the first step.

        Returns
        -------
        wake, done : Neurons (2,)
            A spike begins a step of that half; a spike is due when the vertices told have all sent
            their walkers, those of the other half.
        """
        wake = self._keeping(2, "wake", threshold=self.vertices)
        self.connect(begin, wake[0], self.vertices)
        return wake, wake
