"""Every circuit of the library against plain Python, from one line each in ALL_CIRCUITS."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg import circuits
from spikealg.circuits import Adder, Circuit, Constant, Delay, In, Out
from spikealg.engine import KERNELS, simulate
from spikealg.network import Network
from tests.helpers import ALL_CIRCUITS, operands_of, present_in_turn


def named(cases):
    return [f"{case.name}-{index}" for index, case in enumerate(cases)]


def inputs_of(circuit):
    return {name: port for name, port in circuit.ports.items() if isinstance(port, In)}


def outputs_of(circuit):
    return {name: port for name, port in circuit.ports.items() if isinstance(port, Out)}


TIMED = [case for case in ALL_CIRCUITS if case.machine is not None and inputs_of(case.make())]
MEMORYLESS = [case for case in TIMED if not case.stateful]
JOINING = [case for case in TIMED if len(inputs_of(case.make())) > 1]


def instance_with_inputs(top, circuit, prefix):
    """Add an instance, its inputs wired to inputs of `top` and its outputs to outputs."""
    connections = {
        name: top.input(f"{prefix}{name}", port.width, port.coding)
        for name, port in inputs_of(circuit).items()
    }
    instance = top.add(circuit, **connections)
    for name in outputs_of(circuit):
        top.output(f"{prefix}{name}", getattr(instance, name))


@pytest.mark.parametrize("case", MEMORYLESS, ids=named(MEMORYLESS))
def test_values_in_values_out(case):
    operands = operands_of(case)
    results = case.make().compile()(**operands)
    expected = case.expected(operands)
    assert {name: values.tolist() for name, values in results.items()} == expected
    assert any(any(values) for values in expected.values())


@pytest.mark.parametrize("case", TIMED, ids=named(TIMED))
def test_new_operands_in_every_tick(case):
    operands = operands_of(case, seed=1)
    assert present_in_turn(case.make().compile(), operands) == case.expected(operands)


@pytest.mark.parametrize("kernel", [name for name in KERNELS if name != "reference"])
@pytest.mark.parametrize("case", TIMED, ids=named(TIMED))
def test_kernels_agree(case, kernel):
    operands = operands_of(case, seed=2, most=40)
    network = case.make().compile()
    assert present_in_turn(network, operands, kernel=kernel) == present_in_turn(
        network, operands, kernel="reference"
    )


@pytest.mark.parametrize("case", TIMED, ids=named(TIMED))
def test_two_instances_of_one_object_do_not_meet(case):
    circuit, top = case.make(), Circuit("top")
    instance_with_inputs(top, circuit, "x_")
    instance_with_inputs(top, circuit, "y_")
    x, y = operands_of(case, seed=3, most=100), operands_of(case, seed=4, most=100)
    both = {f"x_{name}": values for name, values in x.items()}
    both |= {f"y_{name}": values for name, values in y.items()}
    expected = {f"x_{name}": values for name, values in case.expected(x).items()}
    expected |= {f"y_{name}": values for name, values in case.expected(y).items()}
    assert present_in_turn(top.compile(), both) == expected


@pytest.mark.parametrize("case", JOINING, ids=named(JOINING))
def test_inputs_of_different_latency_are_aligned(case):
    circuit, top = case.make(), Circuit("top")
    connections = {}
    for late, (name, port) in enumerate(inputs_of(circuit).items()):
        signal = top.input(name, port.width, port.coding)
        for _ in range(late):
            signal = top.gates(signal)
        connections[name] = signal
    instance = top.add(circuit, **connections)
    for name in outputs_of(circuit):
        top.output(name, getattr(instance, name))
    alone = case.make().compile()
    network = top.compile()
    skew = len(connections) - 1
    for name, port in network.outputs.items():
        assert port.latency == alone.outputs[name].latency + skew
    operands = operands_of(case, seed=5, most=100)
    assert present_in_turn(network, operands) == case.expected(operands)


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=named(ALL_CIRCUITS))
def test_compiling_is_repeatable(case):
    circuit = case.make()
    network = circuit.compile()
    assert network.identical(circuit.compile())
    assert network.identical(case.make().compile())
    names = [network.name(neuron) for neuron in range(network.n_neurons)]
    assert len(set(names)) == len(names)
    for neuron, name in enumerate(names):
        assert name in network.inputs or name in network.outputs or neuron in network.find(name)


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=named(ALL_CIRCUITS))
def test_saved_and_loaded(case, tmp_path):
    network = case.make().compile()
    network.save(tmp_path / "circuit.npz")
    assert Network.load(tmp_path / "circuit.npz").identical(network)


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=named(ALL_CIRCUITS))
def test_ports_are_kept(case):
    circuit = case.make()
    network = circuit.compile()
    assert list(network.inputs) == list(inputs_of(circuit))
    assert list(network.outputs) == list(outputs_of(circuit))
    for name, port in network.inputs.items():
        declared = circuit.ports[name]
        assert (port.width, port.coding, port.optional) == (
            declared.width,
            declared.coding,
            declared.optional,
        )
    for name, port in network.outputs.items():
        assert (port.width, port.coding) == (circuit.ports[name].width, circuit.ports[name].coding)


@pytest.mark.parametrize(
    ("circuit", "neurons", "latency"),
    [
        (circuits.ThresholdGate(6, threshold=3), 1, 1),
        (circuits.Not(6), 6, 1),
        (circuits.Xor(6), 6 + 1, 2),
        (circuits.Select(6), 2 * 6, 2),
        (circuits.Constant(11, width=6), 3, 0),
        (circuits.Delay(9, width=6), 0, 9),
        (circuits.Adder(6), 2 * 6, 6 + 1),
        (circuits.BitSerialAdder(6), 2, 2),
        (circuits.GreaterThan(6), 6, 6),
        (circuits.Comparator(6), 2 * 6 + 1, 6 + 1),
        (circuits.Max(6), 3 * 6, 6 + 2),
        (circuits.Latch(), 1, 1),
        (circuits.Register(6), 3 * 6, 2),
        (circuits.Counter(6), 2 * 6, 6 + 1),
        (circuits.Timer(6), 6 + 2, None),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_cost_is_what_the_docs_say(circuit, neurons, latency):
    assert circuit.elaborate().n_neurons == neurons
    assert circuit.summary().latency == latency


def test_constant_is_there_in_every_tick():
    """Joined with something late, and with new operands in every tick."""
    top = Circuit("top")
    five = top.add(Constant(5, width=4)).out
    late = top.add(Delay(3, width=4), a=top.input("a", 4)).out
    top.output("sum", top.add(Adder(4), a=late, b=five).sum)
    top.output("five", five)
    network = top.compile()
    assert network.outputs["five"].latency == 0
    a = np.arange(16)
    assert present_in_turn(network, {"a": a}) == {"sum": (a + 5).tolist(), "five": [5] * 16}


def test_no_circuit_of_the_library_is_forgotten():
    classes = {
        value
        for value in vars(circuits).values()
        if isinstance(value, type) and issubclass(value, Circuit) and value is not Circuit
    }
    assert {type(case.make()) for case in ALL_CIRCUITS} == classes


def test_idle_combinational_circuits_are_silent():
    """A circuit that fires without input (an inverter) says so; the others cost nothing."""
    silent = [case for case in MEMORYLESS if case.name not in ("not", "comparator")]
    for case in silent:
        run = simulate(case.make().compile(), ticks=12)
        assert not np.any(run.counts), case.name
