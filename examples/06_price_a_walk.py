"""What would a walk of spiking neurons cost on a chip, and when does it pay?

Heat spreads on a ring: u0 = 1 + cos 2πx decays as e^(−4π²Dt). Walkers carry it, counted by a
circuit of neurons at every vertex. The same run is priced on all platforms that the library knows,
line by line, and then over the number of walkers, the size of the mesh and the error that is asked
for, against ordinary walkers and the sparse chain, which are timed on this machine.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

import matplotlib as mpl
import numpy as np

from spikealg import hardware
from spikealg.diffusion import CircuitSummary, Problem, heat_rod, solve

# All of them fit on Loihi, with probabilities of as many bits as it has.
CIRCUITS = ("published", "tree", "swap", "direct")
BITS = 7
TERMS = {
    "synaptic": ("#2a6f97", "synaptic events"),
    "neuron_active": ("#e09f3e", "updates with a spike"),
    "neuron_idle": ("#d8b4a0", "updates without"),
    "static": ("#a3a3a3", "static power"),
}
AXES = ("walkers", "vertices", "error")
ERRORS = (0.5, 0.16, 0.05, 0.016, 0.005)
WALKERS = 1000
WATTS_PER_CORE = 10.0


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Price the walk, print the bills, and draw; return the numbers printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bill", type=Path, default=Path("walk_bill.png"))
    parser.add_argument("--advantage", type=Path, default=Path("advantage.png"))
    options = parser.parse_args(arguments)
    mpl.use("Agg")

    ring = heat_rod("periodic", n=32)
    solutions = {
        name: solve(ring, walkers=WALKERS, lanes=1, circuit=name, probability_bits=BITS)
        for name in CIRCUITS
    }
    summary: CircuitSummary = solutions["published"].circuit_summary()
    print(f"{summary}\n")
    loihi = {name: solution.cost("loihi") for name, solution in solutions.items()}
    truenorth = solutions["published"].cost("truenorth")
    print(f"{loihi['published']}\n\n{truenorth}\n")
    comparison = hardware.compare(
        solutions["published"], measured_s=time_of_walkers(ring), watts=WATTS_PER_CORE
    )
    print(f"{comparison}\n")
    draw_bill(comparison, loihi, options.bill)

    numbers = {
        "walker-steps": summary.walker_steps,
        "ticks": summary.ticks,
        "synaptic events": summary.synaptic_events,
        "fits on loihi": float(all(fit for cost in loihi.values() for fit in cost.fit)),
        "truenorth [J]": truenorth.total_J.value,
        "loihi [pJ/walker-step]": 1e12 * loihi["published"].marginal_per_work_J.value,
    }
    curves = {}
    for axis in AXES:
        problem = ring if axis == "walkers" else heat_rod("periodic", n=8)
        sizes = ERRORS if axis == "error" else None
        curves[axis] = hardware.advantage(problem, axis, sizes=sizes, walkers=WALKERS)
        print(f"{curves[axis]}\n")
        for title in ("Loihi", "TrueNorth", "Monte Carlo, measured"):
            numbers[f"{title} over {axis}"] = curves[axis].exponent(title).value
    print(curves["walkers"].walker_updates())
    draw_advantage(curves, options.advantage)
    print(f"\n{options.bill} and {options.advantage} show it")
    return numbers


def time_of_walkers(ring: Problem) -> float:
    """Return the shortest time of ten walks without spikes [s]; the first one compiles."""
    times = []
    for _ in range(10):
        begun = perf_counter()
        solve(ring, walkers=WALKERS, method="montecarlo")
        times.append(perf_counter() - begun)
    return min(times)


def draw_bill(comparison, loihi, path: Path) -> None:
    """Draw the walk on all platforms, and the bill of circuits that fit Loihi."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(
        1, 2, figsize=(13, 6), layout="constrained", width_ratios=(1.6, 1)
    )
    comparison.plot(axes=left)
    bottom = np.zeros(len(loihi))
    work = [cost.counts.work.amount for cost in loihi.values()]
    for term, (colour, label) in TERMS.items():
        joules = [
            (cost.static_J if term == "static" else cost.terms[term].energy_J).value
            for cost in loihi.values()
        ]
        share = np.array(joules) / work * 1e9
        right.bar(list(loihi), share, bottom=bottom, color=colour, label=label, width=0.6)
        bottom += share
    right.set(ylabel="energy per walker-step [nJ]", xlabel="circuit", ylim=(0, 1.35 * bottom.max()))
    right.set_title("Loihi, without the unpublished barrier", loc="left", fontsize="medium")
    right.legend(frameon=False, ncols=2, loc="upper right")
    right.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def draw_advantage(curves, path: Path) -> None:
    """Draw energy above time over walkers, vertices and error."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(16, 10), layout="constrained")
    for column, curve in enumerate(curves.values()):
        curve.plot(axes=axes[:, column])
    figure.savefig(path, dpi=90)
    plt.close(figure)


if __name__ == "__main__":
    main()
