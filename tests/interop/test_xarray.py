import sys

import networkx as nx
import numpy as np
import pytest

from spikealg.diffusion import Box, Graph, Polygon, Problem, heat_rod, solve
from spikealg.errors import MissingExtraError


def test_a_solution_becomes_a_dataset():
    solution = solve(heat_rod(), t_eval=[0.05, 0.125], method="montecarlo", walkers=500, seed=7)
    data = solution.to_xarray()
    assert dict(data.sizes) == {"t": 2, "x": 33, "side": 2}
    np.testing.assert_array_equal(data.density, solution.density)
    np.testing.assert_array_equal(data.stderr.sel(t=0.125), solution.stderr[1])
    np.testing.assert_array_equal(data.exited.sel(side="x+"), solution.exited["x+"])
    np.testing.assert_array_equal(data.mass + data.absorbed, solution.mass + solution.absorbed)
    assert data.attrs["seed"] == 7
    assert data.attrs["method"] == "montecarlo"


def test_a_lattice_keeps_its_axes():
    problem = Problem(Box((0, 0), (2, 1), (4, 2)), diffusivity=1.0, initial=(0.5, 0.5))
    solution = solve(problem, 0.1, method="chain")
    data = solution.to_xarray()
    assert data.density.dims == ("t", "x", "y")
    vertex = np.flatnonzero((solution.x == (1.5, 0.5)).all(axis=1))[0]
    assert data.density.sel(x=1.5, y=0.5).item() == solution.density[0, vertex]
    assert data.exited.shape == (1, 0)


def test_positions_on_a_map_are_metres():
    ring = [(0, 0), (0.1, 0), (0.1, 0.1), (0, 0.1)]
    lake = Polygon({"type": "Polygon", "coordinates": [ring]}, n=5, crs="lonlat")
    data = solve(Problem(lake, diffusivity=10.0, initial=(0, 0)), 3600, method="chain").to_xarray()
    assert data.x.attrs["units"] == "m"


def test_nodes_keep_their_names():
    problem = Problem(Graph(nx.path_graph(["a", "b", "c"])), initial="b")
    data = solve(problem, 1.0, method="chain").to_xarray()
    assert data.density.dims == ("t", "node")
    assert data.density.sel(node="a").item() == pytest.approx(data.density.sel(node="c").item())


def test_without_xarray_the_error_says_how_to_get_it(monkeypatch):
    solution = solve(heat_rod(), method="chain")
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spikealg\[xarray\]'"):
        solution.to_xarray()
