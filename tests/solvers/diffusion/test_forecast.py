"""What a walk is said to take, beside what it then takes. No test looks at the clock."""

from __future__ import annotations

import logging
import math

import pytest

from spikealg.diffusion import (
    Box,
    Interval,
    Problem,
    absorbing_rod,
    decision_model,
    heat_rod,
    solve,
)
from spikealg.errors import InputError
from spikealg.solvers.diffusion import solve as module

ROD = heat_rod("reflect", n=16)


@pytest.mark.parametrize(
    ("circuit", "lanes", "exactly"),
    [("paced", 512, 0.1), ("drain", 4, 0.1), ("direct", 4, 0.1), ("published", 4, 0.15)],
)
def test_a_density_walk_is_what_was_foreseen(circuit, lanes, exactly):
    options = {"walkers": 4000, "circuit": circuit, "lanes": lanes}
    foreseen, solution = ROD.plan(0.01, **options), solve(ROD, 0.01, **options)
    summary = solution.circuit_summary()
    assert (foreseen.neurons, foreseen.synapses) == (summary.neurons, summary.synapses)
    assert (foreseen.circuit, foreseen.lanes) == (solution.circuit, solution.lanes)
    assert (foreseen.steps, foreseen.walkers) == (solution.steps, 4000)
    assert foreseen.vertices == 17
    assert foreseen.ticks == pytest.approx(summary.ticks, rel=exactly)


def test_auto_is_what_solve_takes():
    for walkers in (500, 20_000):
        foreseen, solution = ROD.plan(0.01, walkers=walkers), solve(ROD, 0.01, walkers=walkers)
        assert (foreseen.circuit, foreseen.lanes) == (solution.circuit, solution.lanes)


def test_particles_and_those_without_a_circuit():
    ring = heat_rod("periodic", n=16)
    foreseen = ring.plan(method="particle", walkers=300)
    summary = solve(ring, method="particle", walkers=300).circuit_summary()
    assert foreseen.ticks == pytest.approx(summary.ticks, abs=10)
    assert foreseen.lanes == 300
    plain = ROD.plan(method="montecarlo")
    assert (plain.ticks, plain.lanes, plain.circuit, plain.neurons) == (None,) * 4
    chain = ROD.plan(method="chain")
    assert (chain.walkers, chain.ticks) == (None, None)
    assert chain.steps == solve(ROD, method="chain").steps


def test_without_an_end_steps_are_those_until_the_last_has_left():
    problem = decision_model(n=10)
    foreseen = problem.plan(walkers=3000, lanes=4)
    solution = solve(problem, walkers=3000, lanes=4)
    # Walkers are looked for after 256 steps, and 512 more; the last leaves after about 290.
    assert foreseen.steps == solution.steps == 256 + 512
    assert foreseen.ticks == pytest.approx(solution.circuit_summary().ticks, rel=0.5)
    chain = problem.plan(method="chain")
    assert (chain.steps, chain.seconds) == (None, None)
    assert "steps" not in str(chain)


def test_batches_add_up():
    """Batches are walked for unequal times, which are foreseen to a factor of 3."""
    problem = absorbing_rod(n=8)
    foreseen, solution = (act(problem, walkers=640) for act in (Problem.plan, solve))
    assert 1 / 3 < foreseen.ticks / solution.circuit_summary().ticks < 3
    assert foreseen.ticks > 32 * 256


def test_a_lane_holds_a_walker():
    foreseen, solution = (act(ROD, 0.001, walkers=6, lanes=1000) for act in (Problem.plan, solve))
    assert foreseen.lanes == solution.lanes == 6


def test_more_work_takes_longer():
    for method in ("density", "montecarlo"):
        times = [ROD.plan(method=method, walkers=n).seconds for n in (10**4, 10**6, 10**8)]
        assert times == sorted(times)
        assert times[2] > 10 * times[0]
    assert ROD.plan(circuit="published").seconds > ROD.plan().seconds
    # Batches of a timed load are walks of their own.
    assert absorbing_rod(n=8).plan().seconds > 0.3
    finer = ROD.refine()
    assert finer.plan(method="chain").seconds > ROD.plan(method="chain").seconds
    assert finer.plan(method="chain").memory_bytes > ROD.plan(method="chain").memory_bytes


def test_a_large_lattice_is_foreseen_without_walking():
    lake = Problem(Box((0, 0), (1, 1), 300), diffusivity=1.0, initial=(0.5, 0.5))
    foreseen = lake.plan(1.0, method="montecarlo", walkers=10**9)
    assert foreseen.vertices == 301**2
    assert foreseen.steps > 10**5
    assert "days" in str(foreseen)
    assert foreseen.brief.endswith("days on one core")


def test_the_record_of_every_step_belongs_to_the_memory():
    rod = heat_rod("absorb", n=8)
    for method, records in (("chain", 2), ("montecarlo", 2)):
        short, long = (rod.plan(t, dt=1e-3, method=method, seed=None) for t in (1e3, 1e6))
        steps = long.steps - short.steps
        assert long.memory_bytes - short.memory_bytes == 8 * records * 2 * steps
    # Batches of a timed load have records of their own.
    source = Problem(Interval(0, 1, 8), diffusivity=1.0, source=1.0, boundary="absorb")
    walked = source.plan(1e3, dt=1e-3, method="montecarlo").memory_bytes
    assert walked > 8 * 33 * 2 * 10**6 > 10 * source.plan(1e3, dt=1e-3, method="chain").memory_bytes


def test_the_table_is_made_for_reading():
    foreseen = heat_rod().plan(walkers=100_000)
    rows = dict(line.split(maxsplit=1) for line in str(foreseen).splitlines())
    assert list(rows) == [
        "method", "vertices", "walkers", "steps", "lanes", "neurons", "synapses", "ticks", "memory",
        "time",
    ]  # fmt: skip
    assert rows["method"] == "density, paced"
    assert rows["walkers"] == "100 000"
    assert rows["ticks"].startswith("about 26 ")
    assert "one core of" in rows["time"]
    assert repr(foreseen) == str(foreseen)


def test_solve_announces_what_is_large(monkeypatch, capsys, caplog):
    monkeypatch.setattr(module, "LARGE", 0.0)
    with caplog.at_level(logging.INFO, logger="spikealg"):
        solve(ROD, 0.01, walkers=500, progress=True)
    words = r"diffusion by density (about "
    assert words in capsys.readouterr().err
    assert words in caplog.text
    assert "on one core" in caplog.text


def test_a_tolerance_says_how_many_walkers_it_takes(caplog):
    with caplog.at_level(logging.INFO, logger="spikealg"):
        solve(ROD, 0.01, method="montecarlo", rtol=0.01)
    assert "rtol = 0.01 takes about" in caplog.text
    assert "walkers, as 8192 have shown" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"walkers": 0}, "walkers must be a whole number of at least 1, got 0"),
        (
            {"method": "spikes"},
            "method must be one of 'density', 'particle', 'chain', 'montecarlo'",
        ),
        ({"circuit": "swop"}, "circuit must be one of 'auto', 'published'"),
        ({"lanes": 0}, "lanes must be a whole number of at least 1, got 0"),
        ({"lanes": "many"}, "lanes must be a whole number of at least 1 or 'auto', got 'many'"),
        ({"probability_bits": 40}, "probability_bits must be a whole number from 1 to 32, got 40"),
        ({"t_span": -1}, "t_span must end after it starts, got 0 to -1"),
        ({"method": "chain", "lanes": 4}, "lanes belongs to the circuit, and method='chain' has"),
        ({"method": "particle"}, "method='particle' needs"),
        (
            {"rtol": 0.01},
            "rtol = 0.01 chooses the walkers only .*: leave it out, and give as many ",
        ),
        ({"atol": 0.1}, "atol = 0.1 chooses the walkers only .* give as many walkers= as you expe"),
        ({"seed": -1}, "seed must be a whole number from 0 to"),
    ],
)
def test_what_solve_refuses_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        ROD.plan(**options)


def test_nobody_leaves_where_there_is_no_exit():
    closed = Problem(Interval(0, 1, 4), diffusivity=1.0, initial=0.5, t_span=(0, math.inf))
    with pytest.raises(InputError, match="walkers never leave from vertex"):
        closed.plan()
