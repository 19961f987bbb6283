"""Graphs: walkers that hop along the edges of a networkx graph."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
from scipy import sparse

from spikealg.arguments import as_choice, as_float
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.domains.nodes import NodeMesh, absorbing_nodes
from spikealg.solvers.diffusion.equation.coefficients import Coefficients, evaluate
from spikealg.solvers.diffusion.equation.crossings import Crossings
from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = ["Graph", "GraphMesh"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Graph:
    """The nodes of a networkx graph; walkers move from node to node along its edges.

    Parameters
    ----------
    graph : networkx graph
        Directed or not, weighted or not, with parallel edges (their weights add up) or not.
    weight : str or None
        Edge attribute that holds the weight, 1 where it is missing. None: all weights are 1.
    laplacian : {"combinatorial", "random-walk"}
        The rate from i to j is D·w_ij, or D·w_ij/Σ_k w_ik: then a walker leaves every node at the
        same rate, and with D·dt = 1 the chain is the graph's random walk. A loop counts in Σ.

    Attributes
    ----------
    nodes : tuple
        The nodes, in the graph's order; vertex i is ``nodes[i]``. Positions ``x`` are 0, 1, 2, ...

    Notes
    -----
    `diffusivity` [1/time over weight] defaults to 1; an array is one value per node, an edge has
    the mean of its ends. `sigma` counts as ½σ² at the node a walker leaves. There is no drift:
    direct the edges. The sides are nodes: ``boundary={node: "absorb"}``; the keys of
    ``solution.exited`` are ``str(node)``. Vertices have mass 1.
    """

    def __init__(
        self, graph: nx.Graph, *, weight: str | None = "weight", laplacian: str = "combinatorial"
    ) -> None:
        if not isinstance(graph, nx.Graph):
            raise InputTypeError(f"graph must be a networkx graph, got {graph!r}")
        if len(graph) == 0:
            raise InputError("graph must have at least one node")
        self.laplacian = as_choice("laplacian", laplacian, ("combinatorial", "random-walk"))
        self.nodes: tuple[Hashable, ...] = tuple(graph.nodes)
        self.index = {node: i for i, node in enumerate(self.nodes)}
        rows, columns, weights = [], [], []
        for start, end, data in graph.edges(data=True):
            value = 1.0 if weight is None else data.get(weight, 1.0)
            rows.append(self.index[start])
            columns.append(self.index[end])
            weights.append(as_float(f"weight of edge {start!r} -> {end!r}", value, low=0))
        if not graph.is_directed():
            loops = [a == b for a, b in zip(rows, columns, strict=True)]
            back = [i for i, loop in enumerate(loops) if not loop]
            rows, columns = (
                rows + [columns[i] for i in back],
                columns + [rows[i] for i in back],
            )
            weights += [weights[i] for i in back]
        n = len(self.nodes)
        self.weights = sparse.coo_array((weights, (rows, columns)), shape=(n, n)).tocsr()
        """Sums of weights, (V, V) csr array, row = from."""

    @property
    def sides(self) -> tuple[str, ...]:
        """Names of the nodes, any of which can absorb."""
        return tuple(map(str, self.nodes))

    def mesh(self, boundary: Any = "reflect") -> GraphMesh:
        """Return the vertices for a boundary: "reflect" or {node: "absorb"}."""
        return GraphMesh(self, absorbing_nodes(boundary, self.nodes, "graph"))

    def refine(self, factor: int | None = None) -> Graph:
        """Refuse: a graph is not the sampling of anything finer."""
        raise InputError("a Graph has no refinement: its nodes are all there is")

    def __repr__(self) -> str:
        return f"Graph({len(self.nodes)} nodes, {self.weights.nnz} directed edges)"


class GraphMesh(NodeMesh):
    """The nodes of a `Graph`, some of which absorb."""

    def __init__(self, domain: Graph, absorbing: tuple[int, ...]) -> None:
        super().__init__(domain.nodes, absorbing, "Graph")
        self.domain = domain

    def rates(self, coefficients: Coefficients) -> Rates:
        """Return the rates from node to node and into the absorbing nodes."""
        if coefficients.drift is not None:
            raise InputError(
                "drift has no direction on a Graph: give a networkx.DiGraph with weights"
            )
        n = len(self.x)
        weights = self.domain.weights.tocoo()
        row, column = weights.row.astype(np.int64), weights.col.astype(np.int64)
        rate = weights.data * self._strength(coefficients, row, column)
        if self.domain.laplacian == "random-walk":
            degree = np.asarray(self.domain.weights.sum(axis=1))
            rate = rate / np.where(degree > 0, degree, 1)[row]
        sink = np.full(n, -1, dtype=np.int64)
        sink[list(self.absorbing)] = np.arange(len(self.absorbing))
        enters = (sink[row] >= 0) & (sink[column] < 0) & (rate > 0)
        moves = (row != column) & (sink[row] < 0) & (rate > 0)
        leaves = moves & (sink[column] >= 0)
        goes = moves & ~leaves
        return Rates(
            self.x,
            self.mass,
            sparse.csr_array((rate[goes], (row[goes], column[goes])), shape=(n, n)),
            sparse.csr_array(
                (rate[leaves], (row[leaves], sink[column[leaves]])), shape=(n, len(self.absorbing))
            ),
            self.sides,
            sink < 0,
            sink,
            crossings=Crossings.none(self.x)
            .leaving(row[leaves], sink[column[leaves]], rate[leaves], self.x[column[leaves]])
            .entering(column[enters], sink[row[enters]], rate[enters], self.x[row[enters]]),
        )

    def _strength(
        self, coefficients: Coefficients, row: IntArray, column: IntArray
    ) -> FloatArray | float:
        if coefficients.sigma is not None:
            sigma = evaluate("sigma", coefficients.sigma, self.x, 1, low=0)[:, 0]
            return np.asarray(0.5 * sigma[row] ** 2)
        if coefficients.diffusivity is None:
            return 1.0
        value = evaluate("diffusivity", coefficients.diffusivity, self.x, 1, low=0)[:, 0]
        return np.asarray(0.5 * (value[row] + value[column]))
