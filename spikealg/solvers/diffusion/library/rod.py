"""Heat conduction in a rod with any ends, and its exact solution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_float_array
from spikealg.errors import InputError
from spikealg.solvers.diffusion.domains.lattice import Interval
from spikealg.solvers.diffusion.equation.boundary import (
    Condition,
    as_boundary,
    conditions,
    vertex_sets,
)
from spikealg.solvers.diffusion.problem import Problem

__all__ = ["heat_rod"]

FloatArray = npt.NDArray[np.float64]

_RELEASE = 0.3
"""Where the heat of the reflecting rod starts."""
_FADED = 40.0
"""Terms below e^−40 of a series are left out."""
_HALVINGS = 60
"""By which a bracket of width π is as narrow as float64 can be."""


def heat_rod(boundary: Any = "absorb", *, n: int = 32, diffusivity: float = 1.0) -> Problem:
    """Return heat conduction in the rod [0, 1].

    Parameters
    ----------
    boundary : str or dict
        As in `Problem`. The words have problems of their own:

        - "absorb" ("dirichlet"): both ends are held at 0, u0 = sin πx, to t = 0.125/D;
          u = e^(−π²Dt) sin πx.
        - "reflect" ("neumann"): insulated, heat 1 released at x = 0.3, to t = 0.05/D;
          u = 1 + 2 Σ cos(0.3kπ) cos(kπx) e^(−k²π²Dt).
        - "periodic": a ring, u0 = 1 + cos 2πx, to t = 0.05/D; u = 1 + e^(−4π²Dt) cos 2πx.

        With any other ends, {"value": g}, {"derivative": h}, {"type": "mixed", "value": γ,
        "const": β}, or a word or one of these for each side, u0 = 1, to t = 0.1/D; u is a
        stationary part and a series of eigenfunctions sin(κx + α), where κ + arctan(κ/γ₋) +
        arctan(κ/γ₊) = kπ (Carslaw, Jaeger, "Conduction of heat in solids", chapter III, 1959).
        Where both ends have a given flux, all of it grows by D(h₋ + h₊) a time.
    n : int
        Number of cells.
    diffusivity : float
        D > 0 [length²/time].

    Returns
    -------
    Problem
        With `t_span`, `mode` and `exact`.

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used.
    """
    domain, rate = Interval(0, 1, n), as_float("diffusivity", diffusivity, above=0)
    words = as_boundary(boundary, domain.sides, both=True)
    numbers = conditions(boundary, domain.sides)
    if vertex_sets(boundary):
        raise InputError(
            "boundary of a heat_rod is that of its ends, of which the exact solution is known: "
            "give sets of vertices to a Problem"
        )
    # Both ends alike have one of the words; a number, or two words, make it a rod with two ends.
    kind = "ends" if numbers or len(set(words.values())) > 1 else words["x-"]
    initial, exact, end = {
        "absorb": (lambda x: np.sin(np.pi * x), _absorbing, 0.125),
        "periodic": (lambda x: 1 + np.cos(2 * np.pi * x), _ring, 0.05),
        "reflect": (_RELEASE, _insulated, 0.05),
        "ends": (np.ones_like, None, 0.1),
    }[kind]
    if exact is None:
        ends = zip(domain.sides, (0.0, 1.0), strict=True)
        exact = _Rod(*(_end_of(words[side], numbers.get(side), x) for side, x in ends))
    return Problem(
        domain,
        diffusivity=rate,
        boundary=boundary,
        initial=initial,
        mode="forward",
        t_span=end / rate,
        exact=lambda t, x: exact(rate * t, x),
    )


def _absorbing(t: float, x: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-(np.pi**2) * t) * np.sin(np.pi * x))


def _ring(t: float, x: FloatArray) -> FloatArray:
    return np.asarray(1 + np.exp(-4 * np.pi**2 * t) * np.cos(2 * np.pi * x))


def _insulated(t: float, x: FloatArray) -> FloatArray:
    if t <= 0:
        raise InputError(f"t must be above 0, where the heat is no longer at a point, got {t}")
    k = np.arange(1, _terms(t))
    weight = np.cos(_RELEASE * k * np.pi) * np.exp(-(k**2) * np.pi**2 * t)
    return np.asarray(1 + 2 * weight @ np.cos(np.pi * np.multiply.outer(k, x)))


def _terms(t: float) -> int:
    """Return k such that e^(−k²π²t) and all terms from there on are below e^−40."""
    return math.isqrt(math.ceil(_FADED / (np.pi**2 * t))) + 2


@dataclass(frozen=True)
class _End:
    """One end of a rod: u = given where γ is infinite, ∂u/∂n + γu = given elsewhere."""

    transfer: float
    given: float


def _end_of(word: str, numbers: Condition | None, place: float) -> _End:
    """Return the end at x = `place` with a word, "absorb" or "reflect", or with numbers."""
    if numbers is None:
        return _End(math.inf if word == "absorb" else 0.0, 0.0)
    if word == "reflect":
        return _End(numbers.transfer, numbers.derivative)
    value = numbers.value(np.array([place])) if callable(numbers.value) else numbers.value
    return _End(math.inf, float(np.ravel(as_float_array("value(x)", value, shape=(1,)))[0]))


@dataclass(frozen=True)
class _Rod:
    """The solution for u0 = 1 and D = 1: called with (t, x), as ``Problem.exact``."""

    lower: _End
    upper: _End

    def __call__(self, t: float, x: FloatArray) -> FloatArray:
        if t <= 0:
            return np.ones_like(x)
        wave, shift = self._modes(_terms(t))
        at_ends = np.sin(shift), np.sin(wave + shift)
        slope = -wave * np.cos(shift), wave * np.cos(wave + shift)  # outward
        # λ<S, φ> is what Green's formula leaves at the ends of the stationary part S.
        stationary = sum(
            -end.given * down if math.isinf(end.transfer) else end.given * here
            for end, here, down in zip((self.lower, self.upper), at_ends, slope, strict=True)
        )
        start = (np.cos(shift) - np.cos(wave + shift)) / wave
        norm = 0.5 - (np.sin(2 * (wave + shift)) - np.sin(2 * shift)) / (4 * wave)
        weight = (start - stationary / wave**2) / norm * np.exp(-(wave**2) * t)
        series = weight @ np.sin(np.multiply.outer(wave, x) + shift[:, None])
        return np.asarray(self._without_modes(t, x) + series)

    @property
    def _closed(self) -> bool:
        """Whether what the rod holds changes by given fluxes alone."""
        return self.lower.transfer == self.upper.transfer == 0

    def _modes(self, terms: int) -> tuple[FloatArray, FloatArray]:
        """Return κ > 0 and α of the first eigenfunctions sin(κx + α), (K,) each.

        κ + arctan(κ/γ₋) + arctan(κ/γ₊) grows with κ and is kπ once between (k − 1)π and kπ.
        """
        k = np.arange(2 if self._closed else 1, terms + 1)
        low, high = (k - 1) * np.pi, k * np.pi
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            phase = middle + self._phase(self.lower, middle) + self._phase(self.upper, middle)
            below = phase < k * np.pi
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        wave = (low + high) / 2
        return wave, self._phase(self.lower, wave)

    @staticmethod
    def _phase(end: _End, wave: FloatArray) -> FloatArray:
        """Return arctan(κ/γ): 0 where u is given, π/2 where nothing is taken."""
        return np.asarray(np.arctan2(wave, end.transfer))

    def _without_modes(self, t: float, x: FloatArray) -> FloatArray:
        """Return what has no eigenfunction: a line, or a parabola that grows in time."""
        lower, upper = self.lower, self.upper
        if self._closed:
            gain = lower.given + upper.given
            grown = gain * t if gain else 0.0
            bend = gain * (x**2 / 2 - 1 / 6) - lower.given * (x - 1 / 2)
            return np.asarray(1 + grown + bend)
        rows, given = [], [lower.given, upper.given]
        for end, place, outward in ((lower, 0.0, -1.0), (upper, 1.0, 1.0)):
            held = math.isinf(end.transfer)
            gamma, slope = (1.0, 0.0) if held else (end.transfer, outward)
            rows.append([gamma, gamma * place + slope])
        offset, slope = np.linalg.solve(rows, given)
        return np.asarray(offset + slope * x)
