"""What a walk would take, before it is walked: ticks, neurons, memory, time.

Ticks and neurons follow from the circuit and from how walkers disperse; times are those of the
model by which lanes are chosen (`lanes`), in seconds as measured by benchmarks/forecast.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_int
from spikealg.solvers.diffusion.accuracy.tolerance import refuse_tolerance
from spikealg.solvers.diffusion.density_circuits import make_circuit
from spikealg.solvers.diffusion.density_circuits.base import DensityCircuit
from spikealg.solvers.diffusion.density_circuits.paced import PacedCircuit
from spikealg.solvers.diffusion.equation.reach import require_exit
from spikealg.solvers.diffusion.groups import Load
from spikealg.solvers.diffusion.particle_circuits.circuit import PARTICLE_CIRCUITS
from spikealg.solvers.diffusion.particle_circuits.lattice import require_homogeneous
from spikealg.solvers.diffusion.plan import Plan, choose_mode, make_plan
from spikealg.solvers.diffusion.storage import solution_bytes
from spikealg.solvers.diffusion.walks.expected import solve_live
from spikealg.solvers.diffusion.walks.lanes import (
    MANY,
    crowd,
    dispersal,
    fullest,
    time_of_few,
    time_of_many,
)
from spikealg.solvers.diffusion.walks.march import endless_stretches
from spikealg.solvers.diffusion.walks.methods import (
    METHODS,
    choose_circuit,
    require_circuit_options,
)
from spikealg.solvers.diffusion.walks.walkers import Share, shares_of

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.equation.transition import Transition
    from spikealg.solvers.diffusion.problem import Problem

__all__ = ["Forecast", "forecast", "forecast_of"]

FloatArray = npt.NDArray[np.float64]

MEASURED_ON = "one core of an AMD EPYC, Numba 0.68"
UNIT = 110e-9
"""Seconds of what `lanes.time_of_few` counts as 1, per vertex."""
CIRCUIT_FEW = {
    "published": 2.4, "tree": 2.3, "swap": 1.5, "swap-tree": 1.5, "direct": 1.2, "paced": 1.0,
    "drain": 1.0,
}  # fmt: skip
CIRCUIT_MANY = {
    "published": 3.8, "tree": 4.1, "swap": 2.7, "swap-tree": 2.9, "direct": 1.8, "paced": 1.0,
    "drain": 2.2,
}  # fmt: skip
"""Time of each density circuit in units of the one that "auto" takes, in few and in many lanes."""
TICKS = {
    "published": (2.0, 7.5), "tree": (2.0, 7.5), "swap": (1.0, 2.0), "swap-tree": (1.0, 2.0),
    "direct": (1.0, 2.0), "drain": (1.0, 1.0),
}  # fmt: skip
"""Ticks of a step: so many per walker at the fullest vertex, and so many more."""
PER_WALKER_STEP, PER_PARTICLE_STEP = 3e-9, 4e-9
"""Seconds of a step of a walker without spikes, and of a particle."""
CHAIN_STEP, CHAIN_ENTRY = 4e-6, 2.4e-9
"""Seconds of a step of the chain, and of each entry of its matrix."""
COMPILED, CALLED, CALLED_PLAIN = 1.4e-6, 0.01, 1e-3
"""Seconds to build a synapse of a circuit, to call the engine, and to call walkers without one."""
WAITED = 35e-9
"""Seconds of a step of a vertex of each lane where lanes are few, whoever is there."""
ITEM_BYTES = 25
"""Memory of a neuron or a synapse."""


@dataclass(frozen=True, repr=False)
class Forecast:
    """What a solve would take; ``str(forecast)`` is a table, and so is a look at it in a shell.

    Attributes
    ----------
    method, mode : str
    vertices : int
        Where walkers can be.
    memory_bytes : int
        About how much is needed at a time.
    seconds : float or None
        About how long it takes on `measured_on`; less on more cores. None for a chain without end,
        which solves a linear system.
    steps : int or None
        Of the walk; where `t_span` has no end, about when the last walker leaves. None as for
        `seconds`.
    walkers : int or None
        In all; None for method "chain", which has none.
    lanes : int or None
        Copies of the circuit for the walkers of a group or batch; None without a circuit.
    circuit : str or None
        Which one; None for methods that have none.
    ticks : int or None
        About how many, of all stretches of time, kinds of walkers and their batches together;
        None without a circuit.
    neurons, synapses : int or None
        Of one copy of the largest density circuit; None for other methods.
    measured_on : str
        Where rates were measured.
    """

    method: str
    mode: str
    vertices: int
    memory_bytes: int
    seconds: float | None
    steps: int | None
    walkers: int | None = None
    lanes: int | None = None
    circuit: str | None = None
    ticks: int | None = None
    neurons: int | None = None
    synapses: int | None = None
    measured_on: str = MEASURED_ON

    @property
    def brief(self) -> str:
        """The most important of it in a few words."""
        parts = [] if self.ticks is None else [f"about {self.ticks:.2g} ticks"]
        parts.append(_bytes(self.memory_bytes))
        if self.seconds is not None:
            parts.append(f"{_seconds(self.seconds)} on one core")
        return ", ".join(parts)

    def __str__(self) -> str:
        rows = [
            ("method", self.method if self.circuit is None else f"{self.method}, {self.circuit}"),
            ("vertices", _spaced(self.vertices)),
            ("walkers", _spaced(self.walkers)),
            ("steps", _spaced(self.steps)),
            ("lanes", _spaced(self.lanes)),
            ("neurons", _spaced(self.neurons)),
            ("synapses", _spaced(self.synapses)),
            ("ticks", _spaced(self.ticks, about=True)),
            ("memory", f"about {_bytes(self.memory_bytes)}"),
            (
                "time",
                "" if self.seconds is None else f"{_seconds(self.seconds)} ({self.measured_on})",
            ),
        ]
        return "\n".join(f"{name:10} {value}" for name, value in rows if value)

    __repr__ = __str__


def _spaced(number: int | None, *, about: bool = False) -> str:
    if number is None:
        return ""
    if about and number >= 1000:
        digits = len(str(number)) - 3
        return f"about {round(number, -digits):,}".replace(",", " ")
    return f"{number:,}".replace(",", " ")


def _bytes(number: float) -> str:
    for unit in ("KiB", "MiB"):
        number /= 1024
        if number < 1000:
            return f"{max(number, 1):.3g} {unit}"
    return f"{number / 1024:.3g} GiB"


def _seconds(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"about {seconds / size:.2g} {unit}"
    return "less than 0.1 s" if seconds < 0.1 else f"about {seconds:.2g} s"


def forecast(
    problem: Problem,
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
    """Return what `Problem.plan` documents."""
    kind = choose_mode(problem, mode)
    problem = problem.for_mode(kind)
    refuse_tolerance(rtol, atol)
    if seed is not None:
        as_int("seed", seed, low=0, high=2**64 - 1)
    as_choice("method", method, METHODS)
    walkers = as_int("walkers", walkers, low=1)
    require_circuit_options(method, circuit, lanes, probability_bits)
    by_chain = method == "chain"
    own = problem.at if at is None and kind == "backward" else at
    plan = make_plan(problem, kind, t_span, t_eval, own, dt, by_chain=by_chain)
    if method == "particle":
        for load in plan.loads:
            require_homogeneous(
                problem.rates, problem.mesh, plan.segments, load.probability,
                endless=plan.endless,
            )  # fmt: skip
    shares = [] if by_chain else shares_of(plan, problem, method, walkers, lanes)
    return forecast_of(
        problem, plan, method, shares, circuit=circuit, probability_bits=probability_bits
    )


def forecast_of(
    problem: Problem,
    plan: Plan,
    method: str,
    shares: Sequence[Sequence[Share]],
    *,
    circuit: str,
    probability_bits: int,
    sizes: bool = True,
) -> Forecast:
    """Return what a plan takes whose batches of loads have these shares.

    `sizes` is whether to build the circuit, for its neurons and synapses.
    """
    vertices, memory = int(problem.rates.live.sum()), solution_bytes(plan, problem, method)
    if method == "chain":
        steps = None if plan.endless else sum(stretch.steps for stretch in plan.segments)
        return Forecast(
            method=method,
            mode=plan.mode,
            vertices=vertices,
            steps=steps,
            memory_bytes=int(memory),
            seconds=None if steps is None else _chain_seconds(problem, plan, steps),
        )
    walks = [
        _Walk.of(problem, plan, load, batches[0], method)
        for load, batches in zip(plan.loads, shares, strict=True)
    ]
    largest = max(walks, key=lambda walk: walk.walkers / walk.lanes)
    name = choose_circuit(method, circuit, largest.lanes)
    seconds = sum(
        len(batches) * walk.seconds(method, name)
        for walk, batches in zip(walks, shares, strict=True)
    )
    neurons = synapses = ticks = None
    if method == "particle":
        each = PARTICLE_CIRCUITS[str(name)][0]
        ticks = each * sum(
            len(batches) * walk.steps for walk, batches in zip(walks, shares, strict=True)
        )
    elif name is not None:
        memory += largest.lane_bytes
        ticks = sum(
            len(batches) * walk.ticks(name) for walk, batches in zip(walks, shares, strict=True)
        )
        if sizes:
            network = largest.circuit(name, probability_bits).compile()
            neurons, synapses = network.n_neurons, network.n_synapses
            memory += ITEM_BYTES * (neurons + synapses)
            seconds += COMPILED * synapses * len(plan.segments) * len(plan.loads)
    return Forecast(
        method=method,
        mode=plan.mode,
        vertices=vertices,
        walkers=sum(share.walkers for batches in shares for share in batches),
        steps=max(walk.steps for walk in walks),
        lanes=None if name is None else max(walk.lanes for walk in walks),
        circuit=name,
        neurons=neurons,
        synapses=synapses,
        ticks=ticks,
        memory_bytes=int(memory),
        seconds=seconds,
    )


@dataclass(frozen=True, eq=False)
class _Walk:
    """The walk of a batch of a load, as far as it can be foreseen.

    Attributes
    ----------
    transition : Transition
        A step of the longest stretch of time.
    start : (V,) float64
        Chance of a walker to start at each vertex.
    walkers, lanes : int
    steps : int
        Of all stretches together.
    alive : float
        Part of the walkers that walks, in the mean over all steps.
    calls : int
        Of the engine.
    """

    transition: Transition
    start: FloatArray
    walkers: int
    lanes: int
    steps: int
    alive: float
    calls: int

    @classmethod
    def of(cls, problem: Problem, plan: Plan, load: Load, share: Share, method: str) -> _Walk:
        """Return it for a share of a load; steps without end are those until the last has left."""
        rates = problem.rates
        longest = max(plan.segments, key=lambda stretch: stretch.steps)
        steps, alive = sum(stretch.steps for stretch in plan.segments), 1.0
        calls = len(plan.segments)
        if plan.endless:
            require_exit(rates, load.probability)
            walking = np.where(rates.live, load.probability, 0.0)
            stay = solve_live(rates, walking, transposed=True)
            mean = float(stay.sum()) / longest.dt
            # In the end walkers leave at a constant rate: the last of n after about (ln n + γ)
            # times the mean time of those who are still there.
            later = float(solve_live(rates, stay, transposed=True).sum()) / longest.dt
            slow = max(mean, later / max(float(stay.sum()), 1e-300))
            last = max(1.0, slow * (math.log(share.walkers) + np.euler_gamma))
            steps = calls = 0
            # Whether anybody is left is asked after whole stretches.
            for stretch in endless_stretches(len(walking), timed=load.timed):
                steps, calls = steps + stretch, calls + 1
                if steps >= last:
                    break
            alive = min(1.0, mean / steps)
        transition = longest.own(rates).transition(longest.dt)
        return cls(transition, load.probability, share.walkers, share.lanes, steps, alive, calls)

    @property
    def vertices(self) -> int:
        return max(1, int(self.transition.live.sum()))

    @property
    def walking(self) -> int:
        """Walkers that walk, in the mean over all steps."""
        return max(1, round(self.walkers * self.alive))

    @cached_property
    def spread(self) -> tuple[float, FloatArray]:
        """The largest chance to be at a vertex, and the chance of each, in the mean over steps."""
        return dispersal(self.transition, self.start, self.steps)

    def seconds(self, method: str, circuit: str | None) -> float:
        """Return how long it takes."""
        walkers = self.walking
        if method == "montecarlo":
            return CALLED_PLAIN * self.calls + PER_WALKER_STEP * walkers * self.steps
        if method == "particle":
            return PER_PARTICLE_STEP * walkers * self.steps
        peak, chance = self.spread
        if self.lanes < MANY:
            factor = CIRCUIT_FEW[str(circuit)]
            each = (
                time_of_few(self.lanes, walkers, peak, self.vertices) + self.lanes * WAITED / UNIT
            )
        else:
            factor = CIRCUIT_MANY[str(circuit)]
            each = time_of_many(-(-self.lanes // MANY), walkers, chance)
        return CALLED * self.calls + UNIT * factor * each * self.vertices * self.steps

    def ticks(self, circuit: str) -> int:
        """Return after about how many ticks a density circuit is done."""
        if circuit == "paced":
            made = self.circuit(circuit, 32)
            assert isinstance(made, PacedCircuit)
            return (self.steps + 1) * made.period
        per_walker, more = TICKS[circuit]
        peak, _ = self.spread
        most = fullest(self.walking * peak / self.lanes, 1 / peak)
        return round((self.steps + 1) * (per_walker * most + more))

    def circuit(self, name: str, probability_bits: int) -> DensityCircuit:
        """Return the density circuit of a lane."""
        at_once = None
        if name == "paced":
            start = np.rint(self.walking * self.start).astype(np.int64)
            at_once = crowd(self.transition, start, self.steps, self.lanes)
        return make_circuit(
            name, self.transition, steps=self.steps, probability_bits=probability_bits,
            most=-(-self.walkers // self.lanes), crowd=at_once,
        )  # fmt: skip

    @property
    def lane_bytes(self) -> float:
        """Memory of the lanes that run at a time."""
        # Numba and the kernels come with it.
        from spikealg.solvers.diffusion.walks.density import (
            BLOCK_BYTES,
            BYTES_PER_COUNTER,
            BYTES_PER_STEP,
        )

        of_lane = BYTES_PER_COUNTER * self.vertices + BYTES_PER_STEP * self.steps
        return float(min(BLOCK_BYTES, self.lanes * of_lane))


def _chain_seconds(problem: Problem, plan: Plan, steps: int) -> float:
    rates = problem.rates
    entries = int(rates.between.nnz + rates.exits.nnz) + len(rates.x)
    if rates.exponential:
        entries = len(rates.x) ** 2
    marches = len(plan.loads) + (plan.mode == "backward")
    return marches * steps * (CHAIN_STEP + CHAIN_ENTRY * entries)
