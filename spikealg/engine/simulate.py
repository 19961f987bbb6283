"""The entry to the engine: check everything, then hand lanes to kernels."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_int
from spikealg.circuits import codings
from spikealg.engine import clock, event, reference
from spikealg.engine.choose import choose_kernel
from spikealg.engine.draws import fresh_seed
from spikealg.engine.injection import lanes_of, make_injection
from spikealg.engine.job import Epochs, Job, Outcome, Report, merge
from spikealg.engine.run import Run, Status
from spikealg.engine.state import State
from spikealg.errors import InputError, InputTypeError
from spikealg.memory import require_memory
from spikealg.network import Network
from spikealg.progress import reporting

__all__ = ["KERNELS", "call", "simulate"]

KERNELS: dict[str, Callable[[Job, slice, Report], Outcome]] = {
    "reference": reference.run,
    "event": event.run,
    "clock": clock.run,
}
"""Kernels by name; all give the same spikes, bit for bit."""

LONGEST_CALL = 2**24
"""Ticks after which a called network with a "done" output is given up."""


def simulate(
    network: Network,
    inputs: Mapping[str, Any] | None = None,
    *,
    ticks: int,
    lanes: int | None = None,
    first_lane: int = 0,
    seed: int | None = None,
    kernel: str = "auto",
    record: str | Sequence[Any] = "outputs",
    potentials: Sequence[Any] | str | int | None = None,
    until: str | tuple[Any, int] | None = None,
    epochs: tuple[Any, ...] | None = None,
    state: State | None = None,
    threads: int | None = None,
    progress: bool | Callable[[float], None] = False,
) -> Run:
    """Run `network` for `ticks` ticks in `lanes` independent copies.

    Parameters
    ----------
    network : Network
    inputs : dict of port name to values
        A scalar or an array (lanes,) is a value in the port's coding, presented from the first
        tick of this call; an array (ticks, lanes, lines) of integers is injected as it stands.
    ticks : int
        Ticks to run in this call, at most.
    lanes : int, optional
        Independent copies of the network; by default as many as the inputs or the state have.
    first_lane : int
        Number of the first lane: lane ℓ draws as lane ``first_lane + ℓ``, so that blocks of
        lanes give the spikes of one large run.
    seed : int, optional
        0 ≤ seed < 2⁶⁴; None draws one and records it in the run.
    kernel : str
        "auto", or one of ``KERNELS``; the result does not depend on it.
    record : str or sequence
        Whose spikes are kept: "outputs" (all neurons where none is declared), "all", "counts"
        (nobody's), or a list of ports, paths and neuron indices. ``run.counts`` has every
        neuron in any case.
    potentials : sequence, optional
        Ports, paths or neurons whose potential is kept at the end of every tick.
    until : "quiet" or (port or neuron, k), optional
        A lane finishes at the end of the tick in which all neurons are at rest, no spike is in
        flight and no input is to come, or in which the neurons have spiked k times in this call.
    epochs : (neuron, [k, ...]) or (neuron, [k, ...], neurons), optional
        Count the spikes of the recorded neurons (or of `neurons`) from the k-th spike of
        `neuron` in this call (k ≥ 1, that tick included) to before its next, summed over lanes.
    state : State, optional
        Go on from ``run.state`` of an earlier run; the spikes are those of an uncut run.
    threads : int, optional
        Lanes are split over this many threads; by default over all cores.
    progress : bool or callable
        True shows a bar (needs tqdm); a callable gets the fraction done, 0 to 1.

    Returns
    -------
    Run

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used; nothing has run then.
    NeuronOverflowError
        If a potential or current leaves int32.
    TooLargeError
        If the run cannot fit into memory.

    Examples
    --------
    >>> from spikealg.network import Network
    from spikealg.progress import reporting
    >>> ring = Network.from_arrays(threshold=[1, 1], pre=[0, 1], post=[1, 0], inputs={"x": [0]})
    >>> simulate(ring, {"x": 1}, ticks=5).spikes.i
    array([0, 1, 0, 1, 0])
    """
    if not isinstance(network, Network):
        raise InputTypeError(
            f"network must be a Network, got {type(network).__name__}: compile() a Circuit first"
        )
    name = as_choice("kernel", kernel, ("auto", *KERNELS))
    threads = (os.cpu_count() or 1) if threads is None else as_int("threads", threads, low=1)
    job = _job(
        network, inputs or {}, ticks, lanes, first_lane, seed, record, potentials, until, epochs,
        state, threads,
    )  # fmt: skip
    if name == "auto":
        name = choose_kernel(job)
    workers = min(threads, job.lanes)
    edges = [job.lanes * worker // workers for worker in range(workers + 1)]
    slices = [slice(low, high) for low, high in pairwise(edges)]
    run = KERNELS[name]
    with reporting(progress, f"{ticks} ticks") as tell:
        report = _adding_up(tell, job.lanes)
        if workers == 1:
            parts = [run(job, slices[0], report)]
        else:
            with ThreadPoolExecutor(workers) as pool:
                parts = list(pool.map(lambda lanes: run(job, lanes, report), slices))
        tell(1.0)
    return Run.from_outcome(job, merge(job, parts), name)


def call(network: Network, values: Mapping[str, Any]) -> dict[str, Any]:
    """Present `values` at the inputs of `network` and return the values of its outputs.

    Scalars give scalars; arrays of shape (lanes,) run a lane per element and give arrays.

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
    lanes = lanes_of(network, values)
    latencies = [port.latency for port in network.outputs.values()]
    if not latencies:
        raise InputError("the network has no outputs to read: declare one, or use simulate")
    settings: dict[str, Any]
    if None in latencies:
        settings = {"ticks": LONGEST_CALL, "until": ("done", 1)}
    else:
        settings = {
            "ticks": max(
                (port.latency or 0) + codings.coding_ticks(port.coding, port.width)
                for port in network.outputs.values()
            )
        }
    run = simulate(network, values, lanes=lanes or 1, seed=0, **settings)
    if None in latencies and run.status is not Status.FINISHED:
        raise InputError(
            f'the output "done" did not spike within {LONGEST_CALL} ticks; use simulate'
        )
    results = {name: run[name] for name in network.outputs}
    if lanes is None:
        return {
            name: value[0].item() if value.ndim == 1 else value[:, 0]
            for name, value in results.items()
        }
    return results


def _neurons(network: Network, argument: str, what: Any) -> npt.NDArray[np.int64]:
    """Return the neurons that a port, a path, an index, or a sequence of these names."""
    if isinstance(what, str):
        try:
            return network.find(what)
        except InputError as error:
            raise InputError(f"{argument}: {error}") from None
    if isinstance(what, (list, tuple, np.ndarray)):
        parts = [_neurons(network, argument, entry) for entry in what]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    return np.array([as_int(argument, what, low=0, high=network.n_neurons - 1)])


def _job(
    network: Network,
    inputs: Mapping[str, Any],
    ticks: int,
    lanes: int | None,
    first_lane: int,
    seed: int | None,
    record: str | Sequence[Any],
    potentials: Any,
    until: Any,
    epochs: Any,
    state: State | None,
    threads: int,
) -> Job:
    ticks = as_int("ticks", ticks, low=0, high=2**31 - 1)
    first_lane = as_int("first_lane", first_lane, low=0)
    if seed is not None:
        seed = as_int("seed", seed, low=0, high=2**64 - 1)
    given = lanes_of(network, inputs)
    if lanes is not None:
        lanes = as_int("lanes", lanes, low=1)
    if state is None:
        seed = fresh_seed() if seed is None else seed
        start = State.initial(network, seed, first_lane)
        lanes = lanes or given or 1
    else:
        start = _continued(network, state, lanes, first_lane, seed)
        seed, first_lane, lanes = start.seed, start.first_lane, start.lanes
    if given not in (None, 1, lanes):
        raise InputError(f"inputs have {given} lanes, but the run has {lanes}")
    if start.tick + ticks > 2**32 and (network.draw_limit < 2**32).any():
        raise InputError(
            f"ticks must end below 2**32 where neurons draw, got {start.tick} + {ticks}"
        )
    until_quiet, until_neurons, until_count = _until(network, until)
    recorded = _recorded(network, record)
    watched = (
        np.empty(0, dtype=np.int64)
        if potentials is None
        else _neurons(network, "potentials", potentials)
    )
    counted = _epochs(network, epochs, recorded)
    _require_memory(network, ticks, lanes, min(threads, lanes), watched, counted)
    return Job(
        network=network,
        ticks=ticks,
        start=start,
        lanes=lanes,
        first_lane=first_lane,
        seed=seed,
        injection=make_injection(network, inputs, lanes=lanes, ticks=ticks, start_tick=start.tick),
        recorded=recorded,
        watched=watched,
        until_quiet=until_quiet,
        until_neurons=until_neurons,
        until_count=until_count,
        epochs=counted,
    )


def _continued(
    network: Network, state: State, lanes: int | None, first_lane: int, seed: int | None
) -> State:
    if not isinstance(state, State):
        raise InputTypeError(f"state must be a State, as in run.state, got {type(state).__name__}")
    if state.v.shape[1] != network.n_neurons:
        raise InputError(
            f"state is of a network of {state.v.shape[1]} neurons, this one has {network.n_neurons}"
        )
    for name, value, kept in (
        ("lanes", lanes, state.lanes),
        ("seed", seed, state.seed),
        ("first_lane", first_lane or None, state.first_lane),
    ):
        if value is not None and value != kept:
            raise InputError(f"{name} is {value}, but state has {kept}: leave {name} out")
    return state


def _recorded(network: Network, record: str | Sequence[Any]) -> npt.NDArray[np.int64]:
    if isinstance(record, str):
        as_choice("record", record, ("outputs", "all", "counts"))
        if record == "counts":
            return np.empty(0, dtype=np.int64)
        if record == "all" or not network.outputs:
            return np.arange(network.n_neurons)
        return np.unique(np.concatenate([port.neurons for port in network.outputs.values()]))
    return np.unique(_neurons(network, "record", record))


def _until(network: Network, until: Any) -> tuple[bool, npt.NDArray[np.int64], int]:
    nobody = np.empty(0, dtype=np.int64)
    if until is None:
        return False, nobody, 0
    if isinstance(until, str) and until == "quiet":
        return True, nobody, 0
    if not isinstance(until, tuple) or len(until) != 2:
        raise InputError(f'until must be None, "quiet" or (port or neuron, k), got {until!r}')
    return (
        False,
        np.unique(_neurons(network, "until", until[0])),
        as_int("until[1]", until[1], low=1),
    )


def _epochs(network: Network, epochs: Any, recorded: npt.NDArray[np.int64]) -> Epochs | None:
    if epochs is None:
        return None
    if not isinstance(epochs, tuple) or len(epochs) not in (2, 3):
        raise InputError(
            f"epochs must be (neuron, [k, ...]) or (neuron, [k, ...], neurons), got {epochs!r}"
        )
    marker = _neurons(network, "epochs[0]", epochs[0])
    if len(marker) != 1:
        raise InputError(f"epochs[0] must be one neuron, got {epochs[0]!r} with {len(marker)}")
    ks = np.array([as_int("epochs[1]", k, low=1) for k in epochs[1]], dtype=np.int64)
    if (np.diff(ks) <= 0).any():
        raise InputError(f"epochs[1] must rise, got {ks.tolist()}")
    neurons = recorded if len(epochs) == 2 else _neurons(network, "epochs[2]", epochs[2])
    if len(np.unique(neurons)) != len(neurons):
        raise InputError("epochs[2] must name each neuron once")
    return Epochs(int(marker[0]), ks, neurons)


def _require_memory(
    network: Network,
    ticks: int,
    lanes: int,
    workers: int,
    watched: npt.NDArray[np.int64],
    epochs: Epochs | None,
) -> None:
    """Refuse a run whose state, rings of arriving input and tables cannot fit."""
    n, ring = network.n_neurons, 2 * network.max_delay + 2
    of_lanes = lanes * (12 * n + 32 + 4 * ticks * len(watched))
    of_workers = workers * n * (12 * ring + 100)
    if epochs is not None:
        of_workers += 8 * workers * len(epochs.ks) * len(epochs.neurons)
    require_memory(
        of_lanes + of_workers + 8 * network.n_synapses,
        f"a run of {n} neurons in {lanes} lanes with delays up to {network.max_delay}",
        "use fewer lanes at a time (first_lane numbers the blocks) or shorter delays",
    )


def _adding_up(report: Callable[[float], None], lanes: int) -> Report:
    """Return a thread-safe function that adds up the work of kernels, told in lanes."""
    lock, done = threading.Lock(), 0.0

    def add(lane_fraction: float) -> None:
        nonlocal done
        with lock:
            done += lane_fraction / lanes
            report(min(done, 1.0))

    return add
