"""Exits are counted by walk steps, lane by lane, whichever way spikes are kept."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.engine import simulate
from spikealg.engine.packed import PackedSpikes
from spikealg.solvers.diffusion.density_circuits import CIRCUITS, make_circuit
from spikealg.solvers.diffusion.walks import density
from spikealg.solvers.diffusion.walks.exits import count_exits
from tests.helpers import FAST_KERNELS
from tests.transitions import random_transition


def naive_exits(run, exit_side, steps, sides):
    """Walk through all spikes in order of ticks, a counter of steps per lane."""
    begun = dict.fromkeys(range(run.lanes), 0)
    side = dict(zip(run.network.outputs["exit"].neurons.tolist(), exit_side, strict=True))
    (marker,) = run.network.outputs["walk"].neurons.tolist()
    left = np.zeros((len(steps), sides), dtype=np.int64)
    for neuron, _, lane in run.spikes:
        if neuron == marker:
            begun[lane] += 1
        else:
            left[begun[lane] <= steps, side[neuron]] += 1
    return left


@pytest.mark.parametrize("kernel", FAST_KERNELS)
@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("first_lane", [0, 77])
def test_exits_agree_with_a_walk_through_all_spikes(name, kernel, first_lane):
    transition = random_transition(np.random.default_rng(4), sides=3)
    circuit = make_circuit(name, transition, steps=12, most=40)
    load = density.spread(np.full(12, 300), 90)
    run = simulate(
        circuit.compile(), circuit.inputs(load), ticks=5000, seed=1, first_lane=first_lane,
        kernel=kernel, record=["walk", "exit"], until=("stop", 1),
    )  # fmt: skip
    steps = np.array([0, 1, 2, 7, 11])
    found = count_exits(run, circuit.exit_side, steps, 3)
    np.testing.assert_array_equal(found, naive_exits(run, circuit.exit_side, steps, 3))
    assert found[-1].sum() > found[1].sum() > 0


@pytest.mark.parametrize("offset", [0, 3, 127])
def test_packing_and_listing_spikes_are_inverse(offset):
    network = make_circuit("drain", random_transition(np.random.default_rng(2))).compile()
    load = {"load": np.ones((1, 150, 12), dtype=np.int8), "start": 10, "total": np.full(150, -12)}
    run = simulate(network, load, ticks=60, seed=2, kernel="event", record="all", first_lane=offset)
    packed = run.packed_spikes
    assert packed.offset == offset
    assert len(packed) < len(run.spikes)
    assert (packed.bits != 0).all()
    assert packed.expand().sorted().identical(run.spikes)
    assert (
        PackedSpikes.pack(run.spikes.of([]), offset).expand().sorted().identical(run.spikes.of([]))
    )
