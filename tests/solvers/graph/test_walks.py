"""PageRank and hitting times: exact by the chain, within their standard errors by spikes."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError
from spikealg.graph import hitting_times, pagerank
from tests.solvers.graph.graphs import ALL_GRAPHS

SIGMAS = 4.5
"""Of 34 normal deviates one is further off in 1 of 4000 seeds."""


def without_idle(graph):
    """The graph without edges of weight 0, by which nobody walks."""
    kept = graph.copy()
    idle = [edge for edge in kept.edges if kept.edges[edge].get("weight", 1) == 0]
    kept.remove_edges_from(idle)
    return kept


@pytest.mark.parametrize("graph", ALL_GRAPHS[::2])
def test_the_chain_has_pagerank(graph):
    expected = nx.pagerank(without_idle(graph), alpha=0.7, tol=1e-12, max_iter=1000)
    assert pagerank(graph, alpha=0.7, method="chain").ranks == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("alpha", [0.1, 0.85, 0.99])
def test_the_chain_has_pagerank_of_large_graphs(alpha):
    # To eliminate its nodes would fill the matrix.
    graph = nx.gnm_random_graph(3000, 15_000, seed=1, directed=True)
    graph.add_edges_from((i, i + 1) for i in range(50))
    expected = nx.pagerank(graph, alpha=alpha, tol=1e-14, max_iter=5000)
    found = pagerank(graph, alpha=alpha, method="chain")
    assert found.ranks == pytest.approx(expected, abs=1e-11)
    assert set(found.stderr.values()) == {0.0}
    assert found.solution is None
    assert repr(found) == "<PageRank of 3000 nodes: 0 walkers, 0 ticks, 0 spikes>"


def test_walkers_have_pagerank_within_their_errors():
    graph = nx.karate_club_graph()
    found = pagerank(graph, walkers=3000, seed=1)
    exact = nx.pagerank(graph, tol=1e-12)
    off = [abs(found.ranks[node] - exact[node]) / found.stderr[node] for node in graph]
    assert max(off) < SIGMAS
    assert sum(found.ranks.values()) == pytest.approx(1)
    assert max(found.stderr.values()) < 0.01
    assert found.spikes > 3000 * 5
    assert found.cost("loihi").counts.spikes == found.spikes
    assert repr(found).startswith("<PageRank of 34 nodes: 3000 walkers, ")


def test_where_walkers_start():
    graph = nx.DiGraph([("a", "b"), ("b", "c"), ("d", "c")])
    given = {"a": 3, "d": 1}
    found = pagerank(graph, personalization=given, method="chain")
    # Where there is no way out networkx goes where walkers start.
    assert found.ranks == pytest.approx(nx.pagerank(graph, personalization=given), abs=1e-5)
    assert set(found.stderr.values()) == {0.0}
    # Only how they compare matters, however large they are.
    huge = {"a": 1.5e308, "d": 0.5e308}
    assert pagerank(graph, personalization=huge, method="chain").ranks == found.ranks


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e307])
def test_only_how_weights_compare_matters(scale):
    def weighted(scale):
        graph = nx.DiGraph()
        graph.add_weighted_edges_from(
            (u, v, k * scale) for u, v, k in [(0, 1, 1), (0, 2, 2), (1, 0, 3)]
        )
        graph.add_edge(2, 0, weight=1.0)
        return graph

    expected = pagerank(weighted(1.0), method="chain").ranks
    assert pagerank(weighted(scale), method="chain").ranks == pytest.approx(expected)
    expected = hitting_times(weighted(1.0), 2, method="chain").steps
    assert hitting_times(weighted(scale), 2, method="chain").steps == pytest.approx(expected)
    if scale == 5e-324:
        ranks = pagerank(weighted(scale), walkers=20).ranks
        assert sum(ranks.values()) == pytest.approx(1)


def exact_times(graph, target):
    """By the linear system of one step."""
    nodes = [node for node in graph if node != target]
    matrix = nx.to_numpy_array(graph)
    step = matrix / np.where(matrix.sum(1) > 0, matrix.sum(1), 1)[:, np.newaxis]
    rows = [list(graph).index(node) for node in nodes]
    solved = np.linalg.solve(np.eye(len(rows)) - step[np.ix_(rows, rows)], np.ones(len(rows)))
    return dict(zip(nodes, solved.tolist(), strict=True))


def test_nobody_else_need_come_to_the_target():
    away = nx.DiGraph([(0, 1), (1, 2)])
    assert hitting_times(away, 0, sources=[0], method="chain").steps == {0: 0.0}
    alone = nx.Graph()
    alone.add_node("a")
    assert hitting_times(alone, "a", method="chain").steps == {}


def test_the_chain_has_hitting_times():
    graph = nx.karate_club_graph()
    graph.add_edge(3, 3, weight=5)
    found = hitting_times(graph, 33, sources=[0, 3, 16], method="chain")
    exact = exact_times(graph, 33)
    assert found.steps == pytest.approx({node: exact[node] for node in (0, 3, 16)})
    directed = nx.DiGraph([(0, 1), (1, 2), (2, 0), (1, 0), (2, 3)])
    found = hitting_times(directed, 3, method="chain")
    assert found.steps == pytest.approx(exact_times(directed, 3))


def test_walks_that_cannot_come_everywhere_are_nothing_to_report(caplog):
    graph = nx.DiGraph([(0, 1), (1, 2), (2, 3), (3, 1), (3, 0), (4, 2)])
    with caplog.at_level("DEBUG"):
        found = hitting_times(graph, 3, method="chain")
    assert found.steps == pytest.approx({0: 3, 1: 2, 2: 1, 4: 2})
    assert "cannot be reached" not in caplog.text


def test_walkers_have_hitting_times_within_their_errors():
    graph = nx.karate_club_graph()
    sources = [0, 16, 33]
    found = hitting_times(graph, 33, sources=sources, walkers=400, seed=1)
    exact = exact_times(graph, 33)
    assert list(found.steps) == sources
    assert (found.steps[33], found.stderr[33]) == (0, 0)
    for node in sources[:2]:
        assert abs(found.steps[node] - exact[node]) < SIGMAS * found.stderr[node]
        assert 0 < found.stderr[node] < 0.1 * exact[node]
    assert found.spikes > 0
    assert repr(found).startswith("<HittingTimes of 33 from 3 nodes: ")


def test_one_walker_tells_nothing_of_its_error():
    graph = nx.path_graph(3)
    assert hitting_times(graph, 0, walkers=1).stderr == {1: math.inf, 2: math.inf}
    assert math.inf in pagerank(graph, walkers=1).stderr.values()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda g: pagerank(g, personalization=[1, 2]),
            "personalization must be a dict of node to number, got [1, 2]",
        ),
        (
            lambda g: hitting_times(g, "b", sources=1),
            "sources must be an iterable of nodes, got 1",
        ),
        (
            lambda g: hitting_times(g, "b", sources=[["a"]]),
            "sources must be a node of the graph, got ['a']",
        ),
        (
            lambda g: pagerank(g, alpha=1.0),
            "alpha must be a finite number above 0 and below 1, got 1.0",
        ),
        (
            lambda g: pagerank(g, walkers=0, method="chain"),
            "walkers must be a whole number of at least 1, got 0",
        ),
        (
            lambda g: pagerank(g, personalization={"z": 1}),
            "personalization must be a node of the graph, got 'z'",
        ),
        (
            lambda g: pagerank(g, personalization={"a": -1}),
            "personalization['a'] must be a finite number of at least 0, got -1.0",
        ),
        (
            lambda g: pagerank(g, personalization={"a": 0}),
            "personalization must hold a number above 0, got none",
        ),
        (
            lambda g: hitting_times(g, "z"),
            "target must be a node of the graph, got 'z'",
        ),
        (
            lambda g: hitting_times(g, "b", sources=["z"]),
            "sources must be a node of the graph, got 'z'",
        ),
        (
            lambda g: hitting_times(g, "b"),
            "target must be hit for certain, but from 'a' a walk may come to 'c', from where no "
            "way leads to 'b'",
        ),
        (
            lambda g: hitting_times(g, "b", sources=["c"]),
            "target must be hit for certain, but from 'c' a walk may come to 'c', from where no "
            "way leads to 'b'",
        ),
    ],
)
def test_messages(call, message):
    graph = nx.DiGraph([("a", "b"), ("a", "c"), ("b", "d")])
    with pytest.raises((InputError, InputTypeError)) as caught:
        call(graph)
    assert str(caught.value) == message
