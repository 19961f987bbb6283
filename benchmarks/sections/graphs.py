"""Waves of spikes on large graphs, against networkx and scipy.sparse.csgraph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import networkx as nx
import numpy as np
from scipy.sparse import csgraph

from report import Report, Table
from settings import Settings
from spikealg import graph
from timing import in_turn, on_one_core

EDGES, QUICK = 100_000, 2_000


def _graphs(edges: int) -> dict[str, nx.Graph]:
    """Return graphs of about so many edges, with lengths and capacities."""
    side, rng = round((edges / 2) ** 0.5), np.random.default_rng(1)
    made = {
        "random": nx.gnm_random_graph(edges // 5, edges, seed=1),
        "scale-free": nx.barabasi_albert_graph(edges // 5, 5, seed=1),
        "grid": nx.convert_node_labels_to_integers(nx.grid_2d_graph(side, side)),
    }
    for each in made.values():
        for u, v in each.edges:
            each[u][v]["weight"] = int(rng.integers(1, 100))
            each[u][v]["capacity"] = int(rng.integers(1, 20))
    return made


def _questions(each: nx.Graph) -> dict[str, dict[str, Callable[[], Any]]]:
    """Return, for each question, how we, networkx and SciPy answer it with a comparable number."""
    matrix = nx.to_scipy_sparse_array(each, format="csr")
    capacity = nx.to_scipy_sparse_array(each, weight="capacity", format="csr").astype(np.int32)
    last = len(each) - 1
    return {
        "fewest edges": {
            "spikealg": lambda: sum(graph.breadth_first(each, 0).distances.values()),
            "networkx": lambda: sum(nx.single_source_shortest_path_length(each, 0).values()),
            "SciPy": lambda: _sum(csgraph.dijkstra(matrix, indices=0, unweighted=True)),
        },
        "shortest paths": {
            "spikealg": lambda: sum(graph.shortest_paths(each, 0).distances.values()),
            "networkx": lambda: sum(nx.single_source_dijkstra_path_length(each, 0).values()),
            "SciPy": lambda: _sum(csgraph.dijkstra(matrix, indices=0)),
        },
        "components": {
            "spikealg": lambda: len(graph.components(each)),
            "networkx": lambda: nx.number_connected_components(each),
            "SciPy": lambda: csgraph.connected_components(matrix)[0],
        },
        "spanning tree": {
            "spikealg": lambda: graph.minimum_spanning_tree(each).length,
            "networkx": lambda: nx.minimum_spanning_tree(each).size(weight="weight"),
            "SciPy": lambda: csgraph.minimum_spanning_tree(matrix).sum(),
        },
        "maximum flow": {
            "spikealg": lambda: graph.maximum_flow(each, 0, last).value,
            "networkx": lambda: nx.maximum_flow_value(each, 0, last),
            "SciPy": lambda: csgraph.maximum_flow(capacity, 0, last).flow_value,
        },
    }


def _sum(distances: np.ndarray) -> float:
    return distances[np.isfinite(distances)].sum()


def measure(settings: Settings) -> Report:
    """Ask every question of every graph; the answers must be equal."""
    for each in _graphs(QUICK).values():  # compiles
        for ways in _questions(each).values():
            ways["spikealg"]()
    rows = []
    for name, each in _graphs(QUICK if settings.quick else EDGES).items():
        for question, ways in _questions(each).items():
            answers: dict[str, float] = {}

            def keep(
                way: str, call: Callable[[], Any], answers: dict[str, float] = answers
            ) -> None:
                answers[way] = float(call())

            with on_one_core():
                seconds = in_turn(
                    {way: partial(keep, way, call) for way, call in ways.items()},
                    settings.repeat, warm=False, least=0, most=10.0,
                )  # fmt: skip
            if len(set(answers.values())) > 1:
                raise AssertionError(f"{question} of {name}: {answers}")
            rows.append(
                [
                    f"{name}, {len(each)} nodes, {each.number_of_edges()} edges",
                    question,
                    *(f"{seconds[way]:.3g}" for way in ways),
                    f"{seconds['networkx'] / seconds['spikealg']:.2g}",
                    f"{seconds['SciPy'] / seconds['spikealg']:.2g}",
                ]
            )
    heads = ["graph", "question", "spikealg s", "networkx s", "SciPy s", "networkx ÷", "SciPy ÷"]
    note = (
        "Whole calls. SciPy has its matrix already; spikealg reads the networkx graph and makes "
        "its networks in every call. ÷: their time over ours."
    )
    return Report([Table("Graphs, one core", heads, rows, note)])
