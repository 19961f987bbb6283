"""What the density circuits have in common: ports, counting out, and the choice of an exit.

A density circuit holds a counter of walkers at every vertex of a mesh. Such circuits are covered
by US patents on neuromorphic hardware.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.circuits import Circuit, In, Out
from spikealg.circuits.signal import Neurons
from spikealg.errors import InputError
from spikealg.network import MEMORYLESS
from spikealg.solvers.diffusion.density_circuits.choice import Choice, Terms
from spikealg.solvers.diffusion.equation.transition import ExitLists, Transition

__all__ = ["MOST", "DensityCircuit"]

IntArray = npt.NDArray[np.int64]
MOST = 2**29
"""Walkers that a lane may hold: a weight as large still fits int32 a few times."""


class DensityCircuit(Circuit):
    """Walkers on the live vertices of a transition, counted at each vertex.

    Parameters
    ----------
    transition : Transition
        One step; "stay" is an exit to the vertex itself.
    choice : callable
        How a walker finds its exit: `chain_of_gates` or `tree_of_gates`.
    steps : int, optional
        Stop when the walkers have been counted after so many steps; by default walk for ever.
    probability_bits : int
        Gates fire with probabilities rounded to so many bits (7 is what Loihi has), 1 to 32.
    most : int
        No lane holds more walkers than this, 1 to 2²⁹.

    Attributes
    ----------
    exits : ExitLists
        The exits of the live vertices.
    choice : Choice
        The gates before them.
    exit_side : int64 array (lines of "exit",)
        By which side of the transition each line of the port "exit" leads.

    Notes
    -----
    Ports, all of coding "current": "load" and "start" take what :meth:`inputs` returns. "walk"
    spikes at the start of every walk step. "readout" spikes once per walker and step, at the
    vertex where the step begins: V lines, or twice as many of which V + v belongs to vertex v
    too. "exit" spikes once per walker that leaves, "stop" when done.
    """

    halves = 1
    """How often the circuit has gates and exits of every vertex."""
    readouts_per_vertex = 1

    def __init__(
        self,
        transition: Transition,
        choice: Callable[[ExitLists], Choice],
        *,
        steps: int | None = None,
        probability_bits: int = 32,
        most: int = MOST,
    ) -> None:
        self.transition = transition
        self.steps = None if steps is None else as_int("steps", steps, low=0)
        self.probability_bits = as_int("probability_bits", probability_bits, low=1, high=32)
        self.most = as_int("most", most, low=1, high=MOST)
        self.exits = transition.exits
        self.choice = choice(self.exits)
        target = self.exits.target
        self.exit_side = np.tile(-1 - target[target < 0], self.halves)
        super().__init__("density", **self._declared())

    @property
    def vertices(self) -> int:
        """Number of live vertices."""
        return len(self.exits.indptr) - 1

    @property
    def longest_step(self) -> int:
        """Ticks that a walk step takes at most."""
        raise NotImplementedError

    def inputs(self, walkers: npt.NDArray[np.integer[Any]]) -> dict[str, Any]:
        """Return the inputs of `simulate` that start a walk.

        Parameters
        ----------
        walkers : (lanes, V) array of signed integers
            Walkers of each lane at each live vertex.

        Raises
        ------
        InputError
            If a lane has more than ``most``.
        """
        fullest = int(walkers.sum(axis=1).max(initial=0))
        if fullest > self.most:
            raise InputError(
                f"a lane holds {fullest} walkers, and the circuit is built for most={self.most}"
            )
        return self._inputs(walkers)

    def _inputs(self, walkers: npt.NDArray[np.integer[Any]]) -> dict[str, Any]:
        return {"load": -walkers[np.newaxis], "start": 10}

    def _declared(self) -> dict[str, In | Out]:
        ports: dict[str, In | Out] = {
            "load": In(self.vertices, "current"),
            "start": In(1, "current"),
            "walk": Out(1, "current"),
            "readout": Out(self.readouts_per_vertex * self.vertices, "current"),
        }
        if len(self.exit_side):
            ports["exit"] = Out(len(self.exit_side), "current")
        if self.steps is not None:
            ports["stop"] = Out(1, "current")
        return ports

    # ------------------------------------------------------------------ pieces

    def _keeping(
        self, shape: int | tuple[int, ...], name: str, threshold: int = 1, **parameters: Any
    ) -> Neurons:
        """Add neurons that sum up what arrives until they spike."""
        return self.neurons(shape, name=name, threshold=threshold, **parameters)

    def _gates(
        self, shape: int | tuple[int, ...], name: str, threshold: int = 1, **parameters: Any
    ) -> Neurons:
        """Add neurons without memory."""
        return self.neurons(shape, name=name, threshold=threshold, leak=MEMORYLESS, **parameters)

    def _count_out(self, counter: Neurons, generator: Neurons) -> None:
        """Let a generator spike until its counter, one up for each spike, reaches threshold.

        It spikes once more than there are walkers; in that tick the counter spikes too.
        """
        self.connect(generator, generator)
        self.connect(generator, counter)
        self.connect(counter, counter, -1)
        self.connect(counter, generator, -1)

    def _choosers(self) -> Neurons:
        """Add the stochastic gates of all vertices."""
        scale = 2.0**self.probability_bits
        probability = np.rint(self.choice.probability * scale) / scale
        return self._gates(len(probability), "gate", probability=probability)

    def _choose_after_count(self, counter: Neurons, generator: Neurons, way_out: Neurons) -> None:
        """Lead counted-out walkers past gates to one neuron per exit.

        A walker is a spike of its vertex's generator without one of its counter.
        """
        gate = self._choosers()
        for sender, weight in ((generator, 1), (counter, -1)):
            self._tell(sender, gate, self.choice.gates_from_walkers, weight)
            self._tell(sender, way_out, self.choice.exits_from_walkers, weight)
        self._tell(gate, gate, self.choice.gates_from_gates)
        self._tell(gate, way_out, self.choice.exits_from_gates)

    def _choose_directly(
        self, walkers: Neurons, counter: Neurons, weight: int, way_out: Neurons
    ) -> None:
        """Lead walkers past gates into the counters of their targets, and out of the mesh.

        Parameters
        ----------
        walkers : Neurons (V,)
            A spike is a walker that leaves its vertex.
        counter : Neurons (V,)
            Each walker that arrives adds `weight`.
        way_out : Neurons (exits that leave the mesh,)
        """
        gate, choice, target = self._choosers(), self.choice, self.exits.target
        self._tell(walkers, gate, choice.gates_from_walkers)
        self._tell(gate, gate, choice.gates_from_gates)
        outside = target < 0
        line = np.cumsum(outside) - 1
        for sender, terms in (
            (walkers, choice.exits_from_walkers),
            (gate, choice.exits_from_gates),
        ):
            self._tell(sender, counter, terms.among(~outside, target), weight)
            self._tell(sender, way_out, terms.among(outside, line))

    def _pause(self) -> IntArray:
        """Return for how many ticks a vertex is silent between its last walker and the next step.

        The walker has to be in its counter in the tick that begins the step; out of the mesh it
        has to be a tick before.

        Returns
        -------
        (V,) int64
        """
        pause = np.maximum(self.choice.latency - 1, 1)
        vertex = np.repeat(np.arange(self.vertices), np.diff(self.exits.indptr))
        outside = self.exits.target < 0
        np.maximum.at(pause, vertex[outside], self.choice.arrival[outside])
        return pause

    def _tell(self, sources: Neurons, places: Neurons, terms: Terms, weight: int = 1) -> None:
        """Add the synapses of `terms`, from all sources to all places."""
        self.connect(sources[terms.source], places[terms.place], weight * terms.weight, terms.delay)

    def _stop_after(self, spikes: int, sender: Neurons) -> None:
        """Let the port "stop", if there is one, spike when `sender` has spiked so often."""
        if self.steps is not None:
            stop = self._keeping((), "stop", threshold=spikes)
            self.connect(sender, stop)
            self.output("stop", stop)
