"""The values of output ports, read from spikes one by one or from packed ones as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.circuits import codings
from spikealg.engine.packed import MOST_BITS, PackedSpikes, unpack_values
from spikealg.engine.state import Spikes
from spikealg.network import Port

__all__ = ["last_value", "numbers", "value"]

Values = npt.NDArray[Any]


def numbers(planes: npt.NDArray[np.uint64], lanes: int, offset: int) -> Values:
    """Return the unsigned values of planes (width, words): int64, or Python integers if wider."""
    if len(planes) <= MOST_BITS:
        return unpack_values(planes, lanes, offset)
    values = np.zeros(lanes, dtype=object)
    for low in range(0, len(planes), MOST_BITS):
        piece = unpack_values(planes[low : low + MOST_BITS], lanes, offset)
        values |= piece.astype(object) << low
    return values


def value(port: Port, spikes: Spikes | PackedSpikes, first: int, lanes: int) -> Values:
    """Return the value that a port presents from tick `first` on, lane by lane."""
    ticks = codings.coding_ticks(port.coding, port.width)
    regular = port.lines == codings.coding_lines(port.coding, port.width)
    if isinstance(spikes, PackedSpikes) and regular:
        if port.coding in ("binary", "signed", "stream"):
            planes = spikes.planes(port.neurons, first, ticks, lanes)
            values = numbers(planes.reshape(port.width, -1), lanes, spikes.offset)
            return (
                codings.twos_complement(values, port.width) if port.coding == "signed" else values
            )
        if port.coding == "unary":
            return spikes.counts(int(port.neurons[0]), first, ticks, lanes)
        if port.coding == "temporal":
            return spikes.first(int(port.neurons[0]), first, ticks, lanes)
    window = spikes.raster(port.neurons, first, ticks, lanes)
    return codings.decode(window, port.coding, port.width)


def last_value(port: Port, spikes: Spikes | PackedSpikes, stopped: npt.NDArray[np.int64]) -> Values:
    """Return the value that a port presents in the tick in which each lane stopped."""
    if isinstance(spikes, PackedSpikes):
        planes = spikes.last_planes(port.neurons, stopped)
        if port.coding == "binary" and port.lines == port.width:
            return numbers(planes, len(stopped), spikes.offset)
        lines = [numbers(plane[np.newaxis], len(stopped), spikes.offset) for plane in planes]
        window = np.stack(lines, axis=1)
    else:
        window = spikes.last_raster(port.neurons, stopped)
    return codings.decode(window[np.newaxis], port.coding, port.width)
