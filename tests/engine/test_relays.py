"""Relays: who is one, and that the event kernel is right where they stop being some.

Networks full of relays are compared with the reference in ``test_kernels``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikealg.engine import Run
from spikealg.engine.event import visits_per_tick
from spikealg.engine.plan import make_plan
from spikealg.engine.prepare import prepare
from spikealg.network import NEVER, Network
from tests.engine.test_kernels import assert_same, attempt, random_call, relay_network

INT32_MAX = 2**31 - 1


def assert_agree(network: Network, call: dict) -> None:
    expected = attempt(network, call, kernel="reference")
    found = attempt(network, call, kernel="event")
    if isinstance(expected, str) or isinstance(found, str):
        assert found == expected
    else:
        assert_same(found, expected)


def pair(**changes: object) -> Network:
    """Neuron 0, which an input reaches, and neuron 1, which neuron 0 does."""
    arrays = {"threshold": 2, "weight": 2, "leak": 0} | changes
    weight = np.atleast_1d(arrays.pop("weight"))
    threshold = np.array([1, arrays.pop("threshold")])
    pre, post = np.zeros(len(weight), dtype=int), np.ones(len(weight), dtype=int)
    inputs = {"x": [0]} | arrays.pop("inputs", {})
    return Network.from_arrays(
        threshold=threshold, pre=pre, post=post, weight=weight, inputs=inputs, **arrays
    )


@pytest.mark.parametrize(
    ("changes", "relay"),
    [
        ({}, True),
        ({"leak": 4096}, True),
        ({"weight": [2, 5, 2]}, True),
        ({"weight": 1}, False),
        ({"weight": [2, 1]}, False),
        ({"weight": [2, -1]}, False),
        ({"weight": 1, "v_init": 1}, False),
        ({"weight": 1, "v_init": 1, "reset_value": 1}, True),
        ({"weight": 1, "v_init": 1, "leak": 4096}, False),
        ({"v_init": -1}, False),
        ({"v_init": -1, "leak": 4096}, True),
        ({"v_init": 2}, True),
        ({"reset_value": -1}, False),
        ({"reset_value": 2}, False),
        ({"leak": 1}, False),
        ({"current_leak": 4095}, False),
        ({"bias": 1}, False),
        ({"floor": 0}, False),
        ({"reset": "subtract"}, False),
        ({"reset": "none"}, False),
        ({"refractory": 1}, False),
        ({"refractory_init": 1}, False),
        ({"probability": 0.5}, False),
        ({"inputs": {"y": [1]}}, False),
        ({"weight": [2, INT32_MAX - 2]}, True),
        ({"weight": [2, INT32_MAX - 2], "reset_value": 1}, False),
        ({"weight": [2, INT32_MAX - 2], "reset_value": 1, "leak": 4096}, True),
        ({"threshold": NEVER, "weight": INT32_MAX}, False),
        ({"threshold": NEVER, "weight": INT32_MAX, "leak": 4096}, False),
    ],
)  # fmt: skip
def test_who_is_a_relay(changes, relay):
    network = pair(**changes)
    assert make_plan(network).relays.member.tolist() == [False, relay]
    call = {"inputs": {"x": 1}, "ticks": 4, "seed": 0, "record": "all"}
    assert_agree(network, call)


def test_without_synapses_nobody_is_a_relay():
    assert not make_plan(Network.from_arrays(threshold=[1])).relays.member.any()


def test_relays_are_not_visited():
    """A token in a ring is fired on, not visited; asked for a potential, relays are visited."""
    n = 5
    ring = Network.from_arrays(
        threshold=[1] * n, v_init=[1] + [0] * (n - 1), pre=range(n), post=[*range(1, n), 0]
    )

    def measured(potentials: list[int]) -> tuple[float, float]:
        job = prepare(ring, {}, 10, 1, 0, 1, "all", potentials, None, None, None)
        return visits_per_tick(job, 10)

    assert measured([]) == (0.1, 0.9)
    assert measured([3]) == (1.0, 0.0)


@pytest.mark.parametrize("leak", [0, 4096])
@pytest.mark.parametrize("v_init", [0, 1])
def test_what_arrived_is_gone_a_tick_later(leak, v_init):
    """The last relay of a chain has a current in its last tick: only then is the network quiet."""
    chain = Network.from_arrays(
        threshold=[1] * 3, leak=leak, v_init=[0, 0, v_init], pre=[0, 1], post=[1, 2], delay=[2, 3],
        inputs={"x": [0]},
    )  # fmt: skip
    call = {"inputs": {"x": 1}, "seed": 0, "record": "all"}
    assert_agree(chain, {**call, "ticks": 20, "until": "quiet"})
    for ticks in range(8):
        assert_agree(chain, {**call, "ticks": ticks, "inputs": {"x": 1} if ticks else {}})


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_states_in_which_relays_are_none(seed):
    """Potentials from which not every arrival fires or one overflows, and neurons held back."""
    rng = np.random.default_rng(seed)
    network = relay_network(rng)
    call = random_call(rng, network)
    start = attempt(network, {**call, "ticks": int(rng.integers(4)), "until": None, "inputs": {}})
    if not isinstance(start, Run):
        return
    v, c = start.state.v.copy(), start.state.c.copy()
    some = rng.random(v.shape) < 0.1
    if rng.random() < 0.6:
        far = INT32_MAX if rng.random() < 0.2 else 6
        v[some] = rng.integers(-6, far, some.sum())
    else:
        c[some] = rng.integers(0, 4, some.sum())
    for name in ("seed", "first_lane", "lanes"):
        call.pop(name)
    call["state"] = replace(start.state, v=v, c=c)
    assert_agree(network, call)


def test_the_fuzz_is_not_empty():
    """Relays are most neurons and most spikes; some runs come to rest, some overflow."""
    members, spikes, quiet, overflowing = [], [], 0, 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        network = relay_network(rng)
        call = random_call(rng, network)
        run = attempt(network, call, kernel="event")
        if not isinstance(run, Run):
            overflowing += 1
            continue
        member = make_plan(network).relays.member
        members.append(member.mean())
        spikes.append(run.counts[member].sum() / max(run.counts.sum(), 1))
        quiet += call.get("until") == "quiet" and bool((run.stopped >= 0).any())
    assert np.mean(members) > 0.4
    assert np.mean(spikes) > 0.5
    assert quiet > 10, quiet

    assert 3 < overflowing < 60, overflowing
