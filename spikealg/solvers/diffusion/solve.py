"""The entry point: a problem and a method give a solution."""

from __future__ import annotations

import logging
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from spikealg.arguments import as_choice, as_int
from spikealg.errors import InputError, InputTypeError
from spikealg.progress import Report, part, reporting
from spikealg.solvers.diffusion.accuracy.tolerance import (
    as_tolerance,
    pilot_of,
    walk_until,
    warn_of_discretisation,
)
from spikealg.solvers.diffusion.forecast import forecast_of
from spikealg.solvers.diffusion.plan import Plan, choose_mode, make_plan
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.solution import Solution
from spikealg.solvers.diffusion.storage import require_room
from spikealg.solvers.diffusion.walks.checkpoint import Checkpoint, identity, seed_of
from spikealg.solvers.diffusion.walks.crew import hands_of
from spikealg.solvers.diffusion.walks.expected import expect
from spikealg.solvers.diffusion.walks.methods import (
    METHODS,
    choose_circuit,
    require_circuit_options,
)
from spikealg.solvers.diffusion.walks.walkers import (
    Walked,
    Walking,
    shares_of,
    warn_of_lone_batches,
)

__all__ = ["solve"]

_LOGGER = logging.getLogger(__name__)
_WALKERS = 100_000
LARGE = 10.0
"""Seconds above which a walk is announced with what it will take."""


def solve(
    problem: Problem,
    t_span: Any = None,
    *,
    t_eval: Any = None,
    mode: str | None = None,
    at: Any = None,
    method: str = "density",
    walkers: int | None = None,
    rtol: float | None = None,
    atol: float = 0.0,
    max_walkers: int = 10**7,
    dt: float | str = "auto",
    lanes: int | str = "auto",
    circuit: str = "auto",
    probability_bits: int = 32,
    seed: int | None = 0,
    executor: Executor | None = None,
    checkpoint: str | Path | None = None,
    progress: bool | Report = False,
) -> Solution:
    """Solve a diffusion problem by walkers, or exactly on the same chain.

    All methods walk by one transition matrix P = I + Δt·Q, so what differs between two methods is
    not the discretisation.

    Parameters
    ----------
    problem : Problem
        What to solve.
    t_span : float or (float, float), optional
        Start and end [time]; a number is the end, from 0. Default: the problem's own. With an
        infinite end walkers are followed until the last has left.
    t_eval : float or sequence of float, optional
        Increasing times to record; the end of `t_span` if not given.
    mode : {"forward", "backward", "steady"}, optional
        "forward": the density at later times. "backward": the value, at the start of `t_span`, of
        what is paid until its end. "steady": the density that does not change any more. Default:
        the problem's own.
    at : optional
        Points, or nodes of a graph, whose values are wanted; for a backward problem only. Every
        point is walked from by walkers of its own. None: the problem's own; if that has none, all
        vertices, which walkers can do where rates are in detailed balance.
    method : {"density", "particle", "chain", "montecarlo"}
        "density": a spiking circuit with a walker counter per vertex. "particle": a spiking circuit
        per walker, for lattices without ends on which every step is the same. "chain": powers of
        P, exact and without walkers. "montecarlo": ordinary walkers, without spikes.
    walkers : int, optional
        How many walkers in all, 100 000 (or `max_walkers`, if that is less) if neither they nor a
        tolerance are given; where several kinds are needed (points, signs, sources) they share
        them. For "chain" the scale of `counts` only.
    rtol, atol : float, optional
        Take as many walkers as give a standard error of at most atol + rtol·|answer|: for each of
        the values at points; for the norm √(Σ m_v u_v²), m_v the mass of live vertex v, of the
        density at every recorded time, or of the values at all vertices; and with a `t_span`
        without end for the mean time of passage. A pilot of about 8000 walkers says how many that
        are. It stays part of the answer: its lanes (for "montecarlo" its walkers) are the first,
        and others follow, in whole lanes of as many walkers each, until the tolerance is met. It
        is about the walkers alone; a discretisation error above it is a warning in the log, where
        an exact solution tells.
    max_walkers : int
        More than this is refused. Where the pilot did not foresee it, the walkers stop there and
        the log says so.
    dt : float or "auto"
        The longest step [time]. Every interval of `t_eval` takes a whole number of equal steps,
        so the step taken (``solution.dt``) may be a little shorter. "auto" is the problem's own,
        or if it has none half of the longest stable step, or DΔt/Δx² = 1/6 where that is more
        accurate.
    lanes : int or "auto"
        For "density": over how many copies of the circuit the walkers are spread. More copies
        take fewer ticks and more spikes, and run on several cores. "auto" takes as many as
        should take least time, by problem and walkers, whatever the machine: hundreds if there
        are many walkers per vertex, else one copy per five of them, at most eight. There are never
        more than walkers.
    circuit : str
        The circuit that walks; all obey the same chain. "auto" is the one that takes least time.
        For "density" it is "published", "tree", "swap", "swap-tree", "direct", "paced" (auto in
        512 lanes or more) or "drain" (auto in fewer). For "particle" it is "1-tick", "2-tick"
        (auto) or "4-tick", the ticks of a step, to which "-residues" or "-counters" may be added,
        which says how positions are read.
    probability_bits : int
        For circuits: bits of the probabilities of stochastic neurons, 1 to 32 (Loihi: 7).
    seed : int or None
        0 ≤ seed < 2⁶⁴; the same seed gives the same solution. None draws one, which
        ``solution.seed`` holds.
    progress : bool or callable
        True shows a bar (tqdm); a callable gets the fraction done. What is foreseen to take more
        than 10 s says what: the bar, and the log at level INFO, name ticks, memory and time, as
        `Problem.plan` does.
    executor : concurrent.futures.Executor, optional
        Whose workers walk, one processor each: threads, processes, or by
        :class:`spikealg.interop.dask.DaskExecutor` those of a Dask cluster. Walkers are split by
        lanes, and the solution is the same, bit for bit, whoever walks them. The part of a worker
        that dies is walked once more, up to three times; a `ProcessPoolExecutor` that broke is
        replaced by one like it for the rest of the walk. The executor is not shut down.
    checkpoint : path, optional
        File that keeps what is done, written as the walk goes on. If it is there, the walk goes on
        from it to the same solution, on the same executor or another. The file stays when all is
        done: the same call then reads the solution from it and walks nothing. With ``seed=None``
        the seed is the file's.

    Returns
    -------
    Solution

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used; the message says what could. Also if `checkpoint` is of
        another walk; the message names what differs.
    FileFormatError
        If `checkpoint` is damaged, or no checkpoint.
    WorkerLostError
        If workers of `executor` die again and again.
    TooLargeError
        If the solution would not fit into memory.
    MissingExtraError
        If `progress` is True and tqdm is not installed.
    """
    if not isinstance(problem, Problem):
        raise InputTypeError(f"problem must be a diffusion.Problem, got {problem!r}")
    kind = choose_mode(problem, mode)
    problem = problem.for_mode(kind)
    as_choice("method", method, METHODS)
    _require_walkers_for(method, executor=executor, checkpoint=checkpoint)
    wanted, most = _as_walkers(walkers, max_walkers)
    tolerance = as_tolerance(rtol, atol, walkers=walkers, method=method, lanes=lanes)
    number = _as_seed(seed, checkpoint)
    require_circuit_options(method, circuit, lanes, probability_bits)
    plan = make_plan(
        problem, kind, t_span, t_eval, problem.at if at is None and kind == "backward" else at, dt,
        by_chain=method == "chain",
    )  # fmt: skip
    rates, times = problem.rates, plan.times
    require_room(plan, problem, method)
    chosen = method != "chain" and tolerance is None
    shares = shares_of(plan, problem, method, wanted, lanes) if chosen else []
    label = f"diffusion by {method}"
    if tolerance is None and (progress or _LOGGER.isEnabledFor(logging.INFO)):
        foreseen = forecast_of(
            problem, plan, method, shares, circuit=circuit, probability_bits=probability_bits,
            sizes=False,
        )  # fmt: skip
        if foreseen.seconds is not None and foreseen.seconds > LARGE:
            label += f" ({foreseen.brief})"
            _LOGGER.info("%s", label)

    def record(walked: Walked) -> Solution:
        value, value_stderr = plan.values(problem, walked.groups, method)
        return Solution(
            problem=problem,
            mode=kind,
            method=method,
            t=times,
            groups=walked.groups,
            rates=rates,
            segments=walked.segments,
            points=plan.points,
            held=problem.equation.held,
            value=value,
            value_stderr=value_stderr,
            lanes=walked.lanes,
            circuit=choose_circuit(method, circuit, walked.lanes),
            probability_bits=probability_bits,
            seed=number,
            runs=walked.runs,
            stages=walked.stages,
        )

    if tolerance is not None:
        # The pilot and all who follow walk by one circuit, the best for as many as is usual.
        pilot = pilot_of(plan, problem, method, most)
        lanes_of_all = max(packing.usual_lanes for packing, _ in pilot)
        circuit = choose_circuit(method, circuit, lanes_of_all) or circuit
    with reporting(progress, label) as report:
        if method == "chain":
            return record(_by_chain(problem, plan, wanted, report))
        kept = None
        if checkpoint is not None:
            amount = {"walkers": wanted}
            if tolerance is not None:
                amount = vars(tolerance) | {"max_walkers": most}
            named = identity(
                problem, plan, method=method, **amount, seed=number, lanes=lanes,
                circuit=circuit, probability_bits=probability_bits,
            )  # fmt: skip
            kept = Checkpoint(checkpoint, named)
        with hands_of(executor) as hands:
            walking = Walking(
                plan, problem, method, seed=number, circuit=circuit,
                probability_bits=probability_bits, hands=hands, checkpoint=kept,
                grows=tolerance is not None,
            )  # fmt: skip
            if tolerance is None:
                warn_of_lone_batches(plan, shares)
                walking.add(shares, report)
                return record(walking.walked())
            solution = walk_until(tolerance, walking, pilot, most, record, report)
    warn_of_discretisation(solution, tolerance)
    return solution


def _by_chain(problem: Problem, plan: Plan, walkers: int, report: Report) -> Walked:
    """Return what is expected of so many walkers."""
    groups = tuple(
        expect(
            problem.rates, plan.segments, load, endless=plan.endless, walkers=share,
            report=part(report, i / len(plan.loads), (i + 1) / len(plan.loads)),
        )
        for i, (load, share) in enumerate(zip(plan.loads, plan.dealt(walkers), strict=True))
    )  # fmt: skip
    if not plan.loads:
        report(0.0)
        report(1.0)
    return Walked(groups, plan.segments, 1, ())


def _require_walkers_for(method: str, **given: Any) -> None:
    for name, value in given.items():
        if value is not None and method == "chain":
            raise InputError(
                f"{name} is for walkers, and method='chain' has none: leave it out, or take "
                "method='density' or 'montecarlo'"
            )


def _as_walkers(walkers: int | None, max_walkers: int) -> tuple[int, int]:
    most = as_int("max_walkers", max_walkers, low=1)
    total = as_int("walkers", min(_WALKERS, most) if walkers is None else walkers, low=1)
    if total > most:
        raise InputError(
            f"walkers = {total} is more than max_walkers = {most}: raise max_walkers if you mean it"
        )
    return total, most


def _as_seed(seed: int | None, checkpoint: str | Path | None) -> int:
    if seed is None:
        from spikealg.engine.draws import fresh_seed

        kept = None if checkpoint is None else seed_of(checkpoint)
        return fresh_seed() if kept is None else kept
    return as_int("seed", seed, low=0, high=2**64 - 1)
