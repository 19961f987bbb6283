"""A network as the lanes kernel reads it: synapses by their targets, neurons by their class.

Spikes are kept by neuron: each has a ring of planes, one for each of its last ticks, as long as its
longest synapse needs. The planes of all rings are numbered through; a neuron's ring begins at its
first plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from spikealg.engine.job import Job
from spikealg.engine.plan import COLUMNS, WIDTH, Plan, make_plan
from spikealg.network import MEMORYLESS, Network

__all__ = ["GATE", "KEEPER", "SLICED_BITS", "WIDE", "LanePlan", "make_lane_plan", "roles"]

GATE, KEEPER, WIDE = range(3)
"""Classes of neurons. A gate forgets everything: whether it fires depends on one tick's input. A
keeper has a potential (and refractory ticks) in bit planes. A wide neuron has a leak other than 0
and 4096, or a current with memory: one integer per lane."""
SOURCE, TARGET, PLANE, RING, ROLE, KIND, NUMBER, NOTHING, NEXT_SOURCE, NEXT_TARGET = range(10)
NODE = 8
"""A row of ``LanePlan.nodes``, and the beginning of the next one."""
SLICED_BITS = 36
"""Planes in which every potential minus its threshold fits, and every sum."""


@dataclass(frozen=True, eq=False)
class LanePlan:
    """Read only.

    Attributes
    ----------
    kinds : int64 array (kinds·WIDTH,), stream : uint32 array (n,)
        As in :class:`~spikealg.engine.plan.Plan`.
    role : uint8 array (n,)
        GATE, KEEPER or WIDE.
    source : uint64 array (m,)
        The synapses into each neuron, those of positive weight first: first plane of the
        presynaptic neuron in the low 32 bits, number of the pair above.
    pair_delay, pair_mask, pair_weight : int64 arrays (pairs,)
        Delay [ticks], length of the presynaptic ring minus 1, weight.
    nodes : int32 array ((n + 1)·NODE,)
        What a visit needs of each neuron, together: where its synapses begin in `source` and its
        wakes in `target`, the first plane of its ring, ``ring_mask``, ``role``, start of its kind,
        its number among those of its role.
    target : uint64 array (2·wakes,)
        Whom a spike wakes (see `_wakers`), 64 neurons at a time: their number / 64 in the low 32
        bits, after how many ticks above; then a word with a bit for each.
    ring_mask : int64 array (n,)
        Length of the ring of spikes of each neuron, a power of two, minus 1.
    n_planes : int
    wake_ring : int
        Ticks ahead for which is known who wakes, a power of two.
    longest : int64 array (n,)
        Longest delay out of each neuron [ticks].
    most_inputs : int
        Largest number of synapses into a neuron.
    held_bits : int64 array (n,)
        Planes of the refractory ticks left, of keepers.
    always : int64 array
        Neurons that are visited in every tick.
    """

    kinds: npt.NDArray[np.int64]
    stream: npt.NDArray[np.uint32]
    role: npt.NDArray[np.uint8]
    source: npt.NDArray[np.uint64]
    pair_delay: npt.NDArray[np.int64]
    pair_mask: npt.NDArray[np.int64]
    pair_weight: npt.NDArray[np.int64]
    nodes: npt.NDArray[np.int32]
    target: npt.NDArray[np.uint64]
    ring_mask: npt.NDArray[np.int64]
    n_planes: int
    wake_ring: int
    longest: npt.NDArray[np.int64]
    most_inputs: int
    held_bits: npt.NDArray[np.int64]
    always: npt.NDArray[np.int64]


_plans: WeakKeyDictionary[Network, tuple[npt.NDArray[np.int64], LanePlan]] = WeakKeyDictionary()


def make_lane_plan(job: Job) -> LanePlan:
    """Return the plan of a job's network, made once where starts do not hold other neurons."""
    held = _held(job)
    known = _plans.get(job.network)
    if known is None or not np.array_equal(known[0], held):
        known = _plans[job.network] = (held, _make_lane_plan(job, held))
    return known[1]


def _make_lane_plan(job: Job, held: npt.NDArray[np.int64]) -> LanePlan:
    network, plan, role = job.network, make_plan(job.network), roles(job)
    n = network.n_neurons
    rings = 1 << np.frexp(plan.longest)[1].astype(np.int64)
    first_plane = np.cumsum(rings) - rings
    source_start, source, pairs = _sources(network, first_plane, rings)
    target_start, target = _targets(network, _wakers(network, role))
    number = np.zeros(n, dtype=np.int64)
    for one in (GATE, KEEPER, WIDE):
        number[role == one] = np.arange(np.count_nonzero(role == one))
    nodes = np.zeros((n + 1, NODE), dtype=np.int32)
    nodes[:, SOURCE], nodes[:, TARGET] = source_start, target_start
    for column, values in (
        (PLANE, first_plane),
        (RING, rings - 1),
        (ROLE, role),
        (KIND, plan.kind.astype(np.int64) * WIDTH),
        (NUMBER, number),
    ):
        nodes[:n, column] = values
    return LanePlan(
        kinds=plan.kinds,
        stream=plan.stream,
        role=role,
        source=source,
        pair_delay=pairs[0],
        pair_mask=pairs[1],
        pair_weight=pairs[2],
        nodes=np.ascontiguousarray(nodes).reshape(-1),
        target=target,
        ring_mask=rings - 1,
        n_planes=int(rings.sum()),
        wake_ring=1 << (network.max_delay).bit_length(),
        longest=plan.longest,
        most_inputs=int(np.diff(source_start).max(initial=0)),
        held_bits=np.where(role == KEEPER, np.frexp(held)[1], 0).astype(np.int64),
        always=_always(plan, network, role),
    )


def _held(job: Job) -> npt.NDArray[np.int64]:
    """Return for how many ticks each neuron may be held still."""
    held: npt.NDArray[np.int64] = np.maximum(job.network.refractory, job.start.c.max(axis=0))
    return held.astype(np.int64)


def roles(job: Job) -> npt.NDArray[np.uint8]:
    """Return GATE, KEEPER or WIDE for each neuron, uint8 array (n,)."""
    network = job.network
    sliced = np.isin(network.leak, (0, MEMORYLESS)) & (network.current_leak == MEMORYLESS)
    gate = sliced & (network.leak == MEMORYLESS) & (_held(job) == 0)
    return np.where(gate, GATE, np.where(sliced, KEEPER, WIDE)).astype(np.uint8)


def _always(plan: Plan, network: Network, role: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return the sliced neurons to which something happens in every tick by itself."""
    kinds = {name: plan.kinds.reshape(-1, WIDTH)[plan.kind, k] for k, name in enumerate(COLUMNS)}
    alone = np.maximum(kinds["bias"], kinds["floor"])
    fires = (network.leak == MEMORYLESS) & (alone >= kinds["threshold"])
    moves = (network.leak == 0) & (network.bias != 0)
    return np.flatnonzero((role != WIDE) & (fires | moves))


def _sources(
    network: Network, first_plane: npt.NDArray[np.int64], rings: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    weight = network.weight.astype(np.int64)
    order = np.lexsort((network.pre, weight < 0, network.post))
    order = order[weight[order] != 0]
    pre, post = network.pre[order], network.post[order]
    delay, weight = network.delay[order].astype(np.int64), weight[order]
    mask_bits = np.frexp(rings[pre] - 1)[1].astype(np.int64)
    # A pair is rare: delay, weight and the length of a ring together have few values.
    _, delay_number = np.unique(delay, return_inverse=True)
    _, weight_number = np.unique(weight, return_inverse=True)
    key = (weight_number * (delay_number.max(initial=0) + 1) + delay_number) * 64 + mask_bits
    _, first, pair = np.unique(key, return_index=True, return_inverse=True)
    pairs = np.stack([delay[first], rings[pre][first] - 1, weight[first]])
    start = np.zeros(network.n_neurons + 1, dtype=np.int64)
    np.cumsum(np.bincount(post, minlength=network.n_neurons), out=start[1:])
    source = first_plane[pre].astype(np.uint64) | (pair.astype(np.uint64) << np.uint64(32))
    return start, source, pairs


def _wakers(network: Network, role: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return by which synapses a spike wakes the neuron it will reach.

    A gate that stays below its threshold without a synapse, whatever else arrives, is woken by that
    one alone: of several such, by one whose spikes are injected and therefore rare. What is
    injected into the gate itself wakes it in any case.
    """
    weight, post = network.weight.astype(np.int64), network.post
    most = network.bias.astype(np.int64)
    np.add.at(most, post, np.maximum(weight, 0))
    needed = np.maximum(most[post] - weight, network.floor[post]) < network.threshold[post]
    needed &= (role[post] == GATE) & (weight > 0)
    wakes: npt.NDArray[np.bool_] = ~np.isin(post, post[needed]) & (weight != 0)
    candidates = np.flatnonzero(needed)
    busy = np.isin(np.arange(network.n_neurons), post)[network.pre[candidates]]
    candidates = candidates[np.lexsort((busy, post[candidates]))]
    wakes[candidates[np.unique(post[candidates], return_index=True)[1]]] = True
    return wakes


def _targets(
    network: Network, some: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    pre, post = network.pre[some].astype(np.int64), network.post[some].astype(np.uint64)
    delay, word = network.delay[some].astype(np.uint64), post >> np.uint64(6)
    key = word | (delay << np.uint64(32))
    order = np.lexsort((key, pre))
    pre, key = pre[order], key[order]
    bit = np.uint64(1) << (post[order] & np.uint64(63))
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (np.diff(pre) != 0) | (key[1:] != key[:-1])
    first = np.flatnonzero(fresh)
    start = np.zeros(network.n_neurons + 1, dtype=np.int64)
    np.cumsum(np.bincount(pre[first], minlength=network.n_neurons), out=start[1:])
    mask = np.bitwise_or.reduceat(bit, first) if len(first) else bit
    return start, np.stack([key[first], mask], axis=1).reshape(-1)
