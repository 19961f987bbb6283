"""The density circuit as it was published: walkers leave, then move back into their counters.

Construction: Severa, Lehoucq, Parekh, Aimone, "Spiking neural algorithms for Markov process random
walk", IJCNN 2018; Smith et al., "Neuromorphic scaling advantages for energy-efficient random walk
computations", Nature Electronics 2022.
"""

from __future__ import annotations

import numpy as np

from spikealg.circuits.signal import Signal
from spikealg.solvers.diffusion.density_circuits.base import DensityCircuit

__all__ = ["PublishedCircuit"]


class PublishedCircuit(DensityCircuit):
    """A counter and a buffer per vertex, and two phases per walk step.

    A vertex holds n walkers as a potential of −n in its counter.

    1. "walk" wakes all counters and generators. A generator spikes once per walker until its
       counter reaches threshold; each of these spikes runs past the vertex's gates and out by an
       exit, into the buffer of a neighbour (as −1) or out of the mesh.
    2. When all counters are empty, "move" wakes the buffers, which hand their walkers over to the
       counters in the same manner. When all buffers are empty, the next walk step begins.

    Let d be the exits of a vertex and c the ticks to reach them: d by a chain of gates,
    ⌈log₂ d⌉ + 1 by a tree. Then there are V(2d + 4) + 4 neurons, one more if the circuit stops,
    and a step takes max(n + c) before + max(n) after + 7 ticks and, by a chain, 5 − P_last spikes
    per walker, 4 per vertex, and 4.
    """

    @property
    def longest_step(self) -> int:
        """Ticks that a walk step takes at most."""
        return 2 * self.most + int(self.choice.latency.max()) + 7

    def build(self, load: Signal, start: Signal) -> None:
        """Wire the vertices to each other and to the four neurons that control them."""
        target = self.exits.target
        counter = self._keeping(self.vertices, "counter")
        generator = self._gates(self.vertices, "generator")
        buffer = self._keeping(self.vertices, "buffer")
        buffer_generator = self._gates(self.vertices, "buffer_generator")
        readout = self._keeping(self.vertices, "readout")
        way_out = self._gates(len(target), "way_out")

        self._count_out(counter, generator)
        self.connect(generator, readout)
        self.connect(counter, readout, -1)
        self._choose_after_count(counter, generator, way_out)
        (inside,) = np.nonzero(target >= 0)
        self.connect(way_out[inside], buffer[target[inside]], -1)
        self._count_out(buffer, buffer_generator)
        self.connect(buffer_generator, counter, -1)
        self.connect(buffer, counter)

        walk = self._gates((), "walk", threshold=2)
        counters_empty = self._keeping((), "counters_empty", threshold=self.vertices)
        move = self._gates((), "move", threshold=2)
        buffers_empty = self._keeping((), "buffers_empty", threshold=self.vertices)
        for control, woken in ((walk, (counter, generator)), (move, (buffer, buffer_generator))):
            for neurons in woken:
                self.connect(control, neurons)
        # The last walker to leave is on its way for as long as the choice takes.
        self.connect(counter, counters_empty, delay=self.choice.latency)
        self.connect(counters_empty, move, 2, delay=2)
        self.connect(buffer, buffers_empty)
        self.connect(buffers_empty, walk, 2, delay=2)

        self.inject(load, counter)
        self.inject(start, walk)
        self.output("walk", walk)
        self.output("readout", readout)
        if len(self.exit_side):
            self.output("exit", way_out[np.flatnonzero(target < 0)])
        if self.steps is not None:
            self._stop_after(self.steps + 1, counters_empty)
