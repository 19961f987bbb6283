"""Shifts by a number of bits that is not known in advance; by a known one they cost nothing."""

from __future__ import annotations

from spikealg.arguments import as_bool, as_choice, as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.routing import Select
from spikealg.circuits.ports import In, Out, number_coding
from spikealg.circuits.signal import Signal, concat

__all__ = ["Shifter"]


class Shifter(Circuit):
    """a shifted by `amount` bits: a (width lines), amount → out (width lines).

    Bits that leave are lost, bits that come in are 0 or, of signed numbers shifted right, the sign,
    so a right shift divides by 2^amount and rounds down. Any amount that fits its port is right,
    also width or more. One `Select` per bit of amount: 2·width neurons and two ticks each.

    Parameters
    ----------
    width : int
    direction : str
        "left" or "right".
    signed : bool
        a is two's complement.
    """

    def __init__(self, width: int, direction: str = "left", signed: bool = False) -> None:
        self.width = as_int("width", width, low=1)
        self.signed = as_bool("signed", signed)
        coding = number_coding(self.signed)
        self.direction = as_choice("direction", direction, ("left", "right"))
        super().__init__(
            a=In(self.width, coding),
            amount=In(self.width.bit_length()),
            out=Out(self.width, coding),
        )

    def build(self, a: Signal, amount: Signal) -> None:
        """Wire a selection between shifted and not for each bit of the amount."""
        out = a.unsigned()
        for bit in range(amount.width):
            moved = self._shifted(out, min(1 << bit, self.width))
            out = self.add(Select(self.width), a=moved, b=out, pick=amount[bit]).out
        self.output("out", out.signed() if self.signed else out)

    def _shifted(self, a: Signal, by: int) -> Signal:
        if self.direction == "left":
            return concat(self.ground(by), a)[: self.width]
        above = a.signed().extend(self.width + by) if self.signed else a.extend(self.width + by)
        return above[by:]
