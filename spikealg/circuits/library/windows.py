"""Lines that stay on for some ticks: what a computation in time reads while it runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from spikealg.circuits.builder import Builder
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.signal import Neurons, Signal

__all__ = ["as_line", "kept"]


def kept(
    circuit: Builder,
    lines: Signal,
    start: Signal,
    ticks: npt.ArrayLike,
    later: npt.ArrayLike = 0,
) -> Neurons:
    """Return neurons that repeat a line of one tick in each of so many ticks.

    Neuron k excites itself from tick ``lines.tick + 1 + later[k]``, where line k was 1, until it is
    stopped `ticks[k]` ticks later. The next lines may come when the last neuron has been stopped.

    Parameters
    ----------
    circuit : Builder
        The circuit that is being built.
    lines : Signal
        They are 1 in no other tick than that in which they are ready.
    start : Signal
        One line, which fires whenever there are new lines.
    ticks, later : int or array (lines,)
    """
    ticks, later = np.asarray(ticks), np.asarray(later)
    bits = circuit.neurons(lines.lines, threshold=1, leak=MEMORYLESS, name="kept")
    circuit.connect(bits, bits)
    circuit.connect(lines, bits, weight=2, delay=1 + later)
    circuit.connect(start, bits, weight=-1, delay=lines.tick - start.tick + 1 + later + ticks)
    return bits


def as_line(spikes: Signal) -> Signal:
    """Return the one line of a value that is spread over ticks, tick by tick."""
    return replace(spikes, coding="binary", width=1)
