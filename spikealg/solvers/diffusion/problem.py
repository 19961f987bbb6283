"""A diffusion problem: the mathematics, before any walker or neuron."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_float
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.domains.domain import Domain, Mesh
from spikealg.solvers.diffusion.equation.coefficients import Coefficients
from spikealg.solvers.diffusion.equation.functions import (
    at_time,
    depends_on_time,
    require_arguments,
)
from spikealg.solvers.diffusion.equation.initial import Initial, distribution
from spikealg.solvers.diffusion.equation.rates import Rates
from spikealg.solvers.diffusion.equation.reach import reached_from
from spikealg.solvers.diffusion.equation.terms import Equation, discretise
from spikealg.solvers.diffusion.times import as_span

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.forecast import Forecast

__all__ = ["MODES", "Problem"]

FloatArray = npt.NDArray[np.float64]

_LOGGER = logging.getLogger(__name__)
_OF_RATES = ("diffusivity", "sigma", "drift", "killing")
MODES = ("forward", "backward", "steady")


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """A diffusion equation on a domain, with its initial and boundary conditions.

    Forward, for the density u of walkers: ∂u/∂t = ∇·(D∇u) − ∇·(bu) − cu + f with `diffusivity`
    (Fick), or ½∂²(σ²u) in place of ∇·(D∇u) with `sigma` (Itô). The two agree where the coefficient
    is constant and D = σ²/2. Backward, for the value w at a time before the end: the same with
    b·∇w, and ½σ²∂²w, what the payoff, the sides and f pay. Steady: what does not change any more.

    Parameters
    ----------
    domain : Interval, Box, Polygon, Disk, Ball, Sphere, Torus, TriangleMesh, Graph, ...
        Where, and how finely divided.
    diffusivity : float, array_like or callable, optional
        D ≥ 0 [length²/time]: a number, one per axis, one per vertex, or a function of positions
        in the shape of ``problem.x``. Taken at the midpoints of links. 1 on a graph if neither
        `diffusivity` nor `sigma` is given. On a box also a symmetric tensor, (axes, axes) or
        (V, axes, axes), that is not too oblique for the mesh.
    sigma : float, array_like or callable, optional
        σ ≥ 0 [length/√time] in the same forms; as a matrix, of the noise σ dW, it is the tensor
        ½σσᵀ. Taken at the vertex a walker leaves.
    drift : float, array_like or callable, optional
        b [length/time]: a number (one axis), one per axis, (V, axes), or a function of positions.
        Taken at the vertex a walker leaves.
    jumps : Jumps, optional
        Jumps at random times, on an interval, a box, a polygon, a disk or a ball.
    killing : float, array_like or callable, optional
        c ≥ 0 [1/time]: the rate at which walkers die; ``solution.exited["killed"]`` counts them. In
        a backward problem it discounts.
    source : float, array_like or callable, optional
        f, of either sign: mass per length, area or volume and time that comes in, of which what
        lies on an absorbing side has left at once; in a backward problem value per time that a
        walker collects.
    boundary : str or dict
        "reflect" (or "neumann"), "absorb" ("dirichlet") or "periodic" for all sides, or one of
        them for each side: "x-", "x+", "y-", ... (or "x" for both), "shore" of a polygon, nodes
        of a graph. Sides that are not named reflect. In place of a word, as in py-pde,
        {"value": g} for u = g, a number or a function of x, {"derivative": h} for ∂u/∂n = h, n
        pointing outward, or {"type": "mixed", "value": γ, "const": β} for ∂u/∂n + γu = β. The last
        two are said of what flows: forward and steady, D(β − γu) comes in through the side, drift
        included, so that D ∂u/∂n − (b·n)u = D(β − γu), or with `sigma` ∂(½σ²u)/∂n − (b·n)u =
        ½σ²(β − γu), with β = h and γ = 0 for a derivative. Any other name makes a set of vertices
        absorb: {"trap": {"where": where(x) or indices}}, with a "value" if u is not 0.
    initial : optional
        What the walkers start from: a density u0(x) or its values (V,) (on a graph: masses of
        nodes), or a point, or a graph node or {node: mass}. A point is a release of mass 1.
        Negative densities are walked by walkers that count −1.
    payoff : float, array_like or callable, optional
        Value that a walker gets at the end for where it is. Makes a backward problem.
    at : optional
        Points (or nodes) whose values a backward problem is to tell; all vertices if not given.
    mode : {"forward", "backward", "steady"}, optional
        `initial` alone means forward, `payoff` alone backward.
    t_span : float or (float, float), optional
        Where time begins and ends; `solve` may give its own. It may end at infinity: a forward
        problem is then followed until the last walker has left, a backward one has no time.
    dt : float or "auto", optional
        Longest step [time]; `solve` may give its own.
    exact : callable, optional
        The exact solution exact(t, x) -> density or value (V,), with t a number (infinite where
        steady) and x as ``problem.x``. `Solution.check` compares the chain with it.
    hold : float, optional
        Coefficients may depend on time: a diffusivity, sigma, drift, killing or source f(x, t) of
        two arguments is held for so long [time], at its value in the middle; 1/64 of the time span
        if not given. What a source brings in meanwhile comes in the middle, at once. The error is
        of order 2 in it.
    drift_scheme : {"central", "upwind"}
        "central" is of order 2 and needs ``|b|·Δx ≤ σ²`` along every axis; "upwind" is of
        order 1 and needs nothing.
    time_scheme : {"euler", "exponential"}
        A step is I + Δt·Q, of order 1 in time, or exp(Δt·Q), without an error in time, for small
        state spaces.

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
    hold: float | None = field(default=None, kw_only=True)
    drift_scheme: str = field(default="central", kw_only=True)
    time_scheme: str = field(default="euler", kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.domain, type) or not hasattr(self.domain, "mesh"):
            raise InputTypeError(
                f"domain must be an Interval, Box, Polygon, Disk, Ball, Sphere, Torus, "
                f"TriangleMesh, Graph, PhaseSpace or Chain, got {self.domain!r}"
            )
        if self.mode is not None:
            as_choice("mode", self.mode, MODES)
        if self.diffusivity is not None and self.sigma is not None:
            raise InputError(
                "diffusivity and sigma cannot be given together: diffusivity is Fick's law, "
                "sigma the Itô equation"
            )
        as_choice("drift_scheme", self.drift_scheme, ("central", "upwind"))
        as_choice("time_scheme", self.time_scheme, ("euler", "exponential"))
        if self.exact is not None and not callable(self.exact):
            raise InputError(f"exact must be a function exact(t, x), got {self.exact!r}")
        for name in (*_OF_RATES, "source"):
            require_arguments(name, getattr(self, name), "x", "x, t")
        for name in ("initial", "payoff"):
            require_arguments(name, getattr(self, name), "x")
        require_arguments("exact", self.exact, "t, x")
        if self.hold is not None:
            as_float("hold", self.hold, above=0)
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

    @property
    def rates_vary(self) -> bool:
        """Whether rates depend on time."""
        return any(depends_on_time(getattr(self, name)) for name in _OF_RATES)

    @property
    def varying(self) -> bool:
        """Whether rates or the source depend on time."""
        return self.rates_vary or depends_on_time(self.source)

    @property
    def t_start(self) -> float:
        """Where time begins, as far as the problem itself says; else 0."""
        return 0.0 if self.t_span is None else float(self.t_span[0])

    def equation_at(self, t: float) -> Equation:
        """Return the equation on the mesh with the coefficients of a time, wherever walkers are."""
        given = {name: at_time(getattr(self, name), t) for name in _OF_RATES}
        killing = given.pop("killing")
        equation = discretise(
            self.mesh,
            Coefficients(**given, upwind=self.drift_scheme == "upwind"),
            self.boundary,
            self.domain.sides,
            jumps=self.jumps,
            killing=killing,
            source=at_time(self.source, t),
        )
        if self.time_scheme == "exponential":
            equation = replace(equation, rates=replace(equation.rates, exponential=True))
        return equation

    @cached_property
    def equation(self) -> Equation:
        """The equation on the mesh; what cannot be reached from the start is not live.

        Where coefficients depend on time, that of `t_start`, and all is live; so it is backward,
        where nobody walks from `initial`.
        """
        equation = self.equation_at(self.t_start)
        rates = equation.rates
        if not rates.live.any():
            raise InputError(
                f"all {len(rates.x)} vertices lie on absorbing sides: take a finer domain"
            )
        if not self._restricts or self.mode == "backward":
            return equation
        started = equation.inflow != 0
        for start in distribution(self.mesh, rates, self.initial):
            started |= start.probability > 0
        reached = reached_from(rates, started & rates.live)
        n_dropped = int(np.count_nonzero(rates.live & ~reached))
        if n_dropped:
            _LOGGER.warning(
                "%d of %d vertices cannot be reached from the start and are left out",
                n_dropped,
                np.count_nonzero(rates.live),
            )
        return equation.restricted(reached)

    @property
    def _restricts(self) -> bool:
        """Whether forward the vertices that count are those that are reached from `initial`."""
        return not (self.initial is None or self.payoff is not None or self.varying)

    def for_mode(self, mode: str) -> Problem:
        """Return the problem whose equation lives where it has to in a mode: most often itself."""
        own = not self._restricts or (mode == "backward") == (self.mode == "backward")
        return self if own else self._turned

    @cached_property
    def _turned(self) -> Problem:
        return replace(self, mode="forward" if self.mode == "backward" else "backward")

    @property
    def rates(self) -> Rates:
        """The rates on the mesh."""
        return self.equation.rates

    @cached_property
    def starts(self) -> tuple[Initial, ...]:
        """Where walkers start, apart for what is positive and what is negative."""
        if self.initial is None:
            if self.source is not None or self.equation.inflow.any():
                return ()
            raise InputError("initial is needed to walk forward: give a density or a point")
        return distribution(self.mesh, self.rates, self.initial)

    @property
    def start(self) -> Initial:
        """Where the walkers start, as probabilities, and the mass that they carry together."""
        if len(self.starts) != 1:
            raise InputError("initial is of both signs, or of none: look at problem.starts")
        return self.starts[0]

    def refine(self, factor: int | None = None) -> Problem:
        """Return the same problem on a mesh that is `factor` times finer and keeps every vertex.

        A `dt` of its own, which would be too long there, becomes automatic.

        Raises
        ------
        InputError
            If the domain cannot be refined, or something was given as an array per vertex.
        """
        domain = self.domain.refine(factor)
        for name in ("diffusivity", "sigma", "drift", "killing", "source", "initial", "payoff"):
            value = getattr(self, name)
            shape = () if callable(value) or isinstance(value, dict) else np.shape(value)
            if shape and shape[0] == len(self.x) > 3:
                raise InputError(
                    f"{name} is an array per vertex, which does not exist on a finer mesh: give a "
                    "function of x"
                )
        return replace(self, domain=domain, dt="auto" if self.dt is not None else None)

    def plan(
        self,
        t_span: Any = None,
        *,
        t_eval: Any = None,
        mode: str | None = None,
        at: Any = None,
        method: str = "density",
        walkers: int = 100_000,
        rtol: float | None = None,
        atol: float = 0.0,
        dt: float | str = "auto",
        lanes: int | str = "auto",
        circuit: str = "auto",
        probability_bits: int = 32,
        seed: int | None = 0,
    ) -> Forecast:
        """Return what `solve` with these arguments would take, without walking.

        The circuit is built for its size. Ticks and time are estimates: ticks by how walkers
        disperse, times by rates that were measured on the processor that the forecast names.

        Parameters
        ----------
        t_span, t_eval, mode, at, method, walkers, dt, lanes, circuit, probability_bits
            As in `solve`.
        rtol, atol : float, optional
            Refused: what a tolerance takes is known when some have walked. Ask with as many
            walkers as you expect.
        seed : int or None
            As in `solve`; what a walk takes does not depend on it.

        Returns
        -------
        Forecast
            Steps, ticks, neurons, synapses, memory, time; shows itself as a table.

        Raises
        ------
        InputError, InputTypeError
            As `solve` would, or if a tolerance is given. Any number of walkers may be asked about.
        """
        from spikealg.solvers.diffusion.forecast import forecast

        return forecast(
            self, t_span, t_eval=t_eval, mode=mode, at=at, method=method, walkers=walkers,
            rtol=rtol, atol=atol, dt=dt, lanes=lanes, circuit=circuit,
            probability_bits=probability_bits, seed=seed,
        )  # fmt: skip

    def __repr__(self) -> str:
        given = [
            f"{name}={_told(value)}"
            for name in ("diffusivity", "sigma", "drift", "killing", "boundary", "mode", "t_span")
            if (value := getattr(self, name)) is not None and np.ndim(value) == 0
        ]
        return f"Problem({', '.join([repr(self.domain), *given])})"


def _told(value: Any) -> str:
    """Return a value in words that are the same in every process."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_told(own)}' for key, own in value.items())}}}"
    return "<function>" if callable(value) else repr(value)
