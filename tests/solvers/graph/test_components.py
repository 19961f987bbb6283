"""Reachable nodes, components and topological order equal networkx's."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError
from spikealg.graph import components, reachable, topological_order
from spikealg.hardware import count
from spikealg.solvers.graph.edges import Arcs
from spikealg.solvers.graph.labels import least_reaching
from tests.solvers.graph.graphs import ALL_GRAPHS, DIRECTED


def as_sets(found):
    return sorted(map(frozenset, found), key=lambda part: min(map(str, part)))


@pytest.mark.parametrize("graph", ALL_GRAPHS)
def test_weak_components(graph):
    split = nx.weakly_connected_components if graph.is_directed() else nx.connected_components
    found = components(graph)
    assert found.sets == list(split(graph))
    assert len(found) == len(found.sets)
    assert all(node in found.sets[i] for node, i in found.number.items())
    assert set(found.number) == set(graph)
    assert len(found.runs) == (len(graph) - 1).bit_length()


@pytest.mark.parametrize("graph", DIRECTED)
def test_strong_components(graph):
    found = components(graph, connection="strong")
    assert as_sets(found.sets) == as_sets(nx.strongly_connected_components(graph))


def test_strong_components_one_after_another():
    # Each of 40 pairs leads to the next: few rounds, since their order is random.
    graph = nx.DiGraph()
    for i in range(0, 80, 2):
        graph.add_edges_from([(i, i + 1), (i + 1, i), (i + 1, i + 2)])
    found = components(graph, connection="strong")
    assert as_sets(found.sets) == as_sets(nx.strongly_connected_components(graph))
    assert len(found.runs) < 80


def test_strong_components_of_an_undirected_graph_are_the_weak_ones():
    graph = nx.path_graph(4)
    assert components(graph, connection="strong").sets == [{0, 1, 2, 3}]


@pytest.mark.parametrize("seed", range(5))
def test_least_rank_that_reaches(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    graph = nx.gnm_random_graph(n, int(rng.integers(0, 2 * n)), seed=seed, directed=True)
    pre, post = np.array(graph.edges, dtype=np.int64).reshape(-1, 2).T
    rank = rng.permutation(n)
    found, _ = least_reaching(Arcs(n, pre, post, np.ones_like(pre)), rank)
    assert found.tolist() == [min(rank[[*nx.ancestors(graph, v), v]]) for v in range(n)]


@pytest.mark.parametrize("graph", ALL_GRAPHS[::2])
def test_reachable(graph):
    source = next(iter(graph))
    assert reachable(graph, source).nodes == nx.descendants(graph, source) | {source}
    assert reachable(graph, source, backward=True).nodes == nx.ancestors(graph, source) | {source}


@pytest.mark.parametrize("graph", DIRECTED)
def test_topological_order(graph):
    place = {node: i for i, node in enumerate(graph)}
    forward = [edge for edge in graph.edges() if place[edge[0]] < place[edge[1]]]
    ordered = type(graph)()
    ordered.add_nodes_from(reversed(list(graph)))
    ordered.add_edges_from(forward)
    found = topological_order(ordered)
    assert list(map(sorted, found.generations)) == list(
        map(sorted, nx.topological_generations(ordered))
    )
    at = {node: i for i, node in enumerate(found.nodes)}
    assert len(at) == len(graph)
    assert all(at[u] < at[v] for u, v in forward)
    # A tick per generation, and one in which nothing happens any more.
    assert found.ticks - len(found.generations) in (0, 1)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.path_graph(3), "graph must be directed: in an undirected one every edge is a cycle"),
        (
            nx.DiGraph([("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]),
            "graph must have no cycle, but it has 'b' -> 'c' -> 'b'",
        ),
        (nx.DiGraph([(0, 1), (1, 1)]), "graph must have no cycle, but it has 1 -> 1"),
    ],
)
def test_messages_of_order(graph, message):
    with pytest.raises(InputError) as caught:
        topological_order(graph)
    assert str(caught.value) == message


def test_of_a_long_cycle_the_ends_are_shown():
    with pytest.raises(InputError) as caught:
        topological_order(nx.cycle_graph(3000, create_using=nx.DiGraph))
    assert len(str(caught.value)) < 200
    assert "(2991 more nodes)" in str(caught.value)


def test_messages_of_components():
    with pytest.raises(InputTypeError) as caught:
        reachable(nx.path_graph(3), 0, backward="no")
    assert str(caught.value) == "backward must be True or False, got 'no'"
    with pytest.raises(InputError) as caught:
        components(nx.path_graph(3), connection="both")
    assert str(caught.value) == "connection must be one of 'weak', 'strong', got 'both'"
    with pytest.raises(InputError) as caught:
        reachable(nx.path_graph(3), 3)
    assert str(caught.value) == "source must be a node of the graph, got 3"


def test_waves_are_priced_one_after_another():
    found = components(nx.path_graph(8))
    assert len(found.runs) == 3
    counts = count(found)
    assert counts.lanes == 1
    assert counts.ticks == found.ticks == sum(run.lane_ticks[0] for run in found.runs)
    assert counts.spikes == found.spikes
    assert found.cost("loihi").ticks == found.ticks


def test_a_graph_of_one_node_takes_no_run():
    found = components(nx.empty_graph(1))
    assert (found.runs, found.ticks, found.spikes, found.neurons) == ((), 0, 0, 0)
    with pytest.raises(InputError, match="nothing ran on spikes"):
        found.cost("loihi")


def test_answers_print_what_they_hold():
    assert repr(components(nx.path_graph(2))) == (
        "<Components: 1 of 2 nodes, 1 waves, 4 ticks, 2 spikes>"
    )
    assert repr(reachable(nx.path_graph(2), 0)) == "<Reach: 2 nodes, 4 ticks, 2 spikes>"
    assert repr(topological_order(nx.DiGraph([(0, 1)]))) == (
        "<Order of 2 nodes in 2 generations: 3 ticks, 2 spikes>"
    )
