"""Values of edges: what their sums must not leave, and what names an attribute."""

from __future__ import annotations

import math
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError, TooLargeError
from spikealg.graph import (
    all_pairs,
    hitting_times,
    maximum_flow,
    minimum_spanning_tree,
    pagerank,
    shortest_paths,
)

WEIGHTED = [
    lambda graph: shortest_paths(graph, 0),
    lambda graph: shortest_paths(graph, 0, max_hops=2),
    all_pairs,
    minimum_spanning_tree,
    lambda graph: maximum_flow(graph, 0, 2, capacity="weight"),
]


def path(*lengths, kind=nx.Graph):
    graph = kind()
    graph.add_weighted_edges_from((i, i + 1, length) for i, length in enumerate(lengths))
    return graph


@pytest.mark.parametrize("ask", WEIGHTED)
@pytest.mark.parametrize(
    ("large", "message"),
    [
        (
            2**62,
            "weight must be whole numbers that add up to less than 2**62, or floats, got a sum of "
            "9.22e+18",
        ),
        (1e308, "weight must be numbers that add up to at most 8.99e+307, got a larger sum"),
        (
            10**400,
            "weight of edge 0 -> 1 must be a finite number of at least 0, got one beyond the "
            "largest float",
        ),
    ],
)
def test_sums_that_no_number_holds_are_refused(ask, large, message):
    with pytest.raises(InputError) as caught:
        ask(path(large, large))
    assert str(caught.value) == message


def test_large_sums_that_fit_are_right():
    most = 2**61 - 1
    graph = path(most, most)
    assert shortest_paths(graph, 0).distances[2] == 2 * most
    assert shortest_paths(graph, 0, max_hops=2).distances[2] == 2 * most
    assert minimum_spanning_tree(graph).length == 2 * most
    assert shortest_paths(path(4e307, 4e307), 0).distances[2] == 8e307
    # Where one is a float all are.
    assert shortest_paths(path(2**63, 2.0**63), 0).distances[2] == 2.0**64


@pytest.mark.parametrize("ask", WEIGHTED)
@pytest.mark.parametrize("large", [2**62, 2**63, 2**64, np.uint64(2**63)])
def test_whole_numbers_are_never_floats(ask, large):
    with pytest.raises(
        InputError, match=r"that add up to less than 2\*\*62, or floats, got a sum of"
    ):
        ask(path(large, 0))


@pytest.mark.parametrize("beside", [True, 1, 1.0, Fraction(1, 2), [1]])
@pytest.mark.parametrize(
    ("value", "error", "got"),
    [
        (True, InputTypeError, "True"),
        (np.True_, InputTypeError, "np.True_"),
        (np.array([2]), InputTypeError, "array([2])"),
        ([2], InputTypeError, "[2]"),
        (None, InputTypeError, "None"),
        (-1, InputError, "-1"),
        (np.int64(-1), InputError, "-1"),
        (-1.0, InputError, "-1.0"),
        (math.inf, InputError, "inf"),
    ],
)
def test_every_value_keeps_to_one_rule_whatever_is_beside_it(value, error, got, beside):
    with pytest.raises(error) as caught:
        shortest_paths(path(value, beside), 0)
    assert str(caught.value) == (
        f"weight of edge 0 -> 1 must be a finite number of at least 0, got {got}"
    )


def test_numbers_of_any_kind_will_do():
    graph = path(np.uint8(2), np.float32(0.5), Fraction(1, 2), np.array(3))
    assert shortest_paths(graph, 0).distances[4] == 6.0
    assert shortest_paths(path(np.uint8(200), np.int16(100)), 0).distances[2] == 300


def test_parallel_capacities_add_up_each_way():
    most = 2**60 - 1
    pipes = nx.MultiGraph()
    for ends in [(0, 1), (0, 1), (1, 2)]:
        pipes.add_edge(*ends, capacity=most)
    assert maximum_flow(pipes, 0, 2).value == most
    assert maximum_flow(pipes, 0, 1).value == 2 * most


@pytest.mark.parametrize(
    ("ask", "argument"),
    [
        (lambda graph, name: shortest_paths(graph, 0, weight=name), "weight"),
        (lambda graph, name: all_pairs(graph, weight=name), "weight"),
        (lambda graph, name: minimum_spanning_tree(graph, weight=name), "weight"),
        (lambda graph, name: pagerank(graph, weight=name), "weight"),
        (lambda graph, name: hitting_times(graph, 0, weight=name), "weight"),
        (lambda graph, name: maximum_flow(graph, 0, 1, capacity=name), "capacity"),
    ],
)
@pytest.mark.parametrize("name", [len, 3, ["a"], "", True])
def test_what_is_no_name_of_an_attribute(ask, argument, name):
    with pytest.raises(InputTypeError) as caught:
        ask(path(1), name)
    assert (
        str(caught.value)
        == f"{argument} must be a name (a str that is not empty) or None, got {name!r}"
    )


def test_without_capacities_nothing_limits():
    with pytest.raises(InputError, match="capacity must limit every path to the sink"):
        maximum_flow(path(1), 0, 1, capacity=None)


@pytest.mark.parametrize("ask", [shortest_paths, all_pairs, minimum_spanning_tree])
def test_too_short_a_tick_asks_for_a_longer_one(ask, monkeypatch):
    monkeypatch.setattr("spikealg.memory.available_bytes", lambda: 2**34)
    graph = path(0.4, 1.0, kind=nx.Graph)
    arguments = {"source": 0} if ask is shortest_paths else {}
    with pytest.raises(TooLargeError, match=r"GiB are available: take a longer tick$"):
        ask(graph, **arguments, tick=1e-9)


def test_more_ticks_than_a_delay_can_have():
    with pytest.raises(InputError) as caught:
        minimum_spanning_tree(path(1), tick=1 / (2**31 - 1))
    assert str(caught.value) == (
        "tick must be longer: an edge would take 2147483648 ticks, at most 2147483647 can be"
    )
