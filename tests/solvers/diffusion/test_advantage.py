"""The cost of a solution, and the circuit against its rivals over the size of a problem."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg import diffusion, hardware
from spikealg.diffusion import Interval, Problem, heat_rod, solve
from spikealg.errors import InputError, InputTypeError
from tests.helpers import near


def test_a_solution_is_priced_per_walker_step():
    solution = solve(heat_rod(n=8), walkers=200, lanes=1)
    cost = solution.cost("truenorth")
    (run,) = solution.runs
    ticks = int(run.lane_ticks.max())
    expected = run.synaptic_events * 2.3e-12 + ticks * 1e-3 * 0.064
    assert cost.total_J.value == near(expected)
    steps = solution.circuit_summary().walker_steps
    assert cost.counts.work == ("walker-step", steps)
    assert cost.total_per_work_J.value == near(expected / steps)
    # Without spikes it is a product with the sparse matrix per step; 7 live vertices have
    # themselves and two neighbours or a side.
    assert solution.macs == solution.steps * 21
    assert hardware.estimate(solution, "truenorth").total_J == cost.total_J


def test_a_solution_over_uneven_times_is_one_bill():
    solution = solve(heat_rod(n=8), 0.1, t_eval=(0.0417, 0.1), walkers=100, lanes=2)
    assert len(solution.segments) == 2
    cost = solution.cost("truenorth")
    assert cost.ticks == solution.circuit_summary().ticks
    assert len(cost.placements) == 2


def test_solutions_without_a_circuit_have_no_price():
    with pytest.raises(InputError, match="nothing ran on spikes"):
        solve(heat_rod(n=8), method="chain").cost("loihi")


def test_walkers_grow_and_energy_with_them():
    curve = hardware.advantage(
        heat_rod("periodic", n=8), sizes=(30, 100, 300, 1000, 3000), repeats=1
    )
    assert curve.axis == "walkers"
    assert curve.x.tolist() == [30, 100, 300, 1000, 3000]
    assert [entry.title for entry in curve.series] == [
        "Loihi", "TrueNorth", "SpiNNaker", "CPU (i7-4960X)",
        "Monte Carlo, measured", "sparse chain, measured",
    ]  # fmt: skip
    kinds = [entry.kind for entry in curve.series]
    assert kinds == ["published", "total", "published", "total", "measured", "measured"]
    # Ticks follow the fullest vertex, so energy and time are linear where there are many walkers.
    for title in ("Loihi", "TrueNorth"):
        exponent = curve.exponent(title)
        assert 0.6 < exponent.value < 1.1
        assert exponent.low < exponent.value < exponent.high
    # A walker-step is a walker-step: every walker of the ring takes each, and the last reading.
    steps = solve(heat_rod("periodic", n=8), method="chain").steps
    assert curve.walker_steps.tolist() == (curve.x * (steps + 1)).tolist()
    # The circuit fits Loihi; on TrueNorth a neuron reaches one core only.
    assert curve.of("Loihi").note == "sync unpublished"
    rival = curve.of("Monte Carlo, measured")
    assert np.allclose(rival.energy_J, 10.0 * rival.time_s)
    assert "10 W stated" in rival.note


def test_prices_are_those_of_the_solutions():
    problem = heat_rod("periodic", n=8)
    curve = diffusion.advantage(problem, sizes=(10, 30, 90), platforms=["loihi"], repeats=1, seed=3)
    cost = solve(
        problem, walkers=30, lanes=1, seed=3, circuit="published", probability_bits=7
    ).cost("loihi")
    assert curve.of("Loihi").energy_J[1] == cost.published_J.value
    assert curve.of("Loihi").time_s[1] == cost.time_s.value


def test_vertices_grow_and_nothing_else():
    seen = []
    curve = hardware.advantage(
        heat_rod("periodic", n=4), "vertices", sizes=(1, 3, 10, 32, 100), walkers=40,
        repeats=1, progress=seen.append,
    )  # fmt: skip
    assert curve.x.tolist() == [4, 12, 40, 128, 400]
    assert len(set(curve.walker_steps.tolist())) == 1
    assert seen == [0.2, 0.4, 0.6, 0.8, 1.0]


def test_equal_error_takes_walkers_by_the_square():
    curve = hardware.advantage(
        heat_rod("periodic", n=8), "error", sizes=(0.3, 0.1, 0.03), platforms=["loihi"], repeats=1
    )
    assert curve.axis == "1/error"
    assert curve.x == pytest.approx([1 / 0.3, 10, 1 / 0.03])
    # The chain of 8 vertices is exact to a few per mille, so the mesh stays and walkers grow.
    growth = curve.walker_steps[1:] / curve.walker_steps[:-1]
    assert growth == pytest.approx([9, 100 / 9], rel=0.1)


def test_the_error_asked_for_is_met():
    """Root mean square of the error over 40 seeds; its own error is a tenth or so."""
    target, problem = 0.1, heat_rod("periodic", n=8)
    curve = hardware.advantage(
        problem, "error", sizes=(0.3, 0.2, target), platforms=["loihi"], repeats=1
    )
    steps = solve(problem, method="chain").steps
    walkers = round(curve.walker_steps[-1] / (steps + 1))
    errors = []
    for seed in range(40):
        found = solve(problem, method="montecarlo", walkers=walkers, seed=seed)
        exact = problem.exact(found.t[-1], found.x)
        errors.append(np.linalg.norm(found.density[-1] - exact) / np.linalg.norm(exact))
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(target, rel=0.25)


def test_what_cannot_be_compared_is_said():
    rod = heat_rod(n=8)
    with pytest.raises(InputTypeError, match=r"problem must be a diffusion\.Problem, got 3"):
        hardware.advantage(3)
    with pytest.raises(InputError, match="axis must be one of 'walkers', 'vertices', 'error'"):
        hardware.advantage(rod, "price")
    with pytest.raises(InputError, match="sizes must be at least 3 distinct numbers"):
        hardware.advantage(rod, sizes=(10, 10, 20))
    with pytest.raises(InputError, match="sizes must be relative errors between 0 and 1"):
        hardware.advantage(rod, "error", sizes=(0.1, 0.2, 3))
    with pytest.raises(InputError, match="watts_per_core must be a finite number above 0"):
        hardware.advantage(rod, watts_per_core=0)
    plain = Problem(Interval(0, 1, 8), diffusivity=1.0, initial=0.5, t_span=0.05)
    with pytest.raises(InputError, match="axis='error' takes a problem with exact="):
        hardware.advantage(plain, "error")
    timeless = Problem(Interval(0, 1, 8), diffusivity=1.0, initial=0.5)
    with pytest.raises(InputError, match="problem must have a t_span"):
        hardware.advantage(timeless)
    coarse = Problem(
        Interval(0, 1, 4), diffusivity=1.0, initial=0.5, t_span=0.05, exact=lambda t, x: 1 + 0 * x
    )
    with pytest.raises(InputError, match="is not met by a mesh 64 times as fine, which is off by"):
        hardware.advantage(coarse, "error", sizes=(0.1, 0.05, 0.02))
