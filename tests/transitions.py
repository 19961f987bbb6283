"""Transitions to walk on, made from lists of exits without a problem behind them."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from spikealg.solvers.diffusion.transition import Transition


def transition_of(exits: list[dict[int, float]], sides: int = 0) -> Transition:
    """Return the transition whose vertex v leads to t with chance exits[v][t].

    Targets −1, −2, … are sides. Chances are scaled to sum to 1.
    """
    n = len(exits)
    move, leave = np.zeros((n, n)), np.zeros((n, sides))
    for vertex, chances in enumerate(exits):
        total = sum(chances.values())
        for target, chance in chances.items():
            if target >= 0:
                move[vertex, target] = chance / total
            else:
                leave[vertex, -1 - target] = chance / total
    return Transition(
        dt=1.0,
        move=sparse.csr_array(move),
        leave=sparse.csr_array(leave),
        sides=tuple(f"side {s}" for s in range(sides)),
        live=np.ones(n, dtype=bool),
        sink=np.full(n, -1),
    )


def random_transition(rng: np.random.Generator, n: int = 12, sides: int = 2) -> Transition:
    """Return a transition of degrees 1 to 8 in random order; some exits leave, some stay."""
    targets = np.arange(-sides, n)
    exits = []
    for degree in rng.permutation(np.arange(n) % 8 + 1):
        chosen = rng.choice(targets, degree, replace=False)
        chance = rng.dirichlet(np.full(degree, 0.7)) + 1e-3
        # Few leave, so that there are walkers for a while.
        chance[chosen < 0] *= 0.1
        exits.append(dict(zip(chosen.tolist(), chance.tolist(), strict=True)))
    return transition_of(exits, sides)
