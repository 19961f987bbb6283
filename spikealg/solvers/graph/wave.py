"""The wave: every vertex fires once, when the first spike arrives, and passes it on.

A vertex is one neuron, an arc one synapse whose delay is the arc's length, so a vertex fires as
many ticks after the start as it is away (Aimone et al., "Provable advantages for graph algorithms
in spiking neural networks", SPAA 2021). A neuron keeps its potential; its own spike takes away as
much as can ever arrive, so it fires once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.engine import Run, simulate
from spikealg.errors import InputError
from spikealg.memory import require_memory
from spikealg.network import Network
from spikealg.solvers.graph.edges import Arcs

__all__ = ["NEVER_REACHED", "NOBODY", "firing_times", "require_delays", "run_wave", "wave_network"]

IntArray = npt.NDArray[np.int64]

NEVER_REACHED = -1
"""The firing time of a vertex that no spike reaches."""
NOBODY: IntArray = np.empty(0, dtype=np.int64)
_MOST_TICKS = 2**31 - 1
_BYTES_PER_TICK = 24.0
"""What arrives at a neuron in a tick to come, in the engine."""


def require_delays(neurons: int, delay: IntArray, scale: int = 1) -> None:
    """Refuse delays that int32 or the memory of a run would not hold.

    They may be so many times (`scale`) what lengths take, as edges of length 0 need room.

    Raises
    ------
    InputError, TooLargeError
        That advise a longer tick.
    """
    longest = int(delay.max(initial=1))
    why, advice = "", "take a longer tick"
    if scale > 1:
        why = f", {scale} times their length for chains of edges of length 0"
        advice = "take a longer tick, or join the nodes of such a chain"
    if longest > _MOST_TICKS:
        raise InputError(
            f"tick must be longer: an edge would take {longest} ticks{why}, at most {_MOST_TICKS} "
            "can be"
        )
    require_memory(
        _BYTES_PER_TICK * neurons * longest,
        f"a wave over {neurons} neurons and edges of up to {longest} ticks{why}",
        advice,
    )


def wave_network(arcs: Arcs) -> Network:
    """Return a network with a neuron per vertex, and a synapse per arc and per vertex it leads to.

    Its input "start" has a line per vertex.

    Raises
    ------
    InputError, TooLargeError
        If arcs take too many ticks.
    """
    require_delays(arcs.n, arcs.value)
    fan_in = np.bincount(arcs.post, minlength=arcs.n)
    entered = np.flatnonzero(fan_in)
    return Network.from_arrays(
        threshold=np.ones(arcs.n, dtype=np.int64),
        pre=np.concatenate([arcs.pre, entered]),
        post=np.concatenate([arcs.post, entered]),
        weight=np.concatenate([np.ones_like(arcs.pre), -fan_in[entered]]),
        delay=np.concatenate([arcs.value, np.ones_like(entered)]),
        inputs={"start": np.arange(arcs.n)},
        groups=(("vertex", 0),),
    )


def run_wave(
    network: Network,
    starts: npt.ArrayLike,
    *,
    ticks: int | None = None,
    goals: IntArray = NOBODY,
    longer: int = 0,
) -> Run:
    """Start waves at tick 0 and follow them until all is quiet.

    Parameters
    ----------
    network : Network
        With an input "start", whose neurons fire once.
    starts : (lanes, n) array of 0 and 1
        1 where a wave starts.
    ticks : int, optional
        The longest time to follow them; until all is quiet unless given.
    goals : int64 array
        The run ends in the tick in which any of these neurons fires, in any lane,
    longer : int
        or so many ticks after that.
    """
    # No vertex fires twice, so no wave lasts longer than all its longest steps.
    longest = min(_MOST_TICKS, (network.n_neurons + 1) * (network.max_delay + 1))
    ticks = longest if ticks is None else min(ticks, longest)
    values = np.ascontiguousarray(starts, dtype=np.uint8)[np.newaxis]

    def follow(ticks: int) -> Run:
        return simulate(
            network,
            {"start": values},
            ticks=ticks,
            seed=0,
            # Most vertices are at rest most of the time.
            kernel="event" if values.shape[1] == 1 else "auto",
            record="all",
            until="quiet",
        )

    run = follow(ticks)
    arrived = run.spikes.t[np.isin(run.spikes.i, goals)]
    # Whether a goal will be reached at all, only the whole wave can tell.
    return follow(min(ticks, int(arrived.min()) + 1 + longer)) if len(arrived) else run


def firing_times(run: Run) -> IntArray:
    """Return when each neuron fired, int64 array (lanes, n), or `NEVER_REACHED`."""
    times = np.full((run.lanes, run.network.n_neurons), NEVER_REACHED, dtype=np.int64)
    times[run.spikes.lane, run.spikes.i] = run.spikes.t
    return times
