"""The inside of one circuit: neurons, synapses and names, recorded as flat arrays.

Inside a body a source is a neuron's index, ``GROUND``, or an input line: −2 − j stands for line
j of all input ports laid end to end, until the circuit is put into another (``attach``) or becomes
a network. So a body is built once and its copies are array additions, whatever their size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.circuits.codings import coding_ticks
from spikealg.circuits.neuron import NEURON, neuron_records
from spikealg.circuits.ports import In
from spikealg.circuits.signal import GROUND, Event, Neurons, Signal, meeting, wait
from spikealg.errors import InputError

if TYPE_CHECKING:
    from spikealg.circuits.circuit import Circuit

__all__ = ["SYNAPSE", "Body", "input_line"]

SYNAPSE = np.dtype(
    [("pre", np.int64), ("post", np.int64), ("weight", np.int64), ("delay", np.int64)]
)


def input_line(line: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the source that stands for an input line; its own inverse."""
    return -2 - line


class Body:
    """Neurons, synapses, ports and names of one circuit.

    Parameters
    ----------
    path : str
        Path of the circuit, "" for the outermost.
    title : str
        What errors call the circuit.
    circuit : Circuit
        The circuit that is being built, to which operators on signals add.
    """

    def __init__(self, path: str, title: str, circuit: Circuit) -> None:
        self.path = path
        self.title = title
        self.circuit = circuit
        self.event = Event(path or title)
        self.inputs: dict[str, Signal] = {}
        self.outputs: dict[str, Signal] = {}
        self.groups: list[tuple[str, int]] = []
        self.n_neurons = 0
        self.n_lines = 0
        self.wired_by_hand = False
        self._stated_interval: tuple[int | None] | None = None
        self._interval_of_parts: int | None = 1
        self._injected = np.empty(0, dtype=np.int64)
        self._neurons: list[npt.NDArray[np.void]] = []
        self._synapses: list[npt.NDArray[np.void]] = []
        self._names: dict[str, int] = {}
        self._last_group: tuple[str, Neurons] | None = None

    def full_name(self, local: str) -> str:
        """Return the path of something of this circuit."""
        return f"{self.path}.{local}" if self.path else local

    def claim(self, name: str) -> str:
        """Return `name`, or the name with a number if it is taken: adder, adder_2, adder_3."""
        name = valid_name(name)
        self._last_group = None
        unique = name
        while unique in self._names:
            self._names[name] += 1
            unique = f"{name}_{self._names[name]}"
        self._names[unique] = 1
        return unique

    # ------------------------------------------------------------------ content

    @property
    def interval(self) -> int | None:
        """Ticks after which the next operands may come, None if that is not known.

        What the circuit states; else the longest of its instances and ports, unless neurons of its
        own are wired by hand.
        """
        if self._stated_interval is not None:
            return self._stated_interval[0]
        if self.wired_by_hand or self._interval_of_parts is None:
            return None
        ports = [*self.inputs.values(), *self.outputs.values()]
        spans = [coding_ticks(port.coding, port.width) for port in ports]
        return max(self._interval_of_parts, *spans, 1)

    def state_interval(self, ticks: int | None) -> None:
        """Set the interval, whatever the instances and ports are."""
        self._stated_interval = (ticks,)

    @property
    def neurons(self) -> npt.NDArray[np.void]:
        """All neurons, ``NEURON`` records of shape (n,)."""
        self._neurons = [_joined(self._neurons, NEURON)]
        return self._neurons[0]

    @property
    def synapses(self) -> npt.NDArray[np.void]:
        """All synapses, ``SYNAPSE`` records of shape (m,)."""
        self._synapses = [_joined(self._synapses, SYNAPSE)]
        return self._synapses[0]

    @property
    def injected(self) -> npt.NDArray[np.int64]:
        """The neuron that each input line injects into, −1 for none; shape (lines,)."""
        return self._injected

    def add_input(self, name: str, port: In) -> Signal:
        """Add an input port and return its signal, ready at tick 0."""
        self.claim(name)
        signal = Signal(
            body=self,
            sources=input_line(np.arange(self.n_lines, self.n_lines + port.lines, dtype=np.int64)),
            lags=np.zeros(port.lines, dtype=np.int64),
            tick=0,
            event=None,
            coding=port.coding,
            width=port.width,
            name=self.full_name(name),
        )
        self.n_lines += port.lines
        self._injected = np.concatenate([self._injected, np.full(port.lines, GROUND)])
        self.inputs[name] = signal
        return signal

    def add_neurons(self, shape: tuple[int, ...], name: str, parameters: dict[str, Any]) -> Neurons:
        """Add an array of neurons.

        Neurons that are given one name directly one after another are one group, so a loop makes
        carry[0], carry[1], ...
        """
        valid_name(name)
        records = neuron_records(shape, parameters)
        index = np.arange(self.n_neurons, self.n_neurons + len(records), dtype=np.int64)
        if len(records) and not (self._last_group and self._last_group[0] == name):
            path = self.claim(name)
            self.groups.append((path, self.n_neurons))
            self._last_group = (name, Neurons(self, index, self.full_name(path)))
        label = self._last_group[1].name if self._last_group else self.full_name(name)
        self._neurons.append(records)
        self.n_neurons += len(records)
        return Neurons(self, index.reshape(shape), label)

    def add_synapses(
        self,
        pre: npt.NDArray[np.int64],
        post: npt.NDArray[np.int64],
        weight: npt.NDArray[np.int64],
        delay: npt.NDArray[np.int64],
    ) -> None:
        """Add synapses, all arrays of one shape, but for those from a line that is always 0."""
        live = pre != GROUND
        records = np.empty(int(np.count_nonzero(live)), dtype=SYNAPSE)
        for field, values in zip(SYNAPSE.names or (), (pre, post, weight, delay), strict=True):
            records[field] = values[live]
        self._synapses.append(records)

    def inject(self, sources: npt.NDArray[np.int64], neurons: npt.NDArray[np.int64]) -> None:
        """Let the current of input lines act on neurons, one each."""
        live = sources != GROUND
        self._injected[input_line(sources[live])] = neurons[live]

    def attach(
        self, child: Body, name: str, connections: Mapping[str, Signal]
    ) -> dict[str, Signal]:
        """Copy `child` into this body and return its outputs as signals of this body.

        The child's inputs wait for the last of them; that tick is the child's tick 0.
        """
        name = self.claim(name)
        tick, event = meeting(connections.values(), self.full_name(name))
        first = self.n_neurons
        sources = np.full(child.n_lines, GROUND, dtype=np.int64)
        lags = np.zeros(child.n_lines, dtype=np.int64)
        for port, signal in connections.items():
            lines = input_line(child.inputs[port].sources)
            sources[lines] = signal.sources
            lags[lines] = wait(signal, tick)

        def outside(
            inner: npt.NDArray[np.int64],
        ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
            """Return source and lag in this body of each source of the child."""
            found = np.where(inner == GROUND, GROUND, inner + first)
            added = np.zeros(len(inner), dtype=np.int64)
            is_line = inner < GROUND
            found[is_line] = sources[input_line(inner[is_line])]
            added[is_line] = lags[input_line(inner[is_line])]
            return found, added

        intervals = (self._interval_of_parts, child.interval)
        known = [ticks for ticks in intervals if ticks is not None]
        self._interval_of_parts = max(known) if len(known) == len(intervals) else None
        if child.n_neurons:
            self._neurons.append(child.neurons)
            self.n_neurons += child.n_neurons
        synapses = child.synapses
        pre, added = outside(synapses["pre"])
        self.add_synapses(
            pre, synapses["post"] + first, synapses["weight"], synapses["delay"] + added
        )
        injecting = np.nonzero(child.injected != GROUND)[0]
        self.inject(sources[injecting], child.injected[injecting] + first)
        self.groups.extend((f"{name}.{group}", at + first) for group, at in child.groups)

        events: dict[Event | None, Event | None] = {None: event}
        outputs = {}
        for port, signal in child.outputs.items():
            found, added = outside(signal.sources)
            if signal.event not in events:
                events[signal.event] = Event(self.full_name(name))
            outputs[port] = replace(
                signal,
                body=self,
                sources=found,
                lags=signal.lags + added,
                tick=signal.tick + (tick if signal.event is None else 0),
                event=events[signal.event],
                name=self.full_name(f"{name}.{port}"),
            )
        return outputs


def valid_name(name: str) -> str:
    """Return `name` if it can be one step of a path.

    Raises
    ------
    InputError
        If it cannot.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise InputError(
            f"name must be a word of letters, digits and underscores, for example 'carry', "
            f"got {name!r}"
        )
    return name


def _joined(pieces: list[npt.NDArray[np.void]], dtype: np.dtype[Any]) -> npt.NDArray[np.void]:
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate([np.empty(0, dtype=dtype), *pieces])
