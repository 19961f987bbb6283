"""A wave over arcs whose lengths are ticks, from one vertex or, in lanes, from several."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikealg.engine import Run
from spikealg.memory import require_memory
from spikealg.solvers.graph.edges import Arcs
from spikealg.solvers.graph.wave import (
    NEVER_REACHED,
    NOBODY,
    firing_times,
    require_delays,
    run_wave,
    wave_network,
)
from spikealg.solvers.graph.zeros import contract

__all__ = ["Limits", "Search", "search", "search_layers", "unrolled"]

IntArray = npt.NDArray[np.int64]

_BYTES_PER_DISTANCE = 120.0
"""The spike that tells it, sorted, its ticks and its place in a tree of paths."""
_BYTES_PER_NEURON, _BYTES_PER_ARC = 150.0, 120.0
"""In the arrays from which a network is made, its own, and the tree of paths."""


class Limits(NamedTuple):
    """Where a wave may end before all is quiet.

    Attributes
    ----------
    goal : int or None
        When it reaches this vertex, and all that are no further away.
    ticks : int or None
        After paths of so many ticks.
    """

    goal: int | None = None
    ticks: int | None = None


class Search(NamedTuple):
    """What a wave found.

    Attributes
    ----------
    run : Run
    ticks : int64 array (lanes, n)
        Ticks of the shortest path to each vertex, or `NEVER_REACHED`.
    """

    run: Run
    ticks: IntArray


def search(arcs: Arcs, sources: IntArray, limits: Limits) -> Search:
    """Start a wave at each source in a lane of its own.

    Parameters
    ----------
    arcs : Arcs
        With values in ticks, 0 or more; between two vertices at most one each way.
    sources : int64 array (lanes,)
    limits : Limits
    """
    require_memory(
        _BYTES_PER_DISTANCE * arcs.n * len(sources),
        f"distances from {len(sources)} sources to {arcs.n} nodes",
        "ask for some sources= at a time",
    )
    groups = contract(arcs)
    require_delays(groups.arcs.n, groups.arcs.value, groups.scale)
    network = wave_network(groups.arcs)
    first = groups.group[sources]
    starts = np.zeros((len(sources), network.n_neurons), dtype=np.uint8)
    starts[np.arange(len(sources)), first] = 1
    late = groups.shift[np.newaxis] - groups.shift[first][:, np.newaxis]
    latest = int(late.max())
    goals = NOBODY if limits.goal is None else groups.group[[limits.goal]]
    run = run_wave(
        network,
        starts,
        ticks=None if limits.ticks is None else groups.scale * limits.ticks + latest + 1,
        goals=goals,
        longer=latest - int(late[:, goals].min(initial=latest)),
    )
    times = firing_times(run)
    ticks = np.where(times == NEVER_REACHED, NEVER_REACHED, (times - late) // groups.scale)
    return Search(run, _up_to(limits, ticks, goals)[:, groups.group])


def _up_to(limits: Limits, ticks: IntArray, goals: IntArray) -> IntArray:
    """Return the ticks of neurons that are no further away than the limits."""
    most = np.iinfo(np.int64).max if limits.ticks is None else limits.ticks
    arrived = ticks[:, goals]
    most = min(most, int(arrived[arrived != NEVER_REACHED].min(initial=most)))
    return np.where(ticks > most, NEVER_REACHED, ticks)


def unrolled(arcs: Arcs, hops: int) -> Arcs:
    """Return arcs between copies of the vertices: vertex v after h arcs is number n·h + v.

    Raises
    ------
    TooLargeError
        If a network of them would not fit into memory.
    """
    require_memory(
        _BYTES_PER_NEURON * arcs.n * (hops + 1) + _BYTES_PER_ARC * len(arcs.pre) * hops,
        f"{hops + 1} neurons for each of {arcs.n} nodes",
        "take a smaller max_hops, or none",
    )
    layers = np.arange(hops)[:, np.newaxis] * arcs.n
    return Arcs(
        arcs.n * (hops + 1),
        (arcs.pre + layers).reshape(-1),
        (arcs.post + arcs.n + layers).reshape(-1),
        np.tile(arcs.value, hops),
    )


def search_layers(layers: Arcs, source: int, hops: int, limits: Limits) -> Search:
    """Start a wave that counts its hops, over arcs `unrolled`: a neuron for each vertex and count.

    The answer has a column per neuron. Where arcs of length 0 occur, every hop takes a tick more,
    and lengths are scaled so that this does not mix with them.
    """
    extra = int((layers.value == 0).any())
    scale = 1 + extra * hops
    layers = layers._replace(value=scale * layers.value + extra)
    n = layers.n // (hops + 1)
    starts = np.zeros((1, layers.n), dtype=np.uint8)
    starts[0, source] = 1
    goals = NOBODY if limits.goal is None else limits.goal + n * np.arange(hops + 1)
    run = run_wave(
        wave_network(layers),
        starts,
        ticks=None if limits.ticks is None else scale * limits.ticks + extra * hops + 1,
        goals=goals,
        longer=extra * hops,
    )
    times = firing_times(run)
    ticks = np.where(times == NEVER_REACHED, NEVER_REACHED, times // scale)
    return Search(run, _up_to(limits, ticks, goals))
