"""Signals and neurons: what a circuit is wired from while it is being built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_int
from spikealg.circuits.codings import CODINGS, LINE_CODINGS, NUMBER_CODINGS, coding_lines
from spikealg.circuits.operators import Operators
from spikealg.circuits.ports import describe
from spikealg.errors import InputError, InputTypeError, WiringError

if TYPE_CHECKING:
    from spikealg.circuits.body import Body

__all__ = ["GROUND", "Event", "Neurons", "Signal", "concat", "meeting"]

GROUND = -1
"""The source of a line that is always 0; other negative sources are input lines, see `Body`."""


class Event:
    """A moment that depends on the data: the spike of one circuit's "done" line."""

    def __init__(self, path: str) -> None:
        self.path = path


@dataclass(frozen=True, eq=False)
class Signal(Operators):
    """Lines that carry one value, all ready in the same tick.

    A signal is made by ``input``, ``add``, ``gate`` and their like, and belongs to the circuit
    that made it. Line k fires ``lags[k]`` ticks before the value is ready: waiting costs no
    neuron, because whatever reads the line adds the lag to its synapse's delay.

    Attributes
    ----------
    ready : int or None
        Tick, counted from the circuit's inputs, at which the value is there (bit k of a stream:
        at ready + k); None where that depends on the data.
    width : int
        Width of the value; see :mod:`spikealg.circuits.codings`.
    coding : str
        "binary", "signed", "stream", "unary", "temporal" or "current".
    name : str
        Path that errors call it by.
    steady : bool
        The same value in every tick, so that it never needs to be waited for.
    carry : bool
        The top line is a carry.
    """

    body: Body
    sources: npt.NDArray[np.int64]
    lags: npt.NDArray[np.int64]
    tick: int
    event: Event | None
    coding: str
    width: int
    name: str
    steady: bool = False
    carry: bool = False

    @property
    def ready(self) -> int | None:
        """Tick at which the value is there, or None where that depends on the data."""
        return self.tick if self.event is None else None

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.sources)

    def __len__(self) -> int:
        return self.lines

    def __str__(self) -> str:
        return f"{self.name} ({describe(self.coding, self.width)})"

    def __repr__(self) -> str:
        return f"<Signal {self}, ready {self.ready}>"

    def __getitem__(self, key: int | slice) -> Signal:
        """Return one line (a signal of one line) or a slice of lines, as unsigned bits.

        Raises
        ------
        InputError, InputTypeError
            If there is no such line, or the value of this coding is spread over ticks.
        """
        if self.coding not in LINE_CODINGS:
            raise InputError(f"{self} cannot be sliced: its value is spread over ticks, not lines")
        if isinstance(key, slice):
            index, label = _checked_slice(key, self), _slice_text(key)
        else:
            line = as_int(f"line of {self}", key, low=-self.lines, high=self.lines - 1)
            line %= self.lines
            index, label = slice(line, line + 1), str(line)
        sources = self.sources[index]
        if not len(sources):
            raise InputError(f"{self.name}[{label}] has no lines: {self}")
        return replace(
            self,
            sources=sources,
            lags=self.lags[index],
            coding="current" if self.coding == "current" else "binary",
            width=len(sources),
            name=f"{self.name}[{label}]",
            carry=False,
        )

    def extend(self, width: int) -> Signal:
        """Return the same value with more bits.

        They are lines of 0 on top (of a stream, ticks); of a signed signal, copies of its top line.

        Raises
        ------
        InputError
            If `width` is less than the width is now.
        """
        width = as_int("width", width)
        if width < self.width:
            raise InputError(
                f"cannot extend {self} to width {width}: use a slice, for example [:{width}]"
            )
        missing = width - self.width if self.coding in LINE_CODINGS else 0
        top, lag = (self.sources[-1], self.lags[-1]) if self.coding == "signed" else (GROUND, 0)
        return replace(
            self,
            sources=np.concatenate([self.sources, np.full(missing, top)]),
            lags=np.concatenate([self.lags, np.full(missing, lag)]),
            width=width,
            carry=False,
        )

    def signed(self) -> Signal:
        """Return the same lines read as two's complement; it costs nothing."""
        return self._read_as("signed")

    def unsigned(self) -> Signal:
        """Return the same lines read as an unsigned number; it costs nothing."""
        return self._read_as("binary")

    def _read_as(self, coding: str) -> Signal:
        if self.coding not in NUMBER_CODINGS:
            raise InputError(f"{self} cannot be read as {coding}: only binary and signed lines can")
        return replace(self, coding=coding, carry=False)

    def later(self, ticks: int) -> Signal:
        """Return the same values, ready `ticks` later."""
        ticks = as_int("ticks", ticks, low=0)
        return replace(self, tick=self.tick + ticks, lags=self.lags + ticks)

    def ago(self, ticks: int) -> Signal:
        """Return the values of `ticks` ticks ago, ready when these are; it costs nothing."""
        ticks = as_int("ticks", ticks, low=0)
        return replace(self, lags=self.lags + ticks)

    def __iter__(self) -> Iterator[Signal]:
        return (self[line] for line in range(self.lines))


def concat(*signals: Signal) -> Signal:
    """Return one binary signal made of the lines of several, the first lowest.

    Lines that are ready early wait for the last.

    Raises
    ------
    InputTypeError, WiringError
        If they are not binary signals of one circuit that can wait for each other.
    """
    if not signals:
        raise InputError("concat needs at least one signal")
    for signal in signals:
        if not isinstance(signal, Signal):
            raise InputTypeError(f"concat joins signals, got {signal!r}")
    name = f"concat({', '.join(signal.name for signal in signals[:4])}"
    name += ", ...)" if len(signals) > 4 else ")"
    for signal in signals:
        if signal.coding not in NUMBER_CODINGS:
            raise WiringError(f"cannot join {signal} in {name}: only binary lines can be joined")
        if signal.body is not signals[0].body:
            raise WiringError(
                f"cannot join {signals[0].name} and {signal.name}: they belong to two circuits; "
                "pass one of them through a port"
            )
    tick, event = meeting(signals, name)
    return Signal(
        body=signals[0].body,
        sources=np.concatenate([signal.sources for signal in signals]),
        lags=np.concatenate([wait(signal, tick) for signal in signals]),
        tick=tick,
        event=event,
        coding="binary",
        width=sum(signal.width for signal in signals),
        name=name,
        steady=all(signal.steady for signal in signals),
    )


def meeting(signals: Any, target: str) -> tuple[int, Event | None]:
    """Return the first tick, and the event it counts from, at which all `signals` are ready.

    Raises
    ------
    WiringError
        If there is none: one depends on the data and another does not, or on another circuit's.
    """
    moving = [signal for signal in signals if not signal.steady]
    for signal in moving:
        if signal.event is not moving[0].event:
            loose, other = (signal, moving[0]) if signal.event is not None else (moving[0], signal)
            raise WiringError(
                f"cannot align {loose.name} with {other.name} at {target}: {loose.name} has no "
                "fixed latency, it depends on the data; use connect(), which does not align"
            )
    tick = max((signal.tick for signal in moving), default=0)
    return tick, moving[0].event if moving else None


def wait(signal: Signal, tick: int) -> npt.NDArray[np.int64]:
    """Return the lag of each line when the signal is read as if it were ready at `tick`."""
    if signal.steady:
        return np.zeros_like(signal.lags)
    return signal.lags + (tick - signal.tick)


def _checked_slice(key: slice, signal: Signal) -> slice:
    edges = [
        edge if edge is None else as_int(f"{which} of a slice of {signal}", edge)
        for which, edge in (("start", key.start), ("stop", key.stop), ("step", key.step))
    ]
    if edges[2] == 0:
        raise InputError(f"step of a slice of {signal} must not be 0")
    return slice(*edges)


def _slice_text(key: slice) -> str:
    start, stop = ("" if edge is None else edge for edge in (key.start, key.stop))
    return f"{start}:{stop}" + ("" if key.step is None else f":{key.step}")


@dataclass(frozen=True, eq=False)
class Neurons:
    """An array of neurons of one circuit; indexing works as on a NumPy array and copies nothing.

    Attributes
    ----------
    index : int64 array
        Where they are in their circuit.
    name : str
        Path of their group.
    """

    body: Body
    index: npt.NDArray[np.int64]
    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.index.shape

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, key: Any) -> Neurons:
        try:
            return replace(self, index=np.asarray(self.index[key]))
        except (IndexError, TypeError, ValueError) as error:
            raise InputError(
                f"{self.name} of shape {self.shape} has no [{key!r}]: {error}"
            ) from None

    def __iter__(self) -> Iterator[Neurons]:
        return (self[position] for position in range(len(self)))

    def __repr__(self) -> str:
        return f"<Neurons {self.name}, shape {self.shape}>"

    def reshape(self, *shape: int) -> Neurons:
        """Return the same neurons in another shape, one length of which may be −1.

        Raises
        ------
        InputError
            If the neurons do not fill it.
        """
        try:
            return replace(self, index=self.index.reshape(*shape))
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{self.name} of shape {self.shape} cannot be reshaped to {shape}: {error}"
            ) from None

    def signal(
        self,
        ready: int | None = 0,
        *,
        coding: str = "binary",
        width: int | None = None,
        steady: bool = False,
    ) -> Signal:
        """Return a signal of these neurons' spikes, one line each.

        Parameters
        ----------
        ready : int or None
            Tick, counted from the inputs of the circuit, at which the value is there. None: in
            the tick in which the circuit is done, whenever that is.
        coding : str
        width : int, optional
            Width of the value; needed for "stream", "unary" and "temporal".
        steady : bool
            The value is the same in every tick.
        """
        as_choice("coding", coding, CODINGS)
        sources = self.index.reshape(-1)
        if width is None and coding in LINE_CODINGS:
            width = len(sources)
        width = as_int(f"width of a {coding} signal", width, low=1)
        if coding_lines(coding, width) != len(sources):
            raise InputError(
                f"a {coding} signal of width {width} takes {coding_lines(coding, width)} of the "
                f"neurons {self.name}, got {len(sources)}: index them"
            )
        return Signal(
            body=self.body,
            sources=sources,
            lags=np.zeros(len(sources), dtype=np.int64),
            tick=0 if ready is None else as_int("ready", ready, low=0),
            event=self.body.event if ready is None else None,
            coding=coding,
            width=width,
            name=self.name,
            steady=steady,
        )
