"""Whatever is wired, values of one tick meet values of the same tick."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spikealg.circuits import Adder, Circuit, Delay, In, Out, concat
from spikealg.errors import InputError
from tests.helpers import assert_same, present_in_turn, refused

LINES = 4


@st.composite
def gate_graphs(draw):
    """Draw gates (sources, weights, threshold, delay), each reading lines before it."""
    gates = []
    for number in range(draw(st.integers(1, 12))):
        known = LINES + number
        fan_in = draw(st.integers(1, 4))
        sources = draw(st.lists(st.integers(0, known - 1), min_size=fan_in, max_size=fan_in))
        weights = draw(st.lists(st.integers(-3, 3), min_size=fan_in, max_size=fan_in))
        gates.append((sources, weights, draw(st.integers(-2, 4)), draw(st.integers(0, 3))))
    return gates


def evaluate(gates, value):
    lines = [value >> bit & 1 for bit in range(LINES)]
    for sources, weights, threshold, _ in gates:
        drive = sum(weight * lines[k] for k, weight in zip(sources, weights, strict=True))
        lines.append(int(drive >= threshold))
    return sum(line << k for k, line in enumerate(lines))


class Graph(Circuit):
    """The gates of a drawn graph, the later half inside an inner circuit, at any depth."""

    def __init__(self, gates, known=LINES):
        super().__init__(a=In(known), out=Out(known + len(gates)))
        self.gates_left = gates
        self.known = known

    def build(self, a):
        lines = list(a)
        here = (len(self.gates_left) + 1) // 2
        for sources, weights, threshold, delay in self.gates_left[:here]:
            made = self.gate(*(lines[k] for k in sources), weights=weights, threshold=threshold)
            lines.append(self.add(Delay(delay), a=made).out)
        rest = self.gates_left[here:]
        together = concat(*lines)
        inner = self.add(Graph(rest, self.known + here), a=together).out if rest else together
        self.output("out", inner)


@settings(max_examples=60, deadline=None)
@given(gate_graphs())
def test_any_graph_of_gates_is_a_pipeline(gates):
    network = Graph(gates).compile()
    values = np.random.default_rng(0).permutation(2**LINES)
    expected = [evaluate(gates, value) for value in values.tolist()]
    assert_same(present_in_turn(network, {"a": values}), {"out": expected})


@settings(max_examples=20, deadline=None)
@given(gate_graphs())
def test_nesting_and_compiling_change_nothing(gates):
    top = Circuit("top")
    top.output("out", top.add(Graph(gates), a=top.input("a", LINES)).out)
    flat, nested = Graph(gates).compile(), top.compile()
    for name in ("threshold", "indptr", "post", "weight", "delay"):
        np.testing.assert_array_equal(getattr(flat, name), getattr(nested, name))


def test_earlier_values_meet_those_of_now():
    top = Circuit("top")
    late = top.gates(top.input("a", LINES))
    top.output("sum", top.add(Adder(LINES), a=late, b=late.ago(3)).sum)
    top.output("earlier", late.ago(2))
    a = np.random.default_rng(0).integers(0, 2**LINES, 40)
    before = np.concatenate([np.zeros(3, dtype=int), a])
    expected = {"sum": a + before[:-3], "earlier": before[1:-2]}
    assert_same(present_in_turn(top.compile(), {"a": a}), expected)


def test_values_of_the_future_are_refused():
    with refused("ticks must be a whole number of at least 0, got -1", InputError):
        Circuit("top").input("a").ago(-1)
