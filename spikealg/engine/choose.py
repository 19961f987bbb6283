"""Which kernel suits a job."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import config

from spikealg.engine.clock import vector_neurons
from spikealg.engine.event import visits_per_tick
from spikealg.engine.job import Job
from spikealg.engine.lanes.plan import GATE, KEEPER, WIDE, roles
from spikealg.engine.words import WORDS
from spikealg.network import NO_FLOOR, RESETS, Network

__all__ = ["choose_kernel"]

TRIAL_TICKS, GLANCE_TICKS = 50, 4
"""Ticks that are run for nothing to see how busy a network is. If the event kernel is hopeless
after a few of them, the others are left out."""
WORTH, BUSY = 100_000, 0.3
"""Neurons times ticks times lanes that are worth a trial; the share of neurons that is taken to be
busy without one."""
TURN, TURN_OF_MANY, START_OF_MANY = 800.0, 2000.0, 250_000.0
"""Nanoseconds that a tick takes anyhow: of a lane on the event and the clock kernel, of all lanes
on the lanes kernel; and what a run takes longer to start there."""
VISIT, RELAY, SWEEP, STEP = 12.0, 7.0, 0.7, 12.0
"""Nanoseconds that the event kernel takes to visit a neuron, and for a relay that fires unvisited,
and the clock kernel to take a neuron through a vector loop, and one by one; measured by
benchmarks/run.py. Only ratios matter."""
WAKE, GATE_WORD, COUNTER_WORD, KEEPER_WORD, WIDE_WORD = 30.0, 0.8, 3.0, 15.0, 150.0
"""Nanoseconds that the lanes kernel takes to visit a neuron, and for each word of 64 lanes then: of
gates, of keepers that are plain counters, of others, of wide neurons."""
MANY_LANES = 64
"""Lanes from which no trial is needed where the lanes kernel keeps everything in bit planes."""


def choose_kernel(job: Job) -> str:
    """Return the name of the kernel that should be fastest; results do not depend on it.

    The event kernel pays for what happens, the clock kernel for what there is, the lanes kernel for
    what happens in any of 512 lanes. What happens is measured in the first ticks of one lane.
    """
    network, n, lanes = job.network, job.network.n_neurons, job.lanes
    # Vectors exist in compiled code only.
    sliced = not getattr(config, "DISABLE_JIT", 0)
    if n * job.ticks * lanes < WORTH:
        many = sliced and _time_of_many(job, BUSY * n, COUNTER_WORD) < TURN + VISIT * BUSY * n
        return "lanes" if many and not (roles(job) == WIDE).any() else "event"
    role = roles(job)
    if sliced and lanes >= MANY_LANES and not (role == WIDE).any():
        return "lanes"
    swept = vector_neurons(network)
    clock = SWEEP * swept + STEP * (n - swept)
    visits, relays = _seen(job, 2 * clock)
    costs = {"event": TURN + VISIT * visits + RELAY * relays, "clock": TURN + clock}
    if sliced:
        costs["lanes"] = _time_of_many(job, visits + relays, _word(network, role))
    return min(costs, key=lambda name: costs[name])


def _time_of_many(job: Job, visits: float, word: float) -> float:
    """Return the time per tick and lane on the lanes kernel, with so many visits in one lane."""
    # Lanes that run apart visit more neurons together than each alone.
    together = min(job.network.n_neurons, visits * (1 + math.log2(job.lanes) / 4))
    tick = TURN_OF_MANY + together * (WAKE + word * max(WORDS, job.lanes / 64))
    return (tick + START_OF_MANY / max(1, job.ticks)) / job.lanes


def _seen(job: Job, hopeless: float) -> tuple[float, float]:
    """Return visits and firing relays per tick on the event kernel, seen in the first lane."""
    alone = job.of_first_lane()
    visits, relays = visits_per_tick(alone, min(GLANCE_TICKS, job.ticks))
    if VISIT * visits + RELAY * relays < hopeless:
        visits, relays = visits_per_tick(alone, min(TRIAL_TICKS, job.ticks))
    return visits, relays


def _word(network: Network, role: npt.NDArray[np.uint8]) -> float:
    """Return how long the lanes kernel takes for a word of an average neuron [ns]."""
    plain = (network.reset == RESETS.index("value")) & (network.floor == NO_FLOOR)
    plain &= (network.refractory == 0) & (network.draw_limit == 2**32)
    keeper = np.where(plain, COUNTER_WORD, KEEPER_WORD)
    each = np.where(role == GATE, GATE_WORD, np.where(role == KEEPER, keeper, WIDE_WORD))
    return float(each.mean())
