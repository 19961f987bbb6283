"""From the arguments of a call to a job: every check, and names turned into neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_int, as_int_array
from spikealg.engine.draws import fresh_seed
from spikealg.engine.injection import as_arrays, lanes_of, make_injection
from spikealg.engine.job import Epochs, Job
from spikealg.engine.state import Spikes, State
from spikealg.errors import InputError, InputTypeError
from spikealg.memory import require_memory
from spikealg.network import Network

__all__ = ["prepare", "require_run_memory"]

MOST_LANES = 2**39
"""The counter of a draw holds ⌊lane/128⌋ in 32 bits."""


def _neurons(network: Network, argument: str, what: Any) -> npt.NDArray[np.int64]:
    """Return the neurons that a port, a path, an index, or a sequence of these names."""
    if isinstance(what, str):
        try:
            return network.find(what)
        except InputError as error:
            raise InputError(f"{argument}: {error}") from None
    if isinstance(what, (list, tuple)) or (isinstance(what, np.ndarray) and what.ndim):
        parts = [_neurons(network, argument, entry) for entry in what]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    number = what.item() if isinstance(what, np.ndarray) else what
    return np.array([as_int(argument, number, low=0, high=network.n_neurons - 1)])


def prepare(
    network: Network,
    inputs: Any,
    ticks: int,
    lanes: int | None,
    first_lane: int | None,
    seed: int | None,
    record: str | Sequence[Any],
    potentials: Any,
    until: Any,
    epochs: Any,
    state: State | None,
) -> Job:
    """Check the arguments of ``simulate``, and return them as a job for the kernels."""
    ticks = as_int("ticks", ticks, low=0, high=2**31 - 1)
    if first_lane is not None:
        first_lane = as_int("first_lane", first_lane, low=0, high=MOST_LANES - 1)
    if seed is not None:
        seed = as_int("seed", seed, low=0, high=2**64 - 1)
    arrays = as_arrays(network, inputs)
    given = lanes_of(network, arrays)
    if lanes is not None:
        lanes = as_int("lanes", lanes, low=1)
    if state is None:
        seed = fresh_seed() if seed is None else seed
        first_lane = first_lane or 0
        start = State.initial(network, seed, first_lane)
        lanes = lanes or given or 1
    else:
        start = _continued(network, state, lanes, first_lane, seed)
        seed, first_lane, lanes = start.seed, start.first_lane, start.lanes
    if first_lane + lanes > MOST_LANES:
        raise InputError(
            f"lanes are numbered below 2**39, got first_lane {first_lane} and {lanes} lanes"
        )
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
    return Job(
        network=network,
        ticks=ticks,
        start=start,
        lanes=lanes,
        first_lane=first_lane,
        seed=seed,
        injection=make_injection(
            network,
            arrays,
            lanes=lanes,
            ticks=ticks,
            start_tick=start.tick,
            first_lane=first_lane,
        ),
        recorded=recorded,
        watched=watched,
        until_quiet=until_quiet,
        until_neurons=until_neurons,
        until_count=until_count,
        epochs=counted,
    )


def _continued(
    network: Network, state: State, lanes: int | None, first_lane: int | None, seed: int | None
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
        ("first_lane", first_lane, state.first_lane),
    ):
        if value is not None and value != kept:
            raise InputError(f"{name} is {value}, but state has {kept}: leave {name} out")
    shape = (state.lanes, network.n_neurons)
    for name in ("v", "i", "c"):
        array = getattr(state, name)
        if array.shape != shape or array.dtype != np.int32:
            raise InputError(
                f"state.{name} must be int32 of shape {shape}, got {array.dtype} of {array.shape}"
            )
    if (state.c < 0).any():
        raise InputError(f"state.c must hold ticks left, 0 or more, got {state.c.min()}")
    return replace(state, spikes=_still_flying(network, state))


def _still_flying(network: Network, state: State) -> Spikes:
    """Return the spikes of a state that this network still has to deliver."""
    i, t, lane = state.spikes.i, state.spikes.t, state.spikes.lane
    for name, values, low, high in (
        ("i", i, 0, network.n_neurons - 1),
        ("t", t, 0, state.tick - 1),
        ("lane", lane, 0, state.lanes - 1),
    ):
        as_int_array(f"state.spikes.{name}", values, shape=i.shape, low=low, high=high)
    if len(np.unique(np.stack([i, t, lane]), axis=1).T) != len(i):
        raise InputError("state.spikes must hold each spike once")
    longest = np.zeros(network.n_neurons, dtype=np.int64)
    np.maximum.at(longest, network.pre, network.delay)
    flying = t + longest[i] >= state.tick
    return Spikes(i[flying], t[flying], lane[flying])


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
    neurons = np.unique(_neurons(network, "until", until[0]))
    if not len(neurons):
        raise InputError(f"until[0] must name at least one neuron, got {until[0]!r}")
    return False, neurons, as_int("until[1]", until[1], low=1)


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
    ks = as_int_array("epochs[1]", epochs[1], low=1)
    if ks.ndim != 1:
        raise InputError(f"epochs[1] must be a list of whole numbers, got {epochs[1]!r}")
    if (np.diff(ks) <= 0).any():
        raise InputError(f"epochs[1] must rise, got {ks.tolist()}")
    neurons = recorded if len(epochs) == 2 else _neurons(network, "epochs[2]", epochs[2])
    if len(np.unique(neurons)) != len(neurons):
        raise InputError("epochs[2] must name each neuron once")
    return Epochs(int(marker[0]), ks, neurons)


def require_run_memory(job: Job, threads: int) -> None:
    """Refuse a run whose state, rings of arriving input and tables cannot fit.

    Raises
    ------
    TooLargeError
        If they cannot.
    """
    network, lanes = job.network, job.lanes
    n, ring = network.n_neurons, 2 * network.max_delay + 2
    of_lane = 32 + 4 * job.ticks * len(job.watched) + 12 * n * job.keep_state
    of_workers = min(threads, lanes) * n * (12 * ring + 100)
    if job.epochs is not None:
        of_workers += 8 * threads * len(job.epochs.ks) * len(job.epochs.neurons)
    require_memory(
        lanes * of_lane + of_workers + 8 * network.n_synapses,
        f"a run of {n} neurons in {lanes} lanes with delays up to {network.max_delay}",
        "use fewer lanes at a time (first_lane numbers the blocks) or shorter delays",
    )
