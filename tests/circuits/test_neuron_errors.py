"""Gates, neurons and currents that are refused, by the whole message."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from spikealg.circuits import (
    Circuit,
)
from spikealg.errors import InputError, InputTypeError, SpikealgError
from tests.helpers import refused


@pytest.fixture
def top():
    return Circuit("top")


class TestGates:
    def test_lines_do_not_match(self, top):
        a, b = top.input("a", 4), top.input("b", 3)
        with refused(
            "cannot join b (3 lines) with a (4 lines) in gate: there are 4 gates; give each 1 or 4 "
            "lines, with a slice or extend(4)"
        ):
            top.gates(a, b)

    def test_rows_of_a_matrix(self, top):
        with refused(
            "cannot connect a (4 lines) to gate: its weights have shape (3, 2); give one row per "
            "line, (4, gates)"
        ):
            top.gates(top.input("a", 4), weights=np.ones((3, 2), int))

    def test_number_of_weights(self, top):
        a = top.input("a", 4)
        with refused(
            "a list of weights of gate has one entry per signal (2), got 3; the weights of a "
            "signal's lines are an array",
            InputError,
        ):
            top.gate(a, a, weights=(1, 1, 1))

    def test_weights_per_line(self, top):
        with refused(
            "weights of a must be one value or have shape (4,), got shape (3,)", InputError
        ):
            top.gate(top.input("a", 4), weights=np.ones(3, int))

    def test_codings(self, top):
        a, b = top.input("a"), top.input("b", 8, "stream")
        with refused(
            "cannot join a (1 line) and b (stream of width 8) in gate: their values take different "
            "ticks; use connect(), which joins spikes of any meaning"
        ):
            top.gate(a, b)

    def test_current(self, top):
        with refused(
            "cannot connect a (2 current lines) to gate: a current carries integers, not spikes; "
            "use inject()"
        ):
            top.gate(top.input("a", 2, "current"))

    def test_half_a_weight(self, top):
        with refused(
            "weights of a must hold whole numbers from -2147483647 to 2147483647, got dtype "
            "float64",
            InputTypeError,
        ):
            top.gate(top.input("a"), weights=0.45)


class TestNeurons:
    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({}, "a neuron needs a threshold, for example threshold=1"),
            ({"threshold": 1.5}, "threshold must hold whole numbers from -2147483648 to"),
            ({"threshold": 1, "leak": 4097}, "leak must be a whole number from 0 to 4096, got 40"),
            ({"threshold": 1, "floor": 1}, "floor must be a whole number from -2147483648 to 0"),
            ({"threshold": 1, "probability": 1.5}, "probability must be a finite number from 0.0"),
            ({"threshold": 1, "probability": -0.1}, "probability must be a finite number from 0.0"),
            ({"threshold": 1, "probability": np.nan}, "probability must be a finite number from 0"),
            ({"threshold": [1, 2]}, r"threshold must be one value or have shape \(3,\), got shape"),
            ({"threshold": 1, "reset": "zero"}, 'reset must be "value", "subtract" or "none", got'),
            ({"threshold": 0, "reset": "subtract"}, 'reset "subtract" needs threshold of at least'),
            ({"threshold": 1, "treshold": 1}, "a neuron has no parameter 'treshold'; it has thres"),
        ],
    )
    def test_parameters(self, top, parameters, message):
        with pytest.raises(SpikealgError, match=message):
            top.neurons(3, **parameters)

    def test_parameters_at_their_limits(self, top):
        top.neuron(threshold=1, reset="subtract", leak=4096, floor=0, probability=0.0)

    def test_connect_shapes(self, top):
        a = top.neurons(5, threshold=1, name="a")
        b = top.neurons(4, threshold=1, name="b")
        with refused(
            "cannot connect a (5,) to b (4,): give equal shapes, one to all, pre[:, None] for all "
            "to all, or a sparse matrix of weights"
        ):
            top.connect(a, b)
        with refused(
            "cannot connect a (5,) to b (4,): the matrix of weights has shape (4, 5); it must have "
            "(5, 4)"
        ):
            top.connect(a, b, weight=sp.csr_array(np.ones((4, 5), int)))
        with refused("weight must be one value or have shape (5,), got shape (3,)", InputError):
            top.connect(a, b[0], weight=[1, 2, 3])

    @pytest.mark.parametrize("delay", [0, -1])
    def test_delay_is_at_least_one(self, top, delay):
        a = top.neurons(2, threshold=1)
        with refused(f"delay must be a whole number from 1 to 2147483647, got {delay}", InputError):
            top.connect(a, a, delay=delay)

    def test_foreign_neurons(self, top):
        mine = top.neuron(threshold=1, name="mine")
        theirs = Circuit("other").neuron(threshold=1, name="theirs")
        message = (
            "cannot connect theirs of circuit 'other' to {} of circuit 'top': signals stay in the "
            "circuit that made them; pass it through a port"
        )
        with refused(message.format("mine")):
            top.connect(theirs, mine)
        with refused(message.format("post")):
            top.connect(mine, theirs)
        with refused(message.format("out")):
            top.output("out", theirs)

    def test_index(self, top):
        with refused(
            "cells of shape (3,) has no [5]: index 5 is out of bounds for axis 0 with size 3",
            InputError,
        ):
            top.neurons(3, threshold=1, name="cells")[5]

    def test_post_is_neurons(self, top):
        a = top.input("a")
        with refused(f"post must be neurons of this circuit, got {a!r}", InputTypeError):
            top.connect(a, a)


class TestCurrents:
    def test_spikes_are_not_injected(self, top):
        cell = top.neuron(threshold=1, name="cell")
        with refused(
            "cannot inject a (1 line) into cell: only a current input carries integers; declare it "
            'with coding="current", or connect() its spikes'
        ):
            top.inject(top.input("a"), cell)

    def test_one_neuron_per_line(self, top):
        cells = top.neurons(3, threshold=1, name="cells")
        start = top.input("start", 2, "current")
        with refused(
            "cannot inject start (2 current lines) into cells (3 neurons): give one neuron per line"
        ):
            top.inject(start, cells)

    def test_a_line_acts_once(self, top):
        cells = top.neurons(2, threshold=1, name="cells")
        start = top.input("start", 2, "current")
        top.inject(start, cells)
        with refused(
            "cannot inject start[1] (1 current line) into cells: one of its lines acts on a neuron "
            "already, and a current acts on one neuron; fan out by spikes with connect()"
        ):
            top.inject(start[1], cells[0])

    def test_one_line_into_two_inputs(self, top):
        inner = Circuit("inner")
        for name in "ab":
            inner.inject(inner.input(name, coding="current"), inner.neuron(threshold=1))
        x = top.input("x", coding="current")
        with refused(
            "cannot connect one current line to two inputs of inner: a current acts on one neuron; "
            "give each input lines of its own"
        ):
            top.add(inner, a=x, b=x)

    def test_current_is_no_output(self, top):
        with refused(
            "cannot connect x (1 current line) to y (1 current line): a current input carries "
            "integers, not spikes; inject() it into neurons and output those"
        ):
            top.output("y", top.input("x", coding="current"))
