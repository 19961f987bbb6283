"""What pictures of diffusion show: their curves, cells, faces, limits and labels."""

import sys
from types import ModuleType, SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

from spikealg import diffusion
from spikealg.diffusion import Disk, Interval, Problem, Sphere, Torus, TriangleMesh, solve
from spikealg.errors import InputError, MissingExtraError
from tests.helpers import tiles

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.colors import LogNorm


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


def titles(axes):
    return [ax.get_title(loc="left") for ax in axes]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def colours_of(collection):
    """Return the colours of faces in their own order, not in that of their depth."""
    return collection._facecolor3d


@pytest.fixture(scope="module")
def sphere():
    return solve(diffusion.sphere_heat(2), t_eval=[0.1, 0.25], method="chain")


def test_names_of_units_are_in_titles_and_labels():
    names = {"length": "mm", "time": "s", "mass": "mol"}
    solution = solve(diffusion.heat_rod(), method="montecarlo", walkers=2_000)
    (ax,) = solution.plot(units=names).axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x [mm]", "density [mol/mm]")
    assert legend(ax)[0] == "t = 0.125 s"
    assert ax.get_title(loc="left") == "2 000 walkers by Monte Carlo without spikes"
    with pytest.raises(InputError, match="a key of units must be one of"):
        solution.plot(units={"space": "mm"})


def test_steady_maps_are_linear_and_say_so():
    solution = solve(diffusion.poisson_disk(10), method="chain")
    ax, bar = solution.plot(units={"length": "m"}).axes
    (image,) = ax.images
    assert titles([ax]) == ["steady"]
    assert bar.get_ylabel() == "density [1/m²]"
    assert image.norm.vmin == 0
    assert image.norm.vmax == pytest.approx(0.25, rel=0.01)
    np.testing.assert_array_equal(image.get_array().filled(np.nan), solution.grid()[0].T)


def test_a_density_over_directions_is_one_per_length():
    beams = Problem(diffusion.PhaseSpace(0, 1, 4), initial=lambda x: 1 + 0 * x[:, 0])
    solution = solve(beams, 0.1, method="chain")
    assert solution.plot(units={"length": "m"}).axes[0].get_ylabel() == "density [1/m]"


def test_values_of_both_signs_are_red_and_blue_about_0():
    problem = Problem(Disk(1.0, 8), diffusivity=1.0, initial=lambda x: x[:, 0], boundary="absorb")
    solution = solve(problem, 0.05, method="chain")
    (image,) = solution.plot().axes[0].images
    assert image.norm.vmin == -image.norm.vmax
    assert image.norm.vmax == pytest.approx(solution.density.max())
    with pytest.raises(InputError, match='scale must be "linear" or "auto" for values of which'):
        solution.plot(scale="log")


def test_colours_tell_decades_where_walkers_are_close_together():
    problem = Problem(Disk(1.0, 20), diffusivity=1.0, initial=(0.0, 0.0))
    solution = solve(problem, 1.0, t_eval=[0.01, 1.0], method="chain")
    early, late = (solution.plot(times=t).axes[0].images[0].norm for t in (0.01, 1.0))
    assert isinstance(early, LogNorm)
    assert early.vmax / early.vmin == pytest.approx(1000)
    assert not isinstance(late, LogNorm)


def test_a_surface_is_coloured_face_by_face(sphere):
    *panels, bar = sphere.plot(units={"length": "m"}).axes
    assert titles(panels) == ["t = 0.1", "t = 0.25"]
    assert panels[0].get_zlabel() == "z [m]"
    assert bar.get_ylabel() == "density [1/m²]"
    bar.figure.canvas.draw()
    labels = [ax.zaxis.label.get_window_extent() for ax in panels]
    assert max(label.x1 for label in labels) < bar.get_window_extent().x0
    faces = sphere.problem.domain.faces
    for k, ax in enumerate(panels):
        (collection,) = ax.collections
        colours = colours_of(collection)
        assert len(colours) == len(faces) == 320
        # What is lit alike is coloured by the value alone.
        mean = sphere.density[k][faces].mean(axis=1)
        full = plt.get_cmap("viridis")(mean / sphere.density.max())
        dimmed = colours[:, :3] / full[:, :3]
        np.testing.assert_allclose(dimmed, np.broadcast_to(dimmed[:, :1], dimmed.shape))
        assert dimmed.min() >= 0.55 - 1e-9
        assert dimmed.max() <= 1 + 1e-9


def test_a_surface_may_lie_in_the_plane_and_stand_on_another_axis(sphere):
    points, faces = tiles(4)
    flat = TriangleMesh(points, faces)
    solution = solve(Problem(flat, diffusivity=1.0, initial=points[0]), 0.1, method="chain")
    ax, _ = solution.plot().axes
    assert ax.name == "rectilinear"
    assert len(ax.collections[0].get_paths()) == len(faces)
    assert ax.get_xlim() == (points[:, 0].min(), points[:, 0].max())

    ax, _ = sphere.plot(times=0.25, up="y", view=(10, 20)).axes
    assert (ax.elev, ax.azim, ax._vertical_axis) == (10, 20, 1)
    with pytest.raises(InputError, match="up must be one of"):
        sphere.plot(up="w")


def test_faces_without_walkers_are_grey():
    ring = Problem(Torus(1.0, 0.4, 12), diffusivity=1.0, initial=(1.4, 0.0, 0.0))
    solution = solve(ring, 0.01, method="montecarlo", walkers=200)
    colours = colours_of(solution.plot(scale="log").axes[0].collections[0])
    empty = (solution.counts[0][ring.domain.faces] == 0).all(axis=1)
    assert 0 < empty.sum() < len(empty)
    grey = np.isclose(colours[:, 0] / colours[:, 2], 0.86 / 0.88)
    np.testing.assert_array_equal(grey, empty)


def test_values_at_points_have_error_bars_beside_the_exact_curve():
    call = diffusion.black_scholes_call()
    points = np.log([90.0, 100.0, 110.0])
    solution = solve(call, at=list(points), method="montecarlo", walkers=900)
    (ax,) = solution.plot(units={"value": "€"}).axes
    assert ax.get_ylabel() == "value [€]"
    assert legend(ax) == ["exact", "value ± 2 standard errors"]
    dots, caps, (bars,) = ax.containers[0]
    np.testing.assert_allclose(dots.get_xdata(), points)
    np.testing.assert_array_equal(dots.get_ydata(), solution.value)
    assert len(caps) == 2
    length = np.diff([segment[:, 1] for segment in bars.get_segments()]).ravel()
    np.testing.assert_allclose(length, 4 * solution.value_stderr)
    exact = ax.lines[-1]
    np.testing.assert_allclose(exact.get_ydata(), call.exact(1.0, exact.get_xdata()))
    assert ax.get_xlim()[0] > call.x[0]


def test_values_at_points_of_a_plane_stand_side_by_side():
    disk = Problem(
        Disk(1.0, 10), diffusivity=1.0, boundary="absorb", source=1.0, payoff=0.0,
        at=[(0.0, 0.0), (0.5, 0.0)], t_span=(0, np.inf), mode="backward",
        exact=lambda t, x: (1 - (x**2).sum(axis=1)) / 4,
    )  # fmt: skip
    solution = solve(disk, method="chain")
    (ax,) = solution.plot().axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["(0, 0)", "(0.5, 0)"]
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), [0.25, 0.1875])


def test_values_of_all_vertices_are_a_curve():
    problem = Problem(
        Interval(0, 1, 8), sigma=1.0, payoff=lambda x: x, t_span=0.1, exact=lambda t, x: x + 0 * t
    )
    solution = solve(problem, method="chain")
    (ax,) = solution.plot().axes
    assert legend(ax) == ["value at t = 0", "exact"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), solution.value)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), problem.x)


def test_phase_space_has_a_curve_per_direction_and_the_fluence(tmp_path):
    solution = solve(diffusion.slab_fluence(10), method="montecarlo", walkers=2_000)
    solution.save(tmp_path / "slab.npz")
    for shown in (solution, diffusion.load(tmp_path / "slab.npz")):
        (ax,) = shown.plot().axes
        assert legend(ax) == ["ω = −1", "ω = 1", "fluence", "± 2 standard errors", "exact"]
        left, right, fluence, exact = (line.get_ydata() for line in ax.lines)
        np.testing.assert_array_equal(left, solution.density[0, ::2])
        np.testing.assert_array_equal(right, solution.density[0, 1::2])
        space = solution.problem.domain
        np.testing.assert_allclose(fluence, space.fluence(solution.density)[0])
        np.testing.assert_allclose(
            exact, space.fluence(solution.problem.exact(np.inf, solution.x)), rtol=1e-12
        )


def test_nothing_is_left_to_draw_once_all_have_left():
    solution = solve(diffusion.gamblers_ruin(), (0, np.inf), method="montecarlo", walkers=100)
    with pytest.raises(InputError, match=r"draw solution\.first_passage\(\)\.plot\(\)"):
        solution.plot()


class Recorder:
    """Stands for PyVista: keeps what it is asked for."""

    def __init__(self):
        self.camera, self.calls = SimpleNamespace(up=None), {}

    def __getattr__(self, name):
        return lambda *args, **options: self.calls.__setitem__(name, (args, options))


def test_pyvista_gets_points_faces_and_colours(sphere, monkeypatch):
    class PolyData:
        def __init__(self, points, faces):
            self.points, self.faces, self.point_data = points, faces, {}

    module = ModuleType("pyvista")
    module.PolyData, module.Plotter = PolyData, Recorder
    monkeypatch.setitem(sys.modules, "pyvista", module)
    plotter = sphere.plot(backend="pyvista", times=[0.1], up="y")
    (mesh,), options = plotter.calls["add_mesh"]
    np.testing.assert_array_equal(mesh.points, sphere.x)
    faces = mesh.faces.reshape(-1, 4)
    assert set(faces[:, 0]) == {3}
    np.testing.assert_array_equal(faces[:, 1:], sphere.problem.domain.faces)
    np.testing.assert_array_equal(mesh.point_data["density"], sphere.density[0])
    assert options["clim"] == (0, sphere.density[0].max())
    assert plotter.camera.up == (0.0, 1.0, 0.0)
    assert plotter.calls["add_text"][0][0].startswith("t = 0.1")
    rod = solve(diffusion.heat_rod(), method="chain")
    with pytest.raises(InputError, match="draws surfaces of triangles"):
        rod.plot(backend="pyvista")


def test_without_pyvista_the_error_says_how_to_get_it(sphere, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvista", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spikealg\[pyvista\]'"):
        sphere.plot(backend="pyvista")


def test_a_closed_sphere_keeps_its_shape():
    solution = solve(
        Problem(Sphere(2.0, 1), diffusivity=1.0, initial=(2, 0, 0)), 0.1, method="chain"
    )
    ax, _ = solution.plot().axes
    limits = np.array([ax.get_xlim(), ax.get_ylim(), ax.get_zlim()])
    scale = np.diff(limits).ravel() / np.ptp(solution.x, axis=0)
    np.testing.assert_allclose(scale, scale[0])
    np.testing.assert_allclose(ax._box_aspect / ax._box_aspect[0], 1)
