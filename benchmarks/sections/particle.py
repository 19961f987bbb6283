"""A million particle circuits on a ring of 1155 places, against random walks without spikes."""

from __future__ import annotations

from functools import partial

import numpy as np

import ours
from contest import Contender, compare
from report import Report
from rivals import gaussian, lattice, vectorised
from rivals.check import check_walk
from settings import Settings

SIZE = 3 * 5 * 7 * 11
"""Places of the ring, and by its factors the moduli of the circuit."""
IN_A_CELL = 1 / 12
"""Variance that a Gaussian walk gains by being read as the cell in which it ends."""
NOTE = (
    "One thread; the circuit's time is that of the whole call: building, encoding, simulating, "
    "decoding; it takes two ticks per step unless it is said otherwise. *one at a time*: one "
    "xorshift64 per step and walker, a wrap without branches. *by words*: one xorshift64 for 64 "
    "steps. *side by side*: several walkers at once, in vector registers. *ends only*: counts the"
    " bits of words and never is at the places in between. *four targets*: a table of where the "
    "two bits of a step lead. *standard_normal*: what Numba makes of "
    "`np.random.standard_normal()`, a Mersenne twister and the polar method. *ziggurat*: a NumPy "
    "Generator (SFC64) within Numba. *NumPy*: array operations on 100 000 walkers at a time, "
    "*plain* as one writes it first, *tuned* with one random bit per step and 16-bit places. "
    "Rates of the rivals do not depend on the number of walkers, and slow ones get fewer."
)


def measure(settings: Settings) -> Report:
    """Measure the circuit and its rivals, without "stay" and with."""
    walkers, steps = (10_000, 100) if settings.quick else (1_000_000, 1000)
    circuit = partial(ours.particle, kernel=settings.kernel)
    moving = {
        "particle circuit": (circuit, 1.0),
        "particle circuit, one tick per step": (partial(circuit, ticks_per_step=1), 1.0),
        "particle circuit, four ticks per step": (partial(circuit, ticks_per_step=4), 1.0),
        "lattice walk, one at a time": (lattice.walk_by(lattice.one_by_one), 0.5),
        "lattice walk, one at a time, by words": (
            lattice.walk_by(lattice.one_by_one_by_words),
            0.5,
        ),
        "lattice walk, 8 side by side": (lattice.walk_by(lattice.side_by_side, 8), 1.0),
        "lattice walk, 64 side by side": (lattice.walk_by(lattice.side_by_side, 64), 1.0),
        "lattice walk, 256 side by side, by words": (
            lattice.walk_by(lattice.side_by_side_by_words, 256),
            1.0,
        ),
        "ends only, by words": (lattice.walk_by(lattice.displacements), 1.0),
        "NumPy, plain": (vectorised.plain, 0.1),
        "NumPy, tuned": (vectorised.tuned, 0.5),
        "Euler–Maruyama, standard_normal": (gaussian.numba_normal, 0.02),
        "Euler–Maruyama, ziggurat": (gaussian.numba_ziggurat, 0.1),
    }
    staying = {
        "particle circuit": (partial(circuit, stay=0.5), 1.0),
        "lattice walk, one at a time": (lattice.walk_by(lattice.one_by_one_staying), 0.5),
        "four targets, one at a time": (lattice.walk_by(lattice.one_by_one_by_targets), 0.5),
    }
    tables, charts = [], []
    for walks, chances, variance, note in (
        (moving, "½, ½", 1.0, ""),
        (staying, "¼, ½, ¼", 0.5, NOTE),
    ):
        contenders = {
            name: _contender(name, walk, int(share * walkers), steps, variance)
            for name, (walk, share) in walks.items()
        }
        title = f"{walkers:,} walkers, {steps} steps, {chances}"
        table, chart = compare(title, "walker-steps", contenders, settings.repeat, note=note)
        tables.append(table)
        charts.append(chart)
    return Report(tables, charts)


def _contender(
    name: str, walk: lattice.Walk, walkers: int, steps: int, variance: float
) -> Contender:
    by_gauss = name.startswith("Euler")
    expected = variance * steps + (IN_A_CELL if by_gauss else 0)
    parity = None if by_gauss or variance < 1 else steps

    def check(name: str, counts: np.ndarray) -> None:
        check_walk(name, counts, walkers, expected, parity=parity)

    return Contender(
        call=lambda: walk(walkers, steps, SIZE, 1),
        work=walkers * steps,
        check=check,
        ours=name.startswith("particle"),
    )
