"""Walkers by tolerance: the asked error is met, and the pilot stays what it was."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikealg.diffusion import (
    Chain,
    Interval,
    Problem,
    decision_model,
    heat_rod,
    ornstein_uhlenbeck,
    solve,
)
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.accuracy.tolerance import Packing, error_parts
from spikealg.solvers.diffusion.walks import density, montecarlo, particle
from spikealg.solvers.diffusion.walks.start import draw_walkers
from tests.transitions import transition_of

SIGNED = Problem(
    Interval(0, 1, 8),
    diffusivity=1.0,
    source=lambda x: np.where(x < 0.5, 6.0, -4.0),
    initial=lambda x: 3 * np.cos(2 * np.pi * x) + 1,
    boundary={"x+": "absorb"},
    t_span=0.05,
)
STEADY = Problem(
    Interval(0, 2, 8), diffusivity=1.0, source=1.0, boundary={"x+": "absorb"}, mode="steady"
)
STATIONARY = Problem(
    Interval(-2, 2, 8), sigma=1.0, drift=lambda x: -x, initial=1.0, mode="steady", t_span=12.0
)
VALUES = Problem(
    Interval(0, 1, 8), diffusivity=1.0, payoff=lambda x: (x > 0.7) * 1.0, killing=0.5,
    source=lambda x: x, t_span=0.1, mode="backward",
)  # fmt: skip


def rod(n: int = 8) -> Problem:
    return heat_rod("reflect", n=n)


def norm(solution, values):
    return float(np.sqrt(values**2 @ (solution.rates.mass * solution.rates.live)))


@pytest.mark.parametrize(
    ("method", "problem", "rtol"),
    [
        ("montecarlo", rod(), 0.005),
        ("density", rod(), 0.015),
        ("particle", heat_rod("periodic", n=8), 0.01),
        ("montecarlo", SIGNED, 0.01),
        ("montecarlo", STEADY, 0.004),
        ("density", STEADY, 0.01),
        ("montecarlo", STATIONARY, 0.004),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_asked_error_of_a_density_is_met(method, problem, rtol):
    # The squared distance is a sum of at least four comparable parts whose mean is the square of
    # the standard error: more than three times that once in 1e3 seeds (χ² of 4 degrees: 5e-4 at
    # 5 times, so 2.3 times the error).
    found, chain = solve(problem, method=method, rtol=rtol), solve(problem, method="chain")
    asked, size = rtol * norm(chain, chain.density[-1]), norm(found, found.stderr[-1])
    assert 0.8 * asked < size < 1.02 * asked
    assert norm(found, found.density[-1] - chain.density[-1]) < 2.3 * asked
    assert found.walkers > 8192


@pytest.mark.parametrize(("method", "rtol"), [("montecarlo", 0.005), ("density", 0.02)])
def test_the_asked_error_of_values_is_met_at_every_point(method, rtol):
    # Three values within 4 standard errors: a false alarm once in 5000 seeds.
    points = [0.0, 0.4, 0.8]
    found = solve(VALUES, at=points, method=method, rtol=rtol, atol=1e-4)
    chain = solve(VALUES, at=points, method="chain")
    allowed = 1e-4 + rtol * found.value
    assert (found.value_stderr <= allowed).all()
    assert (np.abs(found.value - chain.value) <= 4 * allowed).all()
    # The point that is paid least surely takes most walkers.
    assert np.argmax([group.total_walkers for group in found.groups]) == 0


def test_the_asked_error_of_all_values_is_met():
    problem = Problem(Interval(0, 1, 8), diffusivity=1.0, payoff=lambda x: x - 0.4, t_span=0.05)
    found, chain = solve(problem, method="montecarlo", rtol=0.01), solve(problem, method="chain")
    asked = 0.01 * norm(chain, chain.value)
    assert norm(found, found.value_stderr) == pytest.approx(asked, rel=0.1)
    assert norm(found, found.value - chain.value) < 2.3 * asked
    assert found.check().statistical == pytest.approx(0.01, rel=0.1)


@pytest.mark.parametrize("method", ["montecarlo", "density"])
def test_the_asked_error_of_a_mean_passage_is_met(method):
    # Within 4 standard errors: a false alarm once in 15 000 seeds.
    problem = decision_model(drift=0.5, sigma=1.0, bounds=(-1, 1), n=10)
    found = solve(problem, method=method, rtol=0.004).first_passage()
    chain = solve(problem, method="chain").first_passage()
    assert 0.8 * 0.004 < found.mean_stderr / found.mean <= 0.004
    assert abs(found.mean - chain.mean) < 4 * found.mean_stderr


def test_every_recorded_time_is_met():
    found = solve(heat_rod(n=8), t_eval=[0.02, 0.125], method="montecarlo", rtol=0.02)
    part = [
        norm(found, e) / norm(found, u) for e, u in zip(found.stderr, found.density, strict=True)
    ]
    assert part[0] < 0.015
    assert 0.017 < part[1] <= 0.02


def test_chosen_walkers_keep_standard_errors_that_cover():
    # 9 vertices × 60 seeds; where walkers are conserved vertices are nearly independent. The share
    # inside ±2 stderr has a standard error of 1.0 %: a false alarm once in 1e3 seeds.
    chain = solve(rod(), method="chain")
    inside = []
    for seed in range(60):
        found = solve(rod(), method="montecarlo", rtol=0.02, seed=seed)
        inside.append(np.abs(found.density - chain.density) <= 2 * found.stderr)
    assert np.mean(inside) == pytest.approx(0.954, abs=0.033)


def test_the_pilot_s_lanes_are_the_first_of_the_run():
    problem = rod()
    pilot, whole = (solve(problem, method="density", rtol=rtol, seed=9) for rtol in (0.5, 0.01))
    (first,), (kept, added) = pilot.runs, whole.runs
    assert pilot.walkers <= 8192 < whole.walkers
    assert (kept.first_lane, added.first_lane) == (0, pilot.lanes)
    assert pilot.lanes + added.lanes == whole.lanes
    assert pilot.circuit == whole.circuit == "paced"
    # One circuit but for the period of its clock.
    assert kept.network.n_neurons == added.network.n_neurons
    np.testing.assert_array_equal(kept.counts, first.counts)
    np.testing.assert_array_equal(kept.stopped, first.stopped)
    # Those who came later are what they are without the pilot, in lanes of their own.
    in_lane = pilot.walkers // pilot.lanes
    assert whole.walkers == in_lane * whole.lanes
    (segment,), (load,) = whole.segments, [group.load for group in whole.groups]
    later = density.walk(
        problem.rates.transition(segment.dt),
        draw_walkers(load.probability, whole.walkers - pilot.walkers, 9, first=pilot.walkers),
        np.array(segment.recorded),
        seed=9,
        lanes=added.lanes,
        first_lane=pilot.lanes,
        circuit="paced",
        roomy=True,
    )
    np.testing.assert_array_equal(whole.counts, pilot.counts + later.counts)


@pytest.mark.parametrize("problem", [STEADY, SIGNED], ids=["steady", "signed"])
def test_batches_grow_and_keep_their_pilots(problem):
    # Where there is a spread of batches, their number stays, and each goes on in its own lanes.
    pilot, whole = (solve(problem, method="montecarlo", rtol=rtol, seed=2) for rtol in (0.5, 0.006))
    for before, after in zip(pilot.groups, whole.groups, strict=True):
        assert len(before.walkers) == len(after.walkers)
        assert len(set(after.walkers.tolist())) == 1
        assert (after.counts >= before.counts).all()
        if before.stay is not None:
            assert (after.stay >= before.stay).all()
    assert whole.walkers > pilot.walkers
    assert whole.check().ok


def test_the_seed_is_the_answer_and_another_seed_another():
    one, again, other = (solve(rod(), method="montecarlo", rtol=0.01, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.counts, again.counts)
    assert one.walkers == again.walkers
    assert not np.array_equal(one.density, other.density)


def test_walkers_are_numbered_through_wherever_they_are_cut():
    hub = transition_of([{0: 0.25, 1: 0.5, 2: 0.25}, {0: 0.5, 2: 0.5}, {0: 1.0}])
    steps, at = np.array([0, 3, 40]), np.eye(3, dtype=np.int64)[0]

    def cut(walk, *numbers):
        whole, first, rest = (walk(*number).counts for number in numbers)
        np.testing.assert_array_equal(whole, first + rest)
        assert not np.array_equal(2 * first, whole)

    cut(
        lambda n, first: montecarlo.walk(hub, n * at, steps, seed=3, first_walker=first),
        (6000, 0), (3000, 0), (3000, 3000),
    )  # fmt: skip
    cut(
        lambda n, first: density.walk(
            hub, 2 * n * at, steps, seed=3, lanes=n, first_lane=first, circuit="drain"
        ),
        (300, 0), (150, 0), (150, 150),
    )  # fmt: skip
    ring = heat_rod("periodic", n=8)
    start = 1000 * np.eye(8, dtype=np.int64)[2]
    step = ring.rates.transition(ring.rates.choose_dt())
    cut(
        lambda n, first: particle.walk(
            step, n * start, steps, mesh=ring.mesh, seed=3, first_lane=first
        ),
        (2, 0), (1, 0), (1, 1000),
    )  # fmt: skip


def test_packing_is_in_whole_lanes_of_equal_batches():
    packing = Packing(batches=4, in_lane=10, usual_lanes=1, has_lanes=True)
    assert [(s.walkers, s.lanes) for s in packing.shares(81)] == [(30, 3)] * 4
    assert [(s.walkers, s.lanes) for s in packing.shares(81, most=True)] == [(20, 2)] * 4
    assert packing.shares(39, most=True) == []
    assert packing.shares(0) == []


def test_parts_of_an_error_add_up():
    found = solve(SIGNED, method="montecarlo", walkers=4000)
    size, variance, concerned = error_parts(found)
    assert variance.shape == concerned.shape == (1, 4)
    assert np.sqrt(variance.sum()) == pytest.approx(norm(found, found.stderr[0]))
    assert size[0] ** 2 == pytest.approx(norm(found, found.density[0]) ** 2 - variance.sum())


def test_a_mesh_that_is_off_by_more_is_said(caplog):
    coarse = heat_rod(n=4)
    solve(coarse, dt=0.005, method="montecarlo", rtol=0.02)
    assert "the discretisation error of" in caplog.text
    assert "is above that which rtol = 0.02 leaves to the walkers, 0.02: take a" in caplog.text
    caplog.clear()
    solve(heat_rod(n=16), method="montecarlo", rtol=0.02)
    assert not caplog.text


def test_too_many_walkers_are_refused_by_the_pilot():
    with pytest.raises(
        InputError,
        match=r"rtol = 0.001 would take about .*e\+06 walkers, as 8192 have shown, more than "
        r"max_walkers = 100000: raise it, or allow an error [\d.]+ times as large",
    ):
        solve(rod(), method="montecarlo", rtol=1e-3, max_walkers=100_000)
    with pytest.raises(InputError, match="max_walkers = 100 is too few for rtol and atol, whose"):
        solve(rod(), method="montecarlo", rtol=0.1, max_walkers=100)


def test_what_no_walker_has_seen_is_not_taken_for_nothing(caplog):
    # From 0.1 nobody comes to where something is paid; 0 ± 0 is not an answer to rtol.
    rare = Problem(
        Interval(0, 1, 20), diffusivity=1.0, payoff=lambda x: (x > 0.9) * 1.0, t_span=0.005, at=0.1
    )
    found = solve(rare, method="montecarlo", rtol=0.1, max_walkers=20_000)
    assert found.walkers == 20_000
    assert "rtol = 0.1 is not met by max_walkers = 20000: look at the standard errors" in (
        caplog.text
    )
    assert solve(rare, method="montecarlo", atol=0.01).walkers == 8192


def test_states_of_a_chain_may_be_given_a_tolerance_too():
    chain = Problem(Chain([[-1.0, 1.0], [2.0, -2.0]]), initial=0, t_span=1.0)
    found = solve(chain, method="montecarlo", atol=0.005)
    assert norm(found, found.stderr[0]) <= 0.005


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rtol": 0.1, "walkers": 10}, "walkers = 10 and rtol = 0.1 cannot be given together"),
        ({"atol": 0.1, "walkers": 10}, "walkers = 10 and atol = 0.1 cannot be given together"),
        ({"rtol": 0.1, "lanes": 4}, "lanes = 4 and rtol = 0.1 cannot be given together"),
        ({"rtol": 0.1, "method": "chain"}, "rtol = 0.1 chooses a number of walkers, and method='"),
        ({"rtol": 0.0}, "rtol = 0 takes infinitely many walkers: give rtol or atol above 0, or"),
        ({"rtol": -0.1}, "rtol must be a finite number of at least 0 and below 1, got -0.1"),
        ({"rtol": 1.0}, "rtol must be a finite number of at least 0 and below 1, got 1.0"),
        ({"rtol": math.nan}, "rtol must be a finite number of at least 0 and below 1, got nan"),
        ({"rtol": 0.1, "atol": -1.0}, "atol must be a finite number of at least 0, got -1.0"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        solve(heat_rod(), **{"method": "density", **options})


def test_refusals_of_types_and_of_what_has_no_size():
    with pytest.raises(InputTypeError, match="rtol must be a finite number of at least 0 and bel"):
        solve(heat_rod(), rtol="small")
    signed = Problem(
        Interval(0, 1, 8), diffusivity=1.0, boundary="absorb", initial=lambda x: x - 0.5,
        t_span=(0, math.inf),
    )  # fmt: skip
    with pytest.raises(InputError, match="rtol and atol are those of the mean time of passage"):
        solve(signed, rtol=0.1, method="montecarlo")


def test_progress_of_rounds_rises_to_1():
    told: list[float] = []
    solve(ornstein_uhlenbeck(), method="montecarlo", rtol=0.02, progress=told.append)
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)
