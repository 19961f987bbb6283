"""Building with neurons: the part of a circuit's methods that adds neurons and synapses."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from spikealg.arguments import as_int, as_int_array
from spikealg.circuits import layer, wiring
from spikealg.circuits.body import Body
from spikealg.circuits.neuron import INT32_MAX, MEMORYLESS
from spikealg.circuits.signal import GROUND, Neurons, Signal, meeting, wait
from spikealg.errors import WiringError

__all__ = ["Builder"]


class Builder:
    """Methods that add neurons, synapses and gates to the body that is being built."""

    def _open(self) -> Body:
        """Return the body that is being built, or raise an error that says where to build."""
        raise NotImplementedError

    # ------------------------------------------------------------------ neurons

    def neurons(
        self, shape: int | tuple[int, ...], *, name: str = "neuron", **parameters: Any
    ) -> Neurons:
        """Add an array of neurons.

        Parameters
        ----------
        shape : int or tuple of int
        name : str
            Name of the group; calls with one name directly one after another share a group.
        **parameters
            threshold (required), leak, bias, current_leak, reset, reset_value, probability,
            refractory, refractory_init, floor, v_init; each a scalar or an array that
            broadcasts to `shape`.

        Raises
        ------
        InputError, InputTypeError
            If a parameter is unknown or out of range.
        """
        shape = shape if isinstance(shape, tuple) else (shape,)
        shape = tuple(as_int("shape", length, low=0) for length in shape)
        return self._open().add_neurons(shape, name, parameters)

    def neuron(self, *, name: str = "neuron", **parameters: Any) -> Neurons:
        """Add one neuron; see :meth:`neurons`. Its array has shape ()."""
        return self._open().add_neurons((), name, parameters)

    def connect(
        self,
        pre: Neurons | Signal,
        post: Neurons,
        weight: Any = 1,
        delay: npt.ArrayLike = 1,
    ) -> None:
        """Add synapses from `pre` to `post`; nothing is aligned.

        Parameters
        ----------
        pre : Neurons or Signal
            A line of a signal that fires before the signal is ready gets that much more delay.
        post : Neurons
            `pre` and `post` are broadcast against each other: one to one, one to all, all to one,
            or all to all with ``pre[:, None]``.
        weight : int, array or scipy sparse matrix
            Broadcast, or a sparse matrix (len(pre), len(post)) whose stored entries are synapses.
        delay : int or array
            In ticks, at least 1; broadcast, or one per stored entry of the matrix.

        Raises
        ------
        WiringError, InputError, InputTypeError
            If an end is of another circuit or the shapes do not fit; nothing is changed then.
        """
        body = self._open()
        wiring.check_neurons(post, body, "post")
        if isinstance(pre, Neurons):
            wiring.check_neurons(pre, body, post.name)
            sources, lags, label = pre.index, np.zeros_like(pre.index), pre.name
        else:
            wiring.check_reading(body, [pre], post.name)
            sources, lags, label = pre.sources, pre.lags, pre.name
        if sp.issparse(weight):
            expected = (sources.size, post.index.size)
            if weight.shape != expected:
                raise WiringError(
                    f"cannot connect {label} {sources.shape} to {post.name} {post.shape}: the "
                    f"matrix of weights has shape {weight.shape}; it must have {expected}"
                )
            entries = sp.coo_array(weight)
            sources, lags = sources.reshape(-1)[entries.row], lags.reshape(-1)[entries.row]
            targets, weight, shape = post.index.reshape(-1)[entries.col], entries.data, None
        else:
            targets = post.index
        try:
            shape = np.broadcast_shapes(sources.shape, targets.shape)
        except ValueError:
            raise WiringError(
                f"cannot connect {label} {sources.shape} to {post.name} {post.shape}: give equal "
                "shapes, one to all, pre[:, None] for all to all, or a sparse matrix of weights"
            ) from None
        weights = as_int_array("weight", weight, shape=shape, low=-INT32_MAX, high=INT32_MAX)
        delays = as_int_array("delay", delay, shape=shape, low=1, high=INT32_MAX)
        body.wired_by_hand = True
        body.add_synapses(
            np.broadcast_to(sources, shape), np.broadcast_to(targets, shape), weights, delays + lags
        )

    def accepts_every(self, ticks: int | None) -> None:
        """State the interval of this circuit: after how many ticks the next operands may come.

        It need not be stated where all neurons are gates: it is then that of the instances and
        ports. None says that the circuit must be done first.
        """
        body = self._open()
        body.state_interval(None if ticks is None else as_int("ticks", ticks, low=1))

    def inject(self, signal: Signal, neurons: Neurons) -> None:
        """Let each line of a current input act on the potential of one neuron.

        The integer given to the line at a tick is added in that tick to the neuron's potential.

        Parameters
        ----------
        signal : Signal
            Lines of a "current" input of this circuit.
        neurons : Neurons
            As many as lines.
        """
        body = self._open()
        wiring.check_neurons(neurons, body, "neurons")
        wiring.check_injection(body, signal, neurons.name)
        targets = neurons.index.reshape(-1)
        if len(targets) != signal.lines:
            raise WiringError(
                f"cannot inject {signal} into {neurons.name} ({len(targets)} neurons): "
                "give one neuron per line"
            )
        body.wired_by_hand = True
        body.inject(signal.sources, targets)

    # ------------------------------------------------------------------ gates

    def gate(
        self,
        *signals: Signal,
        weights: Any = 1,
        threshold: int = 1,
        probability: float = 1.0,
        name: str = "gate",
    ) -> Signal:
        """Add one memoryless neuron that reads all lines of all signals, in one tick.

        Early signals wait for the last. It fires where Σ weight·line ≥ `threshold`.

        Parameters
        ----------
        *signals : Signal
        weights : int, array (lines,), or a list or tuple with such an entry per signal
        threshold : int
        probability : float
            With which it fires when it could.
        name : str

        Returns
        -------
        Signal
            One line, ready one tick after the last input.
        """
        body = self._open()
        path = body.full_name(name)
        wiring.check_reading(body, signals, path)
        readings = layer.all_to_one(signals, weights, path)
        return self._layer(signals, readings, 1, threshold, probability, name)

    def gates(
        self,
        *signals: Signal,
        weights: Any = 1,
        threshold: npt.ArrayLike = 1,
        probability: npt.ArrayLike = 1.0,
        name: str = "gate",
    ) -> Signal:
        """Add a row of memoryless neurons; gate k reads line k of each signal, in one tick.

        Early signals wait for the last. A signal of one line is read by all gates.

        Parameters
        ----------
        *signals : Signal
        weights : int, array (gates,), matrix, or a list or tuple with such an entry per signal
            With a matrix (lines, gates), dense or scipy sparse, gate k reads the lines of column
            k.
        threshold, probability : number or array (gates,)
        name : str

        Returns
        -------
        Signal
            A line per gate, ready one tick after the last input.
        """
        body = self._open()
        path = body.full_name(name)
        wiring.check_reading(body, signals, path)
        count, readings = layer.line_by_line(signals, weights, threshold, path)
        return self._layer(signals, readings, count, threshold, probability, name)

    def ground(self, width: int = 1) -> Signal:
        """Return `width` lines that are always 0; they cost nothing."""
        body = self._open()
        width = as_int("width", width, low=1)
        return Signal(
            body=body,
            sources=np.full(width, GROUND),
            lags=np.zeros(width, dtype=np.int64),
            tick=0,
            event=None,
            coding="binary",
            width=width,
            name=body.full_name("ground"),
            steady=True,
        )

    def _layer(
        self,
        signals: tuple[Signal, ...],
        readings: list[layer.Reading],
        count: int,
        threshold: npt.ArrayLike,
        probability: npt.ArrayLike,
        name: str,
    ) -> Signal:
        body = self._open()
        path = body.full_name(name)
        tick, event = meeting(signals, path)
        coding, width = layer.result_coding(signals, count, path)
        parameters = {"threshold": threshold, "probability": probability, "leak": MEMORYLESS}
        neurons = body.add_neurons((count,), name, parameters)
        for signal, reading in zip(signals, readings, strict=True):
            body.add_synapses(
                signal.sources[reading.lines],
                neurons.index[reading.gates],
                reading.weight,
                1 + wait(signal, tick)[reading.lines],
            )
        return Signal(
            body=body,
            sources=neurons.index,
            lags=np.zeros(count, dtype=np.int64),
            tick=tick + 1,
            event=event,
            coding=coding,
            width=width,
            name=neurons.name,
        )
