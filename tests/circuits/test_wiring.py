"""Circuits in circuits: each refusal by its whole message, and nothing changed by it."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.circuits import (
    Adder,
    BitSerialAdder,
    Circuit,
    Constant,
    In,
    Max,
    Not,
    Out,
    Register,
    Timer,
)
from spikealg.errors import InputTypeError, SpikealgError, WiringError
from tests.helpers import refused


@pytest.fixture
def top():
    return Circuit("top")


def fingerprint(circuit):
    """Return everything that a compiled network shows of the circuit."""
    body = circuit.elaborate()
    return (
        body.neurons.tobytes(),
        body.synapses.tobytes(),
        body.injected.tobytes(),
        list(body.groups),
        list(body.inputs),
        list(body.outputs),
        dict(circuit.ports),
    )


class TestAdd:
    def test_too_wide_drops_the_carry(self, top):
        a, b, c = (top.input(name, width=8) for name in "abc")
        total = top.add(Adder(8), a=a, b=b).sum
        with refused(
            "cannot connect adder.sum (9 lines) to max.a (8 lines): "
            "use sum[:8] to drop the carry, or Max(9)"
        ):
            top.add(Max(8), a=total, b=c)

    def test_the_hint_is_right(self, top):
        a, b, c = (top.input(name, width=8) for name in "abc")
        total = top.add(Adder(8), a=a, b=b).sum
        top.add(Max(8), a=total[:8], b=c)
        top.add(Max(9), a=total, b=c.extend(9))

    def test_too_wide_without_carry(self, top):
        with refused(
            "cannot connect a (6 lines) to not.a (4 lines): "
            "use a[:4] to drop the top lines, or Not(6)"
        ):
            top.add(Not(4), a=top.input("a", 6))

    def test_too_narrow(self, top):
        with refused(
            "cannot connect a (1 line) to not.a (4 lines): "
            "use a.extend(4) to add zeros on top, or Not(1)"
        ):
            top.add(Not(4), a=top.input("a"))

    def test_width_of_a_stream(self, top):
        a, b = (top.input(name, 8, "stream") for name in "ab")
        total = top.add(BitSerialAdder(8), a=a, b=b).sum
        with refused(
            "cannot connect bit_serial_adder.sum (stream of width 9) to "
            "bit_serial_adder.a (stream of width 8): use BitSerialAdder(9)"
        ):
            top.add(BitSerialAdder(8), a=total, b=b)

    def test_width_of_a_circuit_without_width(self, top):
        inner = Circuit("inner", a=In(2, "stream"))
        with refused(
            "cannot connect a (stream of width 3) to inner.a (stream of width 2): "
            "use a port of width 3"
        ):
            top.add(inner, a=top.input("a", 3, "stream"))

    def test_codings_differ(self, top):
        a, b = top.input("a", 8), top.input("b", 8, "stream")
        with refused(
            "cannot connect a (8 lines) to bit_serial_adder.a (stream of width 8): the codings "
            "differ; use a stream signal or a binary port"
        ):
            top.add(BitSerialAdder(8), a=a, b=b)

    def test_unknown_port(self, top):
        a = top.input("a", 8)
        with refused(
            "adder has no input 'c'; its inputs are a (8 lines), b (8 lines), "
            "carry_in (1 line, optional)"
        ):
            top.add(Adder(8), a=a, b=a, c=a)

    def test_output_used_as_input(self, top):
        a = top.input("a", 8)
        with refused("adder.sum is an output: read it as .sum of what add() returns"):
            top.add(Adder(8), a=a, b=a, sum=a)

    def test_missing_port(self, top):
        with refused("adder.b (8 lines) is not connected: pass b=<a signal>"):
            top.add(Adder(8), a=top.input("a", 8))

    def test_circuit_without_inputs(self, top):
        with refused("constant has no input 'a'; its inputs are none"):
            top.add(Constant(1), a=top.input("a"))

    def test_foreign_signal(self, top):
        foreign = Circuit("left").input("x", 8)
        with refused(
            "cannot connect x of circuit 'left' to not.a of circuit 'top': signals stay in the "
            "circuit that made them; pass it through a port"
        ):
            top.add(Not(8), a=foreign)

    def test_signal_of_the_outer_circuit(self, top):
        outer = top.input("x")

        class Inner(Circuit):
            def __init__(self):
                super().__init__(out=Out())

            def build(self):
                self.output("out", self.add(Not(), a=outer).out)

        with refused(
            "cannot connect x of circuit 'top' to inner.not.a of circuit 'Inner': signals stay in "
            "the circuit that made them; pass it through a port"
        ):
            top.add(Inner())

    def test_neurons_instead_of_a_signal(self, top):
        cells = top.neurons(8, threshold=1, name="cells")
        with refused(
            "not.a takes a signal, got the neurons cells: say when they are ready, for example "
            ".signal(ready=0)",
            InputTypeError,
        ):
            top.add(Not(8), a=cells)

    def test_number_instead_of_a_signal(self, top):
        with refused(
            "not.a takes a signal, got 5: make one with input(), add() or gate(); a fixed number "
            "is add(Constant(value, width)).out",
            InputTypeError,
        ):
            top.add(Not(8), a=5)

    def test_class_instead_of_a_circuit(self, top):
        with refused(
            "add takes a circuit, for example Adder(8), got the class Adder", InputTypeError
        ):
            top.add(Adder)

    def test_data_dependent_latency(self, top):
        ticks, start = top.input("ticks", 4), top.input("start")
        done = top.add(Timer(4), ticks=ticks, start=start).done
        with refused(
            "cannot align timer.done with start at gate: timer.done has no fixed latency, it "
            "depends on the data; use connect(), which does not align"
        ):
            top.gate(done, start, threshold=2)
        with refused(
            "cannot align timer.done with ticks at register: timer.done has no fixed latency, it "
            "depends on the data; use connect(), which does not align"
        ):
            top.add(Register(4), data=ticks, store=done, recall=start)

    def test_two_data_dependent_latencies(self, top):
        ticks, start = top.input("ticks", 4), top.input("start")
        first = top.add(Timer(4), ticks=ticks, start=start).done
        second = top.add(Timer(4), ticks=ticks, start=start).done
        with refused(
            "cannot align timer_2.done with timer.done at gate: timer_2.done has no fixed latency, "
            "it depends on the data; use connect(), which does not align"
        ):
            top.gate(first, second)

    def test_error_deep_inside_names_the_whole_path(self, top):
        class Broken(Circuit):
            def __init__(self):
                super().__init__(a=In(4))

            def build(self, a):
                self.add(Not(3), name="flip", a=a)

        class Middle(Circuit):
            def __init__(self):
                super().__init__(a=In(4))

            def build(self, a):
                self.add(Broken(), name="inner", a=a)

        with refused(
            "cannot connect middle.inner.a (4 lines) to middle.inner.flip.a (3 lines): "
            "use a[:3] to drop the top line, or Not(4)"
        ):
            top.add(Middle(), a=top.input("a", 4))


class TestRecursion:
    def test_itself(self, top):
        with refused(
            "cannot add top at top: it would contain itself; make a new, smaller circuit to recurse"
        ):
            top.add(top)

    def test_through_another(self, top):
        inner = Circuit("inner")
        inner.neuron(threshold=1)
        inner.add(top)
        with refused(
            "cannot add inner at inner: it would contain itself; make a new, smaller circuit to "
            "recurse"
        ):
            top.add(inner)

    def test_in_build(self, top):
        class Mirror(Circuit):
            def build(self):
                self.add(self)

        with refused(
            "cannot add mirror at mirror.mirror: it would contain itself; make a new, smaller "
            "circuit to recurse"
        ):
            top.add(Mirror())

    def test_without_end(self, top):
        class Well(Circuit):
            def build(self):
                self.add(Well())

        with pytest.raises(WiringError, match=r"circuits nest too deep at well\.well\..*Well prob"):
            top.add(Well())
        with pytest.raises(
            WiringError, match=r"circuits nest too deep at well\..*Well probably"
        ) as caught:
            Well().compile()
        assert len(str(caught.value)) < 250
        (note,) = caught.value.__notes__
        assert note.startswith("while building well.well.")
        assert len(note) < 200

    def test_smaller_copies_are_fine(self):
        class Parity(Circuit):
            def __init__(self, width):
                super().__init__(a=In(width), out=Out())
                self.width = width

            def build(self, a):
                if self.width == 1:
                    self.output("out", a)
                    return
                rest = self.add(Parity(self.width - 1), a=a[1:]).out
                either = self.gate(a[0], rest, threshold=1)
                both = self.gate(a[0], rest, threshold=2)
                self.output("out", self.gate(either, both, weights=(1, -1)))

        odd = Parity(6).compile()(a=np.arange(64))["out"]
        assert odd.tolist() == [number.bit_count() % 2 for number in range(64)]


class TestDone:
    def test_without_done(self, top):
        ticks, start = top.input("ticks", 4), top.input("start")
        top.output("bell", top.add(Timer(4), ticks=ticks, start=start).done)
        with refused(
            "output bell of circuit 'top' has no fixed latency, so the circuit needs an output "
            "'done' that fires when the value is there"
        ):
            top.compile()

    def test_done_of_another_circuit(self, top):
        ticks, start = top.input("ticks", 4), top.input("start")
        top.output("bell", top.add(Timer(4), ticks=ticks, start=start).done)
        top.output("done", top.add(Timer(4), ticks=ticks, start=start).done)
        with refused(
            "output bell (timer.done) is not ready when done (timer_2.done) fires: they depend on "
            "different circuits; hold the value in a latch or register"
        ):
            top.compile()


def mistakes():
    def build():
        top = Circuit("top")
        a = top.input("a", 8)
        current = top.input("current", coding="current")
        cells = top.neurons(4, threshold=1, name="cells")
        top.inject(current, cells[0])
        top.connect(cells, cells)
        top.output("a_out", a)
        foreign = Circuit("other").input("x", 8)
        return top, [
            lambda: top.add(Max(8), a=a, b=a[:7]),
            lambda: top.add(Max(8), a=a, b=foreign),
            lambda: top.add(Max(8), a=a),
            lambda: top.add(Adder(8), a=a, b=a, carry_in=a),
            lambda: top.add(_FailsHalfWay(), a=a),
            lambda: top.gates(a, a[:3]),
            lambda: top.gates(a, threshold=np.ones(3, int)),
            lambda: top.gate(a, probability=2.0),
            lambda: top.connect(cells, cells, weight=[1, 2]),
            lambda: top.connect(cells, cells, delay=0),
            lambda: top.connect(foreign, cells),
            lambda: top.inject(current, cells[1]),
            lambda: top.neurons(5, threshold=1, leak=-1),
            lambda: top.output("a_out", a),
            lambda: top.output("b.out", a),
            lambda: top.output("b_out", foreign),
            lambda: top.input("a"),
            lambda: top.input("b", 0),
        ]

    return build


class _FailsHalfWay(Circuit):
    def __init__(self):
        super().__init__(a=In(8), out=Out(8))

    def build(self, a):
        self.neurons(10, threshold=1)
        self.output("out", a[:7])


@pytest.mark.parametrize("which", range(18))
def test_a_refused_change_changes_nothing(which):
    top, actions = mistakes()()
    assert len(actions) == 18
    before = fingerprint(top)
    with pytest.raises(SpikealgError):
        actions[which]()
    assert fingerprint(top) == before
