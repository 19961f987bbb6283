"""Graphs that every question is asked about: small, of all kinds, with all that may go wrong."""

from __future__ import annotations

import random
from collections.abc import Callable

import networkx as nx
import pytest

KINDS = (nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph)
LENGTHS: dict[str, Callable[[random.Random], float]] = {
    "whole": lambda rng: rng.randint(1, 6),
    "whole, many zero": lambda rng: rng.choice([0, 0, 1, 3]),
    "decimal": lambda rng: rng.choice([0.1, 0.25, 1.5, 2.0, 0.0]),
    "any": lambda rng: rng.choice([rng.random(), 100 * rng.random(), 0.0]),
}


def with_lengths(graph: nx.Graph, lengths: str, seed: int) -> nx.Graph:
    """Return the graph with a weight and a capacity on each edge; some edges have none."""
    rng = random.Random(seed)
    for *_, data in graph.edges(data=True):
        data.clear()
        if rng.random() < 0.95:
            data["weight"] = LENGTHS[lengths](rng)
        data["capacity"] = LENGTHS[lengths](rng)
    return graph


def random_graph(kind: type[nx.Graph], lengths: str, seed: int) -> nx.Graph:
    """Return a sparse random graph, often in pieces, with loops and parallel edges."""
    rng = random.Random(seed)
    nodes = [f"n{i}" for i in range(rng.randint(1, 24))]
    graph = kind()
    graph.add_nodes_from(nodes)
    edges = rng.randint(0, 2 * len(nodes))
    graph.add_edges_from((rng.choice(nodes), rng.choice(nodes)) for _ in range(edges))
    return with_lengths(graph, lengths, seed)


def _named(graph: nx.Graph, lengths: str = "whole") -> nx.Graph:
    return with_lengths(graph, lengths, seed=1)


ALL_GRAPHS = [
    pytest.param(_named(nx.empty_graph(1)), id="one node"),
    pytest.param(_named(nx.path_graph(9)), id="path"),
    pytest.param(_named(nx.grid_2d_graph(6, 7)), id="grid"),
    pytest.param(_named(nx.DiGraph(nx.grid_2d_graph(4, 5)), "any"), id="directed grid"),
    pytest.param(_named(nx.barabasi_albert_graph(60, 2, seed=2), "decimal"), id="scale-free"),
    pytest.param(_named(nx.scale_free_graph(60, seed=3)), id="directed scale-free"),
    pytest.param(_named(nx.complete_graph(12), "any"), id="complete"),
    pytest.param(_named(nx.star_graph(30), "whole, many zero"), id="star"),
    pytest.param(
        _named(nx.disjoint_union_all([nx.cycle_graph(k) for k in (3, 4, 7)]), "decimal"),
        id="disconnected",
    ),
    *(
        pytest.param(random_graph(kind, lengths, seed), id=f"{kind.__name__}, {lengths}, {seed}")
        for kind in KINDS
        for lengths in LENGTHS
        for seed in range(4)
    ),
]
UNDIRECTED = [case for case in ALL_GRAPHS if not case.values[0].is_directed()]
DIRECTED = [case for case in ALL_GRAPHS if case.values[0].is_directed()]
