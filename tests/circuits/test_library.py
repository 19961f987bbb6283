"""Every circuit of the library against plain Python, from one line each in ALL_CIRCUITS."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from spikealg import circuits
from spikealg.circuits import Adder, Circuit, Constant, Delay, In, Out, encode
from spikealg.circuits.codings import decode
from spikealg.engine import KERNELS, simulate
from spikealg.network import Network
from tests.circuits.cases.case import (
    EXHAUSTIVE_BITS,
    WIDEST,
    combinations,
    network_of,
    operands_of,
    rows_of,
)
from tests.helpers import ALL_CIRCUITS, assert_same, present_in_turn

RANDOM = 100_000
"""Random operands of a circuit that has more than 2^12."""
LANES, STEPS = 512, 200
"""Machines that remember are compared in so many lanes and ticks."""


def named(cases):
    return [case.label for case in cases]


def inputs_of(circuit):
    return {name: port for name, port in circuit.ports.items() if isinstance(port, In)}


def outputs_of(circuit):
    return {name: port for name, port in circuit.ports.items() if isinstance(port, Out)}


def has_latency(case):
    return all(port.latency is not None for port in network_of(case).outputs.values())


INSTANCES = [wide for case in ALL_CIRCUITS for wide in case.instances() if case.has_inputs]
PURE = [case for case in INSTANCES if not case.stateful]
STATEFUL = [case for case in INSTANCES if case.stateful]
TIMED = [case for case in ALL_CIRCUITS if case.has_inputs and has_latency(case)]
UNTIMED = [case for case in ALL_CIRCUITS if not has_latency(case)]
# Where something runs for a while, what is left of it depends on how large the circuit is.
FOLLOWING = list(TIMED)
for case in TIMED:
    if "start" in case.fixed:
        FOLLOWING += case.instances()[1:]
STARTED = [
    case
    for case in ALL_CIRCUITS
    if "start" in case.fixed
    and all(port.coding != "temporal" for port in inputs_of(case.make()).values())
]
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


@pytest.mark.parametrize("case", PURE, ids=named(PURE))
def test_values_in_values_out(case):
    """All operands if they are few, else very many, each in a lane of its own."""
    ports = inputs_of(case.make()).items()
    count = combinations(case)
    many = count > 2**EXHAUSTIVE_BITS
    # Python integers take a hundred times as long.
    random = RANDOM if max(port.width for _, port in ports) <= WIDEST else RANDOM // 100
    operands = operands_of(case, most=random if many else 2**EXHAUSTIVE_BITS)
    expected = case.expected(operands)
    stopped = expected.pop("ticks", None)
    network = case.make().compile()
    found = network(**operands)
    assert_same(found, expected)
    assert any(np.any(values) for values in expected.values()) or count == 1
    if stopped is not None:
        run = simulate(network, operands, ticks=int(stopped.max()) + 1, until=("done", 1))
        assert np.array_equal(run.stopped, stopped)


@pytest.mark.parametrize("case", STATEFUL, ids=named(STATEFUL))
def test_machines_that_remember(case):
    """New inputs in every tick, in many lanes at once."""
    network = case.make().compile()
    assert network.interval == 1
    lines, operands = {}, {}
    for number, (name, port) in enumerate(network.inputs.items()):
        rng = np.random.default_rng(number)
        # Lines of control are pulled at different rates.
        chance = np.repeat(rng.uniform(0.1, 0.9, LANES)[:, None], port.lines, axis=1)
        lines[name] = (rng.random((STEPS, LANES, port.lines)) < chance).astype(np.int64)
        operands[name] = np.stack(
            [decode(tick[None], port.coding, port.width) for tick in lines[name]]
        )
    last = max(port.latency for port in network.outputs.values())
    run = simulate(network, lines, ticks=STEPS + last, kernel="lanes")
    step = case.oracle(*case.args)
    expected = [step(**row) for row in rows_of(operands)]
    for name, port in network.outputs.items():
        raster = run.raster(port.neurons, port.latency, STEPS)
        found = np.stack([decode(tick[None], port.coding, port.width) for tick in raster])
        values = np.array([row[name] for row in expected])
        assert values.shape == (STEPS, LANES)
        assert np.array_equal(found, values)
        assert values.any()


@pytest.mark.parametrize("case", FOLLOWING, ids=named(FOLLOWING))
def test_operands_follow_each_other_at_the_interval(case):
    operands = operands_of(case, seed=1, most=300)
    assert_same(present_in_turn(network_of(case), operands), case.expected(operands))


@pytest.mark.parametrize("case", UNTIMED, ids=named(UNTIMED))
def test_operands_follow_when_the_circuit_is_done(case):
    """Each is presented in the tick after the one in which the circuit was done."""
    network, state, tick = network_of(case), None, 0
    operands = operands_of(case, seed=1, most=30)
    expected = case.expected(operands)
    for index, row in enumerate(rows_of(operands)):
        run = simulate(network, dict(row), ticks=10_000, until=("done", 1), state=state)
        assert run.stopped[0] - tick == expected["ticks"][index]
        assert {name: run[name][0] for name in network.outputs} == {
            name: expected[name][index] for name in network.outputs
        }
        state, tick = run.state, run.state.tick


@pytest.mark.parametrize("case", UNTIMED, ids=named(UNTIMED))
def test_kernels_agree_on_when_a_circuit_is_done(case):
    operands, network = operands_of(case, seed=2, most=40), network_of(case)
    runs = [
        simulate(network, operands, ticks=10_000, until=("done", 1), record="all", kernel=kernel)
        for kernel in KERNELS
    ]
    assert len(runs[0].spikes)
    for run in runs[1:]:
        assert run.spikes.identical(runs[0].spikes)


@pytest.mark.parametrize("case", UNTIMED, ids=named(UNTIMED))
def test_two_instances_are_done_each_in_its_time(case):
    """The neurons of an instance fire as if the other were not there."""

    def run(names):
        top, operands = Circuit("top"), {}
        for seed, name in enumerate(names):
            connections = {}
            for port, values in operands_of(case, seed=seed, most=60).items():
                kind = case.make().ports[port]
                operands[f"{name}_{port}"] = values[:60]
                connections[port] = top.input(f"{name}_{port}", kind.width, kind.coding)
            top.add(case.make(), name=name, **connections)
        network = top.compile()
        found = simulate(network, operands, ticks=40, record="all")
        neurons = [network.find(name) for name, _ in network.groups if name.startswith("x.")]
        return found.raster(np.concatenate(neurons), 0, 40)

    alone = run(["x"])
    assert alone.any()
    assert np.array_equal(run(["x", "y"]), alone)


@pytest.mark.parametrize("case", STARTED, ids=named(STARTED))
def test_without_a_start_nothing_comes_out(case):
    network, operands = network_of(case), operands_of(case, most=60)
    operands["start"] = np.zeros_like(operands["start"])
    run = simulate(network, operands, ticks=40)
    outputs = np.concatenate([port.neurons for port in network.outputs.values()])
    assert not run.counts[outputs].any()


@pytest.mark.parametrize("case", TIMED, ids=named(TIMED))
def test_kernels_agree(case):
    operands = operands_of(case, seed=2, most=40)
    network = network_of(case)
    expected = present_in_turn(network, operands, kernel="reference")
    for kernel in KERNELS:
        assert_same(present_in_turn(network, operands, kernel=kernel), expected)


@pytest.mark.parametrize("case", TIMED, ids=named(TIMED))
def test_two_instances_of_one_object_do_not_meet(case):
    circuit, top = case.make(), Circuit("top")
    instance_with_inputs(top, circuit, "x_")
    instance_with_inputs(top, circuit, "y_")
    x, y = operands_of(case, seed=3, most=60), operands_of(case, seed=4, most=60)
    both = {f"x_{name}": values for name, values in x.items()}
    both |= {f"y_{name}": values for name, values in y.items()}
    expected = {f"x_{name}": values for name, values in case.expected(x).items()}
    expected |= {f"y_{name}": values for name, values in case.expected(y).items()}
    network = top.compile()
    assert network.interval == network_of(case).interval
    assert_same(present_in_turn(network, both), expected)


@pytest.mark.parametrize("case", JOINING, ids=named(JOINING))
def test_inputs_of_different_latency_are_aligned(case):
    circuit, top = case.make(), Circuit("top")
    connections = {}
    for late, (name, port) in enumerate(inputs_of(circuit).items()):
        signal = top.input(name, port.width, port.coding)
        for _ in range(late):
            signal = top.gates(signal)
        connections[name] = signal.signed() if port.coding == "signed" else signal
    instance = top.add(circuit, **connections)
    for name in outputs_of(circuit):
        top.output(name, getattr(instance, name))
    alone = network_of(case)
    network = top.compile()
    skew = len(connections) - 1
    for name, port in network.outputs.items():
        assert port.latency == alone.outputs[name].latency + skew
    operands = operands_of(case, seed=5, most=60)
    assert_same(present_in_turn(network, operands), case.expected(operands))


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=named(ALL_CIRCUITS))
def test_compiling_is_repeatable(case):
    circuit = case.make()
    network = circuit.compile()
    assert network.identical(circuit.compile())
    assert network.identical(network_of(case))
    names = [network.name(neuron) for neuron in range(network.n_neurons)]
    assert len(set(names)) == len(names)
    for neuron, name in enumerate(names):
        assert name in network.inputs or name in network.outputs or neuron in network.find(name)


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=named(ALL_CIRCUITS))
def test_saved_and_loaded(case, tmp_path):
    network = network_of(case)
    network.save(tmp_path / "circuit.npz")
    assert Network.load(tmp_path / "circuit.npz").identical(network)


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=named(ALL_CIRCUITS))
def test_ports_are_kept(case):
    circuit, network = case.make(), network_of(case)
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
        (circuits.Thermometer(6), 6, 1),
        (circuits.Gate(6), 6, 1),
        (circuits.Select(6), 2 * 6, 2),
        (circuits.Multiplexer(5, 6), (5 + 1) * 6, 2),
        (circuits.Demultiplexer(5, 6), 5 * 6, 1),
        (circuits.Decoder(4), 2**4, 1),
        (circuits.Encoder(12), 4, 1),
        (circuits.PriorityEncoder(12), 12 + 1 + 4, 2),
        (circuits.Constant(11, width=6), 3, 0),
        (circuits.Delay(9, width=6), 0, 9),
        (circuits.DelayLine(9, width=6, longest=4), 6 * 3, 9),
        (circuits.Stretch(9), 4, 4),
        (circuits.Clock(9), 2, 1),
        (circuits.Adder(6), 2 * 6, 6 + 1),
        (circuits.Adder(6, signed=True), 2 * (6 + 1), 6 + 2),
        (circuits.Adder(20, block=8), 2 * 20, 3 + 1),
        (circuits.Adder(30, block=30), 2 * 30, 2),
        (circuits.Subtractor(6), 2 * 6, 6 + 1),
        (circuits.AddConstant(6, 5), 2 * 6, 6 + 1),
        (circuits.NegateIf(6), 3 * 6 - 2, 2),
        (circuits.Absolute(32), 3 * 32 - 2, 2),
        (circuits.BitSerialAdder(6), 2, 2),
        (circuits.BitSerialSubtractor(6), 2, 3),
        (circuits.BitSerialGreaterThan(6), 1, 6 + 1),
        (circuits.BitSerialConstant(11, 6), 1, 1),
        (circuits.BitSerialShift(6, 3), 0, 0),
        (circuits.ToStream(6), 1, 1),
        (circuits.FromStream(6), 0, 6 - 1),
        (circuits.GreaterThan(6), 6, 6),
        (circuits.GreaterThan(31, block=31), 1, 1),
        (circuits.AtLeast(31, 2**30), 1, 1),
        (circuits.Equal(6), 2 * 6 + 1, 2),
        (circuits.Comparator(6), 2 * 6 + 1, 6 + 1),
        (circuits.Max(6), 3 * 6, 6 + 2),
        (circuits.MaxOf(5, 6), (2 * 5 + 1) * 6 + 5, 3 * 6 + 1),
        (circuits.Multiplier(6), 3 * 6**2 - 2 * 6, None),
        (circuits.PopCount(7), 7 + 3 + 1 + 3, 2),
        (circuits.ThresholdMultiplier(5), None, 3),
        (circuits.SumOf(9, 8), None, 2),
        (circuits.ThresholdMatrixVector([[3, -5], [1, 7]], 6), None, 2),
        (circuits.MatrixProduct(2, 2), None, 3),
        (circuits.MatrixProduct(2, 2, "strassen"), None, 5),
        (circuits.MultiplyByConstant(6, 64), 0, 0),
        (circuits.Latch(), 1, 1),
        (circuits.Toggle(), 2, 2),
        (circuits.Hold(6), 2 * 6, 2),
        (circuits.Register(6), 3 * 6, 2),
        (circuits.ShiftRegister(6), 3 * 6, 2),
        (circuits.Counter(6), 2 * 6, 6 + 1),
        (circuits.Memory(5, 6), 5 * (3 * 6 + 1) + 6, 3),
        (circuits.Fifo(5, 6), 5 * (3 * 6 + 6) + 6 + 3, 4),
        (circuits.Timer(6), 6 + 2, None),
        (circuits.CompareExchange(6), 5 * 6, 6 + 2),
        (circuits.Largest(6, 1, 6), 5 * 3 * 6, 3 * (6 + 2)),
        (circuits.Sort(4, 6), 5 * 5 * 6, 3 * (6 + 2)),
        (circuits.ArgMax(5, 6), None, 3 * 6 + 3),
        (circuits.WinnerTakeAll(5, 6), 5 * (6 + 2) + 3 + 2, None),
        (circuits.ToTemporal(6), 2 * 6 + 1, 7),
        (circuits.FromTemporal(64), 5 * 6 + 2, None),
        (circuits.TemporalSort(5, 9, 3), 5 + 2 * 3, 3),
        (circuits.SortByTime(5, 6), 5 * (3 * 6 + 6) + 4 * 6, None),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_cost_is_what_the_docs_say(circuit, neurons, latency):
    if neurons is not None:
        assert circuit.elaborate().n_neurons == neurons
    if latency is not None:
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
    assert_same(present_in_turn(network, {"a": a}), {"sum": a + 5, "five": np.full(16, 5)})


@pytest.mark.parametrize(
    ("circuit", "operands"),
    [
        (circuits.MultiplyByConstant(6, 0), {"a": np.arange(64)}),
        (circuits.Encoder(1), {"a": np.arange(2)}),
        (circuits.Saturate(4, 1, False, True), {"a": np.arange(16)}),
        (circuits.WeightedSum([0, 0]), {"a": np.arange(4)}),
        (circuits.Filter([0, 0], 2), {"x": np.arange(4)}),
        (circuits.Knapsack([1, 9], [0, 0], 1), {"use": [3, 3], "room": [0, 1], "start": [1, 1]}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_circuits_of_which_the_answer_is_always_0(circuit, operands):
    (values,) = circuit.compile()(**operands).values()
    assert not values.any()


def test_no_circuit_of_the_library_is_forgotten():
    classes = {
        value
        for value in vars(circuits).values()
        if isinstance(value, type) and issubclass(value, Circuit) and value is not Circuit
    }
    assert {type(case.make()) for case in ALL_CIRCUITS} == classes


def test_a_number_at_the_wrong_interval_is_wrong():
    """The interval is needed: a tick less, and numbers run into each other."""
    adder = circuits.BitSerialAdder(4).compile()
    assert adder.interval == 5
    lines = {name: np.zeros((8, 1, 1), dtype=np.int64) for name in adder.inputs}
    for start, name, value in ((0, "a", 15), (0, "b", 15), (4, "a", 1), (4, "b", 1)):
        lines[name][start : start + 4] = encode(value, "stream", 4)
    run = simulate(adder, lines, ticks=14)
    (neuron,) = adder.outputs["sum"].neurons
    second = run.raster([neuron], 4 + adder.outputs["sum"].latency, 5)
    assert decode(second, "stream", 5).tolist() != [2]


def test_idle_circuits_are_silent():
    """A circuit that fires whenever nothing is there says so; the others cost nothing then."""
    forgetting = [case for case in ALL_CIRCUITS if case.has_inputs and not case.stateful]
    for case in forgetting:
        run = simulate(network_of(case), ticks=12)
        assert not np.any(run.counts) or "whenever" in inspect.getdoc(case.kind), case.label
