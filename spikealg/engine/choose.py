"""Which kernel suits a job."""

from __future__ import annotations

from numba import config

from spikealg.engine.clock import vector_neurons
from spikealg.engine.event import visits_per_tick
from spikealg.engine.job import Job
from spikealg.engine.lanes.plan import KEEPER, WIDE, roles
from spikealg.engine.words import WORDS

__all__ = ["choose_kernel"]

TRIAL_TICKS = 50
"""Ticks that are run for nothing to see how busy a network is; shorter runs are not worth it."""
VISIT, RELAY, SWEEP, STEP = 12.0, 7.0, 0.7, 5.0
"""Nanoseconds that the event kernel takes to visit a neuron, and for a relay that fires unvisited,
and the clock kernel to take a neuron through a vector loop, and one by one; measured by
benchmarks/run.py. Only ratios matter."""
WAKE, GATE_WORD, KEEPER_WORD, WIDE_WORD = 30.0, 0.8, 3.0, 150.0
"""Nanoseconds that the lanes kernel takes to visit a neuron, and for each word of 64 lanes then."""
SPREAD = 3.0
"""Lanes that run apart visit more neurons together than each alone: so many times more."""
WORTH = 20_000
"""Neurons times ticks times lanes from which the choice is worth a trial."""
MANY_LANES = 512
"""Lanes from which no trial is needed where the lanes kernel keeps everything in bit planes."""


def choose_kernel(job: Job) -> str:
    """Return the name of the kernel that should be fastest; results do not depend on it.

    The event kernel pays for what happens, the clock kernel for what there is, the lanes kernel for
    what happens in any of 512 lanes. What happens is measured in the first ticks of one lane.
    """
    n = job.network.n_neurons
    role = roles(job)
    wide = float((role == WIDE).mean())
    # Vectors exist in compiled code only.
    sliced = not getattr(config, "DISABLE_JIT", 0)
    if sliced and job.lanes >= MANY_LANES and wide == 0:
        return "lanes"
    if n * job.ticks * job.lanes < WORTH or (job.ticks < 2 * TRIAL_TICKS and job.lanes == 1):
        return "event"
    swept = vector_neurons(job.network)
    alone = job.of_first_lane()
    visits, relays = visits_per_tick(alone, min(TRIAL_TICKS, job.ticks))
    costs = {
        "event": VISIT * visits + RELAY * relays,
        "clock": SWEEP * swept + STEP * (n - swept),
    }
    if sliced:
        words = max(WORDS, job.lanes / 64)
        keepers = float((role == KEEPER).mean())
        word = (1 - keepers - wide) * GATE_WORD + keepers * KEEPER_WORD + wide * WIDE_WORD
        busy = visits + relays
        together = min(n, SPREAD * busy) if job.lanes > 1 else busy
        costs["lanes"] = together * (WAKE + word * words) / job.lanes
    return min(costs, key=lambda name: costs[name])
