"""The text of a Brian2 script: the model as it stands in `brian2_model`, then a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.engine.job import Job
from spikealg.network import Network

__all__ = ["script"]

MODEL = Path(__file__).with_name("brian2_model.py")
PER_LINE = 20

HEAD = """\
# {network}, for Brian2.
# python FILE                        runs it and writes the spikes to spikes.csv
# python FILE --target cython        compiles each step of the loop (needs a C++ compiler)
# python FILE --target standalone    compiles a C++ program, in the folder brian2_standalone
"""

TAIL = '''

def main() -> None:
    """Run the network and write its spikes as a table of tick, neuron and lane."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", choices=("numpy", "cython", "standalone"), default="numpy")
    parser.add_argument("--out", default="spikes.csv")
    arguments = parser.parse_args()
    if arguments.target == "standalone":
        brian2.set_device("cpp_standalone", directory="brian2_standalone")
    else:
        brian2.prefs.codegen.target = arguments.target
    cells, links = in_lanes(NEURONS, SYNAPSES, LANES, FIRST_LANE, SEED)
    cell, tick = run(build(cells, links, INJECTED), TICKS)
    lane, neuron = np.divmod(cell, COUNT)
    spikes = np.stack([tick, neuron, lane], axis=1)[np.lexsort((lane, neuron, tick))]
    np.savetxt(
        arguments.out, spikes, "%d", delimiter=",", header="tick,neuron,lane", comments=""
    )
    print(f"{len(spikes)} spikes in {TICKS} ticks and {LANES} lanes: {arguments.out}")


if __name__ == "__main__":
    main()
'''


def script(
    job: Job,
    neurons: dict[str, npt.NDArray[Any]],
    synapses: dict[str, npt.NDArray[Any]],
    injected: dict[str, npt.NDArray[Any]],
) -> str:
    """Return a self-contained script that runs `job` in Brian2.

    Parameters
    ----------
    job : Job
    neurons, synapses : dict of str to array
        Of one lane, by the names of `brian2_model`.
    injected : dict of str to array
        "tick", "neuron" and "value" of what is added to potentials, in all lanes.
    """
    network, count = job.network, job.network.n_neurons
    parts = [
        HEAD.format(network=f"{count} neurons and {network.n_synapses} synapses"),
        MODEL.read_text("utf-8"),
        "\nimport argparse  # noqa: E402\n",
        f"\nCOUNT, TICKS, LANES, FIRST_LANE = {count}, {job.ticks}, {job.lanes}, {job.first_lane}",
        f"\nSEED = {job.seed}\n",
        *_names(network),
        *_table("NEURONS", neurons, count),
        *_table("SYNAPSES", synapses, network.n_synapses),
        "# Neuron j of lane l is number l*COUNT + j.\n",
        *_table("INJECTED", injected, len(injected["tick"])),
        TAIL,
    ]
    return "".join(parts)


def _names(network: Network) -> list[str]:
    """Return what the neurons are called, as comments."""
    ends = [first for _, first in network.groups[1:]] + [network.n_neurons]
    lines = ["\n# The neurons:\n"]
    for (path, first), end in zip(network.groups, ends, strict=True):
        lines.append(
            f"#   {first} to {end - 1}: {path}\n" if end - first > 1 else f"#   {first}: {path}\n"
        )
    for direction, ports in (("input", network.inputs), ("output", network.outputs)):
        lines += [
            f"# {direction} {name!r}: {port.neurons.tolist()}\n" for name, port in ports.items()
        ]
    return lines


def _table(name: str, columns: dict[str, npt.NDArray[Any]], length: int) -> list[str]:
    """Return the assignment of a dict of arrays; a constant is written once."""
    lines = [f"{name} = {{\n"]
    for column, values in columns.items():
        lines.append(f'    "{column}": ')
        if len(values) and (values == values[0]).all():
            lines.append(f"np.full({length}, {_number(values[0])}),\n")
        else:
            numbers = [_number(value) for value in values.tolist()]
            rows = [
                ", ".join(numbers[first : first + PER_LINE]) for first in range(0, length, PER_LINE)
            ]
            joined = ",\n            ".join(rows)
            lines.append(f"np.array(\n        [\n            {joined}\n        ]\n    ),\n")
    return [*lines, "}\n"]


def _number(value: float) -> str:
    if np.isinf(value):
        return "np.inf" if value > 0 else "-np.inf"
    return str(int(value)) if value == int(value) else repr(float(value))
