"""What the lanes kernel is asked in arrays, and the memory of one thread.

Compiled functions take parts of these as named tuples, each no larger than it must be: every array
that is handed over takes time to compile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from spikealg.engine.job import Job
from spikealg.engine.lanes.plan import KEEPER, SLICED_BITS, WIDE, LanePlan
from spikealg.engine.words import WORDS

__all__ = [
    "AT_SIZE",
    "BEGUN",
    "BLOCK_LANES",
    "END_ENTRY",
    "EPOCH_HIGH",
    "EPOCH_LOW",
    "FIRST_ENTRY",
    "FIRST_WORD",
    "OVERFLOW_LANE",
    "OVERFLOW_NEURON",
    "OVERFLOW_TICK",
    "RUNNING",
    "SPIKES",
    "TICK",
    "WAITED_FOR",
    "Ask",
    "Beat",
    "Before",
    "Epochs",
    "Resumed",
    "Room",
    "View",
    "Wide",
    "block_words",
    "make_ask",
    "make_epochs",
    "make_room",
    "take",
]

CACHE = 3 * 1024**2
"""Bytes that a block may take: visits of larger blocks cost less for each lane, even where the
second-level cache is smaller."""
MOST_WORDS = 128
"""Words of a block from which more gain nothing."""
TYPICAL_WIDTH = 6
"""Planes that the potential of a counter usually takes."""
FIRED, UNTIL, COUNTED, MARKS, READ = 1, 2, 4, 8, 16
"""Bits of ``Ask.noted``: recorded, counted for `until`, counted in epochs, begins epochs,
read through a window."""

(
    FIRST_WORD,
    TICK,
    BEGUN,
    RUNNING,
    WAITED_FOR,
    SPIKES,
    FIRST_ENTRY,
    END_ENTRY,
    EPOCH_LOW,
    EPOCH_HIGH,
    BLOCK_LANES,
    OVERFLOW_TICK,
    OVERFLOW_NEURON,
    OVERFLOW_LANE,
    AT_SIZE,
) = range(15)
"""Where the kernel stands between two calls: entries of one int64 array called `at`."""


class Ask(NamedTuple):
    """What a job asks of the tick loop; read only. Ticks are absolute, words of the job's grid.

    Attributes
    ----------
    start_tick, end_tick : int
    first_block : uint64
        ⌊lane/128⌋ of the first word's lanes.
    first_bit, end_bit : int
        The lanes of the job's slice, as bit positions of the grid.
    inject_tick, inject_neuron : int64 arrays (E,); inject_planes : uint64 (E, words)
        Planes that are added to potentials, sorted by tick and neuron.
    noted : int32 array (n,)
        Why a spike of a neuron matters to others than its targets.
    recorded : int
        Neurons whose spikes are recorded.
    until_quiet, looking : bool
        Whether lanes run until they are quiet, and whether potentials are wanted.
    read_start : int64 array (n + 1,)
        The windows of each neuron.
    read_first, read_ticks, read_row, read_stride : int64 arrays (windows,)
        As in ``Windows``.
    """

    start_tick: int
    end_tick: int
    first_block: np.uint64
    first_bit: int
    end_bit: int
    inject_tick: npt.NDArray[np.int64]
    inject_neuron: npt.NDArray[np.int64]
    inject_planes: npt.NDArray[np.uint64]
    noted: npt.NDArray[np.int32]
    recorded: int
    until_quiet: bool
    looking: bool
    read_start: npt.NDArray[np.int64]
    read_first: npt.NDArray[np.int64]
    read_ticks: npt.NDArray[np.int64]
    read_row: npt.NDArray[np.int64]
    read_stride: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Room:
    """Memory of one thread; everything is written.

    Planes lie in ``flat``, numbered from 0: those of all rings of spikes, then of potentials (plane
    k of keeper m is number ``potentials`` + k·keepers + m), of refractory ticks left, and single
    ones.

    Attributes
    ----------
    flat : uint64 array
    words : int
        Words of a plane, a multiple of 8.
    keepers : int
    until_count, until_bits : int
        How many spikes a lane waits for, and the planes of those it still waits for.
    potentials, held, injected, live, none, until, epochs, flight, sums : int
        Numbers of first planes: `none` is always 0; `until` counts down the spikes a lane still
        waits for; `epochs` tells for each epoch who is in it; `flight` tells for each coming tick
        who has spikes in flight after it; `sums` is room for sums.
    held_start : int64 array (n,)
        Number of the first plane of refractory ticks left of each neuron.
    width : int64 array (n,)
        Planes of the potential of each keeper.
    stamp : int32 array (n_planes,)
        The tick, from the start of the run, in which somebody's spikes were last written to each
        plane of a ring; a plane with another stamp means no spikes.
    wake : uint64 array (wake_ring·⌈n/64⌉,)
        A bit for each neuron to visit in each of the coming ticks.
    sent_tick : int64 array (pairs,), sent_slot : uint64 array (pairs,)
        When spikes were sent that arrive in this tick, and in which place of a ring they are.
    inputs, weights : uint64 arrays (2·most,)
        Lists of the inputs of one neuron, those that add, then those that are complemented.
    fired : int64 array (n,), places : uint64 array (n,)
        Noted neurons that fired in a tick, and the addresses of their spikes.
    others : int64 array (n,)
        Neurons that were woken and are no gates.
    wild : int64 array (2,)
        The first neuron that overflows in a tick, or −1, and its lane in the block.
    injected_at, injected_from : int32 arrays (n,)
        The last tick, from the start of the run, in which something is injected into a neuron, and
        the first of its entries then.
    wide_v, wide_i, wide_c : int32 arrays (wide neurons, 64·words)
    lane_v, lane_i, lane_c, lane_drive : int64 arrays (64·words,)
        One number per lane of one neuron.
    """

    flat: npt.NDArray[np.uint64]
    words: int
    keepers: int
    until_count: int
    until_bits: int
    potentials: int
    held: int
    injected: int
    live: int
    none: int
    until: int
    epochs: int
    flight: int
    sums: int
    held_start: npt.NDArray[np.int64]
    width: npt.NDArray[np.int64]
    stamp: npt.NDArray[np.int32]
    wake: npt.NDArray[np.uint64]
    sent_tick: npt.NDArray[np.int64]
    sent_slot: npt.NDArray[np.uint64]
    inputs: npt.NDArray[np.uint64]
    weights: npt.NDArray[np.uint64]
    fired: npt.NDArray[np.int64]
    places: npt.NDArray[np.uint64]
    others: npt.NDArray[np.int64]
    wild: npt.NDArray[np.int64]
    injected_at: npt.NDArray[np.int32]
    injected_from: npt.NDArray[np.int32]
    wide_v: npt.NDArray[np.int32]
    wide_i: npt.NDArray[np.int32]
    wide_c: npt.NDArray[np.int32]
    lane_v: npt.NDArray[np.int64]
    lane_i: npt.NDArray[np.int64]
    lane_c: npt.NDArray[np.int64]
    lane_drive: npt.NDArray[np.int64]

    @property
    def planes(self) -> npt.NDArray[np.uint64]:
        """All planes, uint64 array (planes, words)."""
        return self.flat.reshape(-1, self.words)


class Beat(NamedTuple):
    """What the tick loop uses of `LanePlan` and `Room`, by the same names."""

    nodes: npt.NDArray[np.int32]
    always: npt.NDArray[np.int64]
    pair_delay: npt.NDArray[np.int64]
    pair_mask: npt.NDArray[np.int64]
    longest: npt.NDArray[np.int64]
    wake_ring: int
    words: int
    until: int
    until_bits: int
    epochs: int
    flight: int
    wake: npt.NDArray[np.uint64]
    wild: npt.NDArray[np.int64]
    sent_tick: npt.NDArray[np.int64]
    sent_slot: npt.NDArray[np.uint64]
    injected_at: npt.NDArray[np.int32]
    injected_from: npt.NDArray[np.int32]
    fired: npt.NDArray[np.int64]
    places: npt.NDArray[np.uint64]


class Before(NamedTuple):
    """What the beginning of a block uses besides.

    Attributes
    ----------
    start_v, start_c : int32 arrays (n,)
        The state of every lane, where there is no other.
    offset : int
        Bit position of the job's first lane.
    keep_state : bool
    """

    start_v: npt.NDArray[np.int32]
    start_c: npt.NDArray[np.int32]
    offset: int
    keep_state: bool
    until_count: int
    kinds: npt.NDArray[np.int64]
    held_bits: npt.NDArray[np.int64]
    held_start: npt.NDArray[np.int64]
    width: npt.NDArray[np.int64]
    stamp: npt.NDArray[np.int32]


class Resumed(NamedTuple):
    """The state from which a run goes on.

    Attributes
    ----------
    start_v, start_i, start_c : int32 arrays (lanes or 1, n)
    fly_lane, fly_tick, fly_neuron : int64 arrays
        Spikes in flight at the start in the lanes of the slice, sorted by lane.
    """

    start_v: npt.NDArray[np.int32]
    start_i: npt.NDArray[np.int32]
    start_c: npt.NDArray[np.int32]
    fly_lane: npt.NDArray[np.int64]
    fly_tick: npt.NDArray[np.int64]
    fly_neuron: npt.NDArray[np.int64]
    target: npt.NDArray[np.uint64]
    lane_v: npt.NDArray[np.int64]
    lane_c: npt.NDArray[np.int64]


class Epochs(NamedTuple):
    """The epochs that a job counts.

    Attributes
    ----------
    ks : int64 array (epochs,)
        Which spikes of the marker begin them.
    column : int64 array (n,)
        Column of each neuron in `counts`, or −1.
    counts : int64 array (epochs, neurons), written
    marked : int64 array (64·words,), written
        How often the marker has spiked, lane by lane of a block.
    entered : int64 array (epochs,), written
        How many lanes of the block have begun each epoch.
    """

    ks: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    marked: npt.NDArray[np.int64]
    entered: npt.NDArray[np.int64]


class Wide(NamedTuple):
    """What visits of wide neurons use besides."""

    kinds: npt.NDArray[np.int64]
    others: npt.NDArray[np.int64]
    wide_v: npt.NDArray[np.int32]
    wide_i: npt.NDArray[np.int32]
    wide_c: npt.NDArray[np.int32]
    lane_i: npt.NDArray[np.int64]
    lane_drive: npt.NDArray[np.int64]


class View(NamedTuple):
    """What looking at neurons lane by lane uses of `LanePlan` and `Room`."""

    nodes: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.int64]
    source: npt.NDArray[np.uint64]
    pair_delay: npt.NDArray[np.int64]
    pair_mask: npt.NDArray[np.int64]
    pair_weight: npt.NDArray[np.int64]
    held_bits: npt.NDArray[np.int64]
    flat: npt.NDArray[np.uint64]
    words: int
    keepers: int
    potentials: int
    injected: int
    live: int
    held_start: npt.NDArray[np.int64]
    width: npt.NDArray[np.int64]
    stamp: npt.NDArray[np.int32]
    lane_v: npt.NDArray[np.int64]
    lane_i: npt.NDArray[np.int64]
    lane_c: npt.NDArray[np.int64]
    lane_drive: npt.NDArray[np.int64]


Part = TypeVar("Part", Beat, Before, Resumed, Wide, View)


def take(part: type[Part], plan: LanePlan, room: Room, **others: Any) -> Part:
    """Return a part of a plan and a room, with what they do not have in `others`."""
    names = [name for name in part._fields if name not in others]
    return part(
        **{name: getattr(room if hasattr(room, name) else plan, name) for name in names}, **others
    )


def block_words(plan: LanePlan, words: int) -> int:
    """Return how many words a block should have for a slice of so many; a multiple of 8."""
    keepers = int(np.count_nonzero(plan.role == KEEPER))
    wide = int(np.count_nonzero(plan.role == WIDE))
    # A wide neuron has three integers of 32 bits per lane, where a plane has one bit.
    planes = plan.n_planes + TYPICAL_WIDTH * keepers + 96 * wide + 16
    fitting = max(WORDS, min(MOST_WORDS, CACHE // (8 * planes) // (2 * WORDS) * (2 * WORDS)))
    blocks = -(-words // fitting)
    return -(-words // (blocks * WORDS)) * WORDS


def make_ask(job: Job, lanes: slice) -> Ask:
    """Return the job of a slice of lanes as arrays."""
    n = job.network.n_neurons
    noted = np.zeros(n, dtype=np.int32)
    noted[job.recorded] |= FIRED
    noted[job.until_neurons] |= UNTIL
    if job.epochs is not None:
        noted[job.epochs.neurons] |= COUNTED
        noted[job.epochs.marker] |= MARKS
    noted[job.windows.neuron] |= READ
    injection = job.injection.packed
    offset = job.first_lane % 128
    return Ask(
        start_tick=job.start_tick,
        end_tick=job.start_tick + job.ticks,
        first_block=np.uint64(job.first_lane // 128),
        first_bit=offset + lanes.start,
        end_bit=offset + lanes.stop,
        inject_tick=injection.tick,
        inject_neuron=injection.neuron,
        inject_planes=injection.planes,
        noted=noted,
        recorded=len(job.recorded),
        until_quiet=job.until_quiet,
        looking=len(job.watched) > 0,
        read_start=np.searchsorted(job.windows.neuron, np.arange(n + 1)),
        read_first=job.windows.first,
        read_ticks=job.windows.ticks,
        read_row=job.windows.row,
        read_stride=job.windows.stride,
    )


def make_epochs(job: Job, room: Room) -> Epochs | None:
    """Return what counts the epochs of a job, if it has any."""
    if job.epochs is None:
        return None
    ks, neurons = job.epochs.ks, job.epochs.neurons
    column = np.full(job.network.n_neurons, -1, dtype=np.int64)
    column[neurons] = np.arange(len(neurons))
    return Epochs(
        ks=ks,
        column=column,
        counts=np.zeros((len(ks), len(neurons)), dtype=np.int64),
        marked=np.empty(64 * room.words, dtype=np.int64),
        entered=np.empty(len(ks), dtype=np.int64),
    )


def make_room(plan: LanePlan, ask: Ask, job: Job) -> Room:
    """Return the memory for the blocks of a slice."""
    n = len(plan.role)
    first_word = ask.first_bit // 128 * 2
    words = block_words(plan, -(-ask.end_bit // 64) - first_word)
    keepers = int(np.count_nonzero(plan.role == KEEPER))
    wide = int(np.count_nonzero(plan.role == WIDE))
    held_start = np.cumsum(plan.held_bits) - plan.held_bits
    _, together = np.unique(ask.inject_tick, return_counts=True)
    injected = int(together.max(initial=0))
    starts = {}
    planes = plan.n_planes
    for name, count in (
        ("potentials", keepers * SLICED_BITS),
        ("held", int(plan.held_bits.sum())),
        ("injected", injected),
        ("live", 1),
        ("none", 1),
        ("until", job.until_count.bit_length()),
        ("epochs", len(job.epochs.ks) if job.epochs else 0),
        ("flight", plan.wake_ring if ask.until_quiet else 0),
        ("sums", SLICED_BITS + 4),
    ):
        starts[name] = planes
        planes += count
    lanes = 64 * words
    most = 2 * (plan.most_inputs + injected)
    return Room(
        flat=np.empty(planes * words, dtype=np.uint64),
        words=words,
        keepers=keepers,
        until_count=job.until_count,
        until_bits=job.until_count.bit_length(),
        **starts,
        held_start=held_start + starts["held"],
        width=np.zeros(n, dtype=np.int64),
        stamp=np.empty(plan.n_planes, dtype=np.int32),
        wake=np.empty(plan.wake_ring * (-(-n // 64)), dtype=np.uint64),
        sent_tick=np.empty(len(plan.pair_delay), dtype=np.int64),
        sent_slot=np.empty(len(plan.pair_delay), dtype=np.uint64),
        inputs=np.empty(most, dtype=np.uint64),
        weights=np.empty(most, dtype=np.uint64),
        fired=np.empty(n, dtype=np.int64),
        places=np.empty(n, dtype=np.uint64),
        others=np.empty(n, dtype=np.int64),
        wild=np.empty(2, dtype=np.int64),
        injected_at=np.empty(n, dtype=np.int32),
        injected_from=np.empty(n, dtype=np.int32),
        wide_v=np.empty((wide, lanes), dtype=np.int32),
        wide_i=np.empty((wide, lanes), dtype=np.int32),
        wide_c=np.empty((wide, lanes), dtype=np.int32),
        lane_v=np.empty(lanes, dtype=np.int64),
        lane_i=np.empty(lanes, dtype=np.int64),
        lane_c=np.empty(lanes, dtype=np.int64),
        lane_drive=np.empty(lanes, dtype=np.int64),
    )
