"""Transitions to walk on, made from lists of exits, and the trees of gates before the exits."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from scipy import sparse

from spikealg.solvers.diffusion.equation.transition import Transition


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


Way = tuple[int, int]
"""Gates that send a walker on, and gates passed, on its way to an exit."""


def all_trees(chances: list[float], splits: int) -> Iterator[tuple[float, list[Way]]]:
    """Yield every tree of gates with at most so many splits one after another: its cost, its ways.

    A gate costs the bits of a draw, 11 at most, and a spike for each walker that it sends on.
    """
    if len(chances) == 1:
        yield 0.0, [(0, 0)]
        return
    if not splits:
        return
    for border in range(1, len(chances)):
        first, whole = sum(chances[:border]), sum(chances)
        share = Fraction(round(first / whole * 2**32), 2**32)
        gate = min(share.denominator.bit_length() - 1, 11) + first
        for left_cost, left in all_trees(chances[:border], splits - 1):
            for right_cost, right in all_trees(chances[border:], splits - 1):
                ways = [(sent + 1, passed + 1) for sent, passed in left]
                ways += [(sent, passed + 1) for sent, passed in right]
                yield gate + left_cost + right_cost, ways


def cheapest_tree(chances: list[float]) -> list[Way]:
    """Return the ways of the cheapest of the lowest trees."""
    return min(all_trees(chances, (len(chances) - 1).bit_length()))[1]
