"""Graphs: rates from weights, and the walk that the powers of a transition matrix describe."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.graph import Graph
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.walks import chain


@pytest.mark.parametrize("weight", ["weight", None])
def test_the_random_walk_on_the_karate_club(weight):
    graph = nx.karate_club_graph()
    problem = Problem(Graph(graph, weight=weight, laplacian="random-walk"), initial=0)
    adjacency = nx.to_numpy_array(graph, weight=weight)
    matrix = adjacency / adjacency.sum(axis=1, keepdims=True)
    steps = np.array([0, 1, 2, 10])
    counts = chain.walk(problem.rates.transition(1.0), problem.start.probability, steps).counts
    for row, t in zip(counts, steps, strict=True):
        np.testing.assert_allclose(row, np.linalg.matrix_power(matrix, t)[0], atol=1e-14)


def test_combinatorial_rates_are_minus_the_laplacian():
    graph = nx.karate_club_graph()
    rates = Problem(Graph(graph), diffusivity=0.5, initial=0).rates
    laplacian = nx.laplacian_matrix(graph).toarray()
    np.testing.assert_allclose(rates.generator.toarray(), -0.5 * laplacian)
    assert rates.fastest == laplacian.diagonal().argmax()
    assert rates.max_rate == pytest.approx(0.5 * laplacian.diagonal().max())


def test_directions_parallel_edges_and_loops():
    graph = nx.MultiDiGraph()
    graph.add_edge("a", "b", weight=2.0)
    graph.add_edge("a", "b", weight=1.0)
    graph.add_edge("a", "a", weight=1.0)
    graph.add_edge("b", "c")
    combinatorial = Problem(Graph(graph)).rates.between.toarray()
    np.testing.assert_allclose(combinatorial, [[0, 3, 0], [0, 0, 1], [0, 0, 0]])
    walk = Problem(Graph(graph, laplacian="random-walk")).rates.between.toarray()
    np.testing.assert_allclose(walk, [[0, 0.75, 0], [0, 0, 1], [0, 0, 0]])
    loop = nx.Graph([(0, 0), (0, 1)])
    walk = Problem(Graph(loop, laplacian="random-walk")).rates.between.toarray()
    np.testing.assert_allclose(walk, [[0, 0.5], [1, 0]])


def test_absorbing_nodes_are_sides_with_their_names():
    graph = nx.path_graph(["home", "street", "bar"])
    problem = Problem(
        Graph(graph), boundary={"home": "absorb", "bar": "dirichlet"}, initial="street"
    )
    assert problem.rates.sides == ("home", "bar")
    np.testing.assert_allclose(problem.rates.exits.toarray(), [[0, 0], [1, 1], [0, 0]])
    assert problem.rates.live.tolist() == [False, True, False]


def test_absorbing_nodes_of_one_name_are_refused():
    graph = nx.Graph([(1, 0), (0, "1")])
    with pytest.raises(InputError, match="absorbing nodes 1 and '1' have the same name '1'"):
        Problem(Graph(graph), initial=0, boundary={1: "absorb", "1": "absorb"})
    assert Problem(Graph(graph), initial=0, boundary={1: "absorb"}).rates.sides == ("1",)


def test_nodes_may_be_tuples():
    graph = nx.grid_2d_graph(3, 3)
    problem = Problem(Graph(graph), initial=(1, 1), boundary={(0, 0): "absorb"})
    assert problem.start.probability.tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert problem.rates.sides == ("(0, 0)",)


def test_what_cannot_be_reached_is_left_out(caplog):
    problem = Problem(Graph(nx.DiGraph([(0, 1), (1, 2), (3, 2)])), initial=1)
    assert problem.rates.live.tolist() == [False, True, True, False]
    assert "2 of 4 vertices cannot be reached from the start and are left out" in caplog.text
    transition = problem.rates.transition(0.5)
    walk = chain.walk(transition, problem.start.probability, np.array([50]))
    np.testing.assert_allclose(walk.counts[0], [0, 0, 1, 0], atol=1e-12)


def test_coefficients_per_node():
    graph = nx.path_graph(3)
    fick = Problem(Graph(graph), diffusivity=np.array([1.0, 3.0, 5.0])).rates.between.toarray()
    np.testing.assert_allclose(fick, [[0, 2, 0], [2, 0, 4], [0, 4, 0]])
    ito = Problem(Graph(graph), sigma=np.array([1.0, 2.0, 0.0])).rates.between.toarray()
    np.testing.assert_allclose(ito, [[0, 0.5, 0], [2, 0, 2], [0, 0, 0]])
