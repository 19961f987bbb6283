import pytest

from spikealg.diffusion import Interval, Problem, heat_rod, load, solve
from spikealg.errors import InputError


def test_a_ring_has_the_size_and_the_spikes_of_the_construction():
    # Laws of the construction: V(2d + 4) + 4 neurons and one that stops, d exits per vertex, and
    # (5 − P_last)·walkers + 4V + 4 spikes per step, P_last = ½ the chance to stay.
    ring = Problem(Interval(0, 1, 10), diffusivity=1.0, boundary="periodic", initial=0.5)
    solution = solve(ring, 0.5, dt=1 / 400, walkers=1000, lanes=1, circuit="published")
    summary = solution.circuit_summary()
    assert summary.circuit == "published"
    assert summary.neurons == 10 * (2 * 3 + 4) + 4 + 1
    assert summary.walk_steps == solution.steps == 200
    assert summary.walker_steps == 201 * 1000
    expected = 201 * ((5 - 0.5) * 1000 + 4 * 10 + 4)
    # The gates' draws make it vary by 0.1 %: 10σ, no false alarm.
    assert summary.spikes == pytest.approx(expected, rel=0.01)
    assert summary.spikes_per_walker_step == pytest.approx(4.544, rel=0.01)
    assert summary.ticks_per_walk_step > 2 * 1000 / 10 + 7
    assert "circuit          published\nneurons          105" in str(summary)


def test_the_circuit_is_the_one_that_was_asked_for():
    ring = Problem(Interval(0, 1, 10), diffusivity=1.0, boundary="periodic", initial=0.5)
    neurons = {"published": 105, "tree": 105, "swap": 155, "swap-tree": 155, "drain": 64}
    for name, size in neurons.items():
        summary = solve(ring, 0.02, dt=1 / 400, walkers=100, circuit=name).circuit_summary()
        assert (summary.circuit, summary.neurons) == (name, size)
    assert solve(ring, 0.02, walkers=100).circuit_summary().circuit == "drain"


def test_lanes_share_the_walkers_and_shorten_the_run():
    ring = Problem(Interval(0, 1, 10), diffusivity=1.0, boundary="periodic", initial=0.5)
    one, four = (solve(ring, 0.05, walkers=4000, lanes=lanes).circuit_summary() for lanes in (1, 4))
    assert four.neurons == one.neurons
    assert four.walker_steps == one.walker_steps
    assert four.ticks < 0.4 * one.ticks


def test_without_a_circuit_there_is_none_to_sum_up(tmp_path):
    with pytest.raises(InputError, match="method='chain' has none: solve with method='density'"):
        solve(heat_rod(), method="chain").circuit_summary()
    solve(heat_rod(), 0.01, walkers=100).save(tmp_path / "a.npz")
    with pytest.raises(InputError, match="it was read from a file, which does not keep runs"):
        load(tmp_path / "a.npz").circuit_summary()
