"""The wiring rule: what may be connected to what, checked before anything changes.

Every connection of a circuit is checked here. An error names both ends by path, both shapes, and
what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spikealg.circuits.body import Body, input_line
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import GROUND, Neurons, Signal, meeting
from spikealg.errors import InputTypeError, WiringError

if TYPE_CHECKING:
    from spikealg.circuits.circuit import Circuit

__all__ = [
    "check_connections",
    "check_injection",
    "check_neurons",
    "check_output",
    "check_reading",
    "check_signal",
]


def check_connections(
    body: Body, path: str, circuit: Circuit, connections: Mapping[str, Any]
) -> None:
    """Raise an error unless `connections` fit the input ports of `circuit`, to be at `path`."""
    ports = {name: port for name, port in circuit.ports.items() if isinstance(port, In)}
    listed = ", ".join(
        f"{name} ({port}{', optional' if port.optional else ''})" for name, port in ports.items()
    )
    for name in connections:
        if name in circuit.ports and name not in ports:
            raise WiringError(
                f"{path}.{name} is an output: read it as .{name} of what add() returns"
            )
        if name not in ports:
            raise WiringError(f"{path} has no input {name!r}; its inputs are {listed or 'none'}")
    for name, port in ports.items():
        if name not in connections and not port.optional:
            raise WiringError(f"{path}.{name} ({port}) is not connected: pass {name}=<a signal>")
    for name, signal in connections.items():
        check_signal(signal, body, f"{path}.{name}")
        _check_fit(signal, ports[name], f"{path}.{name}", circuit)
    tick, _ = meeting(connections.values(), path)
    for name, signal in connections.items():
        if signal.coding == "current":
            check_injection(body, signal.later(tick - signal.tick), f"{path}.{name}")
    currents = [signal.sources for signal in connections.values() if signal.coding == "current"]
    if currents:
        lines = np.concatenate(currents)
        lines = lines[lines != GROUND]
        if len(np.unique(lines)) != len(lines):
            raise WiringError(
                f"cannot connect one current line to two inputs of {path}: a current acts on one "
                "neuron; give each input lines of its own"
            )


def check_output(body: Body, path: str, signal: Any, port: Out, circuit: Circuit) -> None:
    """Raise an error unless `signal` can be the output `port` at `path`."""
    check_signal(signal, body, path)
    _check_fit(signal, port, path, circuit)
    if (signal.sources < GROUND).any() and signal.coding == "current":
        raise WiringError(
            f"cannot connect {signal} to {path} ({port}): a current input carries integers, "
            "not spikes; inject() it into neurons and output those"
        )


def check_reading(body: Body, signals: Iterable[Any], target: str) -> None:
    """Raise an error unless the spikes of `signals` can be read by neurons called `target`."""
    for signal in signals:
        check_signal(signal, body, target)
        if signal.coding == "current" and (signal.sources < GROUND).any():
            raise WiringError(
                f"cannot connect {signal} to {target}: a current carries integers, not spikes; "
                "use inject()"
            )


def check_injection(body: Body, signal: Any, target: str) -> None:
    """Raise an error unless each line of `signal` is a free current input of this circuit."""
    check_signal(signal, body, target)
    lines = signal.sources[signal.sources != GROUND]
    if signal.coding != "current" or (lines > GROUND).any():
        raise WiringError(
            f"cannot inject {signal} into {target}: only a current input carries integers; "
            'declare it with coding="current", or connect() its spikes'
        )
    if signal.lags[signal.sources != GROUND].any():
        raise WiringError(
            f"cannot inject {signal} into {target} {signal.lags.max()} ticks later: a current acts "
            "in its own tick and waits for nothing; let the spikes that it meets be ready at tick 0"
        )
    taken = body.injected[input_line(lines)] != GROUND
    if taken.any() or len(np.unique(lines)) != len(lines):
        raise WiringError(
            f"cannot inject {signal} into {target}: one of its lines acts on a neuron already, "
            "and a current acts on one neuron; fan out by spikes with connect()"
        )


def check_neurons(neurons: Any, body: Body, target: str) -> None:
    """Raise an error unless `neurons` are neurons of this circuit."""
    if not isinstance(neurons, Neurons):
        raise InputTypeError(f"{target} must be neurons of this circuit, got {neurons!r}")
    if neurons.body is not body:
        raise _foreign(neurons.name, neurons.body, target, body)


def check_signal(signal: Any, body: Body, target: str) -> None:
    """Raise an error unless `signal` is a signal of this circuit."""
    if isinstance(signal, Neurons):
        raise InputTypeError(
            f"{target} takes a signal, got the neurons {signal.name}: say when they are ready, "
            "for example .signal(ready=0)"
        )
    if not isinstance(signal, Signal):
        raise InputTypeError(
            f"{target} takes a signal, got {signal!r}: make one with input(), add() or gate(); "
            "a fixed number is add(Constant(value, width)).out"
        )
    if signal.body is not body:
        raise _foreign(signal.name, signal.body, target, body)


def _foreign(name: str, owner: Body, target: str, body: Body) -> WiringError:
    return WiringError(
        f"cannot connect {name} of circuit {owner.title!r} to {target} of circuit "
        f"{body.title!r}: signals stay in the circuit that made them; pass it through a port"
    )


def _check_fit(signal: Signal, port: In | Out, target: str, circuit: Circuit) -> None:
    ends = f"cannot connect {signal} to {target} ({port})"
    if {signal.coding, port.coding} == {"binary", "signed"}:
        reading = "signed" if port.coding == "signed" else "unsigned"
        meaning = "two's complement" if reading == "signed" else "an unsigned number"
        raise WiringError(
            f"{ends}: the codings differ; use {_last(signal.name)}.{reading}() to read the same "
            f"lines as {meaning}"
        )
    if signal.coding != port.coding:
        raise WiringError(
            f"{ends}: the codings differ; use a {port.coding} signal or a {signal.coding} port"
        )
    if signal.width == port.width:
        return
    signed = ".signed()" if port.coding == "signed" else ""
    more = "repeat the sign" if signed else "add zeros on top"
    if signal.width < port.width:
        hint = f"use {_last(signal.name)}.extend({port.width}) to {more}"
    elif signal.lines == signal.width:
        dropped = signal.width - port.width
        what = "carry" if dropped == 1 and signal.carry else f"top line{'s' * (dropped != 1)}"
        hint = f"use {_last(signal.name)}[:{port.width}]{signed} to drop the {what}"
    else:
        hint = ""
    # A class that is made from one width is named with the width that would fit.
    if getattr(circuit, "width", None) == port.width and isinstance(port, In):
        hint += f"{', or' if hint else 'use'} {type(circuit).__name__}({signal.width})"
    elif not hint:
        hint = f"use a port of width {signal.width}"
    raise WiringError(f"{ends}: {hint}")


def _last(name: str) -> str:
    return name if name.startswith("concat(") else name.rpartition(".")[2]
