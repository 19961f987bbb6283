"""Neuron-level building, nesting, names, and sizes."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from spikealg.circuits import (
    Adder,
    BitSerialAdder,
    Circuit,
    Constant,
    Delay,
    In,
    Latch,
    Not,
    Out,
    Timer,
    concat,
)
from spikealg.engine import simulate
from spikealg.errors import InputError


def synapses(network):
    """Return (pre, post, weight, delay) of each synapse, sorted."""
    columns = (network.pre, network.post, network.weight, network.delay)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def test_every_parameter_reaches_the_network():
    parameters = {
        "threshold": [3, 4],
        "leak": 5,
        "bias": [6, -6],
        "current_leak": 7,
        "reset_value": 8,
        "probability": [0.25, 1.0],
        "refractory": 9,
        "refractory_init": [1, 0],
        "floor": -10,
        "v_init": [11, 12],
    }
    circuit = Circuit("one")
    circuit.neurons(2, reset=["none", "subtract"], **parameters)
    network = circuit.compile()
    for name, value in parameters.items():
        np.testing.assert_array_equal(getattr(network, name), np.broadcast_to(value, 2), name)
    assert network.reset.tolist() == [2, 1]
    assert network.stream.tolist() == [0, 1]


def test_bare_neurons_as_outputs():
    class Declared(Circuit):
        def __init__(self):
            super().__init__(bits=Out(3), bit=Out(8, "stream"))

        def build(self):
            self.output("bits", self.neurons(3, threshold=[0, 1, 0], leak=4096))
            self.output("bit", self.neuron(threshold=1, bias=1, refractory=1))

    assert Declared().compile()() == {"bits": 5, "bit": 0b01010101}
    plain = Circuit("plain")
    plain.output("raw", plain.neurons((2, 2), threshold=[[1, 2], [2, 1]], bias=1))
    port = plain.compile().outputs["raw"]
    assert (port.coding, port.width, port.latency) == ("current", 4, 0)
    run = simulate(plain.compile(), ticks=2)
    assert run["raw"][:, 0].tolist() == [[1, 0, 0, 1], [1, 1, 1, 1]]


def test_connecting_broadcasts():
    circuit = Circuit("wires")
    a = circuit.neurons(3, threshold=1)
    b = circuit.neurons((2, 3), threshold=1)
    circuit.connect(a, b[0])
    circuit.connect(a[0], b[1], weight=[5, 6, 7], delay=[1, 2, 3])
    circuit.connect(b[:, 2], a[1], weight=-1)
    circuit.connect(a[:2, None], b[0, :2], weight=[[1, 2], [3, 4]])
    circuit.connect(a[0], a[0], weight=9)
    circuit.connect(a[0], a[0], weight=9)
    assert synapses(circuit.compile()) == sorted(
        [(0, 3, 1, 1), (1, 4, 1, 1), (2, 5, 1, 1)]
        + [(0, 6, 5, 1), (0, 7, 6, 2), (0, 8, 7, 3)]
        + [(5, 1, -1, 1), (8, 1, -1, 1)]
        + [(0, 3, 1, 1), (0, 4, 2, 1), (1, 3, 3, 1), (1, 4, 4, 1)]
        + [(0, 0, 9, 1)] * 2
    )


@pytest.mark.parametrize("make", [sp.csr_array, sp.coo_matrix, sp.csc_array, sp.lil_matrix])
def test_sparse_weights(make):
    weights = np.array([[0, 2, 0], [-3, 0, 4]])
    circuit = Circuit("sparse")
    a, b = circuit.neurons(2, threshold=1), circuit.neurons(3, threshold=1)
    circuit.connect(a, b, weight=make(weights), delay=2)
    assert synapses(circuit.compile()) == [(0, 3, 2, 2), (1, 2, -3, 2), (1, 4, 4, 2)]


def test_sparse_delays_follow_the_stored_entries():
    entries = sp.coo_array(([7, 8], ([0, 1], [1, 0])), shape=(2, 2))
    circuit = Circuit("sparse")
    a = circuit.neurons(2, threshold=1)
    circuit.connect(a, a, weight=entries, delay=[3, 4])
    assert synapses(circuit.compile()) == [(0, 1, 7, 3), (1, 0, 8, 4)]


def test_connecting_a_signal_adds_its_lag():
    circuit = Circuit("lag")
    late = circuit.input("a", 2).later(3)
    cell = circuit.neuron(threshold=1)
    circuit.connect(concat(late[0], circuit.ground(), late[1]), cell, weight=[5, 6, 7], delay=2)
    assert synapses(circuit.compile()) == [(0, 2, 5, 5), (1, 2, 7, 5)]


def test_a_layer_by_matrix_is_a_matrix_product():
    rng = np.random.default_rng(0)
    weights = rng.integers(-3, 4, (6, 4))
    thresholds = rng.integers(-2, 4, 4)
    for matrix in (weights, sp.csr_array(weights)):
        circuit = Circuit("layer")
        circuit.output(
            "out", circuit.gates(circuit.input("a", 6), weights=matrix, threshold=thresholds)
        )
        numbers = np.arange(64)
        lines = numbers[:, None] >> np.arange(6) & 1
        expected = (lines @ weights >= thresholds) @ (1 << np.arange(4))
        assert circuit.compile()(a=numbers)["out"].tolist() == expected.tolist()


def test_stochastic_gates():
    circuit = Circuit("coin")
    circuit.output("out", circuit.gate(circuit.input("a"), probability=0.25))
    run = simulate(circuit.compile(), {"a": np.ones(4000, int)}, ticks=3, seed=1)
    # Four standard deviations around 1000.
    assert abs(int(run["out"].sum()) - 1000) < 4 * np.sqrt(4000 * 0.25 * 0.75)


def test_currents_act_on_potentials_through_any_depth():
    class Cells(Circuit):
        def __init__(self):
            super().__init__(start=In(3, "current"), fired=Out(3, "current"))

        def build(self, start):
            cells = self.neurons(3, threshold=10, name="cells")
            self.inject(start[::-1], cells)
            self.output("fired", cells)

    middle, top = Circuit("middle"), Circuit("top")
    middle.neuron(threshold=99)
    middle.output("fired", middle.add(Cells(), start=middle.input("start", 3, "current")).fired)
    top.output("fired", top.add(middle, start=top.input("start", 3, "current")).fired)
    network = top.compile()
    assert network.n_neurons == 4
    assert [network.name(i) for i in network.inputs["start"].neurons] == [
        "middle.cells.cells[2]",
        "middle.cells.cells[1]",
        "middle.cells.cells[0]",
    ]
    run = simulate(network, {"start": [[12, 9, 10]]}, ticks=2, record=["fired"])
    assert run.spikes.t.tolist() == [0, 0]
    assert [network.name(i)[-3:] for i in run.spikes.i] == ["[0]", "[2]"]


def test_a_current_line_that_acts_on_nothing():
    circuit = Circuit("half")
    circuit.neurons(0, threshold=1)
    start = circuit.input("start", 2, "current")
    circuit.inject(start[1], circuit.neuron(threshold=1))
    circuit.input("spikes", 3)
    assert circuit.compile().inputs["start"].neurons.tolist() == [-1, 3]


def test_names_are_paths():
    top = Circuit("top")
    a, b = top.input("a", 3), top.input("b", 3)
    first = top.add(Adder(3), a=a, b=b)
    second = top.add(Adder(3), a=a, b=b)
    named = top.add(Adder(3), name="adder", a=a, b=b)
    other = top.add(Not(4), name="flip", a=first.sum)
    cells = top.neurons(2, threshold=1, name="cells")
    top.neurons(2, threshold=1, name="cells")
    top.neuron(threshold=1, name="lone")
    top.neuron(threshold=1, name="cells")
    top.output("out", other.out)
    assert (first.sum.name, second.sum.name, named.sum.name) == (
        "adder.sum",
        "adder_2.sum",
        "adder_3.sum",
    )
    assert cells.name == "cells"
    network = top.compile()
    names = [network.name(i) for i in range(network.n_neurons)]
    assert len(set(names)) == len(names)
    assert names[:6] == ["a[0]", "a[1]", "a[2]", "b[0]", "b[1]", "b[2]"]
    assert {"adder.carry[2]", "adder_2.bit[0]", "adder_3.carry[0]", "flip.gate[3]"} <= set(names)
    assert {"cells[0]", "cells[3]", "lone", "cells_2"} <= set(names)
    assert network.find("cells").tolist() == [names.index("cells[0]") + k for k in range(4)]


def test_default_names():
    class XMLCountsUp2Ten(Circuit):
        pass

    assert Circuit().name == "circuit"
    assert Adder(3).name == "adder"
    assert XMLCountsUp2Ten().name == "xmlcounts_up2_ten"


def test_nested_plain_circuits_are_copied_as_they_are():
    inner = Circuit("inner")
    inner.output("out", inner.gates(inner.input("a", 2), weights=-1, threshold=0))
    top = Circuit("top")
    once = top.add(inner, a=top.input("a", 2))
    inner.neurons(100, threshold=1)
    top.output("out", top.add(inner, a=once.out).out)
    network = top.compile()
    assert network(a=2) == {"out": 2}
    assert network.n_neurons == 2 + 2 + (2 + 100)


def test_a_circuit_that_passes_its_input_on():
    class Swap(Circuit):
        def __init__(self):
            super().__init__(a=In(2), b=In(2), x=Out(2), y=Out(4))

        def build(self, a, b):
            self.output("x", b)
            self.output("y", concat(a[1], self.ground(), b))

    top = Circuit("top")
    a, b = top.input("a", 2), top.input("b", 2)
    late = top.gates(top.gates(b))
    swap = top.add(Swap(), a=a, b=late)
    again = top.add(Swap(), a=swap.x, b=swap.y[2:])
    assert (swap.x.ready, swap.y.ready, again.y.ready) == (2, 2, 2)
    top.output("y", again.y)
    network = top.compile()
    for value in range(4):
        assert network(a=3 - value, b=value) == {"y": (value >> 1) + 4 * value}


def test_ready_ticks():
    top = Circuit("top")
    a, b = top.input("a", 4), top.input("b", 4)
    assert a.ready == 0
    total = top.add(Adder(4), a=a, b=b).sum
    assert total.ready == 5
    assert total[2].ready == 5
    assert total.extend(9).ready == 5
    assert top.gate(total, a).ready == 6
    assert concat(a, total).ready == 5
    assert top.add(Delay(3, 4), a=a).out.ready == 3
    assert top.ground().ready == 0


def test_optional_inputs():
    top = Circuit("top")
    a, b, carry = top.input("a", 3), top.input("b", 3), top.input("carry")
    top.output("without", top.add(Adder(3), a=a, b=b).sum)
    top.output("with_", top.add(Adder(3), a=a, b=b, carry_in=carry).sum)
    assert top.compile()(a=5, b=6, carry=1) == {"without": 11, "with_": 12}
    assert top.elaborate().n_neurons == 2 * 2 * 3

    class Given(Circuit):
        def __init__(self):
            super().__init__(a=In(), b=In(optional=True), out=Out(2))

        def build(self, a, b):
            self.output("out", self.add(Constant(1 if b is None else 2, 2)).out)

    a = top.input("x")
    top.output("without_b", top.add(Given(), a=a).out)
    top.output("with_b", top.add(Given(), a=a, b=a).out)
    result = top.compile()(a=0, b=0, carry=0, x=0)
    assert (result["without_b"], result["with_b"]) == (1, 2)
    alone = Adder(3).compile()
    assert alone(a=5, b=6) == {"sum": 11}
    assert alone(a=5, b=6, carry_in=1) == {"sum": 12}


def test_million_neurons_are_built():
    n = 10**6
    rng = np.random.default_rng(0)
    pre, post = rng.integers(0, n, (2, n))
    weight = rng.integers(-3, 4, n)
    circuit = Circuit("big")
    cells = circuit.neurons(n, threshold=1, leak=4096)
    circuit.connect(cells[pre], cells[post], weight=weight, delay=2)
    network = circuit.compile()
    assert (network.n_neurons, network.n_synapses) == (n, n)
    assert int(network.weight.sum()) == int(weight.sum())


def test_an_error_in_a_circuit_says_where_it_is():
    class Faulty(Circuit):
        def __init__(self):
            super().__init__(a=In(), out=Out())

        def build(self, a):
            self.output("out", self.gate(a, threshold=2**40))

    class Outer(Circuit):
        def __init__(self):
            super().__init__(a=In(), out=Out())

        def build(self, a):
            self.output("out", self.add(Faulty(), name="inner", a=a).out)

    top = Circuit("top")
    with pytest.raises(InputError, match="threshold must be a whole number") as caught:
        top.add(Outer(), name="left", a=top.input("a"))
    assert caught.value.__notes__ == ["while building left.inner, a Faulty"]


def test_the_interval_follows_from_the_parts():
    def joined(*parts):
        top = Circuit("top")
        for number, part in enumerate(parts):
            lines = {
                name: top.input(f"{name}_{number}", port.width, port.coding)
                for name, port in part.ports.items()
                if isinstance(port, In)
            }
            top.add(part, **lines)
        return top

    assert joined(Adder(3)).elaborate().interval == 1
    assert joined(Adder(3), BitSerialAdder(4), Latch()).elaborate().interval == 5
    assert joined(BitSerialAdder(4), Timer(3), Adder(3)).elaborate().interval is None
    by_hand = joined(Adder(3))
    by_hand.connect(by_hand.input("go"), by_hand.neuron(threshold=2))
    assert by_hand.elaborate().interval is None
    by_hand.accepts_every(7)
    assert joined(by_hand, Adder(3)).elaborate().interval == 7
