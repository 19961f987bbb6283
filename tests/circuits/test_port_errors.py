"""Ports and signals that are refused, by the whole message."""

from __future__ import annotations

import pytest

from spikealg.circuits import (
    Adder,
    Circuit,
    Constant,
    Delay,
    In,
    Out,
    Timer,
    concat,
)
from spikealg.errors import InputError, InputTypeError
from tests.helpers import refused


@pytest.fixture
def top():
    return Circuit("top")


class TestPorts:
    def test_output_twice(self, top):
        a = top.input("a", 2)
        top.output("out", a)
        with refused("output out has a signal already: a (2 lines)"):
            top.output("out", a)

    def test_input_twice(self, top):
        top.input("a")
        with refused("input a exists already"):
            top.input("a")

    def test_output_never_given(self):
        class Empty(Circuit):
            def __init__(self):
                super().__init__(a=In(), out=Out(3))

            def build(self, a):
                pass

        with refused("output out (3 lines) has no signal: call output('out', signal)"):
            Empty().compile()

    def test_declared_input_of_a_plain_circuit_never_used(self):
        with refused("input a (4 lines) is declared but not used: call input('a')"):
            Circuit("plain", a=In(4)).compile()

    def test_declared_ports_of_a_plain_circuit(self):
        plain = Circuit("plain", a=In(4), out=Out(4))
        plain.output("out", plain.input("a"))
        assert plain.compile()(a=9) == {"out": 9}

    def test_input_other_than_declared(self):
        with refused("input a is declared as 4 lines, not as 5 lines"):
            Circuit("plain", a=In(4)).input("a", 5)

    def test_ports_in_the_wrong_direction(self):
        plain = Circuit("plain", a=In(), out=Out())
        with refused("out is declared as an output"):
            plain.input("out")
        with refused("a is declared as an input"):
            plain.output("a", plain.input("a"))

    def test_output_other_than_declared(self):
        plain = Circuit("plain", out=Out(4))
        with refused(
            "cannot connect a (3 lines) to out (4 lines): use a.extend(4) to add zeros on top"
        ):
            plain.output("out", plain.input("a", 3))

    def test_undeclared_ports_in_build(self):
        class Extra(Circuit):
            def build(self):
                self.input("a", 4)

        with refused("Extra declares no input 'a': declare it in __init__, a=In(4)"):
            Extra().compile()

        class ExtraOut(Circuit):
            def build(self):
                self.output("x", self.gate(threshold=0))

        with refused("ExtraOut declares no output 'x': declare it in __init__, x=Out(1)"):
            ExtraOut().compile()

    def test_wiring_outside_build(self):
        with refused(
            "Adder is wired by its build(): add to it there, or add it to a Circuit and wire that"
        ):
            Adder(8).neuron(threshold=1)

    def test_ports_are_ports(self):
        with refused("port a must be an In or an Out, got 8", InputTypeError):
            Circuit("top", a=8)

    def test_port_called_name(self, top):
        with refused("a port cannot be called 'name': add() uses it for the instance", InputError):
            top.input("name")

    @pytest.mark.parametrize("bad", ["", "a.b", "a[0]", "1a", 7])
    def test_names(self, top, bad):
        with pytest.raises(InputError, match="name must be a word of letters, digits and under"):
            top.input(bad)

    @pytest.mark.parametrize("width", [0, -1])
    def test_widths(self, width):
        with pytest.raises(InputError, match="width must be a whole number of at least 1, got"):
            In(width)

    def test_width_must_be_whole(self):
        with refused("width must be a whole number of at least 1, got 2.0", InputTypeError):
            Adder(2.0)

    @pytest.mark.parametrize("value", [-1, 8])
    def test_constants_fit_their_width(self, value):
        with refused(f"value must be a whole number from 0 to 7, got {value}", InputError):
            Constant(value, width=3)

    def test_delays_carry_spikes(self):
        with refused('a Delay carries spikes; coding "current" has none', InputError):
            Delay(1, coding="current")
        with refused("ticks must be a whole number from 0 to 2147483646, got -1", InputError):
            Delay(-1)

    @pytest.mark.parametrize("width", [0, 31])
    def test_timers_count_within_int32(self, width):
        with refused(f"width must be a whole number from 1 to 30, got {width}", InputError):
            Timer(width)

    def test_unknown_coding(self):
        with pytest.raises(InputError, match=r"coding must be one of 'binary', .* got 'gray'"):
            Out(1, "gray")

    def test_unknown_output_of_an_instance(self, top):
        instance = top.add(Constant(3, 2))
        with pytest.raises(AttributeError, match="constant has no output 'sum'; it has out"):
            _ = instance.sum


class TestSignals:
    def test_slices(self, top):
        a = top.input("a", 4)
        with refused("a[4:] has no lines: a (4 lines)", InputError):
            a[4:]
        with refused("line of a (4 lines) must be a whole number from -4 to 3, got 4", InputError):
            a[4]
        with refused(
            "s (stream of width 4) cannot be sliced: its value is spread over ticks, not lines",
            InputError,
        ):
            top.input("s", 4, "stream")[:2]

    def test_extend_does_not_shrink(self, top):
        with refused(
            "cannot extend a (4 lines) to width 3: use a slice, for example [:3]", InputError
        ):
            top.input("a", 4).extend(3)

    def test_concat(self, top):
        a, s = top.input("a"), top.input("s", 4, "stream")
        with refused("concat needs at least one signal", InputError):
            concat()
        with refused("concat joins signals, got 3", InputTypeError):
            concat(a, 3)
        with refused(
            "cannot join s (stream of width 4) in concat(a, s): only binary lines can be joined"
        ):
            concat(a, s)
        with refused(
            "cannot join a and b: they belong to two circuits; pass one of them through a port"
        ):
            concat(a, Circuit("other").input("b"))

    def test_signal_of_neurons(self, top):
        cells = top.neurons(3, threshold=1, name="cells")
        with refused(
            "a stream signal of width 8 takes 1 of the neurons cells, got 3: index them", InputError
        ):
            cells.signal(coding="stream", width=8)
        with refused(
            "coding must be one of 'binary', 'signed', 'stream', 'unary', 'temporal', 'current', "
            "got 'x'",
            InputError,
        ):
            cells.signal(coding="x")
        with refused(
            "width of a stream signal must be a whole number of at least 1, got None",
            InputTypeError,
        ):
            cells[0].signal(coding="stream")
        with refused("ready must be a whole number of at least 0, got -1", InputError):
            cells.signal(ready=-1)
