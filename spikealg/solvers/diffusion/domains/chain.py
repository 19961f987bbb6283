"""A Markov chain in continuous time as its user wrote it down."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from spikealg.arguments import as_float_array
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.nodes import NodeMesh, absorbing_nodes
from spikealg.solvers.diffusion.equation.coefficients import Coefficients
from spikealg.solvers.diffusion.equation.rates import Rates

__all__ = ["Chain", "ChainMesh"]

FloatArray = npt.NDArray[np.float64]

_ROUNDING = 1e-9


class Chain:
    """States and the rates between them: dp/dt = pQ.

    Parameters
    ----------
    Q : (V, V) array_like or sparse array
        Rate [1/time] from the row's state to the column's. The diagonal is 0, or −(all rates out of
        a state): what it has beyond the rates to other states kills.
    x : (V,) or (V, dimensions) array_like, optional
        Positions of the states; 0, 1, 2, ... if not given.
    mass : (V,) array_like, optional
        What each state stands for; 1 if not given. Densities are probabilities over mass.
    nodes : sequence, optional
        Names of the states; their numbers if not given.

    Attributes
    ----------
    nodes : tuple
        Names of the states; any may absorb: ``boundary={node: "absorb"}``.

    Notes
    -----
    Diffusivity, sigma and drift have no place here: they are in Q. Killing, sources and all the
    rest of `Problem` have.
    """

    def __init__(
        self,
        Q: Any,
        *,
        x: npt.ArrayLike | None = None,
        mass: npt.ArrayLike | None = None,
        nodes: Sequence[Hashable] | None = None,
    ) -> None:
        matrix = Q if sparse.issparse(Q) else as_float_array("Q", Q)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.shape[0]:
            raise InputError(f"Q must be a square matrix of rates, got shape {matrix.shape}")
        n = int(matrix.shape[0])
        between = sparse.csr_array(matrix, dtype=np.float64)
        as_float_array("Q.data", between.data)
        diagonal = between.diagonal()
        between.setdiag(0)
        between.eliminate_zeros()
        if between.nnz and between.data.min() < 0:
            entries = between.tocoo()
            worst = int(entries.data.argmin())
            raise InputError(
                f"Q[{entries.row[worst]}, {entries.col[worst]}] must be a rate of at least 0, got "
                f"{entries.data[worst]:g}"
            )
        out = np.asarray(between.sum(axis=1))
        killing = np.where(diagonal == 0, 0.0, -diagonal - out)
        bad = killing < -_ROUNDING * np.maximum(out, 1e-300)
        if bad.any():
            i = int(np.argmax(bad))
            raise InputError(
                f"Q[{i}, {i}] must be at most -{out[i]:g}, minus the rates out of state {i}, or 0, "
                f"got {diagonal[i]:g}"
            )
        self.between = between
        self.killing = np.where(killing > _ROUNDING * out, killing, 0.0)
        self.nodes: tuple[Hashable, ...] = tuple(range(n)) if nodes is None else tuple(nodes)
        if len(set(self.nodes)) != n:
            raise InputError(f"nodes must be {n} different names, got {len(set(self.nodes))}")
        self.x: FloatArray = np.array(as_float_array("x", np.arange(n) if x is None else x))
        if self.x.ndim not in (1, 2) or len(self.x) != n:
            raise InputError(f"x must hold a position for each of {n} states, got {self.x.shape}")
        self.mass = np.array(as_float_array("mass", 1.0 if mass is None else mass, shape=(n,)))
        if not (self.mass > 0).all():
            raise InputError(f"mass must be positive, got {self.mass.min():g}")

    @property
    def sides(self) -> tuple[str, ...]:
        """Names of the states, any of which can absorb."""
        return tuple(map(str, self.nodes))

    def mesh(self, boundary: Any = "reflect") -> ChainMesh:
        """Return the states for a boundary: "reflect" or {node: "absorb"}."""
        return ChainMesh(self, absorbing_nodes(boundary, self.nodes, "chain"))

    def refine(self, factor: int | None = None) -> Chain:
        """Refuse: a chain is not the sampling of anything finer."""
        raise InputError("a Chain has no refinement: its states are all there is")

    def __repr__(self) -> str:
        return f"Chain({len(self.nodes)} states, {self.between.nnz} rates)"


class ChainMesh(NodeMesh):
    """The states of a `Chain`, some of which absorb."""

    def __init__(self, domain: Chain, absorbing: tuple[int, ...]) -> None:
        super().__init__(domain.nodes, absorbing, "Chain")
        self.domain, self.x, self.mass = domain, domain.x, domain.mass

    def rates(self, coefficients: Coefficients) -> Rates:
        """Return the rates between states and into those that absorb."""
        for name in ("diffusivity", "sigma", "drift"):
            if getattr(coefficients, name) is not None:
                raise InputError(f"{name} has no place with a Chain: its rates are in Q")
        n = len(self.x)
        rates = Rates(
            self.x,
            self.mass,
            self.domain.between,
            sparse.csr_array((n, 0)),
            (),
            np.ones(n, dtype=bool),
            np.full(n, -1, dtype=np.int64),
        )
        if self.domain.killing.any():
            rates = rates.killed(self.domain.killing)
        for state in self.absorbing:
            rates = rates.absorbing(str(self.nodes[state]), np.arange(n) == state)
        return rates
