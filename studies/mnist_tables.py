"""What docs/results.md shows of the digits, from the records of their runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import Table
from studies.hosting import bills
from studies.record import RESULTS, read

PUBLISHED = {
    "rate_snu": "94.84 %",
    "snu": "94.51 %, 1128 hidden spikes",
    "li_snu": "93.82 %, 45.9 hidden spikes",
    "spiking_mlp": "above 98 %",
}
"""Of SNUs (Woźniak et al., Nature Machine Intelligence 2020); by Yin et al., arXiv 1709.06206."""


def tables(trained: Sequence[str], hosted: Sequence[str], results: Path = RESULTS) -> list[Table]:
    """Return what was learnt, what the engine did with it, and its price, of the runs there are."""
    made = [name for name in trained if _made(name, results)]
    on_engine = {
        name: read(f"mnist_{name}_8bit", results)
        for name in hosted
        if _made(f"{name}_8bit", results)
    }
    return [
        Table(
            "Trained on all 60 000 digits, tested on 10 000",
            (
                "run",
                "network",
                "epochs",
                "validation",
                "test",
                "published",
                "hidden spikes",
                "CPU s",
            ),
            [_trained(name, results) for name in made],
            "*Validation* is the same training on the first 50 000, tested on the other 10 000, by "
            "which settings were chosen. *Hidden spikes* are per digit, of all hidden layers.",
        ),
        Table(
            "Rounded to 8 bits and run on the engine, 10 000 digits of the test",
            (
                "run",
                "float",
                "rounded",
                "engine",
                "values compared",
                "differ",
                "spikes",
                "engine CPU s",
            ),
            [_hosted(name, found["figures"]) for name, found in on_engine.items()],
            "*Values compared* are the spikes of all layers and the potentials of the readout, in "
            "every tick of every digit, engine against rounded model. *Spikes* are per digit.",
        ),
        Table(
            "Energy per digit, one after another on one copy of the network",
            ("platform", *on_engine),
            bills([found["figures"] for found in on_engine.values()]),
            "Estimates of `hardware.estimate`, mean of the first digits of the test; *in all* has "
            "static power in it.",
        ),
    ]


def _made(name: str, results: Path) -> bool:
    return (results / f"mnist_{name}.json").exists()


def percent(share: float) -> str:
    """Return a share of 10 000, which has two decimals."""
    return f"{100 * share:.2f} %"


def _trained(name: str, results: Path) -> list[str]:
    found = read(f"mnist_{name}", results)
    figures = found["figures"]
    validation = f"validation_{name}"
    held_out = read(f"mnist_{validation}", results) if _made(validation, results) else None
    return [
        f"`{name}`",
        figures["network"],
        str(figures["epochs"]),
        percent(held_out["figures"]["accuracy"]) if held_out else "",
        percent(figures["accuracy"]),
        PUBLISHED.get(name, ""),
        f"{sum(figures['hidden spikes per digit']):.1f}",
        f"{found['cpu_s']:.0f}" + ", resumed" * found["resumed"],
    ]


def _hosted(name: str, figures: dict[str, Any]) -> list[str]:
    return [
        f"`{name}_8bit`",
        percent(figures["accuracy before rounding"]),
        percent(figures["accuracy after rounding"]),
        percent(figures["accuracy"]),
        f"{figures['values compared']:,}",
        str(figures["values that differ"]),
        f"{figures['spikes of neurons per sample']:.1f}",
        f"{figures['engine_cpu_s']:.0f}",
    ]
