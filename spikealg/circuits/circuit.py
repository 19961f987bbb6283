"""Circuit: neurons and other circuits, wired through declared ports."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from spikealg.circuits import wiring
from spikealg.circuits.body import Body, valid_name
from spikealg.circuits.builder import Builder
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Neurons, Signal
from spikealg.errors import InputError, InputTypeError, SpikealgError, WiringError

if TYPE_CHECKING:
    from spikealg.circuits.drawing import Drawing
    from spikealg.network import Network
    from spikealg.network.summary import Summary

__all__ = ["Circuit", "Instance"]


class Instance:
    """A circuit inside another; its outputs are attributes (``instance.sum``)."""

    def __init__(self, path: str, outputs: Mapping[str, Signal]) -> None:
        self._path = path
        self._outputs = dict(outputs)

    def __getattr__(self, name: str) -> Signal:
        try:
            return self.__dict__["_outputs"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(
                f"{self.__dict__.get('_path')} has no output {name!r}; "
                f"it has {', '.join(self.__dict__.get('_outputs', ())) or 'none'}"
            ) from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._outputs]

    def __repr__(self) -> str:
        return f"<Instance {self._path}, outputs {', '.join(self._outputs) or 'none'}>"


class Circuit(Builder):
    """Neurons and other circuits, wired through declared ports.

    A reusable circuit is a class that declares its ports and has a method `build`::

        class Exactly(Circuit):
            def __init__(self, count, width):
                super().__init__(a=In(width), out=Out())
                self.count = count

            def build(self, a):
                enough = self.gate(a, threshold=self.count)
                too_many = self.gate(a, threshold=self.count + 1)
                self.output("out", self.gate(enough, too_many, weights=(1, -1), threshold=1))

    `build` gets the signal of each input port by name and gives every output port a signal with
    :meth:`output`. It runs anew for each instance, so one object may be added many times. A plain
    ``Circuit("top")`` is built by calling the same methods on it; added to another circuit, it is
    copied as it is at that moment.

    Parameters
    ----------
    name : str, optional
        Name of the circuit, and of its instances unless :meth:`add` gives another; by default
        the name of the class: BitSerialAdder is bit_serial_adder.
    **ports : In or Out
        The ports, known before anything is built.
    """

    def __init__(self, name: str | None = None, /, **ports: In | Out) -> None:
        self.name = valid_name(_snake(type(self).__name__) if name is None else name)
        for port_name, port in ports.items():
            if not isinstance(port, (In, Out)):
                raise InputTypeError(f"port {port_name} must be an In or an Out, got {port!r}")
            _check_port_name(port_name)
        self._ports = dict(ports)
        self._body = None if self._builds_itself else Body("", self.name, self)
        # The circuits that this one must not be put into: what it is inside of, and itself.
        self._around: tuple[Circuit, ...] = (self,)
        self._inside: list[Circuit] = []

    @property
    def ports(self) -> Mapping[str, In | Out]:
        """The declared ports by name."""
        return MappingProxyType(self._ports)

    def build(self, *args: Any, **signals: Any) -> None:
        """Wire the circuit; `signals` are the inputs by port name, None for an optional one."""

    # ------------------------------------------------------------------ ports

    def input(self, name: str, width: int | None = None, coding: str | None = None) -> Signal:
        """Add an input port (or open the declared one) and return its signal.

        Parameters
        ----------
        name : str
        width : int, optional
            1 unless declared.
        coding : str, optional
            "binary" unless declared. A "current" input is not spikes: see :meth:`inject`.
        """
        body = self._open()
        if name in body.inputs:
            raise WiringError(f"input {body.full_name(name)} exists already")
        declared = self._ports.get(name)
        if declared is None:
            if self._builds_itself:
                raise WiringError(
                    f"{self._title} declares no input {name!r}: declare it in __init__, "
                    f"{name}=In({width or 1})"
                )
            port = In(1 if width is None else width, coding or "binary")
            _check_port_name(name)
        elif isinstance(declared, Out):
            raise WiringError(f"{body.full_name(name)} is declared as an output")
        else:
            port = replace(
                declared,
                width=declared.width if width is None else width,
                coding=coding or declared.coding,
            )
            if port != declared:
                raise WiringError(
                    f"input {body.full_name(name)} is declared as {declared}, not as {port}"
                )
        signal = body.add_input(name, port)
        self._ports[name] = port
        return signal

    def output(self, name: str, signal: Signal | Neurons) -> None:
        """Give the output port `name` its signal, or add an output port.

        Parameters
        ----------
        name : str
        signal : Signal or Neurons
            Bare neurons make a raw port: coding "current" (spikes per neuron), ready at tick 0.

        Raises
        ------
        WiringError, InputTypeError
            If the signal does not fit the declared port, is of another circuit, or the port has
            a signal already.
        """
        body = self._open()
        path = body.full_name(name)
        if name in body.outputs:
            raise WiringError(f"output {path} has a signal already: {body.outputs[name]}")
        declared = self._ports.get(name)
        if isinstance(signal, Neurons):
            wiring.check_neurons(signal, body, path)
            signal = signal.signal(
                coding="current" if declared is None else declared.coding,
                width=None if declared is None else declared.width,
            )
        wiring.check_signal(signal, body, path)
        if declared is None:
            if self._builds_itself:
                raise WiringError(
                    f"{self._title} declares no output {name!r}: declare it in __init__, "
                    f"{name}=Out({signal.width})"
                )
            _check_port_name(name)
        elif isinstance(declared, In):
            raise WiringError(f"{path} is declared as an input")
        port = declared or Out(signal.width, signal.coding, signal.carry)
        wiring.check_output(body, path, signal, port, self)
        self._ports[name] = port
        body.outputs[name] = replace(signal, carry=port.carry)

    # ------------------------------------------------------------------ circuits in circuits

    def add(
        self, circuit: Circuit, /, *, name: str | None = None, **connections: Signal
    ) -> Instance:
        """Put an instance of `circuit` into this one and return its outputs.

        Inputs that are ready at different ticks wait for the last.

        Parameters
        ----------
        circuit : Circuit
            Each call makes an independent instance.
        name : str, optional
            Name of the instance; a name that is taken gets a number (adder, adder_2).
        **connections : Signal
            A signal for each input port; optional ones may be left out.

        Raises
        ------
        WiringError, InputTypeError
            If the connections do not fit the ports; nothing is changed then.
        """
        body = self._open()
        if not isinstance(circuit, Circuit):
            kind = f"the class {circuit.__name__}" if isinstance(circuit, type) else repr(circuit)
            raise InputTypeError(f"add takes a circuit, for example Adder(8), got {kind}")
        name = circuit.name if name is None else valid_name(name)
        path = body.full_name(name)
        if any(outer is circuit or outer in circuit._inside for outer in self._around):
            raise WiringError(
                f"cannot add {circuit.name} at {path}: it would contain itself; "
                "make a new, smaller circuit to recurse"
            )
        wiring.check_connections(body, path, circuit, connections)
        try:
            inner = circuit._built(path, tuple(connections), self._around)
        except RecursionError:
            raise WiringError(
                f"circuits nest too deep at {_shortened(path)}: {type(circuit).__name__} "
                "probably contains itself without end"
            ) from None
        outputs = body.attach(inner, name, connections)
        self._inside += [circuit, *circuit._inside]
        return Instance(path, outputs)

    # ------------------------------------------------------------------ results

    def compile(self) -> Network:
        """Return the network of this circuit, with its ports; two calls give identical networks."""
        from spikealg.network.lowering import lower

        return lower(self)

    def summary(self) -> Summary:
        """Return neurons, synapses, latency, depth and fan-in of the compiled circuit."""
        return self.compile().summary()

    def draw(self, most: int = 50) -> Drawing:
        """Return a picture of the circuit: ports, neurons with their thresholds, and synapses.

        Lines that excite are blue, lines that inhibit red; pointing at one gives its weights and
        delays. A weight other than ±1 is written at the arrow.

        Parameters
        ----------
        most : int
            With more neurons than this, sub-circuits and groups of neurons are drawn as boxes,
            opened as far as there are at most this many. If there are more even without opening
            any, those of one name are one box ("carry ×56"), and in the end all but the largest.
        """
        from spikealg.circuits.drawing import draw

        return draw(self.elaborate(), most)

    def _repr_svg_(self) -> str | None:
        """Return the picture for notebooks; a circuit that is not complete has none."""
        try:
            return self.draw().svg
        except SpikealgError:
            return None

    def elaborate(self) -> Body:
        """Return the inside of the circuit with all its instances in place; for lowering."""
        return self._built("", tuple(self._ports), ())

    # ------------------------------------------------------------------ building

    @property
    def _builds_itself(self) -> bool:
        return type(self).build is not Circuit.build

    @property
    def _title(self) -> str:
        return type(self).__name__ if self._builds_itself else self.name

    def _open(self) -> Body:
        """Return the body that is being built."""
        if self._body is None:
            raise WiringError(
                f"{self._title} is wired by its build(): add to it there, "
                "or add it to a Circuit and wire that"
            )
        return self._body

    def _built(self, path: str, connected: tuple[str, ...], around: tuple[Circuit, ...]) -> Body:
        """Return the body of one instance of this circuit."""
        body = self._body
        if self._builds_itself:
            instance = copy.copy(self)
            instance._around = (self, instance, *around)
            instance._inside = []
            instance._body = body = Body(path, self._title, instance)
            signals: dict[str, Signal | None] = {}
            for name, port in self._ports.items():
                if isinstance(port, In):
                    signals[name] = body.add_input(name, port) if name in connected else None
            try:
                instance.build(**signals)
            except SpikealgError as error:
                # The innermost circuit is the one to look at.
                if not getattr(error, "__notes__", None):
                    place = _shortened(path or self.name)
                    error.add_note(f"while building {place}, a {self._title}")
                raise
        assert body is not None
        for name, port in self._ports.items():
            if isinstance(port, Out) and name not in body.outputs:
                raise WiringError(
                    f"output {body.full_name(name)} ({port}) has no signal: "
                    f"call output({name!r}, signal)"
                )
            if isinstance(port, In) and not port.optional and name not in body.inputs:
                raise WiringError(
                    f"input {body.full_name(name)} ({port}) is declared but not used: "
                    f"call input({name!r})"
                )
        body.outputs = {name: body.outputs[name] for name in self._ports if name in body.outputs}
        return body


def _check_port_name(name: str) -> None:
    if valid_name(name) == "name":
        raise InputError("a port cannot be called 'name': add() uses it for the instance")


def _shortened(path: str) -> str:
    """Return a path, or both ends of a very long one."""
    return path if len(path) <= 120 else f"{path[:60]}...{path[-40:]}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
