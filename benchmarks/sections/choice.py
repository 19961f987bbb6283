"""What `kernel="auto"` costs: its time over that of the best kernel, on circuits and on W1–W3."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

import meshes
from report import Lines, Report, Table
from sections.kernels import FAST_KERNELS, workloads
from settings import Settings
from spikealg import circuits
from spikealg.circuits import Circuit
from spikealg.network import Network
from spikealg.solvers.diffusion.density_circuits import choose_circuit, make_circuit
from timing import in_turn
from workloads import TRIAL_TICKS, Workload

CIRCUITS: dict[str, Circuit] = {
    "Xor(8)": circuits.Xor(8),
    "Majority(15)": circuits.Majority(15),
    "Adder(8)": circuits.Adder(8),
    "Adder(32)": circuits.Adder(32),
    "BitSerialAdder(16)": circuits.BitSerialAdder(16),
    "Comparator(8)": circuits.Comparator(8),
    "Max(8)": circuits.Max(8),
    "Select(8)": circuits.Select(8),
    "Register(8)": circuits.Register(8),
    "Counter(8)": circuits.Counter(8),
}
LANES = (1, 8, 64, 1000, 100_000)
FED_TICKS = 200
MOST_VALUES = 10_000_000
"""Input values of a run, ticks times lanes times lines: more would measure memory."""
AIM, HOPELESS = 1.3, 8.0
KERNELS = (*FAST_KERNELS, "auto")
COLUMNS = ("what", "lanes", "ticks", *(f"{name} s" for name in KERNELS), "chosen", "auto / best")


def measure(settings: Settings) -> Report:
    """Compare kernels on every job."""
    rows, ratios = [], []
    for job in jobs(settings.quick):
        chosen = job.simulate("auto").kernel
        trial = job.first(TRIAL_TICKS)
        known = trial.simulate("event").counts
        for kernel in FAST_KERNELS:
            if not np.array_equal(trial.simulate(kernel).counts, known):
                raise AssertionError(f"{job.name}: {kernel} counts other spikes than event")
        trials = {kernel: partial(trial.simulate, kernel) for kernel in FAST_KERNELS}
        short = in_turn(trials, 5, least=0.02)
        hopeful = [each for each in FAST_KERNELS if short[each] < HOPELESS * min(short.values())]
        calls = {kernel: partial(job.simulate, kernel) for kernel in (*hopeful, "auto")}
        walls = in_turn(calls, settings.repeat, most=5.0)
        ratios.append(walls["auto"] / min(walls[kernel] for kernel in hopeful))
        cells = [f"{walls[kernel]:.3g}" if kernel in walls else "–" for kernel in KERNELS]
        rows.append(
            [job.name, f"{job.lanes:,}", str(job.ticks), *cells, chosen, f"{ratios[-1]:.2f}"]
        )
    worst = max(ratios)
    missed = sum(ratio > AIM for ratio in ratios)
    note = (
        f"Worst: {worst:.2f}; {missed} of {len(ratios)} above the aim of {AIM}. Kernels that took "
        f"{HOPELESS:g} times as long as the best for the first {TRIAL_TICKS} ticks are left out."
    )
    curve = [((k + 1) / len(ratios), ratio) for k, ratio in enumerate(sorted(ratios))]
    chart = Lines(
        "auto against the best kernel", "share of jobs", "time / best", {"auto": curve}, x_log=False
    )
    table = Table("kernel='auto' on one thread", COLUMNS, rows, note)
    return Report([table], [chart])


def jobs(quick: bool) -> Iterator[Workload]:
    """Yield library circuits called once and fed in every tick, the density circuit, W1–W3."""
    for name in list(CIRCUITS)[:: 3 if quick else 1]:
        network = CIRCUITS[name].compile()
        lines = sum(port.lines for port in network.inputs.values())
        for lanes in LANES[: 3 if quick else None]:
            for ticks in (1, FED_TICKS):
                if ticks == 1 or ticks * lanes * lines <= MOST_VALUES:
                    yield _fed(name, network, ticks, lanes)
    yield from _walks(quick)
    yield from workloads(quick)


def _fed(circuit: str, network: Network, fed: int, lanes: int) -> Workload:
    """Return a job whose inputs are random bits in every one of `fed` ticks."""
    rng = np.random.default_rng(1)
    inputs = {
        name: rng.integers(0, 2, (fed, lanes, port.lines)) for name, port in network.inputs.items()
    }
    latency = max(port.latency or 0 for port in network.outputs.values())
    name = f"{circuit}, {'once' if fed == 1 else 'every tick'}"
    return Workload(name, network, fed + latency + 1, inputs, lanes)


def _walks(quick: bool) -> Iterator[Workload]:
    """Yield the density circuit on a ring, two walkers at each vertex of each lane."""
    transition = meshes.torus(100)
    for lanes in LANES[: 3 if quick else None]:
        circuit = make_circuit(choose_circuit("auto", lanes), transition, most=200, crowd=20)
        network = circuit.compile()
        load = np.full((lanes, 100), 2, dtype=np.int64)
        if load.size <= MOST_VALUES:
            ticks = 200 if lanes > 1000 else 2000
            yield Workload("density circuit, V=100", network, ticks, circuit.inputs(load), lanes)
