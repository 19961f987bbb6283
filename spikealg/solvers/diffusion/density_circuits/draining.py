"""The density circuit whose counters drain: a spike of a counter is a walker that leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.circuits import In, Out
from spikealg.circuits.signal import Signal
from spikealg.solvers.diffusion.density_circuits.base import DensityCircuit

__all__ = ["DrainingCircuit"]


class DrainingCircuit(DensityCircuit):
    """Two counters per vertex: one drains, a walker a tick, while the other fills.

    A counter has threshold 1 and loses 1 by a spike. Open, it holds n walkers as a potential of n
    and spikes in n ticks one after another. Closed, it lies lower by a power of two not less than
    ``most``, and is silent. Its spike goes past the gates and then straight to the counters of the
    neighbours: an exit needs no neuron, because a signed sum of spikes says who takes it, and a
    counter sums up anyway. Only exits out of the mesh have a neuron each, so that a walker that
    leaves is a spike.

    There are two control neurons called "gone". One counts down the walkers that have yet to
    leave in this step, while the other counts those that will have to in the next. The spike of
    the first says that all have left: it closes the drained counters and opens those that have
    been filled, in the tick in which the last walker arrives there.

    Let d be the exits of a vertex, s those of them that leave the mesh, and c the ticks to reach
    them: d by a chain of gates, ⌈log₂ d⌉ + 1 by a tree. Then there are V·2(d + s) + 3 neurons, one
    more if the circuit stops. A step takes max(n + p) ticks over vertices that are not empty,
    where the pause p is max(c − 1, 1), or the ticks to the last of the exits that leave the mesh
    if that is longer. It takes 1 spike per walker, 1 at each gate that sends it on (by a chain
    1 − P_last), 1 for leaving the mesh, and 2.
    """

    halves = 2
    readouts_per_vertex = 2

    @property
    def longest_step(self) -> int:
        """Ticks that a walk step takes at most."""
        return self.most + int(self._pause().max())

    def _declared(self) -> dict[str, In | Out]:
        return {"total": In(1, "current"), **super()._declared()}

    def _inputs(self, walkers: npt.NDArray[np.integer[Any]]) -> dict[str, Any]:
        return {"load": walkers[np.newaxis], "total": -walkers.sum(axis=1), "start": 10}

    def build(self, load: Signal, total: Signal, start: Signal) -> None:
        """Wire the two halves to each other and to the three neurons that control them."""
        pause = self._pause()
        soonest = int(pause.min())
        # A single bit is least work where potentials are bit planes.
        lock = 1 << (self.most - 1).bit_length()
        # The second half begins as one that has drained, see `start`.
        v_init = np.array([[-lock], [0]])
        counter = self._keeping((2, self.vertices), "counter", reset="subtract", v_init=v_init)
        way_out = self._gates((2, len(self.exit_side) // 2), "way_out")
        gone = self._keeping(2, "gone")
        walk = self._gates((), "walk")
        for half in range(2):
            draining, filling, next_gone = counter[half], counter[1 - half], gone[1 - half]
            self._choose_directly(draining, filling, 1, way_out[half])
            self.connect(draining, gone[half], delay=1 + pause - soonest)
            self.connect(draining, next_gone, -1)
            self.connect(way_out[half], next_gone)
            self.connect(gone[half], draining, -lock, delay=soonest)
            self.connect(gone[half], filling, lock, delay=soonest)
            for begun in (next_gone, walk):
                self.connect(gone[half], begun, delay=soonest)

        self.inject(load, counter[0])
        self.inject(total, gone[0])
        self.inject(start, gone[1])
        self.output("walk", walk)
        self.output("readout", counter.reshape(-1))
        if len(self.exit_side):
            self.output("exit", way_out.reshape(-1))
        if self.steps is not None:
            self._stop_after(self.steps + 2, gone)
