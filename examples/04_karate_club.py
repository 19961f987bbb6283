"""A random walk on a real graph, against the powers of its transition matrix.

Zachary's karate club (1977), which networkx ships: 34 members, 78 friendships weighted by how often
two members met. A rumour starts with the instructor (node 0); whoever has it passes it on to one
friend, chosen in proportion to the weights. After t passes it is with member j with probability
(Pᵗ)_0j. The walkers are counted by spiking neurons, one counter per member.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import networkx as nx
import numpy as np

from spikealg import diffusion

STEPS = (1, 2, 10)


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Walk, compare with Pᵗ, and draw; return the numbers printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("karate_club.png"))
    options = parser.parse_args(arguments)

    club = nx.karate_club_graph()
    problem = diffusion.Problem(diffusion.Graph(club, laplacian="random-walk"), initial=0)
    solution = diffusion.solve(problem, t_span=STEPS[-1], t_eval=STEPS, dt=1, walkers=50_000)

    weights = nx.to_numpy_array(club)
    transition = weights / weights.sum(axis=1, keepdims=True)
    powers = np.array([np.linalg.matrix_power(transition, t)[0] for t in STEPS])
    deviation = np.abs(solution.density - powers).max()
    sigmas = (np.abs(solution.density - powers) / solution.stderr).max()
    check = solution.check()
    print(solution)
    print(
        f"largest difference from the powers of P: {deviation:.4f} ({sigmas:.1f} standard errors)"
    )
    officer = solution.density[-1, 33], solution.stderr[-1, 33], powers[-1, 33]
    print("the other leader has it after 10 passes: {:.4f} ± {:.4f}, exact {:.4f}".format(*officer))
    print(check)

    mpl.use("Agg")
    solution.plot().savefig(options.output, dpi=120)
    print(f"{options.output} shows it")
    return {
        "deviation": float(deviation),
        "sigmas": float(sigmas),
        "officer": float(officer[0]),
        "officer exact": float(officer[2]),
        "p": check.circuit.p_value,
    }


if __name__ == "__main__":
    main()
