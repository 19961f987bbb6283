"""Draws are the words of Philox4x32-10, in the order that the contract fixes."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.engine import reference, simulate
from spikealg.engine.draws import SOLVER_PLANE, lane_words
from spikealg.network import Network


@pytest.mark.parametrize(
    ("seed", "counter", "block"),
    [  # Random123's known answers: key and counter all zeros, all ones, digits of pi
        (0, (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (2**64 - 1, (2**32 - 1,) * 4, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            0xA4093822 + (0x299F31D0 << 32),
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers(seed, counter, block):
    half, stream, tick, plane = counter
    assert reference.philox(counter, seed) == block
    even, odd = lane_words(seed, stream, tick, plane, 2, first=2 * half)
    assert int(even) == block[0] + (block[1] << 32)
    assert int(odd) == block[2] + (block[3] << 32)


def test_a_lane_takes_its_bit_of_each_plane():
    seed, stream, tick = 12345678901234567, 9, 77
    planes = [lane_words(seed, stream, tick, plane, 3) for plane in range(32)]
    for lane in (0, 1, 63, 64, 130, 191):
        bits = [int(words[lane // 64]) >> (lane % 64) & 1 for words in planes]
        assert reference.draws(seed, stream, tick, lane) == int("".join(map(str, bits)), 2)


def test_solver_planes_are_not_those_of_neurons():
    assert SOLVER_PLANE == 32
    own = lane_words(1, 2, 3, SOLVER_PLANE, 4)
    assert not any(np.array_equal(own, lane_words(1, 2, 3, plane, 4)) for plane in range(32))


@pytest.mark.parametrize("probability", [0.5, 0.25, 0.3, 1 / 3, 2.0**-20, 0.999])
@pytest.mark.parametrize("kernel", ["event", "clock"])
def test_spikes_as_often_as_asked(kernel, probability):
    """False alarm 6e-5 per case: ±4σ of a binomial, fixed seed."""
    ticks, lanes = 500, 200
    net = Network.from_arrays(threshold=[0], leak=4096, probability=probability)
    run = simulate(net, ticks=ticks, lanes=lanes, seed=3, kernel=kernel, record="counts")
    n = ticks * lanes
    sigma = np.sqrt(n * probability * (1 - probability))
    assert abs(run.counts[0] - n * probability) <= 4 * sigma


def test_probability_ends_are_exact():
    net = Network.from_arrays(threshold=[0, 0], leak=4096, probability=[0.0, 1.0])
    run = simulate(net, ticks=50, lanes=3, seed=1, record="counts")
    assert run.counts.tolist() == [0, 150]
    assert net.draw_limit.tolist() == [0, 2**32]


def test_rounds_probability_half_to_even():
    half = 0.5 * 2.0**-32
    net = Network.from_arrays(threshold=[1] * 3, probability=[half, 3 * half, 5 * half])
    assert net.draw_limit.tolist() == [0, 2, 2]


def test_streams_belong_to_neurons_not_to_places():
    """A permuted network spikes as before, neuron by neuron."""
    rng = np.random.default_rng(0)
    n = 20
    order = rng.permutation(n)
    probability = rng.random(n)
    net = Network.from_arrays(threshold=[0] * n, leak=4096, probability=probability)
    moved = Network.from_arrays(
        threshold=[0] * n, leak=4096, probability=probability[order], stream=order
    )
    spikes = simulate(net, ticks=40, seed=5, record="all").raster(order, 0, 40)
    assert np.array_equal(simulate(moved, ticks=40, seed=5).raster(np.arange(n), 0, 40), spikes)
    assert spikes.any()
