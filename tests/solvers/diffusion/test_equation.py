"""Killing, jumps, sources, signs, boundary values: the chain against formulas, nothing drawn."""

from __future__ import annotations

import re

import networkx as nx
import numpy as np
import pytest
from scipy import stats

from spikealg.diffusion import (
    Ball,
    Box,
    Disk,
    Graph,
    Interval,
    Jumps,
    Polygon,
    Problem,
    TriangleMesh,
    solve,
)
from spikealg.errors import InputError, InputTypeError
from tests.helpers import tiles

ROD = Interval(0, 1, 10)
FRAME = {
    "type": "Polygon",
    "coordinates": [
        [(0, 0), (4, 0), (4, 2), (0, 2)],
        [(1.1, 0.6), (2, 0.6), (2, 1.4), (1.1, 1.4)],
    ],
}


def everywhere(x):
    return 1 + 0 * x[:, 0]


SQUARE = {"type": "Polygon", "coordinates": [[(0, 0), (1, 0), (1, 1), (0, 1)]]}


def steady(domain=ROD, **settings):
    settings.setdefault("diffusivity", 1.0)
    return solve(Problem(domain, mode="steady", **settings), method="chain").density[0]


# ------------------------------------------------------------------------------------ boundaries


def test_two_given_values_make_a_straight_line():
    u = steady(boundary={"x-": {"value": 2.0}, "x+": {"value": -1.0}}, diffusivity=0.3)
    np.testing.assert_allclose(u, 2 - 3 * ROD.mesh().x, atol=1e-12)


def test_a_given_slope_is_an_inward_flux():
    boundary = {"x-": {"value": 1.0}, "x+": {"derivative": -0.5}}
    np.testing.assert_allclose(steady(boundary=boundary), 1 - 0.5 * ROD.mesh().x, atol=1e-12)


def test_mixed_conditions_absorb_in_part():
    # u = a + bx with u(0) = 1 and b + 3(a + b) = 1.
    boundary = {"x-": {"value": 1.0}, "x+": {"type": "mixed", "value": 3.0, "const": 1.0}}
    np.testing.assert_allclose(steady(boundary=boundary), 1 - 0.5 * ROD.mesh().x, atol=1e-12)


def test_values_hold_where_coefficients_vary():
    # (D u')' = 0 with D = 1 + x: u = 1 + log(1 + x)/log 2, to order 2.
    errors = []
    for n in (16, 32):
        domain = Interval(0, 1, n)
        u = steady(
            domain,
            diffusivity=lambda x: 1 + x,
            boundary={"x-": {"value": 1.0}, "x+": {"value": 2.0}},
        )
        errors.append(np.abs(u - 1 - np.log2(1 + domain.mesh().x)).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("scheme", ["central", "upwind"])
def test_values_hold_with_drift(scheme):
    # u constant stays so if it comes in at both ends: no flux but bu.
    u = steady(
        drift=2.0, drift_scheme=scheme, boundary={"x-": {"value": 1.5}, "x+": {"value": 1.5}}
    )
    np.testing.assert_allclose(u, 1.5, atol=1e-12)


def test_values_on_a_square_a_shore_and_a_graph():
    box = Box((0, 0), (1, 1), 8)
    harmonic = steady(box, boundary={"x-": {"value": 0.0}, "x+": {"value": 1.0}})
    np.testing.assert_allclose(harmonic, box.mesh().x[:, 0], atol=1e-12)
    pond = Polygon(SQUARE, dx=0.1)
    np.testing.assert_allclose(steady(pond, boundary={"shore": {"value": 3.0}}), 3.0, atol=1e-9)
    path = Graph(nx.path_graph(5))
    u = steady(path, boundary={0: {"value": 4.0}, 4: "absorb"})
    np.testing.assert_allclose(u, [4, 3, 2, 1, 0], atol=1e-12)


def test_values_may_vary_along_a_side():
    # u = x² − y² is harmonic, and exact for the differences of a box.
    def u(x):
        return x[:, 0] ** 2 - x[:, 1] ** 2

    for domain, side in (
        (Box((0, 0), (1, 1), 8), {"value": u}),
        (Disk(1.0, 12), {"shore": {"value": u}}),
        (Polygon(SQUARE, dx=0.1), {"shore": {"value": u}}),
        (TriangleMesh(*tiles(9)), {"rim": {"value": u}}),
    ):
        problem = Problem(domain, diffusivity=1.0, boundary=side, mode="steady")
        forward = solve(problem, method="chain")
        errors = np.abs(forward.density[0] - u(problem.x))[problem.rates.live]
        assert errors.max() < (1e-9 if isinstance(domain, Box) else 0.01)
        paid = Problem(domain, diffusivity=1.0, boundary=side, mode="backward", t_span=(0, np.inf))
        values = solve(paid, method="chain").value
        np.testing.assert_allclose(values[problem.rates.live],
                                   forward.density[0][problem.rates.live], atol=1e-9)  # fmt: skip
        assert values[~problem.rates.live] == pytest.approx(u(problem.x[~problem.rates.live]))
    # χ² and Student's t against the chain: a false alarm 1e-3.
    assert solve(problem, method="montecarlo", walkers=3200).check().ok
    walked = solve(paid, method="montecarlo", at=[(0.4, 0.7), (0.0, 0.5)], walkers=3200)
    exact = solve(paid, method="chain", at=[(0.4, 0.7), (0.0, 0.5)]).value
    # Two values within 4.5 standard errors, 1e-5; on the side there is no error.
    assert (np.abs(walked.value - exact) <= 4.5 * walked.value_stderr).all()


def test_one_condition_for_all_sides():
    np.testing.assert_allclose(steady(boundary={"value": 2.5}), 2.5, atol=1e-12)


def test_sets_of_vertices_absorb():
    whole = {"trap": {"where": lambda x: np.abs(x - 0.5) < 0.01}, "x-": {"value": 1.0}}
    u = steady(boundary=whole)
    np.testing.assert_allclose(u[:6], [1, 0.8, 0.6, 0.4, 0.2, 0], atol=1e-12)
    held = {"trap": {"where": [5], "value": 2.0}, "x-": {"value": 1.0}, "x+": "absorb"}
    np.testing.assert_allclose(steady(boundary=held)[[4, 5, 6]], [1.8, 2, 1.6], atol=1e-12)


REFUSED = [
    ({"boundary": {"x-": {"slope": 1}}}, "boundary['x-'] must be a word, or {'value': g}"),
    ({"boundary": {"x-": {"value": np.nan}}}, "boundary['x-']['value'] must be a finite number"),
    (
        {"boundary": {"x-": {"type": "mixed", "value": -1.0}}},
        "boundary['x-']['value'] must be a finite number of at least 0, got -1.0",
    ),
    (
        {"boundary": {"trap": {"where": lambda x: x > 2}}},
        "boundary['trap']['where'] names no vertex that walkers can come to",
    ),
    (
        {"boundary": {"trap": {"where": [11]}}},
        "boundary['trap']['where'][0] must be a whole number from 0 to 10, got 11",
    ),
    (
        {"boundary": {"trap": {"where": [1], "derivative": 1}}},
        "boundary['trap'] must be {'where': ...}, which absorbs, or have a 'value' besides",
    ),
    ({"killing": -1.0}, "killing must be a finite number of at least 0, got -1.0"),
    ({"source": np.ones(3)}, "source must be a number or shape (11,), got shape (3,)"),
    ({"jumps": 3.0}, "jumps must be diffusion.Jumps(rate, law), got 3.0"),
    (
        {"jumps": Jumps(1.0, {0.3: 1.0})},
        "go past the reflecting side 'x+' with probability 1: let it absorb, take a wider domain",
    ),
    ({"jumps": Jumps(1.0, {0.3: 1.0}, axis=1)}, "jumps have axis 1, but the domain has 1"),
    ({"time_scheme": "best"}, "time_scheme must be one of 'euler', 'exponential', got 'best'"),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED)
def test_what_cannot_be_used_is_refused(settings, message):
    with pytest.raises((InputError, InputTypeError), match=re.escape(message)):
        Problem(ROD, diffusivity=1.0, initial=0.5, **settings)


def test_laws_of_jumps_are_checked():
    with pytest.raises(InputError, match=r"law must have probabilities that sum to 1, got 0\.9"):
        Jumps(1.0, {1.0: 0.4, 2.0: 0.5})
    with pytest.raises(InputTypeError, match=r"law must be \{displacement: probability\} or a fr"):
        Jumps(1.0, "normal")
    with pytest.raises(
        InputError, match="jumps need a lattice, which an Interval, Box, Polygon, Di"
    ):
        Problem(Graph(nx.path_graph(3)), jumps=Jumps(1.0, {1.0: 1.0}))
    for law in (stats.cauchy(), {1e300: 1.0}):
        with pytest.raises(InputError, match="law must have displacements of at most 1e"):
            Problem(ROD, diffusivity=1.0, jumps=Jumps(1.0, law), boundary="absorb", initial=0.5)
    fed = Problem(
        ROD, diffusivity=1.0, jumps=Jumps(1.0, {0.2: 1.0}), boundary={"x": {"value": 2}},
        mode="steady",
    )  # fmt: skip
    with pytest.raises(InputError, match="a side of given value sends in what diffuses and drift"):
        solve(fed, method="chain")


# -------------------------------------------------------------------------- killing and jumps


def test_killing_is_exponential():
    problem = Problem(ROD, diffusivity=0.1, killing=2.0, initial=0.5)
    found = solve(problem, 1.0, dt=0.01, method="chain")
    assert found.mass[0] == pytest.approx(0.98**100)
    assert found.exited["killed"][0] == pytest.approx(1 - 0.98**100)
    exact = Problem(ROD, diffusivity=0.1, killing=2.0, initial=0.5, time_scheme="exponential")
    assert solve(exact, 1.0, method="chain").mass[0] == pytest.approx(np.exp(-2))
    assert solve(exact, 1.0, method="chain").steps == 1


def test_jumps_have_the_moments_of_a_compound_poisson_process():
    # Mean λt E[Y] and variance σ²t + λt E[Y²]; a displacement of 0.25 is split between 0.2 and 0.3,
    # which adds its spread.
    domain = Interval(-5, 5, 100)
    law = {0.25: 0.5, -0.1: 0.5}
    problem = Problem(domain, sigma=0.2, jumps=Jumps(3.0, law), boundary="absorb", initial=0.0)
    found = solve(problem, 1.0, dt=1e-3, method="chain")
    mean = found.expectation(lambda x: x).value[0]
    square = found.expectation(lambda x: x**2).value[0]
    assert mean == pytest.approx(3 * 0.075, abs=1e-9)
    squares = 0.5 * (0.25**2 + 0.05**2) + 0.5 * 0.01
    drift_of_step = 3 * 0.075 * (3 * 0.075) * 1e-3  # the variance of a step of Euler's is short
    assert square - mean**2 == pytest.approx(0.04 + 3 * squares - drift_of_step, abs=1e-6)


def test_a_continuous_law_keeps_mean_and_variance():
    steps, chance = Jumps(1.0, stats.norm(0.3, 0.5)).steps(0.1)
    assert chance.sum() == pytest.approx(1)
    assert chance @ (0.1 * steps) == pytest.approx(0.3, abs=1e-6)
    variance = chance @ (0.1 * steps - 0.3) ** 2
    assert variance == pytest.approx(0.25 + 0.1**2 / 12, abs=1e-5)


@pytest.mark.parametrize(
    ("domain", "axis"),
    [
        (Polygon(FRAME, dx=0.25), 0),
        (Polygon(FRAME, dx=0.25), 1),
        (Disk(1.0, 8, center=(2.0, 0.0)), 1),
        (Ball(1.0, 6), 2),
    ],
)
def test_jumps_within_a_shore(domain, axis):
    law = {0.25: 0.5, -0.5: 0.2, 1.5: 0.3}
    whole = Problem(
        domain, diffusivity=0.1, boundary="absorb", jumps=Jumps(2.0, law, axis), initial=everywhere
    )
    plain = Problem(domain, diffusivity=0.1, boundary="absorb", initial=everywhere)
    x, spacing, rates = whole.x, domain.dx, plain.rates
    between, exits = rates.between.toarray(), rates.exits.toarray()
    steps, chance = whole.jumps.steps(spacing)
    for i in np.flatnonzero(rates.live):
        for step, p in zip(steps, chance, strict=True):
            place = x[i] + spacing * step * np.eye(x.shape[1])[axis]
            there = np.flatnonzero(np.linalg.norm(x - place, axis=1) < 0.01 * spacing)
            if len(there) and rates.live[there[0]]:
                between[i, there[0]] += 2.0 * p * (there[0] != i)
            else:
                exits[i, 0] += 2.0 * p
    np.testing.assert_allclose(whole.rates.between.toarray(), between, atol=1e-12)
    np.testing.assert_allclose(whole.rates.exits.toarray(), exits, atol=1e-12)
    with pytest.raises(InputError, match="go past the reflecting side 'shore' with probability"):
        Problem(domain, diffusivity=0.1, jumps=Jumps(2.0, law, axis), initial=everywhere)


def test_jumps_past_an_absorbing_side_are_absorbed_and_around_a_ring_go_round():
    law = {0.5: 1.0}
    problem = Problem(ROD, diffusivity=0.0, jumps=Jumps(1.0, law), boundary="absorb", initial=0.8)
    found = solve(problem, 1.0, method="chain", dt=1.0)
    assert found.exited["x+"][0] == pytest.approx(1)
    ring = Problem(
        ROD, diffusivity=0.0, jumps=Jumps(1.0, law), boundary="periodic", initial=0.8, t_span=1.0
    )
    assert solve(ring, dt=1.0, method="chain").counts[0].argmax() == 3


# ------------------------------------------------------------------------------------- sources


def test_poisson_on_a_rod_is_exact_at_the_vertices():
    x = ROD.mesh().x
    np.testing.assert_allclose(steady(source=1.0, boundary="absorb"), x * (1 - x) / 2, atol=1e-12)


def test_sources_of_both_signs_and_killing():
    # u'' − u + f = 0 with f = (1 + π²) cos πx and reflecting ends: u = cos πx, to order 2.
    errors = []
    for n in (16, 32):
        domain = Interval(0, 1, n)
        u = steady(domain, killing=1.0, source=lambda x: (1 + np.pi**2) * np.cos(np.pi * x))
        errors.append(np.abs(u - np.cos(np.pi * domain.mesh().x)).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.02)


def test_a_source_balances_what_is_there_and_what_has_left():
    problem = Problem(ROD, diffusivity=1.0, source=lambda x: 3 * x, boundary={"x+": "absorb"})
    found = solve(problem, 1.0, t_eval=[0, 0.3, 1.0], method="chain")
    # What comes in over the half cell of the sink has left at once.
    came_in = 1.5 * found.t
    np.testing.assert_allclose(found.mass + found.absorbed, came_in, atol=1e-12)
    assert found.mass[0] == 0
    with_start = Problem(
        ROD, diffusivity=1.0, source=lambda x: 3 * x, boundary={"x+": "absorb"}, initial=0.5
    )
    both = solve(with_start, 1.0, t_eval=[0, 0.3, 1.0], method="chain")
    alone = Problem(ROD, diffusivity=1.0, boundary={"x+": "absorb"}, initial=0.5)
    release = solve(alone, 1.0, t_eval=[0, 0.3, 1.0], method="chain", dt=both.dt)
    np.testing.assert_allclose(both.density, found.density + release.density, atol=1e-12)


def test_a_signed_start_is_a_difference():
    errors = []
    for n in (16, 32):
        problem = Problem(
            Interval(0, 1, n),
            diffusivity=1.0,
            boundary="absorb",
            initial=lambda x: np.sin(2 * np.pi * x),
            t_span=20 / 1024,
            exact=lambda t, x: np.exp(-4 * np.pi**2 * t) * np.sin(2 * np.pi * x),
        )
        found = solve(problem, method="chain", dt=1 / (4 * n**2))
        assert len(found.groups) == 2
        errors.append(found.check().chain.max_error[0])
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.05)
