"""What the circuit of a solution was made of, and what it did."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spikealg.errors import InputError
from spikealg.solvers.diffusion.walks.methods import CIRCUITS_OF

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["CircuitSummary", "summarize", "walker_steps"]


@dataclass(frozen=True, repr=False)
class CircuitSummary:
    """Size and activity of the spiking circuit; shows itself as a table.

    Where times are uneven there is a circuit per segment: sizes are those of the largest, ticks
    and spikes add up.

    Attributes
    ----------
    circuit : str
        Its name.
    neurons, synapses : int
        Of one copy of the circuit.
    lanes : int
        Independent copies that share the walkers; for method "particle" one per walker.
    ticks : int
        Ticks until the slowest lane was done; stretches, kinds of walkers and their batches add up.
    walk_steps : int
        Steps of the walk.
    walker_steps : int
        Walkers sent on their way, summed over steps; for method "density" that of the last reading
        included.
    spikes : int
        Spikes of all neurons and lanes.
    synaptic_events : int
        Spikes that arrived, Σ spikes × out-degree.
    """

    circuit: str
    neurons: int
    synapses: int
    lanes: int
    ticks: int
    walk_steps: int
    walker_steps: int
    spikes: int
    synaptic_events: int

    @property
    def spikes_per_walker_step(self) -> float:
        """Spikes that a step of a walker costs, those of control included."""
        return self.spikes / self.walker_steps

    @property
    def ticks_per_walk_step(self) -> float:
        """Ticks that a step of all walkers takes on average."""
        return self.ticks / max(1, self.walk_steps)

    def __str__(self) -> str:
        rows = (
            ("circuit", self.circuit),
            ("neurons", f"{self.neurons:,}"),
            ("synapses", f"{self.synapses:,}"),
            ("lanes", f"{self.lanes:,}"),
            ("walk steps", f"{self.walk_steps:,}"),
            ("ticks", f"{self.ticks:,} ({self.ticks_per_walk_step:.1f} per walk step)"),
            ("walker-steps", f"{self.walker_steps:,}"),
            ("spikes", f"{self.spikes:,} ({self.spikes_per_walker_step:.2f} per walker-step)"),
            ("synaptic events", f"{self.synaptic_events:,}"),
        )
        return "\n".join(f"{name:16} {value}" for name, value in rows).replace(",", " ")

    __repr__ = __str__


def summarize(solution: Solution) -> CircuitSummary:
    """Return what `Solution.circuit_summary` documents."""
    runs = solution.runs
    if not runs:
        if solution.method in CIRCUITS_OF:
            reason = (
                "it was read from a file, which does not keep runs, or all its walkers had left"
            )
        else:
            reason = f"method={solution.method!r} has none: solve with method='density'"
        raise InputError(f"the solution has no circuit to sum up: {reason}")
    # Every stretch of every batch draws by a seed of its own; lanes that share one run together.
    ticks: dict[int, int] = defaultdict(int)
    for run in runs:
        ticks[run.seed] = max(ticks[run.seed], int(run.lane_ticks.max()))
    return CircuitSummary(
        circuit=str(solution.circuit),
        neurons=max(run.network.n_neurons for run in runs),
        synapses=max(run.network.n_synapses for run in runs),
        lanes=solution.lanes,
        ticks=sum(ticks.values()),
        walk_steps=solution.steps,
        walker_steps=walker_steps(solution),
        spikes=sum(int(run.counts.sum()) for run in runs),
        synaptic_events=sum(run.synaptic_events for run in runs),
    )


def walker_steps(solution: Solution) -> int:
    """Return how many steps of a walker the circuit of `solution` took."""
    if solution.method == "particle":
        return solution.walkers * solution.steps
    # Neurons that spike once per walker and step.
    return sum(
        int(run.counts[run.network.outputs["readout"].neurons].sum()) for run in solution.runs
    )
