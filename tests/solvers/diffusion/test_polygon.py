"""Polygons: what is water, how far the shore is, and how exact an absorbing shore is."""

from __future__ import annotations

import json
import logging
import re

import numpy as np
import pytest
import shapely
from scipy.sparse.linalg import eigs, spsolve
from scipy.special import jn_zeros

from spikealg.errors import FileFormatError, InputError, InputTypeError
from spikealg.solvers.diffusion.domains.polygon import Polygon, lake
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.walks import chain
from tests.helpers import ISLAND

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}


def disk(corners=4000):
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return {
        "type": "Polygon",
        "coordinates": [np.stack([np.cos(angle), np.sin(angle)], axis=1).tolist()],
    }


def test_vertices_and_distances_agree_with_shapely():
    shape = shapely.geometry.shape(ISLAND)
    domain = Polygon(ISLAND, n=23)
    axes = domain.mesh().axes
    inside = np.isfinite(domain.mesh().grid(np.zeros(len(domain.x))))
    for i, x in enumerate(axes[0]):
        for j, y in enumerate(axes[1]):
            assert inside[i, j] == shape.contains(shapely.Point(x, y))
    assert Polygon(shape, n=23).x.tolist() == domain.x.tolist()

    rates = Problem(domain, diffusivity=1.0).rates
    between = rates.between.toarray() > 0
    for v, p in enumerate(domain.x):
        near = np.flatnonzero(np.isclose(np.abs(domain.x - p).sum(axis=1), domain.dx))
        for w in near:
            line = shapely.LineString([p, domain.x[w]])
            assert between[v, w] == shape.contains(line)
        assert between[v].sum() == between[v, near].sum()


def test_rates_to_an_absorbing_shore():
    shape = shapely.geometry.shape(ISLAND)
    domain = Polygon(ISLAND, n=23)
    rates = Problem(domain, diffusivity=2.0, boundary="absorb").rates
    far = 10.0
    for v, p in enumerate(domain.x):
        gaps = []
        for way in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            ray = shapely.LineString([p, p + far * np.array(way)])
            gaps.append(shape.boundary.intersection(ray).distance(shapely.Point(p)))
        assert rates.live[v] == (min(gaps) > 0.2499999 * domain.dx)
        if rates.live[v]:
            linked = rates.between[[v]].indices
            free = {tuple(np.rint((domain.x[w] - p) / domain.dx).astype(int)) for w in linked}
            ways = ((-1, 0), (1, 0), (0, -1), (0, 1))
            ashore = sum(
                2.0 / (domain.dx * gap)
                for way, gap in zip(ways, gaps, strict=True)
                if way not in free
            )
            assert rates.exits[v, 0] == pytest.approx(ashore)


def test_the_absorbing_disk_is_of_order_two():
    """Poisson ∇²u = −1: (1 − r²)/4; slowest decay: the first zero of J0 squared."""
    slowest = jn_zeros(0, 1)[0] ** 2
    errors, decays = [], []
    for n in (20, 40, 80):
        rates = Problem(Polygon(disk(), n=n), diffusivity=1.0, boundary="absorb").rates
        live = np.flatnonzero(rates.live)
        generator = rates.generator[live][:, live]
        u = spsolve(-generator.T.tocsc(), np.ones(len(live)))
        errors.append(np.abs(u - (1 - (rates.x[live] ** 2).sum(axis=1)) / 4).max())
        found = eigs(generator.T.tocsc(), k=1, sigma=-slowest, return_eigenvectors=False)[0].real
        decays.append(abs(-found / slowest - 1))
    assert errors[-1] < 4e-5
    assert np.log2(errors[0] / errors[-1]) / 2 > 1.7
    assert decays[-1] < 2e-4
    assert np.log2(decays[0] / decays[-1]) / 2 == pytest.approx(2, abs=0.1)


def test_heat_leaves_the_disk_as_bessel_says():
    slowest = jn_zeros(0, 1)[0] ** 2
    problem = Problem(
        Polygon(disk(), n=40),
        diffusivity=1.0,
        boundary="absorb",
        initial=lambda x: np.maximum(1 - (x**2).sum(axis=1), 0),
    )
    dt = problem.rates.choose_dt()
    steps = np.array([round(0.3 / dt), round(0.6 / dt)])
    mass = chain.walk(problem.rates.transition(dt), problem.start.probability, steps).counts.sum(1)
    rate = -np.log(mass[1] / mass[0]) / ((steps[1] - steps[0]) * dt)
    assert rate == pytest.approx(slowest, rel=2e-3)


def test_lake_superior_in_metres(caplog):
    domain = lake("Lake Superior", dx=4000)
    assert len(domain.x) == pytest.approx(5100, rel=0.02)
    assert len(domain.x) * domain.dx**2 == pytest.approx(8.2e10, rel=0.02)  # [m²]
    spill = domain.project((-88.2, 47.6))
    np.testing.assert_allclose(domain.unproject(spill), (-88.2, 47.6), atol=1e-9)
    assert domain.contains(spill)
    # Along a meridian distances are nearly true: 1° of latitude is 111.2 km.
    apart = domain.project([(-87.5, 47.2), (-87.5, 48.2)])
    assert np.hypot(*(apart[1] - apart[0])) == pytest.approx(111_195, rel=1e-3)
    assert not domain.contains(domain.project((-88.9, 48.0)))  # Isle Royale
    with caplog.at_level(logging.WARNING):
        problem = Problem(
            domain,
            diffusivity=100.0,
            initial=lambda x: np.hypot(*(x - spill).T) < 10_000.0,
        )
    dropped = len(domain.x) - np.count_nonzero(problem.rates.live)
    assert 0 < dropped < 100
    assert f"{dropped} of {len(domain.x)} vertices cannot be reached" in caplog.text
    assert problem.start.total == pytest.approx(np.pi * 1e8, rel=0.03)


def test_areas_are_kept_by_the_projection():
    ring = [[10, 60], [12, 60], [12, 61], [10, 61], [10, 60]]
    domain = Polygon({"type": "Polygon", "coordinates": [ring]}, n=400, crs="lonlat")
    exact = 6_371_007.181**2 * np.radians(2) * (np.sin(np.radians(61)) - np.sin(np.radians(60)))
    # The edges are straight on the map and not along the parallels, hence not 1e-6.
    assert len(domain.x) * domain.dx**2 == pytest.approx(exact, rel=2e-3)


def test_a_polygon_across_the_date_line():
    ring = [[179, 0], [-179, 0], [-179, 1], [179, 1], [179, 0]]
    domain = Polygon({"type": "Polygon", "coordinates": [ring]}, n=20, crs="lonlat")
    assert np.ptp(domain.x[:, 0]) < 250e3
    assert domain.contains(domain.project((180, 0.5)))


def test_several_polygons_and_pieces_out_of_reach(caplog):
    two = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)])
    domain = Polygon(two, dx=0.1)
    assert len(domain.x) == 200
    with caplog.at_level(logging.WARNING):
        problem = Problem(domain, diffusivity=1.0, initial=(0.5, 0.5))
    assert "100 of 200 vertices cannot be reached from the start and are left out" in caplog.text
    assert problem.rates.live[domain.x[:, 0] < 1].all()
    assert not problem.rates.live[domain.x[:, 0] > 2].any()


def test_a_point_does_not_leak_through_land():
    wall = {
        "type": "Polygon",
        "coordinates": [
            *SQUARE["coordinates"],
            [[0.49, 0.2], [0.51, 0.2], [0.51, 1], [0.49, 1], [0.49, 0.2]],
        ],
    }
    domain = Polygon(wall, n=10)
    start = Problem(domain, diffusivity=1.0, initial=(0.47, 0.7)).start.probability
    assert (domain.x[start > 0, 0] < 0.5).all()


def test_even_factors_are_refused():
    with pytest.raises(
        InputError, match="factor must be odd, so that cell centres are kept, got 2"
    ):
        Polygon(SQUARE, n=4).refine(2)


BAD = [
    ((SQUARE,), {}, "give either dx or n: the side of a cell, or how many along the shape"),
    ((SQUARE, 0.1), {"n": 3}, "give either dx or n"),
    ((SQUARE, -1.0), {}, "dx must be a finite number above 0, got -1.0"),
    ((SQUARE, float("nan")), {}, "dx must be a finite number above 0, got nan"),
    ((SQUARE, 0.1), {"crs": "EPSG:4326"}, "crs must be None or 'lonlat', got 'EPSG:4326'"),
    (({"type": "Point", "coordinates": [0, 0]}, 1), {}, "geometry must be a GeoJSON Polygon"),
    ((7, 1), {}, "geometry must be a GeoJSON Polygon, MultiPolygon or Feature, the path"),
    (({"type": "Polygon", "coordinates": []}, 1), {}, "geometry is empty: it has no ring"),
    (
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, 1),
        {},
        "ring 0 of polygon 0 of geometry needs at least three different points",
    ),
    (
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, float("nan")], [0, 1]]]}, 1),
        {},
        "ring 0 of polygon 0 of geometry has a point that is not finite",
    ),
    (
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 95], [0, 1]]]}, 1),
        {"crs": "lonlat"},
        "must hold (longitude, latitude) in degrees, got [1.0, 95.0]",
    ),
    (
        ({"type": "FeatureCollection", "features": [{}, {}]}, 1),
        {},
        "geometry must be one feature, got a FeatureCollection of 2",
    ),
    (
        (shapely.box(0, 0, 1, 1).difference(shapely.box(0.1, 0.1, 0.9, 0.9)), 1.0),
        {},
        "no cell centre lies in the polygon with dx = 1: take a smaller dx",
    ),
]


@pytest.mark.parametrize(("arguments", "settings", "message"), BAD)
def test_bad_polygons(arguments, settings, message):
    with pytest.raises((InputError, InputTypeError), match=re.escape(message)):
        Polygon(*arguments, **settings)


def test_files(tmp_path):
    path = tmp_path / "shape.geojson"
    path.write_text(json.dumps(SQUARE))
    assert len(Polygon.from_file(path, n=4).x) == len(Polygon(str(path), n=4).x) == 16
    path.write_text("{")
    with pytest.raises(FileFormatError, match=r"shape\.geojson' is not GeoJSON: "):
        Polygon.from_file(path, n=4)
    path.write_text("[]")
    with pytest.raises(FileFormatError, match="is not GeoJSON: it has no 'type'"):
        Polygon.from_file(path, n=4)
    path.write_text(json.dumps({"type": "FeatureCollection"}))
    with pytest.raises(FileFormatError, match="is not GeoJSON: it has no list of 'features'"):
        Polygon.from_file(path, n=4)
    with pytest.raises(InputError, match=r"cannot read .*missing\.geojson': No such file"):
        Polygon.from_file(tmp_path / "missing.geojson", n=4)
    with pytest.raises(InputError, match="has no feature with the name 'Loch Ness': name one of "):
        lake("Loch Ness", dx=1000)


def test_starts_on_land_and_boundaries_without_meaning():
    domain = Polygon(ISLAND, n=14)
    for point in ((1.9, 1.2), (5.0, 1.0)):
        with pytest.raises(
            InputError, match=r"initial point .* lies outside the polygon, on land$"
        ):
            Problem(domain, diffusivity=1.0, initial=point)
    superior = lake("Lake Superior", dx=20_000)
    degrees = r"\(-88.2, 47.6\) looks like longitude and latitude, .* give domain.project"
    for longitude in (-88.2, 271.8):
        with pytest.raises(InputError, match=degrees.replace("-88.2", str(longitude))):
            Problem(superior, diffusivity=1.0, initial=(longitude, 47.6))
    with pytest.raises(InputError, match=r"on land \(positions are metres: domain.project"):
        Problem(superior, diffusivity=1.0, initial=superior.project((-95, 47)))
    with pytest.raises(
        InputError, match="boundary must be one of 'reflect', 'neumann', 'absorb', "
    ):
        Problem(domain, diffusivity=1.0, boundary="periodic")
    with pytest.raises(InputError, match="boundary has no side 'x-': the sides are 'shore'"):
        Problem(domain, diffusivity=1.0, boundary={"x-": "absorb"})
    with pytest.raises(InputError, match="this polygon has no projection: make it with crs="):
        domain.project((0, 0))
    with pytest.raises(InputError, match=r"too strong for the mesh: .* take dx <= 0.1 or"):
        Problem(domain, diffusivity=1.0, drift=(20.0, 0.0))
    narrow = Polygon(shapely.box(0, 0, 1, 1).union(shapely.box(1, 0.01, 3, 0.02)), dx=0.5)
    with pytest.raises(
        InputError, match=r"is in water too narrow for dx = 0\.5: no cell centre is"
    ):
        Problem(narrow, diffusivity=1.0, initial=(2.4, 0.015))
