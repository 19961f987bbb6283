"""The density circuit: a counter of walkers at every vertex of a mesh.

Construction: Severa, Lehoucq, Parekh, Aimone, "Spiking neural algorithms for Markov process random
walk", IJCNN 2018; Smith et al., "Neuromorphic scaling advantages for energy-efficient random walk
computations", Nature Electronics 2022. It is covered by US patents on neuromorphic hardware.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.circuits import Circuit, In, Out
from spikealg.circuits.signal import Neurons, Signal
from spikealg.network import MEMORYLESS
from spikealg.solvers.diffusion.transition import Transition

__all__ = ["DensityCircuit"]

Array = npt.NDArray[np.int64]


class DensityCircuit(Circuit):
    """Walkers on the live vertices of a transition, counted at each vertex.

    A vertex holds n walkers as a potential of −n in its counter. A walk step has two phases:

    1. "walk" wakes all counters and generators. A generator spikes once per walker until its
       counter reaches threshold; each of these spikes runs past the vertex's gates, one of which
       sends it out by an exit, into the buffer of a neighbour (as −1) or out of the mesh.
    2. When all counters are empty, "move" wakes the buffers, which hand their walkers over to the
       counters in the same manner. When all buffers are empty, the next walk step begins.

    A step takes max(n + d) before + max(n) after + 7 ticks, d being the number of exits of a
    vertex, and there are V(2d + 4) + 4 neurons, one more if the circuit stops.

    Parameters
    ----------
    transition : Transition
        One step; "stay" is an exit to the vertex itself.
    steps : int, optional
        Stop when the walkers have been counted after so many steps; by default walk for ever.
    probability_bits : int
        Gates fire with probabilities rounded to so many bits (7 is what Loihi has), 1 to 32.

    Attributes
    ----------
    exit_side : int64 array (lines of "exit",)
        By which side of the transition each line of the port "exit" leads.

    Notes
    -----
    Ports: "load" (current, a line per live vertex) takes −n at tick 0, and "start" (current) 10;
    "walk" spikes at the start of every walk step; "readout" spikes once per walker and step, at
    the vertex where the step begins; "exit" once per walker that leaves; "stop" when done.
    """

    def __init__(
        self, transition: Transition, *, steps: int | None = None, probability_bits: int = 32
    ) -> None:
        self.transition = transition
        self.steps = None if steps is None else as_int("steps", steps, low=0)
        self.probability_bits = as_int("probability_bits", probability_bits, low=1, high=32)
        targets = transition.exits.target
        self.exit_side = -1 - targets[targets < 0]
        ports: dict[str, In | Out] = {
            "load": In(len(transition.vertices), "current"),
            "start": In(1, "current"),
            "walk": Out(1, "current"),
            "readout": Out(len(transition.vertices), "current"),
        }
        if len(self.exit_side):
            ports["exit"] = Out(len(self.exit_side), "current")
        if self.steps is not None:
            ports["stop"] = Out(1, "current")
        super().__init__("density", **ports)

    def build(self, load: Signal, start: Signal) -> None:
        """Wire the vertices to each other and to the four neurons that control them."""
        exits = self.transition.exits
        degree = np.diff(exits.indptr)
        vertices = len(degree)
        vertex = np.repeat(np.arange(vertices), degree)
        counter = self._keeping(vertices, "counter")
        generator = self._gates(vertices, "generator")
        buffer = self._keeping(vertices, "buffer")
        buffer_generator = self._gates(vertices, "buffer_generator")
        readout = self._keeping(vertices, "readout")
        way_out = self._gates(len(vertex), "way_out")

        self._count_out(counter, generator)
        self.connect(generator, readout)
        self.connect(counter, readout, -1)
        self._choose(counter, generator, way_out)
        inside = np.flatnonzero(exits.target >= 0)
        self.connect(way_out[inside], buffer[exits.target[inside]], -1)
        self._count_out(buffer, buffer_generator)
        self.connect(buffer_generator, counter, -1)
        self.connect(buffer, counter)

        walk = self.neuron(name="walk", threshold=2, leak=MEMORYLESS)
        counters_empty = self.neuron(name="counters_empty", threshold=vertices)
        move = self.neuron(name="move", threshold=2, leak=MEMORYLESS)
        buffers_empty = self.neuron(name="buffers_empty", threshold=vertices)
        for control, woken in ((walk, (counter, generator)), (move, (buffer, buffer_generator))):
            for neurons in woken:
                self.connect(control, neurons)
        # The last walker to leave passes the gates for as many ticks as there are exits.
        self.connect(counter, counters_empty, delay=degree)
        self.connect(counters_empty, move, 2, delay=2)
        self.connect(buffer, buffers_empty)
        self.connect(buffers_empty, walk, 2, delay=2)

        self.inject(load, counter)
        self.inject(start, walk)
        self.output("walk", walk)
        self.output("readout", readout)
        if len(self.exit_side):
            self.output("exit", way_out[np.flatnonzero(exits.target < 0)])
        if self.steps is not None:
            stop = self.neuron(name="stop", threshold=self.steps + 1)
            self.connect(counters_empty, stop)
            self.output("stop", stop)

    def _keeping(self, shape: int, name: str) -> Neurons:
        return self.neurons(shape, name=name, threshold=1)

    def _gates(self, shape: int, name: str, **parameters: Any) -> Neurons:
        return self.neurons(shape, name=name, threshold=1, leak=MEMORYLESS, **parameters)

    def _count_out(self, counter: Neurons, generator: Neurons) -> None:
        """Let a generator spike until its counter, one up for each spike, reaches threshold."""
        self.connect(generator, generator)
        self.connect(generator, counter)
        self.connect(counter, counter, -1)
        self.connect(counter, generator, -1)

    def _choose(self, counter: Neurons, generator: Neurons, way_out: Neurons) -> None:
        """Wire the gates past which a walker runs: the i-th takes it with P_i / (P_i + P_i+1 …).

        Gate i sees a walker i + 1 ticks after the generator, unless a gate before it has taken
        it. The counter's spike cancels the generator's last one, which is no walker.
        """
        exits = self.transition.exits
        degree = np.diff(exits.indptr)
        vertex = np.repeat(np.arange(len(degree)), degree)
        place = np.arange(len(vertex)) - exits.indptr[:-1][vertex]
        gated = place < degree[vertex] - 1
        gate = self._gates(
            int(gated.sum()), "gate", probability=self._gate_probability(place)[gated]
        )
        # The number of the gate at each exit that has one.
        number = np.cumsum(gated) - 1
        for source, weight in ((generator, 1), (counter, -1)):
            self.connect(source[vertex[gated]], gate, weight, delay=place[gated] + 1)
            self.connect(source[vertex[~gated]], way_out[~gated], weight, delay=degree)
        self.connect(gate, way_out[gated])
        earlier, later = _pairs(exits.indptr[:-1], degree)
        both = gated[later]
        delay = place[later] - place[earlier]
        sender = gate[number[earlier]]
        self.connect(sender[both], gate[number[later[both]]], -1, delay=delay[both])
        self.connect(sender[~both], way_out[later[~both]], -1, delay=delay[~both])

    def _gate_probability(self, place: Array) -> npt.NDArray[np.float64]:
        """Return for each exit its probability among itself and the exits after it."""
        exits = self.transition.exits
        degree = np.diff(exits.indptr)
        # Summed from the last exit of each vertex, so that small ones are not lost.
        remaining = exits.probability.copy()
        for back in range(2, int(degree.max(initial=1)) + 1):
            at = (exits.indptr[1:] - back)[degree >= back]
            remaining[at] += remaining[at + 1]
        scale = 2.0**self.probability_bits
        return np.rint(np.minimum(exits.probability / remaining, 1.0) * scale) / scale


def _pairs(first: Array, degree: Array) -> tuple[Array, Array]:
    """Return all pairs (earlier, later) of exits of the same vertex, as indices of exits."""
    earlier, later = [], []
    for d in np.unique(degree):
        i, j = np.triu_indices(d, k=1)
        base = first[degree == d][:, np.newaxis]
        earlier.append((base + i).ravel())
        later.append((base + j).ravel())
    return np.concatenate(earlier), np.concatenate(later)
