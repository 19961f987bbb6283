"""Shores through which something flows: fluxes and walls that absorb in part."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.diffusion import Ball, Box, Disk, Interval, PhaseSpace, Polygon, Problem, solve
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.scanline import crossed, edges_of, shore_parts
from tests.helpers import refused

FRAME = {
    "type": "Polygon",
    "coordinates": [
        [[0, 0], [3, 0], [3, 2], [0, 2], [0, 0]],
        [[1, 0.5], [2, 0.5], [2, 1.5], [1, 1.5], [1, 0.5]],
    ],
}
"""Outline 10 long, and an island of circumference 4."""


def rounded(n: int) -> Polygon:
    angle = 2 * np.pi * (np.arange(720) + 0.5) / 720
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return Polygon({"type": "Polygon", "coordinates": [ring.tolist()]}, n=n)


@pytest.mark.parametrize(
    ("domain", "area"),
    [
        (Disk(2.0, 20, center=(5.0, 1.0)), 4 * np.pi),
        (Ball(1.5, 12), 9 * np.pi),
        (Polygon(FRAME, dx=0.3), 14.0),
    ],
)
def test_all_that_flows_through_a_shore_comes_in(domain, area):
    start = getattr(domain, "center", (0.5, 0.5))
    problem = Problem(
        domain, diffusivity=0.5, boundary={"shore": {"derivative": 3.0}}, initial=start
    )
    found = solve(problem, 0.01, method="chain")
    assert found.mass[-1] == pytest.approx(1 + 0.5 * 3.0 * area * 0.01, rel=1e-9)


@pytest.mark.parametrize(
    ("make", "sizes", "dimensions", "least"),
    [
        (lambda n: Disk(1.0, n, center=(0.3, 0.1)), (20, 80), 2, 1.2),
        (lambda n: Ball(1.0, n), (8, 32), 3, 1.2),
        (rounded, (20, 80), 2, 1.0),
    ],
)
def test_a_curved_wall_that_absorbs_in_part_converges(make, sizes, dimensions, least):
    # −DΔu = 1, ∂u/∂n + γu = 0 within the unit sphere: u = ((1 − r²)/2d + 1/(γd)) / D.
    errors = []
    for n in sizes:
        problem = Problem(
            make(n),
            diffusivity=2.0,
            source=1.0,
            boundary={"shore": {"type": "mixed", "value": 1.5, "const": 0.0}},
            mode="steady",
        )
        middle = np.array((0.3, 0.1)) if isinstance(problem.domain, Disk) else 0.0
        square = ((problem.x - middle) ** 2).sum(axis=1)
        exact = ((1 - square) / (2 * dimensions) + 1 / (1.5 * dimensions)) / 2
        off = solve(problem, method="chain").density[-1] - exact
        errors.append(np.sqrt(np.mean(off**2)) / exact.max())
    assert np.log(errors[0] / errors[1]) / np.log(sizes[1] / sizes[0]) > least
    assert errors[1] < 0.01


def test_a_straight_wall_half_a_cell_away_is_that_of_a_box():
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}
    errors = []
    for n in (10, 20):
        found = []
        for domain, sides in (
            (Polygon(square, n=n), ["shore"]),
            (Box((0, 0), (1, 1), 2 * n), "xy"),
        ):
            wall = {"type": "mixed", "value": 2.0, "const": 0.7}
            problem = Problem(
                domain, diffusivity=1.0, boundary=dict.fromkeys(sides, wall), source=1.0,
                mode="steady",
            )  # fmt: skip
            found.append(solve(problem, method="chain").density[-1])
        at_centres = found[1].reshape(2 * n + 1, -1)[1::2, 1::2].ravel()
        errors.append(np.abs(found[0] - at_centres).max())
    assert errors[0] < 2e-3
    assert np.log2(errors[0] / errors[1]) > 1.8


@pytest.mark.parametrize("kind", ["fick", "ito"])
def test_a_wall_says_what_flows_drift_included(kind):
    # D = 1 + x/2, b = 0.6 − x, u = 2 + sin 2x. At x− 0.8u leaves of what 0.5 brings, at x+ h comes.
    def u(x):
        return 2 + np.sin(2 * x)

    def flux(x):  # −D u' + bu, or −(Du)' + bu
        return -(1 + x / 2) * 2 * np.cos(2 * x) + (0.6 - x) * u(x) - (kind == "ito") * u(x) / 2

    def source(x):
        slope, bend = 2 * np.cos(2 * x), -4 * np.sin(2 * x)
        spread = (1 + x / 2) * bend + (1 if kind == "ito" else 0.5) * slope
        return u(x) + (0.6 - x) * slope - u(x) - spread

    law = {"diffusivity": lambda x: 1 + x / 2, "sigma": lambda x: np.sqrt(2 + x)}
    name = "diffusivity" if kind == "fick" else "sigma"
    walls = {
        # Inward at 0 flows D(β − γu) = β − 0.8u, and inward at 1 D·h = 1.5h.
        "x-": {"type": "mixed", "value": 0.8, "const": float(flux(0.0) + 0.8 * u(0.0))},
        "x+": {"derivative": float(-flux(1.0) / 1.5)},
    }
    errors = []
    for n in (20, 40):
        problem = Problem(
            Interval(0, 1, n), **{name: law[name]}, drift=lambda x: 0.6 - x, killing=1.0,
            source=source, boundary=walls, mode="steady",
        )  # fmt: skip
        errors.append(np.abs(solve(problem, method="chain").density[-1] - u(problem.x)).max())
    assert errors[0] < 5e-3
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)


def test_backward_a_wall_is_one_on_the_slope_whatever_the_drift():
    # ½w'' + bw' − w + f = 0 with w = 2 + sin 2x, w'(1) = h, −w'(0) + γw(0) = β.
    errors = []
    for n in (20, 40):
        problem = Problem(
            Interval(0, 1, n), sigma=1.0, drift=0.7, killing=1.0, mode="backward", t_span=np.inf,
            source=lambda x: 2 + 3 * np.sin(2 * x) - 1.4 * np.cos(2 * x),
            boundary={
                "x-": {"type": "mixed", "value": 0.8, "const": -2 + 0.8 * 2},
                "x+": {"derivative": 2 * np.cos(2)},
            },
        )  # fmt: skip
        value = solve(problem, method="chain").value
        errors.append(np.abs(value - 2 - np.sin(2 * problem.x)).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)


def test_backward_and_forward_agree_on_a_wall():
    # <payoff, P initial> is <Pᵀ payoff, initial>.
    wall = {"shore": {"type": "mixed", "value": 1.0, "const": 0.0}}

    def payoff(x):
        return 1 + x[:, 0]

    forward = Problem(Disk(1.0, 10), diffusivity=1.0, boundary=wall, initial=(0.2, 0.0))
    backward = Problem(
        Disk(1.0, 10), diffusivity=1.0, boundary=wall, payoff=payoff, at=[(0.2, 0.0)]
    )
    mass = solve(forward, 0.2, method="chain").density[-1] * forward.mesh.mass
    value = solve(backward, 0.2, method="chain").value
    assert value[0] == pytest.approx(mass @ payoff(forward.x), rel=1e-9)


def test_spikes_walk_through_a_wall():
    # One χ² test of the circuit against the chain: it fails wrongly once in a thousand times.
    problem = Problem(
        Polygon(FRAME, dx=0.3),
        diffusivity=0.5,
        boundary={"shore": {"type": "mixed", "value": 2.0, "const": 1.0}},
        initial=(0.5, 0.5),
    )
    found = solve(problem, 0.3, walkers=20_000, seed=1)
    assert found.exited["shore"][-1] > 0
    assert found.check().circuit.p_value > 1e-3


def test_parts_of_a_shore_lie_beside_the_inside():
    rings = [np.array(ring[:4], dtype=float) for ring in FRAME["coordinates"]]
    for turned in (rings, [ring[::-1] for ring in rings]):
        edges = edges_of([*turned, np.full((3, 2), 0.5)])  # and a ring without a length
        places, length, inward, beside = shore_parts(edges, 0.15)
        assert length.sum() == pytest.approx(14)
        for points in (beside, places + 0.1 * inward):
            island = (np.abs(points - [1.5, 1.0]) < 0.5).all(axis=1)
            assert (((points > 0) & (points < [3, 2])).all(axis=1) & ~island).all()


def crosses_by_hand(edge, p, q):
    """Solve p + s(q − p) = a + t(b − a)."""
    a, b = edge[:2], edge[2:]
    s, t = np.linalg.solve(np.stack([q - p, a - b], axis=1), a - p)
    return 0 < s < 1 and 0 < t < 1


def test_ways_that_cross_an_edge():
    rng = np.random.default_rng(1)
    edges, start = rng.uniform(0, 1, (40, 4)), rng.uniform(0, 1, (600, 2))
    end = start + rng.normal(0, 0.1, start.shape)
    expected = [
        any(crosses_by_hand(e, p, q) for e in edges) for p, q in zip(start, end, strict=True)
    ]
    np.testing.assert_array_equal(crossed(edges, start, end), expected)


def flux(geometry, dx=0.1):
    """Mass per time that a flux of 1 brings in at each vertex, and the vertices."""
    problem = Problem(
        Polygon(geometry, dx=dx), diffusivity=1.0, boundary={"shore": {"derivative": 1.0}},
        mode="steady",
    )  # fmt: skip
    return problem.equation.inflow, problem.x


def rectangle(x0, y0, x1, y1):
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


@pytest.mark.parametrize("width", [0.9, 1.0, 1.1])
def test_tiles_that_touch_have_a_wall_between_them(width):
    tiles = [[rectangle(0, 0, 2, 1)], [rectangle(0, 1, width, 2)]]
    inflow, x = flux({"type": "MultiPolygon", "coordinates": tiles})
    lower = x[:, 1] < 1
    # Both sides of the wall are shores of their tile.
    assert inflow[lower].sum() == pytest.approx(6, rel=0.01)
    assert inflow[~lower].sum() == pytest.approx(2 + 2 * width, rel=0.01)
    walled = {
        name: solve(
            Problem(
                Polygon({"type": "MultiPolygon", "coordinates": tiles}, dx=1 / 9),
                diffusivity=1.0,
                source=1.0,
                boundary={"shore": side},
                mode="steady",
            ),
            method="chain",
        ).density.max()
        for name, side in (
            ("absorb", "absorb"),
            ("mixed", {"type": "mixed", "value": 1e6, "const": 0.0}),
        )
    }
    assert walled["mixed"] == pytest.approx(walled["absorb"], rel=0.1)


def test_land_keeps_the_flux_of_two_waters_apart(caplog):
    pond, lake = rectangle(0, 0, 1, 1), rectangle(1.001, 0, 2, 1)
    inflow, x = flux({"type": "MultiPolygon", "coordinates": [[pond], [lake]]}, dx=0.07)
    assert inflow[x[:, 0] < 1].sum() == pytest.approx(4)
    assert inflow[x[:, 0] > 1].sum() == pytest.approx(3.998)
    # A fjord too narrow for vertices gives nothing to a pond beside it.
    fjord = [(0, 0), (1, 0), (1, 1), (0.6, 1), (0.6, 2), (0.58, 2), (0.58, 1), (0, 1)]
    beside = rectangle(0.65, 1.05, 0.95, 2.05)
    inflow, x = flux({"type": "MultiPolygon", "coordinates": [[fjord], [beside]]})
    in_pond = (x[:, 1] > 1) & (x[:, 0] > 0.6)
    assert inflow[in_pond].sum() == pytest.approx(2.6)
    assert "of 8.6 of the shore lies where water is too narrow for vertices" in caplog.text


def test_far_from_the_origin_a_shore_is_as_long():
    angle = 2 * np.pi * np.arange(2000) / 2000
    ring = np.stack([1e7 + np.cos(angle), 1e7 + np.sin(angle)], axis=-1)
    inflow, _ = flux({"type": "Polygon", "coordinates": [ring.tolist()]})
    assert inflow.sum() == pytest.approx(2 * np.pi, rel=1e-5)


def test_what_walls_cannot_do_is_refused():
    flux = {"shore": {"derivative": 1.0}}
    message = (
        "boundary['shore'] with a derivative or a mixed condition needs the same diffusivity along "
        "all axes: give a word or {'value': g}"
    )
    with refused(message, InputError):
        Problem(Disk(1.0, 10), diffusivity=[1.0, 2.0], boundary=flux, initial=(0, 0))
    message = (
        "boundary with a derivative or a mixed condition needs sides of known area, which this "
        "domain does not have: give a word or {'value': g}, or a source= and killing= near the side"
    )
    with refused(message, InputError):
        Problem(PhaseSpace(0, 1, 4), boundary={"x-": {"derivative": 1.0}})
