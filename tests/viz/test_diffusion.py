import sys
from dataclasses import replace

import matplotlib as mpl
import networkx as nx
import numpy as np
import pytest

from spikealg.diffusion import Ball, Box, Graph, Polygon, Problem, heat_rod, load, solve
from spikealg.errors import InputError, InputTypeError, MissingExtraError

mpl.use("Agg")
import matplotlib.pyplot as plt

LONLAT = {"type": "Polygon", "coordinates": [[(0, 0), (0.2, 0), (0.2, 0.1), (0, 0.1), (0, 0)]]}


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


def test_a_rod_shows_times_bands_and_the_exact_curve():
    solution = solve(heat_rod(), t_eval=[0, 0.1, 0.125], method="montecarlo", walkers=500)
    (ax,) = solution.plot().axes
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["t = 0", "t = 0.1", "t = 0.125", "exact", "± 2 standard errors"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "density")
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), solution.density[1])
    np.testing.assert_array_equal(
        ax.lines[3].get_ydata(), heat_rod().exact(0.1, solution.x), strict=True
    )


def test_a_chain_has_no_band():
    (ax,) = solve(heat_rod(), method="chain").plot().axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["t = 0.125", "exact"]
    assert not ax.collections


def test_many_times_are_thinned_and_some_can_be_chosen():
    solution = solve(heat_rod(), t_eval=np.linspace(0.01, 0.125, 24), method="chain")
    assert len(solution.plot().axes[0].get_legend().get_texts()) == 6 + 1
    chosen = solution.plot(times=[0.01, 0.125]).axes[0]
    assert [line.get_label() for line in chosen.lines[:2]] == ["t = 0.01", "t = 0.125"]
    with pytest.raises(
        InputError, match=r"times must have been recorded, got 0\.2; the nearest is"
    ):
        solution.plot(times=0.2)


def test_a_box_has_a_map_per_time_on_one_scale():
    problem = Problem(Box((0, 0), (2, 1), (8, 4)), diffusivity=1.0, initial=(0.5, 0.5))
    solution = solve(problem, 0.2, t_eval=[0.05, 0.1, 0.2], method="montecarlo", walkers=500)
    *maps, bar = solution.plot(scale="log").axes
    assert len(maps) == 3
    shown = [ax.images[0] for ax in maps]
    assert len({id(image.norm) for image in shown}) == 1
    assert shown[0].get_extent() == [-0.125, 2.125, -0.125, 1.125]
    empty = solution.grid("counts")[2].T == 0
    np.testing.assert_array_equal(np.ma.getmaskarray(shown[2].get_array()), empty)
    assert bar.get_ylabel() == "density"


def test_a_map_of_the_world_is_in_kilometres():
    lake = Polygon(LONLAT, dx=1000.0, crs="lonlat")
    problem = Problem(lake, diffusivity=10.0, initial=(0.0, 0.0))
    figure = solve(problem, 3600.0, method="chain").plot()
    ax, bar = figure.axes
    assert ax.get_xlabel() == "km east of the centre"
    assert ax.get_ylabel() == "km north of the centre"
    assert bar.get_ylabel() == "mass per km²"
    # 0.2° of longitude on the equator.
    assert np.diff(ax.get_xlim())[0] == pytest.approx(0.2 * 111.2, abs=1.5)


def test_a_graph_has_bars_with_the_names_of_its_nodes():
    problem = Problem(Graph(nx.path_graph(["a", "b", "c"])), initial="b")
    solution = solve(problem, 1.0, method="montecarlo", walkers=300)
    (ax,) = solution.plot().axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]
    assert [bar.get_height() for bar in ax.patches] == solution.density[0].tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"times": []}, r"times must hold at least one recorded time, got \[\]: leave it out for"),
        ({"units": "m"}, r"units must be a dict from quantities to names, such as .* got 'm'"),
        ({"units": {"length": 3}}, r"units\['length'\] must be the name of a unit, got 3"),
        ({"view": 3}, "view must be two numbers of degrees, the height .* around up, got 3"),
        ({"view": (1, 2, 3)}, r"view must be two numbers of degrees, .* got \(1, 2, 3\)"),
        ({"view": "above"}, "view must hold real numbers, got 'above'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(options, message):
    solution = solve(heat_rod(n=4), t_eval=[0.1, 0.125], method="chain")
    for draw in (solution.plot, solution.animate):
        with pytest.raises((InputError, InputTypeError), match=message):
            draw(**options)


def test_three_dimensions_are_cut():
    problem = Problem(Box((0, 0, 0), (1, 2, 3), (4, 5, 6)), diffusivity=1.0, initial=(0.2, 0.5, 1))
    solution = solve(problem, 0.1, t_eval=[0.05, 0.1], method="chain")
    grid = solution.grid()
    figure = solution.plot(scale="linear", units={"length": "m"})
    assert figure.axes[0].get_title("left") == "t = 0.05, z = 1.5 m"
    assert figure.axes[1].get_xlabel() == "x [m]"
    for ax, density in zip(figure.axes[:2], grid, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), density[:, :, 3].T)
    across = solution.plot(scale="linear", section={"y": 0.5}, times=[0.1]).axes[0]
    assert (across.get_xlabel(), across.get_ylabel()) == ("x", "z")
    assert across.get_title("left") == "t = 0.1, y = 0.4"
    np.testing.assert_array_equal(across.images[0].get_array(), grid[1][:, 1].T)
    ball = solve(
        Problem(Ball(1.0, 6), diffusivity=1.0, boundary="absorb", initial=(0, 0, 0)), 0.05,
        method="chain",
    )  # fmt: skip
    image = ball.plot(scale="linear", section={"x": -1.0}).axes[0].images[0].get_array()
    # No vertex lies on the shore: the outermost plane that has some is the next.
    np.testing.assert_array_equal(image, ball.grid()[-1][1].T)
    solution.animate(section={"x": 0.5})


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (0.5, r"section must name one axis and a place on it, such as .* got 0\.5"),
        ({}, "section must name one axis and a place on it"),
        ({"t": 1.0}, "the axis of section must be one of 'x', 'y', 'z', got 't'"),
        ({"z": 2.0}, r"section\['z'\] must be a finite number from 0\.0 to 1\.0, got 2\.0"),
    ],
)
def test_sections_that_cannot_be(section, message):
    problem = Problem(Box((0, 0, 0), (1, 1, 1), 2), diffusivity=1.0, initial=(0.5, 0.5, 0.5))
    solution = solve(problem, 0.1, method="chain")
    with pytest.raises((InputError, InputTypeError), match=message):
        solution.plot(section=section)
    with pytest.raises(InputError, match="section cuts lattices of three dimensions, and this is"):
        solve(heat_rod(n=4), method="chain").plot(section={"x": 0.5})
    paid = replace(problem, initial=None, payoff=1.0, at=[(0.5, 0.5, 0.5)])
    with pytest.raises(InputError, match="section cuts densities and values at all vertices, not"):
        solve(paid, 0.1, method="chain").plot(section={"z": 0.5})


def test_a_loaded_solution_looks_the_same(tmp_path):
    solution = solve(heat_rod(), method="montecarlo", walkers=500)
    solution.save(tmp_path / "a.npz")
    first, second = solution.plot().axes[0], load(tmp_path / "a.npz").plot().axes[0]
    for one, other in zip(first.lines, second.lines, strict=True):
        np.testing.assert_array_equal(one.get_ydata(), other.get_ydata())


@pytest.mark.parametrize(
    ("at", "names"),
    [(["a", ("b", 1)], ["a", "('b', 1)"]), ([("b", 1)], ["('b', 1)"]), ("a", ["a"])],
)
def test_values_at_nodes_of_any_kind_are_drawn_and_checked(at, names, tmp_path):
    graph = Graph(nx.Graph([("a", ("b", 1))]))
    solution = solve(Problem(graph, payoff=[1.0, 2.0], at=at, t_span=0.5), method="chain")
    assert [tick.get_text() for tick in solution.plot().axes[0].get_xticklabels()] == names
    assert solution.check().chain.reference == "not applicable"
    solution.save(tmp_path / "nodes.npz")
    ticks = load(tmp_path / "nodes.npz").plot().axes[0].get_xticklabels()
    assert [tick.get_text() for tick in ticks] == names


def test_given_axes_are_drawn_on():
    _, axes = plt.subplots(1, 2)
    problem = Problem(Graph(nx.path_graph(3)), initial=0)
    solution = solve(problem, 1.0, t_eval=[0.5, 1.0], method="chain")
    assert solution.plot(axes=axes) is axes[0].figure
    with pytest.raises(InputError, match="axes must hold 2 axes, one per panel, got 1"):
        solution.plot(axes=axes[0])
    with pytest.raises(InputTypeError, match="axes must be matplotlib Axes, got 3"):
        solution.plot(axes=[3, 4])


def test_without_matplotlib_the_error_says_how_to_get_it(monkeypatch):
    solution = solve(heat_rod(), method="chain")
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spikealg\[plot\]'"):
        solution.plot()
