"""A puff of smoke in the wind: a million particle circuits against the exact Gaussian.

Every particle is a circuit of spiking neurons of its own. It keeps its position on a plane lattice
as residues modulo a few small numbers, in rings of neurons, and in every step it chooses among five
moves by four stochastic gates. All particles start at one point. The wind b carries them and they
spread with diffusivity D, so that their density is

    u = exp(−|x − bt|² / 4Dt) / 4πDt.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from time import perf_counter

import matplotlib as mpl
import numpy as np

from spikealg.diffusion import Box, Problem, Solution, solve

DIFFUSIVITY = 0.05  # m²/s
WIND = np.array([0.5, 0.25])  # m/s
TIMES = (0.2, 0.8, 2.0)  # s
SPACING = 1 / 32  # m
# So far out that no walker comes there: the plane may as well go on.
LOWER, UPPER = (-3.5, -4.0), (5.5, 5.0)  # m
WINDOW = (-0.95, 2.65, -1.1, 2.1)  # m, what is drawn
COLOURS = ("#2a6f97", "#e09f3e", "#d1495b")


def density(t: float, x: np.ndarray) -> np.ndarray:
    """The exact density [1/m²] at time t [s] and places x (..., 2) [m]."""
    square = ((x - WIND * t) ** 2).sum(axis=-1)
    return np.exp(-square / (4 * DIFFUSIVITY * t)) / (4 * math.pi * DIFFUSIVITY * t)


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Solve, print the answer with its check, and draw; return the numbers printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("particles.png"))
    parser.add_argument("--walkers", type=int, default=1_000_000)
    options = parser.parse_args(arguments)

    cells = [round((high - low) / SPACING) for low, high in zip(LOWER, UPPER, strict=True)]
    puff = Problem(
        Box(LOWER, UPPER, cells),
        diffusivity=DIFFUSIVITY,
        drift=WIND,
        initial=(0.0, 0.0),
        exact=density,
    )
    started = perf_counter()
    cloud = solve(puff, t_span=TIMES[-1], t_eval=TIMES, method="particle", walkers=options.walkers)
    rate = cloud.walkers * cloud.steps / (perf_counter() - started)
    check = cloud.check()
    print(f"{cloud}\n{cloud.circuit_summary()}\n{check}")
    print(f"{rate:.2g} steps of a walker per second, compiling and reading included")
    check.raise_if_failed()

    t, numbers = TIMES[-1], {"p": check.circuit.p_value}
    # A step of the lattice has the variance 2DΔt − (bΔt)² along an axis.
    lattice = 4 * DIFFUSIVITY * t - float(WIND @ WIND) * cloud.dt * t
    for name, of, truth in (
        ("mean x [m]", lambda x: x[:, 0], WIND[0] * t),
        ("mean y [m]", lambda x: x[:, 1], WIND[1] * t),
        ("spread [m²]", lambda x: ((x - WIND * t) ** 2).sum(axis=1), 4 * DIFFUSIVITY * t),
    ):
        found = cloud.expectation(of)
        value, error = float(found.value[-1]), float(found.stderr[-1])
        also = f", on the lattice {lattice:.5f}" if name.startswith("spread") else ""
        print(f"{name:12} after {t} s: {value:.5f} ± {error:.5f}, exact {truth:.5f}{also}")
        numbers |= {name: value, f"{name} stderr": error}
    numbers |= {"spread on the lattice": lattice, "deviation": draw(cloud, options.output)}
    print(f"{options.output} shows it; {perf_counter() - started:.1f} s in all")
    return numbers


def draw(cloud: Solution, path: Path) -> float:
    """Draw the puff, cuts through it, and how far cells are off; return the largest z-score."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import LogNorm

    from spikealg.viz.diffusion import draw_contours, draw_field

    figure = plt.figure(figsize=(13, 8))
    top = figure.add_gridspec(1, 3, left=0.05, right=0.905, bottom=0.46, top=0.965, wspace=0.05)
    low = figure.add_gridspec(
        1, 2, left=0.05, right=0.985, bottom=0.065, top=0.36, wspace=0.15, width_ratios=(1.7, 1)
    )
    for column, t in enumerate(TIMES):
        ax = figure.add_subplot(top[column])
        ax.set_facecolor("black")
        found = cloud.density[column]
        image = draw_field(
            ax, cloud, np.where(found > 0, found, np.nan), norm=LogNorm(1e-3, 20), cmap="inferno"
        )
        draw_contours(
            ax,
            cloud,
            density(t, cloud.x),
            levels=(0.01, 0.1, 1.0, 10.0),
            colors="white",
            linewidths=0.8,
        )
        ax.plot(*(WIND * np.array([[0], [t]])).T, ":", color="white", linewidth=0.8)
        ax.plot(0, 0, "+", color="white", markersize=9)
        ax.plot(*(WIND * t), ".", color="white", markersize=4)
        ax.set(xlim=WINDOW[:2], ylim=WINDOW[2:], xlabel="x [m]", ylabel="y [m]", aspect="equal")
        title = f"{'' if column else _spaced(cloud.walkers) + ' particle circuits '}after {t} s"
        ax.set_title(title, loc="left", fontsize="medium")
        ax.label_outer()
    bar = figure.colorbar(image, cax=figure.add_axes((0.915, 0.49, 0.012, 0.445)))
    bar.set_label("density [1/m²]\nwhite lines: exact, a decade apart")

    ax = figure.add_subplot(low[0])
    x, y = (np.unique(places) for places in cloud.x.T)
    for t, values, errors, colour in zip(
        TIMES, cloud.grid(), cloud.grid("stderr"), COLOURS, strict=True
    ):
        row = int(np.abs(y - WIND[1] * t).argmin())
        line = np.stack([x, np.full(len(x), y[row])], axis=1)
        ax.plot(x, density(t, line), color=colour, linewidth=1)
        some = values[:, row] > 0
        ax.errorbar(
            x[some],
            values[some, row],
            yerr=errors[some, row],
            fmt=".",
            color=colour,
            markersize=4,
            elinewidth=0.8,
            label=f"after {t} s",
        )
    ax.set(xlabel="x [m]", ylabel="density [1/m²]", xlim=WINDOW[:2], yscale="log", ylim=(1e-3, 20))
    ax.set_title(
        "through the middle of the puff ± standard error; lines: exact",
        loc="left",
        fontsize="medium",
    )
    ax.legend(frameon=False, loc="upper right")

    ax = figure.add_subplot(low[1])
    expected = cloud.walkers * density(TIMES[-1], cloud.x) * SPACING**2
    many = expected >= 10
    z = (cloud.counts[-1] - expected)[many] / np.sqrt(expected[many])
    ax.hist(z, bins=np.arange(-4.75, 4.76, 0.25), density=True, color=COLOURS[-1], alpha=0.55)
    curve = np.linspace(-4.5, 4.5, 181)
    ax.plot(curve, np.exp(-(curve**2) / 2) / math.sqrt(2 * math.pi), color="0.15", linewidth=1)
    ax.set(xlabel="(walkers − exact) / √exact", ylabel="share", xlim=(-4.5, 4.5))
    ax.set_title(
        f"{_spaced(len(z))} cells after {TIMES[-1]} s; line: normal law",
        loc="left",
        fontsize="medium",
    )
    for ax in figure.axes[-2:]:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="#d8dde2", linewidth=0.6)
        ax.set_axisbelow(True)
    figure.savefig(path, dpi=100)
    plt.close(figure)
    return float(np.abs(z).max())


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


if __name__ == "__main__":
    main()
