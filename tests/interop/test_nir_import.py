"""Graphs of other tools as networks, against a tool for NIR in floats.

Weights are drawn from a continuum and seeds are fixed, so a potential closer to its threshold than
the rounding of weights to 2⁻²² does not occur.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from spikealg import simulate
from spikealg.errors import FileFormatError, InputError, InputTypeError
from spikealg.interop.nir import from_nir
from tests.helpers import refused
from tests.interop.nir_tool import Tool

nir = pytest.importorskip("nir")

DT = 1e-3
IN, OUT = "input", "output"


def chain(*nodes, shape, **extra):
    """input → nodes, called a, b, c → output."""
    names = [chr(ord("a") + k) for k in range(len(nodes))]
    path = [IN, *names, OUT]
    return nir.NIRGraph(
        {
            IN: nir.Input({"input": np.array(shape)}),
            **dict(zip(names, nodes, strict=True)),
            OUT: nir.Output({"output": None}),
        },
        list(pairwise(path)),
        type_check=False,
        **extra,
    )


def graph(nodes, edges, shape=(1,)):
    return nir.NIRGraph(
        {
            IN: nir.Input({"input": np.array(shape)}),
            **nodes,
            OUT: nir.Output({"output": None}),
        },
        edges,
        type_check=False,
    )


def threshold(size, value=0.5):
    return nir.Threshold(threshold=np.full(size, value))


def lif(size, leak=1024, r=1.0, v_leak=0.0, v_threshold=1.0, v_reset=0.0):
    """LIF neurons whose leak per tick is leak/4096."""
    whole = {"r": r, "v_leak": v_leak, "v_threshold": v_threshold, "v_reset": v_reset}
    arrays = {key: np.full(size, value, dtype=float) for key, value in whole.items()}
    return nir.LIF(tau=np.full(size, DT * 4096 / leak), **arrays)


def cuba(size, leak=512, current_leak=1024, w_in=1.0, v_leak=0.0):
    return nir.CubaLIF(
        tau_mem=np.full(size, DT * 4096 / leak),
        tau_syn=np.full(size, DT * 4096 / current_leak),
        r=np.full(size, 3.0),
        v_leak=np.full(size, v_leak),
        v_threshold=np.full(size, 0.7),
        v_reset=np.full(size, -0.1),
        w_in=np.full(size, w_in),
    )


def integrator(size, r=1 / DT):
    return nir.IF(r=np.full(size, r), v_threshold=np.full(size, 1.0))


def both(made, steps=60, seed=0, **settings):
    """Run a graph by the tool and as a network: the output's spikes of each (steps, size)."""
    rng = np.random.default_rng(seed)
    shape = tuple(made.nodes[IN].input_type["input"])
    values = (rng.random((steps, *shape)) < 0.4).astype(int)
    expected = Tool(made, DT).run({IN: values}, steps)[OUT].reshape(steps, -1)
    read = from_nir(made, dt=DT, **settings)
    port = read.network.outputs[OUT]
    ticks = steps + port.latency
    given = np.zeros((ticks, 1, int(np.prod(shape))), dtype=int)
    given[:steps, 0] = values.reshape(steps, -1)
    run = simulate(read.network, {IN: given}, ticks=ticks, record=[OUT], potentials=[OUT])
    fired = np.zeros((ticks, read.network.n_neurons))
    fired[run.spikes.t, run.spikes.i] = 1
    potentials = run.potentials[port.latency :, 0]
    return expected, fired[port.latency :, port.neurons], potentials, read


def assert_same_spikes(made, **settings):
    expected, fired, _, read = both(made, **settings)
    np.testing.assert_array_equal(fired, expected)
    assert 0 < fired.mean() < 1, "nothing was compared"
    return read


# ------------------------------------------------------------------ neurons


@pytest.mark.parametrize(
    "neurons",
    [
        threshold(4, 0.3),
        integrator(4),
        lif(4),
        lif(4, r=2.5, v_leak=0.3, v_threshold=0.9, v_reset=-0.4),
        lif(4, leak=4096),
        lif(4, v_leak=3.0, v_threshold=1.0),
        cuba(4),
        cuba(4, w_in=0.8, v_leak=0.4),
    ],
    ids=lambda node: type(node).__name__,
)
def test_neurons(neurons):
    rng = np.random.default_rng(1)
    assert_same_spikes(chain(nir.Affine(rng.normal(0.3, 1, (4, 6)), rng.normal(0, 0.1, 4)), neurons,
                             shape=(6,)))  # fmt: skip


def test_fires_above_the_threshold_not_at_it():
    made = chain(nir.Linear(np.array([[0.5]])), integrator(1), shape=(1,))
    read = from_nir(made, dt=DT)
    run = simulate(read.network, {IN: np.ones((6, 1, 1), dtype=int)}, ticks=6, record=[OUT])
    # 0.5, 1.0, 1.5: the third input is the first above 1.
    assert run.spikes.t.tolist() == [3]


def test_parameters_by_hand():
    made = chain(
        nir.Affine(np.array([[2.0]]), np.array([0.25])),
        lif(1, leak=1024, r=0.5, v_leak=0.5, v_threshold=1.0, v_reset=-0.5),
        shape=(1,),
    )
    read = from_nir(made, dt=DT, bits=4)
    network = read.network
    # Weight 2·0.5/4 = 1/4, bias (0.5 + 0.5·0.25)/4 = 5/32: the largest, 1, takes 4 bits.
    assert read.unit == {IN: 1.0, "b": 1 / 8}
    assert network.weight.tolist() == [2]
    assert network.bias.tolist() == [0, 1]
    assert network.threshold.tolist() == [1, 9]
    assert network.reset_value.tolist() == [0, -4]
    assert network.leak.tolist() == [4096, 1024]
    assert network.groups == ((IN, 0), ("b", 1))
    assert read.notes == ()


def test_exponential_steps():
    made = chain(lif(1, leak=1024), shape=(1,))
    share = 1 - np.exp(-0.25)
    read = from_nir(made, dt=DT, step="exponential")
    assert read.network.leak[1] == round(4096 * share)
    assert read.network.weight[0] * read.unit["a"] == pytest.approx(share, rel=1e-6)
    assert read.notes == (f"a: a leak of {share:.6g} per tick becomes {4096 * share:.0f}/4096",)


def test_subtraction_when_asked():
    made = chain(nir.Linear(np.array([[1.6]])), integrator(1), shape=(1,))
    inputs = {IN: np.ones((9, 1, 1), dtype=int)}
    spikes = {
        reset: simulate(from_nir(made, dt=DT, reset=reset).network, inputs, ticks=9, record=[OUT])
        for reset in ("value", "subtract")
    }
    assert len(spikes["value"].spikes) == 8
    # 1.6 per tick, 1 per spike: the rest piles up, and still one spike per tick.
    potential = from_nir(made, dt=DT, reset="subtract")
    run = simulate(potential.network, inputs, ticks=9, potentials=["b"])
    assert run.potentials[-1, 0, 0] * potential.unit["b"] == pytest.approx(8 * 0.6, rel=1e-5)


def test_potentials_are_read_at_outputs():
    rng = np.random.default_rng(3)
    weight = rng.normal(size=(3, 5))
    for neurons in (
        nir.LI(tau=np.full(3, 4 * DT), r=np.full(3, 2.0), v_leak=np.full(3, 0.1)),
        nir.I(r=np.full(3, 100.0)),
        nir.CubaLI(
            tau_mem=np.full(3, 4 * DT), tau_syn=np.full(3, 2 * DT), r=np.ones(3),
            v_leak=np.zeros(3),
        ),
    ):  # fmt: skip
        made = chain(nir.Linear(weight), neurons, shape=(5,))
        expected, fired, potentials, read = both(made)
        assert not fired.any()
        np.testing.assert_allclose(potentials * read.unit["b"], expected, atol=2e-5)


def test_a_sum_at_an_output_is_a_potential():
    made = chain(threshold(3), nir.Affine(np.array([[1.5, -2, 0.5]]), np.ones(1)), shape=(3,))
    expected, _, potentials, read = both(made)
    np.testing.assert_allclose(potentials * read.unit[OUT], expected, atol=1e-6)
    assert read.notes == ("output: a sum; read the potentials of these neurons, none spikes",)


def test_a_current_of_its_own():
    rng = np.random.default_rng(4)
    current = nir.LI(tau=np.full(4, 4 * DT), r=np.full(4, 2.0), v_leak=np.zeros(4))
    for neurons in (threshold(4), integrator(4, r=200.0), lif(4)):
        made = chain(nir.Affine(rng.normal(size=(4, 6)), rng.normal(0, 0.1, 4)), current, neurons,
                     shape=(6,))  # fmt: skip
        assert_same_spikes(made)


# ------------------------------------------------------------------ linear nodes

PICTURE = (4, 7, 6)
CONVOLUTIONS = {
    "plain": dict(stride=1, padding=0, dilation=1, groups=1),
    "stride and padding": dict(stride=(2, 1), padding=(1, 2), dilation=1, groups=1),
    "dilation": dict(stride=1, padding=1, dilation=(2, 1), groups=1),
    "groups": dict(stride=2, padding=1, dilation=1, groups=2),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(name):
    rng = np.random.default_rng(2)
    settings = CONVOLUTIONS[name]
    weight = rng.normal(size=(6, 4 // settings["groups"], 3, 2))
    node = nir.Conv2d(input_shape=PICTURE[1:], weight=weight, bias=rng.normal(size=6), **settings)
    size = from_nir(chain(node, shape=PICTURE), dt=DT).network.outputs[OUT].width
    rows = Tool(chain(node, shape=PICTURE), DT).run({}, 1)[OUT].shape[1:]
    assert size == np.prod(rows)
    made = chain(
        node, nir.Flatten({"input": np.array(rows)}, start_dim=0), threshold(size), shape=PICTURE
    )
    assert_same_spikes(made, steps=8)


@pytest.mark.parametrize("length", [9, 10])
@pytest.mark.parametrize("padding", ["valid", "same", 2])
def test_convolutions_of_one_axis(padding, length):
    rng = np.random.default_rng(2)
    weight, picture = rng.normal(size=(1, 1, 4)), rng.integers(0, 2, length)
    node = nir.Conv1d(input_shape=length, weight=weight, stride=1, padding=padding, dilation=1,
                      groups=1, bias=np.zeros(1))  # fmt: skip
    read = from_nir(chain(node, shape=(1, length)), dt=DT)
    run = simulate(read.network, {IN: picture}, ticks=2, potentials=[OUT])
    mode = {"valid": "valid", "same": "same", 2: "full"}[padding]
    expected = np.convolve(picture, weight[0, 0, ::-1], mode)
    if padding == 2:
        expected = expected[1:-1]
    elif padding == "same":  # of an even kernel, torch and NIR put the odd zero behind
        expected = np.convolve(picture, weight[0, 0, ::-1], "full")[2:][:length]
    np.testing.assert_allclose(run.potentials[1, 0] * read.unit[OUT], expected, atol=1e-6)


@pytest.mark.parametrize("pool", ["SumPool2d", "AvgPool2d"])
def test_pooling(pool):
    node = getattr(nir, pool)(
        kernel_size=np.array([2, 3]), stride=np.array([2, 1]), padding=np.array([0, 1])
    )
    flat = nir.Flatten({"input": np.array([4, 3, 6])}, start_dim=0)
    value = 2.5 if pool == "SumPool2d" else 0.45
    assert_same_spikes(chain(node, flat, threshold(72, value), shape=PICTURE), steps=8)


def test_scale_and_axes_in_front():
    rng = np.random.default_rng(2)
    weight = rng.normal(size=(2, 3, 4))
    made = chain(
        nir.Scale(rng.normal(size=(2, 4))),
        nir.Linear(weight),
        nir.Threshold(np.full((2, 3), 0.2)),
        shape=(2, 4),
    )
    picture = rng.integers(0, 2, (2, 4))
    run = simulate(from_nir(made, dt=DT).network, {IN: picture.reshape(-1)}, ticks=2, record=[OUT])
    sums = np.einsum("aij,aj->ai", weight, made.nodes["a"].scale * picture)
    assert np.isin(np.arange(8, 14), run.spikes.i).tolist() == (sums > 0.2).reshape(-1).tolist()


# ------------------------------------------------------------------ time


def test_layers_in_step():
    """A short cut past a layer waits for it; biases start with their layer."""
    rng = np.random.default_rng(7)
    made = graph(
        {
            "w1": nir.Affine(rng.normal(size=(5, 4)), np.full(5, 0.21)),
            "n1": lif(5),
            "w2": nir.Affine(rng.normal(size=(5, 5)), np.full(5, 0.17)),
            "n2": lif(5),
            "short": nir.Linear(rng.normal(size=(5, 4))),
        },
        [(IN, "w1"), ("w1", "n1"), ("n1", "w2"), ("w2", "n2"), (IN, "short"), ("short", "n2"),
         ("n2", OUT)],
        shape=(4,),
    )  # fmt: skip
    read = assert_same_spikes(made)
    assert read.network.outputs[OUT].latency == 2
    assert sorted(set(read.network.delay.tolist())) == [1, 2]


def test_a_loop_takes_one_step():
    rng = np.random.default_rng(8)
    made = graph(
        {
            "w": nir.Linear(rng.normal(size=(5, 4))),
            "n": cuba(5),
            "back": nir.Affine(rng.normal(size=(5, 5)), np.full(5, 0.1)),
        },
        [(IN, "w"), ("w", "n"), ("n", "back"), ("back", "n"), ("n", OUT)],
        shape=(4,),
    )
    read = assert_same_spikes(made)
    assert read.notes == (
        "n: the bias of its synaptic current comes from neuron 'bias', which fires in every tick",
    )


def test_delays():
    rng = np.random.default_rng(9)
    made = graph(
        {
            "wait": nir.Delay(np.array([0, 1, 3, 7]) * DT),
            "w": nir.Linear(rng.normal(0.3, 1, (3, 4))),
            "n": lif(3),
            "later": nir.Delay(np.array([2, 1, 1]) * DT),
            "back": nir.Linear(rng.normal(size=(3, 3))),
        },
        [(IN, "wait"), ("wait", "w"), ("w", "n"), ("n", "later"), ("later", "back"), ("back", "n"),
         ("n", OUT)],
        shape=(4,),
    )  # fmt: skip
    assert_same_spikes(made)


def test_outputs_that_wait_or_collect_are_relays():
    made = graph(
        {"n": threshold(2), "wait": nir.Delay(np.array([2, 3]) * DT)},
        [(IN, "n"), ("n", "wait"), ("wait", OUT)],
        shape=(2,),
    )
    read = assert_same_spikes(made)
    assert {name for name, _ in read.network.groups} == {IN, "n", OUT}


def test_a_loop_of_two_nodes_is_stated():
    made = graph(
        {"a": threshold(1), "b": threshold(1)},
        [(IN, "a"), ("a", "b"), ("b", "a"), ("b", OUT)],
    )
    assert from_nir(made, dt=DT).notes == (
        "a to b: in a loop without a delay, so a spike takes one tick",
        "b to a: in a loop without a delay, so a spike takes one tick",
    )


def test_a_loop_that_is_too_quick_is_refused():
    made = graph(
        {"a": threshold(1), "b": threshold(1), "wait": nir.Delay(np.array([DT]))},
        [(IN, "a"), ("a", "b"), ("b", "wait"), ("wait", "a"), ("b", OUT)],
    )
    with refused(
        "a loop through 'a', 'b' lasts fewer ticks than it has nodes of neurons, and every synapse "
        "takes a tick: make its delays longer, or dt smaller",
        InputError,
    ):
        from_nir(made, dt=DT)


def test_subgraphs_are_dissolved():
    rng = np.random.default_rng(8)
    inner = nir.NIRGraph(
        {
            "in": nir.Input({"input": np.array([5])}),
            "n": cuba(5),
            "back": nir.Linear(rng.normal(size=(5, 5))),
            "out": nir.Output({"output": np.array([5])}),
        },
        [("in", "n"), ("n", "back"), ("back", "n"), ("n", "out")],
    )
    weight = rng.normal(size=(5, 4))
    nested = graph({"w": nir.Linear(weight), "rnn": inner},
                   [(IN, "w"), ("w", "rnn"), ("rnn", OUT)], shape=(4,))  # fmt: skip
    plain = graph(
        {"w": nir.Linear(weight), "n": inner.nodes["n"], "back": inner.nodes["back"]},
        [(IN, "w"), ("w", "n"), ("n", "back"), ("back", "n"), ("n", OUT)],
        shape=(4,),
    )
    read, expected = from_nir(nested, dt=DT).network, from_nir(plain, dt=DT).network
    assert read.groups == ((IN, 0), ("rnn.n", 4))
    for name in ("threshold", "leak", "post", "weight", "delay"):
        np.testing.assert_array_equal(getattr(read, name), getattr(expected, name))


# ------------------------------------------------------------------ errors

N = 2
LI = nir.LI(tau=np.full(N, 0.1), r=np.ones(N), v_leak=np.zeros(N))
REFUSED = {
    "shapes": (
        chain(nir.Linear(np.ones((3, 5))), threshold(3), shape=(4,)),
        "node 'a' takes an array of shape (5,), but what leads to it has shape (4,)",
    ),
    "shape of neurons": (
        chain(nir.Linear(np.ones((3, 4))), threshold(2), shape=(4,)),
        "node 'b' has shape (2,), but what leads to it has shape (3,)",
    ),
    "channels": (
        chain(
            nir.Conv2d((4, 4), np.ones((1, 3, 2, 2)), 1, 0, 1, 1, np.zeros(1)), shape=(2, 4, 4)
        ),
        "node 'a' takes an array of shape (3, height, width), but what leads to it has shape "
        "(2, 4, 4)",
    ),
    "kernel": (
        chain(nir.SumPool2d(np.array([5, 5]), np.array([1, 1]), np.array([0, 0])), shape=(2, 4, 4)),
        "node 'a': a kernel of (5, 5) does not fit into (4, 4)",
    ),
    "delay": (
        chain(nir.Delay(np.array([1.5e-3, 0])), threshold(2), shape=(2,)),
        "node 'a': a delay must be a whole number of ticks of dt = 0.001 s, got 0.0015 s: choose "
        "another dt",
    ),
    "potential passed on": (
        chain(LI, nir.Linear(np.ones((2, 2))), threshold(2), shape=(2,)),
        "node 'a' (LI) passes on its potential, and a network passes on spikes: it can lead to one "
        "Output, or be the synaptic current of IF, LIF or Threshold",
    ),
    "time constant": (
        chain(lif(1, leak=8192), shape=(1,)),
        "node 'a': tau must be at least dt = 0.001 s, got 0.0005 s: choose a smaller dt, or "
        "step='exponential'",
    ),
    "negative time constant": (
        chain(lif(1, leak=-1), shape=(1,)),
        "node 'a': tau must be above 0 s, got -4.096 s",
    ),
    "leak too slow": (
        chain(lif(1, leak=0.2), shape=(1,)),
        "node 'a': a leak of 4.88e-05 per tick is finer than 1/4096: choose a larger dt",
    ),
    "not finite": (
        chain(lif(1, r=float("nan")), shape=(1,)),
        "node 'a': r must be finite, got nan",
    ),
    "weights not finite": (
        chain(nir.Linear(np.array([[np.inf]])), threshold(1), shape=(1,)),
        "node 'a': weight[0, 0] must be a finite number, got inf",
    ),
    "sums not finite": (
        chain(nir.Linear(np.full((1, 2), 1.7e308)), threshold(1), shape=(2,)),
        "the weights that lead to node 'b' must be finite",
    ),
    "groups": (
        chain(
            nir.Conv2d(None, np.ones((4, 1, 2, 2)), 1, 0, 1, 3, np.zeros(4)), shape=(3, 4, 4)
        ),
        "node 'a': groups must divide the 4 output channels, got 3",
    ),
    "stride": (
        chain(
            nir.Conv2d(None, np.ones((4, 3, 2, 2)), 0, 0, 1, 1, np.zeros(4)), shape=(3, 4, 4)
        ),
        "node 'a': stride[0] must be a whole number of at least 1, got 0",
    ),
    "axes": (
        chain(nir.Flatten({"input": None}, start_dim=5), shape=(2, 2)),
        "node 'a' flattens from axis 5 to -1, but what leads to it has shape (2, 2)",
    ),
    "linear loop": (
        graph({"a": nir.Scale(np.ones(1)), "b": nir.Scale(np.ones(1))},
              [(IN, "a"), ("a", "b"), ("b", "a"), ("b", OUT)]),
        "a loop through node 'b' has no neurons in it",
    ),
    "nothing before": (
        graph({"a": nir.Scale(np.ones(1)), "n": threshold(1)},
              [("a", "n"), (IN, "n"), ("n", OUT)]),
        "nothing leads to node 'a'",
    ),
    "nothing before the output": (
        graph({"n": threshold(1)}, [(IN, "n")]),
        "nothing leads to Output 'output'",
    ),
    "unknown edge": (
        graph({"n": threshold(1)}, [(IN, "m"), ("n", OUT)]),
        "edge ('input', 'm') names a node that is not there",
    ),
    "edge twice": (
        graph({"n": threshold(1)}, [(IN, "n"), (IN, "n"), ("n", OUT)]),
        "graph has an edge twice",
    ),
    "beside a current": (
        graph({"i": LI, "n": threshold(2)}, [(IN, "i"), ("i", "n"), (IN, "n"), ("n", OUT)], (2,)),
        "node 'n' gets spikes beside its synaptic current 'i': lead them to the current",
    ),
    "two currents": (
        graph({"i": LI, "j": LI, "n": threshold(2)},
              [(IN, "i"), ("i", "n"), ("j", "n"), ("n", OUT)], (2,)),
        "node 'n' has two synaptic currents, 'i' and 'j'; a neuron has one",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused(name):
    made, message = REFUSED[name]
    with refused(message, InputError):
        from_nir(made, dt=DT)


def test_bad_arguments_are_named(tmp_path):
    made = chain(threshold(1), shape=(1,))
    with refused(
        "dt must be given: the graph does not say how many seconds a tick takes", InputError
    ):
        from_nir(made)
    with refused("step must be one of 'euler', 'exponential', got 'rk4'", InputError):
        from_nir(made, dt=DT, step="rk4")
    with refused("reset must be one of 'value', 'subtract', got 'none'", InputError):
        from_nir(made, dt=DT, reset="none")
    with refused("bits must be a whole number from 1 to 30, got 31", InputError):
        from_nir(made, dt=DT, bits=31)
    with refused("graph must be a nir.NIRGraph or the path of a NIR file, got int", InputTypeError):
        from_nir(7, dt=DT)
    with pytest.raises(FileNotFoundError, match=r"missing\.nir"):
        from_nir(tmp_path / "missing.nir", dt=DT)
    damaged = tmp_path / "damaged.nir"
    damaged.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(50))
    with pytest.raises(FileFormatError, match=r"damaged\.nir cannot be read"):
        from_nir(damaged, dt=DT)
