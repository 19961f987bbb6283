"""Domains whose vertices are nodes with names, at no place: graphs and chains."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.domain import Mesh
from spikealg.solvers.diffusion.equation.boundary import as_boundary

__all__ = ["NodeMesh", "absorbing_nodes"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def absorbing_nodes(boundary: Any, nodes: tuple[Hashable, ...], what: str) -> tuple[int, ...]:
    """Return the indices of nodes that absorb, by "reflect" or {node: "absorb"}.

    Raises
    ------
    InputError
        If there is no such node, all would absorb, or two that do have the same name.
    """
    index = {node: i for i, node in enumerate(nodes)}
    if isinstance(boundary, dict):
        for node, word in boundary.items():
            if node not in index and not (isinstance(word, dict) and "where" in word):
                raise InputError(f"boundary has no node {node!r} in the {what}")
        words = as_boundary(boundary, nodes, periodic=False)  # type: ignore[arg-type]
        absorbing = tuple(i for i, node in enumerate(nodes) if words[node] == "absorb")  # type: ignore[index]
    elif as_boundary(boundary, ("",), periodic=False)[""] == "absorb":
        raise InputError(
            "boundary='absorb' would absorb every node: name them, as in "
            f"{{{nodes[0]!r}: 'absorb'}}"
        )
    else:
        absorbing = ()
    named: dict[str, Hashable] = {}
    for node in (nodes[i] for i in absorbing):
        if str(node) in named:
            raise InputError(
                f"absorbing nodes {named[str(node)]!r} and {node!r} have the same name "
                f"{str(node)!r}, by which solution.exited tells them apart: relabel one of them"
            )
        named[str(node)] = node
    return absorbing


class NodeMesh:
    """The vertices of a graph or a chain, some of which absorb.

    Attributes
    ----------
    nodes : tuple
        Names of the vertices.
    absorbing : tuple of int
        Vertices that absorb.
    what : str
        "Graph" or "Chain", for errors.
    """

    def __init__(self, nodes: tuple[Hashable, ...], absorbing: tuple[int, ...], what: str) -> None:
        self.nodes, self.absorbing, self.what = nodes, absorbing, what
        self.index = {node: i for i, node in enumerate(nodes)}
        self.x: FloatArray = np.arange(len(nodes), dtype=np.float64)
        self.mass: FloatArray = np.ones(len(nodes))

    @property
    def sides(self) -> tuple[str, ...]:
        """Names of the absorbing nodes."""
        return tuple(str(self.nodes[i]) for i in self.absorbing)

    def locate(self, initial: Any, name: str = "initial") -> tuple[IntArray, FloatArray] | None:
        """Return nodes and their masses; None if `initial` is an array or a function."""
        if isinstance(initial, dict):
            places = initial
        elif isinstance(initial, (np.ndarray, list)) or callable(initial):
            return None
        else:
            places = {initial: 1.0}
        for node in places:
            if not isinstance(node, Hashable) or node not in self.index:
                raise InputError(f"{name} node {node!r} is not in the {self.what.lower()}")
        vertices = np.array([self.index[node] for node in places], dtype=np.int64)
        masses = [as_float(f"{name}[{node!r}]", mass) for node, mass in places.items()]
        return vertices, np.array(masses)

    def grid(self, values: npt.ArrayLike) -> FloatArray:
        """Refuse: nodes do not lie on a lattice."""
        raise InputError(
            f"a {self.what} is no lattice: its values have one axis, in the order of nodes"
        )

    def restrict(self, fine: Mesh, values: npt.ArrayLike) -> FloatArray:
        """Refuse, as `refine` of the domain does."""
        raise InputError(f"a {self.what} has no refinement: its nodes are all there is")
