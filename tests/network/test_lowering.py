from __future__ import annotations

import numpy as np
import pytest

from spikealg.circuits import Adder, Circuit, Constant, In, Max, Out, Timer, concat
from spikealg.engine import simulate
from spikealg.errors import InputError
from spikealg.network import NEVER
from spikealg.network.lowering import lower
from spikealg.network.summary import Summary


def readme_example():
    top = Circuit("larger")
    a, b, c = (top.input(name, width=8) for name in "abc")
    total = top.add(Adder(8), a=a, b=b).sum
    top.output("best", top.add(Max(9), a=total, b=c.extend(9)).out)
    return top


def test_the_example_of_the_readme():
    larger = readme_example().compile()
    assert larger(a=22, b=88, c=100) == {"best": 110}
    rng = np.random.default_rng(0)
    a, b, c = rng.integers(0, 256, (3, 200))
    np.testing.assert_array_equal(larger(a=a, b=b, c=c)["best"], np.maximum(a + b, c))


def test_summary():
    summary = readme_example().summary()
    assert summary == Summary(
        # 24 input lines; 2 neurons a bit in the adder, 3 in the maximum.
        neurons=24 + 2 * 8 + 3 * 9,
        synapses=readme_example().compile().n_synapses,
        # 9 ticks of the adder, then 9 of the comparison and 2 of the selection.
        latency=9 + 9 + 2,
        interval=1,
        # The longest chain: 8 carries, the top bit's line straight, 1 comparison, 2 to select;
        # or the first bit, through the whole ripple of the comparison.
        depth=2 + 9 + 2,
        fan_in=4,
        fan_out=2 * 9,
        weight_bits=3,
        delay=20,
    )
    assert str(summary).splitlines()[:3] == [
        "neurons                         67",
        "synapses                       123",
        "latency [ticks]                 20",
    ]


def test_summary_of_a_loop_and_of_nothing():
    circuit = Circuit("loop")
    ring = circuit.neurons(5, threshold=1)
    circuit.connect(ring, ring[[1, 2, 3, 4, 0]], weight=-128, delay=7)
    tail = circuit.neurons(2, threshold=1)
    circuit.connect(ring[0], tail[0], weight=127)
    circuit.connect(tail[0], tail[1])
    summary = circuit.summary()
    assert (summary.depth, summary.weight_bits, summary.delay) == (2, 8, 7)
    assert summary.interval is None
    assert "interval [ticks]        not stated" in str(summary)
    alone = Circuit("alone")
    alone.neuron(threshold=1)
    assert alone.summary() == Summary(1, 0, 0, 1, 0, 0, 0, 1, 0)
    assert "depends on the data" in str(Timer(3).summary())


@pytest.mark.parametrize(
    ("weight", "bits"), [(0, 1), (-1, 1), (1, 2), (127, 8), (128, 9), (-128, 8), (-129, 9)]
)
def test_weight_bits_are_those_of_a_signed_integer(weight, bits):
    circuit = Circuit("one")
    cell = circuit.neuron(threshold=1)
    circuit.connect(cell, cell, weight=weight)
    assert circuit.summary().weight_bits == bits


def test_relays_only_where_an_output_line_is_early():
    top = Circuit("top")
    a = top.input("a", 2)
    late = top.gate(a)
    top.output("straight", a)
    top.output("late", late)
    top.output("mixed", concat(a[0], late))
    network = top.compile()
    assert network.n_neurons == 2 + 1 + 1
    assert network.name(3) == "mixed_relay"
    assert network.outputs["straight"].neurons.tolist() == [0, 1]
    assert network.outputs["mixed"].neurons.tolist() == [3, 2]
    assert [port.latency for port in network.outputs.values()] == [0, 1, 1]
    assert network(a=1) == {"straight": 1, "late": 1, "mixed": 3}
    assert network(a=2) == {"straight": 2, "late": 1, "mixed": 2}


def test_lines_that_are_always_zero():
    top = Circuit("top")
    a = top.input("a", 2)
    top.output("wide", concat(top.ground(), a).extend(5))
    network = top.compile()
    assert network.n_neurons == 3
    assert network.threshold[2] == NEVER
    assert network(a=3) == {"wide": 6}
    grounded = Circuit("grounded")
    grounded.output("out", grounded.gate(grounded.ground(3), threshold=0))
    assert grounded.compile().n_synapses == 0
    assert grounded.compile()() == {"out": 1}


def test_streams_of_draws_are_numbered_afresh():
    top = Circuit("top")
    for _ in range(3):
        top.add(Constant(7, 3))
    assert top.compile().stream.tolist() == list(range(9))


def test_names_made_by_lowering_give_way():
    top = Circuit("top")
    a = top.input("a")
    top.neuron(threshold=1, name="x_relay")
    top.output("x", concat(a, top.gate(a)))
    network = top.compile()
    assert [name for name, _ in network.groups] == ["a", "x_relay", "gate", "x_relay_2"]


@pytest.mark.parametrize("thing", [None, Adder, "adder"])
def test_only_circuits_are_lowered(thing):
    with pytest.raises(InputError, match="lower takes a circuit, got "):
        lower(thing)


def test_a_circuit_without_neurons():
    with pytest.raises(InputError, match="circuit 'empty' has no neurons: add some"):
        Circuit("empty").compile()


class Hold(Circuit):
    """Shows the value that was given at the start when a timer is done."""

    def __init__(self):
        super().__init__(ticks=In(4), start=In(), value=In(3), shown=Out(3), done=Out())

    def build(self, ticks, start, value):
        bell = self.add(Timer(4), ticks=ticks, start=start).done
        held = self.neurons(3, threshold=1, leak=4096, name="held")
        self.connect(value, held)
        self.connect(held, held)
        shown = self.neurons(3, threshold=2, leak=4096, name="shown")
        finished = self.neuron(threshold=1, leak=4096, name="finished")
        self.connect(held, shown)
        self.connect(bell, shown)
        self.connect(bell, finished)
        self.output("shown", shown.signal(ready=None))
        self.output("done", finished.signal(ready=None))


def test_values_that_are_ready_when_done():
    network = Hold().compile()
    assert network.outputs["done"].latency is None
    assert network.outputs["shown"].latency is None
    waits, values = np.meshgrid(np.arange(16), np.arange(8))
    inputs = {"ticks": waits.ravel(), "start": np.ones(128, int), "value": values.ravel()}
    run = simulate(network, inputs, ticks=40, until=("done", 1))
    np.testing.assert_array_equal(run.stopped, waits.ravel() + 3)
    np.testing.assert_array_equal(run["shown"], values.ravel())


def test_outputs_wait_for_each_other_when_the_latency_depends_on_the_data():
    top = Circuit("top")
    ports = {name: top.input(name, width) for name, width in (("ticks", 4), ("value", 3))}
    hold = top.add(Hold(), start=top.input("start"), **ports)
    inverted = top.gates(hold.shown, weights=-1, threshold=0)
    top.output("inverted", top.gates(inverted))
    top.output("shown", hold.shown)
    top.output("done", hold.done)
    network = top.compile()
    result = network(ticks=5, value=6, start=1)
    assert (result["inverted"], result["shown"]) == (1, 6)
    # Two gates behind, so `done` and `shown` were relayed.
    run = simulate(network, {"ticks": 5, "value": 6, "start": 1}, ticks=40, until=("done", 1))
    assert run.stopped.tolist() == [5 + 3 + 2]
