"""Maximum flows equal networkx's, and a cut of the same capacity proves each."""

from __future__ import annotations

import math

import networkx as nx
import pytest

from spikealg.errors import InputError
from spikealg.graph import maximum_flow
from tests.solvers.graph.graphs import ALL_GRAPHS


def merged(graph):
    """The graph without loops, capacities of parallel edges added up."""
    simple = nx.DiGraph() if graph.is_directed() else nx.Graph()
    simple.add_nodes_from(graph)
    for u, v, capacity in graph.edges(data="capacity"):
        if u != v:
            before = simple[u][v]["capacity"] if simple.has_edge(u, v) else 0
            simple.add_edge(u, v, capacity=before + capacity)
    return simple


@pytest.mark.parametrize("graph", [case for case in ALL_GRAPHS if len(case.values[0]) > 1])
def test_maximum_flow(graph):
    source, *_, sink = graph
    found = maximum_flow(graph, source, sink)
    simple = merged(graph)
    assert found.value == pytest.approx(nx.maximum_flow_value(simple, source, sink))
    surplus = dict.fromkeys(graph, 0)
    for u, flows in found.flows.items():
        assert set(flows) == set(graph[u])
        for v, flow in flows.items():
            assert 0 <= flow <= (simple[u][v]["capacity"] if u != v else 0) + 1e-9
            surplus[u] += flow
            surplus[v] -= flow
    expected = dict.fromkeys(graph, 0) | {source: found.value, sink: -found.value}
    assert surplus == pytest.approx(expected, abs=1e-9)
    near, far = found.cut
    assert near | far == set(graph)
    assert not near & far
    assert source in near
    assert sink in far
    directed = simple if graph.is_directed() else simple.to_directed()
    through = sum(
        capacity for u, v, capacity in directed.edges(data="capacity") if u in near and v in far
    )
    assert through == pytest.approx(found.value)


def test_whole_capacities_give_whole_flows_and_waves_are_counted():
    graph = nx.DiGraph()
    # 2 by the short way, then 3 by the long one; the last wave does not arrive.
    graph.add_weighted_edges_from(
        [("s", "t", 2), ("s", "a", 5), ("a", "b", 3), ("b", "t", 4)], "capacity"
    )
    found = maximum_flow(graph, "s", "t")
    assert found.value == 5
    assert isinstance(found.value, int)
    assert found.flows == {"s": {"t": 2, "a": 3}, "a": {"b": 3}, "b": {"t": 3}, "t": {}}
    assert found.cut == ({"s", "a"}, {"b", "t"})
    assert len(found.runs) == 3
    assert repr(found) == "<Flow of 5: 3 waves, 15 ticks, 10 spikes>"
    assert found.cost("loihi").ticks == found.ticks


def test_edges_without_capacity_do_not_limit():
    graph = nx.DiGraph([(0, 1), (1, 2)])
    graph[0][1]["capacity"] = 7
    assert maximum_flow(graph, 0, 2).value == 7
    assert maximum_flow(graph, 0, 2).flows[1] == {2: 7.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("s", "s"), "sink must be another node than source, got 's' for both"),
        (("x", "t"), "source must be a node of the graph, got 'x'"),
        (("s", "x"), "sink must be a node of the graph, got 'x'"),
        (
            ("a", "t"),
            "capacity must limit every path to the sink, but no edge does on 'a' -> 'b' -> 't'",
        ),
    ],
)
def test_messages(arguments, message):
    graph = nx.DiGraph([("a", "b"), ("b", "t")])
    graph.add_edge("s", "a", capacity=1)
    with pytest.raises(InputError) as caught:
        maximum_flow(graph, *arguments)
    assert str(caught.value) == message


def test_an_infinite_capacity_is_none():
    graph = nx.path_graph(3000)
    nx.set_edge_attributes(graph, math.inf, "capacity")
    with pytest.raises(InputError) as caught:
        maximum_flow(graph, 0, 2999)
    assert str(caught.value) == (
        "capacity must limit every path to the sink, but no edge does on 0 -> 1 -> 2 -> 3 "
        "-> 4 -> (2990 more nodes) -> 2995 -> 2996 -> 2997 -> 2998 -> 2999"
    )


@pytest.mark.parametrize("capacity", [-1.0, math.nan])
def test_a_bad_capacity_is_named(capacity):
    graph = nx.DiGraph()
    graph.add_edge("s", "t", capacity=capacity)
    with pytest.raises(InputError) as caught:
        maximum_flow(graph, "s", "t")
    assert str(caught.value) == (
        f"capacity of edge 's' -> 't' must be a finite number of at least 0, got {capacity}"
    )
