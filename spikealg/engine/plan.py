"""A network and a job as the compact arrays that compiled kernels read.

Synapses are packed into one word each, 32 bits where that is enough, else 64: the target in the
low bits, above it the number of a (weight, delay) pair; pairs that lead to relays have numbers of
their own. Few pairs occur in a network, so their table stays in the first-level cache. Neurons
likewise refer to a table of parameter kinds.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from spikealg.engine.arrays import read_only
from spikealg.engine.job import Job
from spikealg.engine.relays import FORGETS, KEEPS, Relays, find_relays
from spikealg.network import MEMORYLESS, NEVER, NO_FLOOR, RESETS, Network
from spikealg.network.invariants import weight_sums

__all__ = ["COLUMNS", "WIDTH", "Plan", "Request", "make_plan", "make_request"]

COLUMNS = (
    "threshold",
    "leak",
    "current_leak",
    "bias",
    "reset",
    "reset_value",
    "floor",
    "refractory",
    "draw_limit",
)
"""Columns of ``Plan.kinds`` that are arrays of the network; after them comes SIMPLE."""
WIDTH = len(COLUMNS) + 1
"""Length of a kind. Its last entry is FORGETS for simple neurons that forget their potential,
KEEPS for simple ones that keep it, else 0. Simple: current without memory, no floor, always spikes
at threshold, reset to a value below it, no refractory ticks, at rest below threshold."""


class Plan(NamedTuple):
    """A network for kernels; read only.

    Attributes
    ----------
    kinds : int64 array (kinds·WIDTH,)
        The distinct sets of neuron parameters, one after another.
    kind : int32 array (n,)
        Number of the set of each neuron.
    stream : uint32 array (n,)
    indptr : int64 array (n + 1,)
    synapse : uint32 or uint64 array (m,)
        Target in the low ``target_bits`` bits, number of the (weight, delay) pair above.
    target_bits : int
    pairs : int64 array (2·pairs,)
        Weight and delay [ticks] of each pair.
    relaying : bool array (pairs,)
        Whether a pair leads to relays.
    longest : int64 array (n,)
        Longest delay out of each neuron, 0 without synapses [ticks].
    ring : int
        Ticks of arriving input that are kept: a power of two above the longest delay.
    strength : int64 array (n,)
        Σ|weight| of one sign into each neuron, whichever is larger: no tick brings more.
    relays : Relays
    """

    kinds: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int32]
    stream: npt.NDArray[np.uint32]
    indptr: npt.NDArray[np.int64]
    synapse: npt.NDArray[np.unsignedinteger]
    target_bits: int
    pairs: npt.NDArray[np.int64]
    relaying: npt.NDArray[np.bool_]
    longest: npt.NDArray[np.int64]
    ring: int
    strength: npt.NDArray[np.int64]
    relays: Relays

    @property
    def bytes_per_synapse(self) -> int:
        """Memory of one synapse in a kernel [bytes], 4 or 8."""
        return self.synapse.itemsize


class Request(NamedTuple):
    """A job for kernels; read only. Ticks are absolute, lanes counted from the job's first.

    Attributes
    ----------
    start_tick, end_tick, first_lane : int
    seed : uint64
    inject_pointer : int64 array (lanes + 1,); inject_tick, inject_neuron, inject_value : int64
        Injected values by lane, then tick.
    fly_pointer : int64 array (lanes + 1,); fly_tick, fly_neuron : int64
        Spikes in flight at the start, by lane.
    recorded : uint8 array (n,)
    watched : int64 array
    until_quiet : bool
    until_mask : uint8 array (n,)
    until_count : int
    marker : int
        Neuron whose spikes begin epochs, −1 without epochs.
    epoch_ks : int64 array
    epoch_column : int64 array (n,)
        Column of each neuron in the epoch table, or −1.
    """

    start_tick: int
    end_tick: int
    first_lane: int
    seed: np.uint64
    inject_pointer: npt.NDArray[np.int64]
    inject_tick: npt.NDArray[np.int64]
    inject_neuron: npt.NDArray[np.int64]
    inject_value: npt.NDArray[np.int64]
    fly_pointer: npt.NDArray[np.int64]
    fly_tick: npt.NDArray[np.int64]
    fly_neuron: npt.NDArray[np.int64]
    recorded: npt.NDArray[np.uint8]
    watched: npt.NDArray[np.int64]
    until_quiet: bool
    until_mask: npt.NDArray[np.uint8]
    until_count: int
    marker: int
    epoch_ks: npt.NDArray[np.int64]
    epoch_column: npt.NDArray[np.int64]


_plans: WeakKeyDictionary[Network, Plan] = WeakKeyDictionary()


def make_plan(network: Network) -> Plan:
    """Return the plan of a network; made once per network."""
    plan = _plans.get(network)
    if plan is None:
        plan = _plans[network] = _make_plan(network)
    return plan


def _make_plan(network: Network) -> Plan:
    n = network.n_neurons
    table = np.stack([getattr(network, name).astype(np.int64) for name in COLUMNS], axis=1)
    # A potential may be as large as NEVER and must not reach it; below NO_FLOOR it overflows.
    table[network.threshold == NEVER, COLUMNS.index("threshold")] = NEVER + 1
    table[network.floor == NO_FLOOR, COLUMNS.index("floor")] = -(2**62)
    kinds, kind = _distinct_rows(table)
    simple = _simplicity(kinds)
    kinds = np.concatenate([kinds, simple[:, np.newaxis]], axis=1)
    strength = np.maximum(*weight_sums(network))
    relays = find_relays(network, simple[kind], strength)
    pairs = (network.weight.astype(np.int64) << 32) | (network.delay.astype(np.int64) << 1)
    pairs |= relays.member[network.post]
    unique, pair = np.unique(pairs, return_inverse=True)
    target_bits = max(1, (n - 1).bit_length())
    wide = len(unique) > 1 << (32 - target_bits)
    word = np.uint64 if wide else np.uint32
    longest = np.zeros(n, dtype=np.int64)
    np.maximum.at(longest, network.pre, network.delay)
    return Plan(
        kinds=kinds.reshape(-1),
        kind=kind.reshape(-1).astype(np.int32),
        stream=network.stream,
        indptr=network.indptr,
        synapse=(pair.astype(word) << word(target_bits)) | network.post.astype(word),
        target_bits=target_bits,
        pairs=np.stack([unique >> 32, (unique & 0xFFFFFFFF) >> 1], axis=1).reshape(-1),
        relaying=(unique & 1).astype(bool),
        longest=longest,
        ring=1 << network.max_delay.bit_length(),
        strength=strength,
        relays=relays,
    )


def _distinct_rows(
    table: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the distinct rows, and which of them each row is.

    Column by column, and most columns are constant: far quicker than sorting whole rows.
    """
    number = np.zeros(len(table), dtype=np.int64)
    for column in table.T:
        if (column != column[0]).any():
            _, value = np.unique(column, return_inverse=True)
            _, number = np.unique(number * (value.max() + 1) + value, return_inverse=True)
    _, first = np.unique(number, return_index=True)
    return table[first], number


def _simplicity(kinds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the last entry of each kind; see ``WIDTH``."""
    values = dict(zip(COLUMNS, kinds.T, strict=True))
    simple = (
        (values["current_leak"] == MEMORYLESS)
        & (values["floor"] < NO_FLOOR)
        & (values["draw_limit"] == 2**32)
        & (values["reset"] == RESETS.index("value"))
        & (values["reset_value"] < values["threshold"])
        & (values["refractory"] == 0)
        & (values["bias"] == 0)
    )
    forgets = simple & (values["leak"] == MEMORYLESS) & (values["threshold"] > 0)
    keeps = simple & (values["leak"] == 0)
    return np.where(forgets, FORGETS, np.where(keeps, KEEPS, 0))


def make_request(job: Job) -> Request:
    """Return a job as arrays."""
    n = job.network.n_neurons
    flying = job.start.spikes
    order = np.argsort(flying.lane, kind="stable")
    fly_pointer = np.zeros(job.lanes + 1, dtype=np.int64)
    np.cumsum(np.bincount(flying.lane, minlength=job.lanes), out=fly_pointer[1:])
    epoch_column = np.full(n, -1, dtype=np.int64)
    if job.epochs is not None:
        epoch_column[job.epochs.neurons] = np.arange(len(job.epochs.neurons))
    return Request(
        start_tick=job.start_tick,
        end_tick=job.start_tick + job.ticks,
        first_lane=job.first_lane,
        seed=np.uint64(job.seed),
        inject_pointer=job.injection.pointer,
        inject_tick=job.injection.tick,
        inject_neuron=job.injection.neuron,
        inject_value=job.injection.value,
        fly_pointer=fly_pointer,
        fly_tick=flying.t[order],
        fly_neuron=flying.i[order],
        recorded=job.neuron_mask(job.recorded),
        watched=read_only(job.watched),
        until_quiet=job.until_quiet,
        until_mask=job.neuron_mask(job.until_neurons),
        until_count=job.until_count,
        marker=job.epochs.marker if job.epochs else -1,
        epoch_ks=job.epochs.ks if job.epochs else np.empty(0, dtype=np.int64),
        epoch_column=epoch_column,
    )
