"""Modular code: a position as its residues modulo small coprime numbers, as grid cells keep it.

Source: Severa, Lehoucq, Parekh, Aimone, "Spiking neural algorithms for Markov process random walk",
IJCNN 2018; Fiete, Burak, Brookings, "What grid cells convey about rat location", J. Neurosci. 28
(2008).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int, as_int_array
from spikealg.errors import InputError, InputTypeError

__all__ = ["ModularCode", "coprime_moduli", "factor_moduli"]

IntArray = npt.NDArray[np.int64]

_MOST_POSITIONS = 2**50
"""More than any walk needs, and with room for weighing residues in int64."""


def _primes(most: int) -> list[int]:
    return [p for p in range(2, most + 1) if all(p % q for q in range(2, math.isqrt(p) + 1))]


def coprime_moduli(positions: int) -> tuple[int, ...]:
    """Return the coprime moduli of least sum that tell so many positions apart.

    A ring of neurons costs as many neurons as its modulus, so the sum is the price. No set of
    least sum needs a modulus with two different prime factors, a·b ≥ a + b, so the search is that
    of Landau's function over powers of primes.

    Parameters
    ----------
    positions : int
        At least 2, at most 2⁵⁰.

    Returns
    -------
    tuple of int
        Rising powers of different primes, with a product ≥ `positions`. Of several sets of least
        sum it is one of the fewest, in which a walker costs the fewest spikes.

    Examples
    --------
    >>> coprime_moduli(100)
    (3, 5, 7)
    """
    wanted = as_int("positions", positions, low=2, high=_MOST_POSITIONS)
    most = 2
    while True:
        # Largest product of so many powers of different primes with at most this sum.
        best: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {
            (total, 0): (1, ()) for total in range(most + 1)
        }
        for prime in _primes(most):
            powers = [prime**k for k in range(1, most.bit_length() + 1) if prime**k <= most]
            for (total, count), (product, chosen) in sorted(best.items(), reverse=True):
                for power in powers:
                    key = total + power, count + 1
                    if key[0] <= most and product * power > best.get(key, (0,))[0]:
                        best[key] = product * power, (*chosen, power)
        for _, (product, chosen) in sorted(best.items()):
            if product >= wanted:
                return tuple(sorted(chosen))
        most *= 2


def factor_moduli(positions: int) -> tuple[int, ...]:
    """Return the coprime moduli of least sum whose product is exactly `positions` ≥ 2, rising."""
    left = as_int("positions", positions, low=2)
    found, factor = [], 2
    while left > 1:
        power = 1
        while left % factor == 0:
            left //= factor
            power *= factor
        if power > 1:
            found.append(power)
        factor = left if factor * factor > left else factor + 1
    return tuple(sorted(found))


@dataclass(frozen=True)
class ModularCode:
    """Positions 0 to `positions` − 1 as residues, one per modulus.

    Parameters
    ----------
    moduli : iterable of int
        At least one, each at least 2, pairwise coprime.

    Raises
    ------
    InputError, InputTypeError
        If they are not; the message names the two that share a factor.
    """

    moduli: tuple[int, ...]

    def __init__(self, moduli: Iterable[int]) -> None:
        if not isinstance(moduli, Iterable):
            raise InputTypeError(f"moduli must be a sequence of whole numbers, got {moduli!r}")
        checked = tuple(as_int(f"moduli[{i}]", m, low=2) for i, m in enumerate(moduli))
        if not checked:
            raise InputError("moduli must hold at least one number, got none")
        for a, b in combinations(checked, 2):
            if math.gcd(a, b) > 1:
                raise InputError(
                    f"moduli must be pairwise coprime, got {a} and {b}, which share the factor "
                    f"{math.gcd(a, b)}: coprime_moduli(positions) gives the cheapest set"
                )
        if sum(checked) * math.prod(checked) >= 2**63:
            raise InputError(
                "moduli must have a product that times their sum stays below 2**63, got "
                f"{math.prod(checked)} and {sum(checked)}"
            )
        object.__setattr__(self, "moduli", checked)

    @property
    def positions(self) -> int:
        """How many positions have different residues: the product of the moduli."""
        return math.prod(self.moduli)

    @property
    def lines(self) -> int:
        """Lines of the one-hot form: the sum of the moduli."""
        return sum(self.moduli)

    @cached_property
    def first_line(self) -> IntArray:
        """The line of residue 0 of each modulus, (rings,) int64."""
        return np.cumsum([0, *self.moduli[:-1]])

    @cached_property
    def _weights(self) -> tuple[int, ...]:
        """Multiples of all other moduli that are 1 modulo their own (Chinese remainder theorem)."""
        rest = [self.positions // m for m in self.moduli]
        return tuple(r * pow(r, -1, m) for r, m in zip(rest, self.moduli, strict=True))

    def residues(self, position: npt.ArrayLike) -> IntArray:
        """Return the residues of positions (...,), of any size and sign, as int64 (..., rings)."""
        place = as_int_array("position", position)[..., np.newaxis]
        return np.asarray(place % np.array(self.moduli))

    def one_hot(self, position: npt.ArrayLike) -> npt.NDArray[np.int8]:
        """Return positions (...,) as int8 (..., lines): a 1 in the line of each residue."""
        line = self.residues(position) + self.first_line
        lines = np.zeros((*line.shape[:-1], self.lines), dtype=np.int8)
        np.put_along_axis(lines, line, 1, axis=-1)
        return lines

    def decode(self, residues: npt.ArrayLike) -> IntArray:
        """Return the positions (...,) int64, from 0 up, of residues (..., rings)."""
        given = as_int_array("residues", residues)
        if given.ndim == 0 or given.shape[-1] != len(self.moduli):
            raise InputError(
                f"residues must have shape (..., {len(self.moduli)}), one per modulus, got "
                f"{given.shape}"
            )
        if (given < 0).any() or (given >= np.array(self.moduli)).any():
            raise InputError(f"residues must be from 0 to below their modulus, of {self.moduli}")
        position = np.zeros(given.shape[:-1], dtype=np.int64)
        for ring, weight in enumerate(self._weights):
            position += given[..., ring] * weight
        return position % self.positions
