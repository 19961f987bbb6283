"""What ports and neurons show, tick by tick: a table to look at when a circuit does not work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.circuits.codings import decode
from spikealg.errors import InputError
from spikealg.network import Network

if TYPE_CHECKING:
    from spikealg.engine.run import Run

__all__ = ["Trace", "trace"]


@dataclass(frozen=True)
class Trace:
    """Values of some ports in each tick of one lane; prints as a table.

    Attributes
    ----------
    first : int
        The tick of the first row.
    columns : mapping of name to int64 array (ticks,)
        What the lines of a port show in each tick, as one number.
    fired : mapping of name to bool array (ticks,)
        Whether any of the lines spiked; the table has "·" where none did.
    """

    first: int
    columns: Mapping[str, npt.NDArray[np.int64]]
    fired: Mapping[str, npt.NDArray[np.bool_]]

    def __str__(self) -> str:
        ticks = len(next(iter(self.fired.values())))
        table = [["tick", *self.columns]]
        for row in range(ticks):
            shown = [
                str(values[row]) if self.fired[name][row] else "·"
                for name, values in self.columns.items()
            ]
            table.append([str(self.first + row), *shown])
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = (
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in table
        )
        return "\n".join(lines)


def trace(
    run: Run, *names: str, lane: int = 0, first: int | None = None, ticks: int | None = None
) -> Trace:
    """Return what ports and neurons of a run show in each tick.

    Parameters
    ----------
    run : Run
    *names : str
        Ports, groups or neurons by their paths; all ports that were recorded unless given. Inputs
        are recorded with ``record="all"``.
    lane : int
    first, ticks : int, optional
        The first tick and the number of ticks; the whole run unless given.

    Raises
    ------
    InputError, InputTypeError
        If nothing has this name, it was not recorded (without names: no port was), or there is no
        such lane or tick.

    Examples
    --------
    >>> from spikealg import simulate
    >>> from spikealg.circuits import Adder
    >>> run = simulate(Adder(2).compile(), {"a": 3, "b": 1}, ticks=5, record="all")
    >>> print(run.trace("a", "b", "sum"))
    tick  a  b  sum
       0  3  1    ·
       1  ·  ·    ·
       2  ·  ·    ·
       3  ·  ·    4
       4  ·  ·    ·
    """
    network = run.network
    if not names:
        names = tuple(
            name
            for name in (*network.inputs, *network.outputs)
            if np.isin(_neurons(network, name), run.recorded).all()
        )
        if not names:
            raise InputError(
                'no port was recorded: name neurons that were, or simulate with record="all"'
            )
    lane = as_int("lane", lane, low=0, high=run.lanes - 1)
    first, ticks = run.window(first, ticks, least=1)
    lines = {name: run.raster(_neurons(network, name), first, ticks)[:, lane] for name in names}
    return Trace(
        first,
        MappingProxyType({name: _values(network, name, spikes) for name, spikes in lines.items()}),
        MappingProxyType({name: spikes.max(axis=1) > 0 for name, spikes in lines.items()}),
    )


def _neurons(network: Network, name: str) -> npt.NDArray[np.int64]:
    neurons = network.find(name)
    return neurons[neurons >= 0]


def _values(network: Network, name: str, lines: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the lines (ticks, lines) of each tick as a number; of a current, how many spiked."""
    port = network.outputs.get(name) or network.inputs.get(name)
    if port is None or port.coding == "current":
        return np.asarray(np.count_nonzero(lines, axis=1), dtype=np.int64)
    coding = "signed" if port.coding == "signed" else "binary"
    values: npt.NDArray[np.int64] = decode(lines[np.newaxis], coding, lines.shape[1])
    return values
