"""What breaks, by how much, where, and what would help."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spikealg import circuits
from spikealg.errors import InputError
from spikealg.hardware import Features, Limits, fits, place, platform, platforms
from spikealg.network import NEVER, Network
from tests.helpers import refused


def chip(features=None, **limits):
    return replace(platform("loihi"), limits=Limits(**limits), features=features or Features())


def gates(**change):
    """Two gates, the second fed by the first; a change makes the second one special."""
    return Network.from_arrays(
        **{"threshold": [1, 1], "leak": [4096, 4096], **change}, pre=[0], post=[1],
        groups=(("first", 0), ("second", 1)),
    )  # fmt: skip


NONE = Features(
    leaks=frozenset({"full"}), resets=frozenset(), floor=False, bias=False, stochastic=False,
    refractory=False, synaptic_current=False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "limit", "what"),
    [
        ({"leak": [4096, 100]}, "leaks", "there is no proportional leak"),
        ({"leak": [4096, 0]}, "leaks", "there is no potential without leak"),
        ({"leak": [4096, 100], "reset": "none"}, "resets", 'there is no reset "none"'),
        ({"leak": [4096, 0]}, "resets", 'there is no reset "value"'),
        ({"floor": [-(2**31), -3], "leak": [4096, 9]}, "floor", "there is no floor"),
        ({"floor": [-(2**31), -3], "threshold": [1, -3]}, "floor", "there is no floor"),
        ({"bias": [0, 1]}, "bias", "there is no bias"),
        ({"probability": [1.0, 0.5]}, "stochastic", "there is no firing probability"),
        ({"refractory": [0, 2]}, "refractory", "there is no refractory period"),
        ({"refractory_init": [0, 2]}, "refractory", "there is no refractory period"),
        ({"current_leak": [4096, 4095]}, "synaptic_current", "there is no synaptic current"),
    ],
)
def test_features_that_are_missing(change, limit, what):
    assert not fits(gates(), chip(NONE)).walls
    found = {breach.limit: breach for breach in fits(gates(**change), chip(NONE)).walls}
    breach = found[limit]
    assert (breach.kind, breach.what, breach.where) == ("wall", what, "second")
    assert breach.neurons.tolist() == [1]
    assert breach.excess is None
    assert fits(gates(**change), chip(Features()))


def test_what_changes_nothing_is_not_missed():
    """Resets and floors of gates, which forget, and resets of readouts, which never fire."""
    assert fits(gates(reset="subtract", floor=-3), chip(NONE))
    assert fits(gates(threshold=[1, NEVER]), chip(NONE))


@pytest.mark.parametrize(
    ("network", "limits", "needed", "what"),
    [
        ({"weight": [3, -129]}, {"weight_bits": 8}, 9, "weight of 9 bits, 8 at most"),
        ({"weight": [3, -128]}, {"weight_bits": 7}, 8, "weight of 8 bits, 7 at most"),
        ({"weight": [3, 128]}, {"weight_bits": 8}, 9, "weight of 9 bits, 8 at most"),
        (
            {"weight": [3 * 64, 65 * 16]},
            {"weight_bits": 7, "weight_exponent_max": 4},
            8,
            "weight of 8 bits, 7 at most",
        ),
        (
            {"weight": [3 * 64, 64 * 16]},
            {"weight_bits": 5, "weight_exponent_max": 4},
            8,
            "weight of 8 bits, 5 at most",
        ),
        ({"delay": [5, 20]}, {"delay_max": 15}, 20, "delay of 20 ticks, 15 at most"),
        ({"delay": [5, 1]}, {"delay_min": 2}, 1, "delay of 1 ticks, 2 at least"),
        ({"threshold": [1, 1, 900]}, {"threshold_max": 800}, 900, "threshold 900, 800 at most"),
        ({"weight": [90, 70]}, {"potential_bits": 8}, 9, "potential of 9 bits, 8 at most"),
        ({"weight": [1, 2]}, {"axon_types": 1}, 2, "2 different weights, 1 at most"),
        ({}, {"fan_in": 1}, 2, "2 synapses into a neuron, 1 at most"),
        ({}, {"fan_in_axons": 1}, 2, "2 presynaptic neurons of one, 1 at most"),
        (
            {"weight": [3, 3]},
            {"synapse_bits_per_core": 5},
            6,
            "6 bits of synapses into a neuron, 5 at most",
        ),
        (
            {"probability": [1, 1, 0.375]},
            {"probability_bits": 2},
            3,
            "probability of 3 bits, 2 at most",
        ),
    ],
)
def test_widths_and_fan_in(network, limits, needed, what):
    net = Network.from_arrays(
        **{"threshold": [1, 1, 5], "leak": 4096, **network}, pre=[0, 1], post=[2, 2]
    )
    (breach,) = fits(net, chip(**limits)).walls
    limit = next(iter(limits))
    assert (breach.limit, breach.needed, breach.allowed) == (limit, needed, limits[limit])
    assert (breach.what, breach.where, breach.excess) == (what, "neuron[2]", abs(
        needed - limits[limit]
    ))  # fmt: skip
    assert fits(net, chip(**{**limits, limit: needed}))


def test_a_readout_has_no_threshold_to_fit():
    net = Network.from_arrays(threshold=[NEVER])
    assert fits(net, chip(threshold_max=10, potential_bits=4))


def test_budgets_are_what_placement_meets():
    """A hub reaches four cores; one chip holds two of them."""
    net = Network.from_arrays(threshold=[1] * 9, leak=4096, pre=[0] * 8, post=range(1, 9))
    small = chip(neurons_per_core=2, cores_per_chip=2, fan_out=1, fan_out_axons=3)
    told = fits(net, small, chips=1)
    assert not told
    assert not told.walls
    reach = int(told.placement.reach[0])
    found = {breach.limit: breach for breach in told.budgets}
    assert set(found) == {"fan_out", "fan_out_axons", "cores_per_chip"}
    assert (found["fan_out"].needed, found["fan_out"].where) == (reach, "neuron[0]")
    assert found["fan_out"].remedy.startswith(f"{reach - 1} copies of these neurons")
    assert found["fan_out_axons"].neurons.tolist() == [
        j for j in range(9) if told.placement.core[j] == told.placement.core[0]
    ]
    assert found["cores_per_chip"].needed == told.placement.chips
    assert fits(net, replace(small, limits=replace(small.limits, fan_out=5, fan_out_axons=5)))


def test_takes_a_placement():
    net = circuits.Adder(8).compile()
    placed = place(net, "loihi", "partition")
    assert fits(net, "loihi", placement=placed).placement is placed
    got = f"got one of {net.n_neurons} neurons on Loihi: place it anew"
    with refused(f"placement must be of this network on TrueNorth, {got}", InputError):
        fits(net, "truenorth", placement=placed)
    with refused(f"placement must be of this network on Loihi, {got}", InputError):
        fits(circuits.Adder(8).compile(), "loihi", placement=placed)


def test_reports():
    adder = circuits.Adder(8).compile()
    assert str(fits(adder, "loihi")) == "fits on Loihi (cores: 1, chips: 1)"
    leaky = Network.from_arrays(threshold=[5] * 6, leak=100, groups=(("layer", 0),))
    told = fits(leaky, "truenorth")
    assert str(told).splitlines()[:2] == [
        "does not fit on TrueNorth (cores: 1, chips: 1):",
        "- wall: there is no proportional leak, at layer[0], layer[1], layer[2] and 3 more neurons",
    ]
    assert "use leak 0 or 4096; chips that have it: " in str(told)
    assert "loihi" in told.walls[0].remedy
    assert "truenorth" not in told.walls[0].remedy


@pytest.mark.parametrize("name", [entry.name for entry in platforms() if entry.kind == "chip"])
def test_every_chip_says_something(name):
    net = circuits.Counter(4).compile()
    told = fits(net, name)
    assert bool(told) == (not told.walls and not told.budgets)
    assert str(told)


def test_refuses_what_makes_no_sense():
    net = Network.from_arrays(threshold=[1])
    with refused("chips must be a whole number of at least 1, got 0", InputError):
        fits(net, "loihi", chips=0)
