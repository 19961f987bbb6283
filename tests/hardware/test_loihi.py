"""Loihi's fixed-point rule: published traces, and which networks keep to it bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.engine import simulate
from spikealg.errors import InputTypeError
from spikealg.hardware import platform
from spikealg.hardware.loihi import DELAY_MAX, loihi_exact
from spikealg.network import NEVER, Network
from tests.helpers import ALL_KERNELS, refused

TRACE = [8192, 12286, 14331, 15351, 15859, 16111, 16235, 16295]


def keep(x, delta):
    """The decay of the rule: 12 bits, rounded toward zero."""
    return (abs(x) * (4096 - delta) >> 12) * (1 if x >= 0 else -1)


def loihi(network, integers, arriving, ticks):
    """The rule in plain Python, from its own integers: spikes as a set of (tick, neuron).

    `arriving[t][j]` is synaptic input from outside. Currents wrap and potentials saturate at 24
    bits. The synapses are those of the network, the numbers those of `integers`.
    """
    n, pre = network.n_neurons, network.pre
    p = {name: array.tolist() for name, array in integers.items()}
    u, v, quiet = [0] * n, list(p["v_init"]), [0] * n
    due = [list(row) for row in arriving] + [[0] * n for _ in range(ticks + 100)]
    spikes = set()
    for t in range(ticks):
        for j in range(n):
            u[j] = keep(u[j], p["delta_u"][j] + p["offset_u"][j]) + due[t][j]
            if abs(u[j]) >= 2**23:
                u[j] -= 2**24 if u[j] > 0 else -(2**24)
            if quiet[j]:
                quiet[j] -= 1
                continue
            bias = p["bias_mantissa"][j] << p["bias_exponent"][j]
            v[j] = keep(v[j], p["delta_v"][j] + p["offset_v"][j]) + u[j] + bias
            v[j] = max(-(2**23) + 1, min(2**23 - 1, v[j]))
            if v[j] > p["threshold_mantissa"][j] << 6:
                v[j], quiet[j] = 0, p["refractory_delay"][j] - 1
                spikes.add((t, j))
        for s in range(network.n_synapses):
            if (t, pre[s]) in spikes:
                weight = p["weight_mantissa"][s] << (6 + p["weight_exponent"][s])
                due[t + 1 + p["delay"][s]][network.post[s]] += weight
    return spikes


@pytest.mark.parametrize("kernel", ALL_KERNELS)
@pytest.mark.parametrize("sign", [1, -1])
def test_published_trace_of_current_and_potential(kernel, sign):
    """Rounded toward zero: the negative trace is the mirror image, 8190 is not 8191."""
    net = Network.from_arrays(
        threshold=[NEVER, 1], leak=[2048, 4096], current_leak=[1, 4096], pre=[1], post=[0],
        weight=sign * 128 * 64, inputs={"x": [1]},
    )  # fmt: skip
    run = simulate(net, {"x": 1}, ticks=9, kernel=kernel, potentials=[0])
    assert run.potentials[1:, 0, 0].tolist() == [sign * v for v in TRACE]
    p = loihi_exact(net).parameters
    assert (p["delta_u"][0], p["offset_u"][0], p["delta_v"][0]) == (0, 1, 2048)
    assert (p["weight_mantissa"][0], p["weight_exponent"][0]) == (sign * 128, 0)


@pytest.mark.parametrize("kernel", ALL_KERNELS)
def test_published_spikes_of_a_bias(kernel):
    net = Network.from_arrays(threshold=[8 * 64 + 1], bias=128)
    assert simulate(net, ticks=12, kernel=kernel).spikes.t.tolist() == [4, 9]
    exact = loihi_exact(net)
    assert (exact.scale, exact.ticks) == (1, None)
    assert exact.parameters["threshold_mantissa"].tolist() == [8]


def random_network(rng, own_units):
    """A network that keeps to the rule, in Loihi's units or in small numbers."""
    n, m = int(rng.integers(3, 12)), int(rng.integers(10, 50))
    unit = 64 if own_units else 1
    leaks = [0, 4096, 1, 100, 2048, 4095] if own_units else [0, 4096]
    pre = rng.integers(0, n, m)
    return Network.from_arrays(
        threshold=rng.integers(1, 12, n) * unit + (1 if own_units else 0),
        leak=rng.choice(leaks, n),
        current_leak=rng.choice([*leaks, 4096, 4096], n),
        bias=rng.integers(-3, 4, n) * rng.integers(0, 2, n) * (17 if own_units else 1),
        refractory=rng.integers(0, 3, n),
        v_init=rng.integers(-50, 50, n) if own_units else 0,
        pre=pre, post=rng.integers(0, n, m), delay=rng.integers(1, 9, m),
        weight=rng.integers(-7, 10, m) * rng.choice([1, 2, 16], m) * unit,
        inputs={"x": np.arange(n)},
    )  # fmt: skip


@pytest.mark.parametrize("own_units", [True, False])
def test_spikes_are_those_of_the_rule(own_units):
    rng, fired, compared = np.random.default_rng(4), 0, 0
    for _ in range(60):
        net = random_network(rng, own_units)
        exact = loihi_exact(net)
        assert exact, exact
        assert exact.scale == (1 if own_units else 64) or not (net.weight % 64).any()
        ticks = min(40, exact.ticks or 40)
        # What is injected acts like one synaptic input of the tick; a current that keeps itself
        # is the one place where it does not.
        values = (
            rng.integers(-20, 40, (ticks, 1, net.n_neurons))
            * (rng.random(ticks) < 0.2)[:, None, None]
        )
        values[:, :, net.current_leak != 4096] = 0
        values *= 64 if own_units else 1
        run = simulate(net, {"x": values}, ticks=ticks, record="all")
        mine = set(zip(run.spikes.t.tolist(), run.spikes.i.tolist(), strict=True))
        arriving = (values[:, 0] * exact.scale).tolist()
        assert mine == loihi(net, exact.parameters, arriving, ticks)
        fired, compared = fired + len(mine), compared + ticks * net.n_neurons
    assert 0.05 < fired / compared < 0.9


REASONS = [
    ({"reset": "subtract"}, 'neuron[0]: reset "subtract": Loihi resets to 0'),
    ({"reset_value": -2}, 'neuron[0]: reset "value" to -2: Loihi resets to 0'),
    (
        {"probability": 0.5},
        "neuron[0]: fires with probability 0.5: the rule has none; Loihi's noise is another "
        "random process",
    ),
    ({"floor": -9}, "neuron[0]: floor -9: Loihi has no floor"),
    ({"refractory": 63}, "neuron[0]: refractory 63 is above 62"),
    ({"refractory_init": 1}, "neuron[0]: starts in a refractory period, which Loihi does not"),
    ({"v_init": 2**23}, "neuron[0]: v_init 8388608 exceeds 24 bits"),
    (
        {"leak": 100},
        "neuron[0]: leak 100 and current_leak 4096 round elsewhere once weights are multiplied "
        "by 64: give weights, bias and threshold in multiples of 64",
    ),
    (
        {"bias": 4097},
        "neuron[0]: bias 4097 is not a mantissa of 13 bits times a power of two",
    ),
    ({"threshold": 0}, "neuron[0]: threshold 0 must be from 1 to 131072"),
    ({"threshold": 2**17 + 1}, "neuron[0]: threshold 131073 must be from 1 to 131072"),
    ({"delay": 63}, "into neuron[0]: delay 63 is above 62 ticks: adapt adds relays"),
    (
        {"weight": 257},
        "into neuron[0]: weight 257 is not 1 times a mantissa of 8 bits and sign times a power of "
        "two up to 2^7",
    ),
    (
        {"weight": 257 * 64},
        "into neuron[0]: weight 16448 is not 64 times a mantissa of 8 bits and sign times a power "
        "of two up to 2^7",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), REASONS)
def test_says_why_not(change, reason):
    arrays = {"threshold": 3, "leak": 4096, "weight": 1, **change}
    network = {
        name: [value, {"threshold": 1, "leak": 4096}.get(name, 0)]
        for name, value in arrays.items()
        if name in ("threshold", "leak", "reset_value", "v_init", "bias", "refractory",
                    "refractory_init", "floor")
    }  # fmt: skip
    if "probability" in change:
        network["probability"] = [0.5, 1.0]
    if "reset" in change:
        network["reset"] = ["subtract", "value"]
    synapse = {name: arrays[name] for name in ("weight", "delay") if name in arrays}
    if "floor" in network:
        network["floor"][1] = -(2**31)
    net = Network.from_arrays(**network, pre=[1], post=[0], **synapse)
    exact = loihi_exact(net)
    assert not exact
    assert reason in exact.reasons
    assert exact.parameters is None
    assert str(exact).startswith("not exact on Loihi's rule:\n- ")


def test_own_units_need_thresholds_one_above_multiples_of_64():
    net = Network.from_arrays(threshold=[100, 65], leak=100, pre=[1], post=[0], weight=64)
    assert loihi_exact(net).reasons == (
        "neuron[0]: threshold 100 is not one more than a multiple of 64 "
        "(Loihi fires above its threshold)",
    )


def test_ticks_are_those_before_24_bits_are_left():
    """An inhibited counter falls by 64·100 a tick at most: (2²³ − 1)/6400 ticks."""
    net = Network.from_arrays(
        threshold=[5, 1], leak=[0, 4096], pre=[1], post=[0], weight=-100, inputs={"x": [1]}
    )
    exact = loihi_exact(net)
    assert (exact.scale, exact.ticks) == (64, (2**23 - 1) // 6400)
    assert str(exact) == ("exact on Loihi's rule, with weights times 64 for 1,310 ticks at least")
    tick_by_tick = simulate(net, {"x": np.ones((1400, 1, 1), dtype=int)}, ticks=1400,
                            potentials=[0]).potentials[:, 0, 0]  # fmt: skip
    outside = np.flatnonzero(np.abs(tick_by_tick) * 64 > 2**23 - 1)
    assert outside[0] >= exact.ticks


def test_a_current_that_never_decays_wraps_after_a_while():
    net = Network.from_arrays(
        threshold=[NEVER, 1], leak=4096, current_leak=[0, 4096], pre=[1], post=[0], weight=64 * 64
    )
    exact = loihi_exact(net)
    assert exact.scale == 1
    drive, top = 64 * 64, (2**17 - 1) * 64
    sums = drive * np.cumsum(np.arange(100))
    assert exact.ticks == np.flatnonzero(sums > top)[0] - 1


def test_longest_delay_is_that_of_the_platform():
    assert platform("loihi").limits.delay_max == DELAY_MAX


def test_takes_networks_only():
    with refused("network must be a Network, got str: compile() a Circuit first", InputTypeError):
        loihi_exact("adder")
