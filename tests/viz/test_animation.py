import matplotlib as mpl
import networkx as nx
import numpy as np
import pytest
from PIL import Image

from spikealg import diffusion
from spikealg.diffusion import Disk, Graph, Problem, solve
from spikealg.errors import InputError, InputTypeError

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def rod():
    times = [0, 0.05, 0.125]
    return solve(diffusion.heat_rod(n=8), t_eval=times, method="montecarlo", walkers=500)


def frame(animation, k):
    animation._func(k)
    return animation._fig.axes[0]


def test_a_curve_moves_with_its_band_and_the_exact_one(rod, tmp_path):
    animation = rod.animate(tmp_path / "rod.gif", fps=4)
    for k in (2, 1):
        ax = frame(animation, k)
        line, exact = ax.lines
        np.testing.assert_array_equal(line.get_ydata(), rod.density[k])
        np.testing.assert_array_equal(exact.get_ydata(), rod.problem.exact(rod.t[k], rod.x))
        highest = max(path.vertices[:, 1].max() for path in ax.collections[-1].get_paths())
        assert highest == pytest.approx((rod.density[k] + 2 * rod.stderr[k]).max())
        assert ax.get_title(loc="left").startswith(f"t = {rod.t[k]:g}, 500 walkers")
    assert ax.get_ylim()[1] > rod.density.max()
    with Image.open(tmp_path / "rod.gif") as picture:
        assert (picture.n_frames, picture.info["duration"]) == (3, 250)
    assert [path.name for path in tmp_path.iterdir()] == ["rod.gif"]
    for dashed in frame(animation, 0).lines[1:]:
        assert not dashed.get_visible()  # no exact solution is asked for at the start


def test_a_page_has_all_frames(rod, tmp_path):
    rod.animate(tmp_path / "rod.html", times=[0.05, 0.125])
    text = (tmp_path / "rod.html").read_text("utf-8")
    assert text.count("data:image/png;base64") == 2


def test_a_map_moves():
    disk = Problem(Disk(1.0, 8), diffusivity=1.0, initial=(0.0, 0.0))
    solution = solve(disk, 0.2, t_eval=[0.1, 0.2], method="chain")
    animation = solution.animate(scale="linear")
    for k in (1, 0):
        (image,) = frame(animation, k).images
        np.testing.assert_array_equal(
            image.get_array().filled(np.nan), solution.grid()[k].T, strict=True
        )
    assert image.norm.vmax == solution.density.max()


def test_faces_and_bars_change():
    solution = solve(diffusion.sphere_heat(1), t_eval=[0.0, 0.25], method="chain")
    animation = solution.animate()
    before, after = (frame(animation, k).collections[0]._facecolor3d for k in (0, 1))
    assert not np.array_equal(before, after)

    graph = Problem(Graph(nx.path_graph(3)), initial=0)
    solution = solve(graph, 1.0, t_eval=[0.5, 1.0], method="chain")
    ax = frame(solution.animate(), 1)
    assert [bar.get_height() for bar in ax.patches] == solution.density[1].tolist()


def test_what_does_not_move_is_refused(rod):
    with pytest.raises(InputError, match="only one time was recorded"):
        rod.animate(times=0.05)
    with pytest.raises(InputError, match=r"path must end in \.gif or \.html, got 'rod\.avi'"):
        rod.animate("rod.avi")
    with pytest.raises(InputTypeError, match="path must be the name of a file, got 3"):
        rod.animate(3)
    with pytest.raises(InputError, match="path must be in a folder that exists, got"):
        rod.animate("nowhere/rod.gif")
    with pytest.raises(InputError, match="a steady solution does not move"):
        solve(diffusion.poisson_disk(4), method="chain").animate()
    beams = Problem(diffusion.PhaseSpace(0, 1, 4), initial=lambda x: 1 + 0 * x[:, 0])
    with pytest.raises(InputError, match="no moving picture of phase space"):
        solve(beams, 0.1, t_eval=[0.05, 0.1], method="chain").animate()
