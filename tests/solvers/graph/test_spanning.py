"""Spanning trees are trees, and as short as networkx's."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.graph import minimum_spanning_tree
from tests.solvers.graph.graphs import UNDIRECTED


@pytest.mark.parametrize("graph", UNDIRECTED)
def test_minimum_spanning_tree(graph):
    found = minimum_spanning_tree(graph)
    shortest = nx.minimum_spanning_tree(graph)
    total = sum(data.get("weight", 1) for *_, data in shortest.edges(data=True))
    assert -1e-9 <= found.length - total <= found.error + 1e-9
    assert found.length == pytest.approx(
        sum(graph.edges[edge].get("weight", 1) for edge in found.edges)
    )
    tree = nx.Graph()
    tree.add_nodes_from(graph)
    tree.add_edges_from(edge[:2] for edge in found.edges)
    assert tree.number_of_edges() == len(found.edges)
    assert nx.is_forest(tree)
    assert nx.number_connected_components(tree) == nx.number_connected_components(graph)


def test_ties_do_not_close_a_cycle():
    graph = nx.complete_graph(9)
    found = minimum_spanning_tree(graph, weight=None)
    assert found.length == 8
    assert len(set(found.edges)) == 8
    assert found.edges == sorted(found.edges)


def test_whole_lengths_and_the_tick():
    graph = nx.Graph()
    graph.add_weighted_edges_from([("a", "b", 20), ("b", "c", 10), ("a", "c", 40)])
    found = minimum_spanning_tree(graph)
    assert (found.length, found.tick, found.error) == (30, 10.0, 0.0)
    assert isinstance(found.length, int)
    assert repr(found) == "<SpanningTree of 2 edges, length 30: 3 waves, 16 ticks, 12 spikes>"
    coarse = minimum_spanning_tree(graph, tick=30.0)
    # 10 and 20 are a tick each, as well as 40: any two edges will do.
    assert coarse.length - 30 <= coarse.error


def test_messages():
    with pytest.raises(InputError) as caught:
        minimum_spanning_tree(nx.DiGraph([(0, 1)]))
    assert str(caught.value) == "graph must be undirected: give graph.to_undirected()"
    graph = nx.Graph()
    graph.add_edge(0, 1, weight=-2)
    with pytest.raises(InputError) as caught:
        minimum_spanning_tree(graph)
    assert str(caught.value) == (
        "weight of edge 0 -> 1 must be a finite number of at least 0, got -2"
    )


@pytest.mark.parametrize("seed", range(6))
def test_lengths_are_compared_exactly(seed):
    rng = np.random.default_rng(seed)
    graph = nx.gnm_random_graph(60, 1500, seed=seed)
    # Some differ by the last bit of a float, others by ten orders; 1500 are two digits of places.
    lengths = rng.choice([1.0, np.nextafter(1, 2), 1e10, 1e-9], 1500) * rng.random(1500)
    for (u, v), length in zip(graph.edges, lengths.tolist(), strict=True):
        graph[u][v]["weight"] = length
    found = minimum_spanning_tree(graph)
    assert set(found.edges) == set(nx.minimum_spanning_tree(graph).edges)
    assert (found.error, found.tick) == (0.0, None)


def test_lengths_that_nearly_are_multiples():
    graph = nx.Graph()
    graph.add_weighted_edges_from([("a", "b", 1e9 + 0.5), ("b", "c", 1e9), ("c", "a", 1e9 - 0.4)])
    found = minimum_spanning_tree(graph)
    assert (found.length, found.error) == (1999999999.6, 0.0)
