"""Why plain binary recurrence is hard to train: what one spike does, and how far gradients reach.

python -m studies.binary_recurrence

A layer of recurrent units takes white Gaussian noise. BA and BLI get the same weights and the same
noise: weights of the input have a deviation of `DRIVE`/√inputs, recurrent ones of gain/√units;
there is no bias, the threshold is 1. After `Size.warm` ticks the network is copied, and in the
copy one unit's spike is flipped. Both go on under the same noise, and spikes that differ are
counted. Gradients are those of backpropagation through time, of a random sum of the spikes of the
last tick, by the inputs of each tick up to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Table
from spikealg.learners import Recurrent, Sequential, SuperSpike, unit
from spikealg.viz.figure import INK, new_axes, tidy, time_colours
from studies.picture import Picture
from studies.record import RESULTS, Record, read

DECAY = 0.95
SHARPNESS = 2.0
"""Of `SuperSpike`, the surrogate; decay and sharpness are those of the study of units."""
UNITS: Mapping[str, Mapping[str, float]] = {"BA": {}, "BLI": {"decay": DECAY}}
GAINS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
DRIVE = 0.78
"""Deviation of what inputs add to a potential: units without memory and recurrence fire in a tenth
of the ticks."""
SEEDS = (0, 1, 2)
LAGS = (1, 5, 20)
"""Ticks that the table shows."""


@dataclass(frozen=True)
class Size:
    """How large the experiment is."""

    units: int = 256
    inputs: int = 64
    sequences: int = 64
    warm: int = 20
    ticks: int = 40


FULL = Size()


def model_of(name: str, gain: float, seed: int, size: Size) -> Sequential:
    """Return a recurrent layer with random weights, which are those of all units."""
    layer = Recurrent(size.units, unit(name, surrogate=SuperSpike(SHARPNESS), **UNITS[name]))
    model = Sequential([layer], shape=(size.inputs,), seed=seed, dtype=np.float64)
    rng = np.random.default_rng(seed)
    scale = {"weight": DRIVE / np.sqrt(size.inputs), "recurrent": gain / np.sqrt(size.units)}
    for which, deviation in scale.items():
        weight = layer.parameters[which]
        weight[...] = deviation * rng.standard_normal(weight.shape)
    layer.parameters["bias"][...] = 0
    return model


def measure(name: str, gain: float, seed: int, size: Size) -> dict[str, Any]:
    """Return what one network does.

    Returns
    -------
    dict
        "active": share of units that fire. "differ": spikes that differ in each tick after the one
        that was flipped, (ticks,), mean over sequences, in each of which another unit is flipped.
        "gradient": norm of the gradient by the input of each tick, from the last one back, as a
        share of that by the last, (ticks,), geometric mean over sequences.
    """
    model = model_of(name, gain, seed, size)
    rng = np.random.default_rng([seed, 1])
    x = rng.standard_normal((size.warm + size.ticks, size.sequences, size.inputs))
    ((before, potential, spikes),) = model.forward(x[: size.warm]).state
    flipped, which = spikes.copy(), np.arange(size.sequences)
    flipped[which, which % size.units] = 1 - flipped[which, which % size.units]
    np.testing.assert_array_equal(before, spikes)
    one = model.forward(x[size.warm :], ((before, potential, spikes),))
    other = model.forward(x[size.warm :], ((flipped, potential, flipped),))
    dy = np.zeros_like(one.y)
    dy[-1] = rng.standard_normal(dy[-1].shape)
    (layer,) = model.layers
    by_input, _ = layer.backward(dy, one.tapes[0])
    norm = np.linalg.norm(by_input[::-1], axis=2)
    return {
        "active": one.y.mean(),
        "differ": (one.y != other.y).sum(axis=2).mean(axis=1),
        "gradient": np.exp(np.log(norm / norm[0]).mean(axis=1)),
    }


def run(record: Record, size: Size = Size(), gains: Sequence[float] = GAINS) -> None:
    """Measure both units at all gains, and record means over the seeds."""
    found: dict[str, dict[str, Any]] = {}
    for name in UNITS:
        found[name] = {}
        for gain in gains:
            each = [measure(name, gain, seed, size) for seed in SEEDS]
            found[name][f"{gain:g}"] = {
                "active": np.mean([one["active"] for one in each]),
                "differ": np.mean([one["differ"] for one in each], axis=0),
                "gradient": np.exp(np.mean([np.log(one["gradient"]) for one in each], axis=0)),
            }
    record.figures |= {
        "size": asdict(size),
        "decay": DECAY,
        "sharpness": SHARPNESS,
        "drive": DRIVE,
        "units": found,
    }


def tables(results: Path = RESULTS) -> list[Table]:
    """Return what one spike does, and how far gradients reach, at each gain."""
    if not (results / "binary_recurrence.json").exists():
        return []
    figures = read("binary_recurrence", results)["figures"]
    size = Size(**figures["size"])
    rows = []
    for name, by_gain in figures["units"].items():
        for gain, found in by_gain.items():
            rows.append([
                name,
                gain,
                f"{found['active']:.0%}",
                *(f"{found['differ'][lag - 1]:.1f}" for lag in LAGS),
                *(f"{found['gradient'][lag]:.2g}" for lag in LAGS),
            ])  # fmt: skip
    columns = (
        "unit", "gain", "active",
        *(f"spikes that differ, tick {lag}" for lag in LAGS),
        *(f"gradient, {lag} back" for lag in LAGS),
    )  # fmt: skip
    note = (
        f"{size.units} units, {size.sequences} sequences, {len(SEEDS)} draws of the weights, which "
        f"BA and BLI (κ = {figures['decay']}) share. Spikes that differ: of {size.units}, so many "
        "ticks after one was flipped. Gradient: its norm at an input so many ticks before "
        "the output, as a share of that in the same tick."
    )
    return [Table("One spike, and gradients, in random recurrent networks", columns, rows, note)]


def pictures(results: Path = RESULTS) -> list[Picture]:
    """Return the picture of what was recorded."""
    if not (results / "binary_recurrence.json").exists():
        return []
    found = read("binary_recurrence", results)["figures"]
    caption = "Spikes that differ after one was flipped, and gradients, over ticks: BA and BLI"
    return [Picture("binary_recurrence.png", caption, lambda: plot(found))]


def plot(figures: Mapping[str, Any], *, axes: Any = None) -> Any:
    """Draw spikes that differ and gradients over ticks, a column per unit, a line per gain."""
    names = list(figures["units"])
    panels = new_axes(2 * len(names), axes, columns=len(names), width=4.2, height=3.0)
    for column, name in enumerate(names):
        by_gain = figures["units"][name]
        differ, gradient = panels[column], panels[len(names) + column]
        for (gain, found), colour in zip(by_gain.items(), time_colours(len(by_gain)), strict=True):
            ticks = np.arange(1, len(found["differ"]) + 1)
            differ.plot(ticks, found["differ"], color=colour, label=gain)
            gradient.plot(ticks - 1, found["gradient"], color=colour)
        differ.axhline(1, color=INK, linewidth=0.8, linestyle="--")
        differ.set_title(name, loc="left", fontsize="medium")
        differ.set(
            xlabel="ticks after one spike was flipped", ylim=(0.01, figures["size"]["units"])
        )
        gradient.set(xlabel="ticks before the output", ylim=(1e-12, 1e12))
        for ax in (differ, gradient):
            ax.set_yscale("log")
            tidy(ax)
    panels[0].set_ylabel("spikes that differ")
    panels[len(names)].set_ylabel("gradient by the input,\nof that in the same tick")
    panels[len(names) - 1].legend(
        title="gain", frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5)
    )
    return panels[0].figure


def main() -> None:
    """Run and record the experiment."""
    with Record("binary_recurrence", {"weights and noise": SEEDS}) as record:
        run(record)
    for table in tables():
        print(table.text())


if __name__ == "__main__":
    main()
