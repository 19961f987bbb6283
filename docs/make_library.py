"""Write library.md: what every circuit of the library costs, measured on compiled networks.

    python docs/make_library.py

A test compares the page with what this makes, so that it is never out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from spikealg import circuits  # noqa: E402
from spikealg.circuits import Circuit, In  # noqa: E402
from spikealg.network.summary import Summary  # noqa: E402
from tests.helpers import ALL_CIRCUITS  # noqa: E402

INTRODUCTION = """# Circuits and their cost

This page is made by `docs/make_library.py` from the networks themselves, and a test compares the
two. Neurons and synapses are those of the circuit; a network has a neuron per input line on top,
and a relay for each output line that is ready early. Ticks are the latency, from the inputs to the
last output, of which a value that is spread over ticks begins then; depth is the longest chain of
synapses, a loop counted as one neuron; the interval is the number of ticks after which the next
operands may come.

## All circuits

"""

WIDTHS = """
## By width

Carries that ripple take a tick per bit and weights of 1. A `block` of bits per tick takes fewer
ticks and weights up to 2^(block − 1); one block for all bits is the constant-depth threshold
circuit. Where there is no entry, a neuron would need weights that do not fit int32, or a number
2^32 ticks.

"""

LENGTHS = """
## By length

Sets and sequences of numbers or letters of 8 bits. The tables of dynamic programming have an entry
for each pair of prefixes, and a wave crosses them in a time that grows with the length alone.

"""

MATRICES = """
## Products of matrices

Parekh and others 2018: the plain product in three ticks, and one level of Strassen in five.

"""

BY_WIDTH = [
    ("Adder(w)", lambda w: circuits.Adder(w)),
    ("Adder(w, block=4)", lambda w: circuits.Adder(w, block=4)),
    ("Adder(w, block=16)", lambda w: circuits.Adder(w, block=16)),
    ("Adder(w, signed=True)", lambda w: circuits.Adder(w, signed=True)),
    ("Subtractor(w)", lambda w: circuits.Subtractor(w)),
    ("Subtractor(w, block=16)", lambda w: circuits.Subtractor(w, block=16)),
    ("BitSerialAdder(w)", lambda w: circuits.BitSerialAdder(w)),
    ("NegateIf(w)", lambda w: circuits.NegateIf(w)),
    ("GreaterThan(w)", lambda w: circuits.GreaterThan(w)),
    ("GreaterThan(w, block=16)", lambda w: circuits.GreaterThan(w, block=16)),
    ("Equal(w)", lambda w: circuits.Equal(w)),
    ("Max(w)", lambda w: circuits.Max(w)),
    ("MaxOf(8, w)", lambda w: circuits.MaxOf(8, w)),
    ("Sort(4, w)", lambda w: circuits.Sort(4, w)),
    ("Sort(4, w, block=16)", lambda w: circuits.Sort(4, w, block=16)),
    ("SortByTime(4, w)", lambda w: circuits.SortByTime(4, w) if w <= 16 else None),
    ("SumOf(8, w)", lambda w: circuits.SumOf(8, w) if w <= 16 else None),
    ("Shifter(w)", lambda w: circuits.Shifter(w)),
    ("Multiplier(w)", lambda w: circuits.Multiplier(w)),
    ("Multiplier(w, signed=True)", lambda w: circuits.Multiplier(w, signed=True)),
    ("ThresholdMultiplier(w)", lambda w: circuits.ThresholdMultiplier(w) if w <= 8 else None),
    ("MultiplyByConstant(w, 1000)", lambda w: circuits.MultiplyByConstant(w, 1000)),
    ("BitSerialMultiplier(w)", lambda w: circuits.BitSerialMultiplier(w)),
    ("Divider(w)", lambda w: circuits.Divider(w)),
    ("Divider(w, block=8)", lambda w: circuits.Divider(w, block=8)),
    ("SequentialDivider(w, block=8)", lambda w: circuits.SequentialDivider(w, block=8)),
    ("SquareRoot(w)", lambda w: circuits.SquareRoot(w)),
]

BY_LENGTH = [
    ("SortByTime(n, 8)", lambda n: circuits.SortByTime(n, 8)),
    ("WinnerTakeAll(n, 8)", lambda n: circuits.WinnerTakeAll(n, 8)),
    ("LongestIncreasing(n, 8)", lambda n: circuits.LongestIncreasing(n, 8)),
    ("EditDistance(n, n, 8)", lambda n: circuits.EditDistance(n, n, 8)),
    ("LongestCommon(n, n, 8)", lambda n: circuits.LongestCommon(n, n, 8)),
]


def ports(circuit: Circuit) -> str:
    """Return "a, b → sum"; many ports of one kind are "a0, ..."."""
    sides = []
    for wanted in (True, False):
        names = [name for name, port in circuit.ports.items() if isinstance(port, In) is wanted]
        sides.append(", ".join([*names[:4], "..."] if len(names) > 4 else names))
    return " → ".join(sides).strip()


def size(circuit: Circuit) -> tuple[int, int]:
    """Return neurons and synapses of the circuit alone."""
    body = circuit.elaborate()
    return body.n_neurons, len(body.synapses)


def ticks(found: Summary) -> object:
    return "by the data" if found.latency is None else found.latency


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |\n"


def page() -> str:
    """Return the page."""
    text = INTRODUCTION
    text += row(
        "circuit",
        "ports",
        "ticks",
        "interval",
        "depth",
        "neurons",
        "synapses",
        "fan-in",
        "weight bits",
    )
    text += row(*["---"] * 9)
    for case in ALL_CIRCUITS:
        circuit = case.make()
        found = circuit.summary()
        interval = "when done" if found.interval is None else found.interval
        text += row(
            f"`{case.label}`",
            ports(circuit),
            ticks(found),
            interval,
            found.depth,
            *size(circuit),
            found.fan_in,
            found.weight_bits,
        )
    text += WIDTHS
    widths = (4, 8, 16, 32)
    text += row("neurons / synapses / depth / ticks", *(f"w = {width}" for width in widths))
    text += row(*["---"] * 5)
    for name, make in BY_WIDTH:
        text += row(f"`{name}`", *(cost(make(width)) for width in widths))
    text += LENGTHS
    lengths = (4, 8, 16, 32)
    text += row("neurons / synapses / depth / ticks", *(f"n = {length}" for length in lengths))
    text += row(*["---"] * 5)
    for name, make in BY_LENGTH:
        text += row(f"`{name}`", *(cost(make(length)) for length in lengths))
    text += MATRICES
    text += row("size, width of an entry", "naive", "Strassen")
    text += row(*["---"] * 3)
    for entry in ((2, 1), (2, 2), (2, 4), (4, 1), (4, 2)):
        both = (circuits.MatrixProduct(*entry, method) for method in ("naive", "strassen"))
        text += row(f"{entry[0]} × {entry[0]}, {entry[1]}", *map(cost, both))
    return text


def cost(circuit: Circuit | None) -> str:
    if circuit is None:
        return ""
    found, (neurons, synapses) = circuit.summary(), size(circuit)
    return f"{neurons:,} / {synapses:,} / {found.depth} / {ticks(found)}"


if __name__ == "__main__":
    (HERE / "library.md").write_text(page(), encoding="utf-8")
