"""NEST gives the spikes of the engine, for the neurons it has; skipped where it is missing."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from spikealg.engine import simulate
from spikealg.errors import InputError, MissingExtraError
from spikealg.interop import nest as interop
from spikealg.network import NEVER, NO_FLOOR, Network
from tests.circuits.cases.case import operands_of
from tests.helpers import ALL_CIRCUITS, refused

CAN_SPIKE = 1, 1, 2, 5, NEVER


def random_network(rng: np.random.Generator) -> Network:
    """A network over all features that NEST has."""
    n = int(rng.integers(1, 20))
    m = int(rng.integers(0, 4 * n))
    forgets = rng.random(n) < 0.5
    threshold = np.where(forgets, rng.choice([-1, 0, *CAN_SPIKE], n), rng.choice(CAN_SPIKE, n))
    return Network.from_arrays(
        threshold=threshold,
        leak=np.where(forgets, 4096, 0),
        bias=np.where(forgets, rng.integers(-1, 3, n), 0),
        reset_value=rng.integers(-4, 1, n),
        refractory=rng.choice([0, 0, 1, 3], n),
        floor=rng.choice([NO_FLOOR, -5, 0], n),
        v_init=rng.integers(-4, 6, n),
        pre=rng.integers(0, n, m),
        post=rng.integers(0, n, m),
        weight=rng.integers(-3, 5, m),
        delay=rng.integers(1, 12, m),
        inputs={"x": rng.integers(0, n, 2)},
    )


def same(network: Network, inputs, **call) -> int:
    """Compare NEST with the engine; return the number of spikes."""
    expected = simulate(network, inputs, record="all", **call).spikes
    assert interop.simulate(network, inputs, **call).identical(expected)
    return len(expected)


@pytest.mark.parametrize("seed", range(20))
def test_nest_gives_the_same_raster(seed):
    pytest.importorskip("nest")
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    values = rng.integers(-3, 6, (20, 2, 2)) * (rng.random((20, 2, 2)) < 0.5)
    assert same(network, {"x": values}, ticks=40, lanes=2) > 0


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=lambda case: case.name)
def test_circuits_in_nest(case):
    pytest.importorskip("nest")
    inputs = {name: values[:4] for name, values in operands_of(case).items()}
    network = case.make().compile()
    same(network, inputs, ticks=6 + max(port.latency or 12 for port in network.outputs.values()))


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        ({"leak": [0, 7]}, "a leak that is neither 0 nor 4096"),
        ({"bias": [0, 1]}, "a bias where nothing leaks"),
        ({"current_leak": [4096, 0]}, "a synaptic current with memory"),
        ({"probability": [1.0, 0.5]}, "a firing probability"),
        ({"refractory_init": [0, 1]}, "refractory ticks at the start"),
        ({"reset": ["value", "subtract"]}, 'a reset that is not "value"'),
        ({"reset_value": [0, 3]}, "a reset to threshold or above"),
    ],
)
def test_what_nest_has_not_is_refused(parameters, what, monkeypatch):
    # The network is looked at before NEST is.
    monkeypatch.setitem(sys.modules, "nest", type(sys)("nest"))
    network = Network.from_arrays(threshold=[1, 3], groups=(("a", 0), ("b", 1)), **parameters)
    message = (
        f"network has {what} at 1 neuron (b), which NEST's iaf_psc_delta has not: "
        "Brian2 takes every network"
    )
    with refused(message, InputError):
        interop.simulate(network, ticks=1)


def test_without_nest_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "nest", None)
    with pytest.raises(MissingExtraError, match="pip install nest-simulator"):
        interop.simulate(Network.from_arrays(threshold=1), ticks=1)
