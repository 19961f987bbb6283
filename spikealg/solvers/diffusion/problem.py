"""A diffusion problem: the mathematics, before any walker or neuron."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csgraph, csr_array, hstack, vstack

from spikealg.arguments import as_choice
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.coefficients import Coefficients
from spikealg.solvers.diffusion.domains import Domain, Mesh
from spikealg.solvers.diffusion.initial import Initial, distribution
from spikealg.solvers.diffusion.rates import Rates
from spikealg.solvers.diffusion.times import as_span

__all__ = ["Problem"]

FloatArray = npt.NDArray[np.float64]

_LOGGER = logging.getLogger(__name__)
_LATER = ("jumps", "killing", "source", "payoff", "at")
_MODES = ("forward", "backward", "steady")


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """A diffusion equation on a domain, with its initial and boundary conditions.

    Forward: ∂u/∂t = ∇·(D∇u) − ∇·(bu) with `diffusivity` (Fick), or
    ∂u/∂t = ½∂²(σ²u) − ∂(bu) with `sigma` (Itô). The two agree where the coefficient is constant
    and D = σ²/2.

    Parameters
    ----------
    domain : Interval, Box, Polygon or Graph
        Where, and how finely divided.
    diffusivity : float, array_like or callable, optional
        D ≥ 0 [length²/time]: a number, one per axis, one per vertex, or a function of positions
        in the shape of ``problem.x``. Taken at the midpoints of links. 1 on a graph if neither
        `diffusivity` nor `sigma` is given.
    sigma : float, array_like or callable, optional
        σ ≥ 0 [length/√time] in the same forms. Taken at the vertex a walker leaves.
    drift : float, array_like or callable, optional
        b [length/time]: a number (one axis), one per axis, (V, axes), or a function of positions.
        Taken at the vertex a walker leaves.
    jumps, killing, source, payoff, at : optional
        Not supported yet: giving one is an error.
    boundary : str or dict
        "reflect" (or "neumann"), "absorb" ("dirichlet") or "periodic" for all sides, or one of
        them for each side: "x-", "x+", "y-", ... (or "x" for both), "shore" of a polygon, nodes
        of a graph. Sides that are not named reflect.
    initial : optional
        What the walkers start from: a density u0(x) or its values (V,) (on a graph: masses of
        nodes), or a point, or a graph node or {node: mass}. A point is a release of mass 1.
    mode : {"forward"}, optional
        Forward is what `initial` alone means.
    t_span : float or (float, float), optional
        Where time begins and ends; `solve` may give its own.
    dt : float or "auto", optional
        Longest step [time]; `solve` may give its own.
    exact : callable, optional
        The exact solution exact(t, x) -> density (V,), with t a number and x as ``problem.x``.
        `Solution.check` compares the chain with it.
    drift_scheme : {"central", "upwind"}
        "central" is of order 2 and needs ``|b|·Δx ≤ σ²`` along every axis; "upwind" is of
        order 1 and needs nothing.

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used, or a mesh with these coefficients has negative rates; the
        message names the vertex, the bound and what would meet it.
    """

    domain: Domain
    diffusivity: Any = field(default=None, kw_only=True)
    sigma: Any = field(default=None, kw_only=True)
    drift: Any = field(default=None, kw_only=True)
    jumps: Any = field(default=None, kw_only=True)
    killing: Any = field(default=None, kw_only=True)
    source: Any = field(default=None, kw_only=True)
    boundary: Any = field(default="reflect", kw_only=True)
    initial: Any = field(default=None, kw_only=True)
    payoff: Any = field(default=None, kw_only=True)
    at: Any = field(default=None, kw_only=True)
    mode: str | None = field(default=None, kw_only=True)
    t_span: Any = field(default=None, kw_only=True)
    dt: float | str | None = field(default=None, kw_only=True)
    exact: Callable[[float, FloatArray], npt.ArrayLike] | None = field(default=None, kw_only=True)
    drift_scheme: str = field(default="central", kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.domain, type) or not hasattr(self.domain, "mesh"):
            raise InputTypeError(
                f"domain must be an Interval, Box, Polygon or Graph, got {self.domain!r}"
            )
        for name in _LATER:
            if getattr(self, name) is not None:
                raise InputError(
                    f"{name} is not supported yet: leave it out and give initial= for a forward "
                    "problem"
                )
        if self.mode is not None and as_choice("mode", self.mode, _MODES) != "forward":
            raise InputError(f"mode={self.mode!r} is not supported yet: only 'forward' is")
        if self.diffusivity is not None and self.sigma is not None:
            raise InputError(
                "diffusivity and sigma cannot be given together: diffusivity is Fick's law, "
                "sigma the Itô equation"
            )
        as_choice("drift_scheme", self.drift_scheme, ("central", "upwind"))
        if self.exact is not None and not callable(self.exact):
            raise InputError(f"exact must be a function exact(t, x), got {self.exact!r}")
        if self.t_span is not None:
            object.__setattr__(self, "t_span", as_span(self.t_span))
        # Made at once, so that every bad coefficient, boundary and start is refused here.
        self.rates.choose_dt("auto" if self.dt is None else self.dt)

    @cached_property
    def mesh(self) -> Mesh:
        """The vertices of the domain with this boundary."""
        return self.domain.mesh(self.boundary)

    @property
    def x(self) -> FloatArray:
        """Positions of the vertices, (V,) or (V, dimensions) [length]; sinks included."""
        return self.mesh.x

    @cached_property
    def rates(self) -> Rates:
        """The rates on the mesh; what cannot be reached from the start is not live."""
        coefficients = Coefficients(
            self.diffusivity, self.sigma, self.drift, self.drift_scheme == "upwind"
        )
        rates = self.mesh.rates(coefficients)
        if not rates.live.any():
            raise InputError(
                f"all {len(rates.x)} vertices lie on absorbing sides: take a finer domain"
            )
        if self.initial is None:
            return rates
        reached = _reached(rates, distribution(self.mesh, rates, self.initial).probability > 0)
        n_dropped = int(np.count_nonzero(rates.live & ~reached))
        if n_dropped:
            _LOGGER.warning(
                "%d of %d vertices cannot be reached from the start and are left out",
                n_dropped,
                np.count_nonzero(rates.live),
            )
        return rates.restricted(reached)

    @cached_property
    def start(self) -> Initial:
        """Where the walkers start, as probabilities, and the mass that they carry together."""
        if self.initial is None:
            raise InputError("initial is needed to walk forward: give a density or a point")
        return distribution(self.mesh, self.rates, self.initial)

    def refine(self, factor: int | None = None) -> Problem:
        """Return the same problem on a mesh that is `factor` times finer and keeps every vertex.

        A `dt` of its own, which would be too long there, becomes automatic.

        Raises
        ------
        InputError
            If the domain cannot be refined, or something was given as an array per vertex.
        """
        domain = self.domain.refine(factor)
        for name in ("diffusivity", "sigma", "drift", "initial"):
            shape = np.shape(getattr(self, name)) if not callable(getattr(self, name)) else ()
            if shape and shape[0] == len(self.x) > 3:
                raise InputError(
                    f"{name} is an array per vertex, which does not exist on a finer mesh: give a "
                    "function of x"
                )
        return replace(self, domain=domain, dt="auto" if self.dt is not None else None)

    def __repr__(self) -> str:
        given = [
            f"{name}={'<function>' if callable(value) else repr(value)}"
            for name in ("diffusivity", "sigma", "drift", "boundary", "t_span")
            if (value := getattr(self, name)) is not None and np.ndim(value) == 0
        ]
        return f"Problem({', '.join([repr(self.domain), *given])})"


def _reached(rates: Rates, started: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which vertices a walker from a vertex in `started` can come to, (V,) bool."""
    first = csr_array((started & rates.live)[None, :].astype(np.float64))
    n = len(rates.live)
    # One more vertex, from which all starts are one step away.
    graph = vstack([hstack([rates.between, csr_array((n, 1))]), hstack([first, csr_array((1, 1))])])
    order = csgraph.breadth_first_order(graph.tocsr(), n, return_predecessors=False)
    reached = np.zeros(n + 1, dtype=bool)
    reached[order] = True
    return reached[:n]
