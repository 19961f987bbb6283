"""Questions about graphs answered by spikes: networkx graphs in, dicts by node out.

>>> import networkx as nx
>>> from spikealg import graph
>>> dict(graph.shortest_paths(nx.cycle_graph(5), 0).distances)
{0: 0, 1: 1, 4: 1, 2: 2, 3: 2}
"""

from __future__ import annotations

from spikealg.solvers.graph.answer import Answer
from spikealg.solvers.graph.components import Components, Reach, components, reachable
from spikealg.solvers.graph.flow import Flow, maximum_flow
from spikealg.solvers.graph.order import Order, topological_order
from spikealg.solvers.graph.paths import (
    AllPairs,
    Paths,
    all_pairs,
    breadth_first,
    shortest_paths,
)
from spikealg.solvers.graph.spanning import SpanningTree, minimum_spanning_tree
from spikealg.solvers.graph.walks import HittingTimes, PageRank, hitting_times, pagerank

__all__ = [
    "AllPairs",
    "Answer",
    "Components",
    "Flow",
    "HittingTimes",
    "Order",
    "PageRank",
    "Paths",
    "Reach",
    "SpanningTree",
    "all_pairs",
    "breadth_first",
    "components",
    "hitting_times",
    "maximum_flow",
    "minimum_spanning_tree",
    "pagerank",
    "reachable",
    "shortest_paths",
    "topological_order",
]
