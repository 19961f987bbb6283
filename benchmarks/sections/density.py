"""The density circuit spread over lanes, and on one lane, against random walks without spikes."""

from __future__ import annotations

from functools import partial

import numpy as np

import meshes
import ours
from contest import Contender, compare
from report import Bars, Report, Table
from rivals import table as rivals
from rivals.check import check_density
from sections.kernels import FAST_KERNELS
from settings import Settings
from spikealg.solvers.diffusion.equation.transition import Transition
from spikealg.solvers.diffusion.walks import montecarlo

STEPS = 100
NOTE = (
    'One thread, no "stay". *one at a time*: one xorshift64 and one look into a table of 2ᵏ '
    "targets per step and walker. *side by side*: the same for 64 walkers at once. *by words*: "
    "one xorshift64 for as many steps as it has bits for. *montecarlo*: the library's own method, "
    "an alias table for any probabilities and a generator per walker. Rates of the rivals do not "
    "depend on the number of walkers."
)


def measure(settings: Settings) -> Report:
    """Measure four meshes over lanes, then a large one on one lane."""
    tables, charts = [], []
    for name, transition in _meshes(settings.quick):
        pair = _over_lanes(name, transition, settings)
        tables.append(pair[0])
        charts.append(pair[1])
    tables[-1] = Table(tables[-1].title, tables[-1].columns, tables[-1].rows, NOTE)
    for name, transition in _meshes(settings.quick)[2:]:
        pair = _on_one_lane(name, transition, settings)
        tables.append(pair[0])
        charts.append(pair[1])
    return Report(tables, charts)


def _meshes(quick: bool) -> list[tuple[str, Transition]]:
    side = 10 if quick else 25
    return [
        ("ring, V=100, d=2", meshes.torus(100)),
        ("torus, V=100, d=4", meshes.torus(10, 10)),
        (f"ring, V={40 * side}, d=2", meshes.torus(40 * side)),
        (f"torus, V={40 * side}, d=4", meshes.torus(side, 40)),
    ]


def _over_lanes(name: str, transition: Transition, settings: Settings) -> tuple[Table, Bars]:
    sizes = (10**4,) if settings.quick else (10**5, 10**6, 10**7)
    most = sizes[-1]
    # The largest first: the others are compared with it.
    runs = [
        (f"circuit, {walkers:,} walkers", meshes.uniform(transition, walkers), "auto")
        for walkers in sizes[::-1]
    ]
    runs += [
        (f"circuit, {most:,} from one vertex", meshes.point(transition, most), "auto"),
        (f"published circuit, {most:,} walkers", meshes.uniform(transition, most), "published"),
    ]
    contenders = {}
    for run, start, circuit in runs:
        call = partial(ours.density, transition, start, STEPS, circuit=circuit)
        contenders[run] = _contender(transition, start, call, ours=True)
    contenders |= _rivals(transition, min(most, 10**6))
    title = f"Density over lanes, {name}, {STEPS} steps"
    return compare(title, "walker-steps", contenders, settings.repeat)


def _on_one_lane(name: str, transition: Transition, settings: Settings) -> tuple[Table, Bars]:
    start = meshes.uniform(transition, 10 * len(transition.vertices))
    contenders = {}
    for kernel in FAST_KERNELS:
        call = partial(ours.density, transition, start, 3 * STEPS, kernel=kernel, lanes=1)
        contenders[f"circuit, {kernel}"] = _contender(
            transition, start, call, steps=3 * STEPS, ours=True
        )
    contenders["montecarlo"] = _rivals(transition, 10**5)["montecarlo"]
    title = f"Density on one lane, {name}, 10 walkers per vertex, {3 * STEPS} steps"
    return compare(title, "walker-steps", contenders, settings.repeat)


def _rivals(transition: Transition, walkers: int) -> dict[str, Contender]:
    start = meshes.uniform(transition, walkers)
    walks = {
        "table, one at a time": rivals.walk_by(rivals.one_by_one, transition),
        "table, 64 side by side": rivals.walk_by(rivals.side_by_side, transition, 64),
        "table, 64 side by side, by words": rivals.walk_by(
            rivals.side_by_side_by_words, transition, 64
        ),
    }
    contenders = {}
    crowd = meshes.point(transition, walkers)
    for name, walk in walks.items():
        # A uniform start stays uniform: one vertex shows whether walkers move as they should.
        check_density(name, walk(crowd, STEPS, 1), meshes.expected(transition, crowd, STEPS))
        contenders[name] = _contender(transition, start, partial(walk, start, STEPS, 1))

    def library() -> np.ndarray:
        walk = montecarlo.walk(transition, start, np.array([STEPS]), seed=1, threads=1)
        counts: np.ndarray = walk.counts[0]
        return counts

    contenders["montecarlo"] = _contender(transition, start, library)
    return contenders


def _contender(
    transition: Transition,
    start: np.ndarray,
    call: partial[np.ndarray],
    steps: int = STEPS,
    ours: bool = False,
) -> Contender:
    expected = meshes.expected(transition, start, steps)
    return Contender(
        call=call,
        work=int(start.sum()) * steps,
        check=lambda name, counts: check_density(name, counts, expected),
        ours=ours,
    )
