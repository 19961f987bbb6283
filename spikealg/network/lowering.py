"""From a circuit to a network: every instance in one set of flat arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.circuits.body import SYNAPSE, Body, input_line
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.neuron import MEMORYLESS, NEURON, NEVER, RESETS, neuron_records
from spikealg.circuits.ports import In
from spikealg.circuits.signal import GROUND, Signal
from spikealg.errors import InputError, WiringError
from spikealg.network.network import Network
from spikealg.network.ports import Port

__all__ = ["lower"]


def lower(circuit: Circuit) -> Network:
    """Return the network of a circuit.

    Input lines become neurons that fire when a value is presented (lines of current act on their
    neurons directly). Output lines that are ready early get a relay neuron, so that a port has
    one latency. Two calls give identical networks.

    Parameters
    ----------
    circuit : Circuit

    Raises
    ------
    WiringError
        If an output has no signal, or depends on the data in a circuit without output "done".
    """
    if not isinstance(circuit, Circuit):
        raise InputError(f"lower takes a circuit, got {circuit!r}")
    body = circuit.elaborate()
    ports = {name: port for name, port in circuit.ports.items() if isinstance(port, In)}
    return _Lowering(body, ports).network()


class _Lowering:
    """Arrays of the network while they are put together."""

    def __init__(self, body: Body, ports: Mapping[str, In]) -> None:
        self.body = body
        self.ports = ports
        self.n_neurons = 0
        self.neurons: list[npt.NDArray[np.void]] = []
        self.groups: list[tuple[str, int]] = []

    def network(self) -> Network:
        body = self.body
        line_neurons = np.full(len(body.injected), GROUND, dtype=np.int64)
        for name, signal in body.inputs.items():
            if signal.coding != "current":
                line_neurons[input_line(signal.sources)] = self._add(name, signal.lines)
        first = self.n_neurons
        injecting = body.injected != GROUND
        line_neurons[injecting] = body.injected[injecting] + first
        self.neurons.append(body.neurons)
        self.n_neurons += body.n_neurons
        self.groups.extend((name, at + first) for name, at in body.groups)

        def neuron(sources: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
            """Return the neuron of each source, −1 for ground."""
            found = np.where(sources == GROUND, GROUND, sources + first)
            is_line = sources < GROUND
            found[is_line] = line_neurons[input_line(sources[is_line])]
            return found

        synapses = [body.synapses.copy()]
        synapses[0]["pre"] = neuron(synapses[0]["pre"])
        synapses[0]["post"] += first
        outputs = {}
        for name, signal, lags, latency in _ready_outputs(body):
            lines = neuron(signal.sources)
            early = (lags > 0) & (lines != GROUND)
            if early.any():
                relays = self._add(f"{name}_relay", int(early.sum()))
                synapses.append(np.empty(len(relays), dtype=SYNAPSE))
                for field, values in zip(
                    SYNAPSE.names or (), (lines[early], relays, 1, lags[early]), strict=True
                ):
                    synapses[-1][field] = values
                lines[early] = relays
            if (lines == GROUND).any():
                lines[lines == GROUND] = self._add(f"{name}_ground", 1, threshold=NEVER)
            outputs[name] = Port(lines, signal.width, signal.coding, latency)
        inputs = {
            name: Port(
                line_neurons[input_line(signal.sources)],
                signal.width,
                signal.coding,
                optional=self.ports[name].optional,
                absent=self.ports[name].absent,
            )
            for name, signal in body.inputs.items()
        }
        return self._network(np.concatenate(synapses), inputs, outputs)

    def _add(self, name: str, count: int, threshold: int = 1) -> npt.NDArray[np.int64]:
        """Add memoryless neurons and return their indices."""
        taken = {group for group, _ in self.groups} | {group for group, _ in self.body.groups}
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}_{number}", number + 1
        parameters = {"threshold": threshold, "leak": MEMORYLESS}
        self.neurons.append(neuron_records((count,), parameters))
        self.groups.append((unique, self.n_neurons))
        self.n_neurons += count
        return np.arange(self.n_neurons - count, self.n_neurons, dtype=np.int64)

    def _network(
        self,
        synapses: npt.NDArray[np.void],
        inputs: dict[str, Port],
        outputs: dict[str, Port],
    ) -> Network:
        neurons = np.concatenate(self.neurons)
        if not len(neurons):
            raise InputError(f"circuit {self.body.title!r} has no neurons: add some")
        parameters: dict[str, Any] = {name: neurons[name] for name in NEURON.names or ()}
        codes = neurons["reset"]
        # One word for all is checked much faster than an array of words.
        same = bool((codes == codes[0]).all())
        parameters["reset"] = RESETS[codes[0]] if same else np.array(RESETS)[codes]
        return Network.from_arrays(
            **parameters,
            **{name: synapses[name] for name in SYNAPSE.names or ()},
            inputs=inputs,
            outputs=outputs,
            groups=tuple(self.groups),
            interval=self.body.interval,
        )


def _ready_outputs(body: Body) -> list[tuple[str, Signal, npt.NDArray[np.int64], int | None]]:
    """Return name, signal, lag of each line, and latency of each output.

    Outputs that depend on the data all wait for the last of them, so that their values are there
    in the tick in which "done" fires.
    """
    loose = {name: signal for name, signal in body.outputs.items() if signal.event is not None}
    if loose:
        done = loose.get("done")
        if done is None:
            raise WiringError(
                f"output {next(iter(loose))} of circuit {body.title!r} has no fixed latency, so "
                "the circuit needs an output 'done' that fires when the value is there"
            )
        for name, signal in loose.items():
            if signal.event is not done.event:
                raise WiringError(
                    f"output {name} ({signal.name}) is not ready when done ({done.name}) fires: "
                    "they depend on different circuits; hold the value in a latch or register"
                )
    last = max((signal.tick for signal in loose.values()), default=0)
    ready = []
    for name, signal in body.outputs.items():
        waiting = last - signal.tick if signal.event is not None else 0
        ready.append((name, signal, signal.lags + waiting, signal.ready))
    return ready
