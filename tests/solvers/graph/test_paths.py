"""Shortest paths equal networkx's; their lengths are those of their edges."""

from __future__ import annotations

import itertools
import math
import pickle
import re
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError, TooLargeError
from spikealg.graph import all_pairs, breadth_first, shortest_paths
from spikealg.network import Network
from spikealg.solvers.graph.lengths import LONGEST, in_ticks
from tests.solvers.graph.graphs import ALL_GRAPHS


def shortest_edge(graph, u, v):
    data = graph[u][v]
    return min(d.get("weight", 1) for d in (data.values() if graph.is_multigraph() else [data]))


def first(graph):
    return next(iter(graph))


def assert_paths(graph, source, path, distances, expected, error):
    """The same nodes, no further than the error allows, by paths of just these lengths."""
    assert distances.keys() == expected.keys()
    for node, distance in distances.items():
        assert -1e-9 <= distance - expected[node] <= error + 1e-9
        steps = path(node)
        assert (steps[0], steps[-1]) == (source, node)
        length = sum(shortest_edge(graph, u, v) for u, v in itertools.pairwise(steps))
        assert length == pytest.approx(distance)


@pytest.mark.parametrize("graph", ALL_GRAPHS)
def test_shortest_paths(graph):
    source = first(graph)
    found = shortest_paths(graph, source)
    expected = nx.single_source_dijkstra_path_length(graph, source)
    assert_paths(graph, source, found.path, found.distances, expected, found.error)
    assert found.parents[source] is None
    for node, parent in found.parents.items():
        assert node == source or found.path(node)[-2] == parent
    assert found.paths == {node: found.path(node) for node in expected}
    # Sorted by time, and every vertex fired once, so nothing fired before or twice.
    assert found.spikes <= len(graph)


@pytest.mark.parametrize("graph", ALL_GRAPHS)
def test_breadth_first(graph):
    source = first(graph)
    found = breadth_first(graph, source)
    assert found.distances == nx.single_source_shortest_path_length(graph, source)
    assert found.error == 0
    assert all(isinstance(distance, int) for distance in found.distances.values())
    assert all(len(found.path(node)) == hops + 1 for node, hops in found.distances.items())
    near = breadth_first(graph, source, depth_limit=2)
    assert near.distances == {node: hops for node, hops in found.distances.items() if hops <= 2}
    assert near.ticks <= 3


def few_hops(graph, source, hops):
    """Bellman and Ford's rounds."""
    arcs = list(graph.edges(data="weight", default=1))
    if not graph.is_directed():
        arcs += [(v, u, length) for u, v, length in arcs]
    best = {source: 0}
    for _ in range(hops):
        before = dict(best)
        for u, v, length in arcs:
            if u in before and before[u] + length < best.get(v, math.inf):
                best[v] = before[u] + length
    return best


@pytest.mark.parametrize("hops", [0, 1, 3])
@pytest.mark.parametrize("graph", ALL_GRAPHS[::3])
def test_paths_of_few_hops(graph, hops):
    source = first(graph)
    found = shortest_paths(graph, source, max_hops=hops)
    expected = few_hops(graph, source, hops)
    assert_paths(graph, source, found.path, found.distances, expected, found.error)
    assert all(len(path) <= hops + 1 for path in found.paths.values())


@pytest.mark.parametrize("graph", ALL_GRAPHS[:9])
def test_all_pairs(graph):
    found = all_pairs(graph)
    expected = dict(nx.all_pairs_dijkstra_path_length(graph))
    assert found.distances.keys() == expected.keys()
    for source in graph:
        assert_paths(
            graph,
            source,
            lambda node, source=source: found.path(source, node),
            found.distances[source],
            expected[source],
            found.error,
        )
    (run,) = found.runs
    assert run.lanes == len(graph)


def test_some_sources():
    graph = nx.path_graph(5)
    found = all_pairs(graph, sources=[3, 0, 3])
    assert found.sources == (3, 0)
    assert found.distances[3] == {3: 0, 2: 1, 4: 1, 1: 2, 0: 3}
    with pytest.raises(InputError, match=re.escape("source must be one of sources=, got 1")):
        found.path(1, 2)


def test_shortest_paths_by_delay():
    graph = nx.DiGraph()
    graph.add_weighted_edges_from((i, i + 1, 1) for i in range(9))
    graph.add_weighted_edges_from((i, 10 + i, 10 - i) for i in range(10))
    found = shortest_paths(graph, 0)
    assert found.distances == dict([(k, k) for k in range(10)] + [(k, 10) for k in range(10, 20)])
    assert found.spikes == 20
    run = found.runs[0]
    assert sorted(zip(run.spikes.t.tolist(), run.spikes.i.tolist(), strict=True)) == sorted(
        (time, node) for node, time in found.distances.items()
    )


def test_of_parallel_edges_the_shortest_counts():
    graph = nx.MultiGraph([(0, 1, {"weight": w}) for w in (4, 2, 3)])
    found = shortest_paths(graph, 0)
    assert found.distances == {0: 0, 1: 2}
    # One synapse each way, and each vertex silences itself.
    assert found.synapses == 4


def test_a_target_and_a_cutoff_end_the_wave():
    graph = nx.path_graph(50)
    found = shortest_paths(graph, 0, target=7)
    assert list(found.distances) == list(range(8))
    assert (found.ticks, found.spikes) == (8, 8)
    found = shortest_paths(graph, 0, cutoff=7.5)
    assert list(found.distances) == list(range(8))
    assert found.ticks == 8
    assert len(shortest_paths(graph, 0, cutoff=3, target=7).distances) == 4
    graph.add_node("apart")
    assert len(shortest_paths(graph, 0, target="apart").distances) == 50
    assert shortest_paths(graph, 0, target=2, max_hops=5).distances == {0: 0, 1: 1, 2: 2}
    assert shortest_paths(graph, 0, cutoff=2, max_hops=5).distances == {0: 0, 1: 1, 2: 2}


@pytest.mark.parametrize("max_hops", [None, 3])
@pytest.mark.parametrize("seed", range(12))
def test_a_target_leaves_out_what_is_further_away_and_no_more(seed, max_hops):
    rng = np.random.default_rng(seed)
    graph = nx.gnm_random_graph(9, 20, seed=seed, directed=True)
    for u, v in graph.edges:
        graph[u][v]["weight"] = int(rng.choice([0, 0, 1, 3]))
    everywhere = shortest_paths(graph, 0, max_hops=max_hops).distances
    for target, far in everywhere.items():
        found = shortest_paths(graph, 0, target=target, max_hops=max_hops)
        near = {node: length for node, length in everywhere.items() if length <= far}
        assert found.distances == near
        assert all(node in found.path(node) for node in near)


def test_a_target_leaves_out_what_is_further_away_in_the_same_tick():
    graph = nx.Graph()
    graph.add_weighted_edges_from([(0, 1, 1.0), (0, 2, 1.1), (0, 3, 0.9), (0, 4, 9.0)])
    assert list(shortest_paths(graph, 0, target=1, tick=1.0).distances) == [0, 1, 3]


@pytest.mark.parametrize("limit", [10**20, 1e308, math.inf, 3e6, np.float32("inf")])
@pytest.mark.parametrize("length", [0.001, 0, 5])
def test_a_limit_beyond_all_nodes_is_none(limit, length):
    graph = nx.DiGraph()
    graph.add_weighted_edges_from([(0, 1, 0.001), (1, 2, length), (2, 3, 0.001)])
    whole = shortest_paths(graph, 0)
    limited = shortest_paths(graph, 0, cutoff=limit)
    assert limited.distances == whole.distances
    assert limited.ticks == whole.ticks
    hops = limit if limit == math.inf else int(limit)
    assert breadth_first(graph, 0, depth_limit=hops).distances == {i: i for i in range(4)}


def test_no_path_has_more_edges_than_nodes():
    graph = nx.path_graph(4)
    found = shortest_paths(graph, 0, max_hops=10**20)
    assert found.distances == {i: i for i in range(4)}
    assert found.neurons == 4
    assert shortest_paths(graph, 0, max_hops=2).neurons == 3 * 4
    assert shortest_paths(graph, 0, max_hops=math.inf).neurons == 4


def test_what_does_not_fit_is_refused_before_it_is_made(monkeypatch):
    graph = nx.gnm_random_graph(2000, 10_000, seed=2)

    def made(*_, **__):
        raise AssertionError("a network was made")

    monkeypatch.setattr("spikealg.solvers.graph.search.wave_network", made)
    monkeypatch.setattr("spikealg.memory.available_bytes", lambda: 2**28)
    with pytest.raises(TooLargeError) as caught:
        shortest_paths(graph, 0, max_hops=200)
    assert str(caught.value) == (
        "201 neurons for each of 2000 nodes would need about 0.503 GiB, but 0.25 GiB are "
        "available: take a smaller max_hops, or none"
    )
    with pytest.raises(TooLargeError) as caught:
        all_pairs(graph)
    assert str(caught.value) == (
        "distances from 2000 sources to 2000 nodes would need about 0.447 GiB, but 0.25 GiB are "
        "available: ask for some sources= at a time"
    )


def test_one_way_edges_of_length_0_keep_paths_apart():
    # No way from a to b and on, and back only by a long one: merging them would make 1 of 10.
    graph = nx.DiGraph()
    graph.add_weighted_edges_from([("a", "b", 0), ("b", "c", 0), ("c", "a", 10), ("c", "d", 1)])
    assert shortest_paths(graph, "a").distances == {"a": 0, "b": 0, "c": 0, "d": 1}
    assert shortest_paths(graph, "c").distances == {"c": 0, "d": 1, "a": 10, "b": 10}
    assert shortest_paths(graph, "a").path("d") == ["a", "b", "c", "d"]


def test_nodes_no_way_apart_are_one_neuron():
    graph = nx.cycle_graph(6)
    nx.set_edge_attributes(graph, 0, "weight")
    found = shortest_paths(graph, 0)
    assert found.distances == dict.fromkeys(range(6), 0)
    assert (found.neurons, found.spikes) == (1, 1)
    assert found.path(3) in ([0, 1, 2, 3], [0, 5, 4, 3])


@pytest.mark.parametrize(
    ("lengths", "tick", "ticks"),
    [
        ([1, 2, 5], 1.0, [1, 2, 5]),
        ([10, 20, 50], 10.0, [1, 2, 5]),
        ([0.1, 0.25, 0.0], 0.05, [2, 5, 0]),
        ([3.0, 3.0], 3.0, [1, 1]),
        ([0.0, 0.0], 1.0, [0, 0]),
        ([], 1.0, []),
    ],
)
def test_ticks_that_divide_all_lengths(lengths, tick, ticks):
    found = in_ticks(np.array(lengths), None)
    assert found.tick == pytest.approx(tick)
    assert found.of.tolist() == ticks
    assert found.exact


def test_ticks_that_round():
    found = in_ticks(np.array([math.pi, 1e-9, math.e]), None)
    assert found.tick == math.pi / LONGEST
    assert found.of.tolist() == [1000, 1, 865]
    assert not found.exact
    given = in_ticks(np.array([1.4, 3.0]), 1.0)
    assert given.of.tolist() == [1, 3]
    # Rounded down: no path is shorter than its ticks say.
    assert not given.exact
    assert given.bound(np.array([4]), 2)[0] == pytest.approx(4.0)


def test_large_whole_lengths_that_differ_by_1_are_not_the_same():
    graph = nx.DiGraph()
    half = 5 * 10**11
    graph.add_weighted_edges_from([(0, 1, 2 * half + 1), (0, 2, half), (2, 1, half)])
    found = shortest_paths(graph, 0)
    assert 0 <= found.distances[1] - 2 * half <= found.error
    assert found.error > 0


@pytest.mark.parametrize("large", [10**9, 1e9, 2**59])
def test_a_detour_that_is_shorter_by_little_is_within_the_error(large):
    graph = nx.DiGraph()
    graph.add_weighted_edges_from([(0, 1, 2 * large + 1), (0, 2, large), (2, 1, large)])
    for found in (shortest_paths(graph, 0), shortest_paths(graph, 0, max_hops=2)):
        assert 0 <= found.distances[1] - 2 * large <= found.error
        assert found.error == 0 or large == 2**59 or found.error < 1.1


@pytest.mark.parametrize(
    ("lengths", "tick", "exact"),
    [
        ([0.3, 0.7, 0.1], None, True),
        ([0.3, 0.7, 0.1], 0.1, True),
        ([0.1 + 0.2, 0.7, 0.1], None, False),
        ([1.0, math.nextafter(1, 2)], None, False),
        ([1e300, 3e300], 1e300, True),
        ([1 / 3, 2 / 3], 1 / 3, True),
        ([3, 5], 0.001, True),
        ([3, 5], 2.0**-10, True),
        ([3, 5], 0.7, False),
        ([2**60, 2**59], None, True),
        ([2**60 + 1, 2**59], None, False),
        ([2**60 + 1, 2**59], 2.0**58, False),
        ([0, 0], 1e300, True),
        ([1e-300], 1e300, False),
    ],
)
def test_ticks_are_exact_where_lengths_are_just_whole_numbers_of_them(lengths, tick, exact):
    assert in_ticks(np.array(lengths), tick).exact is exact


@pytest.mark.parametrize("seed", range(20))
def test_no_path_is_shorter_than_its_ticks_say(seed):
    rng = np.random.default_rng(seed)
    step = rng.choice([1.0, 0.1, 1e9, 1e-9, 2.0**55])
    lengths = step * rng.integers(1, 9, 40) * (1 + rng.choice([0, 1e-16, 1e-10, 1e-3]))
    if step > 1e15:
        lengths = lengths.astype(np.int64) + rng.integers(-1, 2, 40)
    ticks = in_ticks(lengths, None)
    chosen = rng.integers(0, 40, (50, 4))
    exact = [sum(Fraction(length) for length in path) for path in lengths[chosen].tolist()]
    bound = ticks.bound(ticks.of[chosen].sum(axis=1), 4)
    assert all(Fraction(low) <= true for low, true in zip(bound.tolist(), exact, strict=True))


def test_the_error_holds_where_ticks_are_long():
    rng = np.random.default_rng(3)
    graph = nx.gnm_random_graph(80, 240, seed=3)
    for u, v in graph.edges:
        graph[u][v]["weight"] = float(rng.uniform(0.5, 2.0))
    exact = nx.single_source_dijkstra_path_length(graph, 0)
    errors = []
    for tick in (0.5, 0.1, 0.01):
        found = shortest_paths(graph, 0, tick=tick)
        worst = max(found.distances[node] - exact[node] for node in exact)
        assert 0 <= worst + 1e-12 <= found.error + 1e-12
        errors.append(found.error)
    assert errors[0] > errors[1] > errors[2] > 0
    assert worst < 0.01


def test_edges_out_of_reach_do_not_lengthen_the_tick():
    graph = nx.Graph()
    graph.add_weighted_edges_from([(0, 1, 0.4), (1, 2, 0.4), (0, 2, 1.0), (3, 4, 1e4)])
    found = shortest_paths(graph, 0, cutoff=0.9)
    assert (found.distances, found.tick, found.error) == ({0: 0, 1: 0.4, 2: 0.8}, 0.2, 0)
    assert all_pairs(graph, sources=[0, 1]).tick == 0.2
    assert all_pairs(graph, sources=[0, 3]).tick == 10


def test_what_a_cutoff_leaves_out_is_not_nearer_than_the_error_says():
    rng = np.random.default_rng(5)
    missed = 0
    for seed in range(30):
        graph = nx.gnm_random_graph(12, 24, seed=seed)
        for u, v in graph.edges:
            graph[u][v]["weight"] = float(rng.uniform(0.1, 2.0))
        exact = nx.single_source_dijkstra_path_length(graph, 0)
        for tick, cutoff in [(1.0, 1.5), (0.3, 2.0)]:
            found = shortest_paths(graph, 0, cutoff=cutoff, tick=tick)
            left_out = [exact[v] for v in exact if v not in found.distances]
            assert all(distance > cutoff - found.error for distance in left_out)
            missed += sum(distance <= cutoff for distance in left_out)
            target = max(exact, key=exact.get)
            found = shortest_paths(graph, 0, target=target, tick=tick)
            nearest = found.distances[target] - found.error
            assert all(exact[v] >= nearest for v in exact if v not in found.distances)
    assert missed > 0


def test_all_kernels_give_the_same_wave():
    from spikealg.engine import simulate
    from tests.helpers import ALL_KERNELS

    graph = nx.gnm_random_graph(30, 60, seed=4)
    run = breadth_first(graph, 0).runs[0]
    network: Network = run.network
    start = np.zeros((1, 1, 30), dtype=np.uint8)
    start[0, 0, 0] = 1
    for kernel in ALL_KERNELS:
        other = simulate(network, {"start": start}, ticks=40, kernel=kernel, record="all")
        assert other.spikes.i.tolist() == run.spikes.i.tolist()
        assert other.spikes.t.tolist() == run.spikes.t.tolist()


@pytest.mark.parametrize("seed", range(15))
def test_of_equal_paths_the_order_of_nodes_decides(seed):
    rng = np.random.default_rng(seed)
    made = nx.gnm_random_graph(7, 14, seed=seed, directed=bool(seed % 2))
    graph = type(made)()
    graph.add_nodes_from(rng.permutation(7).tolist())
    graph.add_edges_from(rng.permutation(list(made.edges)).tolist())
    for u, v in graph.edges:
        graph[u][v]["weight"] = int(rng.choice([0, 1, 1, 2]))
    place = {node: i for i, node in enumerate(graph)}
    for ask, weight in ((breadth_first, None), (shortest_paths, "weight")):
        found = ask(graph, 0)
        for node in found.distances:
            paths = nx.all_shortest_paths(graph, 0, node, weight=weight)
            simple = nx.all_simple_paths(graph, 0, node) if node else [[0]]
            equal = (
                [
                    path
                    for path in simple
                    if nx.path_weight(graph, path, "weight" if weight else "one")
                    == found.distances[node]
                ]
                if weight
                else list(paths)
            )
            least = min(equal, key=lambda path: (len(path), [place[v] for v in path]))
            assert found.path(node) == least


def test_distances_are_read_only():
    found = shortest_paths(nx.path_graph(3), 0)
    pairs = all_pairs(nx.path_graph(3))
    for distances in (found.distances, pairs.distances, pairs.distances[0]):
        with pytest.raises(TypeError, match="does not support item assignment"):
            distances[7] = 1
    assert found.path(2) == [0, 1, 2]


def test_costs_are_those_of_the_run():
    graph = nx.grid_2d_graph(5, 5)
    found = breadth_first(graph, (0, 0))
    assert (found.neurons, found.synapses, found.spikes) == (25, 2 * 40 + 25, 25)
    bill = found.cost("loihi")
    assert bill.counts.ticks == found.ticks
    assert bill.counts.spikes == 25
    assert bill.fit[0].fits
    assert "per answer" in str(bill)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda g: shortest_paths([(0, 1)], 0),
            InputTypeError,
            "graph must be a networkx graph, got [(0, 1)]",
        ),
        (
            lambda g: shortest_paths(nx.Graph(), 0),
            InputError,
            "graph must have at least one node",
        ),
        (
            lambda g: shortest_paths(g, "z"),
            InputError,
            "source must be a node of the graph, got 'z'",
        ),
        (
            lambda g: shortest_paths(g, ["a"]),
            InputError,
            "source must be a node of the graph, got ['a']",
        ),
        (
            lambda g: shortest_paths(g, "a", target="z"),
            InputError,
            "target must be a node of the graph, got 'z'",
        ),
        (
            lambda g: shortest_paths(g, "a", weight="negative"),
            InputError,
            "negative of edge 'b' -> 'c' must be a finite number of at least 0, got -1",
        ),
        (
            lambda g: shortest_paths(g, "a", weight="nan"),
            InputError,
            "nan of edge 'b' -> 'c' must be a finite number of at least 0, got nan",
        ),
        (
            lambda g: shortest_paths(g, "a", weight="word"),
            InputTypeError,
            "word of edge 'b' -> 'c' must be a finite number of at least 0, got '3'",
        ),
        (
            lambda g: shortest_paths(g, "a", weight="ragged"),
            InputTypeError,
            "ragged of edge 'b' -> 'c' must be a finite number of at least 0, got [1, 2]",
        ),
        (
            lambda g: shortest_paths(g, "a", cutoff=-1),
            InputError,
            "cutoff must be a finite number of at least 0, got -1.0",
        ),
        (
            lambda g: shortest_paths(g, "a", cutoff=-math.inf),
            InputError,
            "cutoff must be a finite number of at least 0, got -inf",
        ),
        (
            lambda g: shortest_paths(g, "a", tick=0),
            InputError,
            "tick must be a finite number above 0, got 0.0",
        ),
        (
            lambda g: shortest_paths(g, "a", tick=1e-12),
            InputError,
            "tick must be at least 4.66e-10, so that the longest edge, 1, takes fewer than 2**31 "
            "ticks, got 1e-12",
        ),
        (
            lambda g: shortest_paths(g, "a", max_hops=1.5),
            InputTypeError,
            "max_hops must be a whole number of at least 0, got 1.5",
        ),
        (
            lambda g: breadth_first(g, "a", depth_limit=-1),
            InputError,
            "depth_limit must be a whole number of at least 0, got -1",
        ),
        (
            lambda g: shortest_paths(g, "a").path("d"),
            InputError,
            "target must be a node that the wave from 'a' reached, got 'd'",
        ),
        (
            lambda g: shortest_paths(g, "a").path("z"),
            InputError,
            "target must be a node of the graph, got 'z'",
        ),
        (
            lambda g: all_pairs(g, sources=[]),
            InputError,
            "sources must name at least one node, got none",
        ),
        (
            lambda g: all_pairs(g, sources=3),
            InputTypeError,
            "sources must be an iterable of nodes, got 3",
        ),
        (
            lambda g: all_pairs(g, sources=[["a"]]),
            InputError,
            "sources must be a node of the graph, got ['a']",
        ),
        (
            lambda g: all_pairs(g, sources=["a", "z"]),
            InputError,
            "sources must be a node of the graph, got 'z'",
        ),
    ],
)
def test_messages(call, error, message):
    graph = nx.Graph([("a", "b")])
    graph.add_edge("b", "c", negative=-1, nan=math.nan, word="3", ragged=[1, 2])
    graph.add_node("d")
    with pytest.raises(error) as caught:
        call(graph)
    assert str(caught.value) == message


def test_results_print_what_they_hold():
    found = shortest_paths(nx.path_graph(3), 0)
    assert repr(found) == "<Paths from 0 to 3 nodes, 1 long per tick, error 0: 5 ticks, 3 spikes>"
    assert repr(all_pairs(nx.path_graph(2))) == (
        "<AllPairs from 2 nodes, 1 long per tick, error 0: 4 ticks, 4 spikes>"
    )


def test_answers_can_be_sent_to_other_processes_and_not_be_changed():
    graph = nx.path_graph(4)
    one, all_of_them = shortest_paths(graph, 0), all_pairs(graph)
    one_found, all_found = one.distances, all_of_them.distances
    for distances in (one_found, all_found, all_found[0]):
        with pytest.raises(TypeError, match="does not support item assignment"):
            distances[9] = 1
    assert pickle.loads(pickle.dumps(one)).distances == one_found
    assert pickle.loads(pickle.dumps(all_of_them)).distances == all_found
