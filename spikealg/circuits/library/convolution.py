"""Linear convolution with known integers: of an array at once, and of a stream tick by tick."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_bool, as_choice, as_int, as_int_array, as_int_row
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.chains import as_block
from spikealg.circuits.library.linear import MatrixVector, ThresholdMatrixVector
from spikealg.circuits.library.sums import bit_weights, range_width, sum_bits
from spikealg.circuits.ports import In, Out, number_coding
from spikealg.circuits.signal import Signal, concat
from spikealg.errors import InputError

__all__ = ["Convolution", "Filter"]


class Convolution(Circuit):
    """x ∗ kernel: x0, x1, ... (width lines each, row by row) → y0, y1, ..., row by row.

    y[i] = Σ kernel[j]·x[i − j], in any number of dimensions, with zeros around x. An output is
    as wide as it has to be, and two's complement if it can be negative.

    Parameters
    ----------
    shape : int or tuple of int
        Of x.
    kernel : array of int
        Of as many dimensions.
    width : int
    signed : bool
        x is two's complement.
    mode : str
        "full", "same" (the middle part, of the shape of x) or "valid" (where the kernel lies
        inside x), as in `scipy.signal.convolve`.
    block : int, optional
        Bits that a carry passes in one tick, in a tree of adders, see `MatrixVector`. By default
        sums have constant depth and take two ticks, see `ThresholdMatrixVector`.

    Raises
    ------
    InputError
        If the kernel does not fit the shape, or a neuron's weights would not fit int32.
    """

    def __init__(
        self,
        shape: int | tuple[int, ...],
        kernel: npt.ArrayLike,
        width: int,
        signed: bool = False,
        mode: str = "full",
        block: int | None = None,
    ) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        lengths = shape if isinstance(shape, tuple) else (shape,)
        self.shape = tuple(as_int("shape", length, low=1) for length in lengths)
        self.kernel = as_int_array("kernel", kernel)
        self.mode = as_choice("mode", mode, ("full", "same", "valid"))
        if self.kernel.ndim != len(self.shape) or not self.kernel.size:
            raise InputError(
                f"kernel must have {len(self.shape)} dimensions as shape {self.shape}, got shape "
                f"{self.kernel.shape}"
            )
        if mode == "valid" and any(np.greater(self.kernel.shape, self.shape)):
            raise InputError(
                f'kernel must lie inside shape {self.shape} for mode "valid", got shape '
                f"{self.kernel.shape}"
            )
        self.block = None if block is None else as_block(block)
        matrix = _matrix(self.shape, self.kernel, mode)
        self._product = (
            ThresholdMatrixVector(matrix, self.width, self.signed)
            if self.block is None
            else MatrixVector(matrix, self.width, self.signed, self.block)
        )
        super().__init__(**self._product.ports)

    def build(self, **numbers: Signal) -> None:
        """Wire the product with the matrix of the convolution."""
        product = self.add(self._product, name="product", **numbers)
        for name, port in self.ports.items():
            if isinstance(port, Out):
                self.output(name, getattr(product, name))


class Filter(Circuit):
    """y[t] = Σ kernel[j]·x[t − j], a number in every tick: x (width lines) → y; two ticks.

    The numbers of earlier ticks wait in the delays of synapses, so no neuron keeps them. Before the
    first number there are zeros. y is as wide as it has to be, and two's complement if it can be
    negative.

    Parameters
    ----------
    kernel : sequence of int
    width : int
    signed : bool
        x is two's complement.

    Raises
    ------
    InputError
        If a neuron's weights would not fit int32.
    """

    def __init__(self, kernel: npt.ArrayLike, width: int, signed: bool = False) -> None:
        self.signed = as_bool("signed", signed)
        self.kernel = as_int_row("kernel", kernel)
        if not len(self.kernel):
            raise InputError("kernel must hold at least one whole number, got none")
        self.width = as_int("width", width, low=1, high=30)
        bits = bit_weights(self.width, self.signed)
        self.weights = [factor * bit for factor in self.kernel.tolist() for bit in bits]
        low = sum(weight for weight in self.weights if weight < 0)
        high = sum(weight for weight in self.weights if weight > 0)
        self.total_width, self.total_signed = range_width(low, high)
        super().__init__(
            x=In(self.width, number_coding(self.signed)),
            y=Out(self.total_width, number_coding(self.total_signed)),
        )

    def build(self, x: Signal) -> None:
        """Wire a weighted sum of lines that are read late."""
        lines = concat(*(x.ago(tick) for tick in range(len(self.kernel))))
        total = sum_bits(self, lines, self.weights, self.total_width)
        self.output("y", total.signed() if self.total_signed else total)
        self.accepts_every(1)


def _matrix(
    shape: tuple[int, ...], kernel: npt.NDArray[np.int64], mode: str
) -> npt.NDArray[np.int64]:
    """Return the matrix (outputs, inputs) by which x, row by row, becomes the convolution."""
    over = np.array(kernel.shape) - 1
    count = int(np.prod(shape))
    moved = np.zeros((*(over + shape), count), dtype=np.int64)
    for number, place in enumerate(np.ndindex(shape)):
        window = tuple(slice(at, at + size) for at, size in zip(place, kernel.shape, strict=True))
        moved[..., number][window] = kernel
    first = {"full": 0 * over, "same": over // 2, "valid": over}[mode]
    sizes = {"full": over + shape, "same": np.array(shape), "valid": shape - over}[mode]
    part = tuple(slice(at, at + size) for at, size in zip(first, sizes, strict=True))
    return moved[part].reshape(-1, count)
