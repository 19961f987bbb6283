"""What a kernel is asked to do, and what it gives back.

A kernel is a function ``run(job, lanes, report) -> Outcome`` that runs the lanes of a slice. All
kernels obey the neuron of :mod:`spikealg.network.network`; they differ in speed only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from spikealg.engine.injection import Injection
from spikealg.engine.packed import PackedSpikes
from spikealg.engine.state import Spikes, State
from spikealg.errors import NeuronOverflowError
from spikealg.network import Network

__all__ = [
    "Epochs",
    "Final",
    "Job",
    "Outcome",
    "Overflow",
    "Report",
    "Windows",
    "join",
    "merge",
]


class Report(Protocol):
    """Called by a kernel now and then with what it has done since the last call."""

    def __call__(self, lanes: float, recorded: int = 0) -> None:
        """Tell the work done, in lanes, and the bytes of the spikes that were recorded.

        Raises
        ------
        TooLargeError
            If the spikes of all threads cannot be joined any more.
        """


@dataclass(frozen=True)
class Epochs:
    """Count spikes of `neurons` from the k-th spike of `marker` to its next, for each k.

    Attributes
    ----------
    marker : int
        The neuron whose spikes begin the epochs.
    ks : int64 array, rising, ≥ 1
    neurons : int64 array, distinct
    """

    marker: int
    ks: npt.NDArray[np.int64]
    neurons: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Windows:
    """Planes of some neurons in some ticks that the lanes kernel writes as it goes.

    Window w holds neuron ``neuron[w]`` from tick ``first[w]`` on for ``ticks[w]`` ticks; its plane
    of the k-th of them is ``planes[row[w] + k·stride[w]]``.

    Attributes
    ----------
    neuron, first, ticks, row, stride : int64 arrays (windows,)
        Sorted by neuron.
    planes : uint64 array (rows, words of the grid)
        Written by the kernel.
    """

    neuron: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    ticks: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    stride: npt.NDArray[np.int64]
    planes: npt.NDArray[np.uint64]

    @classmethod
    def none(cls) -> Windows:
        """Return no windows."""
        column = np.empty(0, dtype=np.int64)
        planes = np.empty((0, 0), dtype=np.uint64)
        return cls(column, column, column, column, column, planes)


@dataclass(frozen=True)
class Job:
    """One call of ``simulate``, validated, for all lanes.

    Attributes
    ----------
    network : Network
    ticks : int
        How many ticks to run at most.
    start : State
        Where every lane starts; ``start.v`` and the like have shape (lanes, n), or (1, n) where
        all lanes start alike.
    lanes, first_lane, seed : int
    injection : Injection
        Values added to potentials, by lane and tick.
    recorded : int64 array
        Neurons whose spikes are kept, sorted.
    watched : int64 array
        Neurons whose potential is kept at the end of each tick.
    until_quiet : bool
    until_neurons : int64 array
        A lane finishes in the tick in which these have spiked `until_count` times together.
    until_count : int
        0 where spikes finish nothing.
    epochs : Epochs or None
    keep_state : bool
        Whether the state in the end is wanted.
    windows : Windows
        For the lanes kernel only.
    """

    network: Network
    ticks: int
    start: State
    lanes: int
    first_lane: int
    seed: int
    injection: Injection
    recorded: npt.NDArray[np.int64]
    watched: npt.NDArray[np.int64]
    until_quiet: bool
    until_neurons: npt.NDArray[np.int64]
    until_count: int
    epochs: Epochs | None
    keep_state: bool = True
    windows: Windows = field(default_factory=Windows.none)

    @property
    def stops(self) -> bool:
        """Whether lanes may finish before the last tick."""
        return self.until_quiet or self.until_count > 0

    @property
    def start_tick(self) -> int:
        """The first tick of this call; ticks are absolute."""
        return self.start.tick

    def of_first_lane(self) -> Job:
        """Return the same job for its first lane alone."""
        start, flying = self.start, self.start.spikes
        first = flying.lane == 0
        alone = replace(
            start,
            v=start.v[:1],
            i=start.i[:1],
            c=start.c[:1],
            spikes=Spikes(flying.i[first], flying.t[first], flying.lane[first]),
        )
        injection = self.injection.of_first_lane()
        return replace(self, lanes=1, start=alone, injection=injection)

    def neuron_mask(self, neurons: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return a uint8 array (n,) that is 1 at `neurons`."""
        mask = np.zeros(self.network.n_neurons, dtype=np.uint8)
        mask[neurons] = 1
        return mask


@dataclass(frozen=True, order=True)
class Overflow:
    """Where a potential or current first left int32; ordered as the contract asks."""

    tick: int
    neuron: int
    lane: int


@dataclass(frozen=True)
class Final:
    """The state of lanes in the end.

    Attributes
    ----------
    v, i, c : int32 arrays (lanes of the slice, n)
    flying : Spikes
        Spikes that have not arrived everywhere when their lane ended.
    """

    v: npt.NDArray[np.int32]
    i: npt.NDArray[np.int32]
    c: npt.NDArray[np.int32]
    flying: Spikes


@dataclass(frozen=True)
class Outcome:
    """What a kernel found in the lanes of one slice.

    Attributes
    ----------
    spikes : Spikes or PackedSpikes
        Spikes of the recorded neurons; lanes counted from the job's first, in any order.
    counts : int64 array (n,)
        Spikes of each neuron over the lanes of the slice.
    epochs : int64 array (len(ks), len(neurons))
    stopped : int64 array (lanes of the slice,)
        Tick that met `until`, or −1; anything if the job has no `until`.
    potentials : int32 array (ticks, lanes of the slice, watched)
    final : Final or None
        None where the job does not want it.
    overflow : Overflow or None
    """

    spikes: Spikes | PackedSpikes
    counts: npt.NDArray[np.int64]
    epochs: npt.NDArray[np.int64]
    stopped: npt.NDArray[np.int64]
    potentials: npt.NDArray[np.int32]
    final: Final | None
    overflow: Overflow | None


def merge(job: Job, parts: Sequence[Outcome]) -> Outcome:
    """Join the outcomes of consecutive slices of lanes, all of them.

    Raises
    ------
    NeuronOverflowError
        If a part met an overflow; the message names the first tick, neuron and lane.
    """
    overflows = [part.overflow for part in parts if part.overflow is not None]
    if overflows:
        first = min(overflows)
        lane = first.lane + job.first_lane
        raise NeuronOverflowError(
            f"the potential or current of neuron {first.neuron} "
            f"({job.network.name(first.neuron)}) leaves int32 in tick {first.tick}, lane {lane}: "
            "use smaller weights, a leak or a floor",
            tick=first.tick,
            neuron=first.neuron,
            lane=lane,
        )
    outcome = join(parts)
    if job.stops:
        return outcome
    # Seen so, it takes no memory for each lane.
    return replace(outcome, stopped=np.broadcast_to(np.int64(-1), (job.lanes,)))


def join(parts: Sequence[Outcome]) -> Outcome:
    """Join the outcomes of consecutive slices of lanes, of which the last knows overflows."""
    if len(parts) == 1:
        return parts[0]
    return Outcome(
        spikes=_joined([part.spikes for part in parts]),
        counts=np.sum([part.counts for part in parts], axis=0),
        epochs=np.sum([part.epochs for part in parts], axis=0),
        stopped=np.concatenate([part.stopped for part in parts]),
        potentials=np.concatenate([part.potentials for part in parts], axis=1),
        final=_joined_finals([part.final for part in parts if part.final is not None]),
        overflow=parts[-1].overflow,
    )


def _joined(parts: Sequence[Spikes | PackedSpikes]) -> Spikes | PackedSpikes:
    packed = [part for part in parts if isinstance(part, PackedSpikes)]
    if packed:
        return PackedSpikes.concatenate(packed)
    return Spikes.concatenate([part for part in parts if isinstance(part, Spikes)])


def _joined_finals(parts: Sequence[Final]) -> Final | None:
    if not parts:
        return None
    return Final(
        v=np.concatenate([part.v for part in parts]),
        i=np.concatenate([part.i for part in parts]),
        c=np.concatenate([part.c for part in parts]),
        flying=Spikes.concatenate([part.flying for part in parts]),
    )
