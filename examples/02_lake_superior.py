"""A dye spill in Lake Superior, carried by random currents for 30 days.

Dye is released over a disc of 10 km radius north of the Keweenaw peninsula, and spreads with
D = 100 m²/s. Walkers in a circuit of spiking neurons carry it from cell to cell of a 4 km lattice
clipped to the shore and the islands. The shore either keeps the dye that reaches it (absorbs) or
leaves it in the water (reflects).

The outline of the lake is Natural Earth's at 1:10 million (public domain).
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from time import perf_counter

import matplotlib as mpl
import numpy as np

from spikealg import diffusion
from spikealg.diffusion import Problem, Solution, solve

DAY = 86_400.0
DIFFUSIVITY = 100.0  # m²/s
SPILL = (-88.2, 47.6)  # degrees east and north
RADIUS = 10_000.0  # m
SHOWN = (5, 15, 30)  # days
LEVELS = (1e-4, 1e-3, 1e-2, 1e-1)  # % of the spill per km²
RED = "#d1495b"


def spill_problem(shore: str, lake: diffusion.Polygon) -> Problem:
    """The spill with a shore that absorbs or reflects."""
    centre = lake.project(SPILL)

    def spill(x: np.ndarray) -> np.ndarray:
        """Mass 1, evenly over the disc [1/m²]."""
        return (np.hypot(*(x - centre).T) <= RADIUS) / (math.pi * RADIUS**2)

    return Problem(lake, diffusivity=DIFFUSIVITY, boundary=shore, initial=spill)


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Solve, print the answer with its check, and draw; return the numbers printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("lake_superior.png"))
    parser.add_argument("--method", choices=("density", "montecarlo"), default="density")
    parser.add_argument("--walkers", type=int, default=30_000)
    options = parser.parse_args(arguments)
    started = perf_counter()

    lake = diffusion.lake("Lake Superior", dx=4000.0)
    days = np.arange(31)
    numbers: dict[str, float] = {}
    solutions: dict[str, tuple[Solution, Solution]] = {}
    print(f"Lake Superior, {len(lake.x)} cells of 4 km, {options.walkers} walkers, D = 100 m²/s")
    for shore in ("absorb", "reflect"):
        problem = spill_problem(shore, lake)
        spikes = solve(
            problem,
            t_span=30 * DAY,
            t_eval=days * DAY,
            method=options.method,
            walkers=options.walkers,
        )
        chain = solve(problem, t_span=30 * DAY, t_eval=days * DAY, method="chain")
        solutions[shore] = spikes, chain
        ashore = 100 * spikes.absorbed / spikes.total
        error = 100 * spikes.mass_stderr / spikes.total
        check = spikes.check()
        print(
            f"\nThe shore {shore}s: after 30 days {ashore[-1]:.1f} ± {error[-1]:.1f} % of the dye "
            f"is ashore (chain: {100 * chain.absorbed[-1] / chain.total:.1f} %)\n"
            f"{spikes.steps} steps of {spikes.dt / 3600:.2g} h\n{check}"
        )
        check.raise_if_failed()
        numbers |= {
            f"{shore}: ashore %": float(ashore[-1]),
            f"{shore}: stderr %": float(error[-1]),
            f"{shore}: chain %": float(100 * chain.absorbed[-1] / chain.total),
            f"{shore}: p": check.circuit.p_value,
            f"{shore}: distance from refined": float(check.chain.relative_l2[-1]),
        }
    draw(solutions, lake, options.output)
    print(f"\n{options.output} shows it; {perf_counter() - started:.1f} s in all")
    return numbers


def draw(
    solutions: dict[str, tuple[Solution, Solution]], lake: diffusion.Polygon, path: Path
) -> None:
    """Draw the dye on the lake for both shores, how certain it is, and what went ashore."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import LogNorm
    from matplotlib.patches import Circle, Rectangle

    from spikealg.viz.diffusion import draw_contours, draw_field, draw_shore

    centre = lake.project(SPILL) / 1000
    window = (centre[0] - 125, centre[0] + 125, centre[1] - 70, centre[1] + 100)
    words = {"absorb": "shore keeps the dye", "reflect": "shore reflects the dye"}
    figure = plt.figure(figsize=(12, 9))
    top = figure.add_gridspec(2, 3, left=0.065, right=0.9, bottom=0.46, top=0.965, wspace=0.04)
    low = figure.add_gridspec(
        1, 2, left=0.065, right=0.985, bottom=0.06, top=0.365, wspace=0.2, width_ratios=(1.75, 1)
    )

    def percent_per_km2(solution: Solution, day: int) -> np.ndarray:
        return 100 * 1e6 * solution.density[day] / solution.total

    for row, (shore, (spikes, chain)) in enumerate(solutions.items()):
        for column, day in enumerate(SHOWN):
            ax = figure.add_subplot(top[row, column])
            draw_shore(ax, spikes)
            dye = percent_per_km2(spikes, day)
            image = draw_field(
                ax, spikes, np.where(dye > 0, dye, np.nan), norm=LogNorm(1e-4, 0.3), cmap="viridis"
            )
            contours = percent_per_km2(chain, day)
            draw_contours(ax, chain, contours, levels=LEVELS, colors=RED, linewidths=0.9)
            ax.add_patch(Circle(centre, RADIUS / 1000, fill=False, color="white", linestyle=":"))
            ax.set(xlim=window[:2], ylim=window[2:])
            ax.set_title(f"{day} days, {words[shore]}", loc="left", fontsize="medium")
            ax.label_outer()
            if row == column == 0:
                rim = centre + np.array([0.7, 0.7]) * RADIUS / 1000
                arrow = {"arrowstyle": "-", "color": "0.3", "linewidth": 0.8}
                ax.annotate("spill", rim, (45, 50), arrowprops=arrow)
                ax.annotate("Isle Royale", (-54, 73), fontsize="small", color="0.35")
                ax.annotate("Keweenaw", (-22, -45), fontsize="small", color="0.35")
    bar = figure.colorbar(image, cax=figure.add_axes((0.915, 0.5, 0.012, 0.43)))
    bar.set_label("dye [% of the spill per km²]\nred lines: the exact chain, a decade apart")

    spikes, chain = solutions["absorb"]
    ax = figure.add_subplot(low[0])
    draw_shore(ax, spikes)
    density, error = spikes.density[-1], spikes.stderr[-1]
    relative = np.divide(100 * error, density, out=np.full(len(density), np.nan), where=density > 0)
    image = draw_field(ax, spikes, relative, norm=LogNorm(5, 100), cmap="magma")
    size = (window[1] - window[0], window[3] - window[2])
    ax.add_patch(Rectangle(window[::2], *size, fill=False, edgecolor="0.35", linewidth=0.8))
    title = f"relative standard error after 30 days, {words['absorb']}"
    ax.set_title(title, loc="left", fontsize="medium")
    ticks = [5, 10, 20, 50, 100]
    bar = figure.colorbar(image, ax=ax, pad=0.015, ticks=ticks)
    bar.ax.set_yticklabels([f"{tick} %" for tick in ticks])
    bar.ax.minorticks_off()

    ax = figure.add_subplot(low[1])
    for shore, colour, lift in (("absorb", "#21618c", 1.0), ("reflect", "#b9770e", 1.5)):
        spikes, chain = solutions[shore]
        days = spikes.t / DAY
        ashore = 100 * spikes.absorbed / spikes.total
        error = 100 * spikes.mass_stderr / spikes.total
        ax.plot(days, 100 * chain.absorbed / chain.total, color=RED, linewidth=0.9)
        ax.errorbar(days, ashore, yerr=error, fmt=".", color=colour, label=words[shore])
        answer = f"{ashore[-1]:.1f} ± {error[-1]:.1f} %" if error[-1] else f"{ashore[-1]:.0f} %"
        ax.annotate(answer, (27, ashore[-1] + lift), ha="right", color=colour)
    ax.plot([], [], color=RED, linewidth=0.9, label="exact chain")
    ax.set(xlabel="days", ylabel="ashore [% of the spill]", xlim=(0, 30.5), ylim=(-1.5, 54))
    ax.set_title("ashore ± standard error", loc="left", fontsize="medium")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#d8dde2", linewidth=0.6)
    ax.legend(frameon=False, loc="upper left")
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
