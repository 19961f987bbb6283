"""What `Problem.plan` says beside what a solve then takes: ticks, and processor time of all cores.

    python benchmarks/forecast.py            all cases, about two minutes on an idle machine
    python benchmarks/forecast.py rod        those whose name contains a word

By this table the constants of ``spikealg.solvers.diffusion.forecast`` were set.
"""

from __future__ import annotations

import sys
from time import process_time
from typing import Any

from spikealg import diffusion

CASES: dict[str, tuple[diffusion.Problem, dict[str, Any]]] = {
    "rod": (diffusion.heat_rod(), {"walkers": 300_000}),
    "rod, few": (diffusion.heat_rod(), {"walkers": 3000}),
    "rod, published": (diffusion.heat_rod(), {"walkers": 100_000, "circuit": "published"}),
    "rod, published, few": (
        diffusion.heat_rod(),
        {"walkers": 3000, "circuit": "published", "lanes": 8},
    ),
    "square": (
        diffusion.Problem(
            diffusion.Box((0, 0), (1, 1), 32), diffusivity=1.0, initial=(0.5, 0.5), t_span=0.05
        ),
        {"walkers": 300_000},
    ),
    "sphere": (diffusion.sphere_heat(), {"walkers": 100_000}),
    "prices": (diffusion.barrier_call(), {"walkers": 100_000}),
    "choice": (diffusion.decision_model(), {"walkers": 20_000}),
    "steady": (diffusion.absorbing_rod(), {"walkers": 20_000}),
    "particles": (diffusion.heat_rod("periodic"), {"walkers": 300_000, "method": "particle"}),
    "rod, plain": (diffusion.heat_rod(), {"walkers": 1_000_000, "method": "montecarlo"}),
    "square, chain": (
        diffusion.Problem(
            diffusion.Box((0, 0), (1, 1), 64), diffusivity=1.0, initial=(0.5, 0.5), t_span=0.2
        ),
        {"method": "chain"},
    ),
}


def main(word: str) -> None:
    """Print the table."""
    print(f"{'case':20} {'ticks':>10} {'foreseen':>10} {'seconds':>9} {'foreseen':>9}")
    for name, (problem, options) in CASES.items():
        if word not in name:
            continue
        diffusion.solve(problem, **options | {"walkers": 600})  # compiles
        foreseen = problem.plan(**options)
        began = process_time()
        solution = diffusion.solve(problem, **options)
        took = process_time() - began
        ticks = solution.circuit_summary().ticks if solution.runs else None
        print(
            f"{name:20} {ticks or '':>10} {foreseen.ticks or '':>10} {took:9.3g} "
            f"{foreseen.seconds or float('nan'):9.3g}"
        )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
