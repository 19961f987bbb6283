"""Operators on signals compute what the same operators on Python's integers do."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from spikealg.circuits import Circuit
from spikealg.errors import InputError, InputTypeError, SpikealgError, WiringError
from tests.helpers import refused

KINDS = {"unsigned": ("binary", 0), "signed": ("signed", -8)}


def compared(first, second, function, *, width=4):
    """Return what the circuit and Python make of all pairs of numbers of two kinds."""
    top = Circuit("top")
    a = top.input("a", width, KINDS[first][0])
    b = top.input("b", width - 1, KINDS[second][0])
    top.output("out", function(a, b))
    x = np.arange(2**width) + KINDS[first][1]
    y = np.arange(2 ** (width - 1)) + KINDS[second][1] // 2
    xs, ys = (grid.reshape(-1) for grid in np.meshgrid(x, y))
    found = top.compile()(a=xs, b=ys)["out"]
    return found.tolist(), [function(p, q) for p, q in zip(xs.tolist(), ys.tolist(), strict=True)]


@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "lt", "le", "gt", "ge", "eq", "ne"])
def test_two_numbers(first, second, name):
    found, expected = compared(first, second, getattr(operator, name))
    assert found == expected


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize(
    "function",
    [
        lambda a: a + 5,
        lambda a: 5 + a,
        lambda a: a - 3,
        lambda a: 3 - a,
        lambda a: -2 + a,
        lambda a: a * 7,
        lambda a: -3 * a,
        lambda a: a < 4,
        lambda a: a == 6,
        lambda a: a != -1,
        lambda a: 2 >= a,
        lambda a: -a,
        lambda a: abs(a),
        lambda a: a << 2,
        lambda a: a << 0,
        lambda a: a >> 1,
        lambda a: a >> 6,
        lambda a: a % 5,
    ],
)
def test_a_number_and_a_constant(first, function):
    found, expected = compared(first, "unsigned", lambda a, b: function(a))
    assert found == expected


@pytest.mark.parametrize("function", [operator.and_, operator.or_, operator.xor])
def test_bits(function):
    top = Circuit("top")
    a, b = top.input("a", 4), top.input("b", 4)
    top.output("both", function(a, b))
    top.output("constant", function(a, 6))
    top.output("from_left", function(6, a))
    top.output("one_line", function(a, b[0]))
    xs, ys = (grid.reshape(-1) for grid in np.meshgrid(np.arange(16), np.arange(16)))
    found = top.compile()(a=xs, b=ys)
    assert np.array_equal(found["both"], function(xs, ys))
    assert np.array_equal(found["constant"], function(xs, 6))
    assert np.array_equal(found["from_left"], function(xs, 6))
    assert np.array_equal(found["one_line"], function(xs, 15 * (ys % 2)))


@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("function", [operator.and_, operator.or_, operator.xor])
def test_bits_of_any_two_numbers_are_those_of_python(function, first, second):
    found, expected = compared(first, second, function)
    assert found == expected


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("function", [operator.and_, operator.or_, operator.xor])
def test_bits_of_a_number_and_a_constant_are_those_of_python(function, first):
    top = Circuit("top")
    a = top.input("a", 3, KINDS[first][0])
    constants = (-9, -1, 0, 1, 3, 7, 8, np.int64(-3), np.uint8(12))
    for place, constant in enumerate(constants):
        top.output(f"right{place}", function(a, constant))
        top.output(f"left{place}", function(constant, a))
    values = np.arange(8) + KINDS[first][1] // 2
    found = top.compile()(a=values)
    for place, constant in enumerate(constants):
        expected = [function(value, int(constant)) for value in values.tolist()]
        assert found[f"right{place}"].tolist() == found[f"left{place}"].tolist() == expected


def test_bits_keep_the_sign():
    top = Circuit("top")
    s = top.input("s", 4, "signed")
    for name, out in (("and", s & s), ("or", s | s), ("xor", s ^ s)):
        assert out.coding == "signed"
        top.output(f"{name}_negative", out < 0)
        top.output(f"{name}_itself", out + 0)
    found = top.compile()(s=-3)
    assert [found[f"{name}_negative"] for name in ("and", "or", "xor")] == [1, 1, 0]
    assert [found[f"{name}_itself"] for name in ("and", "or", "xor")] == [-3, -3, 0]


def test_one_line_is_joined_with_all():
    top = Circuit("top")
    one, s, sign = top.input("one"), top.input("s", 3, "signed"), top.input("sign", 1, "signed")
    top.output("masked", s & one)
    top.output("constant", one & 6)
    top.output("negative", one & -3)
    top.output("both", one & one)
    top.output("signs", sign & s.unsigned())
    network = top.compile()
    assert network(one=1, s=-3, sign=-1) == {
        "masked": -3,
        "constant": 6,
        "negative": -3,
        "both": 1,
        "signs": 5,
    }
    assert set(network(one=0, s=-3, sign=0).values()) == {0}


def test_streams_are_joined_bit_by_bit():
    top = Circuit("top")
    a, b = top.input("a", 4, "stream"), top.input("b", 6, "stream")
    top.output("or", a | b)
    assert str(top.ports["or"]) == "stream of width 6"
    assert top.compile()(a=0b1010, b=0b100110) == {"or": 0b101110}


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("number", [np.int64(3), np.uint8(3), np.int8(-2)])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "lt", "le", "gt", "ge", "eq", "ne"])
def test_numbers_of_numpy_on_either_side(first, number, name):
    function = getattr(operator, name)
    top = Circuit("top")
    a = top.input("a", 3, KINDS[first][0])
    top.output("left", function(number, a))
    top.output("right", function(a, number))
    values = np.arange(8) + KINDS[first][1] // 2
    found = top.compile()(a=values)
    assert found["left"].tolist() == [function(int(number), v) for v in values.tolist()]
    assert found["right"].tolist() == [function(v, int(number)) for v in values.tolist()]


def test_absolute_values():
    top = Circuit("top")
    for coding in ("binary", "stream", "unary"):
        signal = top.input(coding, 3, coding)
        assert abs(signal) is signal
    for coding in ("temporal", "current"):
        signal = top.input(coding, 3, coding)
        with refused(f"abs takes unsigned numbers and two's complement, got {signal}", InputError):
            abs(signal)


def test_a_refused_operator_adds_nothing():
    top = Circuit("top")
    a, s = top.input("a", 4), top.input("s", 4, "signed")
    cu, st = top.input("cu", coding="current"), top.input("st", 4, "stream")
    functions = [
        lambda: s // 2,
        lambda: s // 7,
        lambda: a // -2,
        lambda: a // s,
        lambda: cu + 1,
        lambda: 1 - cu,
        lambda: cu * 3,
        lambda: cu < 2,
        lambda: cu & 1,
        lambda: cu % 3,
        lambda: st + 1,
        lambda: st - 1,
        lambda: st | 5,
        lambda: a + cu,
        lambda: a & st,
        lambda: a + 1.5,
        lambda: a & np.array([1, 2]),
        lambda: np.array([1, 2]) + a,
        lambda: a << 1.5,
        lambda: a >> cu,
    ]
    for function in functions:
        with pytest.raises(SpikealgError):
            function()
    assert top.elaborate().n_neurons == 0


def test_inverting_is_that_of_python_for_signed_numbers():
    found, expected = compared("signed", "unsigned", lambda a, b: ~a)
    assert found == expected
    top = Circuit("top")
    top.output("out", ~top.input("a", 3))
    assert top.compile()(a=np.arange(8))["out"].tolist() == [7, 6, 5, 4, 3, 2, 1, 0]


def test_division_of_unsigned_numbers():
    top = Circuit("top")
    a, b = top.input("a", 4), top.input("b", 3)
    top.output("quotient", a // b)
    top.output("rest", a % b)
    xs, ys = (grid.reshape(-1) for grid in np.meshgrid(np.arange(16), np.arange(1, 8)))
    found = top.compile()(a=xs, b=ys)
    assert np.array_equal(found["quotient"], xs // ys)
    assert np.array_equal(found["rest"], xs % ys)


def test_shifts_by_a_signal():
    top = Circuit("top")
    a, s, by = top.input("a", 4), top.input("s", 4, "signed"), top.input("by", 2)
    top.output("left", a << by)
    top.output("right", a >> by)
    top.output("signed", s >> by)
    xs, ys = (grid.reshape(-1) for grid in np.meshgrid(np.arange(16), np.arange(4)))
    found = top.compile()(a=xs, s=xs - 8, by=ys)
    assert np.array_equal(found["left"], (xs << ys) % 16)
    assert np.array_equal(found["right"], xs >> ys)
    assert np.array_equal(found["signed"], (xs - 8) >> ys)


def test_streams_are_added_bit_by_bit():
    top = Circuit("top")
    a, b = top.input("a", 4, "stream"), top.input("b", 6, "stream")
    total = a + b
    top.output("sum", total)
    assert (total.coding, total.width) == ("stream", 7)
    assert top.compile()(a=15, b=60) == {"sum": 75}


def test_an_expression_needs_no_other_calls():
    """The dot product of two vectors and which is longer, as one would write it for numbers."""
    top = Circuit("vectors")
    u = [top.input(f"u{k}", 5, "signed") for k in range(3)]
    v = [top.input(f"v{k}", 5, "signed") for k in range(3)]
    top.output("dot", u[0] * v[0] + u[1] * v[1] + u[2] * v[2])
    top.output("longer", sum(x * x for x in u[1:]) + u[0] * u[0] > sum(x * x for x in v))
    rng = np.random.default_rng(0)
    values = {name: rng.integers(-16, 16, 500) for name in ("u0", "u1", "u2", "v0", "v1", "v2")}
    first = np.array([values[f"u{k}"] for k in range(3)])
    second = np.array([values[f"v{k}"] for k in range(3)])
    found = top.compile()(**values)
    assert np.array_equal(found["dot"], (first * second).sum(axis=0))
    assert np.array_equal(found["longer"], (first**2).sum(axis=0) > (second**2).sum(axis=0))


def test_concat_puts_lines_above():
    top = Circuit("top")
    a, b = top.input("a", 2), top.input("b", 3)
    top.output("out", a.concat(b, a[1]))
    assert top.compile()(a=2, b=5) == {"out": 2 + 5 * 4 + 32}


def test_readings_of_lines_cost_nothing():
    top = Circuit("top")
    a = top.input("a", 4)
    top.output("signed", a.signed())
    top.output("wider", a.signed().extend(6))
    top.output("back", a.signed().unsigned())
    network = top.compile()
    assert network(a=9) == {"signed": -7, "wider": -7, "back": 9}
    assert network.n_synapses == 0


def test_operands_that_fit_nothing_are_refused():
    top, other = Circuit("top"), Circuit("other")
    a, s = top.input("a", 4), top.input("s", 4, "signed")
    stream = top.input("stream", 4, "stream")
    with refused("a + ... takes a signal or a whole number, got 1.5", InputTypeError):
        a + 1.5
    for refusing in (lambda: stream + 1, lambda: 1 + stream):
        with refused("stream + ... of a stream value takes a signal, got 1", InputTypeError):
            refusing()
    with refused(
        "s // ... of signed numbers rounds down in Python, and a Divider toward zero: say which "
        "you want, with Divider(width, signed=True)",
        InputError,
    ):
        s // 2
    with refused(
        "a has no truth value while the circuit is built: it is known when the network runs; "
        "choose with Select, and test for a missing signal with `is None`",
        InputTypeError,
    ):
        bool(a)
    with refused(
        "cannot connect b of circuit 'other' to adder.b of circuit 'top': signals stay in the "
        "circuit that made them; pass it through a port",
        WiringError,
    ):
        a + other.input("b", 4)
    with refused("bits of << must be a whole number of at least 0, got -1", InputError):
        a << -1


def test_a_signed_port_takes_signed_lines():
    top = Circuit("top")
    inner = Circuit("inner")
    inner.output("out", inner.gates(inner.input("x", 4, "signed")))
    with refused(
        "cannot connect a (4 lines) to inner.x (4 signed lines): the codings differ; "
        "use a.signed() to read the same lines as two's complement"
    ):
        top.add(inner, x=top.input("a", 4))
    with refused(
        "cannot connect b (3 signed lines) to inner_2.x (4 signed lines): "
        "use b.extend(4) to repeat the sign"
    ):
        top.add(inner, name="inner_2", x=top.input("b", 3, "signed"))
    with refused(
        "cannot connect c (6 signed lines) to inner_3.x (4 signed lines): "
        "use c[:4].signed() to drop the top lines"
    ):
        top.add(inner, name="inner_3", x=top.input("c", 6, "signed"))
    with refused(
        "d (stream of width 4) cannot be read as signed: only binary and signed lines can",
        InputError,
    ):
        top.input("d", 4, "stream").signed()
