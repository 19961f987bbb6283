"""Networks are checked when they are built, and keep what they were given."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from spikealg.engine import simulate
from spikealg.errors import InputError, InputTypeError
from spikealg.network import NEVER, Network, Port
from tests.helpers import refused

REFUSED = [
    ({"delay": 0}, InputError, "delay must be a whole number from 1 to 2147483647, got 0"),
    (
        {"delay": [1, 0]},
        InputError,
        "delay[1] must be a whole number from 1 to 2147483647, got 0",
    ),
    (
        {"probability": [0.5, -0.1, 1]},
        InputError,
        "probability[1] must be a finite number from 0.0 to 1.0, got -0.1",
    ),
    (
        {"probability": float("nan")},
        InputError,
        "probability must be a finite number from 0.0 to 1.0, got nan",
    ),
    (
        {"threshold": [0.45, 1, 1]},
        InputTypeError,
        "threshold must hold whole numbers of at least -2147483648, got dtype float64",
    ),
    ({"leak": 4097}, InputError, "leak must be a whole number from 0 to 4096, got 4097"),
    ({"floor": 1}, InputError, "floor must be a whole number from -2147483648 to 0, got 1"),
    ({"bias": [1, 2]}, InputError, "bias must be one value or have shape (3,), got shape (2,)"),
    ({"weight": [1, 2, 3]}, InputError, None),
    ({"post": [1, 3]}, InputError, "post[1] must be a whole number from 0 to 2, got 3"),
    ({"pre": [-1, 1]}, InputError, "pre[0] must be a whole number from 0 to 2, got -1"),
    ({"threshold": []}, InputError, None),
    (
        {"reset": "add"},
        InputError,
        'reset must be "value", "subtract" or "none", got \'add\'',
    ),
    (
        {"reset": "subtract", "threshold": [1, 0, 1]},
        InputError,
        'reset "subtract" needs threshold >= 1, got 0 at neuron 1',
    ),
    ({"stream": [1, 1, 2]}, InputError, "stream must be distinct within a network"),
    (
        {"weight": 2**30, "post": [1, 1]},
        InputError,
        "the positive weights into neuron 1 and its bias add up to 2147483648 in magnitude; at "
        "most 2147483647 fits int32: use smaller weights",
    ),
    (
        {"weight": -(2**31 - 2), "bias": 2},
        InputError,
        "the negative weights into neuron 1 and its bias add up to 2147483648 in magnitude; at "
        "most 2147483647 fits int32: use smaller weights",
    ),
    ({"groups": (("a", 1),)}, InputError, None),
    ({"outputs": {"y": [5]}}, InputError, None),
]


@pytest.mark.parametrize(("change", "error", "message"), REFUSED)
def test_refusals(change, error, message):
    arrays = {"threshold": [1, 1, 1], "pre": [0, 1], "post": [1, 2], **change}
    if message is None:
        with pytest.raises(error):
            Network.from_arrays(**arrays)
    else:
        with refused(message, error):
            Network.from_arrays(**arrays)


def test_synapses_are_sorted_by_source_and_pairs_may_repeat():
    net = Network.from_arrays(
        threshold=[1, 1], pre=[1, 0, 1, 0], post=[0, 1, 0, 1], weight=[1, 2, 3, 4],
        delay=[1, 2, 3, 4],
    )  # fmt: skip
    assert net.indptr.tolist() == [0, 2, 4]
    assert net.weight.tolist() == [2, 4, 1, 3]
    assert net.delay.tolist() == [2, 4, 1, 3]
    assert net.pre.tolist() == [0, 0, 1, 1]


def test_networks_are_frozen():
    net = Network.from_arrays(threshold=[1])
    with pytest.raises(ValueError, match="read-only"):
        net.threshold[0] = 2
    with pytest.raises(AttributeError):
        net.threshold = np.array([2])


def test_names_and_what_they_find():
    net = Network.from_arrays(
        threshold=[1] * 5, groups=(("clock", 0), ("bank.cell", 1), ("stop", 4)),
        outputs={"out": [4, 1]},
    )  # fmt: skip
    assert [net.name(j) for j in range(5)] == [
        "clock", "bank.cell[0]", "bank.cell[1]", "bank.cell[2]", "stop",
    ]  # fmt: skip
    assert net.find("bank.cell").tolist() == [1, 2, 3]
    assert net.find("bank.cell[2]").tolist() == [3]
    assert net.find("out").tolist() == [4, 1]
    with pytest.raises(InputError, match=r"no neuron, group or port is called 'bank.cell\[3\]'"):
        net.find("bank.cell[3]")
    with refused("neuron must be a whole number from 0 to 4, got 5", InputError):
        net.name(5)
    for strange in ("a", 1.5, True):
        message = f"neuron must be a whole number from 0 to 4, got {strange!r}"
        with refused(message, InputTypeError):
            net.name(strange)
    with refused(
        "path must name a port, a group or a neuron, for example 'sum', got 5", InputTypeError
    ):
        net.find(5)
    with refused("other must be a Network, got 5", InputTypeError):
        net.identical(5)


def test_sparse_there_and_back_spikes_the_same():
    rng = np.random.default_rng(1)
    n, m = 30, 200
    net = Network.from_arrays(
        threshold=rng.integers(1, 4, n), leak=4096, bias=rng.integers(0, 2, n),
        pre=rng.integers(0, n, m), post=rng.integers(0, n, m), weight=rng.integers(-3, 4, m),
        delay=rng.integers(1, 4, m),
    )  # fmt: skip
    back = Network.from_sparse(
        net.to_sparse(), threshold=net.threshold, leak=net.leak, bias=net.bias
    )
    spikes = simulate(net, ticks=30, record="all", seed=0).spikes
    assert len(spikes) > 100
    assert simulate(back, ticks=30, record="all", seed=0).spikes.identical(spikes)


def test_from_one_sparse_matrix():
    weights = sp.csr_matrix(np.array([[0, 2], [0, 0]]))
    net = Network.from_sparse(weights, threshold=[1, 2])
    assert (net.pre.tolist(), net.post.tolist(), net.weight.tolist()) == ([0], [1], [2])
    with refused("weights must be square and of one shape, got [(1, 2)]", InputError):
        Network.from_sparse(sp.csr_matrix(np.ones((1, 2))), threshold=[1, 2])


@pytest.mark.parametrize("weights", [None, "abc", {1: None}])
def test_what_is_no_sparse_matrix(weights):
    with pytest.raises(
        InputTypeError, match=r"^weights must be a sparse matrix, or a dict of them by"
    ):
        Network.from_sparse(weights, threshold=1)


def test_a_row_is_no_matrix():
    with refused("weights must be square and of one shape, got [(2,)]", InputError):
        Network.from_sparse(np.array([1, 2]), threshold=1)


@pytest.mark.parametrize("argument", ["inputs", "outputs"])
@pytest.mark.parametrize("name", [1, None, (1,)])
def test_names_of_ports_are_str(argument, name):
    with refused(f"{argument} must have names that are str, got {name!r}", InputTypeError):
        Network.from_arrays(threshold=[1], **{argument: {name: [0]}})


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        (5, InputTypeError, "groups must be a tuple of pairs (name, first index), got int"),
        ("abc", InputTypeError, "groups must be a tuple of pairs (name, first index), got str"),
        (["ab"], InputTypeError, "groups must hold pairs (name, first index), got 'ab'"),
        ([(1, 0)], InputTypeError, "groups must hold pairs (name, first index), got (1, 0)"),
        (
            [("a", 0, 1)],
            InputTypeError,
            "groups must hold pairs (name, first index), got ('a', 0, 1)",
        ),
        (
            [("a", 0.9)],
            InputTypeError,
            "first index of group 'a' must be a whole number of at least 0, got 0.9",
        ),
        ([("a", 1)], InputError, "groups must start at 0 and rise below 1, got first indices [1]"),
    ],
)
def test_what_is_no_groups(groups, error, message):
    with refused(message, error):
        Network.from_arrays(threshold=[1], groups=groups)


def test_groups_are_pairs_of_str_and_int_however_they_were_given():
    net = Network.from_arrays(threshold=[1, 1], groups=[["a", np.int64(0)], ("b", np.uint8(1))])
    assert net.groups == (("a", 0), ("b", 1))
    assert all(type(first) is int for _, first in net.groups)


@pytest.mark.parametrize("argument", ["inputs", "outputs"])
def test_ports_have_names(argument):
    message = f"{argument} must be a dict of name to neurons or Port, got list"
    with refused(message, InputTypeError):
        Network.from_arrays(threshold=[1], **{argument: [0]})
    message = f"{argument}['x'] must be a number or an array, got rows of different lengths"
    with refused(message, InputTypeError):
        Network.from_arrays(threshold=[1, 1], **{argument: {"x": [[0], [0, 1]]}})


def test_ports_check_themselves():
    message = (
        "Port.coding must be one of 'binary', 'signed', 'stream', 'unary', 'temporal', 'current', "
        "got 'rate'"
    )
    with refused(message, InputError):
        Port([0], 1, "rate")
    for lines, width, coding in [(1, 99, "current"), (1, 7, "binary"), (2, 2, "stream")]:
        wanted = width if coding != "stream" else 1
        message = (
            f"Port.neurons must have shape ({wanted},) for coding {coding!r} of width {width}, got "
            f"shape ({lines},)"
        )
        with refused(message, InputError):
            Port(np.arange(lines), width, coding)
    with refused("Port.optional must be True or False, got 'no'", InputTypeError):
        Port([0], 1, optional="no")
    message = "Port.neurons must hold whole numbers of at least -1, got bools"
    for neurons in ([True], [0, True], np.array([True])):
        with refused(message, InputTypeError):
            Port(neurons, len(neurons))
    port = Port([3, 1], 2, "binary", 4)
    assert port.lines == 2
    with pytest.raises(ValueError, match="read-only"):
        port.neurons[0] = 1


def test_never_is_never():
    net = Network.from_arrays(threshold=[NEVER], v_init=NEVER - 1)
    assert simulate(net, ticks=3, seed=0).counts.tolist() == [0]


def test_repr_and_summary():
    net = Network.from_arrays(threshold=[1, 1], pre=[0], post=[1], inputs={"x": [0]})
    assert repr(net) == "Network(2 neurons, 1 synapses, inputs ['x'], outputs [])"
    assert "2" in str(net.summary())
