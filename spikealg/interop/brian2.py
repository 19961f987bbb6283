"""Networks in Brian2, spike for spike (extra "brian2")."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice
from spikealg.engine.job import Job
from spikealg.engine.prepare import prepare
from spikealg.engine.reference import limits
from spikealg.engine.state import Spikes
from spikealg.errors import MissingExtraError
from spikealg.interop.brian2_script import script
from spikealg.network import MEMORYLESS, NEVER, NO_FLOOR, RESETS, Network

__all__ = ["TARGETS", "run_jobs", "simulate", "to_brian2", "to_brian2_script"]

Arrays = dict[str, npt.NDArray[Any]]
TARGETS = ("numpy", "cython", "standalone")
"""What Brian2 compiles: nothing, each step of the loop, or a C++ program of its own."""


def to_brian2(
    network: Network,
    inputs: Mapping[str, Any] | None = None,
    *,
    ticks: int,
    lanes: int | None = None,
    first_lane: int | None = None,
    seed: int | None = None,
) -> Any:
    """Return a network as a Brian2 network that spikes as it does under `simulate`.

    Parameters
    ----------
    network : Network
    inputs, lanes, first_lane, seed
        As those of :func:`spikealg.engine.simulate`. Lanes are copies side by side: neuron j of
        lane ℓ is neuron ℓ·n + j.
    ticks : int
        Ticks that it is to run for, at most; the inputs must not last longer.

    Returns
    -------
    brian2.Network
        Of "neurons" (a NeuronGroup), "synapses" (none where there are none) and "spikes" (a
        SpikeMonitor), for the device set at the time of the call. A tick is 1 ms: it is run by
        ``.run(ticks * ms)``.

    Raises
    ------
    MissingExtraError
        If Brian2 is not installed.
    InputError, InputTypeError
        If an argument cannot be used.
    """
    model = _model("to_brian2")
    job = _job(network, inputs, ticks, lanes, first_lane, seed)
    return model.build(*_side_by_side(model, [job]))


def to_brian2_script(
    network: Network,
    path: str | Path,
    inputs: Mapping[str, Any] | None = None,
    *,
    ticks: int,
    lanes: int | None = None,
    first_lane: int | None = None,
    seed: int | None = None,
) -> None:
    """Write a script that needs Brian2 and NumPy alone and gives the spikes of `simulate`.

    It holds the neuron as Brian2 equations, the network as lists of numbers and the inputs, and
    runs by ``python path``; ``--target cython`` and ``--target standalone`` have it compiled. The
    spikes go to a table of tick, neuron and lane.

    Parameters
    ----------
    network : Network
    path : str or Path
        Of the script; a file that exists is replaced.
    inputs, ticks, lanes, first_lane, seed
        As those of :func:`spikealg.engine.simulate`. Without a seed one is drawn and written down.

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used; nothing is written then.
    """
    job = _job(network, inputs, ticks, lanes, first_lane, seed)
    neurons, synapses = _tables(network)
    Path(path).write_text(script(job, neurons, synapses, _injected(job)), "utf-8")


def simulate(
    network: Network,
    inputs: Mapping[str, Any] | None = None,
    *,
    ticks: int,
    lanes: int | None = None,
    first_lane: int | None = None,
    seed: int | None = None,
    target: str = "numpy",
) -> Spikes:
    """Run a network in Brian2 and return the spikes of all neurons.

    They are those of ``spikealg.engine.simulate`` with ``record="all"``, which is the faster way
    to get them: this is for comparing. Potentials that leave int32 are not noticed.

    Parameters
    ----------
    network : Network
    inputs, ticks, lanes, first_lane, seed
        As those of :func:`spikealg.engine.simulate`.
    target : str
        "numpy", "cython" (needs a C++ compiler) or "standalone": a C++ program in a temporary
        folder.

    Returns
    -------
    Spikes
        Sorted by tick, neuron and lane.

    Raises
    ------
    MissingExtraError
        If Brian2 is not installed.
    InputError, InputTypeError
        If an argument cannot be used.

    Examples
    --------
    >>> from spikealg.network import Network
    >>> ring = Network.from_arrays(threshold=[1, 1], pre=[0, 1], post=[1, 0], inputs={"x": [0]})
    >>> simulate(ring, {"x": 1}, ticks=5).i
    array([0, 1, 0, 1, 0])
    """
    (spikes,) = run_jobs([_job(network, inputs, ticks, lanes, first_lane, seed)], target)
    return spikes


def run_jobs(jobs: Sequence[Job], target: str = "numpy") -> list[Spikes]:
    """Run all lanes of several jobs side by side in one Brian2 network.

    To build one large network takes Brian2 hardly longer than a small one.

    Parameters
    ----------
    jobs : sequence of Job
        Of `spikealg.engine.prepare.prepare`, from tick 0 on; stop conditions are not looked at.
    target : str
        One of ``TARGETS``.

    Returns
    -------
    list of Spikes
        Of all neurons of each job.
    """
    as_choice("target", target, TARGETS)
    model = _model("simulate")
    ticks = max(job.ticks for job in jobs)
    with _device(target):
        fired, when = model.run(model.build(*_side_by_side(model, jobs)), ticks)
    found, first = [], 0
    for job in jobs:
        n = job.network.n_neurons
        of_job = (fired >= first) & (fired < first + n * job.lanes) & (when < job.ticks)
        lane, neuron = np.divmod(fired[of_job] - first, n)
        found.append(Spikes(neuron, when[of_job], lane).sorted())
        first += n * job.lanes
    return found


def _tables(network: Network) -> tuple[Arrays, Arrays]:
    """Return neurons and synapses by the names of `brian2_model`.

    Returns
    -------
    neurons : dict of str to float64 array (n,)
    synapses : dict of "pre", "post", "weight", "delay" to int64 array (m,)
    """
    threshold, floor = limits(network)
    by_value = network.reset == RESETS.index("value")
    subtracts = network.reset == RESETS.index("subtract")
    neurons = {
        "v": network.v_init,
        "pause": network.refractory_init,
        "keep": (MEMORYLESS - network.leak) / MEMORYLESS,
        "current_keep": (MEMORYLESS - network.current_leak) / MEMORYLESS,
        "bias": network.bias,
        "lowest": np.where(network.floor == NO_FLOOR, -np.inf, floor),
        "theta": np.where(network.threshold == NEVER, np.inf, threshold),
        "retained": ~by_value,
        "after": np.select(
            [by_value, subtracts], [network.reset_value.astype(np.int64), -threshold], 0
        ),
        "refractory_ticks": network.refractory,
        "limit": network.draw_limit,
        "stream": network.stream,
    }
    synapses = {
        name: getattr(network, name).astype(np.int64) for name in ("pre", "post", "weight", "delay")
    }
    return {name: array.astype(np.float64) for name, array in neurons.items()}, synapses


def _job(
    network: Network,
    inputs: Mapping[str, Any] | None,
    ticks: int,
    lanes: int | None,
    first_lane: int | None,
    seed: int | None,
) -> Job:
    given = {} if inputs is None else inputs
    return prepare(network, given, ticks, lanes, first_lane, seed, "all", None, None, None, None)


def _injected(job: Job) -> Arrays:
    """Return what is added to potentials; neuron j of lane ℓ is ℓ·n + j."""
    values = job.injection
    lane = np.repeat(np.arange(job.lanes), np.diff(values.pointer))
    neuron = job.network.n_neurons * lane + values.neuron
    return {"tick": values.tick, "neuron": neuron, "value": values.value}


def _side_by_side(model: ModuleType, jobs: Sequence[Job]) -> tuple[Arrays, Arrays, Arrays]:
    """Return cells, links and injected values of all lanes of all jobs, one after another."""
    parts: list[tuple[Arrays, Arrays, Arrays]] = []
    first = 0
    for job in jobs:
        cells, links = model.in_lanes(*_tables(job.network), job.lanes, job.first_lane, job.seed)
        links["pre"], links["post"] = links["pre"] + first, links["post"] + first
        injected = _injected(job)
        injected["neuron"] = injected["neuron"] + first
        parts.append((cells, links, injected))
        first += job.network.n_neurons * job.lanes
    cells, links, injected = (
        {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
        for tables in zip(*parts, strict=True)
    )
    return cells, links, injected


def _model(caller: str) -> ModuleType:
    try:
        from spikealg.interop import brian2_model
    except ImportError as error:
        raise MissingExtraError(
            f"{caller} needs Brian2, which is not installed: pip install 'spikealg[brian2]'"
        ) from error
    return brian2_model


@contextmanager
def _device(target: str) -> Iterator[None]:
    """Let Brian2 compile as asked, and leave its settings as they were."""
    import brian2
    from brian2.devices.device import reset_device

    if target != "standalone":
        before = brian2.prefs.codegen.target
        brian2.prefs.codegen.target = target
        try:
            yield
        finally:
            brian2.prefs.codegen.target = before
        return
    with tempfile.TemporaryDirectory(prefix="spikealg-brian2-") as folder:
        brian2.set_device("cpp_standalone", directory=folder)
        try:
            yield
        finally:
            brian2.get_device().reinit()
            reset_device()
