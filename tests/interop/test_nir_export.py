"""Networks as NIR graphs: they come back identical, and the graph itself says what it can."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from spikealg import simulate
from spikealg.circuits import Counter
from spikealg.errors import (
    FileFormatError,
    InputError,
    InputTypeError,
    MissingExtraError,
    TooLargeError,
)
from spikealg.interop.nir import from_nir, to_nir
from spikealg.network import NEVER, Network
from spikealg.network.ports import Port
from spikealg.solvers.diffusion.density_circuits import CIRCUITS, make_circuit
from spikealg.solvers.diffusion.particle_circuits.circuit import ParticleCircuit
from tests.engine.test_kernels import random_network
from tests.helpers import ALL_CIRCUITS, refused
from tests.interop.nir_tool import Tool
from tests.transitions import transition_of

nir = pytest.importorskip("nir")

DT = 1e-3


def through_a_file(graph, folder):
    path = folder / "graph.nir"
    nir.write(path, graph)
    return path


def assert_identical_after(network, folder):
    """Write the network to a file, read it by the type checks of nir and without them."""
    path = through_a_file(to_nir(network, dt=DT, approximate=True), folder)
    for read in (from_nir(path), from_nir(nir.read(path))):
        assert read.network.identical(network)
        assert read.dt == DT


# ------------------------------------------------------------------ identical networks


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=lambda case: case.name)
def test_circuits_come_back_identical(case, tmp_path):
    assert_identical_after(case.make().compile(), tmp_path)


@pytest.mark.parametrize("name", CIRCUITS)
def test_density_circuits_come_back_identical(name, tmp_path):
    transition = transition_of([{0: 0.5, 1: 0.5}, {0: 0.25, 2: 0.75}, {1: 1.0}])
    assert_identical_after(make_circuit(name, transition, steps=3, most=10).compile(), tmp_path)


@pytest.mark.parametrize("plan", [1, 2, 4])
def test_particle_circuits_come_back_identical(plan, tmp_path):
    circuit = ParticleCircuit((3, 5), 0.25, 0.5, ticks_per_step=plan)
    assert_identical_after(circuit.compile(), tmp_path)


@pytest.mark.parametrize("seed", range(60))
def test_random_networks_come_back_identical(seed, tmp_path):
    assert_identical_after(random_network(np.random.default_rng(seed)), tmp_path)


def test_names_that_files_do_not_take_are_replaced(tmp_path):
    network = Network.from_arrays(
        threshold=[1, 2, 3, 4],
        pre=[0, 1],
        post=[1, 2],
        inputs={"a/b": [0], "a\0b": [0], "a": [0], "..": [1], "-": Port([-1, -1], 2)},
        outputs={"a/b": [2], "x": [3]},
        groups=(("a/b", 0), ("constant", 1), ("x", 2), ("x", 3)),
    )
    assert_identical_after(network, tmp_path)


# ------------------------------------------------------------------ the graph alone


def sayable_network(rng):
    """A random network without leak and without features that NIR lacks, a name per neuron."""
    n = int(rng.integers(2, 12))
    m = int(rng.integers(n, 5 * n))
    names = tuple((f"n{k}", k) for k in range(n))
    return Network.from_arrays(
        threshold=rng.choice([-1, 0, 1, 1, 1, 2, 2, 2, 3, 3, 7, NEVER], n),
        leak=rng.choice([0, 4096], n),
        current_leak=rng.choice([0, 4096], n, p=[0.15, 0.85]),
        bias=rng.choice([0, 0, 0, 1, -1], n),
        reset_value=rng.choice([0, 0, 1, -2], n),
        probability=rng.choice([1.0, 0.0], n, p=[0.95, 0.05]),
        pre=rng.integers(0, n, m),
        post=rng.integers(0, n, m),
        weight=rng.integers(-2, 4, m),
        delay=rng.integers(1, 5, m),
        inputs={"x": rng.integers(0, n, 2)},
        groups=names if rng.random() < 0.5 else (("all", 0),),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_a_tool_for_nir_gets_the_same_spikes(seed):
    rng = np.random.default_rng(seed)
    network, ticks = sayable_network(rng), 40
    values = rng.integers(-2, 4, (ticks, 1, 2))
    run = simulate(network, {"x": values}, ticks=ticks, record="all")
    fired = np.zeros((ticks, network.n_neurons))
    fired[run.spikes.t, run.spikes.i] = 1
    graph = to_nir(network, dt=DT)
    given = Tool(graph, DT).run({"x": values[:, 0]}, ticks)
    spikes = np.zeros_like(fired)
    for name, neurons in populations(network).items():
        spikes[:, neurons] = given[name]
    np.testing.assert_array_equal(spikes, fired)


def populations(network):
    """Which neurons each node of an exported graph has, told from group and leaks."""
    found = {}
    for index, (path, first) in enumerate(network.groups):
        ends = [first for _, first in network.groups[index + 1 :]] + [network.n_neurons]
        kinds = {}
        for neuron in range(first, ends[0]):
            current = {0: "i", 4096: ""}[int(network.current_leak[neuron])]
            potential = {0: "if", 4096: "threshold"}[int(network.leak[neuron])]
            kinds.setdefault(".".join(filter(None, (path, current, potential))), []).append(neuron)
        found |= kinds if len(kinds) > 1 else dict(zip([path], kinds.values(), strict=True))
    return found


def test_the_oracle_sees_spikes():
    fired = [
        simulate(sayable_network(np.random.default_rng(seed)), ticks=40, record="all").counts.sum()
        for seed in range(60)
    ]
    assert np.count_nonzero(fired) > 20


@pytest.mark.parametrize("seed", range(40))
def test_the_graph_alone_gives_the_same_spikes(seed):
    """Read without its integers: the same spikes, later by the latency of each port."""
    rng = np.random.default_rng(seed)
    network, ticks = sayable_network(rng), 40
    network = Network.from_arrays(
        threshold=network.threshold, leak=network.leak, bias=network.bias,
        reset_value=network.reset_value, pre=network.pre, post=network.post,
        weight=network.weight, delay=network.delay, inputs={"x": [0]},
        groups=tuple((f"n{k}", k) for k in range(network.n_neurons)),
    )  # fmt: skip
    values = rng.integers(0, 2, (ticks, 1, 1))
    run = simulate(network, {"x": values}, ticks=ticks, record="all")
    read = from_nir(to_nir(network, dt=DT), dt=DT, integers=False).network
    again = simulate(read, {"x": values, "constant": 0} if "constant" in read.inputs else
                     {"x": values}, ticks=ticks + 20, record="all")  # fmt: skip
    for neuron in range(network.n_neurons):
        port = read.outputs[f"n{neuron}.spikes"]
        later = again.spikes.t[again.spikes.i == port.neurons[0]] - port.latency
        expected = run.spikes.t[run.spikes.i == neuron]
        assert later[later < ticks].tolist() == expected.tolist()


def test_decay_differs_by_the_rounding_that_the_notes_state():
    leak, current_leak = np.array([100, 700, 2048, 500]), np.array([4096, 300, 1000, 4096])
    network = Network.from_arrays(
        threshold=[NEVER] * 4 + [1],
        leak=[*leak, 4096],
        current_leak=[*current_leak, 4096],
        bias=[3, -1, 0, 2, 0],
        pre=[4] * 4,
        post=range(4),
        weight=[40, -25, 30, 7],
        inputs={"x": [4]},
        outputs={"y": range(4)},
        groups=(*((f"n{k}", k) for k in range(4)), ("x", 4)),
    )
    ticks = 200
    values = np.random.default_rng(5).integers(0, 2, (ticks, 1, 1))
    run = simulate(network, {"x": values}, ticks=ticks, potentials=["y"])
    graph = to_nir(network, dt=DT)
    tool = Tool(graph, DT)
    tool.run({"x": values[:, 0]}, ticks)
    floats = np.concatenate([np.array(tool.traces[f"n{k}"]) for k in range(4)], axis=1)
    off = np.abs(run.potentials[:, 0] - floats).max(axis=0)
    of_current = np.where(current_leak < 4096, 4096 / current_leak, 0)
    assert (off < (1 + of_current) * 4096 / leak).all()
    assert (off > 0).all()
    assert "decay is rounded toward zero" in graph.metadata["spikealg"]["notes"]


def test_nodes_say_the_neurons():
    """By hand: tau = 4096·dt/leak and so on, thresholds half a unit lower for NIR's v > θ."""
    network = Network.from_arrays(
        threshold=[5, 6, 7], leak=[4096, 0, 1024], bias=[2, 3, 4], reset_value=-1,
        current_leak=[4096, 4096, 2048], pre=[0, 0, 1], post=[1, 2, 2], weight=[10, 20, 30],
        delay=[3, 1, 2], inputs={"x": [0]}, outputs={"y": [2]},
        groups=(("gate", 0), ("sum", 1), ("leaky", 2)),
    )  # fmt: skip
    nodes = to_nir(network, dt=0.5).nodes
    assert type(nodes["gate"]).__name__ == "Threshold"
    assert nodes["gate"].threshold == [2.5]
    assert type(nodes["sum"]).__name__ == "IF"
    assert (nodes["sum"].r, nodes["sum"].v_threshold, nodes["sum"].v_reset) == (2, 5.5, -1)
    assert nodes["sum.bias"].bias == [3]
    leaky, current = nodes["leaky"], nodes["leaky.current"]
    assert (leaky.tau, leaky.r, leaky.v_leak, leaky.v_threshold) == (2, 4, 16, 6.5)
    assert type(current).__name__ == "LI"
    assert (current.tau, current.r, current.v_leak) == (1, 2, 0)
    assert nodes["gate.delay"].delay == [1.5]
    assert nodes["gate.to.sum"].weight == [[10]]
    assert nodes["sum.delay"].delay == [1.0]


def test_neurons_with_several_delays_share_delay_nodes():
    """As many Delay nodes as the neuron with most delays has, not as many as there are delays."""
    everyone = np.arange(30)
    network = Network.from_arrays(
        threshold=np.ones(30, dtype=int), pre=everyone, post=everyone, delay=everyone + 1
    )
    delays = [node for node in to_nir(network).nodes.values() if type(node).__name__ == "Delay"]
    assert len(delays) == 1
    np.testing.assert_allclose(delays[0].delay, np.arange(1, 31) * 1e-3)


# ------------------------------------------------------------------ what NIR cannot say

FEATURES = {
    'reset "subtract"': dict(reset="subtract"),
    'reset "none"': dict(reset="none"),
    "a firing probability below 1": dict(probability=0.5),
    "a refractory period": dict(refractory=2),
    "refractory ticks at the start": dict(refractory_init=1),
    "a floor of the potential": dict(floor=-3),
    "an initial potential": dict(v_init=1),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_what_nir_cannot_say_is_refused_or_stated(feature):
    network = Network.from_arrays(
        threshold=[2, 2, 2], groups=(("a", 0), ("b", 1)), **FEATURES[feature]
    )
    with refused(
        f"NIR cannot say: {feature} (a and 2 more). Use to_nir(network, approximate=True) to "
        "leave that out of the graph",
        InputError,
    ):
        to_nir(network)
    stored = to_nir(network, approximate=True).metadata["spikealg"]
    assert stored["notes"].startswith(f"{feature} (a and 2 more): ")


def test_all_that_is_left_out_is_named():
    network = Network.from_arrays(threshold=[2, 2], reset=["value", "subtract"], probability=0.5)
    with pytest.raises(InputError, match=r"subtract.*neuron\[1\].*; a firing prob.*and 1 more"):
        to_nir(network)


@pytest.mark.parametrize(
    "parameters",
    [
        dict(threshold=[NEVER], reset="subtract", refractory=2, probability=0.5),
        dict(threshold=[3], leak=4096, reset="none", v_init=2, floor=0),
        dict(threshold=[3], probability=0.0),
    ],
)
def test_what_makes_no_difference_is_not_refused(parameters):
    to_nir(Network.from_arrays(**parameters))


def test_approximations_are_made():
    network = Network.from_arrays(
        threshold=[5, 6], reset=["subtract", "none"], reset_value=-4, groups=(("a", 0), ("b", 1))
    )
    nodes = to_nir(network, approximate=True).nodes
    assert (nodes["a"].v_reset, nodes["b"].v_reset) == (0, 6)


# ------------------------------------------------------------------ errors


def test_a_changed_graph_is_not_believed():
    graph = to_nir(Network.from_arrays(threshold=[2], pre=[0], post=[0]))
    graph.nodes["neuron"].v_threshold = np.array([9.5])
    with refused(
        "the graph was changed after spikealg exported it, so its integers no longer describe it: "
        "use from_nir(graph, integers=False) to read the graph alone",
        InputError,
    ):
        from_nir(graph)
    read = from_nir(graph, integers=False, dt=1e-3)
    neuron = read.network.find("neuron")[0]
    assert read.network.threshold[neuron] * read.unit["neuron"] == pytest.approx(9.5, rel=1e-6)


def test_a_file_says_what_its_integers_mean(tmp_path):
    """The rule names every array of the network, but those that need no words."""
    path = through_a_file(to_nir(Network.from_arrays(threshold=[1])), tmp_path)
    stored = nir.read(path).metadata["spikealg"]
    rule = str(stored["rule"])
    wordless = {"post", "stream"}
    assert [name for name in stored["arrays"] if name not in rule] == sorted(wordless)


def test_damaged_integers_are_an_error():
    def graph():
        return to_nir(Network.from_arrays(threshold=[2]))

    damaged = graph()
    del damaged.metadata["spikealg"]["arrays"]["leak"]
    with pytest.raises(FileFormatError, match="damaged but its content does not make a network"):
        from_nir(damaged)
    damaged = graph()
    damaged.metadata["spikealg"]["ports"] = "{"
    with pytest.raises(FileFormatError, match="metadata 'spikealg' of the graph is damaged"):
        from_nir(damaged)
    later = graph()
    later.metadata["spikealg"]["version"] = 2
    with pytest.raises(FileFormatError, match="has version 2; this release reads up to version 1"):
        from_nir(later)


def test_the_tick_is_that_of_the_export():
    graph = to_nir(Network.from_arrays(threshold=[2]), dt=0.5)
    assert from_nir(graph).dt == 0.5
    with refused("dt of the exported graph is 0.5 s, got 0.25 s", InputError):
        from_nir(graph, dt=0.25)


def test_bad_arguments_are_named():
    network = Network.from_arrays(threshold=[2])
    with refused(
        "network must be a Network, got Counter: compile() a Circuit first", InputTypeError
    ):
        to_nir(Counter(2))
    for dt in (0, -1, float("nan")):
        with pytest.raises(
            InputError, match=r"dt must be a finite number from 1e-15 to 1000000000\.0"
        ):
            to_nir(network, dt=dt)


@pytest.mark.parametrize("parameters", [
    {"threshold": np.ones(500, int), "pre": range(500), "post": range(500), "weight": 2},
    {"threshold": np.ones(300, int), "pre": [0, 0], "post": [1, 2], "delay": [1, 2]},
    {"threshold": np.ones(500, int), "inputs": {"x": np.arange(500)[::-1]}},
    {"threshold": np.ones(500, int), "outputs": {"x": np.arange(500)[::-1]}},
])  # fmt: skip
def test_matrices_too_large_are_refused_first(parameters, monkeypatch):
    """Each takes more than 1 MiB: one matrix of 500², or two of 300² for two delays."""
    monkeypatch.setattr("spikealg.memory.available_bytes", lambda: 2**20)
    with pytest.raises(TooLargeError, match="dense matrices between groups of neurons and ports"):
        to_nir(Network.from_arrays(**parameters))


def test_ports_in_the_order_of_the_neurons_take_no_matrix():
    """A matrix of 200 000² numbers would take 298 GiB."""
    neurons = np.arange(200_000)
    network = Network.from_arrays(
        threshold=np.ones(len(neurons), int), inputs={"x": neurons}, outputs={"y": neurons}
    )
    graph = to_nir(network)
    assert set(graph.edges) == {("x", "neuron"), ("neuron", "y")}
    assert from_nir(graph).network.identical(network)


@pytest.mark.parametrize("call", [lambda n: to_nir(n), lambda n: from_nir("x.nir")])
def test_without_nir_the_error_says_how_to_get_it(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spikealg\[nir\]'"):
        call(Network.from_arrays(threshold=[1]))
