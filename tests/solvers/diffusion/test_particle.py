"""Walking by particle circuits: where they can, that they do it right, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from scipy import sparse

from spikealg.diffusion import (
    Box,
    Graph,
    Interval,
    Polygon,
    Problem,
    advection_diffusion,
    decision_model,
    heat_rod,
    load,
    ornstein_uhlenbeck,
    solve,
)
from spikealg.errors import InputError
from spikealg.solvers.diffusion.particle_circuits.circuit import PARTICLE_CIRCUITS
from spikealg.solvers.diffusion.particle_circuits.lattice import (
    StepLaw,
    reach,
    require_homogeneous,
    step_law,
    windows,
)
from spikealg.solvers.diffusion.times import Segment
from spikealg.solvers.diffusion.walks import chain, particle
from tests.helpers import FAST_KERNELS, ISLAND

ELSE = "take method='density', 'chain' or 'montecarlo'"
PROBLEMS = {
    "ring": lambda: heat_rod("periodic", n=9),
    "drifting wave": lambda: advection_diffusion(n=24),
    "out of reach": lambda: Problem(
        Interval(-4, 6, 100), diffusivity=1.0, drift=2.0, boundary="absorb", initial=-0.03,
        t_span=0.1,
    ),
    "no stay": lambda: Problem(
        Interval(0, 11, 11), sigma=1.0, boundary="periodic", initial=5.0, t_span=21, dt=1,
    ),
    "torus": lambda: Problem(
        Box((0, 0), (1, 2), (9, 16)), sigma=(1.0, 1.5), drift=(2.0, -1.0), boundary="periodic",
        initial=(0.3, 0.5), t_span=0.05,
    ),
    "pipe": lambda: Problem(
        Box((-3, 0), (3, 1), (90, 8)), diffusivity=0.4, initial=(0.1, 0.5), t_span=0.1,
        boundary={"x": "reflect", "y": "periodic"},
    ),
    "block": lambda: Problem(
        Box((0, 0, 0), (1, 1, 1), (6, 5, 7)), diffusivity=0.3, boundary="periodic",
        drift=(0.5, 0.0, -1.0), initial=lambda x: 1 + x[:, 0] * x[:, 2], t_span=0.05,
    ),
}  # fmt: skip


def pieces(name, walkers, steps=None):
    """What `walk` takes: transition, start, steps, mesh."""
    problem = PROBLEMS[name]()
    rates = problem.rates
    dt = rates.choose_dt(problem.dt or "auto")
    count = int(np.ceil(problem.t_span[1] / dt)) if steps is None else steps
    start = np.random.default_rng(5).multinomial(walkers, problem.start.probability)
    return rates.transition(dt), start, np.array([0, count // 2, count]), problem.mesh


# ------------------------------------------------------------------ the lattice


@pytest.mark.parametrize(("down", "up"), [(0.25, 0.25), (0.1, 0.3), (0.5, 0.5), (0.0, 0.2)])
@pytest.mark.parametrize("steps", [7, 60, 2000])
def test_nobody_comes_farther_than_reach_says(down, up, steps):
    """The chance to come farther, exactly, is below 2⁻⁶⁴, and much nearer it is not."""
    found = reach(StepLaw(np.array([down]), np.array([up])), steps)

    def chance_to_come_to(level, back, there):
        # Positions −steps to level; the last keeps whoever comes.
        p = np.zeros(steps + level + 1)
        p[steps] = 1.0
        for _ in range(steps):
            moving = p[:-1].copy()
            p[:-1] -= (back + there) * moving
            p[:-2] += back * moving[1:]
            p[0] += back * moving[0]
            p[1:] += there * moving
        return p[-1]

    for (farthest,), back, there in ((found[0], up, down), (found[1], down, up)):
        farthest = int(farthest)
        if there == 0:
            assert farthest == 0
        elif farthest < steps:
            assert chance_to_come_to(farthest + 1, back, there) < 2.0**-64
            assert chance_to_come_to(round(0.85 * farthest), back, there) > 2.0**-64


def test_moduli_are_those_of_the_ring_or_of_all_that_can_be_reached():
    def of_ring(n, steps):
        problem = Problem(Interval(0, n, n), diffusivity=0.25, boundary="periodic", initial=0.0)
        transition = problem.rates.transition(1.0)
        start = problem.start.probability
        law = step_law(transition, problem.mesh, start)
        assert (law.down[0], law.up[0]) == (0.25, 0.25)
        return windows(problem.mesh, law, start, steps)[0]

    assert of_ring(105, 10_000) == (range(105), (3, 5, 7))
    assert of_ring(97, 10) == (range(-10, 11), (3, 7))
    positions, moduli = of_ring(97, 10_000)
    assert positions[0] == -positions[-1] < -300
    assert sum(moduli) < 30
    assert of_ring(16, 10**7) == (range(16), (16,))


# ------------------------------------------------------------------ the walk


@pytest.mark.parametrize("name", PROBLEMS)
def test_cloud_agrees_with_its_chain(name):
    """χ² of the counts against the chain; false alarm 1e-3 per case, fixed seeds."""
    solution = solve(PROBLEMS[name](), method="particle", walkers=4000, seed=11)
    check = solution.check()
    assert check.circuit.dof >= 5
    assert check.circuit.p_value > 1e-3
    assert check.ok
    assert "circuit against chain" in str(check)
    assert solution.counts.sum() == 4000


@pytest.mark.parametrize("circuit", PARTICLE_CIRCUITS)
def test_every_circuit_agrees_with_the_chain(circuit):
    """χ² of the counts against the chain; false alarm 1e-3 per case, fixed seed."""
    problem = PROBLEMS["torus"]()
    solution = solve(problem, method="particle", walkers=4000, seed=3, circuit=circuit)
    assert solution.check().ok
    assert solution.circuit_summary().circuit == solution.circuit == circuit


@pytest.mark.parametrize("name", ["drifting wave", "pipe"])
@pytest.mark.parametrize("ticks", [1, 2, 4])
def test_reading_kernel_threads_and_blocks_change_nothing(name, ticks, monkeypatch):
    transition, start, steps, mesh = pieces(name, 300, steps=20)

    def counts(circuit=f"{ticks}-tick", **settings):
        walked = particle.walk(
            transition, start, steps, mesh=mesh, seed=4, circuit=circuit, **settings
        )
        assert (walked.counts.sum(axis=1) == 300).all()
        return walked

    expected = counts()
    assert expected.counts[0].tolist() == start.tolist()
    for readout in ("residues", "counters"):
        assert np.array_equal(counts(f"{ticks}-tick-{readout}").counts, expected.counts)
    for kernel in FAST_KERNELS:
        for threads in (1, 2):
            assert np.array_equal(counts(kernel=kernel, threads=threads).counts, expected.counts)
    monkeypatch.setattr(particle, "_BLOCK_BYTES", 1)
    blocks = counts()
    assert np.array_equal(blocks.counts, expected.counts)
    assert np.array_equal(blocks.runs[0].counts, expected.runs[0].counts)


def test_a_wrong_circuit_is_found_out():
    """With one bit, the chance 1/3 to go becomes ½; false alarm 1e-3, fixed seed."""
    problem = Problem(
        Interval(0, 1, 9), diffusivity=1.0, boundary="periodic", initial=0.0, t_span=0.01
    )
    right, wrong = (
        solve(problem, method="particle", walkers=4000, seed=1, probability_bits=bits).check()
        for bits in (32, 1)
    )
    assert right.ok
    assert wrong.circuit.p_value < 1e-6
    assert wrong.circuit.conserved


def test_uneven_times_are_walked_in_segments():
    """The χ² of `check` has a false alarm of 1e-3; fixed seed."""
    times = [0.01, 0.01 + np.pi / 300, 0.05]
    solution = solve(heat_rod("periodic", n=9), 0.05, t_eval=times, method="particle", walkers=2000)
    assert len(solution.segments) == 3
    assert (solution.counts.sum(axis=1) == 2000).all()
    assert solution.check().ok
    summary = solution.circuit_summary()
    assert summary.lanes == solution.lanes == 2000
    assert summary.walker_steps == 2000 * solution.steps
    # A million walkers' starts and spikes are not kept for a summary.
    assert all(run.recorded.size == 0 for run in solution.runs)
    # Two per step, and a few in each segment until the first step and the last reading.
    assert 0 < summary.ticks - 2 * solution.steps < 20


def test_a_solution_is_saved_and_drawn_like_any_other(tmp_path):
    solution = solve(heat_rod("periodic", n=9), method="particle", walkers=500)
    solution.save(tmp_path / "cloud.npz")
    again = load(tmp_path / "cloud.npz")
    assert (again.method, again.circuit, again.lanes) == ("particle", "2-tick", 500)
    assert np.array_equal(again.counts, solution.counts)
    assert again.check().circuit.p_value == solution.check().circuit.p_value
    assert len(solution.plot().axes) == 1
    assert solution.to_xarray().density.shape == (1, 9)


def test_who_starts_on_a_sink_has_left():
    problem = Problem(Interval(0, 40, 40), diffusivity=0.2, boundary="absorb", initial=20.0)
    start = np.zeros(41, dtype=np.int64)
    start[[0, 20, 40]] = 3, 50, 2
    walked = particle.walk(
        problem.rates.transition(1.0), start, np.array([0, 5]), mesh=problem.mesh, seed=0
    )
    assert walked.exited.tolist() == [[3, 2], [3, 2]]
    assert walked.counts.sum(axis=1).tolist() == [50, 50]
    start[20] = 0
    walked = particle.walk(
        problem.rates.transition(1.0), start, np.array([0, 5]), mesh=problem.mesh, seed=0
    )
    assert walked.runs == ()
    assert walked.counts.sum() == 0


def test_law_is_that_of_the_chain():
    transition, start, _, mesh = pieces("torus", 100)
    law = step_law(transition, mesh, start)
    one = chain.walk(transition, np.eye(144)[40], np.array([1])).counts[0].reshape(9, 16)
    here = divmod(40, 16)
    for axis in (0, 1):
        for chances, sign in ((law.down, -1), (law.up, 1)):
            there = list(here)
            there[axis] = (there[axis] + sign) % (9, 16)[axis]
            assert one[tuple(there)] == pytest.approx(chances[axis], rel=1e-12)


# ------------------------------------------------------------------ what is refused

WIDE = Interval(-3, 3, 60)
REFUSED = {
    "sides that absorb": (
        lambda: heat_rod(n=10),
        "method='particle' needs a lattice without ends, but walkers can come to side 'x-' "
        "(x = 0) and 'x+' (x = 1): make the axis periodic, move these ends out of their reach, to ",
    ),
    "side that reflects": (
        lambda: Problem(
            Box((0, 0), (1, 9), (20, 180)),
            diffusivity=1.0,
            initial=(0.5, 0.5),
            t_span=0.01,
            boundary={"x": "periodic"},
        ),
        "method='particle' needs a lattice without ends, but walkers can come to side 'y-' "
        "(y = 0): make the axis periodic, move it out of their reach, to -1, or " + ELSE,
    ),
    "no end of time": (
        lambda: Problem(WIDE, diffusivity=1.0, initial=0.5, boundary="absorb", t_span=np.inf),
        "method='particle' needs a lattice without ends, which walkers never leave, and a t_span "
        "without end waits until all have left: give a t_span that ends, or " + ELSE,
    ),
    "first passage": (
        decision_model,
        "method='particle' needs a lattice without ends, which walkers never leave, and a t_span ",
    ),
    "start at an end": (
        lambda: Problem(WIDE, diffusivity=1.0, initial=-3.0, t_span=0.1),
        "method='particle' needs a lattice without ends, and all walkers start within 2 vertices "
        "of one: start farther inside, make the axis periodic, or " + ELSE,
    ),
    "drift that changes": (
        ornstein_uhlenbeck,
        "method='particle' needs steps that are the same everywhere, but those from vertex 2 "
        "(x = -4.9) are not those from vertex 120 (x = 1): diffusivity, sigma or drift changes "
        "with x; " + ELSE,
    ),
    "diffusivity that changes": (
        lambda: Problem(
            Interval(0, 1, 16), diffusivity=lambda x: 1 + 0.1 * np.cos(2 * np.pi * x),
            boundary="periodic", initial=0.5, t_span=0.1,
        ),
        "method='particle' needs steps that are the same everywhere, but those from vertex 0 "
        "(x = 0) are not those from vertex 8 (x = 0.5): diffusivity, sigma or drift changes with "
        "x; " + ELSE,
    ),
    "graph": (
        lambda: Problem(Graph(nx.cycle_graph(5)), initial=0, t_span=1.0),
        "method='particle' keeps the position along each axis of a lattice, and a Graph has none: "
        "for a ring or a torus take an Interval or Box with boundary='periodic', otherwise " + ELSE,
    ),
    "polygon": (
        lambda: Problem(
            Polygon(ISLAND, n=8), diffusivity=1.0, initial=(1.1, 1.4), t_span=0.1
        ),
        "method='particle' keeps the position along each axis of a lattice, and a Polygon has "
        "none: " + ELSE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_particle_cannot_do_is_refused(name):
    problem, message = REFUSED[name]
    for act in (solve, Problem.plan):
        with pytest.raises(InputError, match=f"^{re.escape(message)}"):
            act(problem(), method="particle", walkers=10)


def test_an_end_moved_as_the_error_says_is_out_of_reach():
    def problem(lower, n):
        return Problem(Interval(lower, 3, n), diffusivity=1.0, initial=0.0, t_span=0.02, dt=0.002)

    with pytest.raises(InputError) as error:
        solve(problem(-0.5, 35), method="particle", walkers=10)
    (needed,) = re.findall(r"to (-[\d.]+), or", str(error.value))
    assert float(needed) == pytest.approx(-1.2)
    assert solve(problem(-1.2, 42), method="particle", walkers=10).counts.sum() == 10
    with pytest.raises(InputError, match="walkers can come to side 'x-'"):
        solve(problem(-1.1, 41), method="particle", walkers=10)
    with pytest.raises(
        InputError, match=r"side 'x-' \(x = -1.1\) and 'x\+' \(x = 3\): .*, to .* and"
    ):
        solve(problem(-1.1, 41), 0.4, method="particle", walkers=10)


def test_a_change_out_of_reach_does_not_matter():
    """The χ² of `check` has a false alarm of 1e-3; fixed seed."""

    def wall(x):
        return np.where(np.abs(x) > 2, 0.1, 1.0)

    problem = Problem(WIDE, diffusivity=wall, initial=0.0, t_span=0.02)
    assert solve(problem, method="particle", walkers=200).check().ok
    with pytest.raises(InputError, match="changes with x"):
        solve(problem, 0.2, method="particle", walkers=200)


def test_jumps_and_killing_are_refused():
    problem = heat_rod("periodic", n=9)
    segments = (Segment(0.0, 1e-3, 1e-3, 1, (1,)),)
    jump = sparse.csr_array(([5.0], ([2], [6])), shape=(9, 9))
    kill = sparse.csr_array(([5.0], ([2], [0])), shape=(9, 1))
    for changes in (
        {"between": problem.rates.between + jump},
        {"exits": kill, "sides": ("killed",)},
    ):
        rates = replace(problem.rates, **changes)
        message = (
            "method='particle' moves walkers by one vertex at a time and loses none, but at vertex "
            "2 (x = 0.222222) they jump farther or are killed: " + ELSE
        )
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            require_homogeneous(rates, problem.mesh, segments, problem.start.probability)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"lanes": 4},
            "lanes = 4 cannot be had for method='particle', where each walker has a circuit of its "
            "own, and with it a lane: leave it out, or take method='density'",
        ),
        (
            {"circuit": "drain"},
            "circuit must be one of 'auto', '2-tick', '2-tick-residues', '2-tick-counters', "
            "'1-tick', '1-tick-residues', '1-tick-counters', '4-tick', '4-tick-residues', "
            "'4-tick-counters', got 'drain'",
        ),
    ],
)
def test_options_of_other_circuits_are_refused(options, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        solve(heat_rod("periodic"), method="particle", **options)


def test_sources_and_values_are_had_from_particles_too():
    """`check` has a false alarm of 1e-3; values within 4.5 standard errors, 1e-5."""
    ring = Problem(
        Interval(0, 1, 16), diffusivity=1.0, boundary="periodic", t_span=0.02,
        source=lambda x: 1 + np.cos(2 * np.pi * x), payoff=lambda x: x,
    )  # fmt: skip
    assert solve(ring, mode="forward", method="particle", walkers=1600).check().ok
    found = solve(ring, mode="backward", at=[0.25, 0.5], method="particle", walkers=1600)
    exact = solve(ring, mode="backward", at=[0.25, 0.5], method="chain").value
    assert (np.abs(found.value - exact) < 4.5 * found.value_stderr).all()
