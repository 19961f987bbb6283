"""The way out of a maze, by one wave of spikes.

Every open cell of the maze is a neuron, every passage between two cells a pair of synapses whose
delay is the time it takes: some cells are mud. A spike starts at the entrance; every neuron fires
once, when the first spike arrives, and the tick in which it fires is how far it is. The way is
read backwards from the exit, from each cell to one whose spike arrived in the tick in which it
fired. The wave takes a spike per cell, however many passages there are.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import matplotlib as mpl
import networkx as nx
import numpy as np

from spikealg import graph

SIZE = 40
DOORS = 150
MUD = 4.0


def maze(size: int, doors: int, seed: int) -> nx.Graph:
    """Return a maze on a square: a random tree of passages, and some doors that close circles."""
    rng = random.Random(seed)
    square = nx.grid_2d_graph(size, size)
    for u, v in square.edges:
        square[u][v]["draw"] = rng.random()
    passages = nx.minimum_spanning_tree(square, weight="draw")
    passages.add_edges_from(rng.sample(sorted(set(square.edges) - set(passages.edges)), doors))
    mud = {cell for cell in square if rng.random() < 0.3}
    for u, v in passages.edges:
        passages[u][v]["weight"] = 1.0 + (MUD - 1.0) * ((u in mud) + (v in mud)) / 2
    return passages


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Solve the maze, compare with networkx, price the wave, and draw; return the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("maze.png"))
    options = parser.parse_args(arguments)
    mpl.use("Agg")

    passages = maze(SIZE, DOORS, seed=1)
    entrance, way_out = (0, 0), (SIZE - 1, SIZE - 1)
    found = graph.shortest_paths(passages, entrance)
    path = found.path(way_out)
    exact = nx.single_source_dijkstra_path_length(passages, entrance)
    print(found)
    print(f"out after {found.distances[way_out]:g}, {len(path) - 1} passages")

    # Without a target the wave fills the maze; with one it ends when the exit fires.
    short = graph.shortest_paths(passages, entrance, target=way_out)
    bill = found.cost("loihi")
    energy = bill.marginal_J.value
    print(f"one wave on {bill.platform.title}: {1e6 * energy:.1f} µJ for updates and spikes")
    draw(passages, found, path, options.output)
    print(f"{options.output} shows it")
    return {
        "way": found.distances[way_out],
        "worst": max(abs(found.distances[cell] - exact[cell]) for cell in exact),
        "cells": len(found.distances),
        "spikes": found.spikes,
        "updates": bill.counts.updates,
        "spikes to the exit": short.spikes,
        "error": found.error,
        "energy [µJ]": 1e6 * energy,
    }


def draw(passages: nx.Graph, found: graph.Paths, path: list[tuple[int, int]], output: Path) -> None:
    """Draw when each cell fired, the walls, and the way."""
    import matplotlib.pyplot as plt
    from matplotlib.collections import LineCollection

    times = np.zeros((SIZE, SIZE))
    for (x, y), distance in found.distances.items():
        times[y, x] = distance
    walls = []
    for (x, y), (right, up) in nx.grid_2d_graph(SIZE, SIZE).edges:
        if not passages.has_edge((x, y), (right, up)):
            # Across the middle between the two cells.
            a, b = (x + right) / 2, (y + up) / 2
            dx, dy = (up - y) / 2, (right - x) / 2
            walls.append([(a - dx, b - dy), (a + dx, b + dy)])
    figure, axes = plt.subplots(figsize=(7, 6), layout="constrained")
    image = axes.imshow(times, cmap="viridis", origin="lower")
    axes.add_collection(LineCollection(walls, colors="black", linewidths=1.2))
    axes.plot(*np.array(path).T, color="white", linewidth=2.5)
    axes.plot(*path[0], "o", color="white")
    axes.plot(*path[-1], "*", color="white", markersize=14)
    axes.set(xticks=[], yticks=[], title="when the wave is where, and the way out")
    figure.colorbar(image, label="time from the entrance")
    figure.savefig(output, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
