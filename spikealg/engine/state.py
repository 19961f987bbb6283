"""Spikes and the state of a run between two ticks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.memory import require_memory
from spikealg.network import Network

__all__ = ["Spikes", "State", "columns_of", "require_raster_memory"]


def columns_of(
    neurons: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64] | None]:
    """Return the column of each neuron in a raster of some, to look spikes up in.

    Returns
    -------
    column : int64 array (largest neuron + 1,)
        −1 for neurons that are not in `neurons`.
    again : int64 array (len(neurons),) or None
        Which column each of `neurons` has, where one is asked for several times.
    """
    column = np.full(neurons.max(initial=-1) + 1, -1, dtype=np.int64)
    column[neurons] = np.arange(len(neurons))
    if (column[neurons] == np.arange(len(neurons))).all():
        return column, None
    distinct, again = np.unique(neurons, return_inverse=True)
    column[distinct] = np.arange(len(distinct))
    return column, again


def require_raster_memory(neurons: int, ticks: int, lanes: int, bits: int = 64) -> None:
    """Refuse a raster that cannot fit.

    Raises
    ------
    TooLargeError
        If it cannot.
    """
    require_memory(
        bits / 8 * ticks * lanes * neurons,
        f"a raster of {neurons} neurons in {ticks} ticks and {lanes} lanes",
        "ask for fewer ticks or neurons",
    )


@dataclass(frozen=True, eq=False)
class Spikes:
    """Spikes as three int64 arrays of one length: neuron `i`, tick `t`, `lane`."""

    i: npt.NDArray[np.int64]
    t: npt.NDArray[np.int64]
    lane: npt.NDArray[np.int64]

    @classmethod
    def empty(cls) -> Spikes:
        """Return no spikes."""
        return cls(*(np.empty(0, dtype=np.int64) for _ in range(3)))

    @classmethod
    def concatenate(cls, parts: Sequence[Spikes]) -> Spikes:
        """Join spikes end to end."""
        return cls(
            np.concatenate([part.i for part in parts]),
            np.concatenate([part.t for part in parts]),
            np.concatenate([part.lane for part in parts]),
        )

    def sorted(self) -> Spikes:
        """Return the same spikes in order of (t, i, lane)."""
        order = np.lexsort((self.lane, self.i, self.t))
        return Spikes(self.i[order], self.t[order], self.lane[order])

    def of(self, neurons: npt.ArrayLike) -> Spikes:
        """Return the spikes of some neurons, in the order they have here."""
        chosen = np.isin(self.i, neurons)
        return Spikes(self.i[chosen], self.t[chosen], self.lane[chosen])

    def within(self, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]) -> Spikes:
        """Return the spikes of each neuron j from tick ``first[j]`` to ``last[j]``."""
        chosen = (self.t >= first[self.i]) & (self.t <= last[self.i])
        return Spikes(self.i[chosen], self.t[chosen], self.lane[chosen])

    def by_neuron(self, neurons: int) -> npt.NDArray[np.int64]:
        """Return how many spikes each of `neurons` neurons has."""
        return np.bincount(self.i, minlength=neurons).astype(np.int64)

    def raster(
        self, neurons: npt.NDArray[np.int64], first: int, ticks: int, lanes: int
    ) -> npt.NDArray[np.int64]:
        """Return 0 and 1, int64 array (ticks, lanes, neurons)."""
        require_raster_memory(len(neurons), ticks, lanes)
        column, again = columns_of(neurons)
        dense = np.zeros((ticks, lanes, column.max(initial=-1) + 1), dtype=np.int64)
        chosen = (self.t >= first) & (self.t < first + ticks) & (self.i < len(column))
        t, lane, at = self.t[chosen] - first, self.lane[chosen], column[self.i[chosen]]
        dense[t[at >= 0], lane[at >= 0], at[at >= 0]] = 1
        raster: npt.NDArray[np.int64] = dense if again is None else dense[:, :, again]
        return raster

    def last_raster(
        self, neurons: npt.NDArray[np.int64], stopped: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Return 0 and 1 in the tick in which each lane stopped, int64 array (lanes, neurons)."""
        last = self.t == stopped[self.lane]
        i, lane = self.i[last], self.lane[last]
        at_once = Spikes(i, np.zeros_like(i), lane)
        raster: npt.NDArray[np.int64] = at_once.raster(neurons, 0, 1, len(stopped))[0]
        return raster

    def identical(self, other: Spikes) -> bool:
        """Whether both hold the same spikes in the same order."""
        return (
            np.array_equal(self.i, other.i)
            and np.array_equal(self.t, other.t)
            and np.array_equal(self.lane, other.lane)
        )

    def __len__(self) -> int:
        return len(self.i)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays [bytes]."""
        return self.i.nbytes + self.t.nbytes + self.lane.nbytes

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Yield (neuron, tick, lane)."""
        return zip(self.i.tolist(), self.t.tolist(), self.lane.tolist(), strict=True)


@dataclass(frozen=True, eq=False)
class State:
    """All that the future of a run depends on, besides the network and its inputs.

    Attributes
    ----------
    tick : int
        The next tick to run.
    seed : int
    first_lane : int
    v, i, c : int32 arrays (lanes, n)
        Potential, synaptic current, refractory ticks left.
    spikes : Spikes
        Spikes in flight: those that have not arrived over their longest synapse. Lanes are
        counted from 0 here.
    """

    tick: int
    seed: int
    first_lane: int
    v: npt.NDArray[np.int32]
    i: npt.NDArray[np.int32]
    c: npt.NDArray[np.int32]
    spikes: Spikes

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return len(self.v)

    @classmethod
    def initial(cls, network: Network, seed: int, first_lane: int) -> State:
        """Return the state before tick 0, one row for all lanes alike."""
        return cls(
            tick=0,
            seed=seed,
            first_lane=first_lane,
            v=network.v_init[np.newaxis],
            i=np.zeros((1, network.n_neurons), dtype=np.int32),
            c=network.refractory_init[np.newaxis],
            spikes=Spikes.empty(),
        )

    def identical(self, other: State) -> bool:
        """Whether both states have the same future."""
        return (
            (self.tick, self.seed, self.first_lane) == (other.tick, other.seed, other.first_lane)
            and np.array_equal(self.v, other.v)
            and np.array_equal(self.i, other.i)
            and np.array_equal(self.c, other.c)
            and self.spikes.identical(other.spikes)
        )
