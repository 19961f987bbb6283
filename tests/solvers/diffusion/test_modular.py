"""Residues and the Chinese remainder theorem, checked one position after another."""

from __future__ import annotations

import math
import re
from itertools import combinations

import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.particle_circuits.modular import (
    ModularCode,
    coprime_moduli,
    factor_moduli,
)


@pytest.mark.parametrize(
    ("positions", "total"), [(10**2, 15), (10**3, 25), (10**4, 36), (10**5, 47), (10**6, 60)]
)
def test_price_of_a_lattice(positions, total):
    """Σm of the literature for 10² to 10⁶ positions."""
    moduli = coprime_moduli(positions)
    assert sum(moduli) == total
    assert math.prod(moduli) >= positions
    assert all(math.gcd(a, b) == 1 for a, b in combinations(moduli, 2))


def cheapest_by_trying(positions: int) -> int:
    """The least sum over all coprime sets, without any theory of which are good."""
    best = positions

    def extend(smallest: int, product: int, total: int) -> None:
        nonlocal best
        if product >= positions:
            best = min(best, total)
            return
        for m in range(smallest, best - total):
            if math.gcd(m, product) == 1:
                extend(m + 1, product * m, total + m)

    extend(2, 1, 0)
    return best


def test_no_set_is_cheaper():
    for positions in [*range(2, 60), 105, 106, 420, 421, 1000]:
        assert sum(coprime_moduli(positions)) == cheapest_by_trying(positions)


def test_factors_multiply_to_the_number():
    assert factor_moduli(105) == (3, 5, 7)
    assert factor_moduli(360) == (5, 8, 9)
    assert factor_moduli(97) == (97,)
    for n in range(2, 200):
        moduli = factor_moduli(n)
        assert math.prod(moduli) == n
        assert all(math.gcd(a, b) == 1 for a, b in combinations(moduli, 2))


@pytest.mark.parametrize("moduli", [(2,), (7,), (2, 3), (3, 5, 7), (4, 9, 5), (3, 4, 5, 7)])
def test_every_position_has_residues_of_its_own(moduli):
    code = ModularCode(moduli)
    position = np.arange(code.positions)
    residues = code.residues(position)
    assert residues.tolist() == [[p % m for m in moduli] for p in position.tolist()]
    assert len(np.unique(residues, axis=0)) == code.positions
    assert code.decode(residues).tolist() == position.tolist()
    assert code.decode(code.residues(position - 3 * code.positions)).tolist() == position.tolist()
    lines = code.one_hot(position)
    assert lines.shape == (code.positions, sum(moduli))
    assert (lines.sum(axis=1) == len(moduli)).all()
    starts = code.first_line
    for ring, (start, m) in enumerate(zip(starts, moduli, strict=True)):
        assert lines[:, start : start + m].argmax(axis=1).tolist() == residues[:, ring].tolist()


def test_large_codes_stay_within_int64():
    code = ModularCode(coprime_moduli(2**50))
    rng = np.random.default_rng(0)
    position = rng.integers(0, code.positions, 1000)
    assert np.array_equal(code.decode(code.residues(position)), position)


@pytest.mark.parametrize(
    ("moduli", "message", "error"),
    [
        ((), "moduli must hold at least one number, got none", InputError),
        (35, "moduli must be a sequence of whole numbers, got 35", InputTypeError),
        ((3, 1), "moduli[1] must be a whole number of at least 2, got 1", InputError),
        ((3, 5.0), "moduli[1] must be a whole number of at least 2, got 5.0", InputTypeError),
        (
            (6, 5, 9),
            "moduli must be pairwise coprime, got 6 and 9, which share the factor 3: "
            "coprime_moduli(positions) gives the cheapest set",
            InputError,
        ),
        (
            (2**21, 2**21 - 1, 5),
            "moduli must have a product that times their sum stays below 2**63, got "
            f"{2**21 * (2**21 - 1) * 5} and {2**22 + 4}",
            InputError,
        ),
    ],
)
def test_moduli_that_are_none(moduli, message, error):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        ModularCode(moduli)


def test_residues_that_are_none():
    code = ModularCode((3, 5))
    with pytest.raises(
        InputError, match=r"residues must have shape \(\.\.\., 2\), one per modulus"
    ):
        code.decode([1, 2, 3])
    message = r"residues must be from 0 to below their modulus, of \(3, 5\)"
    for wrong in ([1, -1], [3, 0], [[0, 0], [2, 5]]):
        with pytest.raises(InputError, match=message):
            code.decode(wrong)
