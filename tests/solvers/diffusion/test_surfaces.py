"""Surfaces of triangles: geometry against formulas, files, and what is refused."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest

from spikealg.diffusion import (
    Box,
    Interval,
    Problem,
    Sphere,
    Torus,
    TriangleMesh,
    solve,
    sphere_heat,
)
from spikealg.errors import FileFormatError, InputError
from spikealg.solvers.diffusion.domains.delaunay import flip_to_delaunay
from tests.helpers import tiles


def lengths_of(x, faces):
    return np.linalg.norm(x[np.roll(faces, -1, axis=1)] - x[faces], axis=2)


def naive_weights(x, faces):
    """Cotangent weights of the triangles as they are, (V, V)."""
    weights = np.zeros((len(x), len(x)))
    for face in faces:
        for k in range(3):
            a, b, c = face[k], face[(k + 1) % 3], face[(k + 2) % 3]
            u, v = x[a] - x[c], x[b] - x[c]
            area = np.sqrt(max(u @ u * (v @ v) - (u @ v) ** 2, 0))
            weights[a, b] += 0.5 * (u @ v) / area
            weights[b, a] += 0.5 * (u @ v) / area
    return weights


def test_good_triangles_keep_their_weights():
    mesh = Sphere(1.0, 2)
    assert mesh.flips == 0
    np.testing.assert_allclose(
        mesh._weights.toarray(), naive_weights(mesh.x, mesh.faces), atol=1e-9
    )


def test_a_flat_pair_of_triangles_is_flipped_as_delaunay_says():
    # A kite: its long diagonal is flipped to the short one, whose weight is positive.
    x = np.array([[0.0, 0], [4, 0], [2, 0.5], [2, -0.5]])
    faces = np.array([[0, 1, 2], [1, 0, 3]])
    flipped, lengths, flips = flip_to_delaunay(faces, lengths_of(x, faces))
    assert flips >= 1
    inner = {tuple(sorted(face[[k, (k + 1) % 3]])) for face in flipped for k in range(3)}
    assert (0, 1) not in inner
    assert (2, 3) in inner
    assert lengths.min() == pytest.approx(1.0)


def test_flat_sheets_are_exact_for_straight_lines():
    # x is harmonic on any triangulation of a flat sheet, with slope 1 across the rim at x = 0, 1:
    # Delaunay or not, cotangent weights reproduce it.
    rng = np.random.default_rng(0)
    points, faces = tiles(9)
    inner = (points > 1e-9).all(axis=1) & (points < 1 - 1e-9).all(axis=1)
    points[inner] += rng.uniform(-0.03, 0.03, (inner.sum(), 2))
    ends = {"left": {"where": lambda x: x[:, 0] < 1e-9, "value": 0.0},
            "right": {"where": lambda x: x[:, 0] > 1 - 1e-9, "value": 1.0}}  # fmt: skip
    mesh = TriangleMesh(points, faces)
    assert mesh.flips > 0
    assert mesh.mass.sum() == pytest.approx(1)
    problem = Problem(mesh, diffusivity=2.0, boundary=ends, mode="steady")
    found = solve(problem, method="chain").density[0]
    np.testing.assert_allclose(found, points[:, 0], atol=1e-9)


def test_the_rim_may_absorb_or_have_a_flux():
    mesh = TriangleMesh(*tiles(17))
    assert mesh.rim.sum() == pytest.approx(4)
    held = Problem(mesh, diffusivity=1.0, source=1.0, boundary={"rim": "absorb"}, mode="steady")
    middle = solve(held, method="chain").density[0].max()
    assert middle == pytest.approx(0.0736713, rel=0.02)
    fed = Problem(
        mesh, diffusivity=1.0, killing=1.0, boundary={"rim": {"derivative": 0.5}}, mode="steady"
    )
    found = solve(fed, method="chain")
    assert found.absorbed[0] == pytest.approx(2.0)


def test_heat_on_a_sphere_is_of_order_two():
    errors = []
    for k in (1, 2, 3):
        solution = solve(sphere_heat(k), dt=0.25 / (8 * 4**k), method="chain")
        errors.append(solution.check().chain.relative_l2[0])
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(orders, 2, atol=0.25)
    assert Sphere(2.0, 3).mass.sum() == pytest.approx(16 * np.pi, rel=6e-3)
    assert len(Sphere(1.0, 3).x) == 10 * 4**3 + 2


def test_a_torus_closes_around_both_ways():
    torus = Torus(1.0, 0.4, n=40)
    assert not torus.rim.any()
    assert torus.mass.sum() == pytest.approx(4 * np.pi**2 * 0.4, rel=0.015)
    # A wave around a thin tube fades as on a ring of its length.
    thin = Torus(1.0, 0.02, n=24, m=6)
    wave = Problem(thin, diffusivity=1.0, initial=lambda x: 2 + x[:, 0], t_span=0.3)
    found = solve(wave, method="chain")
    first = found.expectation(lambda x: x[:, 0]).value[0]
    start = Problem(thin, diffusivity=1.0, initial=lambda x: 2 + x[:, 0]).start
    assert first / (start.total * start.probability @ thin.x[:, 0]) == pytest.approx(
        np.exp(-0.3), rel=0.02
    )


@pytest.mark.parametrize(
    "make", [lambda: Torus(n=9), lambda: Sphere(1, 1), lambda: TriangleMesh(*tiles(5))]
)
def test_refined_surfaces_keep_every_vertex(make):
    coarse = make()
    fine = coarse.refine()
    kept = coarse.mesh().restrict(fine.mesh(), fine.x.T).T
    np.testing.assert_allclose(kept, coarse.x, atol=1e-12)
    assert len(fine.faces) == 4 * len(coarse.faces)


def test_fast_vertices_may_be_slowed(caplog):
    points, faces = tiles(9)
    points[40] += (0.1, 0.09)
    fast = Problem(TriangleMesh(points, faces), diffusivity=1.0).rates
    with caplog.at_level(logging.INFO):
        slow = Problem(TriangleMesh(points, faces, max_rate="p90"), diffusivity=1.0).rates
    assert "enlarges the mass of" in caplog.text
    assert slow.max_rate == pytest.approx(np.percentile(fast.out, 90))
    limit = TriangleMesh(points, faces, max_rate=500.0)
    assert Problem(limit, diffusivity=1.0).rates.max_rate == pytest.approx(500)
    assert Problem(limit.refine(), diffusivity=1.0).rates.max_rate == pytest.approx(2000)
    with pytest.raises(InputError, match="max_rate must be a number, or a percentile such as 'p9"):
        TriangleMesh(points, faces, max_rate="fast")


def test_a_point_is_shared_by_the_corners_of_its_triangle():
    mesh = TriangleMesh(*tiles(6))
    problem = Problem(mesh, diffusivity=1.0, initial=(0.37, 0.61))
    np.testing.assert_allclose(problem.start.probability @ mesh.x, (0.37, 0.61), atol=1e-12)
    at_vertex = Problem(mesh, diffusivity=1.0, initial=mesh.x[8]).start.probability
    assert at_vertex[8] == 1
    with pytest.raises(InputError, match="initial must be a density or a point of 2 numbers"):
        Problem(mesh, diffusivity=1.0, initial=0.5)


def test_coefficients_on_a_surface():
    mesh = TriangleMesh(*tiles(6))
    one = Problem(mesh, diffusivity=lambda x: 1 + x[:, 0]).rates.between
    array = Problem(mesh, diffusivity=1 + mesh.x[:, 0]).rates.between
    np.testing.assert_allclose(one.toarray(), array.toarray())
    sigma = Problem(mesh, sigma=2.0).rates.between
    np.testing.assert_allclose(
        sigma.toarray(), Problem(mesh, diffusivity=2.0).rates.between.toarray()
    )
    with pytest.raises(InputError, match="diffusivity or sigma is needed"):
        Problem(mesh)


def turned(x, angle, axis):
    """Positions (V, 3) turned around an axis (Rodrigues' formula)."""
    axis = axis / np.linalg.norm(axis)
    part = np.outer(x @ axis, axis)
    return part + (x - part) * np.cos(angle) + np.cross(axis, x) * np.sin(angle)


@pytest.mark.parametrize(("scheme", "order"), [("central", 1.7), ("upwind", 0.9)])
def test_heat_on_a_sphere_that_turns(scheme, order):
    # Turning and spreading commute: spherical harmonics decay as e^(−l(l + 1)Dt) and turn.
    axis, diffusivity, t = np.array([0.3, -0.5, 0.8]), 0.3, 0.6
    size, errors = float(np.linalg.norm(axis)), []
    for subdivisions in (3, 4):
        problem = Problem(
            Sphere(1.0, subdivisions),
            diffusivity=diffusivity,
            drift=lambda x: np.cross(axis, x) + 0.5 * x,  # what points outward does not count
            initial=lambda x: 1 + x[:, 0] + 0.5 * x[:, 0] * x[:, 1],
            drift_scheme=scheme,
        )
        found = solve(problem, t, dt=2e-4, method="chain")
        assert found.mass[0] == pytest.approx(4 * np.pi, rel=0.05)
        y = turned(problem.x, -size * t, axis)
        exact = 1 + np.exp(-2 * diffusivity * t) * y[:, 0]
        exact += 0.5 * np.exp(-6 * diffusivity * t) * y[:, 0] * y[:, 1]
        off = (found.density[-1] - exact) ** 2 @ problem.mesh.mass
        errors.append(np.sqrt(off / problem.mesh.mass.sum()))
    assert np.log2(errors[0] / errors[1]) > order
    assert errors[1] < 0.03


def test_drift_on_a_sheet_of_squares_is_that_of_a_box():
    n = 8
    box = Box((0, 0), (1, 1), n)
    x = box.mesh("reflect").x
    corner = np.arange(len(x)).reshape(n + 1, n + 1)
    a, b, c, d = (part.ravel() for part in (corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:],
                                            corner[:-1, 1:]))  # fmt: skip
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    drift = np.random.default_rng(5).uniform(-3, 3, x.shape)
    inner = ((x > 0.01) & (x < 0.99)).all(axis=1)
    for scheme in ("central", "upwind"):
        lattice, sheet = (
            Problem(domain, diffusivity=0.7, drift=drift, drift_scheme=scheme).rates.between
            for domain in (box, TriangleMesh(x, faces))
        )
        np.testing.assert_allclose(sheet.toarray()[inner], lattice.toarray()[inner], atol=1e-9)


def test_drift_does_not_ask_which_way_triangles_face():
    sphere = Sphere(1.0, 2)
    faces = sphere.faces.copy()
    faces[::3] = faces[::3, ::-1]
    both = [
        Problem(mesh, sigma=1.0, drift=(0.4, -0.2, 0.3)).rates.between.toarray()
        for mesh in (sphere, TriangleMesh(sphere.x, faces))
    ]
    np.testing.assert_allclose(*both, atol=1e-9)


def test_drift_too_strong_for_a_surface_is_refused():
    mesh = TriangleMesh(*tiles(4))
    message = (
        r"drift at vertex .* is too strong for the mesh: \|drift\| along an edge, times its "
        r"length, is [0-9.]+ and must be at most sigma\*\*2 \(2 \* diffusivity\) = 2: take a finer "
        r"surface, such as domain.refine\(\), or drift_scheme='upwind'$"
    )
    with pytest.raises(InputError, match=message):
        Problem(mesh, diffusivity=1.0, drift=(100.0, 0.0))
    Problem(mesh, drift=(100.0, 0.0), drift_scheme="upwind")
    with pytest.raises(InputError, match=r"drift must be shape \(2,\) or shape \(.*, 2\), got"):
        Problem(mesh, diffusivity=1.0, drift=(1.0, 0.0, 0.0))


def test_spikes_drift_over_a_sphere():
    # One χ² test of the circuit against the chain: it fails wrongly once in a thousand times.
    problem = Problem(
        Sphere(1.0, 2), diffusivity=0.3, drift=lambda x: np.cross([0, 0, 1.0], x), initial=(1, 0, 0)
    )
    found = solve(problem, 0.5, walkers=20_000, seed=2)
    assert found.check().circuit.p_value > 1e-3


def test_files(tmp_path, caplog):
    path = tmp_path / "pyramid.obj"
    path.write_text(
        "# a pyramid on a square\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0.5 0.5 1\nv 9 9 9\n"
        "vt 0 0\nf 1/1 2/1/1 3//1 4\nf 5 -6 2\nf 2 3 5\nf 3 4 5\nf 4 1 5\n".replace("-6", "1")
    )
    mesh = TriangleMesh.from_file(path)
    assert mesh.x.shape == (5, 3)
    assert len(mesh.faces) == 6
    assert "1 of 6 points belong to no triangle and are dropped" in caplog.text
    path.write_text("v 0 0 0\nf 1 2 3\n")
    with pytest.raises(FileFormatError, match=r"line 2: 'f 1 2 3' \(a corner is not among the ve"):
        TriangleMesh.from_file(path)
    path.write_text("v 0 0 0\n")
    with pytest.raises(FileFormatError, match="holds no triangles"):
        TriangleMesh.from_file(path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        TriangleMesh.from_file(tmp_path / "none.obj")


def test_files_of_meshio(tmp_path):
    meshio = pytest.importorskip("meshio")
    points, faces = tiles(4)
    flat = np.column_stack([points, np.zeros(len(points))])
    meshio.Mesh(flat, [("triangle", faces)]).write(tmp_path / "sheet.vtk")
    mesh = TriangleMesh.from_file(tmp_path / "sheet.vtk")
    np.testing.assert_allclose(mesh.x, flat)
    np.testing.assert_array_equal(mesh.faces, faces)


@pytest.mark.skipif("SPIKEALG_DATA" not in os.environ, reason="SPIKEALG_DATA names no folder")
def test_the_bunny_and_spot():
    folder = Path(os.environ["SPIKEALG_DATA"]) / "mesh"
    bunny = TriangleMesh.from_file(folder / "stanford-bunny.obj", max_rate="p99.9")
    assert len(bunny.x) == 34_834
    rates = Problem(bunny, diffusivity=1.0).rates
    assert rates.between.data.min() > 0
    assert rates.max_rate == pytest.approx(7.27e6, rel=0.01)
    assert len(TriangleMesh.from_file(folder / "spot.obj").x) == 2930


REFUSED = [
    (lambda: TriangleMesh(np.zeros((3, 4)), [[0, 1, 2]]), r"points must have shape \(N, 2\) or"),
    (lambda: TriangleMesh(np.eye(3), [[0, 1]]), r"faces must have shape \(F, 3\), got \(1, 2\)"),
    (lambda: TriangleMesh(np.eye(3), [[0, 1, 3]]), r"faces\[0, 2\] must be a whole number from"),
    (lambda: TriangleMesh(np.ones((3, 3)), [[0, 1, 2]]), r"faces\[0\] has two corners in one"),
    (
        lambda: TriangleMesh([[0, 0], [1, 0], [2, 0]], [[0, 1, 2]]),
        "a triangle at vertex . .* has no area: its corners lie on a line; collapse it",
    ),
    (lambda: Torus(1.0, 1.0), "minor must be less than major = 1, got 1: the ring would run into"),
    (lambda: Sphere(1, 1).refine(3), "factor must be a power of 2 on a sphere, got 3"),
    (lambda: TriangleMesh(*tiles(3)).refine(3), "factor must be 2 on a surface of triangles, got"),
    (lambda: Sphere(1, 1).mesh("absorb"), "the surface is closed and has no rim that could"),
    (lambda: Sphere(1, 1).mesh().grid(np.ones(42)), "a surface of triangles is no lattice"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_what_is_no_surface_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_surfaces_are_kept_in_files(tmp_path):
    from spikealg.diffusion import load

    saved = solve(sphere_heat(1), method="montecarlo", walkers=500)
    saved.save(tmp_path / "a.npz")
    loaded = load(tmp_path / "a.npz")
    np.testing.assert_array_equal(loaded.density, saved.density)
    assert loaded.problem.mesh.layout.faces.shape == (80, 3)
    assert Interval(0, 1, 4).mesh().shape == (5,)
