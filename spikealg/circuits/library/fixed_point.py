"""Fixed-point numbers: integers that stand for fractions, and what multiplies them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_bool, as_choice, as_float_array, as_int, as_int_array
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.addition import Adder
from spikealg.circuits.library.multiplication import Multiplier
from spikealg.circuits.library.saturating import Saturate
from spikealg.circuits.ports import In, Out, number_coding
from spikealg.circuits.signal import Signal
from spikealg.errors import InputError, InputTypeError

__all__ = ["FixedPoint", "FixedPointMultiplier"]


@dataclass(frozen=True)
class FixedPoint:
    """A format: the integer n stands for n / 2^fraction.

    Parameters
    ----------
    integer, fraction : int
        Bits before and after the point.
    signed : bool
        Two's complement, with a sign bit more.
    """

    integer: int
    fraction: int
    signed: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "integer", as_int("integer", self.integer, low=0))
        object.__setattr__(self, "fraction", as_int("fraction", self.fraction, low=0))
        object.__setattr__(self, "signed", as_bool("signed", self.signed))
        as_int("integer + fraction + signed", self.width, low=1, high=52)

    @property
    def width(self) -> int:
        """Lines of a number, for the ports of any circuit of integers."""
        return self.integer + self.fraction + self.signed

    @property
    def resolution(self) -> float:
        """Distance of two neighbouring numbers."""
        return float(2.0**-self.fraction)

    @property
    def lowest(self) -> float:
        """The smallest number."""
        return -float(2.0**self.integer) if self.signed else 0.0

    @property
    def highest(self) -> float:
        """The largest number."""
        return float(2.0**self.integer) - self.resolution

    def to_integers(self, numbers: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the nearest integers (half to even) that stand for `numbers`.

        Raises
        ------
        InputError
            If a number is out of range after rounding.
        """
        array = as_float_array("numbers", numbers)
        integers = np.rint(array * 2.0**self.fraction)
        low, high = (end / self.resolution for end in (self.lowest, self.highest))
        bad = (integers < low) | (integers > high)
        if bad.any():
            raise InputError(
                f"numbers must be from {self.lowest} to {self.highest}, got {array[bad].flat[0]}"
            )
        return integers.astype(np.int64)

    def to_numbers(self, integers: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return what `integers` stand for."""
        return as_int_array("integers", integers).astype(np.float64) * self.resolution


class FixedPointMultiplier(Circuit):
    """a·b of one fixed-point format, rounded and saturated: a, b → product (all of its width).

    A `Multiplier`, the bits below the point's place dropped, and a `Saturate`. Sums and differences
    of fixed-point numbers are those of the integers, for example `SaturatingAdder`.

    Parameters
    ----------
    form : FixedPoint
        Of at least two lines if signed, as for `Multiplier`.
    rounding : str
        "down" (toward −∞) or "nearest" (half up), which takes an `Adder` more.

    Raises
    ------
    InputError, InputTypeError
        If `form` is no format, or only a sign.
    """

    def __init__(self, form: FixedPoint, rounding: str = "down") -> None:
        if not isinstance(form, FixedPoint):
            raise InputTypeError(f"form must be a FixedPoint, got {form!r}")
        if form.signed and form.width < 2:
            raise InputError(f"form must have a bit beside its sign, got {form}")
        coding = number_coding(form.signed)
        super().__init__(
            a=In(form.width, coding), b=In(form.width, coding), product=Out(form.width, coding)
        )
        self.form = form
        self.rounding = as_choice("rounding", rounding, ("down", "nearest"))

    def build(self, a: Signal, b: Signal) -> None:
        """Wire the product, its rounding and its limits."""
        width, signed, below = self.form.width, self.form.signed, self.form.fraction
        exact = self.add(Multiplier(width, signed), a=a, b=b).product
        short = exact[below:]
        short = short.signed() if signed else short
        if self.rounding == "nearest" and below:
            zero = self.ground(short.width)
            zero = zero.signed() if signed else zero
            adder = Adder(short.width, signed)
            short = self.add(adder, a=short, b=zero, carry_in=exact[below - 1]).sum
        saturate = Saturate(short.width, width, signed)
        self.output("product", self.add(saturate, a=short).out)
