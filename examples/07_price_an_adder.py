"""What would an addition cost, done by threshold gates on a chip?

An adder of width w takes two numbers in one tick and has the sum a fixed number of ticks later. It
can be used in two ways: wait for each sum before the next pair comes, or put in a new pair in
every tick. The second does the same additions in far fewer ticks, and a chip that pays for every
neuron in every tick, or for every second, charges less. Beside both stands the addition of an
ordinary processor's arithmetic unit at 45 nm (Horowitz, ISSCC 2014): 0.1 pJ for 32 bits.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np

from spikealg import hardware, simulate
from spikealg.circuits import Adder, decode, encode

WIDTHS = (4, 8, 16, 32)
PAIRS = 500
PLATFORMS = ("loihi", "truenorth", "spinnaker", "cpu")


def operands(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random pairs of numbers below 2^width, two (PAIRS,) int64 arrays."""
    rng = np.random.default_rng(width)
    return tuple(rng.integers(0, 2**width, (2, PAIRS)))


def one_by_one(width: int) -> tuple[hardware.Counts, bool]:
    """Add each pair when the one before is done; return counts, and whether all sums are right."""
    a, b = operands(width)
    adder = Adder(width).compile()
    ticks = adder.outputs["sum"].latency + 1
    run = simulate(adder, {"a": a, "b": b}, ticks=ticks, seed=0, record="all")
    # The lanes are the additions, one after another: nothing is left of one when the next begins.
    return hardware.count(run, by_lane=True), bool((run["sum"] == a + b).all())


def in_a_row(width: int) -> tuple[hardware.Counts, bool]:
    """Put in a new pair in every tick; return counts, and whether all sums are right."""
    a, b = operands(width)
    adder = Adder(width).compile()
    latency = adder.outputs["sum"].latency
    inputs = {
        name: encode(values, "binary", width).swapaxes(0, 1)
        for name, values in (("a", a), ("b", b))
    }
    run = simulate(adder, inputs, ticks=PAIRS + latency, seed=0, record="all")
    raster = run.raster(adder.outputs["sum"].neurons, latency, PAIRS)
    sums = decode(raster.swapaxes(0, 1), "binary", width + 1)
    counts = hardware.count(run, by_lane=True)
    return replace(counts, work=hardware.Work("addition", PAIRS)), bool((sums == a + b).all())


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Add, print the bills, and draw; return the numbers printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("adder_bill.png"))
    options = parser.parse_args(arguments)
    mpl.use("Agg")

    numbers: dict[str, float] = {}
    ways = {"one by one": one_by_one, "a pair per tick": in_a_row}
    counts = {way: [add(width) for width in WIDTHS] for way, add in ways.items()}
    numbers["right"] = float(all(right for found in counts.values() for _, right in found))
    per_addition: dict[tuple[str, str], np.ndarray] = {}
    for way, found in counts.items():
        for name in PLATFORMS:
            costs = [hardware.estimate(each, name, lanes="in turn") for each, _ in found]
            per_addition[way, name] = np.array([cost.published_J.value / PAIRS for cost in costs])
            print(
                f"{way:16} {costs[-1].platform.title:16} "
                + "  ".join(
                    f"{width:2} bit {1e12 * joules:12.1f} pJ"
                    for width, joules in zip(WIDTHS, per_addition[way, name], strict=True)
                )
            )
    eight = WIDTHS.index(8)
    busy = counts["a pair per tick"][eight][0]
    bill = hardware.estimate(busy, "loihi")
    print(f"\n8 bit, a pair per tick\n{busy}\n\n{bill}")
    numbers["spikes"], numbers["synaptic events"] = busy.spikes, busy.synaptic_events
    numbers["driven"], numbers["updates"] = busy.driven[0], busy.updates
    numbers["messages"] = bill.terms["spike"].amount.value
    numbers["loihi [pJ]"] = 1e12 * bill.marginal_per_work_J.value
    numbers["gain on loihi"] = float(
        per_addition["one by one", "loihi"][eight] / per_addition["a pair per tick", "loihi"][eight]
    )
    draw(
        per_addition, hardware.compare(busy, PLATFORMS, lanes="in turn", macs=PAIRS), options.output
    )
    print(f"\n{options.output} shows it")
    return numbers


def draw(per_addition, comparison, path: Path) -> None:
    """Draw energy per addition over width, and all of one width as bars."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
    colours = dict(zip(PLATFORMS, ("#2a6f97", "#e09f3e", "#d1495b", "#7a7a7a"), strict=True))
    for (way, name), joules in per_addition.items():
        left.plot(
            WIDTHS,
            joules,
            "o-" if way == "a pair per tick" else "o:",
            color=colours[name],
            markersize=4,
            label=f"{hardware.platform(name).title}, {way}",
        )
    unit = hardware.platform("horowitz45nm").energy["add_int32"].value
    left.plot(32, unit, "k*", markersize=9, label="32-bit adder at 45 nm, arithmetic only")
    left.set(xscale="log", yscale="log", xlabel="bits", ylabel="energy per addition [J]")
    left.set_xticks(WIDTHS, [str(width) for width in WIDTHS])
    left.minorticks_off()
    left.set_title("published energy, static power included", loc="left", fontsize="medium")
    left.legend(frameon=False, fontsize="small", loc="lower left")
    left.set_ylim(unit / 4)
    left.spines[["top", "right"]].set_visible(False)
    left.grid(color="#d8dde2", linewidth=0.6)
    comparison.plot(axes=right)
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
