import sys

import networkx as nx
import numpy as np
import pytest

from spikealg import memory
from spikealg.diffusion import Box, Graph, Interval, Problem, heat_rod, solve
from spikealg.errors import InputError, InputTypeError, MissingExtraError, TooLargeError
from spikealg.solvers.diffusion.walks.methods import METHODS

DRAWN = [method for method in METHODS if method != "chain"]
# A particle knows no walls.
WALLED = [method for method in METHODS if method != "particle"]


def rod(method):
    return heat_rod("periodic" if method == "particle" else "absorb")


@pytest.mark.parametrize("method", WALLED)
def test_a_ready_made_problem_solves_as_it_is(method):
    solution = solve(heat_rod(), method=method, walkers=2000)
    assert solution.t.tolist() == [0.125]
    assert solution.steps == 768
    assert solution.density.shape == (1, 33)
    assert solution.method == method


@pytest.mark.parametrize("method", WALLED)
def test_walkers_are_conserved_at_every_time(method):
    times = np.linspace(0, 0.125, 6)
    solution = solve(heat_rod(), t_eval=times, method=method, walkers=1234)
    inside, left = solution.counts.sum(axis=1), solution.exit_counts.sum(axis=1)
    np.testing.assert_allclose(inside + left, 1234, rtol=1e-12)
    assert left[0] == pytest.approx(0, abs=1e-9)
    assert (np.diff(left) > 0).all()
    np.testing.assert_allclose(solution.mass + solution.absorbed, solution.total, rtol=1e-12)


@pytest.mark.parametrize("method", DRAWN)
def test_the_seed_is_the_answer(method):
    first, again, other = (
        solve(rod(method), 0.02, method=method, walkers=500, seed=seed) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first.counts, again.counts)
    assert not np.array_equal(first.counts, other.counts)


@pytest.mark.parametrize("method", DRAWN)
def test_seeds_of_a_point_release_give_other_walks(method):
    # All walkers start at one vertex: whoever takes another's path gives the same counts.
    problem = Problem(Interval(0, 1, 20), diffusivity=1.0, boundary="periodic", initial=0.5)
    found = {
        solve(problem, 0.02, method=method, walkers=64, seed=seed).counts.tobytes()
        for seed in range(8)
    }
    assert len(found) == 8


def test_no_seed_draws_one_and_records_it():
    drawn = solve(heat_rod(), method="montecarlo", walkers=500, seed=None)
    again = solve(heat_rod(), method="montecarlo", walkers=500, seed=drawn.seed)
    np.testing.assert_array_equal(drawn.counts, again.counts)


def test_lanes_share_the_walkers():
    """The χ² of `check` has a false alarm of 1e-3; fixed seed."""
    solution = solve(heat_rod(), 0.02, walkers=3001, lanes=5)
    assert solution.lanes == 5
    assert solution.counts.sum() + solution.exit_counts.sum() == 3001
    assert solution.check().ok
    one = solve(heat_rod(), 0.02, walkers=3001, lanes=1)
    assert not np.array_equal(solution.counts, one.counts)


def test_rounded_probabilities_walk_another_chain_and_the_check_finds_it():
    # Three bits: a step to either side with 1/4 in place of 1/6.
    problem = heat_rod("reflect", n=8)
    check = solve(problem, walkers=20_000, probability_bits=3).check()
    assert not check.circuit.ok
    assert check.circuit.conserved
    assert "the circuit's probabilities have 3 bits" in str(check)


def test_time_may_start_late_and_be_recorded_from_its_start():
    problem = Problem(Interval(0, 1, 10), diffusivity=1.0, initial=0.5)
    late = solve(problem, (3, 3.1), t_eval=[3, 3.05, 3.1], method="chain")
    early = solve(problem, 0.1, t_eval=[0, 0.05, 0.1], method="chain")
    np.testing.assert_allclose(late.density, early.density)
    assert late.t.tolist() == [3, 3.05, 3.1]
    assert np.count_nonzero(late.counts[0]) == 1


@pytest.mark.parametrize("method", WALLED)
def test_uneven_times_are_walked_in_segments(method):
    """The χ² of `check` has a false alarm of 1e-3; fixed seed."""
    # Steps of different length have different circuits; the walkers go on from where they were.
    times = [0.01, 0.01 + np.pi / 300, 0.05]
    solution = solve(heat_rod(), 0.05, t_eval=times, method=method, walkers=5000)
    assert len(solution.segments) == 3
    assert len({segment.dt for segment in solution.segments}) == 3
    assert solution.check().ok
    assert (np.diff(solution.absorbed) > 0).all()


def test_dt_is_the_longest_step():
    problem = Problem(Interval(0, 1, 10), diffusivity=1.0, initial=0.5, dt=0.002)
    assert solve(problem, 0.1, method="chain").dt == pytest.approx(0.002)
    assert solve(problem, 0.1, method="chain", dt=0.001).steps == 100
    assert solve(problem, 0.001, method="chain").dt == pytest.approx(0.001)


def test_where_nothing_moves_nothing_changes():
    problem = Problem(Graph(nx.empty_graph(3)), initial={0: 1.0, 2: 3.0})
    solution = solve(problem, 1.0, method="montecarlo", walkers=1000)
    assert solution.steps == 1
    assert solution.counts[0, 1] == 0
    assert solution.total == 4
    assert solve(problem, 1.0, t_eval=[0], method="chain").counts[0].tolist() == [25_000, 0, 75_000]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"walkers": 0}, "walkers must be a whole number of at least 1, got 0"),
        ({"walkers": -5}, "walkers must be a whole number of at least 1, got -5"),
        ({"walkers": 10**8}, "walkers = 100000000 is more than max_walkers = 10000000: raise"),
        ({"max_walkers": 0}, "max_walkers must be a whole number of at least 1, got 0"),
        ({"seed": -1}, "seed must be a whole number from 0 to 18446744073709551615, got -1"),
        ({"method": "spikes"}, "method must be one of 'density', 'particle', 'chain', 'monte"),
        ({"mode": "sideways"}, "mode must be one of 'forward', 'backward', 'steady', got"),
        ({"at": [0.5]}, "at names points whose values are wanted, which mode='forward' does not"),
        ({"lanes": 0}, "lanes must be a whole number of at least 1, got 0"),
        ({"lanes": "many"}, "lanes must be a whole number of at least 1 or 'auto', got 'many'"),
        ({"lanes": 4}, "lanes belongs to the circuit, and method='chain' has none: leave it out"),
        ({"method": "density", "circuit": "swop"}, "circuit must be one of 'auto', 'published'"),
        ({"circuit": "drain"}, "circuit='drain' cannot be had for method='chain', which has no"),
        ({"probability_bits": 7}, "probability_bits belongs to the circuit, and method='chain'"),
        ({"probability_bits": 33}, "probability_bits must be a whole number from 1 to 32, got 33"),
        ({"dt": 1.0}, r"dt = 1 is too long: vertex \d+ \(x = [\d.]+\) is left at rate 2048"),
        ({"dt": -1.0}, "dt must be a finite number above 0, got -1.0"),
        ({"dt": "long"}, "dt must be a positive number or 'auto', got 'long'"),
        ({"t_span": -1}, "t_span must end after it starts, got 0 to -1"),
        ({"t_eval": [1.0]}, "t_eval must lie within t_span 0 to 0.125, got 1"),
        ({"t_span": 1e9}, "the walk would take .* steps of .*, more than 2147483647"),
    ],
)
def test_what_cannot_be_used_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        solve(heat_rod(), **{"method": "chain", **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"walkers": 1e5}, "walkers must be a whole number of at least 1, got 100000.0"),
        ({"walkers": float("nan")}, "walkers must be a whole number of at least 1, got nan"),
        ({"walkers": True}, "walkers must be a whole number of at least 1, got True"),
        ({"seed": 1.5}, "seed must be a whole number from 0 to 18446744073709551615, got 1.5"),
        ({"progress": "yes"}, "progress must be True, False or a function of the fraction done"),
    ],
)
def test_types_that_cannot_be_used_are_refused(options, message):
    with pytest.raises(InputTypeError, match=message):
        solve(heat_rod(), method="chain", **options)


def test_a_problem_is_needed():
    with pytest.raises(InputTypeError, match=r"problem must be a diffusion\.Problem, got Interval"):
        solve(Interval(0, 1, 4), 1.0)


def test_a_problem_without_time_or_start_says_what_it_lacks():
    with pytest.raises(InputError, match="t_span is needed because the problem has none: give"):
        solve(Problem(Interval(0, 1, 4), diffusivity=1.0, initial=0.5))
    with pytest.raises(InputError, match="initial is needed to walk forward: give a density or"):
        solve(Problem(Interval(0, 1, 4), diffusivity=1.0), 1.0)


def test_what_does_not_fit_is_refused_with_its_size(monkeypatch):
    problem = heat_rod()
    monkeypatch.setattr(memory, "available_bytes", lambda: 2**20)
    with pytest.raises(TooLargeError, match=r"a solution at 1001 times on 33 vertices would need"):
        solve(problem, t_eval=np.linspace(0, 0.125, 1001), method="chain")


def test_a_record_of_all_steps_that_does_not_fit_is_refused_with_the_steps(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 2**30)
    for method in ("chain", "montecarlo"):
        with pytest.raises(
            TooLargeError,
            match=r"a record of \d{9,10} steps, after each of which it is known who left by x-, "
            r"x\+ would need about 29.8 GiB, but 1 GiB are available: take a shorter t_span, a "
            "longer dt or a coarser mesh",
        ):
            solve(heat_rod("absorb", n=8), 1e6, dt=1e-3, method=method)


@pytest.mark.parametrize("method", METHODS)
def test_progress_rises_from_0_to_1(method):
    told = []
    solve(rod(method), t_eval=[0.02, 0.05], method=method, walkers=500, progress=told.append)
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)


def test_a_bar_needs_tqdm(monkeypatch, capsys):
    solve(heat_rod(), method="chain", progress=True)
    assert "diffusion by chain" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(MissingExtraError, match="pip install tqdm"):
        solve(heat_rod(), method="chain", progress=True)


def _rms_error(method: str, walkers: int, seeds: range) -> float:
    ends = "periodic" if method == "particle" else "reflect"
    problem = Problem(Box((0, 0), (1, 1), 7), diffusivity=1.0, initial=(0.5, 0.25), boundary=ends)
    chain = solve(problem, 0.02, method="chain").density
    errors = [
        solve(problem, 0.02, method=method, walkers=walkers, seed=seed).density - chain
        for seed in seeds
    ]
    return float(np.sqrt(np.mean(np.square(errors))))


@pytest.mark.parametrize("method", DRAWN)
def test_the_error_falls_as_one_over_the_root_of_walkers(method):
    # The standard error of the slope is 0.02 (six seeds of 49 or 64 vertices at each end): a false
    # alarm once in 1e6 seeds.
    few, many = _rms_error(method, 200, range(6)), _rms_error(method, 20_000, range(6))
    assert np.log10(many / few) / 2 == pytest.approx(-0.5, abs=0.1)


@pytest.mark.parametrize("method", DRAWN)
def test_two_standard_errors_hold_the_chain_in_95_of_100_cases(method):
    # 640 or more nearly independent cases: the share has a standard error of 0.8 %, a false alarm
    # once in 1e4 seeds. A stderr wrong by 20 % would be found (90 % or 98.8 %).
    problem = heat_rod("periodic" if method == "particle" else "reflect", n=16)
    chain = solve(problem, method="chain", dt=1 / 1024)
    inside = []
    for seed in range(40):
        found = solve(problem, method=method, dt=1 / 1024, walkers=4000, seed=seed)
        inside.append(np.abs(found.density - chain.density) <= 2 * found.stderr)
    assert np.mean(inside) == pytest.approx(0.954, abs=0.03)


def test_auto_lanes_depend_on_problem_and_walkers_only():
    ring = Problem(Interval(0, 1, 10), diffusivity=1.0, boundary="periodic", initial=0.5)
    chosen = [solve(ring, 0.01, walkers=walkers).lanes for walkers in (1, 99, 150, 100_000)]
    assert chosen == [1, 1, 3, 2048]
    assert solve(ring, 0.01, walkers=100, method="montecarlo").lanes == 1
