"""Curved shores of given value where the Itô coefficient varies and drift goes through them."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.diffusion import Ball, Disk, Polygon, Problem, solve

SLOPE, KILLING = 0.3, 0.7


def rounded(n):
    angle = 2 * np.pi * (np.arange(720) + 0.5) / 720
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return Polygon({"type": "Polygon", "coordinates": [ring.tolist()]}, n=n)


def wave(x):
    """Harmonic: in the plane, and in space too as it does not depend on z."""
    return np.exp(x[:, 0]) * np.cos(x[:, 1])


def root_mean_square(domain, kind, drift):
    """Return the error of u = eˣ cos y + 2, D = 1 + 0.3x, made so by a source."""
    dx, dy = drift

    def strength(x):
        return 1 + SLOPE * x[:, 0]

    def source(x):
        along = wave(x), -np.exp(x[:, 0]) * np.sin(x[:, 1])
        spread = (1 if kind == "fick" else 2) * SLOPE * along[0]
        return dx * along[0] + dy * along[1] + KILLING * (wave(x) + 2) - spread

    law = (
        {"diffusivity": strength}
        if kind == "fick"
        else {"sigma": lambda x: (2 * strength(x)) ** 0.5}
    )
    axes = np.size(domain.mesh().x[0])
    problem = Problem(
        domain, **law, drift=(dx, dy, 0.0)[:axes], killing=KILLING, source=source, mode="steady",
        boundary={"shore": {"value": lambda x: wave(x) + 2}},
    )  # fmt: skip
    live = problem.rates.live
    off = solve(problem, method="chain").density[-1] - wave(problem.x) - 2
    return np.sqrt(np.mean(off[live] ** 2))


@pytest.mark.parametrize(
    ("make", "sizes", "most"),
    [
        (lambda n: Disk(1.0, n), (20, 80), 5e-5),
        (rounded, (20, 80), 5e-5),
        (lambda n: Ball(1.0, n), (8, 24), 4e-4),
    ],
    ids=["disk", "polygon", "ball"],
)
@pytest.mark.parametrize("kind", ["fick", "ito"])
@pytest.mark.parametrize("drift", [(0.0, 0.0), (0.5, -0.4)], ids=["still", "drift"])
def test_given_values_come_in_with_order_two(make, sizes, most, kind, drift):
    coarse, fine = (root_mean_square(make(n), kind, drift) for n in sizes)
    assert np.log(coarse / fine) / np.log(sizes[1] / sizes[0]) > 1.7
    assert fine < most
