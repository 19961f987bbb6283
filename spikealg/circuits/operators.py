"""Operators on signals: each adds the obvious circuit to the circuit that is being built.

The circuits are imported when an operator is used: they are made of signals themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from spikealg.arguments import as_int
from spikealg.circuits.codings import NUMBER_CODINGS
from spikealg.errors import InputError, InputTypeError

if TYPE_CHECKING:
    from spikealg.circuits.circuit import Circuit, Instance
    from spikealg.circuits.signal import Signal

__all__ = ["Operators"]


class Operators:
    """Arithmetic, comparisons and bitwise operators of a signal.

    Operands are signals of one circuit or whole numbers. The shorter operand is extended; if one is
    two's complement, so is the result. Nothing overflows: a sum has a line more than its operands,
    a product as many as both. What is refused adds nothing to the circuit.
    """

    __array_ufunc__ = None
    """Numbers of NumPy on the left leave the operator to the signal."""

    # ------------------------------------------------------------------ arithmetic

    def __add__(self, other: Any) -> Signal:
        """Return self + other, one line wider; of streams, bit-serial."""
        from spikealg.circuits.library.addition import Adder
        from spikealg.circuits.library.serial import BitSerialAdder

        if _of(self).coding == "stream":
            a, b = _of(self), _signal(other, self, "+")
            width = max(a.width, b.width)
            adder = BitSerialAdder(width)
            return _add(self, adder, a=a.extend(width), b=b.extend(width)).sum
        a, b = _alike(self, other, "+")
        return _add(self, Adder(a.width, _is_signed(a)), a=a, b=b).sum

    __radd__ = __add__

    def __sub__(self, other: Any) -> Signal:
        """Return self − other, two's complement, one line wider."""
        from spikealg.circuits.library.addition import Subtractor

        a, b = _alike(self, other, "-")
        return _add(self, Subtractor(a.width, _is_signed(a)), a=a, b=b).difference

    def __rsub__(self, other: Any) -> Signal:
        return _as_signal(self, other, "-") - _of(self)

    def __mul__(self, other: Any) -> Signal:
        """Return self·other; by a whole number, as wide as it has to be."""
        from spikealg.circuits.library.linear import MultiplyByConstant
        from spikealg.circuits.library.multiplication import Multiplier

        if _is_number(other):
            scale = MultiplyByConstant(_of(self).width, int(other), _is_signed(_of(self)))
            return _add(self, scale, a=_of(self)).product
        a, b = _alike(self, other, "*")
        # A product of signed bits would be a special case; a line more is not.
        if _is_signed(a) and a.width == 1:
            a, b = a.extend(2), b.extend(2)
        return _add(self, Multiplier(a.width, _is_signed(a)), a=a, b=b).product

    __rmul__ = __mul__

    def __floordiv__(self, other: Any) -> Signal:
        """Return self // other of unsigned numbers; by 0 it is the largest number."""
        from spikealg.circuits.library.division import Divider

        if _is_signed(_of(self)) or _is_signed(_operand(self, other, "//")):
            raise InputError(
                f"{_of(self).name} // ... of signed numbers rounds down in Python, and a Divider "
                "toward zero: say which you want, with Divider(width, signed=True)"
            )
        a, b = _alike(self, other, "//")
        return _add(self, Divider(a.width), a=a, b=b).quotient

    def __mod__(self, other: Any) -> Signal:
        """Return self % other, with the sign of `other`; by 0 it is self."""
        from spikealg.circuits.library.division import Modulo

        a, b = _alike(self, other, "%")
        return _add(self, Modulo(a.width, _is_signed(a)), a=a, b=b).out

    def __neg__(self) -> Signal:
        """Return −self, two's complement, one line wider."""
        from spikealg.circuits.library.addition import Negate

        return _add(self, Negate(_of(self).width, _is_signed(_of(self))), a=_of(self)).out

    def __abs__(self) -> Signal:
        """Return the absolute value, unsigned; the signal itself if its coding is unsigned."""
        from spikealg.circuits.library.negation import Absolute

        signal = _of(self)
        if signal.coding in ("binary", "stream", "unary"):
            return signal
        if not _is_signed(signal):
            raise InputError(f"abs takes unsigned numbers and two's complement, got {signal}")
        return _add(self, Absolute(signal.width), a=signal).out

    # ------------------------------------------------------------------ comparisons

    def __gt__(self, other: Any) -> Signal:
        """Return a line that is 1 where self > other."""
        from spikealg.circuits.library.comparison import GreaterThan

        a, b = _alike(self, other, ">")
        return _add(self, GreaterThan(a.width, _is_signed(a)), a=a, b=b).out

    def __lt__(self, other: Any) -> Signal:
        """Return a line that is 1 where self < other."""
        from spikealg.circuits.library.comparison import GreaterThan

        a, b = _alike(self, other, "<")
        return _add(self, GreaterThan(a.width, _is_signed(a)), a=b, b=a).out

    def __ge__(self, other: Any) -> Signal:
        """Return a line that is 1 where self ≥ other."""
        less: Signal = self < other
        return ~less

    def __le__(self, other: Any) -> Signal:
        """Return a line that is 1 where self ≤ other."""
        greater: Signal = self > other
        return ~greater

    def __eq__(self, other: object) -> Signal:  # type: ignore[override]
        """Return a line that is 1 where self = other."""
        from spikealg.circuits.library.comparison import Equal

        a, b = _alike(self, other, "==")
        return _add(self, Equal(a.width, _is_signed(a)), a=a, b=b).out

    def __ne__(self, other: object) -> Signal:  # type: ignore[override]
        """Return a line that is 1 where self ≠ other."""
        return ~(self == other)

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise InputTypeError(
            f"{_of(self).name} has no truth value while the circuit is built: it is known when the "
            "network runs; choose with Select, and test for a missing signal with `is None`"
        )

    # ------------------------------------------------------------------ bits

    def __invert__(self) -> Signal:
        """Return every line inverted."""
        from spikealg.circuits.library.gates import Not

        out = _add(self, Not(_of(self).width), a=_of(self).unsigned()).out
        return out.signed() if _is_signed(_of(self)) else out

    def __and__(self, other: Any) -> Signal:
        """Return self & other, line by line; one unsigned line is joined with all."""
        return self._bitwise(other, "&", threshold=2)

    def __or__(self, other: Any) -> Signal:
        """Return self | other, line by line; one unsigned line is joined with all."""
        return self._bitwise(other, "|", threshold=1)

    def __xor__(self, other: Any) -> Signal:
        """Return self ^ other, line by line; one unsigned line is joined with all."""
        circuit = _of(self).body.circuit
        a, b = _bits(self, other, "^")
        both = circuit.gates(a, b, threshold=2, name="both")
        out = circuit.gates(a, b, both, weights=(1, 1, -2), threshold=1, name="xor")
        return _read_like(out, a, b)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lshift__(self, other: Any) -> Signal:
        """Return self·2^other: wider and without neurons by a number, of this width by a signal."""
        from spikealg.circuits.signal import concat

        if not _is_number(other):
            return self._shifted(other, "left")
        by = as_int("bits of <<", other, low=0)
        out = concat(_of(self).body.circuit.ground(by), _of(self)) if by else _of(self)
        return out.signed() if _is_signed(_of(self)) else out

    def __rshift__(self, other: Any) -> Signal:
        """Return self // 2^other: narrower and without neurons by a number."""
        if not _is_number(other):
            return self._shifted(other, "right")
        signal, by = _of(self), as_int("bits of >>", other, low=0)
        signed = _is_signed(signal)
        # At least the sign is left, or a line that is always 0.
        kept = signal.extend(max(signal.width, by + 1))[by:]
        return kept.signed() if signed else kept

    def concat(self, *others: Signal) -> Signal:
        """Return one signal of these lines and, above them, those of the others."""
        from spikealg.circuits.signal import concat

        return concat(_of(self), *others)

    def _bitwise(self, other: Any, operator: str, *, threshold: int) -> Signal:
        names = {"&": "and", "|": "or"}
        a, b = _bits(self, other, operator)
        circuit = _of(self).body.circuit
        out = circuit.gates(a, b, threshold=threshold, name=f"{names[operator]}_gate")
        return _read_like(out, a, b)

    def _shifted(self, amount: Any, direction: str) -> Signal:
        from spikealg.circuits.library.shifting import Shifter

        signal = _of(self)
        shifter = Shifter(signal.width, direction, _is_signed(signal))
        amount = _signal(amount, self, "<<" if direction == "left" else ">>")
        wanted = shifter.ports["amount"].width
        if amount.width < wanted:
            amount = amount.extend(wanted)
        return _add(self, shifter, a=signal, amount=amount).out


def _of(operand: Operators) -> Signal:
    return cast("Signal", operand)


def _is_signed(operand: Signal | int) -> bool:
    return operand < 0 if isinstance(operand, int) else operand.coding == "signed"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))


def _add(operand: Operators, circuit: Circuit, **connections: Signal) -> Instance:
    builder: Circuit = _of(operand).body.circuit
    return builder.add(circuit, name=None, **connections)


def _operand(beside: Operators, value: Any, operator: str) -> Signal | int:
    """Return `value` if it is a signal, or a whole number beside lines that carry one."""
    if not _is_number(value):
        return _signal(value, beside, operator)
    if _of(beside).coding not in NUMBER_CODINGS:
        raise _not_a_signal(value, beside, operator)
    return int(value)


def _signal(value: Any, beside: Operators, operator: str) -> Signal:
    """Return `value` if it is a signal, or raise an error."""
    if not isinstance(value, Operators):
        raise _not_a_signal(value, beside, operator)
    return _of(value)


def _not_a_signal(value: Any, beside: Operators, operator: str) -> InputTypeError:
    signal = _of(beside)
    kinds = "a signal or a whole number" if signal.coding in NUMBER_CODINGS else "a signal"
    of = "" if signal.coding in NUMBER_CODINGS else f" of a {signal.coding} value"
    return InputTypeError(f"{signal.name} {operator} ...{of} takes {kinds}, got {value!r}")


def _as_signal(beside: Operators, value: Any, operator: str) -> Signal:
    """Return a signal, or a whole number as a signal of the circuit of `beside`."""
    from spikealg.circuits.library.gates import Constant
    from spikealg.circuits.library.sums import range_width

    operand = _operand(beside, value, operator)
    if not isinstance(operand, int):
        return operand
    width, signed = range_width(min(operand, 0), max(operand, 0))
    out = _add(beside, Constant(operand % (1 << width), width)).out
    return out.signed() if signed else out


def _alike(first: Operators, second: Any, operator: str) -> tuple[Signal, Signal]:
    """Return both operands as numbers of one width and signedness."""
    signals = [_of(first), _as_signal(first, second, operator)]
    if any(_is_signed(signal) for signal in signals):
        # A line of 0 on top of an unsigned number is its sign.
        signals = [
            signal if _is_signed(signal) else signal.extend(signal.width + 1).signed()
            for signal in signals
        ]
    width = max(signal.width for signal in signals)
    a, b = (signal.extend(width) for signal in signals)
    return a, b


def _bits(first: Operators, second: Any, operator: str) -> tuple[Signal, Signal]:
    """Return both operands with lines that are joined one by one, or one with all."""
    a, b = _of(first), _operand(first, second, operator)
    if not isinstance(b, int) and not {a.coding, b.coding} <= {*NUMBER_CODINGS}:
        # Spikes of one meaning are joined tick by tick; of two, gates say what is wrong.
        width = max(a.width, b.width) if a.coding == b.coding else 0
        return (a.extend(width), b.extend(width)) if width else (a, b)
    if _is_one_line(a) or _is_one_line(b):
        return a, _as_signal(first, second, operator)
    return _alike(first, second, operator)


def _is_one_line(operand: Signal | int) -> bool:
    return not isinstance(operand, int) and (operand.coding, operand.width) == ("binary", 1)


def _read_like(lines: Signal, *operands: Signal) -> Signal:
    """Return lines as two's complement if one of the operands is."""
    return lines.signed() if any(map(_is_signed, operands)) else lines
