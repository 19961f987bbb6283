"""Ticks for a graph whose edges take no time.

In NIR a spike passes from layer to layer at once, and the step of a tool gives a loop one step.
Here a synapse takes a tick at least. So each node of neurons gets a depth, and runs that many ticks
later than in NIR: an edge of d ticks there takes d + depth[target] − depth[source] ticks here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

from spikealg.errors import InputError

__all__ = ["depths"]


def depths(
    nodes: Iterable[str], edges: Iterable[tuple[str, str, int]]
) -> tuple[Mapping[str, int], frozenset[tuple[str, str]]]:
    """Return the least depths, and the pairs whose edges close a loop that takes no time.

    An edge within such a loop takes one tick in NIR's tools, so it is given one.

    Parameters
    ----------
    nodes : iterable of str
    edges : iterable of (source, target, ticks)

    Raises
    ------
    InputError
        If a loop lasts fewer ticks than it has synapses; the message names its nodes.
    """
    nodes, edges = list(nodes), list(edges)
    at_once = nx.DiGraph((source, target) for source, target, ticks in edges if ticks == 0)
    loop_of = {
        node: number
        for number, loop in enumerate(nx.strongly_connected_components(at_once))
        for node in loop
    }
    looped = frozenset(
        (source, target) for source, target in at_once.edges if loop_of[source] == loop_of[target]
    )
    rises = [
        (source, target, 1 - (1 if (source, target) in looped and ticks == 0 else ticks))
        for source, target, ticks in edges
    ]
    depth = dict.fromkeys(nodes, 0)
    for _ in range(len(nodes) + 1):
        rising = [
            (target, depth[source] + rise)
            for source, target, rise in rises
            if depth[source] + rise > depth[target]
        ]
        if not rising:
            return depth, looped
        for target, needed in rising:
            depth[target] = max(depth[target], needed)
    named = ", ".join(map(repr, _rising_loop(rises)))
    raise InputError(
        f"a loop through {named} lasts fewer ticks than it has nodes of neurons, and every synapse "
        "takes a tick: make its delays longer, or dt smaller"
    )


def _rising_loop(rises: Iterable[tuple[str, str, int]]) -> list[str]:
    """Return the nodes of a loop along which the depth would rise for ever."""
    falls = nx.DiGraph()
    for source, target, rise in rises:
        before = falls.get_edge_data(source, target, {"weight": -rise})["weight"]
        falls.add_edge(source, target, weight=min(-rise, before))
    start = object()
    falls.add_weighted_edges_from([(start, node, 0) for node in list(falls)])
    return sorted(set(nx.find_negative_cycle(falls, start)))
