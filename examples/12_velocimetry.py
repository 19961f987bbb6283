"""How does the fluid move? Two pictures of particles in a vortex, and a race of correlations.

Particle image velocimetry takes two pictures of particles that drift with a fluid, a moment apart,
and looks for each window of the first in the second: the displacement at which the two match best
is how far the fluid has moved there. Here each window is a copy (a lane) of one spiking circuit.
It multiplies the pixels at every displacement in one tick; the sums become potentials that go up by
one per tick, and the first to fire, the largest correlation, stops all others. So a good match is
also a fast one (Severa and others, "Spiking network algorithms for scientific computing", 2016).

The fluid is a vortex after Lamb and Oseen, v(r) = (1 − exp(−r²/c²))/r, so the error is known.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from spikealg import simulate
from spikealg.circuits import Displacement

SIZE, PARTICLES = 128, 3000
WINDOW, REACH, STEP = 12, 4, 8
CORE, STRENGTH = 24.0, 130.0


def vortex(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the displacement (dy, dx) at each place [pixels], shape (2, n)."""
    y, x = y - SIZE / 2, x - SIZE / 2
    square = np.maximum(x**2 + y**2, 1e-9)
    return STRENGTH * (1 - np.exp(-square / CORE**2)) / square * np.stack([x, -y])


def picture(places: np.ndarray) -> np.ndarray:
    """Return the black and white picture of particles at `places`, shape (2, n)."""
    pixels = np.rint(places).astype(np.int64)
    inside = ((pixels >= 0) & (pixels < SIZE)).all(axis=0)
    frame = np.zeros((SIZE, SIZE), dtype=np.int8)
    frame[tuple(pixels[:, inside])] = 1
    return frame


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Measure the vortex, compare it with the truth, and draw; return the numbers printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("velocimetry.png"))
    options = parser.parse_args(arguments)
    mpl.use("Agg")

    before = np.random.default_rng(0).uniform(0, SIZE, (2, PARTICLES))
    frames = picture(before), picture(before + vortex(*before))
    inner = frames[0][REACH:-REACH, REACH:-REACH]
    first = sliding_window_view(inner, (WINDOW, WINDOW))[::STEP, ::STEP]
    around = WINDOW + 2 * REACH
    second = sliding_window_view(frames[1], (around, around))[::STEP, ::STEP]
    centres = np.indices(first.shape[:2]).reshape(2, -1) * STEP + REACH + (WINDOW - 1) / 2

    circuit = Displacement(WINDOW, REACH)
    network = circuit.compile()
    inputs = {**circuit.inputs(first, second), "start": 1}
    run = simulate(network, inputs, ticks=WINDOW**2 + 5, until=("done", 1))
    found = np.stack([run["dy"], run["dx"]])
    error = np.hypot(*(found - vortex(*centres)))
    numbers = {
        "windows": found.shape[1],
        "neurons": network.n_neurons,
        "ticks": float(run.stopped.mean()),
        "median error": float(np.median(error)),
        "within a pixel %": float(100 * (error < 1).mean()),
    }
    print(
        f"{numbers['windows']} windows, {network.n_neurons} neurons, done after "
        f"{numbers['ticks']:.1f} ticks on average (at most {run.stopped.max()})\n"
        f"median error {numbers['median error']:.2f} pixels, "
        f"{numbers['within a pixel %']:.1f} % of the windows within a pixel"
    )
    draw(frames, centres, found, error, options.output)
    print(f"{options.output} shows it")
    return numbers


def draw(frames, centres, found, error, path: Path) -> None:
    """Draw both pictures over each other, and the arrows that were found."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 6), layout="constrained")
    colours = np.ones((SIZE, SIZE, 3))
    colours[frames[0] > 0] = mpl.colors.to_rgb("#2a6f97")
    colours[frames[1] > 0] = mpl.colors.to_rgb("#e09f3e")
    left.imshow(colours, origin="lower")
    left.set_title("particles before (blue) and after (orange)", loc="left", fontsize="medium")
    arrows = right.quiver(
        centres[1], centres[0], found[1], found[0], error, angles="xy", scale_units="xy", scale=0.4
    )
    arrows.set_clim(0, 2)
    right.set(xlim=left.get_xlim(), ylim=left.get_ylim(), aspect="equal")
    right.set_title("displacement found, 2.5 times as long", loc="left", fontsize="medium")
    figure.colorbar(arrows, ax=right, label="error [pixels]", shrink=0.7)
    for axes in (left, right):
        axes.set(xlabel="x [pixels]", ylabel="y [pixels]")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
