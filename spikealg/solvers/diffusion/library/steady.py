"""Ready-made problems of what is steady, of surfaces and of transport."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float, as_int
from spikealg.solvers.diffusion.domains.ball import Disk
from spikealg.solvers.diffusion.domains.chain import Chain
from spikealg.solvers.diffusion.domains.lattice import Box, Interval
from spikealg.solvers.diffusion.domains.phasespace import PhaseSpace
from spikealg.solvers.diffusion.domains.surfaces import Sphere
from spikealg.solvers.diffusion.problem import Problem

__all__ = [
    "absorbing_rod",
    "laplace_square",
    "poisson_disk",
    "slab_fluence",
    "sphere_heat",
    "two_state_transport",
]

FloatArray = npt.NDArray[np.float64]

_TERMS = 200
"""Odd terms of a series that falls as e^(−kπ(1 − y))/k."""


def laplace_square(n: int = 20, top: float = 1.0) -> Problem:
    """Return Δu = 0 on the unit square, u = `top` on the upper side and 0 on the others.

    u = Σ_odd k 4·top/(kπ) sin(kπx) sinh(kπy)/sinh(kπ); u = top/4 in the middle.

    Parameters
    ----------
    n : int
        Number of cells along a side.
    top : float
        Value on the side "y+".
    """
    height = as_float("top", top)

    def exact(t: float, x: FloatArray) -> FloatArray:
        k = np.pi * np.arange(1, 2 * _TERMS, 2)[:, None]
        y = x[:, 1]
        # sinh(ky)/sinh(k) without numbers that are too large
        ratio = np.exp(-k * (1 - y)) * -np.expm1(-2 * k * y) / -np.expm1(-2 * k)
        return np.asarray((4 * height / k * np.sin(k * x[:, 0]) * ratio).sum(axis=0))

    return Problem(
        Box((0, 0), (1, 1), n),
        diffusivity=1.0,
        boundary={"x": "absorb", "y-": "absorb", "y+": {"value": height}},
        mode="steady",
        exact=exact,
    )


def poisson_disk(n: int = 40, source: float = 1.0) -> Problem:
    """Return Δu + f = 0 on the unit disk, u = 0 on its shore: u = f(1 − r²)/4.

    Parameters
    ----------
    n : int
        Number of cells along a diameter, even.
    source : float
        f [density/time].
    """
    strength = as_float("source", source)
    return Problem(
        Disk(1.0, n),
        diffusivity=1.0,
        source=strength,
        boundary="absorb",
        mode="steady",
        exact=lambda t, x: strength * (1 - (x**2).sum(axis=1)) / 4,
    )


def absorbing_rod(
    n: int = 40, *, diffusivity: float = 1.0, killing: float = 4.0, source: float = 1.0
) -> Problem:
    """Return Du″ − cu + f = 0 on [0, 1] with ends held at 0.

    u = f/c·(1 − cosh(κ(x − ½))/cosh(κ/2)), κ² = c/D.

    Parameters
    ----------
    n : int
        Number of cells.
    diffusivity, killing, source : float
        D > 0 [length²/time], c > 0 [1/time] and f [density/time].
    """
    rate = as_float("diffusivity", diffusivity, above=0)
    c, f = as_float("killing", killing, above=0), as_float("source", source)
    kappa = math.sqrt(c / rate)
    return Problem(
        Interval(0, 1, n),
        diffusivity=rate,
        killing=c,
        source=f,
        boundary="absorb",
        mode="steady",
        exact=lambda t, x: f / c * (1 - np.cosh(kappa * (x - 0.5)) / math.cosh(kappa / 2)),
    )


def sphere_heat(subdivisions: int = 3, *, diffusivity: float = 1.0) -> Problem:
    """Return heat on the unit sphere, u0 = 1 + z, to t = 0.25/D: u = 1 + z·e^(−2Dt).

    Parameters
    ----------
    subdivisions : int
        Of the icosahedron.
    diffusivity : float
        D > 0 [length²/time].
    """
    rate = as_float("diffusivity", diffusivity, above=0)
    return Problem(
        Sphere(1.0, subdivisions),
        diffusivity=rate,
        initial=lambda x: 1 + x[:, 2],
        mode="forward",
        t_span=0.25 / rate,
        exact=lambda t, x: 1 + x[:, 2] * np.exp(-2 * rate * t),
    )


def two_state_transport(
    forward: float = 5.0,
    backward: float = 3.0,
    *,
    scattering: float = 8.0,
    absorption: float = 2.0,
    t: float = 1.0,
) -> Problem:
    """Return particles of two directions that scatter into either with chance ½ and are absorbed.

    F₊(t) = ½F₊(e^(−Σa t) + e^(−(Σa + Σs)t)) + ½F₋(e^(−Σa t) − e^(−(Σa + Σs)t)), and F₋ likewise.
    Steps have no error in time.

    Parameters
    ----------
    forward, backward : float
        F₊ and F₋ at the start, of states 0 and 1.
    scattering, absorption : float
        Σs and Σa [1/time].
    t : float
        End of time.
    """
    plus, minus = as_float("forward", forward, low=0), as_float("backward", backward, low=0)
    scatter = as_float("scattering", scattering, low=0)
    absorb = as_float("absorption", absorption, low=0)

    def exact(t: float, x: FloatArray) -> FloatArray:
        total, difference = plus + minus, plus - minus
        mean = total / 2 * math.exp(-absorb * t)
        off = difference / 2 * math.exp(-(absorb + scatter) * t)
        return np.array([mean + off, mean - off])

    return Problem(
        Chain([[0.0, scatter / 2], [scatter / 2, 0.0]]),
        killing=absorb,
        initial={0: plus, 1: minus},
        mode="forward",
        time_scheme="exponential",
        t_span=as_float("t", t, above=0),
        exact=exact,
    )


def slab_fluence(
    n: int = 40,
    *,
    length: float = 2.0,
    scattering: float = 1.5,
    absorption: float = 0.5,
    source: float = 1.0,
) -> Problem:
    """Return the steady fluence in a slab between two vacua with an isotropic source.

    Particles of speed 1 fly to the left or to the right. With Σt = Σa + Σs and κ² = ΣaΣt the
    fluence, ``problem.domain.fluence(solution.density)``, is
    S/Σa − (S/Σa)·cosh κ(x − L/2)/(cosh(κL/2) + (κ/Σt) sinh(κL/2)).

    Parameters
    ----------
    n : int
        Number of cells; the error is of order 1 in their width.
    length : float
        L [length].
    scattering, absorption : float
        Σs ≥ 0 and Σa > 0 [1/length].
    source : float
        S, particles per length and time.
    """
    width, strength = as_float("length", length, above=0), as_float("source", source)
    scatter = as_float("scattering", scattering, low=0)
    absorb = as_float("absorption", absorption, above=0)
    total = absorb + scatter
    kappa = math.sqrt(absorb * total)

    def exact(t: float, x: FloatArray) -> FloatArray:
        # φ = (u₊ + u₋)/2, and the current J = (u₊ − u₋)/2 is −φ′/Σt.
        scale = strength / absorb
        scale /= math.cosh(kappa * width / 2) + kappa / total * math.sinh(kappa * width / 2)
        away = kappa * (x[:, 0] - width / 2)
        return np.asarray(
            strength / absorb
            - scale * np.cosh(away)
            + x[:, 1] * scale * kappa / total * np.sinh(away)
        )

    return Problem(
        PhaseSpace(0, width, as_int("n", n, low=1), scattering=scatter),
        killing=absorb,
        source=strength,
        boundary="absorb",
        mode="steady",
        exact=exact,
    )
