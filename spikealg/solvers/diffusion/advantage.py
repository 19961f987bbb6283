"""The circuit on chips against ordinary walkers and the sparse chain, over the size of a problem.

The comparison follows Smith et al., "Neuromorphic scaling advantages for energy-efficient random
walk computations", Nature Electronics 2022: the same walk, so the same walker-steps, on every side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_float, as_float_array, as_int
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.accuracy.reference import exact_density
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.solution import Solution
from spikealg.solvers.diffusion.solve import solve

if TYPE_CHECKING:
    from spikealg.hardware import AdvantageCurve, CostEstimate, Platform, Series

__all__ = ["WATTS_PER_CORE", "advantage"]

AXES = ("walkers", "vertices", "error")
PLATFORMS = ("loihi", "truenorth", "spinnaker", "cpu")
WATTS_PER_CORE = 10.0
"""Power that is stated, not measured, for one busy core of a processor, its share of memory and
supply included [W]: of the order of rated power over cores."""
DEFAULT_SIZES = {
    "walkers": (100, 316, 1000, 3162, 10_000),
    "vertices": (1, 3, 10, 32, 100),
    "error": (0.3, 0.1, 0.03, 0.01, 0.003),
}
FINEST = 64
"""Finest mesh that is tried for an error, as a refinement of the problem's own."""
LEAST_TIMED = 0.05
"""Seconds that calls of a rival take in all, at least, before the shortest counts: one may be over
in 0.1 ms, before the processor is awake."""


@dataclass(frozen=True)
class _Size:
    x: float
    problem: Problem
    t_span: tuple[float, float]
    walkers: int


def advantage(
    problem: Problem,
    axis: str = "walkers",
    *,
    sizes: Sequence[float] | None = None,
    platforms: Sequence[str | Platform] = PLATFORMS,
    walkers: int = 1000,
    lanes: int = 1,
    circuit: str = "published",
    probability_bits: int | None = None,
    watts_per_core: float = WATTS_PER_CORE,
    seed: int = 0,
    repeats: int = 3,
    progress: Callable[[float], None] | None = None,
) -> AdvantageCurve:
    """Price the density circuit over the size of a problem, beside two rivals on this processor.

    Parameters
    ----------
    problem : Problem
    axis : {"walkers", "vertices", "error"}
        What grows. "walkers": more of them on the mesh of `problem`. "vertices": finer meshes, with
        `walkers` and the number of steps fixed, so that only the mesh grows. "error": each target
        gets the coarsest mesh whose discretisation error is at most half of it, and the walkers
        whose standard error makes up the rest; the chain, which has no walkers, runs on that mesh.
        Errors are relative, in the norm ‖·‖₂ over vertices at the end; the problem has `exact`.
    sizes : sequence of float, optional
        Numbers of walkers; factors of refinement; or target errors, falling. By default five over
        two decades.
    platforms : sequence of str or Platform
    walkers : int
        For axis "vertices".
    lanes, circuit, probability_bits
        As in `solve`. By default one copy of the circuit that Smith et al. ran, which fits Loihi,
        with probabilities of 7 bits, as there; of 32 for axis "error", because to round them is
        an error of its own.
    watts_per_core : float
        Power stated for one core of this processor [W].
    seed : int
    repeats : int
        The rivals are timed this often at least, on one core, and the shortest time counts.
    progress : callable, optional
        Gets the fraction done.

    Returns
    -------
    AdvantageCurve
        A series per platform, "Monte Carlo, measured" and "sparse chain, measured".

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used.
    """
    from spikealg.hardware import AdvantageCurve

    if not isinstance(problem, Problem):
        raise InputTypeError(f"problem must be a diffusion.Problem, got {problem!r}")
    if problem.t_span is None:
        raise InputError("problem must have a t_span: give it one, or take a ready-made problem")
    if problem.equation.inflow.any() or len(problem.starts) != 1 or problem.varying:
        raise InputError(
            "problem must have an initial= of one sign, no source and no coefficients that depend "
            "on time"
        )
    as_choice("axis", axis, AXES)
    power = as_float("watts_per_core", watts_per_core, above=0.0)
    repeats = as_int("repeats", repeats, low=1)
    wanted = as_float_array("sizes", DEFAULT_SIZES[axis] if sizes is None else sizes, low=0.0)
    if wanted.ndim != 1 or len(wanted) < 3 or len(np.unique(wanted)) < len(wanted):
        raise InputError(f"sizes must be at least 3 distinct numbers, got {sizes!r}")
    if probability_bits is None:
        probability_bits = 32 if axis == "error" else 7
    plan = [_size(problem, axis, float(size), walkers) for size in wanted]
    costs: list[list[CostEstimate]] = []
    rivals: list[tuple[float, float]] = []
    walker_steps: list[int] = []
    for done, size in enumerate(plan):
        solution = solve(
            size.problem, size.t_span, walkers=size.walkers, lanes=lanes, circuit=circuit,
            probability_bits=probability_bits, seed=seed, max_walkers=size.walkers,
        )  # fmt: skip
        costs.append([solution.cost(platform) for platform in platforms])
        walker_steps.append(solution.work.amount)
        rivals.append(_rivals(solution, size.walkers, repeats))
        if progress is not None:
            progress((done + 1) / len(plan))
    priced = [_priced([row[i] for row in costs]) for i in range(len(platforms))]
    timed = [
        _timed(title, [row[i] for row in rivals], power)
        for i, title in enumerate(("Monte Carlo, measured", "sparse chain, measured"))
    ]
    return AdvantageCurve(
        axis="1/error" if axis == "error" else axis,
        x=np.array([size.x for size in plan]),
        walker_steps=np.array(walker_steps, dtype=np.float64),
        series=(*priced, *timed),
    )


def _size(problem: Problem, axis: str, size: float, walkers: int) -> _Size:
    assert problem.t_span is not None
    if axis == "error":
        return _of_error(problem, size)
    if axis == "walkers":
        return _Size(size, problem, problem.t_span, as_int("walkers", round(size), low=1))
    factor = as_int("sizes", round(size), low=1)
    finer = problem if factor == 1 else problem.refine(factor)
    start, end = problem.t_span
    steps = max(1, round((end - start) / problem.rates.choose_dt()))
    span = (start, start + steps * finer.rates.choose_dt())
    return _Size(float(finer.rates.live.sum()), finer, span, as_int("walkers", walkers, low=1))


def _of_error(problem: Problem, target: float) -> _Size:
    """Return mesh and walkers that meet a relative error."""
    if problem.exact is None:
        raise InputError("axis='error' takes a problem with exact=: there is none to compare with")
    if not 0 < target < 1:
        raise InputError(f"sizes must be relative errors between 0 and 1, got {target:g}")
    assert problem.t_span is not None
    factor = 1
    while factor <= FINEST:
        finer = problem if factor == 1 else problem.refine(factor)
        solution = solve(finer, method="chain", walkers=1)
        exact = exact_density(finer, solution.t)[-1]
        off = _norm(solution.density[-1] - exact) / _norm(exact)
        if off <= target / 2:
            break
        factor *= 2
    else:
        raise InputError(
            f"the error {target:g} is not met by a mesh {FINEST} times as fine, which is off by "
            f"{off:.2g}: ask for larger errors"
        )
    p = solution.counts[-1]
    one_walker = _norm(np.sqrt(p * (1 - p)) * solution.total / finer.rates.mass) / _norm(exact)
    count = int(np.ceil((one_walker / np.sqrt(target**2 - off**2)) ** 2))
    return _Size(1 / target, finer, problem.t_span, count)


def _norm(values: npt.NDArray[np.float64]) -> float:
    return float(np.linalg.norm(values))


def _rivals(solution: Solution, walkers: int, repeats: int) -> tuple[float, float]:
    """Return the seconds that Monte Carlo and the chain take for the same walk, on one core."""
    from spikealg.solvers.diffusion.walks import chain, montecarlo

    (group,) = solution.groups
    start = group.load.probability
    dealt = np.round(start * walkers).astype(np.int64)
    dealt[int(dealt.argmax())] += walkers - int(dealt.sum())
    (segment,) = solution.segments
    transition = solution.rates.transition(segment.dt)
    steps = np.array(segment.recorded, dtype=np.int64)

    def by_walkers() -> Any:
        return montecarlo.walk(transition, dealt, steps, seed=solution.seed, threads=1)

    def by_chain() -> Any:
        return chain.walk(transition, start, steps)

    return _fastest(by_walkers, repeats), _fastest(by_chain, repeats)


def _fastest(work: Callable[[], Any], repeats: int) -> float:
    work()  # compiles
    times: list[float] = []
    while len(times) < repeats or sum(times) < LEAST_TIMED:
        begun = perf_counter()
        work()
        times.append(perf_counter() - begun)
    return min(times)


def _priced(costs: Sequence[CostEstimate]) -> Series:
    from spikealg.hardware import Series

    total = all(cost.total_J is not None for cost in costs)
    figures = [cost.total_J if total else cost.published_J for cost in costs]
    missing = sorted({name for cost in costs for name in cost.missing})
    notes = [f"{', '.join(missing)} unpublished"] if missing else []
    too_large = sum(not all(cost.fit) for cost in costs)
    if too_large:
        notes.append(f"does not fit as it is at {too_large} of {len(costs)} sizes")
    return Series(
        title=costs[0].platform.title,
        kind="total" if total else "published",
        energy_J=_values(figures),
        time_s=_values([cost.time_s for cost in costs]),
        note="; ".join(notes),
    )


def _values(figures: Sequence[Any]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if figure is None else figure.value for figure in figures])


def _timed(title: str, seconds: Sequence[float], power: float) -> Series:
    from spikealg.hardware import Series

    time = np.array(seconds)
    note = f"measured time × {power:g} W stated, one core"
    return Series(title, "measured", power * time, time, note)
