"""The rod with any ends: series against finite differences, the chain against the series."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import linalg

from spikealg.diffusion import Interval, Problem, heat_rod, solve
from spikealg.errors import InputError

MIXED = {"type": "mixed", "value": 2.0, "const": 0.6}
ENDS = {
    "one absorbs": {"x-": "absorb"},
    "one reflects": {"x+": "neumann", "x-": "dirichlet"},
    "values": {"x-": {"value": 0.5}, "x+": {"value": lambda x: 2 + x}},
    "both held": {"value": 0.0},
    "heated": {"x-": {"derivative": 0.8}},
    "in and out": {"x-": {"derivative": 0.8}, "x+": {"derivative": -0.8}},
    "grows": {"derivative": 0.4},
    "walls": MIXED,
    "wall and insulation": {"x-": MIXED},
    "wall and value": {"x-": MIXED, "x+": {"value": 1.5}},
    "wall and flux": {"x-": {"derivative": -0.3}, "x+": {"type": "mixed", "value": 0.1}},
}


def slow(boundary, t, cells=400):
    """Return u by finite differences, Crank and Nicolson after a few implicit steps, (cells + 1,).

    Second-order differences, and at an end with a flux a ghost vertex: u' = ±(β − γu).
    """
    h = 1 / cells
    matrix = sparse.diags_array([1.0, -2.0, 1.0], offsets=[-1, 0, 1], shape=(cells + 1,) * 2)
    matrix = sparse.lil_array(matrix / h**2)
    inflow, u = np.zeros(cells + 1), np.ones(cells + 1)
    for side, end, inner in (("x-", 0, 1), ("x+", cells, cells - 1)):
        word = (
            boundary if {"type", "value", "derivative"} & set(boundary) else boundary.get(side, "")
        )
        given = word if isinstance(word, dict) else {}
        matrix[end] = 0
        if word in ("absorb", "dirichlet") or ("value" in given and "type" not in given):
            value = given.get("value", 0.0)
            u[end] = value(end * h) if callable(value) else value
            continue
        gamma = given["value"] if "type" in given else 0.0
        matrix[end, inner] = 2 / h**2
        matrix[end, end] = -2 / h**2 - 2 * gamma / h
        inflow[end] = 2 / h * given.get("derivative", given.get("const", 0.0))
    steps, one = 300, sparse.eye_array(cells + 1)
    for theta, count, dt in ((1.0, 8, t / steps / 4), (0.5, steps - 2, t / steps)):
        advance = linalg.splu((one - theta * dt * matrix).tocsc())
        for _ in range(count):
            u = advance.solve(u + (1 - theta) * dt * (matrix @ u) + dt * inflow)
    return u


@pytest.mark.parametrize("name", ENDS)
def test_the_series_is_what_finite_differences_find(name):
    rod = heat_rod(ENDS[name], diffusivity=2.0)
    x = np.linspace(0, 1, 401)
    for t in (0.004, 0.1):
        np.testing.assert_allclose(rod.exact(t / 2, x), slow(ENDS[name], t), atol=6e-5)
    np.testing.assert_array_equal(rod.exact(0.0, x), 1)


@pytest.mark.parametrize("name", ENDS)
def test_the_chain_is_of_order_two(name):
    check = solve(heat_rod(ENDS[name], n=16, diffusivity=0.5), method="chain").check()
    assert check.ok
    assert check.chain.reference == "exact"
    assert check.chain.relative_l2[-1] < 5e-3
    assert check.chain.order == pytest.approx(2, abs=0.2)


def test_words_are_the_rods_that_they_were():
    x = np.linspace(0, 1, 9)
    for word, other, t in (
        ("absorb", "dirichlet", 0.125),
        ("reflect", "neumann", 0.05),
        ("absorb", {"x": "absorb"}, 0.125),
        ("periodic", {"x": "periodic"}, 0.05),
    ):
        one, two = heat_rod(word), heat_rod(other)
        assert one.t_span == two.t_span == (0, t)
        np.testing.assert_array_equal(one.exact(t, x), two.exact(t, x))
        assert solve(two, method="chain").check().ok


def test_walkers_walk_in_any_rod():
    # One χ² test: it fails wrongly once in a thousand times.
    for name in ("wall and value", "grows"):
        walked = solve(heat_rod(ENDS[name], n=8), method="montecarlo", walkers=4000, seed=3)
        assert walked.check().ok


def test_what_does_not_change_is_the_stationary_part():
    rod = heat_rod(ENDS["wall and value"], n=16)
    found = solve(rod, mode="steady", method="chain")
    np.testing.assert_allclose(found.density[0][:-1], rod.exact(np.inf, found.x)[:-1], atol=1e-10)


def test_what_has_no_exact_solution_is_refused():
    for boundary, message in (
        (
            {"trap": {"where": [3]}},
            "boundary of a heat_rod is that of its ends, of which the exact",
        ),
        ({"x-": "periodic"}, "boundary is periodic on one side of an axis only"),
        ("warm", "boundary must be one of 'reflect', 'neumann', 'absorb'"),
        ({"x-": {"value": lambda x: np.nan}}, "value(x) must be a finite number, got nan"),
    ):
        with pytest.raises(InputError, match=re.escape(message)):
            heat_rod(boundary)
    assert isinstance(heat_rod({"x-": "absorb"}).domain, Interval)
    assert isinstance(heat_rod(MIXED), Problem)
