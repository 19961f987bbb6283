"""Cross-correlation of two frames, and the displacement at which it is largest.

The method of particle image velocimetry: a window of one frame is compared with all places of a
larger window of the next frame (Severa, Parekh, Carlson, James and Aimone, "Spiking network
algorithms for scientific computing", ICRC 2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from spikealg.arguments import as_int, as_int_array
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.routing import first_of
from spikealg.circuits.library.sums import range_width, sum_bits
from spikealg.circuits.library.winners import Load, race
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Signal
from spikealg.errors import InputError

__all__ = ["CrossCorrelation", "Displacement"]

_Pair = int | tuple[int, int]
"""Rows and columns, or one number for both."""

LONGEST_RACE = 1 << 16
"""Ticks that finding the largest correlation may take."""


@dataclass(frozen=True)
class _Search:
    """A window in the first frame and where to look for it in the second.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the window.
    reach : (int, int)
        Largest displacement in rows and in columns, of either sign.
    width : int
        Lines of a pixel.
    """

    shape: tuple[int, int]
    reach: tuple[int, int]
    width: int

    @classmethod
    def checked(cls, shape: Any, reach: Any, width: int) -> _Search:
        """Return the search, or raise an error that names the argument."""
        return cls(
            _pair("shape", shape, low=1),
            _pair("reach", reach, low=0),
            as_int("width", width, low=1, high=8),
        )

    @property
    def searched(self) -> tuple[int, int]:
        """Rows and columns of the window in the second frame."""
        return self.shape[0] + 2 * self.reach[0], self.shape[1] + 2 * self.reach[1]

    @property
    def shifts(self) -> list[tuple[int, int]]:
        """All displacements, row by row."""
        rows, columns = (range(-reach, reach + 1) for reach in self.reach)
        return [(dy, dx) for dy in rows for dx in columns]

    @property
    def most(self) -> int:
        """The largest correlation that there can be."""
        return int(np.prod(self.shape)) * ((1 << self.width) - 1) ** 2

    def ports(self) -> dict[str, In]:
        """Return an input for each window."""
        shapes = zip("ab", (self.shape, self.searched), strict=True)
        return {name: In(int(np.prod(shape)) * self.width) for name, shape in shapes}

    def inputs(self, first: npt.ArrayLike, second: npt.ArrayLike) -> dict[str, Any]:
        """Return the raster (1, windows, lines) of each input for windows (..., rows, columns)."""
        rasters = {}
        for name, windows, shape in (("a", first, self.shape), ("b", second, self.searched)):
            pixels = as_int_array(name, windows, low=0, high=(1 << self.width) - 1)
            if pixels.shape[-2:] != shape:
                raise InputError(
                    f"{name} must have shape (..., {shape[0]}, {shape[1]}), got shape "
                    f"{pixels.shape}"
                )
            bits = pixels[..., None] >> np.arange(self.width) & 1
            lines = shape[0] * shape[1] * self.width
            rasters[name] = bits.astype(np.int8).reshape(1, -1, lines)
        return rasters

    def products(self, circuit: Circuit, a: Signal, b: Signal, *opened: Signal) -> list[Signal]:
        """Return a signal for each shift: the products of all bits, which count as `weights` says.

        `opened` are lines that must be 1 too.
        """
        y, x, i, j = (index.ravel() for index in np.indices((*self.shape, self.width, self.width)))
        from_a = (y * self.shape[1] + x) * self.width + i
        from_b = [
            ((y + dy + self.reach[0]) * self.searched[1] + x + dx + self.reach[1]) * self.width + j
            for dy, dx in self.shifts
        ]
        lines = np.arange(len(from_a) * len(from_b))
        ones = np.ones(len(lines), dtype=np.int64)
        read_a = sp.coo_array((ones, (np.tile(from_a, len(from_b)), lines)), (a.lines, len(lines)))
        read_b = sp.coo_array((ones, (np.concatenate(from_b), lines)), (b.lines, len(lines)))
        products = circuit.gates(
            a,
            b,
            *opened,
            weights=(read_a, read_b, *(1 for _ in opened)),
            threshold=2 + len(opened),
            name="product",
        )
        return [products[k : k + len(from_a)] for k in range(0, len(lines), len(from_a))]

    @property
    def weights(self) -> npt.NDArray[np.int64]:
        """What each product of a shift counts."""
        pixels, (i, j) = int(np.prod(self.shape)), np.indices((self.width, self.width))
        return np.tile(1 << (i + j).ravel(), pixels)


class CrossCorrelation(Circuit):
    """Σ a[p]·b[p + d] for all displacements d: a, b (width lines per pixel) → c0, c1, ...

    `a` is a window of one frame and `b` the window of the other in which it is looked for, larger
    by `reach` on every side; both are given row by row, and `inputs` does it. Output k is that of
    ``shifts[k]``, (rows, columns), from (−reach, −reach) on. It is
    ``scipy.signal.correlate2d(b, a, mode="valid")``, in three ticks.

    A product of bits takes a neuron: pixels·width² per displacement, and a sum of constant depth.

    Parameters
    ----------
    shape : int or (int, int)
        Rows and columns of `a`.
    reach : int or (int, int)
        Largest displacement, of either sign.
    width : int
        Lines of a pixel, 1 for black and white.

    Raises
    ------
    InputError
        If a neuron's weights would not fit int32.
    """

    def __init__(
        self, shape: tuple[int, int], reach: int | tuple[int, int], width: int = 1
    ) -> None:
        self._search = _Search.checked(shape, reach, width)
        self.total_width, _ = range_width(0, self._search.most)
        outputs = {f"c{k}": Out(self.total_width) for k in range(len(self.shifts))}
        super().__init__(**self._search.ports(), **outputs)

    @property
    def shifts(self) -> list[tuple[int, int]]:
        """The displacement (rows, columns) of each output."""
        return self._search.shifts

    def inputs(self, first: npt.ArrayLike, second: npt.ArrayLike) -> dict[str, Any]:
        """Return the raster (1, windows, lines) of each input: one window per lane.

        Parameters
        ----------
        first : array of int (..., rows, columns)
            Windows of the first frame.
        second : array of int (..., rows + 2·reach, columns + 2·reach)
            The windows around them in the second frame.
        """
        return self._search.inputs(first, second)

    def build(self, a: Signal, b: Signal) -> None:
        """Wire the products and a sum for each displacement."""
        weights = self._search.weights.tolist()
        for k, lines in enumerate(self._search.products(self, a, b)):
            self.output(f"c{k}", sum_bits(self, lines, weights, self.total_width))


class Displacement(Circuit):
    """Where the cross-correlation is largest: a, b, start → dy, dx (signed), done.

    The windows are those of `CrossCorrelation`; what is at p in `a` is at p + (dy, dx) in `b`. Of
    equal correlations the one of the shortest displacement wins, then that of the lowest dy and
    dx, so of empty windows the displacement is 0. The correlations are potentials that race: it is
    done rows·columns·(2^width − 1)² + 4 − the largest correlation ticks after the start. The next
    windows may come in the tick after it is done.

    Parameters
    ----------
    shape, reach, width
        As for `CrossCorrelation`.

    Raises
    ------
    InputError
        If the race could take more than 2^16 ticks.
    """

    def __init__(
        self, shape: tuple[int, int], reach: int | tuple[int, int], width: int = 1
    ) -> None:
        self._search = _Search.checked(shape, reach, width)
        if self._search.most >= LONGEST_RACE:
            raise InputError(
                f"windows of shape {self._search.shape} with pixels of width {width} take up to "
                f"{self._search.most} ticks, and {LONGEST_RACE - 1} is the most: use smaller "
                "windows, or CrossCorrelation and ArgMax"
            )
        rows, columns = self._search.reach
        super().__init__(
            **self._search.ports(),
            start=In(),
            dy=Out(rows.bit_length() + 1, "signed"),
            dx=Out(columns.bit_length() + 1, "signed"),
            done=Out(),
        )

    def inputs(self, first: npt.ArrayLike, second: npt.ArrayLike) -> dict[str, Any]:
        """Return the raster of each input but `start`, as `CrossCorrelation.inputs`."""
        return self._search.inputs(first, second)

    def build(self, a: Signal, b: Signal, start: Signal) -> None:
        """Wire the products, a race of their sums, and the displacement of the winner."""
        products = self._search.products(self, a, b, start)
        ordered = sorted(
            zip(self._search.shifts, products, strict=True),
            key=lambda entry: (np.hypot(*entry[0]), entry[0]),
        )
        loads = [Load(lines, self._search.weights) for _, lines in ordered]
        winners = race(self, loads, start, self._search.most)
        first = first_of(self, winners)
        for axis, name in enumerate(("dy", "dx")):
            width = self.ports[name].width
            bits = [[shift[axis] >> bit & 1 for bit in range(width)] for shift, _ in ordered]
            self.output(name, self.gates(first, weights=np.array(bits), name=name).signed())
        self.output("done", self.gate(winners, name="done"))
        self.accepts_every(None)


def _pair(name: str, value: Any, low: int) -> tuple[int, int]:
    """Return rows and columns, from two whole numbers or one for both."""
    pair = value if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2:
        raise InputError(f"{name} must be one or two whole numbers (rows, columns), got {value!r}")
    return as_int(name, pair[0], low=low), as_int(name, pair[1], low=low)
