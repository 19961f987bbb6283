"""Speed of spikealg against the machine's limits, other simulators and hand-written Monte Carlo.

    python benchmarks/run.py                        every section, as tables
    python benchmarks/run.py --only kernels adder   some of them
    python benchmarks/run.py --quick                small sizes, to see that all works
    python benchmarks/run.py --markdown             also write tables and charts into the README
    python benchmarks/run.py --peers PYTHON         the Python that has other simulators

What is compared takes turns, and medians are taken: the clock of a shared machine drifts, a ratio
within one run much less.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

import machine
from figure import draw
from report import splice
from settings import Settings

SECTIONS = (
    "kernels",
    "peers",
    "particle",
    "density",
    "adder",
    "scaling",
    "executor",
    "memory",
    "choice",
    "prices",
    "first_answer",
    "training",
    "convolution",
    "online_rules",
    "graphs",
)
"""Modules in sections/; each has `measure(settings) -> Report`."""
FOLDER = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, metavar="SECTION")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--repeat", type=int, default=5, help="turns of each call")
    parser.add_argument("--kernel", default="lanes", help="that of steppers and particles in lanes")
    parser.add_argument("--peers", type=Path, default=Path(sys.executable), metavar="PYTHON")
    parser.add_argument("--charts", type=Path, help="folder for a PNG of each section")
    parser.add_argument("--markdown", action="store_true", help="write into benchmarks/README.md")
    options = parser.parse_args()
    if options.quick and options.markdown:
        parser.error("figures of --quick mean little and do not belong into the README")
    settings = Settings(options.quick, options.repeat, options.kernel, options.peers)
    charts = FOLDER / "images" if options.markdown else options.charts
    described = machine.describe()
    print(described + "\n", flush=True)
    for name in options.only:
        report = import_module(f"sections.{name}").measure(settings)
        for table in report.tables:
            print(table.text(), flush=True)
        drawn = charts is not None and draw(report.charts, charts / f"{name}.png")
        if options.markdown:
            parts = [table.markdown() for table in report.tables]
            if drawn:
                parts.append(f"![{name}](images/{name}.png)\n")
            splice(FOLDER / "README.md", name, "\n".join([f"On {described}\n", *parts]))


if __name__ == "__main__":
    main()
