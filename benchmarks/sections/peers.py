"""W1–W3 on our kernels and on the simulators that PyPI installs, taking turns, one thread each."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from peers.process import SimulatorProcess, save
from report import Bars, Report, Table
from sections.kernels import FAST_KERNELS
from settings import Settings
from workloads import Workload, random_network, rings, steppers

BASELINE = "Brian2, C++ standalone"
PEERS: dict[str, tuple[str, ...]] = {
    BASELINE: ("with_brian2.py", "cpp"),
    "Brian2, Cython": ("with_brian2.py", "cython"),
    "NEST": ("with_nest.py",),
    "Nengo": ("with_nengo.py",),
    "simsnn": ("with_simsnn.py",),
}
SMALL = "simsnn"
"""Gets a smaller network of the same kind."""
REMARKS = {
    ("Nengo", "W1"): ", without delays",
    ("NEST", "W3"): ", coins are synapses",
    ("simsnn", "W3"): ", coins are gates with a random source",
}
COLUMNS = (
    "workload",
    "simulator",
    "wall s",
    "M synaptic events/s",
    f"speed against {BASELINE}",
    "peak MiB",
    "seen",
)
NOTE = (
    "*wall s* is the whole call `simulate(...)` for spikealg, and the loop over ticks without its "
    "start for the others: the comparison is to our disadvantage. Slow simulators ran fewer ticks, "
    "and simsnn a smaller network; their time is scaled up in proportion. The rates leave out "
    "everybody's start. *peak MiB* is that of the process, for standalone the one that writes it. "
)
ENOUGH = 10.0
"""Seconds of simulation after which a simulator has no further turn on a workload."""


@dataclass
class Contender:
    """A simulator with a network, and what it took, turn by turn.

    `full` is the workload that all are compared on, `workload` what this one got of it.
    """

    name: str
    full: Workload
    workload: Workload
    process: SimulatorProcess
    version: str = ""
    ticks: int = 0
    spikes: int = 0
    memory: int = 0
    walls: list[float] = field(default_factory=list)
    idles: list[float] = field(default_factory=list)
    seen: str = ""

    @property
    def ours(self) -> bool:
        """Whether it is spikealg."""
        return self.name.startswith("spikealg")

    def wait(self) -> None:
        """Wait until it is built; if it cannot be, `seen` says why."""
        try:
            answer = self.process.answer()
        except RuntimeError as error:
            missing = str(error).partition("No module named ")[2]
            self.seen = f"not installed: {missing}" if missing else str(error)
        else:
            self.version, self.ticks = answer["version"], answer["ticks"]

    def turn(self) -> None:
        """Run once more, unless that has taken long enough."""
        if self.ticks and sum(self.walls) < ENOUGH:
            answer = self.process.turn()
            self.walls.append(answer["wall_s"])
            self.idles.append(answer["idle_s"])
            self.spikes, self.memory = answer["spikes"], answer["memory"]
            self.seen = self.workload.check_total(self.spikes, self.ticks)
            self.seen += REMARKS.get((self.name, self.full.kind), "")

    @property
    def ticking(self) -> float:
        """Median seconds of the ticks of a call."""
        return statistics.median(self.walls) - statistics.median(self.idles)

    @property
    def wall(self) -> float:
        """Seconds for the full workload, of the whole call if it is ours."""
        if self.ours and self.ticks == self.full.ticks:
            return statistics.median(self.walls)
        share = self.ticks * self.workload.synapses / (self.full.ticks * self.full.synapses)
        return self.ticking / share

    @property
    def rate(self) -> float:
        """Millions of synaptic events per second of the ticks."""
        return self.spikes * self.workload.events_per_spike / self.ticking / 1e6


def measure(settings: Settings) -> Report:
    """Measure W1–W3 on everything there is."""
    rows, charts, versions = [], [], {}
    for full in workloads(settings.quick):
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            contenders = list(_built(full, settings, Path(folder), stack))
            for _ in range(settings.repeat):
                for contender in contenders:
                    contender.turn()
        present = {each.name: each for each in contenders if each.walls}
        rows += [_row(each, present.get(BASELINE)) for each in contenders]
        charts.append(
            Bars(
                full.name,
                "M synaptic events/s",
                {name: each.rate for name, each in present.items()},
                ours=frozenset(name for name, each in present.items() if each.ours),
            )
        )
        versions |= {name.split(",")[0]: each.version for name, each in present.items()}
    known = ", ".join(f"{name} {version}" for name, version in versions.items())
    return Report([Table("Simulators, one thread", COLUMNS, rows, f"{NOTE}{known}.")], charts)


def workloads(quick: bool) -> Iterator[Workload]:
    """Yield W1–W3, one at a time because they are large."""
    if quick:
        yield steppers(copies=1000, ticks=100)
        return
    yield random_network(100)
    yield random_network(1000)
    yield rings()
    yield steppers()


def shares(full: Workload, quick: bool) -> tuple[Workload, Workload]:
    """Return a workload as one network in many lanes, where it can be, and a small one."""
    n = full.network.n_neurons
    if full.kind == "W1":
        fan_out = full.network.n_synapses // n
        return full, random_network(fan_out, n=100_000 // fan_out, ticks=full.ticks)
    if full.kind == "W2":
        return full, rings(100, ticks=full.ticks)
    return steppers(1, ticks=full.ticks, lanes=n // 6), steppers(500, ticks=full.ticks)


def _built(
    full: Workload, settings: Settings, folder: Path, stack: ExitStack
) -> Iterator[Contender]:
    """Start one simulator after another, each when the last is built."""
    in_lanes, small = shares(full, settings.quick)
    ours, others = Path(sys.executable), settings.peers
    plan = [
        (f"spikealg, {kernel}", ("with_spikealg.py", kernel), ours, full) for kernel in FAST_KERNELS
    ]
    if in_lanes is not full:
        name = f"spikealg, {settings.kernel}, {in_lanes.lanes} lanes"
        plan.append((name, ("with_spikealg.py", settings.kernel), ours, in_lanes))
    plan += [
        (name, command, others, small if name == SMALL else full) for name, command in PEERS.items()
    ]
    files: dict[int, Path] = {}
    for name, command, python, workload in plan:
        if id(workload) not in files:
            files[id(workload)] = folder / f"{len(files)}.npz"
            save(workload, files[id(workload)])
        process = SimulatorProcess(python, command, files[id(workload)], folder / f"{name}.txt")
        stack.callback(process.close)
        contender = Contender(name, full, workload, process)
        contender.wait()
        yield contender


def _row(contender: Contender, baseline: Contender | None) -> list[str]:
    if not contender.walls:
        return [contender.full.name, contender.name, *[""] * 4, contender.seen]
    ratio = "" if baseline is None else f"{baseline.wall / contender.wall:.3g}"
    return [
        contender.full.name,
        contender.name,
        f"{contender.wall:.3g}",
        f"{contender.rate:.3g}",
        ratio,
        f"{contender.memory / 2**20:.0f}",
        contender.seen,
    ]
