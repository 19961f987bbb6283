"""Edges of length 0: the shift of a vertex is the longest chain of them that leads to it."""

from __future__ import annotations

import itertools
import time

import networkx as nx
import numpy as np
import pytest

from spikealg.errors import TooLargeError
from spikealg.graph import shortest_paths
from spikealg.solvers.graph.edges import Arcs
from spikealg.solvers.graph.zeros import contract


def arcs_of(graph):
    ends = np.array(list(graph.edges), dtype=np.int64).reshape(-1, 2)
    value = np.array([length for *_, length in graph.edges(data="weight")], dtype=np.int64)
    return Arcs(len(graph), ends[:, 0], ends[:, 1], value)


@pytest.mark.parametrize("seed", range(20))
def test_shifts_are_the_longest_chains_of_zeros(seed):
    rng = np.random.default_rng(seed)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(12))
    forward = [pair for pair in itertools.combinations(range(12), 2) if rng.random() < 0.3]
    graph.add_weighted_edges_from((*pair, int(rng.integers(0, 2))) for pair in forward)
    # Numbers are not in topological order.
    graph = nx.relabel_nodes(graph, dict(enumerate(rng.permutation(12).tolist())))
    found = contract(arcs_of(graph))
    free = nx.DiGraph([(u, v) for u, v, length in graph.edges(data="weight") if length == 0])
    free.add_nodes_from(graph)
    longest = dict.fromkeys(graph, 0)
    for node in nx.topological_sort(free):
        for after in free[node]:
            longest[after] = max(longest[after], longest[node] + 1)
    assert {node: found.shift[found.group[node]] for node in graph} == longest
    assert (found.arcs.value >= 1).all()


def test_an_error_names_the_factor(monkeypatch):
    monkeypatch.setattr("spikealg.memory.available_bytes", lambda: 2**30)
    graph = nx.DiGraph()
    nx.add_path(graph, range(300), weight=0)
    graph.add_weighted_edges_from([(299, 0, 1), (0, 150, 1000)])
    with pytest.raises(TooLargeError) as caught:
        shortest_paths(graph, 0)
    assert str(caught.value) == (
        "a wave over 300 neurons and edges of up to 300150 ticks, 300 times their length for "
        "chains of edges of length 0 would need about 2.01 GiB, but 1 GiB are available: take a "
        "longer tick, or join the nodes of such a chain"
    )


def test_no_arc_is_lost_between_many_groups():
    # The square of their number is beyond int32.
    n = 50_000
    start = np.arange(n - 1)
    length = np.ones(n - 1, dtype=np.int64)
    length[0] = 0
    found = contract(Arcs(n, start, start + 1, length))
    assert len(found.arcs.pre) == n - 1


def test_a_long_chain_of_zeros_takes_linear_time():
    n = 50_000
    graph = nx.path_graph(n, create_using=nx.DiGraph)
    nx.set_edge_attributes(graph, 0, "weight")
    arcs = arcs_of(graph)
    before = time.process_time()
    found = contract(arcs)
    # A quadratic pass takes a minute.
    assert time.process_time() - before < 5
    assert found.shift[found.group[n - 1]] == n - 1
    assert set(shortest_paths(graph, 0).distances.values()) == {0}
