"""Steady problems by visits until absorbed; time spent and its standard error."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.diffusion import Box, Disk, Graph, Interval, Problem, load, solve, stationary
from spikealg.errors import InputError

WALKING = ["density", "montecarlo"]


def warm_rod(n=20):
    """Table 7: u'' + cos(πx/4) = 0 on [0, 2], u'(0) = 0, u(2) = 0."""
    return Problem(
        Interval(0, 2, n),
        diffusivity=1.0,
        source=lambda x: np.cos(np.pi * x / 4),
        boundary={"x+": "absorb"},
        mode="steady",
        exact=lambda t, x: 16 / np.pi**2 * np.cos(np.pi * x / 4),
    )


def test_the_chain_on_the_warm_rod():
    errors = [solve(warm_rod(n), method="chain").check().chain.max_error[0] for n in (20, 40, 80)]
    np.testing.assert_allclose(errors, [8.34e-4, 2.08e-4, 5.21e-5], rtol=3e-3)


@pytest.mark.parametrize("method", WALKING)
def test_walkers_on_the_warm_rod(method):
    """Student's t of 21 vertices (`check`), a false alarm 1e-3; 4.5σ of each, 1.5e-4."""
    walked = solve(warm_rod(10), method=method, walkers=3200, seed=2)
    chain = solve(warm_rod(10), method="chain")
    check = walked.check()
    assert check.ok
    assert check.circuit.largest_z > 0
    assert np.isinf(walked.t).all()
    assert (np.abs(walked.density - chain.density) <= 4.5 * walked.stderr).all()
    assert (walked.stderr[0, :-1] > 0).all()
    # What comes in is what goes out, to the last walker.
    assert walked.absorbed[0] == pytest.approx(walked.groups[0].load.total)


@pytest.mark.parametrize("method", ["chain", *WALKING])
@pytest.mark.parametrize("source", [1.0, lambda x, t: 1 + 0 * x], ids=["steady", "in time"])
def test_what_a_source_puts_on_a_side_has_left_at_once(method, source):
    problem = Problem(
        Interval(0, 1, 10), diffusivity=1.0, source=source, boundary="absorb", hold=0.25
    )
    walked = solve(problem, 1.0, t_eval=[0.5, 1.0], method=method, walkers=400, seed=1)
    # By time, who comes in at random times is only expected to have come by then.
    known = slice(None) if method == "chain" or not callable(source) else slice(1, None)
    np.testing.assert_allclose((walked.mass + walked.absorbed)[known], [0.5, 1.0][known])
    assert (walked.density[:, [0, -1]] == 0).all()
    if not callable(source):
        left = solve(problem, mode="steady", method=method, walkers=400, seed=1)
        assert left.absorbed[0] == pytest.approx(1.0)
        off = 0 if method == "chain" else 0.1  # 4 standard errors of a half of 400
        assert left.exited["x-"][0] == pytest.approx(0.5, abs=off + 1e-9)
        assert left.check().ok
    # Backward, nobody is paid on a side.
    assert solve(problem, 1.0, mode="backward", at=[0.0], method="chain").value[0] == 0


def test_a_flux_into_a_corner_of_a_side_that_absorbs_leaves_there():
    sides = {"x": "absorb", "y-": {"derivative": 2.0}}
    problem = Problem(Box((0, 0), (1, 1), 8), diffusivity=1.0, boundary=sides, mode="steady")
    assert solve(problem, method="chain").absorbed[0] == pytest.approx(2.0)


def test_what_a_source_puts_outside_a_curved_shore():
    for n, short in ((20, 0.0292), (40, 0.0093)):
        problem = Problem(
            Disk(1.0, n), diffusivity=1.0, source=1.0, boundary="absorb", mode="steady"
        )
        found = solve(problem, method="chain")
        assert 1 - found.absorbed[0] / np.pi == pytest.approx(short, abs=1e-4)
        assert found.mass[0] == pytest.approx(np.pi / 8, rel=3e-3)


def test_a_source_on_sides_only_is_refused():
    problem = Problem(
        Interval(0, 1, 10), diffusivity=1.0, source=lambda x: 1.0 * (x == 0), boundary="absorb"
    )
    for mode in ("forward", "steady"):
        with pytest.raises(InputError, match="all that comes in lies on absorbing sides, where it"):
            solve(problem, 1.0, mode=mode, method="chain")


def test_a_wrong_time_is_found_out():
    from dataclasses import replace

    walked = solve(warm_rod(10), method="montecarlo", walkers=20_000, seed=2)
    (group,) = walked.groups
    slow = replace(walked, groups=(replace(group, stay=1.1 * group.stay),))
    assert not slow.check().circuit.ok


@pytest.mark.parametrize("kind", ["steady", "forward"])
def test_standard_errors_of_times_cover(kind):
    # 8 vertices × 60 seeds, correlated along the rod: the share inside ±2 stderr has a standard
    # error of about 2 %: a false alarm once in 1e3 seeds.
    problem = Problem(
        Interval(0, 1, 8), diffusivity=1.0, source=1.0, boundary={"x+": "absorb"}, t_span=0.3
    )
    chain = solve(problem, mode=kind, method="chain")
    inside = []
    for seed in range(60):
        found = solve(problem, mode=kind, method="montecarlo", walkers=960, seed=seed)
        inside.append(np.abs(found.density - chain.density)[0, :-1] <= 2 * found.stderr[0, :-1])
    assert np.mean(inside) == pytest.approx(0.947, abs=0.06)


@pytest.mark.parametrize("method", WALKING)
def test_sources_signs_and_sides_in_time(method):
    """`check` has a false alarm of 1e-3; one mean within 4.5σ."""
    problem = Problem(
        Interval(0, 1, 8),
        diffusivity=1.0,
        killing=1.0,
        source=lambda x: np.where(x < 0.5, 2.0, -3.0),
        initial=lambda x: np.cos(2 * np.pi * x),
        boundary={"x-": {"value": 1.0}, "x+": {"type": "mixed", "value": 2.0, "const": 0.5}},
        t_span=0.2,
    )
    walked = solve(problem, t_eval=[0.1, 0.2], method=method, walkers=4000, seed=1)
    chain = solve(problem, t_eval=[0.1, 0.2], method="chain")
    assert len(walked.groups) == 4
    assert walked.check().ok
    mean, exact = walked.expectation(lambda x: x), chain.expectation(lambda x: x)
    assert (np.abs(mean.value - exact.value) < 4.5 * mean.stderr).all()
    assert (np.abs(walked.mass - chain.mass) < 4.5 * walked.mass_stderr).all()
    assert walked.density[0, 0] == chain.density[0, 0] == 1.0


def test_laplace_on_a_square():
    box = Box((0, 0), (1, 1), 8)
    sides = {"x": "absorb", "y-": "absorb", "y+": {"value": 1.0}}
    problem = Problem(box, diffusivity=1.0, boundary=sides, mode="steady")
    chain = solve(problem, method="chain")
    assert chain.grid()[0][4, 4] == pytest.approx(0.25)
    walked = solve(problem, method="montecarlo", walkers=6400)
    assert walked.check().ok


def test_steady_solutions_are_kept_in_files(tmp_path):
    saved = solve(warm_rod(), method="montecarlo", walkers=640)
    saved.save(tmp_path / "a.npz")
    loaded = load(tmp_path / "a.npz")
    np.testing.assert_array_equal(loaded.density, saved.density)
    assert loaded.check().circuit == saved.check().circuit
    assert loaded.endless


def test_what_cannot_be_steady_is_refused():
    closed = Problem(Interval(0, 1, 4), diffusivity=1.0, source=1.0, mode="steady")
    for method in ("chain", "montecarlo"):
        with pytest.raises(InputError, match="walkers never leave from vertex 0"):
            solve(closed, method=method)
    empty = Problem(Interval(0, 1, 4), diffusivity=1.0, boundary="absorb", mode="steady")
    with pytest.raises(InputError, match="mode='steady' needs something that comes in: a source="):
        solve(empty, method="chain")
    import networkx as nx

    for method in ("chain", "montecarlo"):
        with pytest.raises(InputError, match=r"t_eval has no place in mode='steady', whose answer"):
            solve(pulled(), t_eval=[0.5], method=method)
    pair = Problem(Graph(nx.path_graph(2)), source=1.0, boundary={1: "absorb"}, mode="steady")
    assert solve(pair, method="chain").density[0, 0] == pytest.approx(1)


def pulled():
    """An Ornstein–Uhlenbeck process between reflecting ends, which loses nobody."""
    return Problem(
        Interval(-2, 2, 16), sigma=1.0, drift=lambda x: -x, initial=1.0, mode="steady", t_span=30.0
    )


@pytest.mark.parametrize("method", WALKING)
def test_where_nothing_leaves_the_time_average_is_the_stationary_density(method):
    """`check` has a false alarm of 1e-3; a moment within 4.5σ; stderr of 16 vertices too."""
    walked = solve(pulled(), method=method, walkers=320, seed=3)
    chain = solve(pulled(), method="chain")
    np.testing.assert_allclose(chain.density[0], stationary(pulled()))
    assert walked.check().ok
    assert walked.mass[0] == pytest.approx(1)
    assert (np.abs(walked.density - chain.density) < 4.5 * walked.stderr).all()
    square = walked.expectation(lambda x: x**2)
    assert abs(square.value - chain.expectation(lambda x: x**2).value)[0] < 4.5 * square.stderr[0]


def test_a_time_average_needs_time():
    with pytest.raises(InputError, match="t_span is needed for a stationary density by walkers"):
        solve(pulled(), (0, np.inf), method="montecarlo")
    # Too short to forget the start: the check finds it.
    assert not solve(pulled(), 0.2, method="montecarlo", walkers=20_000).check().ok
