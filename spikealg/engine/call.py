"""A network called like a function: values in, values out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spikealg.circuits import codings
from spikealg.engine.choose import choose_kernel
from spikealg.engine.injection import as_arrays, lanes_of
from spikealg.engine.job import Job, Windows
from spikealg.engine.packed import LANES_PER_PAIR, MOST_BITS, grid_words, unpack_values
from spikealg.engine.prepare import prepare
from spikealg.engine.run import Status
from spikealg.engine.simulate import run_job
from spikealg.errors import InputError
from spikealg.network import Network, Port

__all__ = ["call"]

LONGEST_CALL = 2**24
"""Ticks after which a called network with a "done" output is given up."""


def call(network: Network, values: Mapping[str, Any]) -> dict[str, Any]:
    """Present `values` at the inputs of `network` and return the values of its outputs.

    Scalars give scalars; arrays of shape (lanes,) run a lane per element and give arrays. Optional
    inputs that are left out have the values that their ports say.

    Raises
    ------
    InputError
        If a value is missing, unknown or does not fit its port.
    """
    missing = [
        name for name, port in network.inputs.items() if name not in values and not port.optional
    ]
    if missing:
        raise InputError(
            f"no value is given for {', '.join(map(repr, missing))}; the input ports are: "
            f"{', '.join(network.inputs)}"
        )
    absent = {name: port.absent for name, port in network.inputs.items() if port.absent is not None}
    arrays = as_arrays(network, absent | dict(values))
    lanes = lanes_of(network, arrays)
    if not network.outputs:
        raise InputError("the network has no outputs to read: declare one, or use simulate")
    timed = all(port.latency is not None for port in network.outputs.values())
    ticks = max(map(_end, network.outputs.values())) if timed else LONGEST_CALL
    job = prepare(
        network, arrays, ticks, lanes or 1, None, 0, "outputs", None,
        None if timed else ("done", 1), None, None,
    )  # fmt: skip
    results = _results(replace(job, keep_state=False), timed)
    if lanes is None:
        return {
            name: value.tolist()[0] if value.ndim == 1 else value[:, 0]
            for name, value in results.items()
        }
    return results


def _end(port: Port) -> int:
    """Return the tick before which an output of fixed latency is ready."""
    return (port.latency or 0) + codings.coding_ticks(port.coding, port.width)


def _results(job: Job, timed: bool) -> dict[str, Any]:
    """Run the job and read all outputs, lane by lane."""
    network = job.network
    kernel, threads = choose_kernel(job), os.cpu_count() or 1
    ports = network.outputs.values()
    narrow = all(
        port.coding in ("binary", "signed", "stream") and 1 <= port.width <= MOST_BITS
        for port in ports
    )
    if kernel == "lanes" and timed and narrow:
        windows, planes = _windows(job)
        run_job(replace(job, windows=windows, recorded=job.recorded[:0]), kernel, threads, False)
        offset = job.first_lane % LANES_PER_PAIR
        results = {}
        for name, port in network.outputs.items():
            results[name] = unpack_values(planes[name], job.lanes, offset)
            if port.coding == "signed":
                results[name] = codings.twos_complement(results[name], port.width)
        return results
    run = run_job(job, kernel, threads, False)
    if not timed and run.status is not Status.FINISHED:
        raise InputError(
            f'the output "done" did not spike within {LONGEST_CALL} ticks; use simulate'
        )
    return {name: run[name] for name in network.outputs}


def _windows(job: Job) -> tuple[Windows, dict[str, Any]]:
    """Return windows on all outputs, and the planes of each: (bits, words)."""
    words = grid_words(job.first_lane % LANES_PER_PAIR, job.lanes)
    columns, bounds, row = [], {}, 0
    for name, port in job.network.outputs.items():
        span = codings.coding_ticks(port.coding, port.width)
        for line, neuron in enumerate(port.neurons.tolist()):
            columns.append((neuron, port.latency, span, row + line, port.lines))
        bounds[name] = slice(row, row + span * port.lines)
        row += span * port.lines
    planes = np.zeros((row, words), dtype=np.uint64)
    table = np.array(sorted(columns), dtype=np.int64).reshape(-1, 5)
    neuron, first, ticks, start, stride = np.ascontiguousarray(table.T)
    windows = Windows(neuron, first, ticks, start, stride, planes)
    return windows, {name: planes[part] for name, part in bounds.items()}
