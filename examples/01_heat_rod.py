"""Heat in a rod whose ends are kept cold, against the exact solution.

The temperature u of a rod on [0, 1] obeys ∂u/∂t = D ∂²u/∂x² with u = 0 at both ends, and starts as
sin(πx). The exact solution is exp(−π²Dt) sin(πx). Heat is carried by walkers that a circuit of
spiking neurons counts at 33 places; what reaches an end is gone.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import matplotlib as mpl
import numpy as np

from spikealg import diffusion


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Solve, print the answer with its check, and draw; return the numbers printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("heat_rod.png"))
    options = parser.parse_args(arguments)

    rod = diffusion.Problem(
        diffusion.Interval(0, 1, 32),
        diffusivity=1.0,
        boundary="absorb",
        initial=lambda x: np.sin(np.pi * x),
        exact=lambda t, x: np.exp(-(np.pi**2) * t) * np.sin(np.pi * x),
    )
    solution = diffusion.solve(rod, t_span=0.125, t_eval=[0, 1 / 32, 1 / 16, 1 / 8], walkers=20_000)

    heat, error = solution.mass[-1], solution.mass_stderr[-1]
    exact = 2 / math.pi * math.exp(-(math.pi**2) * 0.125)
    middle, middle_error = solution.density[-1, 16], solution.stderr[-1, 16]
    check = solution.check()
    print(solution)
    print(f"heat left at t = 0.125: {heat:.4f} ± {error:.4f}, exact {exact:.4f}")
    top = exact * math.pi / 2
    print(f"in the middle:          {middle:.3f} ± {middle_error:.3f}, exact {top:.3f}")
    print(check)

    mpl.use("Agg")
    solution.plot().savefig(options.output, dpi=120)
    print(f"{options.output} shows it")
    return {
        "heat": float(heat),
        "stderr": float(error),
        "exact": exact,
        "p": check.circuit.p_value,
        "discretisation": float(check.chain.relative_l2[-1]),
    }


if __name__ == "__main__":
    main()
