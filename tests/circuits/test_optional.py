"""Optional inputs that a call leaves out mean what they mean where nothing is connected to them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spikealg import simulate
from spikealg.circuits import Circuit, In, Knapsack, SubsetSums
from spikealg.errors import InputError
from spikealg.network import Network, Port
from tests.circuits.cases.case import network_of
from tests.helpers import ALL_CIRCUITS, refused

WITH_OPTIONAL = [
    case
    for case in ALL_CIRCUITS
    if any(isinstance(port, In) and port.optional for port in case.make().ports.values())
]


@pytest.mark.parametrize("case", WITH_OPTIONAL, ids=lambda case: case.label)
def test_left_out_of_a_call_or_not_connected(case):
    rng = np.random.default_rng(0)
    inner, top = case.make(), Circuit("top")
    needed = {
        name: port
        for name, port in inner.ports.items()
        if isinstance(port, In) and not port.optional
    }
    signals = {name: top.input(name, port.width, port.coding) for name, port in needed.items()}
    added = top.add(inner, **signals)
    for name, port in inner.ports.items():
        if not isinstance(port, In):
            top.output(name, getattr(added, name))
    values = {
        name: np.ones(20, int) if name == "start" else rng.integers(0, 1 << port.width, 20)
        for name, port in needed.items()
    }
    found, expected = network_of(case)(**values), top.compile()(**values)
    assert {name: out.tolist() for name, out in found.items()} == {
        name: out.tolist() for name, out in expected.items()
    }


def test_without_use_all_numbers_are_used():
    """{1, 2} adds up to 0, 1, 2 and 3; the item of weight 1 and value 4 fits into 5."""
    sums, knapsack = SubsetSums([1, 2]).compile(), Knapsack([1], [4], 5).compile()
    assert sums(start=1) == {"sums": 0b1111}
    assert sums(start=1, use=0) == {"sums": 1}
    assert knapsack(start=1, room=5) == {"value": 4}
    assert knapsack(start=[1, 1], room=[5, 0])["value"].tolist() == [4, 0]
    assert SubsetSums([1] * 70).compile()(start=1) == {"sums": 2**71 - 1}
    # What is simulated is what is given.
    port = sums.outputs["sums"]
    run = simulate(sums, {"start": 1}, ticks=port.latency + port.width)
    assert run["sums"].tolist() == [1]


def test_files_keep_it(tmp_path):
    network = SubsetSums([1, 2]).compile()
    network.save(tmp_path / "sums.npz")
    assert Network.load(tmp_path / "sums.npz").identical(network)
    with np.load(tmp_path / "sums.npz") as file:
        arrays = dict(file)
    header = json.loads(str(arrays["header"]))
    assert header["inputs"]["use"].pop("absent") == 3
    arrays["header"] = np.array(json.dumps(header))
    np.savez(tmp_path / "old.npz", **arrays)
    old = Network.load(tmp_path / "old.npz")
    assert old.inputs["use"].absent is None
    assert not old.identical(network)
    assert old(start=1) == {"sums": 1}


def test_a_port_that_cannot_have_it_is_refused():
    with refused("absent must be None for a required port, got 1", InputError):
        In(4, absent=1)
    with refused("absent must be None for a current port, got 1", InputError):
        In(1, "current", optional=True, absent=1)
    with refused("absent must be a whole number from 0 to 15, got 16", InputError):
        In(4, optional=True, absent=16)
    with refused("Port.absent must be a whole number from -1 to 3, got 4", InputError):
        Port([0], 4, "temporal", optional=True, absent=4)
    assert In(4, optional=True, absent=np.int64(3)).absent == 3
