"""Networks in NEST, spike for spike where NEST has the neuron (PyPI: nest-simulator).

A neuron is an ``iaf_psc_delta``: V ← e^(−h/τ)·V + (1 − e^(−h/τ))·τ/C·I_e + Σ weights. With a tiny τ
nothing is left of V after a step, with a huge one everything, and with C = τ a memoryless neuron
adds its I_e in every step. V is a double and holds integers exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.engine.job import Job
from spikealg.engine.prepare import prepare
from spikealg.engine.state import Spikes
from spikealg.errors import InputError, MissingExtraError
from spikealg.hardware.paths import some_paths
from spikealg.network import MEMORYLESS, NEVER, NO_FLOOR, RESETS, Network

__all__ = ["simulate"]

FORGETS_MS, KEEPS_MS = 1e-3, 1e30
"""Time constants with which e^(−1 ms/τ) is 0 and 1."""
OUT_OF_REACH = 1e12
"""A potential that no neuron reaches."""


def simulate(
    network: Network,
    inputs: Mapping[str, Any] | None = None,
    *,
    ticks: int,
    lanes: int | None = None,
) -> Spikes:
    """Run a network in NEST and return the spikes of all neurons.

    It resets NEST's kernel and takes a step of 1 ms for a tick. Lanes are copies side by side.

    Parameters
    ----------
    network : Network
        Of neurons that NEST has: memoryless (leak 4096) or without leak, without bias in the
        latter, reset to a value below threshold, always spiking at threshold, a current without
        memory, no refractory ticks at the start.
    inputs, ticks, lanes
        As those of :func:`spikealg.engine.simulate`.

    Returns
    -------
    Spikes
        Sorted by tick, neuron and lane.

    Raises
    ------
    MissingExtraError
        If NEST is not installed.
    InputError, InputTypeError
        If NEST has no such neuron (the message names what, and where), or an argument cannot be
        used.
    """
    try:
        import nest
    except ImportError as error:
        raise MissingExtraError(
            "nest.simulate needs NEST, which is not installed: pip install nest-simulator"
        ) from error
    given = {} if inputs is None else inputs
    job = prepare(network, given, ticks, lanes, None, 0, "all", None, None, None, None)
    _require_neurons_of_nest(network)
    nest.ResetKernel()
    nest.resolution = 1.0
    parameters = _parameters(network, job.lanes)
    cells = nest.Create("iaf_psc_delta", network.n_neurons * job.lanes, parameters)
    _connect(nest, network, job.lanes)
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    injected = _injected(job)
    _inject(nest, cells, injected)
    if job.ticks:
        # No spike can arrive in the first step: its values are a current for it, or there already.
        forgets = parameters["tau_m"] == FORGETS_MS
        cells.set(
            {
                "I_e": parameters["I_e"] + injected[0] * forgets,
                "V_m": parameters["V_m"] + injected[0] * ~forgets,
            }
        )
        nest.Simulate(1.0)
        cells.I_e = parameters["I_e"]
    if job.ticks > 1:
        nest.Simulate(job.ticks - 1.0)
    events = recorder.events
    lane, neuron = np.divmod(np.asarray(events["senders"], dtype=np.int64) - 1, network.n_neurons)
    # The first step, from 0 to 1 ms, is tick 0.
    tick = np.rint(events["times"]).astype(np.int64) - 1
    return Spikes(neuron, tick, lane).sorted()


def _require_neurons_of_nest(network: Network) -> None:
    forgets = network.leak == MEMORYLESS
    obstacles = {
        "a leak that is neither 0 nor 4096": ~forgets & (network.leak != 0),
        "a bias where nothing leaks": (network.bias != 0) & (network.leak == 0),
        "a synaptic current with memory": network.current_leak != MEMORYLESS,
        "a firing probability": network.draw_limit < 2**32,
        "refractory ticks at the start": network.refractory_init > 0,
        'a reset that is not "value"': (network.reset != RESETS.index("value")) & ~forgets,
        "a reset to threshold or above": (network.reset_value >= network.threshold) & ~forgets,
    }
    for what, where in obstacles.items():
        if where.any():
            count = np.count_nonzero(where)
            raise InputError(
                f"network has {what} at {count} neuron{'s' if count > 1 else ''} "
                f"({some_paths(network, np.flatnonzero(where))}), which NEST's iaf_psc_delta has "
                "not: Brian2 takes every network"
            )


def _parameters(network: Network, lanes: int) -> dict[str, npt.NDArray[np.float64]]:
    """Return the parameters of ``iaf_psc_delta`` [ms, mV, pF, pA], for all lanes."""
    forgets = network.leak == MEMORYLESS
    tau = np.where(forgets, FORGETS_MS, KEEPS_MS)
    threshold = np.where(network.threshold == NEVER, OUT_OF_REACH, network.threshold)
    columns = {
        "tau_m": tau,
        "C_m": tau,
        "E_L": np.zeros(network.n_neurons),
        "I_e": network.bias,
        "V_th": threshold,
        # Of a memoryless neuron nothing is left, and NEST wants a reset below threshold.
        "V_reset": np.where(forgets, threshold - 1, network.reset_value),
        "V_min": np.where(network.floor == NO_FLOOR, -OUT_OF_REACH, network.floor),
        "V_m": network.v_init,
        "t_ref": network.refractory,
    }
    return {name: np.tile(column.astype(float), lanes) for name, column in columns.items()}


def _connect(nest: Any, network: Network, lanes: int) -> None:
    """Connect the neurons of all lanes; NEST counts them from 1."""
    if network.n_synapses == 0:
        return
    offset = 1 + np.repeat(network.n_neurons * np.arange(lanes), network.n_synapses)
    nest.Connect(
        np.tile(network.pre, lanes) + offset,
        np.tile(network.post, lanes) + offset,
        "one_to_one",
        {
            "weight": np.tile(network.weight.astype(float), lanes),
            "delay": np.tile(network.delay.astype(float), lanes),
        },
    )


def _injected(job: Job) -> npt.NDArray[np.float64]:
    """Return what is added to potentials, (ticks, neurons of all lanes)."""
    n, values = job.network.n_neurons, job.injection
    lane = np.repeat(np.arange(job.lanes), np.diff(values.pointer))
    total = np.zeros((job.ticks, n * job.lanes))
    np.add.at(total, (values.tick, n * lane + values.neuron), values.value)
    return total


def _inject(nest: Any, cells: Any, total: npt.NDArray[np.float64]) -> None:
    """Let generators send the inputs from tick 1 on, a weighted spike for a value."""
    for cell in np.flatnonzero(total[1:].any(axis=0)).tolist():
        tick = 1 + np.flatnonzero(total[1:, cell])
        # A spike at tick ms with a delay of 1 ms is there in the step that ends 1 ms later.
        generator = nest.Create(
            "spike_generator",
            params={"spike_times": tick.astype(float), "spike_weights": total[tick, cell]},
        )
        nest.Connect(generator, cells[cell], syn_spec={"weight": 1.0, "delay": 1.0})
